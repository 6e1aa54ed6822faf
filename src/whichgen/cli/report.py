"""`whichgen report`."""

import click

from whichgen.cli.project import REPORTS, dataset_named
from whichgen.errors import WhichgenError


@click.group()
def report() -> None:
    """Look at the report of the last comparison."""


@report.command("open")
@click.option("--dataset", help="The dataset that was compared.  [default: as in globals.yml]")
def open_report(dataset: str | None) -> None:
    """Print where the report is, and open it in the browser."""
    import webbrowser

    dataset = dataset_named(dataset)
    page = (REPORTS / dataset / "comparison" / "report.html").resolve()
    if not page.is_file():
        raise WhichgenError(
            f"{page}: no report yet; run kedro run --params dataset={dataset}, or dvc repro "
            "with it in the grid"
        )
    click.echo(page)
    if not webbrowser.open(page.as_uri()):
        click.echo("No browser could be started here: open the file in one.", err=True)
