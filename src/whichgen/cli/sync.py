"""`whichgen sync`."""

import click

from whichgen.cli.project import dataset_named, project_folder


@click.command()
@click.option("--dataset", help="Only the cells of this dataset.")
def sync(dataset: str | None) -> None:
    """Show in MLflow every cell and comparison whose files are here."""
    from whichgen.tracking.sync import sync as publish

    chosen = dataset and dataset_named(dataset)
    for name in publish(project_folder(), chosen):
        click.echo(name)
