"""The configuration, typed: what the files under conf/ may say, and what they may not."""

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
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
NumberType = Literal["float32", "bfloat16"]


def _on_or_off(value: Any) -> Any:
    """YAML takes a bare on for true and a bare off for false."""
    return ("on" if value else "off") if isinstance(value, bool) else value


Switch = Annotated[Literal["auto", "on", "off"], BeforeValidator(_on_or_off)]


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

    def build(self, allowed: Mapping[str, Callable[..., Any]], key: str, **given: Any) -> Any:
        """What the component names, called with its arguments and those that the code gives.

        Args:
            allowed: the allow-list. key: of the component in a recipe, for the error's sake.

        Raises:
            WhichgenError: if the name is not on the list or an argument is wrong.
        """
        if self.name not in allowed:
            raise WhichgenError(
                f"{key}.name: '{self.name}' is not one of {', '.join(sorted(allowed))}"
            )
        try:
            return allowed[self.name](**given, **self.arguments())
        except (TypeError, ValueError) as error:
            raise WhichgenError(f"{key} '{self.name}': {error}") from None


class Split(Strict):
    """Sizes of the held-out splits, as a count or a share of the images, and the seed."""

    validation: Annotated[float, Field(gt=0)] | Count
    test: Annotated[float, Field(gt=0)] | Count
    seed: int


class Extractor(Strict):
    """An encoder: network and training (`training.classifier`, `.autoencoder`, `.contrastive`)."""

    width: Count
    features: Annotated[int, Field(gt=0, le=128)]
    images_seen: Count
    batch: Count
    rate: Positive
    seed: int


class ExternalJudge(Strict):
    """A network from elsewhere as the second judge: its name, and the ONNX file that holds it."""

    name: Literal["inception", "dinov2"]
    weights: str


class Trunk(Strict):
    """Channels at the base size and residual blocks at each size, of every generator compared."""

    width: Annotated[int, Field(ge=16, multiple_of=16)]
    blocks: Count


class Dataset(Strict):
    """One dataset: where it comes from, its split, its judges, and what every recipe gets on it.

    Attributes:
        source: a source of `whichgen.sources.SOURCES` with its options.
        clusters: types to make by k-means when the data has no labels; `auto`: as many as stand
            apart most (see `clustering.choose_count`). type_encoder: the encoder in whose features
            (see `training.contrastive`).
        extractor: the judge that knows the types. autoencoder: the one that does not; None for the
            same settings. external_judge: second judge in the place of one fitted here.
        trunk: the size of the generators' trunk, the same for both families.
        budget: training FLOPs of one cell.
        threads: CPU threads of one run; None for all cores. More than one help small images little,
            and a fixed number gives the same bytes whatever else runs.
        licence: of the images, as registered models tell it; None where it is not known.
    """

    source: Component
    split: Split
    clusters: Annotated[int, Field(ge=2)] | Literal["auto"] = 10
    type_encoder: Extractor = Extractor(
        width=32, features=64, images_seen=60_000, batch=128, rate=3e-3, seed=0
    )
    extractor: Extractor
    autoencoder: Extractor | None = None
    external_judge: ExternalJudge | None = None
    trunk: Trunk
    budget: Positive
    threads: Count | None = None
    licence: str | None = None


class GeneratorOptions(Component):
    """A network of `networks.build.GENERATORS`, the dimension of its latent, and its options."""

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
    """A network of `networks.build.DISCRIMINATORS` and its options.

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
    stop_when: dict[ValidationFigure, Bound] = {}


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


class ExecutionOptions(Strict):
    """How steps are to be computed; `auto` is what was measured to pay on the device."""

    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    compile: Switch = "auto"
    cuda_graph: Switch = "auto"


class Execution(Strict):
    """How steps are computed; it changes results, by their last bits or more: a part of a cell.

    Attributes:
        precision: what the trained networks compute in; see `training.precision`.
        compile: whether the losses are compiled by torch.compile.
        cuda_graph: whether a step is recorded as a CUDA graph; see `training.graphs`.
    """

    precision: NumberType = "float32"
    compile: bool = False
    cuda_graph: bool = False


class CheckpointOptions(Strict):
    """How often a training saves its state, and how many of the last ones stay."""

    every_seconds: Annotated[float, Field(ge=0)]
    keep: Count


class Retraining(Strict):
    """What a scheduled retraining takes, and what it takes for a reason to train.

    Attributes:
        fetch: by dataset, the shell command that brings its raw data up to date.
        when: whether any change is a reason, or of the data only one that counts as drift.
        new_types: whether types are taken that the last training did not know.
        images_per_type: the fewest images that a type may have.
        least_share: the fewest images, as a share of what was packed the last time.
        mislabelled: by how much more often than before the judge may contradict new labels.
    """

    fetch: dict[str, str]
    when: Literal["changed", "drifted"]
    new_types: bool
    images_per_type: Count
    least_share: Share
    mislabelled: Share


class DriftOptions(Strict):
    """From when on data have drifted; see `datasets.drift`.

    A test must be significant and what it measures large: with enough images a trifle is
    significant, and with few a large distance is chance.

    Attributes:
        images: at most so many of either side are compared, in the judge's features. permutations:
            of the test. seed: of both.
        p_value: a test counts below it.
        distance: the least energy coefficient between images that counts, from 0 to 1.
        shares: the least total variation between the shares of the types that counts, from 0 to 1.
        disagreement: by how much more often than before the judge must see another type than the
            label says, from 0 to 1.
    """

    images: Annotated[int, Field(ge=10)]
    permutations: Count
    seed: Annotated[int, Field(ge=0)]
    p_value: Share
    distance: Share
    shares: Share
    disagreement: Share

    @model_validator(mode="after")
    def _p_value_can_be_reached(self) -> "DriftOptions":
        least = 1 / (self.permutations + 1)
        if self.p_value <= least:
            raise ValueError(
                f"drift.p_value: {self.p_value} is never undercut by {self.permutations} "
                f"permutations, whose least is {least:.2g}; give it or permutations more"
            )
        return self


class Promotion(Strict):
    """Whether a comparison's winner may become champion in the model registry.

    Attributes:
        mode: "dry_run" only says what would happen.
    """

    mode: Literal["enabled", "dry_run", "disabled"] = "enabled"


class Parameters(ExecutionOptions):
    """All parameters of a run: the top-level keys of conf/base/parameters*.yml and of --params."""

    dataset: str
    recipe: str | None
    default_recipes: dict[Family, str]
    seed: Annotated[int, Field(ge=0)]
    budget: Positive | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    devices: Count
    nodes: Count
    data: Literal["auto", "memory", "stream"]
    checkpoints: CheckpointOptions
    drift: DriftOptions
    weights: Weights
    retraining: Retraining
    promotion: Promotion
    datasets: dict[str, Dataset]
    recipes: dict[str, Recipe]
    sweep: Sweep

    @model_validator(mode="after")
    def _names_are_known(self) -> "Parameters":
        named: list[tuple[str, str | None, Collection[str]]] = [
            ("dataset", self.dataset, self.datasets),
            ("recipe", self.recipe, self.recipes),
            *(("retraining.fetch", name, self.datasets) for name in self.retraining.fetch),
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
