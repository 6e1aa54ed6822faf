"""`whichgen data`: add, list, show and compare datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from whichgen.datasets.adding import Added


@click.group()
def data() -> None:
    """Import, version and compare datasets."""


@data.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="The dataset's name from now on.")
@click.option("--replace", is_flag=True, help="Make these images the next version of that name.")
def add(path: Path, name: str, replace: bool) -> None:
    """Import the images in PATH: check, convert to one form, version with DVC, configure.

    PATH is a folder, a .zip, a .tar (also compressed), an .npz, a .parquet or a .csv; what it may
    hold is in docs/data.md. If one image can't be used, all such are named and nothing is imported.
    """
    from whichgen.datasets.adding import UnusableFilesError, add_dataset
    from whichgen.training.progress import PartsReport

    if not Path("conf/base").is_dir():
        raise WhichgenError("conf/base: not here; run this in the project's folder")
    try:
        with PartsReport(f"import of {path}") as report:
            added = add_dataset(Path.cwd(), path, name, replace=replace, told=report)
    except UnusableFilesError as error:
        for each in error.refused:
            click.echo(f"{each.origin} {each.reason}", err=True)
        raise
    _say_added(name, added)


def _say_added(name: str, added: Added) -> None:
    """What was imported, and what to do next."""
    from whichgen.datasets.configuration import FOLDER
    from whichgen.datasets.versions import RAW

    staged = added.staged
    for type_, count in sorted(staged.counts.items(), key=str):
        click.echo(f"{count:>8}  {'without labels' if type_ is None else type_}")
    if staged.repeated:
        click.echo(f"{staged.repeated:>8}  left out: the same file was there already")
    sizes = ", ".join(f"{w}×{h}" for (w, h), _ in staged.sides.most_common(3))
    more = "" if len(staged.sides) <= 3 else f" and {len(staged.sides) - 3} other sizes"
    click.echo(f"Images:  {RAW / name}, {'colour' if staged.colour else 'grey'}, {sizes}{more} px")
    click.echo(f"Version: {added.version.hash}")
    settings = FOLDER / f"{name}.yml"
    click.echo(
        f"Settings: {settings}{', new' if added.configured else ', as they were'}; "
        f"resized to {added.resolution} px"
    )
    click.echo(
        f"Keep it: git add {RAW / name}.dvc {settings} && "
        f"git commit -m 'Add version {added.version.hash[:8]} of {name}'"
    )
    click.echo(
        f"Next:    kedro run --params dataset={name}; for the grid name {name} under "
        "datasets in conf/base/parameters_sweep.yml, then dvc repro"
    )
