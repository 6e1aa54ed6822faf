"""`whichgen results`."""

import click

from whichgen.cli.project import REPORTS, dataset_named
from whichgen.errors import WhichgenError


@click.command()
@click.option("--dataset", help="The dataset that was compared.  [default: as in globals.yml]")
def results(dataset: str | None) -> None:
    """Print the last comparison: the verdict, then every score and cost as a Markdown table."""
    import json

    import pandas as pd

    from whichgen.comparison.table import markdown_table

    dataset = dataset_named(dataset)
    folder = REPORTS / dataset / "comparison"
    if not (folder / "verdict.json").is_file():
        raise WhichgenError(
            f"{folder}: no comparison yet; run kedro run --params dataset={dataset}, or "
            "dvc repro with it in the grid"
        )
    verdict = json.loads((folder / "verdict.json").read_text())
    click.echo(verdict["recommendation"]["sentence"]["en"] + "\n")
    click.echo(markdown_table(pd.read_csv(folder / "table.csv")))
