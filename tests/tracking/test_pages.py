"""MLflow's own pages of two cells and their comparison, in a real browser on a real server."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page, TimeoutError, expect

from tests.conftest import ROOT, Project
from tests.tracking.mlflow_server import MlflowServer
from tests.tracking.published import runs_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]
EXPERIMENT = "whichgen"
PATIENCE_MS = 60_000  # of a page, on a busy machine


@dataclass(frozen=True)
class Pages:
    """Opens the server's pages."""

    page: Page
    uri: str
    experiment_id: str
    runs: dict[str, Any]

    def open(self, address: str) -> Page:
        mode = "&" if "?" in address else "?"
        self.page.goto("about:blank")  # else a new address after # would load nothing
        self.page.goto(f"{self.uri}/#/{address}{mode}workflowType=machine_learning")
        return self.page

    def open_run(self, name: str, tab: str = "") -> Page:
        run_id = self.runs[name].info.run_id
        return self.open(f"experiments/{self.experiment_id}/runs/{run_id}{tab}")

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.get_by_text(text).first).to_be_visible()


@pytest.fixture(scope="module")
def server(
    trained_project: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MlflowServer]:
    """A server that shows a whole project: two cells and their comparison."""
    server = MlflowServer(tmp_path_factory.mktemp("server"))
    server.start()
    folder = tmp_path_factory.mktemp("shown") / "project"
    shutil.copytree(trained_project.folder, folder)
    for other in folder.glob("data/06_models/digits/*/[1-9]*"):  # what other tests trained
        shutil.rmtree(other)
    settings = {"tracking_uri": server.uri, "experiment": EXPERIMENT}
    (folder / "conf/local/mlflow.yml").write_text(yaml.safe_dump(settings))
    Project(folder).run("whichgen", "sync", WHICHGEN_TRACKING="")
    yield server
    server.kill()


@pytest.fixture
def pages(server: MlflowServer, browser: Browser) -> Iterator[Pages]:
    client = server.client()
    runs = {run.info.run_name: run for run in runs_of(client, EXPERIMENT)}
    assert sorted(runs) == ["comparison digits", "digits/dgn/0", "digits/gan/0"]
    experiment_id = client.get_experiment_by_name(EXPERIMENT).experiment_id
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield Pages(context.new_page(), server.uri, experiment_id, runs)
    context.close()


def wait_for_image(page: Page, part: str, patience_ms: float = PATIENCE_MS) -> None:
    """An image whose address holds this part is loaded, with pixels in it."""
    page.wait_for_function(
        "part => [...document.images].some(i => i.src.includes(part) && i.naturalWidth > 0)",
        arg=part,
        timeout=patience_ms,
    )


def test_make_ui_names_an_address_that_opens_model_training(pages: Pages) -> None:
    told = re.search(r"Open http://127\.0\.0\.1:5000(\S+)\"", (ROOT / "Makefile").read_text())
    assert told
    pages.page.goto(pages.uri + told[1])
    pages.sees("Model registry")  # in the other view there is none


def test_the_experiment_shows_the_comparison_and_under_it_its_cells(pages: Pages) -> None:
    page = pages.open(f"experiments/{pages.experiment_id}/runs")
    pages.sees("comparison digits", "3 matching runs")
    expect(page.get_by_text("digits/gan/0")).to_have_count(0)
    page.locator("[data-component-id*=runnamecellrenderer]").first.click()
    pages.sees("digits/gan/0", "digits/dgn/0")


def test_a_cells_page_shows_what_it_is_and_scored(pages: Pages) -> None:
    pages.open_run("digits/gan/0")
    pages.sees("Finished", "comparison digits", "whichgen.recipe", "whichgen.seed", "Training")
    pages.sees("relativistic pairing loss, R1 + R2 gradient penalties")
    page = pages.page
    page.get_by_placeholder("Search metrics").fill("score/fd")
    pages.sees("score/fd", "digits-gan-0")


def test_a_cells_curves_and_its_images_are_drawn(pages: Pages) -> None:
    page = pages.open_run("digits/gan/0", "/model-metrics")
    pages.sees("d_accuracy", "digits/gan/0 (by_step/d_accuracy)")
    expect(page.locator(".scatterlayer .js-line").first).to_be_visible()
    page.get_by_placeholder("Search metric charts").fill("preview")
    pages.sees("by_step/preview")
    assert any(chart_has_its_image(pages, "grid_by_type") for _ in range(3))


def chart_has_its_image(pages: Pages, name: str) -> bool:
    """Whether a page opened anew draws it: now and then MLflow's leaves the place empty."""
    page = pages.open_run("digits/gan/0", "/model-metrics")
    page.get_by_placeholder("Search metric charts").fill(name)
    try:
        page.get_by_text(f"by_step/{name}", exact=True).first.scroll_into_view_if_needed(
            timeout=PATIENCE_MS / 3
        )
        wait_for_image(page, name, PATIENCE_MS / 3)
    except TimeoutError:
        return False
    return True


def test_the_grids_are_files_to_look_at(pages: Pages) -> None:
    page = pages.open_run("digits/dgn/0", "/artifacts/grids/grid.png")
    pages.sees("grid_by_type.png", "step_00000002.png")
    wait_for_image(page, "blob:")
    page.get_by_text("step_00000002.png").first.click()
    pages.sees("grids/step_00000002.png")
    wait_for_image(page, "blob:")


def test_two_cells_curves_lie_in_one_chart(pages: Pages) -> None:
    cells = ("digits/gan/0", "digits/dgn/0")
    ids = json.dumps([pages.runs[name].info.run_id for name in cells], separators=(",", ":"))
    metric, experiments = '"by_step/validation_fd"', json.dumps([pages.experiment_id])
    asked = f"runs={ids}&metric={metric}&plot_metric_keys=[{metric}]&experiments={experiments}"
    page = pages.open(f"metric?{asked}")
    for name in cells:
        pages.sees(f"{name} (by_step/validation_fd)")
    page.wait_for_function(
        """() => new Set(
            [...document.querySelectorAll('.scatterlayer .js-line')]
                .filter(line => line.getAttribute('d'))
                .map(line => getComputedStyle(line).stroke)
        ).size >= 2"""
    )  # each in a colour of its own


def test_the_models_page_ties_scores_to_data(pages: Pages) -> None:
    model_id = pages.runs["digits/dgn/0"].outputs.model_outputs[0].model_id
    page = pages.open(f"experiments/{pages.experiment_id}/models/{model_id}")
    pages.sees("digits-dgn-0", "Ready", "digits/dgn/0", "Datasets used", "by_step/validation_fd")
    page.get_by_placeholder("Search metrics").fill("score/coverage")
    pages.sees("score/coverage")


def test_the_comparison_shows_its_answer_its_cells_and_the_report(pages: Pages) -> None:
    pages.open_run("comparison digits")
    answer = "No answer yet for digits: 1 paired seed, at least 5 more are needed."
    pages.sees(answer, "digits/gan/0", "digits/dgn/0", "gan vs dgn/quality/effect")
    page = pages.open_run("comparison digits", "/artifacts/report.html")
    report = page.frame_locator("iframe").first
    expect(report.get_by_role("heading", name=answer)).to_be_visible()
