"""The spaces in which samples are matched: their own, and an encoder's features if asked for."""

import time
from collections.abc import Mapping

import torch
from torch import Tensor

from whichgen.networks import Classifier, Modality, look_at
from whichgen.parameters import Encoder
from whichgen.training.batches import rows
from whichgen.training.classifier import fit_classifier
from whichgen.training.flops import count_flops
from whichgen.training.packed import Images
from whichgen.training.precision import Precision
from whichgen.training.seeding import derive


class SampleSpace:
    """Samples as they are."""

    flops, seconds = 0, 0.0
    encoder: Classifier | None = None

    def __init__(self, modality: Modality) -> None:
        self._modality = modality

    def real(self, index: Tensor, images: Tensor) -> list[Tensor]:
        """Real samples as one (K, P, D) tensor for each space.

        Args:
            index: (K, P), which of the training samples these are. images: (K, P, *shape), stored.
        """
        return [self._modality.to_float(images).flatten(2)]

    def fake(self, images: Tensor) -> list[Tensor]:
        """Generated samples (K, G, *shape) as one (K, G, D) tensor for each space."""
        return [images.flatten(2)]


class SamplesAndFeatures(SampleSpace):
    """Samples, and the standardised features of a small classifier of the training split.

    The encoder is fitted here, frozen, and the real images' features are computed once; `flops`
    and `seconds` are what that took, to be charged to the budget.

    Args:
        images (N, *shape), stored, types (N,) int64: the training split. n_types: K.
        options: the encoder's size and training. seed: the cell's.
        fitted: the weights of the encoder where it was fitted before.
        precision: in which generated images' features are computed; real ones' are in float32.
    """

    def __init__(
        self,
        images: Images,
        types: Tensor,
        *,
        modality: Modality,
        n_types: int,
        options: Encoder,
        seed: int,
        fitted: Mapping[str, Tensor] | None = None,
        precision: Precision | None = None,
    ) -> None:
        began = time.perf_counter()
        super().__init__(modality)
        self._precision = precision or Precision("float32", images.device)

        def fit(images: Images, types: Tensor, images_seen: int, title: str) -> Classifier:
            return fit_classifier(
                images,
                types,
                modality=modality,
                n_types=n_types,
                seed=derive(seed, "encoder"),
                title=title,
                **options.model_dump() | {"images_seen": images_seen},
            )

        if fitted is None:
            self.encoder = fit(images, types, options.images_seen, "encoder")
        else:
            self.encoder = Classifier.from_weights(fitted, modality)
        self._layers = self.encoder.folded()
        with torch.no_grad():
            self._real_features = look_at(images, self._stored_features, options.features)
        self.seconds = time.perf_counter() - began
        few = images[: options.batch], types[: options.batch]
        # One step and one look, counted apart: the counter would slow the fit itself.
        look = count_flops(lambda: self._stored_features(few[0]))
        step = count_flops(lambda: fit(*few, options.batch, "price of a step")) - look
        steps, looks = options.images_seen // options.batch, 2 * len(images) / len(few[0])
        self.flops = round(steps * step + looks * look)

    def real(self, index: Tensor, images: Tensor) -> list[Tensor]:
        """See `SampleSpace`."""
        return [*super().real(index, images), rows(self._real_features, index)]

    def fake(self, images: Tensor) -> list[Tensor]:
        """See `SampleSpace`."""
        features = self._precision.run(self._features, images.flatten(0, 1))
        return [*super().fake(images), features.unflatten(0, images.shape[:2])]

    def _stored_features(self, images: Tensor) -> Tensor:
        return self._features(self._modality.to_float(images))

    def _features(self, images: Tensor) -> Tensor:
        """(B, *shape) → (B, d)."""
        assert self.encoder is not None
        return self.encoder.standardised(self._layers(images))
