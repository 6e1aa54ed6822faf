"""What the command does: plan a sweep and tell it, or prepare the data and run it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.parameters import Parameters
from whichgen.sweep.cells import Cell, finished, prepared, wanted_hashes
from whichgen.sweep.executors import Local, Needs
from whichgen.sweep.run import Say, Sweep
from whichgen.sweep.slurm import Slurm, slurm_script
from whichgen.sweep.workspace import JOBS


def sweep(
    project: Path,
    parameters: Parameters,
    cells: Sequence[Cell],
    on_slurm: bool,
    needs: Needs,
    say: Say,
) -> None:
    """Train and score those cells that are not finished, and collect them.

    Raises:
        WhichgenError: if they cannot be started; at the end, if some failed.
    """
    executor = Slurm(project / JOBS, needs) if on_slurm else Local(project / JOBS, needs)
    datasets = list(dict.fromkeys(cell.dataset for cell in cells))
    prepare(project, datasets, say)
    planned, done = plan(project, parameters, cells, say)
    say(f"{len(cells)} cells: {len(done)} done before, {len(planned.wanted)} to train")
    planned.run(executor)
    for dataset in datasets:
        say(f"Next: kedro run --pipelines=comparison --params dataset={dataset}: the report")
    say("Then: whichgen sync: all of it in MLflow; dvc commit --force: in DVC")


def tell_plan(
    project: Path,
    parameters: Parameters,
    cells: Sequence[Cell],
    on_slurm: bool,
    needs: Needs,
    say: Say,
) -> None:
    """Say what `sweep` would do, and on Slurm by which script."""
    planned, done = plan(project, parameters, cells, say)
    for cell in cells:
        say(f"{cell}: {'done' if cell in done else 'to train'}")
    if on_slurm and planned.wanted:
        say(slurm_script(project / JOBS, needs, len(planned.wanted)))


def prepare(project: Path, datasets: Sequence[str], say: Say) -> None:
    """Pack each dataset and fit its judge where that was never done.

    Raises:
        WhichgenError: if one could not be prepared; its own command has said why.
    """
    for dataset in datasets:
        if prepared(project, dataset):
            continue
        say(f"{dataset}: packing the data, fitting the judge")
        arguments = ("run", "--pipelines=extractor", "--params", f"dataset={dataset}")
        done = subprocess.run([sys.executable, "-m", "kedro", *arguments], cwd=project, check=False)
        if done.returncode:
            raise WhichgenError(f"{dataset}: not prepared: kedro {' '.join(arguments)} failed")


def plan(
    project: Path, parameters: Parameters, cells: Sequence[Cell], say: Say
) -> tuple[Sweep, list[Cell]]:
    """The sweep of those cells that are not finished in the project, and those that are.

    Cells of a dataset that is not prepared are not finished.

    Raises:
        WhichgenError: if a dataset was prepared by another configuration.
    """
    wanted, done = {}, []
    for cell in cells:
        there = prepared(project, cell.dataset)
        wanted[cell] = wanted_hashes(project, parameters, cell) if there else {}
        if there and finished(project, cell, wanted[cell]):
            done.append(cell)
            del wanted[cell]
    return Sweep(project, parameters, wanted, say), done
