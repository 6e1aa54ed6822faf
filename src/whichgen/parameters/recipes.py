"""One recipe of either family: networks, objective, training."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, model_validator

from whichgen.parameters.kinds import Component, Count, Decay, Positive, Share, Strict, Weight


class GeneratorOptions(Component):
    """A generator of the dataset's modality, the dimension of its latent, and its options.

    Where no name is given it is the first of the modality's: see `networks.with_networks`.
    """

    name: str = "convolutional"
    latent: Count


class Augmentation(Strict):
    """How strongly what the discriminator sees is augmented, 0 for not at all.

    DiffAugment's own values are 1, 1, 0.125 and 0.5; see `networks.augment`.

    Attributes:
        brightness: the range of what is added; pixels run from -1 to 1. contrast: the range of the
            factor around 1. translation: the largest shift, as a share of the side. cutout: the
            side of the hole, as a share of the image's.
    """

    brightness: Weight = 0.0
    contrast: Annotated[float, Field(ge=0, le=2)] = 0.0
    translation: Share = 0.0
    cutout: Share = 0.0


class DiscriminatorOptions(Component):
    """A discriminator of the dataset's modality and its options; its name as for a generator.

    Attributes:
        pack: how many samples it judges at once, 1 for each alone; see `networks.packing`.
        augment: of what it sees, real and generated.
    """

    name: str = "convolutional"
    pack: Count = 1
    augment: Augmentation = Augmentation()


ValidationFigure = Literal[
    "validation_fd",
    "validation_coverage",
    "validation_spread",
    "validation_c2st_p",
    "validation_c2st_detectable",
]


class Bound(Strict):
    """Where a validation figure must be: at most a number, at least one, or between two."""

    at_most: float | None = None
    at_least: float | None = None

    @model_validator(mode="after")
    def _bounds_something(self) -> "Bound":
        if self.at_most is None and self.at_least is None:
            raise ValueError("stop_when: a figure needs at_most or at_least")
        return self

    def holds(self, figure: float) -> bool:
        """Whether the figure is within; NaN never is."""
        above = self.at_least is None or figure >= self.at_least
        return above and (self.at_most is None or figure <= self.at_most)


class Training(Strict):
    """What the loop needs; see `training.loop.Plan`.

    Attributes:
        stop_when: bounds of validation figures; the training ends at the first validation within
            all of them, else with the budget. No bounds, no such end.
    """

    rate: Positive
    betas: tuple[Decay, Decay]
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    ema_decay: Decay
    warmup: Share
    final_rate: Share
    rows: Count = 64
    validations: Count = 16
    validation_images: Annotated[int, Field(gt=5)] = 2000
    stop_when: dict[ValidationFigure, Bound] = Field(default_factory=dict)


class GanTraining(Training):
    """And the adversarial update: real images a step, D's rate as a multiple of G's."""

    batch: Count
    discriminator_rate_factor: Positive = 1.0


class DgnTraining(Training):
    """And the direct update: generated and real images per type a step, gradient clipping."""

    generated_per_type: Annotated[int, Field(ge=2)]
    real_per_type: Count
    clip: Positive


class Encoder(Strict):
    """A small frozen classifier whose features a DGN may be matched in, beside the pixels.

    It is fitted at the start of each cell to the training split, at the cell's expense, and is
    never the judge: see `training.classifier.fit_classifier` for the fields.
    """

    width: Count
    features: Count
    images_seen: Count
    batch: Count
    rate: Positive


class GanRecipe(Strict):
    """One generator against a discriminator."""

    family: Literal["gan"]
    summary: str
    generator: GeneratorOptions
    discriminator: DiscriminatorOptions
    objective: Component
    training: GanTraining

    @model_validator(mode="after")
    def _batch_is_whole_packs(self) -> "GanRecipe":
        pack, batch = self.discriminator.pack, self.training.batch
        if batch % pack:
            raise ValueError(
                f"discriminator.pack: {pack} does not divide training.batch, {batch}; "
                "choose one that does"
            )
        return self


class DgnRecipe(Strict):
    """A set of generators, one per type, over shared layers."""

    family: Literal["dgn"]
    summary: str
    generator: GeneratorOptions
    encoder: Encoder | None = None
    objective: Component
    training: DgnTraining


Recipe = Annotated[GanRecipe | DgnRecipe, Field(discriminator="family")]


def parse_recipes(raw: dict[str, Any]) -> dict[str, GanRecipe | DgnRecipe]:
    """The recipes by name, from parameters that were checked as a whole before."""
    return TypeAdapter(dict[str, Recipe]).validate_python(raw)
