"""From a recipe, or a trained cell's files, to its networks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from whichgen.errors import WhichgenError
from whichgen.networks.article import article_discriminator, article_generator
from whichgen.networks.discriminators import Discriminator, convolutional_discriminator
from whichgen.networks.generators import Generator, convolutional_generator
from whichgen.networks.packing import PackedDiscriminator
from whichgen.networks.stems import SharedStem, StemSet
from whichgen.parameters import DgnRecipe, GanRecipe, Trunk

GENERATORS: dict[str, Callable[..., Generator]] = {
    "convolutional": convolutional_generator,
    "article": article_generator,
}
DISCRIMINATORS: dict[str, Callable[..., Discriminator]] = {
    "convolutional": convolutional_discriminator,
    "article": article_discriminator,
}
"""The allow-lists: the names that a recipe may give."""


def build_generator(recipe: GanRecipe | DgnRecipe, trunk: Trunk, info: dict[str, Any]) -> Generator:
    """The recipe's generator for the dataset described by `info` (see `pipelines.data`).

    A GAN's is one generator, which gets the types where they are labels; a DGN's is one per type.
    """
    is_set = recipe.family == "dgn"
    shares = info["types"]["shares"] if is_set or info["labelled"] else []
    generator: Generator = recipe.generator.build(
        GENERATORS,
        "generator",
        latent=recipe.generator.latent,
        shares=shares,
        stem=StemSet if is_set else SharedStem,
        channels=info["channels"],
        resolution=info["resolution"],
        trunk=trunk,
    )
    return generator


def build_discriminator(
    recipe: GanRecipe, trunk: Trunk, info: dict[str, Any], n_types: int
) -> Discriminator:
    """The recipe's discriminator: images (B, C, R, R) and types (B,) to logits, one a pack.

    Args:
        n_types: K, or 0 for one that gets no types.

    Raises:
        WhichgenError: for packs where there are types, which differ inside a pack.
    """
    pack = recipe.discriminator.pack
    if pack > 1 and n_types:
        raise WhichgenError(
            f"discriminator.pack: {pack} samples of one batch are of different types; "
            "packs are for data without labels, use 1 here"
        )
    discriminator: Discriminator = recipe.discriminator.build(
        DISCRIMINATORS,
        "discriminator",
        channels=pack * info["channels"],
        resolution=info["resolution"],
        n_types=n_types,
        trunk=trunk,
    )
    return PackedDiscriminator(discriminator, pack) if pack > 1 else discriminator


def rebuild_generator(record: dict[str, Any], weights: dict[str, Tensor]) -> Generator:
    """The generator of a cell's record (`cell.json`), with its weights, on the CPU."""
    configuration = record["configuration"]
    family: type[GanRecipe] | type[DgnRecipe] = (
        GanRecipe if record["family"] == "gan" else DgnRecipe
    )
    fields = {name: configuration[name] for name in family.model_fields}
    trunk = Trunk.model_validate(configuration["trunk"])
    generator = build_generator(family.model_validate(fields), trunk, record["data"])
    generator.load_state_dict(weights)
    return generator.eval().requires_grad_(False)


def load_generator(folder: Path) -> Generator:
    """The trained generator of the cell in `folder`, which holds `cell.json` and the weights.

    Raises:
        WhichgenError: if the cell is not trained.
    """
    try:
        record = json.loads((folder / "cell.json").read_text())
        weights = load_file(folder / "generator.safetensors")
    except FileNotFoundError as error:
        raise WhichgenError(
            f"{error.filename}: no trained cell here; train it by kedro run or dvc repro"
        ) from None
    return rebuild_generator(record, weights)
