"""From a recipe to the update that trains it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from whichgen.networks import (
    Discriminator,
    Generator,
    Modality,
    build_discriminator,
    build_generator,
    channels_last,
)
from whichgen.objectives.adversarial import ADVERSARIAL
from whichgen.objectives.direct import DIRECT
from whichgen.parameters import DgnRecipe, Encoder, GanRecipe, NumberType, Training, Trunk
from whichgen.training.adversarial import AdversarialUpdate
from whichgen.training.batches import MixedBatches, TypedBatches
from whichgen.training.direct import DirectUpdate
from whichgen.training.distributed import ALONE, World
from whichgen.training.packed import Images
from whichgen.training.precision import Precision
from whichgen.training.seeding import seeded_initialisation
from whichgen.training.spaces import SamplesAndFeatures, SampleSpace
from whichgen.training.update import Update


def build_update(
    recipe: GanRecipe | DgnRecipe,
    trunk: Trunk,
    *,
    images: Images,
    types: Tensor,
    info: dict[str, Any],
    seed: int,
    encoder: Mapping[str, Tensor] | None = None,
    precision: NumberType = "float32",
    world: World = ALONE,
) -> Update:
    """The update of a recipe, with networks initialised from `seed`, on the images' device.

    Args:
        images (N, *shape), stored, and types (N,) int64: the training split.
        trunk: the size that every recipe gets on this dataset.
        info: the dataset's description; where it is labelled, both families get the labels.
        encoder: the weights of the recipe's encoder where it was fitted before.
        precision: what the trained networks compute in.
        world: the processes that make each step together.
    """
    arithmetic = Precision(precision, images.device)
    with seeded_initialisation(seed, "generator"):
        generator = channels_last(build_generator(recipe, trunk, info).to(images.device))
    if isinstance(recipe, DgnRecipe):
        flops = info["types"].get("encoder_flops", 0)
        return _direct_update(
            recipe, generator, images, types, seed, encoder, flops, arithmetic, world
        )
    with seeded_initialisation(seed, "discriminator"):
        discriminator = build_discriminator(recipe, trunk, info, generator.n_types)
        discriminator = channels_last(discriminator.to(images.device))
    return _adversarial_update(
        recipe, generator, discriminator, images, types, seed, arithmetic, world
    )


def _direct_update(
    recipe: DgnRecipe,
    generator: Generator,
    images: Images,
    types: Tensor,
    seed: int,
    encoder: Mapping[str, Tensor] | None,
    types_flops: int,
    precision: Precision,
    world: World,
) -> DirectUpdate:
    n_types, training = generator.n_types, recipe.training
    return DirectUpdate(
        generator=generator,
        objective=recipe.objective.build(DIRECT, "objective"),
        batches=TypedBatches(images, types, n_types=n_types, seed=seed),
        space=build_space(
            recipe.encoder, generator.modality, images, types, n_types, seed, encoder, precision
        ),
        generated_per_type=training.generated_per_type,
        real_per_type=training.real_per_type,
        clip=training.clip,
        seed=seed,
        optimiser=_optimiser(generator, training),
        precision=precision,
        types_flops=types_flops,
        world=world,
    )


def _adversarial_update(
    recipe: GanRecipe,
    generator: Generator,
    discriminator: Discriminator,
    images: Images,
    types: Tensor,
    seed: int,
    precision: Precision,
    world: World,
) -> AdversarialUpdate:
    training = recipe.training
    factor = training.discriminator_rate_factor
    return AdversarialUpdate(
        generator=generator,
        discriminator=discriminator,
        objective=recipe.objective.build(ADVERSARIAL, "objective"),
        batches=MixedBatches(images, types, seed=seed, world=world),
        batch=training.batch,
        seed=seed,
        generator_optimiser=_optimiser(generator, training),
        discriminator_optimiser=_optimiser(discriminator, training, factor),
        augment=generator.modality.augment(recipe.discriminator.augment),
        precision=precision,
        world=world,
    )


def build_space(
    encoder: Encoder | None,
    modality: Modality,
    images: Images,
    types: Tensor,
    n_types: int,
    seed: int,
    fitted: Mapping[str, Tensor] | None = None,
    precision: Precision | None = None,
) -> SampleSpace:
    """The samples' own, and an encoder's where the recipe has one; fitting it takes its time."""
    if encoder is None:
        return SampleSpace(modality)
    return SamplesAndFeatures(
        images,
        types,
        modality=modality,
        n_types=n_types,
        options=encoder,
        seed=seed,
        fitted=fitted,
        precision=precision,
    )


def _optimiser(
    network: torch.nn.Module, training: Training, factor: float = 1.0
) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        network.parameters(),
        lr=training.rate * factor,
        betas=training.betas,
        weight_decay=training.weight_decay,
        fused=True,
    )
