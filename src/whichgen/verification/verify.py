"""Everything that a project keeps and has a hash of, hashed anew."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.verification.checkpoints import checkpoint_checks
from whichgen.verification.checks import Finding, Told, hash_all
from whichgen.verification.models import find_models
from whichgen.verification.versioned import Versioned, read_versioned

_OF_GIT = (".gitkeep", ".gitignore")


@dataclass(frozen=True)
class Verification:
    """What the files of a project turned out to be.

    Attributes:
        uncovered: what no hash is recorded of, a line each.
    """

    findings: list[Finding]
    uncovered: list[str]

    @property
    def wrong(self) -> list[Finding]:
        """The damaged and the lost files."""
        return [finding for finding in self.findings if finding.wrong]

    @property
    def absent(self) -> dict[str, list[Finding]]:
        """What was never fetched, by what it belongs to."""
        absent: dict[str, list[Finding]] = {}
        for finding in self.findings:
            if finding.state == "not here":
                absent.setdefault(finding.check.group, []).append(finding)
        return absent


def verify(
    project: Path, dataset: str | None = None, told: Told = lambda done, total: None
) -> Verification:
    """Hash cache, workspace, checkpoints and models, of one dataset or of all.

    Args:
        told: called after each file, with how many are hashed and how many there are.

    Raises:
        WhichgenError: if the folder is no project, or nothing is known of the dataset.
    """
    if not (project / "dvc.yaml").is_file():
        raise WhichgenError(f"{project / 'dvc.yaml'}: not here; run this in the project's folder")
    project = project.resolve()
    versioned = read_versioned(project, dataset)
    models = find_models(project, dataset)
    checks = [*versioned.checks(), *checkpoint_checks(project, dataset), *models.checks]
    uncovered = _uncovered(versioned, {check.path for check in checks}, dataset)
    if dataset and not checks and not uncovered:
        raise WhichgenError(f"--dataset: nothing here is of {dataset}; see data/01_raw, dvc.lock")
    return Verification(hash_all(checks, told), uncovered + models.uncovered)


def _uncovered(versioned: Versioned, covered: set[Path], dataset: str | None) -> list[str]:
    """Files under `data` and in the cache that no record speaks of, counted by folder."""
    project, cache = versioned.project, versioned.cache.parents[1]
    known = covered.union(versioned.objects_here)
    whole = [path for path in covered if path.is_dir()]  # hashed as one
    counts = Counter(
        _shown(project, folder.joinpath(*path.relative_to(folder).parts[:-1][:depth]))
        for folder, depth in ((project / "data", 4), (cache, 1))  # a cell's folder at the most
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not (path in known or path.name in _OF_GIT or path.suffix == ".dvc")
        and not any(path.is_relative_to(other) for other in whole)
        and (dataset is None or dataset in path.parts)
    )
    return [f"{folder}: {count} files without a recorded hash" for folder, count in counts.items()]


def _shown(project: Path, path: Path) -> str:
    return (path.relative_to(project) if path.is_relative_to(project) else path).as_posix()
