"""`whichgen retrain`."""

import os
from pathlib import Path

import click

from whichgen.cli.project import dataset_named, parameters
from whichgen.errors import WhichgenError


@click.command()
@click.option("--dataset", help="[default: the project's]")
@click.option("--force", is_flag=True, help="Go through all stages though nothing changed.")
@click.option("--dry-run", is_flag=True, help="Fetch nothing; only say what would be done.")
@click.pass_context
def retrain(ctx: click.Context, dataset: str | None, force: bool, dry_run: bool) -> None:
    """Retrain if the raw data changed, and promote the winner if it is surely better.

    For a schedule: fetch, validate, train both families, compare, promote, push, publish. With
    nothing new it ends at once; killed or failed, the same command goes on. The exit code is 0 when
    all is well, 1 when it failed and the champion stays, 2 when it could not begin, 75 when another
    one runs. See docs/retraining.md.
    """
    from whichgen.hooks import explain
    from whichgen.notifications.settings import load_settings
    from whichgen.parameters import parse_parameters
    from whichgen.retraining.run import BusyError, foresee
    from whichgen.retraining.run import retrain as run
    from whichgen.retraining.stages import check_grid

    try:
        parsed = parse_parameters(parameters())
        name = dataset_named(dataset)
        check_grid(parsed, name)
        load_settings(Path.cwd())  # wrong ones would be noticed after hours only
    except WhichgenError as error:
        raise click.UsageError(str(error)) from None
    if dry_run:
        click.echo(f"{name}: {foresee(Path.cwd(), parsed, name, force=force)}")
        return
    try:
        record = run(
            Path.cwd(), parsed, name, force=force, say=lambda what: click.echo(what, err=True)
        )
    except BusyError as busy:
        click.echo(f"Error: {busy}", err=True)
        ctx.exit(os.EX_TEMPFAIL)
    except OSError as error:
        raise click.ClickException(explain(error) or str(error)) from None
    click.echo(record.summary)
    ctx.exit(1 if record.decision == "failed" else 0)
