"""The commands that are neither Kedro's nor DVC's: one a file, one entry each in COMMANDS."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from whichgen.errors import WhichgenError

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "data": "whichgen.cli.data:data",
        "notify": "whichgen.cli.notify:notify",
        "recipes": "whichgen.cli.recipes:recipes",
        "report": "whichgen.cli.report:report",
        "reproduce": "whichgen.cli.reproduce:reproduce",
        "results": "whichgen.cli.results:results",
        "retrain": "whichgen.cli.retrain:retrain",
        "rollback": "whichgen.cli.rollback:rollback",
        "sample": "whichgen.cli.sample:sample",
        "sweep": "whichgen.cli.sweep:sweep",
        "sync": "whichgen.cli.sync:sync",
        "verify": "whichgen.cli.verify:verify",
    }
)


class ProjectCommands(click.Group):
    """The commands of COMMANDS, each imported when asked for.

    They end with one line, and not with a traceback, when the user made a mistake.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn `WhichgenError` into click's own error."""
        try:
            return super().invoke(ctx)
        except WhichgenError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=ProjectCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="whichgen")
def cli() -> None:
    """GAN or DGN for your data?

    Train and compare with `kedro run` or `dvc repro`, in the project's folder; these commands use
    what they leave behind.
    """
