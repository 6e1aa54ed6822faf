"""`whichgen reproduce`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whichgen.cli.project import project_folder

if TYPE_CHECKING:
    from whichgen.reproduction.reproduce import Reproduction

SHOWN_SCORES = 20


@click.command()
@click.argument("comparison")
@click.option("--dataset", help="Which, where the revision compares several.")
@click.option("--recipe", "recipes", multiple=True, help="Only these cells.  [default: all]")
@click.option("--seed", "seeds", multiple=True, type=click.IntRange(0), help="Likewise.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where to run it.  [default: in .dvc/tmp/reproduce]",
)
@click.option("--keep", is_flag=True, help="Let the folder stay.")
def reproduce(
    comparison: str,
    dataset: str | None,
    recipes: tuple[str, ...],
    seeds: tuple[int, ...],
    folder: Path | None,
    keep: bool,
) -> None:
    """Train and compare once more from the recorded code and data; say what differs.

    COMPARISON is a git revision that has a dvc.lock, or the id of a comparison's run in MLflow.
    It runs in a git worktree of that revision, in this environment. The exit code is 0 if all
    bytes are the same but those that hold measured times. Killed, the same command goes on.
    """
    from whichgen.progress import CountReport
    from whichgen.reproduction import git
    from whichgen.reproduction.plan import make_plan
    from whichgen.reproduction.reproduce import reproduce as run
    from whichgen.reproduction.rerun import default_folder

    project = project_folder()
    plan = make_plan(project, comparison, dataset, recipes, seeds)
    if git.changed(project):
        click.echo("Files differ from what is committed: those changes are not part of it.")
    place = (folder or default_folder(project, plan)).resolve()
    with CountReport("stages", every_seconds=0) as report:
        found = run(project, plan, place, keep=keep, say=click.echo, told=report)
    tell(found)
    if keep:
        click.echo(f"Kept: {place}; git worktree remove --force {place} removes it")
    if not found.differences.agrees:
        raise SystemExit(1)


def tell(found: Reproduction) -> None:
    """What is not as it was: before it, in bytes, in scores."""
    differences = found.differences
    for line in found.environment:
        click.echo(f"environment: {line}")
    for line in differences.inputs:
        click.echo(f"input: {line}")
    _tell_stages(found)
    for output in differences.outputs:
        if output.verdict == "differs":
            click.echo(f"{output.path}: {output.then} then, {output.now or 'not made'} now")
    for score in differences.scores[:SHOWN_SCORES]:
        by = "" if score.difference is None else f" ({score.difference:+.3g})"
        click.echo(f"{score.path}: {score.name}: {score.then} then, {score.now} now{by}")
    if len(differences.scores) > SHOWN_SCORES:
        click.echo(f"… and {len(differences.scores) - SHOWN_SCORES} more values")
    for path in differences.unknown:
        click.echo(f"{path}: its former content is not here; dvc pull, then again")
    counts = Counter(output.verdict for output in differences.outputs)
    click.echo(
        f"{found.plan.revision[:12]} {found.plan.dataset}: {counts['same']} outputs have the same "
        f"bytes, {counts['times']} hold measured times, {counts['differs']} differ"
    )
    click.echo(f"Record: {found.record}")


def _tell_stages(found: Reproduction) -> None:
    rows = Counter((output.stage, output.verdict) for output in found.differences.outputs)
    width = max(map(len, found.plan.stages))
    click.echo(f"{'stage':<{width}}  same  times  differ")
    for stage in found.plan.stages:
        same, times, differ = (rows[stage, kind] for kind in ("same", "times", "differs"))
        click.echo(f"{stage:<{width}}  {same:4}  {times:5}  {differ:6}")
