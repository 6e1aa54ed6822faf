"""What is to be run again: a comparison by a git revision or by its run in MLflow."""

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.reproduction import git
from whichgen.reproduction.lock import LOCK, Stage, parse_lock
from whichgen.tracking.settings import load_settings, tracking_uri
from whichgen.tracking.store import explain, open_store
from whichgen.verification.checks import digest


@dataclass(frozen=True)
class Plan:
    """A comparison, or some of its cells, as a revision has recorded it.

    Attributes:
        stages: by name, what is compared in the end. targets: what DVC is asked for.
    """

    revision: str
    dataset: str
    stages: dict[str, Stage]
    targets: list[str]


def make_plan(
    project: Path,
    comparison: str,
    dataset: str | None,
    recipes: Sequence[str] = (),
    seeds: Sequence[int] = (),
) -> Plan:
    """Find the revision and what it has recorded of the dataset.

    Args:
        comparison: a git revision, or the id of the comparison's run in MLflow.
        recipes, seeds: only these cells, and what they hang on; all if empty.

    Raises:
        WhichgenError: if there is no such comparison, or it never was recorded whole.
    """
    revision = git.find_revision(project, comparison)
    if revision is None:
        revision, dataset = _of_run(project, comparison, dataset)
    content = git.file_at(project, revision, LOCK)
    stages = parse_lock(content or "")
    datasets = sorted({stage.dataset for stage in stages.values()})
    if dataset is None and len(datasets) == 1:
        dataset = datasets[0]
    if dataset not in datasets:
        raise WhichgenError(_choice(dataset, datasets, revision[:12]))
    own = {name: stage for name, stage in stages.items() if stage.dataset == dataset}
    if not recipes and not seeds:
        return Plan(revision, dataset, own, _ends(own))
    cells = [s for s in own.values() if _among(s, recipes, seeds)]
    if not cells:
        known = sorted({f"{s.recipe} seed {s.seed}" for s in own.values() if s.recipe})
        raise WhichgenError(f"--recipe, --seed: {revision[:12]} has {', '.join(known)}")
    needed = [s for s in own.values() if not s.recipe and not s.name.startswith("comparison@")]
    return Plan(
        revision, dataset, {s.name: s for s in needed + cells}, [cell.name for cell in cells]
    )


def _choice(dataset: str | None, datasets: Sequence[str], revision: str) -> str:
    """Why no dataset could be chosen, and which there are."""
    if not datasets:
        return f"{revision}: its {LOCK} has no comparison; dvc repro, then commit {LOCK}"
    asked = f"--dataset {dataset}: not there" if dataset else "--dataset: name one"
    return f"{asked}; {LOCK} of {revision} has {', '.join(datasets)}"


def _ends(stages: dict[str, Stage]) -> list[str]:
    """The comparison, on which all others lead to; all stages where there is none."""
    return [name for name in stages if name.startswith("comparison@")] or list(stages)


def _among(stage: Stage, recipes: Sequence[str], seeds: Sequence[int]) -> bool:
    wanted = not recipes or stage.recipe in recipes
    return stage.recipe is not None and wanted and (not seeds or stage.seed in seeds)


def _of_run(project: Path, run_id: str, dataset: str | None) -> tuple[str, str]:
    """The revision whose dvc.lock has this run's verdict, and the dataset.

    The git tags of a run tell what was checked out while it ran; its bytes were recorded later.
    """
    if not re.fullmatch("[0-9a-f]{32}", run_id):
        raise WhichgenError(f"{run_id}: neither a git revision nor the id of an MLflow run")
    settings = load_settings(project)
    try:
        client = open_store(project, settings).client
        tags = client.get_run(run_id).data.tags
        with tempfile.TemporaryDirectory() as folder:
            found = "whichgen.comparison" in tags
            verdict = client.download_artifacts(run_id, "verdict.json", folder) if found else ""
            md5 = digest(Path(verdict), "md5") if found else ""
    except Exception as error:
        uri = tracking_uri(project, settings)
        raise WhichgenError(f"{run_id}: not to be had from {uri}: {explain(error)}") from error
    if not found:
        raise WhichgenError(
            f"{run_id}: the run of {tags.get('whichgen.cell', 'no cell')}, not of a comparison; "
            "for a cell give a git revision, --recipe and --seed"
        )
    for commit in git.commits_with(project, md5, LOCK):
        if md5 in (git.file_at(project, commit, LOCK) or ""):
            return commit, dataset or tags["whichgen.comparison"]
    raise WhichgenError(
        f"{run_id}: no commit's {LOCK} has the verdict of this run (MD5 {md5}): what it was made "
        f"from was never committed; dvc repro, then commit {LOCK}"
    )
