"""`whichgen verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from whichgen.cli.project import dataset_named, project_folder

if TYPE_CHECKING:
    from whichgen.verification.checks import Finding
    from whichgen.verification.verify import Verification


SHOWN_GROUPS = 6  # stages of which nothing is here, as in a fresh clone


@click.command()
@click.option("--dataset", help="Only what belongs to this dataset.  [default: everything]")
def verify(dataset: str | None) -> None:
    """Hash everything anew that a hash is recorded of, and name what is damaged or lost.

    DVC's cache and the files that dvc.lock and *.dvc speak of, checkpoints, and the models in
    MLflow. Each damaged file gets one line, with the command that brings it back; the exit code
    is then 1.
    """
    from whichgen.progress import CountReport
    from whichgen.verification.verify import verify as verify_project

    chosen = dataset and dataset_named(dataset)
    with CountReport("files hashed") as report:
        found = verify_project(project_folder(), chosen, report)
    for finding in found.wrong:
        click.echo(describe(finding))
    _tell_rest(found)
    if found.wrong:
        raise SystemExit(1)


def describe(finding: Finding) -> str:
    """Which file, what it should be, what it is, and what brings it back."""
    check = finding.check
    sizes = f" ({finding.size} bytes of {check.size})" if finding.state == "truncated" else ""
    actual = f", is {finding.actual}" if finding.actual else ""
    return (
        f"{check.name}: {finding.state}{sizes}: {check.algorithm} should be "
        f"{check.expected} by {check.record}{actual}; {finding.remedy}"
    )


def _tell_rest(found: Verification) -> None:
    for group, findings in list(found.absent.items())[:SHOWN_GROUPS]:
        click.echo(f"not here: {group}: {len(findings)} files; dvc checkout, or dvc pull")
    if len(found.absent) > SHOWN_GROUPS:
        click.echo(f"not here: … and of {len(found.absent) - SHOWN_GROUPS} more")
    for line in found.uncovered:
        click.echo(f"not covered: {line}")
    absent = sum(map(len, found.absent.values()))
    sound = len(found.findings) - absent - len(found.wrong)
    click.echo(
        f"{sound} files are as recorded, {len(found.wrong)} damaged or lost, {absent} not here"
    )
