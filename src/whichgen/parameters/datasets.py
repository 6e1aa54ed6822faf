"""One dataset: source, split, judges, and what every recipe gets on it."""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from whichgen.parameters.kinds import Component, Count, Positive, Strict


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
    """Channels at the base size and residual blocks at each size, of every generator compared.

    Of networks of whole layers: their width, and how many hidden layers follow the first.
    """

    width: Annotated[int, Field(ge=16, multiple_of=16)]
    blocks: Count


class Dataset(Strict):
    """One dataset: where it comes from, its split, its judges, and what every recipe gets on it.

    Attributes:
        modality: what its samples are, a name of `whichgen.forms.FORMS`.
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

    modality: str = "image"
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

    @model_serializer(mode="wrap")
    def _as_before_there_were_others(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the modality where it is the default: so recorded data and hashes stay valid."""
        written: dict[str, Any] = dump(self)
        if self.modality == type(self).model_fields["modality"].default:
            written.pop("modality", None)
        return written
