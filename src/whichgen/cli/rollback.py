"""`whichgen rollback`."""

import click

from whichgen.cli.project import project_folder


@click.command()
@click.option("--dataset", required=True, help="The dataset whose champion it is about.")
@click.option("--to", metavar="VERSION", help="A former champion.  [default: the one before]")
@click.option("--dry-run", is_flag=True, help="Check everything and change nothing.")
def rollback(dataset: str, to: str | None, dry_run: bool) -> None:
    """Make the former champion champion again."""
    from whichgen.registry.rollback import roll_back

    before, after = roll_back(project_folder(), dataset, to=to, dry=dry_run)
    if dry_run:
        click.echo(f"Dry run, nothing changed. Champion would be {after.title} for {before.title}.")
        return
    click.echo(f"Champion of {dataset}: {after.title}, before {before.title}.")
    click.echo("A server that is running loads it when it is started again.")
    click.echo(f"Undo: whichgen rollback --dataset {dataset} --to {before.number}")
