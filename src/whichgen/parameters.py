"""The configuration, typed: what the files under conf/ may say, and what they may not."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from whichgen.errors import WhichgenError

Count = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Family = Literal["gan", "dgn"]


class Strict(BaseModel):
    """A key that is not known is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Component(BaseModel):
    """A name on an allow-list and the keyword arguments of what it names."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments."""
        return dict(self.model_extra or {})


class Split(Strict):
    """Sizes of the held-out splits, as a count or a share of the images, and the seed."""

    validation: Annotated[float, Field(gt=0)] | Count
    test: Annotated[float, Field(gt=0)] | Count
    seed: int


class Extractor(Strict):
    """The judge: network and training (see `training.classifier.fit_classifier`)."""

    width: Count
    features: Annotated[int, Field(gt=0, le=128)]
    images_seen: Count
    batch: Count
    rate: Positive
    seed: int


class Trunk(Strict):
    """Channels at the base size and residual blocks at each size, of every generator compared."""

    width: Annotated[int, Field(ge=16, multiple_of=16)]
    blocks: Count


class Dataset(Strict):
    """One dataset: where it comes from, its split, its judge, and what every recipe is given on it.

    Attributes:
        source: a source of `whichgen.sources.SOURCES` with its options.
        clusters: types to make by k-means when the data has no labels.
        trunk: the size of the generators' trunk, the same for both families.
        budget: training FLOPs of one cell.
        threads: CPU threads of one run; None for all cores. More than one help small images little,
            and a fixed number gives the same bytes whatever else runs.
    """

    source: Component
    split: Split
    clusters: Annotated[int, Field(ge=2)] = 10
    extractor: Extractor
    trunk: Trunk
    budget: Positive
    threads: Count | None = None


class GeneratorOptions(Strict):
    """What a recipe says of its generator: the dimension of its latent."""

    latent: Count


class DiscriminatorOptions(Strict):
    """What a recipe says of its discriminator: its width as a multiple of the trunk's."""

    width_factor: Positive


class Training(Strict):
    """What the loop needs; see `training.loop.Plan`."""

    rate: Positive
    betas: tuple[Decay, Decay]
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    ema_decay: Decay
    warmup: Share
    final_rate: Share
    rows: Count = 64
    validations: Count = 16
    validation_images: Annotated[int, Field(gt=5)] = 2000


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


class DgnRecipe(Strict):
    """A set of generators, one per type, over shared layers."""

    family: Literal["dgn"]
    summary: str
    generator: GeneratorOptions
    encoder: Encoder | None = None
    objective: Component
    training: DgnTraining


Recipe = Annotated[GanRecipe | DgnRecipe, Field(discriminator="family")]


class Sweep(Strict):
    """The published grid."""

    datasets: list[str]
    gan_recipes: list[str]
    dgn_recipes: list[str]
    seeds: list[int]


class Weights(Strict):
    """What each axis of the verdict counts in the recommendation."""

    quality: Weight
    diversity: Weight
    type_control: Weight
    memorisation: Weight
    cost: Weight
    stability: Weight

    @model_validator(mode="after")
    def _something_counts(self) -> "Weights":
        if not any(dict(self).values()):
            raise ValueError("weights: all are 0, so nothing decides; give one axis more")
        return self


class CheckpointOptions(Strict):
    """How often a training saves its state, and how many of the last ones stay."""

    every_seconds: Annotated[float, Field(ge=0)]
    keep: Count


class Parameters(Strict):
    """All parameters of a run: the top-level keys of conf/base/parameters*.yml and of --params."""

    dataset: str
    recipe: str | None
    default_recipes: dict[Family, str]
    seed: Annotated[int, Field(ge=0)]
    budget: Positive | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    checkpoints: CheckpointOptions
    weights: Weights
    datasets: dict[str, Dataset]
    recipes: dict[str, Recipe]
    sweep: Sweep

    @model_validator(mode="after")
    def _names_are_known(self) -> "Parameters":
        named: list[tuple[str, str | None, Collection[str]]] = [
            ("dataset", self.dataset, self.datasets),
            ("recipe", self.recipe, self.recipes),
            *(("default_recipes", name, self.recipes) for name in self.default_recipes.values()),
        ]
        for key, name, known in named:
            if name is not None and name not in known:
                raise ValueError(f"{key}: '{name}' is not one of {', '.join(known)}")
        return self


def parse_recipes(raw: dict[str, Any]) -> dict[str, GanRecipe | DgnRecipe]:
    """The recipes by name, from parameters that were checked as a whole before."""
    return TypeAdapter(dict[str, Recipe]).validate_python(raw)


def parse_parameters(raw: dict[str, Any]) -> Parameters:
    """The validated parameters.

    Raises:
        WhichgenError: naming each wrong key or value.
    """
    try:
        return Parameters.model_validate(raw)
    except ValidationError as error:
        raise WhichgenError(_explain(error, raw)) from None


def _explain(error: ValidationError, raw: dict[str, Any]) -> str:
    reasons = []
    for problem in error.errors(include_url=False):
        key = _key(problem["loc"])
        if problem["type"] == "extra_forbidden":
            reasons.append(f"{key}: no parameter of this name")
        elif problem["type"] == "value_error":
            reasons.append(str(problem["ctx"]["error"]))
        else:
            reasons.append(f"{key}: {problem['msg'].lower()}, got {problem['input']!r}")
    return "parameters: " + "; ".join(reasons) + " (see conf/base, and --params)"


def _key(location: tuple[int | str, ...]) -> str:
    """The key as it stands in the files: without the family that pydantic adds after a recipe."""
    if location[:1] == ("recipes",):
        location = location[:2] + location[3:]
    return ".".join(str(part) for part in location)
