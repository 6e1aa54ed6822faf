"""`whichgen sample`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whichgen.cli.project import MODELS, dataset_named, trained_generator
from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from whichgen.networks import Generator

SHARDS = ("parquet", "webdataset")


@click.command()
@click.option("--recipe", help="The recipe that was trained, for example dgn.")
@click.option("--dataset", help="The dataset it was trained on.  [default: as in globals.yml]")
@click.option("--seed", default=0, show_default=True, help="The seed it was trained with.")
@click.option("--model", help="In place of those: models:/NAME@ALIAS, models:/NAME/3, a folder.")
@click.option("--type", "type_", help="Only this type: its name or its number.")
@click.option("--n", default=64, show_default=True, type=click.IntRange(1), help="How many images.")
@click.option("--latent-seed", default=0, show_default=True, help="Another seed, other images.")
@click.option(
    "--truncation", default=1.0, show_default=True, type=click.FloatRange(0, 1, min_open=True),
    help="Less: latents nearer to their mean, samples as a rule cleaner and less diverse.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["png", "npz", *SHARDS]),
    help="A grid; arrays `images` (n, C, H, W) and `types` (n,); or a folder of shards.  "
    "[default: by --out's ending, parquet for a folder]",
)  # fmt: skip
@click.option(
    "--shard-size", default=10_000, show_default=True, type=click.IntRange(1), help="Images each."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="What to write.")
def sample(
    recipe: str | None,
    dataset: str | None,
    seed: int,
    model: str | None,
    type_: str | None,
    form: str | None,
    shard_size: int,
    out: Path,
    **drawing: Any,
) -> None:
    """Draw images from a trained cell, or a registered model, into a picture, a file or shards.

    Shards are for very many. Stopped or killed, the same command goes on, and ends in the same
    bytes. See docs/serving.md.
    """

    form = form or out.suffix.lstrip(".") or "parquet"
    if form not in ("png", "npz", *SHARDS):
        raise WhichgenError(f"--out: {out} ends neither in .png nor in .npz; give --format")
    if (recipe is None) == (model is None):
        raise WhichgenError("give --recipe for a cell that was trained here, or --model, not both")
    folder, name = _model(model) if model else _cell(str(recipe), dataset, seed)
    generator = trained_generator(folder)
    names = _type_names(folder, generator)
    drawing["type_"] = None if type_ is None else _type_index(type_, folder, names)
    if form in SHARDS:
        settings = {"model": name, "type_names": names, "form": form, "shard_size": shard_size}
        _draw_shards(generator, folder, out, **settings, **drawing)
    else:
        _draw_file(generator, out, form, **drawing)
    click.echo(f"{drawing['n']} {generator.modality.form.nouns} of {name}: {out}")


def _cell(recipe: str, dataset: str | None, seed: int) -> tuple[Path, str]:
    """The folder of a cell, and the cell in words."""
    dataset = dataset or dataset_named(None)
    folder = MODELS / dataset / recipe / str(seed)
    if not (folder / "cell.json").is_file():
        dataset_named(dataset)
        raise WhichgenError(f"{folder}: not trained; {_trained(dataset)}")
    return folder, f"{recipe} on {dataset}, seed {seed}"


def _model(uri: str) -> tuple[Path, str]:
    from whichgen.tracking.model import fetch_generator

    return fetch_generator(Path.cwd(), uri), uri


def _trained(dataset: str) -> str:
    """What is trained on the dataset, and how to train."""
    found = sorted(
        f"{path.parent.parent.name} seed {path.parent.name}"
        for path in (MODELS / dataset).glob("*/*/cell.json")
    )
    there = f"trained on {dataset}: {', '.join(found)}" if found else f"no cell of {dataset} is"
    return f"{there}; train with kedro run --params dataset={dataset},recipe=…,seed=…"


def _type_names(folder: Path, generator: Generator) -> tuple[str, ...]:
    """The names of the generator's types by number; none if it has none."""
    import json

    data = json.loads((folder / "cell.json").read_text())["data"]
    return tuple(data["types"]["names"]) if generator.n_types else ()


def _type_index(asked: str, folder: Path, names: tuple[str, ...]) -> int:
    """The number of the type of that name or number."""
    if not names:
        raise WhichgenError(f"--type: {folder} was trained without labels and has no types")
    if asked in names:
        return names.index(asked)
    if asked.isdecimal() and int(asked) < len(names):
        return int(asked)
    known = list(names)
    raise WhichgenError(f"--type: '{asked}' is not a number below {len(names)} nor one of {known}")


def _draw_shards(generator: Generator, folder: Path, out: Path, **settings: Any) -> None:
    from hashlib import sha256

    from whichgen.hooks import explain
    from whichgen.progress import DrawingReport
    from whichgen.shards import Plan, write_shards

    weights = sha256((folder / "generator.safetensors").read_bytes()).hexdigest()
    plan = Plan(weights=weights, **settings)
    count, nouns = len(list(plan.shards())), generator.modality.form.nouns
    click.echo(f"{plan.n:,} {nouns} in {count} shards; stopped or killed, the same command goes on")
    try:
        with DrawingReport(plan.n, nouns) as report:
            write_shards(generator, plan, out, report)
    except OSError as error:
        raise WhichgenError(explain(error) or f"--out: {error}") from error
    click.echo(f"{report.rate()}; settings and hashes: {out / 'manifest.json'}")


def _draw_file(
    generator: Generator,
    out: Path,
    form: str,
    *,
    n: int,
    latent_seed: int,
    type_: int | None,
    truncation: float,
) -> None:
    """A grid about as wide as it is high, or arrays, by `form`."""
    import numpy as np

    from whichgen.drawing import draw
    from whichgen.grids import png_bytes
    from whichgen.training.seeding import stream

    images, types = draw(generator, n, stream(latent_seed, "sample"), type_, truncation)
    out.parent.mkdir(parents=True, exist_ok=True)
    if form == "npz":
        with out.open("wb") as file:
            np.savez_compressed(file, images=images, types=types)
        return
    columns = max(1, round(len(images) ** 0.5))
    out.write_bytes(png_bytes(generator.modality.form.picture(images, columns)))
