"""`whichgen notify`."""

import click

from whichgen.cli.project import project_folder


@click.command()
def notify() -> None:
    """Send a trial message by the hooks that are set (docs/schedules.md)."""
    from whichgen.notifications import try_hooks

    click.echo(f"Sent by {' and '.join(try_hooks(project_folder()))}.")
