"""`whichgen recipes`."""

import click

from whichgen.cli.project import parameters


@click.command()
def recipes() -> None:
    """List the recipes of both families."""
    known = parameters()
    width = max(len(name) for name in known["recipes"])
    for name, recipe in sorted(known["recipes"].items(), key=lambda r: (r[1]["family"], r[0])):
        click.echo(f"{recipe['family']}  {name:<{width}}  {recipe['summary']}")
