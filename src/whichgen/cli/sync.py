"""`whichgen sync`."""

from pathlib import Path

import click


@click.command()
@click.option("--dataset", help="Only the cells of this dataset.")
def sync(dataset: str | None) -> None:
    """Show in MLflow every cell and comparison whose files are here."""
    from whichgen.tracking.sync import sync as publish

    for name in publish(Path.cwd(), dataset):
        click.echo(name)
