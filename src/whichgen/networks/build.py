"""From a recipe, or a trained cell's files, to its networks."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from safetensors.torch import load_file
from torch import Tensor

from whichgen.errors import WhichgenError
from whichgen.networks.discriminators import Discriminator
from whichgen.networks.generators import Generator
from whichgen.networks.modalities import modality_of
from whichgen.networks.packing import PackedDiscriminator
from whichgen.networks.stems import SharedStem, StemSet
from whichgen.parameters import DgnRecipe, DiscriminatorOptions, GanRecipe, GeneratorOptions, Trunk

Options = TypeVar("Options", GeneratorOptions, DiscriminatorOptions)


def build_generator(recipe: GanRecipe | DgnRecipe, trunk: Trunk, info: dict[str, Any]) -> Generator:
    """The recipe's generator for the dataset described by `info` (see `pipelines.data`).

    A GAN's is one generator, which gets the types where they are labels; a DGN's is one per type.
    """
    is_set, modality = recipe.family == "dgn", modality_of(info)
    shares = info["types"]["shares"] if is_set or info["labelled"] else []
    generator: Generator = _named(recipe.generator, modality.generators).build(
        modality.generators,
        "generator",
        latent=recipe.generator.latent,
        shares=shares,
        stem=StemSet if is_set else SharedStem,
        trunk=trunk,
        **modality.sizes(),
    )
    generator.modality = modality
    return generator


def build_discriminator(
    recipe: GanRecipe, trunk: Trunk, info: dict[str, Any], n_types: int
) -> Discriminator:
    """The recipe's discriminator: samples (B, *shape) and types (B,) to logits, one a pack.

    Args:
        n_types: K, or 0 for one that gets no types.

    Raises:
        WhichgenError: for packs where there are types, which differ inside a pack.
    """
    pack, modality = recipe.discriminator.pack, modality_of(info)
    if pack > 1 and n_types:
        raise WhichgenError(
            f"discriminator.pack: {pack} samples of one batch are of different types; "
            "packs are for data without labels, use 1 here"
        )
    discriminator: Discriminator = _named(recipe.discriminator, modality.discriminators).build(
        modality.discriminators,
        "discriminator",
        n_types=n_types,
        trunk=trunk,
        **modality.sizes(pack),
    )
    return PackedDiscriminator(discriminator, pack) if pack > 1 else discriminator


def with_networks(recipe: GanRecipe | DgnRecipe, info: Mapping[str, Any]) -> GanRecipe | DgnRecipe:
    """The recipe with the names of its networks on the dataset that `info` describes.

    Raises:
        WhichgenError: if it names one that is not for these samples.
    """
    modality = modality_of(info)
    parts = {"generator": modality.generators, "discriminator": modality.discriminators}
    changed: dict[str, GeneratorOptions | DiscriminatorOptions] = {}
    for key, allowed in parts.items():
        if hasattr(recipe, key):
            changed[key] = _named(getattr(recipe, key), allowed)
            if changed[key].name not in allowed:
                raise WhichgenError(
                    f"{key}.name: '{changed[key].name}' is no network for {modality.form.noun}s; "
                    f"those are: {', '.join(sorted(allowed))}"
                )
    return recipe.model_copy(update=changed)


def _named(options: Options, allowed: Iterable[str]) -> Options:
    """The same, by the first network that is allowed where the recipe does not name one."""
    if "name" in options.model_fields_set:
        return options
    return options.model_copy(update={"name": next(iter(allowed))})


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
