"""`whichgen sweep`."""

from pathlib import Path
from typing import Any

import click

from whichgen.cli.project import parameters
from whichgen.errors import WhichgenError


@click.command()
@click.option("--executor", type=click.Choice(["local", "slurm"]), default="local")
@click.option("--dataset", "datasets", multiple=True, help="Again for more.  [default: the grid's]")
@click.option("--recipe", "recipes", multiple=True, help="Again for more.  [default: the grid's]")
@click.option("--seed", "seeds", multiple=True, type=click.IntRange(0), help="Likewise.")
@click.option("--jobs", type=click.IntRange(1), help="At a time.  [default: local 1, slurm all]")
@click.option("--cpus", type=click.IntRange(1), help="Cores of a job.")
@click.option("--gpus", type=click.IntRange(1), help="GPUs of a job.")
@click.option("--time", "minutes", type=click.IntRange(1), help="Slurm: minutes a job.  [60]")
@click.option("--memory", type=click.FloatRange(0, min_open=True), help="Slurm: GB of a job.")
@click.option("--partition", help="Slurm: where the jobs run.")
@click.option("--slurm", multiple=True, metavar="KEY=VALUE", help="Slurm: account=…, qos=…, again.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done; on Slurm, the script.")
def sweep(
    executor: str,
    datasets: tuple[str, ...],
    recipes: tuple[str, ...],
    seeds: tuple[int, ...],
    slurm: tuple[str, ...],
    dry_run: bool,
    **needs: Any,
) -> None:
    """Train and score the grid's cells as jobs, each in a folder of its own; collect the results.

    The grid is conf/base/parameters_sweep.yml. Finished cells are left as they are. Stopped or
    killed, the same command goes on. See docs/sweep.md.
    """
    from whichgen.parameters import parse_parameters
    from whichgen.sweep import command
    from whichgen.sweep.cells import grid
    from whichgen.sweep.executors import Needs

    more = dict(option.split("=", 1) for option in slurm if "=" in option)
    if len(more) < len(slurm):
        raise WhichgenError("--slurm: give KEY=VALUE, for example --slurm account=vision")
    parsed = parse_parameters(parameters())
    cells = grid(parsed, datasets, recipes, seeds)
    act = command.tell_plan if dry_run else command.sweep
    asked = Needs(slurm=more, **needs)
    act(Path.cwd(), parsed, cells, executor == "slurm", asked, click.echo)
