"""The stages of a retraining that DVC and Kedro do, each a command that may be repeated."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whichgen.errors import WhichgenError
from whichgen.parameters import Parameters
from whichgen.retraining import commands
from whichgen.retraining.inputs import RAW

REPORTS = Path("data/08_reporting")
DVC = (sys.executable, "-m", "dvc")
REPRO = (*DVC, "--wait-for-lock", "repro", "--single-item")
"""Stage by stage: the raw data that were validated are packed once and not looked at again."""


class Stages:
    """The commands of one dataset's retraining.

    Each raises WhichgenError, with what the command said, if it failed.

    Args:
        log: what the commands say is added to it.
    """

    def __init__(self, project: Path, parameters: Parameters, dataset: str, log: Path) -> None:
        self._project, self._parameters, self._dataset, self._log = (
            project, parameters, dataset, log,
        )  # fmt: skip

    def fetch(self) -> None:
        """Bring the raw data up to date, where a command for it is set."""
        command = self._parameters.retraining.fetch.get(self._dataset)
        if command:
            named = {"WHICHGEN_DATASET": self._dataset}
            commands.run(self._project, self._log, ("sh", "-c", command), named)

    def data(self) -> None:
        """Split and pack the raw data, whatever DVC thinks of them."""
        self._run(*REPRO, "--force", f"data@{self._dataset}")

    def train(self) -> None:
        """Fit the judges, train and score all cells of the grid that are not up to date."""
        self._run(*REPRO, f"extractor@{self._dataset}", *self._cells())

    def compare(self) -> None:
        """Verdict and report."""
        self._run(*REPRO, f"comparison@{self._dataset}")

    def promotion(self) -> dict[str, Any]:
        """Register the winner, make it champion if it is surely better; what was decided."""
        chosen = f"dataset={self._dataset}"
        self._run(sys.executable, "-m", "kedro", "run", "--pipelines=promotion", "--params", chosen)
        promotion = self.last_promotion()
        assert promotion is not None
        return promotion

    def last_promotion(self) -> dict[str, Any] | None:
        """What the last promotion decided, None if there was none."""
        path = self._project / REPORTS / self._dataset / "promotion.json"
        return dict(json.loads(path.read_text())) if path.is_file() else None

    def push(self) -> None:
        """Push what DVC holds of the dataset to the default remote, if there is one."""
        asked = subprocess.run(
            [*DVC, "config", "core.remote"],
            cwd=self._project,
            capture_output=True,
            text=True,
            check=False,
        )
        if not asked.stdout.strip():
            return
        raw = RAW / f"{self._dataset}.dvc"
        versioned = [str(raw)] if (self._project / raw).is_file() else []
        shared = (f"{name}@{self._dataset}" for name in ("data", "extractor", "comparison"))
        self._run(*DVC, "push", *versioned, *shared, *self._cells())

    def publish(self) -> None:
        """Show it all in MLflow."""
        from whichgen.tracking.sync import sync

        sync(self._project, self._dataset)

    def _run(self, *command: str) -> None:
        commands.run(self._project, self._log, command)

    def _cells(self) -> Iterator[str]:
        """DVC's names of the stages that train and score the grid's cells."""
        sweep = self._parameters.sweep
        for seed in sweep.seeds:
            for family, recipes in (("gan", sweep.gan_recipes), ("dgn", sweep.dgn_recipes)):
                for recipe in recipes:
                    cell = f"{self._dataset}-{recipe}-{seed}"
                    yield from (f"{family}@{cell}", f"evaluate-{family}@{cell}")


def check_grid(parameters: Parameters, dataset: str) -> None:
    """Raises WhichgenError if the dataset is not in the grid, which is what is trained."""
    if dataset not in parameters.sweep.datasets:
        raise WhichgenError(
            f"dataset: '{dataset}' is not in the grid; add it to sweep.datasets in "
            "conf/base/parameters_sweep.yml"
        )
