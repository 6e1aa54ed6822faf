"""`whichgen sample`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whichgen.cli.project import MODELS, parameters
from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from whichgen.networks import Generator


@click.command()
@click.option("--recipe", required=True, help="The recipe that was trained, for example dgn.")
@click.option("--dataset", help="The dataset it was trained on.  [default: as in globals.yml]")
@click.option("--seed", default=0, show_default=True, help="The seed it was trained with.")
@click.option("--type", "type_", help="Only this type: its name or its number.")
@click.option("--n", default=64, show_default=True, type=click.IntRange(1), help="How many images.")
@click.option("--latent-seed", default=0, show_default=True, help="Another seed, other images.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["png", "npz"]),
    help="A grid, or arrays `images` (n, C, H, W) and `types` (n,).  [default: by --out's ending]",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
def sample(
    recipe: str,
    dataset: str | None,
    seed: int,
    type_: str | None,
    n: int,
    latent_seed: int,
    form: str | None,
    out: Path,
) -> None:
    """Draw images from a trained cell into a picture or an array file."""
    import torch

    from whichgen.networks import load_generator, to_uint8
    from whichgen.training.seeding import stream

    dataset = dataset or parameters()["dataset"]
    folder = MODELS / dataset / recipe / str(seed)
    if not (folder / "cell.json").is_file():
        raise WhichgenError(f"{folder}: not trained; {_trained(dataset)}")
    generator = load_generator(folder)
    asked = None if type_ is None else torch.full((n,), _type_index(type_, folder, generator))
    images, types = generator.sample(n, stream(latent_seed, "sample"), asked)
    _write(out, form or out.suffix.lstrip("."), to_uint8(images).numpy(), types.numpy())
    click.echo(f"{n} images of {recipe} on {dataset}, seed {seed}: {out}")


def _trained(dataset: str) -> str:
    """What is trained on the dataset, and how to train."""
    found = sorted(
        f"{path.parent.parent.name} seed {path.parent.name}"
        for path in (MODELS / dataset).glob("*/*/cell.json")
    )
    there = f"trained on {dataset}: {', '.join(found)}" if found else f"no cell of {dataset} is"
    return f"{there}; train with kedro run --params dataset={dataset},recipe=…,seed=…"


def _type_index(asked: str, folder: Path, generator: Generator) -> int:
    """The number of the type of that name or number."""
    import json

    names = json.loads((folder / "cell.json").read_text())["data"]["types"]["names"]
    if not generator.n_types:
        raise WhichgenError(f"--type: {folder} was trained without labels and has no types")
    if asked in names:
        return names.index(asked)
    if asked.isdecimal() and int(asked) < len(names):
        return int(asked)
    raise WhichgenError(f"--type: '{asked}' is not a number below {len(names)} nor one of {names}")


def _write(out: Path, form: str, images: Any, types: Any) -> None:
    """A grid about as wide as it is high, or arrays, by `form`."""
    import numpy as np

    from whichgen.grids import image_grid, magnification, png_bytes

    if form not in ("png", "npz"):
        raise WhichgenError(f"--out: {out} ends neither in .png nor in .npz; give --format")
    out.parent.mkdir(parents=True, exist_ok=True)
    if form == "npz":
        with out.open("wb") as file:
            np.savez_compressed(file, images=images, types=types)
        return
    columns = max(1, round(len(images) ** 0.5))
    out.write_bytes(png_bytes(image_grid(images, columns, magnification(images.shape[2]))))
