"""A cell's working folder: a small project that reads the large one's data, and gives its results.

DVC locks a workspace, and two runs in one project would share what Kedro and MLflow keep there. So
each job has `sweep/<dataset>/<recipe>/<seed>/`: a copy of code and configuration, as they were when
it was asked for, and links to the packed data and the judge.
"""

import shutil
from pathlib import Path

from whichgen.sweep.cells import SCORES, Cell
from whichgen.tracking.cell_files import MODELS
from whichgen.training.process import only_process

SWEEP = Path("sweep")
JOBS = SWEEP / "jobs"  # submitit's own files
COPIED = ("conf", "src")
LINKED = ("pyproject.toml", ".telemetry", "conf/local")
LAYERS = ("01_raw", "03_primary", "04_feature", "05_model_input")
LOG = "log.txt"
STAGING = ".collecting"


def make_workspace(project: Path, cell: Cell) -> Path:
    """The cell's folder, ready for `kedro run`; checkpoints of a former job in it stay."""
    folder = project / SWEEP / cell.path
    passed_over = shutil.ignore_patterns("local", "__pycache__", "*.egg-info")
    for name in COPIED:
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(project / name, folder / name, ignore=passed_over)
    shared = [Path(name) for name in LINKED]
    shared += [Path("data") / layer / cell.dataset for layer in LAYERS]
    models = project / MODELS / cell.dataset
    shared += [p.relative_to(project) for p in models.iterdir() if p.is_file()]  # the judge's
    for path in shared:
        if (project / path).exists():
            link = folder / path
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to((project / path).resolve())
    return folder


def collect(project: Path, cell: Cell) -> None:
    """Put the results of the cell's folder in the place of the project's; remove the folder.

    The scores, by which a comparison finds a cell, go first and come last: at no time are they
    beside files of another training. Killed in between, it can be done again.

    Raises:
        WhichgenError: if a process trains this cell in the project.
    """
    folder = project / SWEEP / cell.path
    models, _, scores = cell.results
    with only_process(project / models / "live/lock", str(cell)):
        (project / scores / SCORES).unlink(missing_ok=True)
        for path in cell.results:
            staging, target = project / path.parents[-3] / STAGING, project / path
            shutil.rmtree(staging, ignore_errors=True)
            shutil.copytree(folder / path, staging)
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            staging.rename(target)
    shutil.rmtree(folder)
