"""`whichgen data`: add, list, show and compare datasets."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from whichgen.cli.project import parameters, project_folder
from whichgen.datasets.differences import compare_contents
from whichgen.datasets.incoming import printable
from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from whichgen.datasets.adding import Added
    from whichgen.parameters import Dataset

SHOWN = 5  # paths


@click.group()
def data() -> None:
    """Import, version and compare datasets."""


@data.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="The dataset's name from now on.")
@click.option("--replace", is_flag=True, help="Make these images the next version of that name.")
@click.option("--licence", help="Of the images, for its settings; registered models tell it.")
def add(path: Path, name: str, replace: bool, licence: str | None) -> None:
    """Import the images in PATH: check, convert to one form, version with DVC, configure.

    PATH is a folder, a .zip, a .tar (also compressed), an .npz, a .parquet or a .csv; what it may
    hold is in docs/data.md. If one image can't be used, all such are named and nothing is imported.
    """
    from whichgen.datasets.adding import UnusableFilesError, add_dataset
    from whichgen.progress import PartsReport

    chosen: dict[str, Any] = {"replace": replace, "licence": licence}
    try:
        with PartsReport(f"import of {path}") as report:
            added = add_dataset(project_folder(), path, name, **chosen, told=report)
    except UnusableFilesError as error:
        for each in error.refused:
            click.echo(f"{each.origin} {each.reason}", err=True)
        raise
    _say_added(name, added)


@data.command("list")
def list_() -> None:
    """List the datasets: images, types, bytes, version, and whether they are packed."""
    from whichgen.datasets.inventory import take_stock
    from whichgen.parameters import parse_parameters

    rows: list[tuple[str, ...]] = [
        ("dataset", "source", "images", "types", "MB", "version", "state")
    ]
    for name, dataset in sorted(parse_parameters(parameters()).datasets.items()):
        stock = take_stock(Path.cwd(), name, dataset)
        megabytes = f"{stock.bytes / 1e6:.1f}" if stock.bytes else "-"
        version = stock.version[:8] if stock.version else "-"
        counts = ("-" if n is None else str(n) for n in (stock.images, stock.types))
        rows.append((name, stock.source, *counts, megabytes, version, stock.state))
    _print_table(rows)


@data.command()
@click.argument("name")
@click.option("--sheet", type=click.Path(path_type=Path), help="Write a PNG of ten images a type.")
def show(name: str, sheet: Path | None) -> None:
    """Show one dataset: images of each type and split, sizes, version."""
    from whichgen.datasets.inventory import splits, take_stock
    from whichgen.datasets.showing import contact_sheet, form, read_raw, sizes
    from whichgen.datasets.versions import is_versioned

    project, dataset = Path.cwd(), _dataset(name)
    stock, images = take_stock(project, name, dataset), read_raw(project, name, dataset)
    labels = images.type_names or ("without labels",)
    by_split = splits(project, name)
    rows: list[tuple[str, ...]] = [("type", "raw", *by_split)]
    for k, label in enumerate(labels):
        count = int((images.labels == k).sum()) if images.labels is not None else len(images.images)
        ours = images.labels is not None
        rows.append((label, str(count), *(
            str(counts[k] if ours else counts.total()) for counts in by_split.values()
        )))  # fmt: skip
    _print_table(rows)
    used = form(images, dataset)
    click.echo(f"Used as:  {used.words(used.shape)}")
    if found := sizes(project, name):
        click.echo(f"Files:    {', '.join(f'{n} of {w}×{h}' for (w, h), n in found)} px")
    held = "" if stock.version is None or is_versioned(project, name) else ", changed since"
    click.echo(f"Version:  {stock.version or 'none'}{held}")
    click.echo(f"State:    {stock.state}")
    if sheet:
        sheet.parent.mkdir(parents=True, exist_ok=True)
        sheet.write_bytes(contact_sheet(images, dataset))
        click.echo(f"Sheet:    {sheet}")


@data.command()
@click.argument("name")
@click.argument("revisions", nargs=-1, metavar="[REV [REV]]")
def diff(name: str, revisions: tuple[str, ...]) -> None:
    """Compare versions of a dataset: two of git, one with the files, or the last with the files."""
    from whichgen.datasets.showing import drift_between, judged
    from whichgen.datasets.versions import contents
    from whichgen.parameters import parse_parameters

    if len(revisions) > 2:
        raise click.UsageError("at most two revisions")
    project, checked = Path.cwd(), parse_parameters(parameters())
    _dataset(name)
    ends = (revisions[0] if revisions else "HEAD", revisions[1] if len(revisions) == 2 else None)
    difference = compare_contents(*(contents(project, name, end) for end in ends))
    rows: list[tuple[str, ...]] = [("type", ends[0], ends[1] or "files")]
    for type_ in sorted(difference.before | difference.after):
        counts = (str(side[type_]) for side in (difference.before, difference.after))
        rows.append((type_ or "without labels", *counts))
    _print_table(rows)
    for what in ("added", "removed", "relabelled"):
        _print_paths(what, getattr(difference, what))
    if difference.added and judged(project, name):
        distance, p = drift_between(project, name, ends, checked)
        click.echo(
            f"Drift: {distance:.3g} in the judge's features between the images added and "
            f"those before (p = {p:.2g})"
        )


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


def _dataset(name: str) -> Dataset:
    """The configuration of the dataset by that name."""
    from whichgen.parameters import parse_parameters

    known = parse_parameters(parameters()).datasets
    if name not in known:
        raise WhichgenError(f"{name}: no dataset of this name; known: {', '.join(sorted(known))}")
    return known[name]


def _print_table(rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as they must be, the first to the left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for first, *rest in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        click.echo("  ".join([f"{first:<{widths[0]}}", *cells]))


def _print_paths(what: str, paths: Collection[PurePosixPath]) -> None:
    """How many, and the first few."""
    few = ", ".join(printable(str(path)) for path in list(paths)[:SHOWN])
    more = ", …" if len(paths) > SHOWN else ""
    click.echo(f"{what.capitalize()}: {len(paths)}{f' ({few}{more})' if few else ''}")
