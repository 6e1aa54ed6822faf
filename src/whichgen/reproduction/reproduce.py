"""A comparison from its recorded revision and data, once more; and what came out otherwise."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from whichgen.reproduction import git
from whichgen.reproduction.differences import Differences, compare
from whichgen.reproduction.environment import (
    execution_differences,
    machine,
    version_differences,
)
from whichgen.reproduction.lock import LOCK, Stage, parse_lock
from whichgen.reproduction.plan import Plan
from whichgen.reproduction.rerun import Told, default_folder, prepare, run_again
from whichgen.tracking.cell_files import REPORTS
from whichgen.training.process import only_process
from whichgen.verification.checks import digest

Say = Callable[[str], None]


@dataclass(frozen=True)
class Reproduction:
    """What a comparison came to when it ran again.

    Attributes:
        environment: what is not as it was, a line each. record: where all of it is written.
    """

    plan: Plan
    differences: Differences
    environment: list[str]
    record: Path


def reproduce(
    project: Path, plan: Plan, folder: Path, *, keep: bool, say: Say, told: Told
) -> Reproduction:
    """Run the plan in a worktree, compare, write the record, remove the worktree.

    Args:
        folder: of the worktree. keep: let it stay. told: see `run_again`.

    Raises:
        WhichgenError: if it could not run; a worktree in which something ran stays.
    """
    out = project / REPORTS / plan.dataset / "reproduction"
    out.mkdir(parents=True, exist_ok=True)
    log, record = (out / f"{plan.revision[:12]}.{ending}" for ending in ("log", "json"))
    title = f"{plan.dataset} of {plan.revision[:12]}"
    lock = default_folder(project, plan)
    with only_process(lock.with_name(f"{lock.name}.lock"), title):
        goes_on = prepare(project, plan, folder)
        if not goes_on:
            log.unlink(missing_ok=True)
        say(f"{title}: {'goes on' if goes_on else 'runs'} in {folder}, log: {log}")
        run_again(plan, folder, log, told)
        found = _look(project, plan, folder, record)
        if not keep:
            git.remove_worktree(project, folder)
    return found


def _look(project: Path, plan: Plan, folder: Path, record: Path) -> Reproduction:
    now = parse_lock((folder / LOCK).read_text(encoding="utf-8"))
    then_file = partial(_file_then, project, _cache(project))
    now_file = partial(_file_then, folder, folder / ".dvc/cache/files/md5")
    differences = compare(plan.stages, now, then_file, now_file)
    constraints = git.file_at(project, plan.revision, "constraints.txt") or ""
    environment = version_differences(constraints)
    environment += _execution(plan.stages, now, then_file, now_file)
    found = Reproduction(plan, differences, environment, record)
    record.write_text(json.dumps(_plain(found), indent=2) + "\n", encoding="utf-8")
    return found


def _plain(found: Reproduction) -> dict[str, Any]:
    return {
        "revision": found.plan.revision,
        "dataset": found.plan.dataset,
        "stages": list(found.plan.stages),
        "machine": machine(),
        "environment": found.environment,
        **found.differences.plain(),
    }


def _execution(
    then: dict[str, Stage],
    now: dict[str, Stage],
    then_file: Callable[[str, str], Path | None],
    now_file: Callable[[str, str], Path | None],
) -> list[str]:
    """How the trainings ran then and now, where that differs; a line once."""
    lines = []
    for name, stage in then.items():
        for path, md5 in stage.outputs.items():
            if Path(path).name == "measured.json" and name in now:
                files = then_file(path, md5), now_file(path, now[name].outputs[path])
                if files[0] and files[1]:
                    one, other = (json.loads(f.read_text()) for f in files if f)
                    lines += execution_differences(one, other)
    return list(dict.fromkeys(lines))


def _cache(project: Path) -> Path:
    from dvc.repo import Repo

    with Repo(str(project)) as repo:
        return Path(repo.cache.local.path)


def _file_then(project: Path, cache: Path, path: str, md5: str) -> Path | None:
    """A file with these bytes, in the project or in the cache; None if there is none."""
    places = project / path, cache / md5[:2] / md5[2:]
    return next((place for place in places if digest(place, "md5") == md5), None)
