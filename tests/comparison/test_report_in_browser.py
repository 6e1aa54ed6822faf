"""The page in a real browser: it loads without an error, draws, answers, and anyone can use it."""

import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a page and, at the end, asserts that it asked the network for nothing or failed."""
    said: list[str] = []
    pages: list[Page] = []

    def make(html: str, **options) -> Page:
        file: Path = tmp_path / f"report{len(pages)}.html"
        file.write_text(html, encoding="utf-8")
        page = browser.new_page(**{"viewport": WIDE} | options)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda request: (
                said.append(request.url)
                if not request.url.startswith((file.as_uri(), "data:"))
                else None
            ),
        )
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()
    assert said == []


@pytest.fixture
def usual(make_cells, report_of, splits) -> str:
    """Both families over three seeds, one of them failed."""
    cells = make_cells(seeds=3, gan={"fd": 20.0})
    failed = {"status": "failed", "error": "loss is not finite", "scores": {}, "samples": None}
    cells[2] = type(cells[2])(**{**vars(cells[2]), **failed})
    return report_of(cells, drawn=True, **splits())[0]


@pytest.fixture
def twenty(make_cell, report_of, splits) -> str:
    """Ten recipes of each family."""
    cells = [
        make_cell(family, seed, recipe=f"{family}_with_option_{k:02}", scores={"fd": 5.0 + k})
        for family in ("gan", "dgn") for k in range(10) for seed in range(2)
    ]  # fmt: skip
    return report_of(cells, drawn=True, **splits())[0]


def axe_violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits(visit, usual, scheme, viewport):
    page = visit(usual, color_scheme=scheme, viewport=viewport)
    expect(page.locator("#grids .tiles")).to_have_count(3)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator("#grids .dgn button").first.click()
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


def test_figures_are_drawn_in_the_colours_of_the_page(visit, usual):
    dots = {}
    for scheme in ("light", "dark"):
        page = visit(usual, color_scheme=scheme)
        charts = page.locator("svg.chart")
        assert charts.count() == 4 + 3 + 2
        for box in charts.evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().toJSON())"
        ):
            assert box["width"] > 300
            assert box["height"] > 80
        dots[scheme] = page.locator('#seeds use[style*="--gan"]').first.evaluate(
            "x => getComputedStyle(x).fill"
        )
    assert dots["light"] == "rgb(179, 72, 10)"
    assert dots["dark"] == "rgb(242, 154, 94)"


def test_values_show_on_hovering_and_by_keyboard(visit, usual):
    page = visit(usual)
    tip = page.locator("#tip")
    marks = page.locator("#seeds svg.chart").first.locator(".mark")
    expect(tip).to_be_hidden()
    marks.nth(1).hover()
    expect(tip).to_have_text(re.compile(r"^gan, seed 1: 2\d\.\d$"))
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    marks.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(tip).to_have_text(re.compile(r"^dgn, seed 0: 10\.\d$"))
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_any_measurement_can_be_set_against_any_other(visit, usual, make_cells):
    page = visit(usual)
    figure = page.locator("#tradeoff")
    expect(figure.locator("figcaption")).to_have_text("Fréchet distance against coverage")
    figure.get_by_label("Across").select_option(label="training seconds")
    figure.get_by_label("Upwards").select_option(label="recall")
    expect(figure.locator("figcaption")).to_have_text("recall against training seconds")
    labels = figure.locator(".mark").evaluate_all("x => x.map(y => y.getAttribute('aria-label'))")
    assert len(labels) == 5 + 2  # five finished runs and two medians
    assert "gan, median of 2: training seconds 20, recall 0.7" in labels


def test_the_front_of_the_scatter_is_that_of_the_medians(visit, make_cell, report_of):
    points = {"gan_a": (0.9, 2.0), "gan_b": (0.8, 3.0), "dgn_a": (0.95, 4.0), "dgn_b": (0.5, 1.0)}
    cells = [
        make_cell(name[:3], 0, recipe=name, scores={"coverage": x, "fd": y})
        for name, (x, y) in points.items()
    ]
    page = visit(report_of(cells, drawn=True)[0])
    path = page.locator("#tradeoff .front").get_attribute("d")
    joined = [tuple(map(float, point.split())) for point in path.removeprefix("M ").split(" L ")]
    marks = page.locator("#tradeoff .mark").evaluate_all(
        "all => all.map(one => ['aria-label', 'cx', 'cy'].map(name => one.getAttribute(name)))"
    )
    where = {
        label.split(",")[0]: (float(x), float(y)) for label, x, y in marks if "median" in label
    }
    assert joined == [where["dgn_b"], where["gan_a"], where["dgn_a"]]


def pixels_of(page: Page, selector: str) -> np.ndarray:
    """The red channel of the canvases, (number, side, side)."""
    drawn = page.locator(selector).evaluate_all(
        "all => all.map(c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data])"
    )
    side = round((len(drawn[0]) / 4) ** 0.5)
    return np.array(drawn, dtype=np.uint8).reshape(len(drawn), side, side, 4)[..., 0]


def test_seed_and_type_choose_the_samples(visit, usual, make_cells):
    page = visit(usual)
    dgn = {c.seed: c for c in make_cells(seeds=3) if c.family == "dgn"}
    assert np.array_equal(pixels_of(page, "#grids .dgn canvas"), dgn[0].samples[:64, 0])
    page.locator("#choose-Seed").select_option("1")
    expect(page.locator("#grids .dgn figcaption")).to_have_text("DGN (dgn), seed 1")
    page.locator("#choose-Type").select_option("7")
    expect(page.locator("#grids .dgn figcaption")).to_have_text("DGN (dgn), seed 1, type 7")
    expect(page.locator("#grids .real figcaption")).to_have_text("Real, held out, type 7")
    expected = dgn[1].samples[dgn[1].sample_types == 7][:, 0]
    expect(page.locator("#grids .dgn canvas")).to_have_count(len(expected))
    assert np.array_equal(pixels_of(page, "#grids .dgn canvas"), expected)
    expect(page.locator("#walks .dgn figcaption")).to_have_text("DGN (dgn), seed 1")


def test_a_failed_seed_is_said_among_the_samples(visit, usual):
    page = visit(usual)
    page.locator("#choose-Seed").select_option("2")
    expect(page.locator("#grids .gan")).to_contain_text("the run failed")
    expect(page.locator("#grids .dgn canvas")).to_have_count(64)


def test_a_click_shows_what_is_nearest_and_so_do_the_keys(visit, usual, make_cells, splits):
    page = visit(usual)
    cell = next(c for c in make_cells(seeds=1) if c.family == "dgn")
    real = splits()
    page.locator("#grids .dgn button").nth(3).click()
    panel = page.locator("#nearest")
    expect(panel.locator("canvas")).to_have_count(3)
    sample, train, held_out = pixels_of(page, "#nearest canvas")
    assert np.array_equal(sample, cell.samples[3, 0])
    assert np.array_equal(train, real["train"]["images"][cell.neighbours["train"][3], 0])
    assert np.array_equal(held_out, real["test"]["images"][cell.neighbours["held_out"][3], 0])
    side = (
        "training"
        if cell.neighbours["to_train"][3] < cell.neighbours["to_held_out"][3]
        else "held-out"
    )
    expect(panel).to_contain_text(f"The {side} image is nearer: dgn, seed 0")
    page.locator("#grids .dgn button").nth(3).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("asked for 4")


def test_the_language_switches(visit, usual):
    page = visit(usual)
    headline = page.locator("h1")
    expect(headline).to_contain_text("No answer yet")
    page.get_by_text("中文").click()
    assert re.search("[一-鿿]", headline.inner_text())
    assert "No answer yet" not in headline.inner_text()
    assert page.locator("html").get_attribute("lang") == "zh"
    assert axe_violations(page) == []
    chinese = visit(usual, locale="zh-CN")
    assert re.search("[一-鿿]", chinese.locator("h1").inner_text())


def test_without_a_script_everything_can_be_read(visit, usual):
    page = visit(usual, java_script_enabled=False)
    for part in ("#tradeoff svg", "#grids img", "#walks img", "#memorisation img", "#seeds svg"):
        expect(page.locator(part).first).to_be_visible()
    expect(page.locator("#controls")).to_be_hidden()
    expect(page.locator("#seeds .mark title").first).to_have_text(re.compile("^gan, seed 0"))
    page.get_by_text("中文").click()
    expect(page.locator("h1 [lang=en]")).to_be_hidden()
    expect(page.locator("h1 [lang=zh]")).to_be_visible()


def test_twenty_recipes_can_be_read_and_chosen(visit, twenty):
    page = visit(twenty)
    for viewport in (NARROW, WIDE):
        page.set_viewport_size(viewport)
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    assert page.locator("#recipes details").count() == 6
    page.get_by_label("DGN recipe").select_option("dgn_with_option_07")
    expect(page.locator("#grids .dgn figcaption")).to_have_text("DGN (dgn_with_option_07), seed 0")
    labels = page.locator("#seeds svg.chart").first.locator("text").all_text_contents()
    assert {f"{family}_with_option_{k:02}" for family in ("gan", "dgn") for k in range(10)} <= set(
        labels
    )


def test_colour_images_of_64_pixels_can_be_looked_at(visit, make_cells, report_of, splits):
    cells = make_cells(seeds=6, channels=3, side=64)
    page = visit(report_of(cells, drawn=True, **splits(channels=3, side=64))[0])
    expect(page.locator("#grids .dgn canvas")).to_have_count(64)
    page.locator("#grids .gan button").nth(1).click()
    expect(page.locator("#nearest canvas")).to_have_count(3)
    sample = pixels_of(page, "#nearest canvas")[0].astype(float)
    assert sample.shape == (64, 64)
    assert abs(sample - cells[0].samples[1, 0]).mean() < 12  # compressed, yet this image
    assert axe_violations(page) == []
