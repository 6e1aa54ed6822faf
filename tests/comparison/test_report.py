"""The report holds what a reader needs, in order, in one file, whatever went wrong before."""

import base64
import hashlib
import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.report import render_page
from whichgen.forms import measure_form

GATES = {
    "classifier_eeeeeeee": {
        "passed": True,
        "checks": [
            {"corruption": "noise", "levels": [0.1, 0.2], "fd": [2.5, 4.5], "passed": True},
            {
                "corruption": "dropped class",
                "levels": ["0"],
                "fd": [3.25],
                "floor": 1.5,
                "passed": True,
            },
        ],
    },
    "selfsup_12345678": {
        "passed": False,
        "checks": [{"corruption": "blur", "levels": [1, 2], "fd": [3.5, 1.5], "passed": False}],
    },
}


@pytest.fixture
def render(report_of):
    """The page alone, without figures."""
    return lambda cells, **changes: report_of(cells, **changes)[0]


def without(cell, **changes):
    return Cell(**{**vars(cell), **changes})


def text_of(html):
    body = re.sub(r"<(style|script|svg)\b.*?</\1>", "", html, flags=re.S)
    body = re.sub(r'<span class="t" lang="zh">.*?</span>', "", body, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def script_data(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.S).group(1))


def test_sections_stand_in_order_and_the_answer_comes_first(make_cells, render):
    html = render(make_cells(gan={"fd": 20.0}))
    sections = re.findall(r'<section id="(\w+)"', html)
    assert sections == [
        "answer", "axes", "recipes", "compared", "scores", "judges", "seeds", "curves", "samples",
        "cost", "memorisation", "questions", "failed", "provenance",
    ]  # fmt: skip
    headline = text_of(re.search(r"<h1>(.*?)</h1>", html, re.S).group(1)).strip()
    assert headline == "Train a DGN for digits: it wins on quality and loses on none."


def test_one_file_that_asks_for_nothing_else(make_cells, report_of, splits):
    html = report_of(make_cells(seeds=2), drawn=True, **splits())[0]
    assert not re.search(r"<link|@import|url\((?!#)|<iframe|<object", html)
    assert set(re.findall(r"https?://[^\s\"']+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    sources = re.findall(r'\b(?:src|srcset|href)\s*=\s*"([^"]{0,11})', html)
    assert {source for source in sources if not source.startswith("#")} == {"data:image/"}
    # three grids, a grid for each of 10 types, two strips, two times two rows of neighbours
    assert len(re.findall("<img", html)) == 3 + 10 + 2 + 4
    assert len(re.findall('<svg role="group"', html)) == 4 + 3 + 2


def test_its_policy_lets_this_script_run_and_no_other(make_cells, render):
    html = render(make_cells(seeds=1))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    script = re.search(r"<script>(.*?)</script>", html, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}';" in policy


def test_it_states_figures_conditions_and_provenance(make_cells, render):
    text = text_of(render(make_cells(gan={"fd": 20.0})))
    for words in (
        "both families were given the labels",
        "1.00 TFLOPs of training",
        "seeds 0, 1, 2, 3, 4, 5",
        "classifier_eeeeeeee",
        "95 % interval",
        "the interesting question is memorisation and cost",
        "against a discriminator of 40.0 k parameters",
        "a set of 10 generators that share layers",
        "It has no discriminator: nothing else is trained.",
        "A GAN&#39;s samples are closer to the real data. the opposite here",
        "Failed runs none Left out none",
        "0123abc",
        "d" * 16,
        "e" * 16,
        "torch 2.13.0",
        "make compare",
    ):
        assert words in text


def test_page_markdown_and_data_say_the_same(make_cells, report_of):
    page, markdown, data = report_of(make_cells(gan={"fd": 20.0}), drawn=True)
    sentence = "Train a DGN for digits: it wins on quality and loses on none."
    assert sentence in text_of(page)
    assert f"**{sentence}**" in markdown
    assert sentence in json.dumps(data["verdict"])
    for name in ("Fréchet distance", "coverage", "GAN-train", "training FLOPs", "peak memory"):
        assert name in text_of(page)
        assert f"| {name}" in markdown
    median = next(r for r in data["table"] if (r["metric"], r["recipe"]) == ("fd", "gan"))
    assert f"| {median['median']:.3g}" in markdown
    assert f"> {median['median']:.3g}" not in page
    assert f"<td>{median['median']:.3g}" in page
    assert "![" in markdown
    assert "figures/fd_over_flops.png" in markdown
    assert len(data["cells"]) == 12
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_markdown_tables_are_whole(make_cells, report_of):
    markdown = report_of(make_cells(seeds=2), gates=GATES)[1]
    blocks = re.findall(r"(?:^\|.*\n)+", markdown, flags=re.M)
    assert len(blocks) >= 4
    for block in blocks:
        rows = block.splitlines()
        assert len({row.rstrip().count("|") for row in rows}) == 1
        assert set(rows[1]) <= set("|- ")


def test_the_confidence_says_by_which_test_each_p_is(make_cells, report_of):
    page, markdown, data = report_of(make_cells(gan={"fd": 20.0}))
    axes = data["verdict"]["pairs"]["gan vs dgn"]["axes"].values()
    (won,) = (axis for axis in axes if axis["decision"] == "dgn")
    assert (won["p_sign_flip"], won["p_holm"] < 1e-4) == (0.03125, True)
    told = (
        "over 6 paired seeds (p < 0.0001 at most after Holm's correction over 6 axes). That p is "
        "the t test's. By the exact sign-flip test, the one that the sentences on the axes quote, "
        "p = 0.0312 at most; both must be below 0.05."
    )
    assert markdown.count(told) == unescape(text_of(page)).count(told) == 2
    assert "6 paired seeds, p = 0.0312)" in won["sentence"]["en"]
    assert "sign-flip p 0.0312, t-test p after Holm < 0.0001" in markdown
    assert "That p is" not in report_of(make_cells())[1]


def as_points(cells):
    """The same runs, had they been of points."""
    rng = np.random.default_rng(0)
    return [
        without(c, samples=rng.normal(size=(80, 2)), strips=rng.normal(size=(10, 5, 2)))
        for c in cells
    ]


def said(reports):
    """All that a reader of page and Markdown meets, labels included, in both languages."""
    page, markdown, _ = reports
    names = " ".join(axis["name"] for axis in script_data(page)["axes"].values())
    page = re.sub(r"<(style|script)\b.*?</\1>|data:image/[^\"]*", "", page, flags=re.S)
    return f"{re.sub('</?img', '', page)}{markdown}{names}"


@pytest.mark.parametrize("leaning", [0.5, 0.53, 0.7])
def test_a_report_on_points_speaks_of_points_and_one_on_images_of_images(
    make_cells, report_of, info, splits, leaning
):
    cells = make_cells(gan={"fd": 20.0, "memorisation": leaning})
    points = np.random.default_rng(1).normal(size=(80, 2)).astype(np.float32)
    of_points = {k: v for k, v in info.items() if k not in ("channels", "resolution")}
    of_points |= measure_form("points", points)
    split = {"images": points, "types": np.arange(80) % 10}
    told = said(report_of(as_points(cells), drawn=True, info=of_points, train=split, test=split))
    assert not re.search("image|图像", told, re.I)
    assert "comes closer to the real points" in told
    assert "更接近真实数据点" in told
    assert "share of points" in told
    told = said(report_of(cells, drawn=True, **splits()))
    assert not re.search(r"\bpoints?\b|数据点", told, re.I)
    assert "comes closer to the real images" in told
    assert "更接近真实图像" in told


def test_it_says_how_well_each_family_is_told_from_the_real_images(make_cells, render):
    text = text_of(render(make_cells(gan={"c2st": 0.61}, noise=0)))
    assert (
        "A classifier tells the GAN&#39;s images from real ones at an accuracy of 0.610 (chance "
        "0.5), better than chance in 6 of 6 runs (exact binomial p &lt; 0.05). With 360 images "
        "tried in a run, 0.566 or more is found with a probability of 80 %; less may go unseen."
    ) in text
    chance = make_cells(p_values={"memorisation": 0.5, "c2st": 0.3})
    assert "better than chance in 0 of 6 runs" in text_of(render(chance))


def test_what_else_speaks_of_copying_stands_beside_the_share(make_cells, render):
    text = text_of(render(make_cells(gan={"auth_pct": 41.5, "c_t": -3.25}, noise=0)))
    row = text[text.index("Seeds Finding") :]
    assert row.startswith("Seeds Finding GAN 0.500 0.500 to 0.500 0.500 ")
    assert "0.50 0.40 41.5 (55) -3.25 (0) 6 clear DGN" in row


def test_each_type_has_its_distance_beside_its_floor(make_cells, render):
    text = text_of(render(make_cells(seeds=2)))
    assert "Type Real share FD floor GAN share GAN agreement GAN FD DGN share" in text
    assert "0.100 2.50 0.100 0.900 7.25 0.100 0.900 7.25" in text


def test_the_same_cells_give_the_same_page(make_cells, report_of, splits):
    first, second = (report_of(make_cells(seeds=2), drawn=True, **splits())[0] for _ in range(2))
    assert first == second


def test_text_from_outside_is_escaped(make_cells, render, info, splits):
    cells = make_cells(seeds=2)
    cells[0] = without(cells[0], status="failed", error="<script>alert(1)</script>")
    info["types"]["names"] = ["</script><b>&"] * 10
    html = render(cells, info=info, **splits())
    assert html.count("<script") == html.count("</script>") == 2
    assert "<b>&" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;&amp;" in html
    assert script_data(html)["types"] == ["</script><b>&"] * 10


def test_the_script_gets_every_finished_run_and_what_can_be_an_axis(make_cells, render, splits):
    cells = make_cells(seeds=3)
    cells[0] = without(cells[0], status="failed", scores={}, samples=None)
    cells = [without(c, scores={**c.scores, "kid": None}) for c in cells]
    data = script_data(render(cells, **splits()))
    assert sorted((run["family"], run["seed"]) for run in data["runs"]) == [
        ("dgn", 0), ("dgn", 1), ("dgn", 2), ("gan", 1), ("gan", 2),
    ]  # fmt: skip
    assert "kid" not in data["axes"]
    assert data["axes"]["fd"]["floor"] == 1.0
    assert data["axes"]["seconds"] == {"name": "training seconds", "better": "lower", "floor": None}
    value = next(r for r in data["runs"] if (r["family"], r["seed"]) == ("gan", 2))["values"]["fd"]
    assert value == pytest.approx(cells[2].score("fd"), rel=1e-5)
    assert {tuple(shown) for shown in data["shown"].values()} == {("gan", 1), ("dgn", 1)}


def test_sheets_hold_the_samples_and_their_neighbours_in_the_same_places(
    make_cells, render, splits
):
    from io import BytesIO

    from PIL import Image

    cells, real = make_cells(seeds=1), splits()
    sheet = next(s for s in script_data(render(cells, **real))["sheets"] if s["recipe"] == "gan")
    cell = cells[0]
    for name, images in (
        ("samples", cell.samples),
        ("train", real["train"]["images"][cell.neighbours["train"]]),
        ("held_out", real["test"]["images"][cell.neighbours["held_out"]]),
    ):
        content = base64.b64decode(sheet[name].split(",")[1])
        pixels = np.asarray(Image.open(BytesIO(content)))
        assert pixels.shape == (5 * 8, 16 * 8)
        assert np.array_equal(pixels[8:16, 24:32], images[19, 0])
    assert sheet["count"] == 80
    assert sheet["types"] == [*cell.sample_types]
    assert sheet["to_train"][19] == pytest.approx(cell.neighbours["to_train"][19], rel=5e-3)


def test_every_recipe_keeps_a_first_seed_where_the_file_would_be_too_large(make_cells, splits):
    from whichgen.comparison.sheets import cell_sheets
    from whichgen.forms.images import ImageForm

    cells, real = make_cells(seeds=3), splits()
    sheets = cell_sheets(
        cells, real["train"], real["test"], ImageForm({}), first=["gan"], limit=10**7
    )
    order = [(s["recipe"], s["seed"]) for s in sheets]
    assert order == [(r, s) for s in range(3) for r in ("gan", "dgn")]
    size = sum(len(v) for v in sheets[0].values() if isinstance(v, str))
    few = cell_sheets(
        cells, real["train"], real["test"], ImageForm({}), first=["gan"], limit=int(3.5 * size)
    )
    assert [(s["recipe"], s["seed"]) for s in few] == order[:3]


# --- wrong and missing pieces: what the reader must be told ----------------------------------


def all_failed(cells):
    return [without(c, status="failed", scores={}, floors={}, cost={}, samples=None) for c in cells]


def family_failed(cells):
    return [
        without(c, status="failed", scores={}, floors={}, cost={}, per_type={}, measured={},
                samples=None, sample_types=None, neighbours={}, strips=None, error=None)
        if c.family == "dgn" else c
        for c in cells
    ]  # fmt: skip


def one_failed(cells):
    return [
        without(c, status="failed", error="loss is not finite", scores={}, samples=None)
        if (c.family, c.seed) == ("gan", 0)
        else c
        for c in cells
    ]


def not_computed(cells):
    reason = "the generator takes no types"
    return [
        without(c, scores={**c.scores, "gan_train": None, "gan_test": None},
                missing=dict.fromkeys(("gan_train", "gan_test"), reason))
        if c.family == "gan" else c
        for c in cells
    ]  # fmt: skip


NO_PAIR = "No pair of a GAN and a DGN recipe to compare."
CASES = {
    "one seed": (
        lambda cells: [c for c in cells if c.seed == 0],
        ["1 paired seed", "at least 5 more"],
    ),
    "gan only": (lambda cells: [c for c in cells if c.family == "gan"], [NO_PAIR, "one family"]),
    "dgn only": (lambda cells: [c for c in cells if c.family == "dgn"], [NO_PAIR, "one family"]),
    "no shared seed": (
        lambda cells: [c for c in cells if (c.family == "gan") == (c.seed < 1)],
        ["not measured for both families at any shared seed"],
    ),
    "one failed": (one_failed, ["gan seed 0", "loss is not finite", "1 of 4 runs failed"]),
    "a family failed": (family_failed, ["2 of its 2 runs failed", "dgn seed 0", "unknown"]),
    "all failed": (all_failed, ["4 of 4 runs failed", "No samples are at hand."]),
    "a metric not computed": (
        not_computed,
        ["GAN-train and GAN-test: the generator takes no types", "n/a"],
    ),
    "no metric": (
        lambda cells: [without(c, scores={}, floors={}, p_values={}, c2st={}) for c in cells],
        ["not measured for both families"],
    ),
    "a metric missing once": (
        lambda cells: [
            without(c, scores={k: v for k, v in c.scores.items() if k != "fd"}) if c.seed else c
            for c in cells
        ],
        ["1 paired seed"],
    ),
    "no samples": (
        lambda cells: [without(c, samples=None, sample_types=None, strips=None) for c in cells],
        ["No interpolations are at hand", "The nearest real images are not at hand"],
    ),
    "an older evaluation": (
        lambda cells: [without(c, neighbours={}, strips=None) for c in cells],
        ["No interpolations are at hand", "The nearest real images are not at hand"],
    ),
    "no history": (
        lambda cells: [
            without(c, history=pd.DataFrame(), timing=pd.DataFrame(), measured={}) for c in cells
        ],
        ["No run has a validation history."],
    ),
    "no cost": (lambda cells: [without(c, cost={}) for c in cells], ["n/a"]),
    "distance of zero": (
        lambda cells: [without(c, scores={**c.scores, "fd": 0.0}) for c in cells],
        ["Fréchet distance"],
    ),
    "unlabelled": (
        lambda cells: [without(c, uses_labels=False, per_type={}) for c in cells],
        ["neither family was given labels", "Types were not measured."],
    ),
    "one judge, no gates": (
        lambda cells: cells,
        ["there is no second opinion", "not put to the test of corrupted images"],
    ),
}
ONLY_ON_THE_PAGE = ("at hand", "validation history")


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_or_missing_is_said(make_cells, report_of, splits, case):
    spoil, expected = CASES[case]
    page, markdown, data = report_of(spoil(make_cells(seeds=2)), **splits())
    text = text_of(page)
    for words in expected:
        assert words in text
        if not any(part in words for part in ONLY_ON_THE_PAGE):
            assert words in markdown
    for report in (text, markdown):
        assert not {"nan", "None", "undefined"} & set(report.split())
    assert page.count("<section") == 14
    assert page.rstrip().endswith("</html>")
    json.dumps(data, allow_nan=False)


@pytest.mark.parametrize(
    "case", ["all failed", "no history", "no metric", "unlabelled", "one seed"]
)
def test_figures_are_drawn_of_what_there_is(make_cells, report_of, info, case):
    page, markdown, _ = report_of(CASES[case][0](make_cells(seeds=2)), drawn=True)
    drawn = set(re.findall(r"figures/(\w+)\.png", markdown))
    curves = {"fd_over_flops", "fd_over_seconds", "best_of_n"}
    dots = {"fd", "coverage", "type_agreement", "memorisation", "tradeoff"}
    expected = {
        "all failed": curves - {"best_of_n"}, "no history": dots | {"types"},
        "no metric": curves | {"types"}, "unlabelled": dots | curves,
        "one seed": dots | curves | {"types"},
    }  # fmt: skip
    assert drawn == expected[case]
    assert len(re.findall('<svg role="group"', page)) == len(drawn)


def test_failed_and_left_out_cells_are_always_shown(make_cells, make_cell, render):
    cells = [*make_cells(seeds=3), make_cell("dgn", 9, budget_flops=1e9)]
    cells[0] = without(cells[0], status="failed", error="loss is not finite", scores={})
    text = text_of(render(cells))
    assert "gan seed 0: loss is not finite" in text
    assert "dgn seed 9: stale: its budget_flops is 1000000000.0" in text
    assert "GAN, 2 finished, 1 failed" in text


def test_the_judges_gates_are_a_table_that_hides_no_failure(make_cells, report_of):
    page, markdown, data = report_of(make_cells(seeds=1), gates=GATES)
    assert "noise 0.100, 0.200 2.50, 4.50 passed" in text_of(page)
    assert "dropped class 0 3.25 (floor 1.50) passed" in text_of(page)
    assert "selfsup_12345678 blur 1, 2 3.50, 1.50 FAILED" in text_of(page)
    assert "| selfsup_12345678 | blur | 1, 2 | 3.50, 1.50 | FAILED |" in markdown
    assert data["gates"] == GATES


def test_twenty_recipes_are_all_there_and_the_file_stays_small(
    make_cells, make_cell, report_of, splits
):
    cells = [
        make_cell(family, seed, recipe=f"{family}_{k:02}", scores={"fd": 5.0 + k})
        for family in ("gan", "dgn") for k in range(10) for seed in range(2)
    ]  # fmt: skip
    page, markdown, data = report_of(cells, **splits())
    for recipe in {cell.recipe for cell in cells}:
        assert f"{recipe} GAN" in text_of(page) or f"{recipe} DGN" in text_of(page)
        assert recipe in markdown
    assert len(data["cells"]) == 40
    assert len(page) < 10e6


def test_colour_images_of_64_pixels_fit(make_cells, render, splits):
    cells = make_cells(seeds=6, channels=3, side=64)
    page = render(cells, **splits(channels=3, side=64))
    assert len(page.encode()) < 10e6
    sheets = script_data(page)["sheets"]
    assert {(s["recipe"], s["seed"]) for s in sheets} >= {("gan", 0), ("dgn", 0)}
    assert all(s["samples"].startswith("data:image/webp") for s in sheets)


def test_bare_information(make_cells, render, splits):
    html = render(make_cells(seeds=1, channels=3), info={}, provenance={}, **splits(channels=3))
    assert "Git revision unknown" in text_of(html)
    assert "Real, held out" in html


def test_without_images_at_hand_the_page_says_so(make_cells, report_of):
    content_only = report_of([without(c, samples=None) for c in make_cells(seeds=1)])[0]
    assert "No samples are at hand." in text_of(content_only)
    assert script_data(content_only)["sheets"] == []
    assert render_page.__doc__
