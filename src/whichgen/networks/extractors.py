"""Extractors: frozen networks, sample to feature vector, that judge and never train a generator."""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, Self

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from whichgen.networks.blocks import channels_last
from whichgen.networks.modalities import Modality

AT_ONCE = 100
"""Samples looked at together outside training: so few stay in a CPU's cache, far faster."""


class InParts(Protocol):
    """Stored samples (N, *shape) that can be had some at a time: a tensor, or those of a file."""

    device: torch.device

    def __len__(self) -> int: ...
    def split(self, n: int, /) -> Iterable[Tensor]: ...


def look_at(images: InParts, see: Callable[[Tensor], Tensor], features: int) -> Tensor:
    """What `see`, (B, *shape) → (B, features), makes of all stored samples: (N, features).

    In place: small results between large ones would leave holes that add up to a gigabyte.
    """
    seen = torch.empty(len(images), features, device=images.device)
    for part, place in zip(images.split(AT_ONCE), seen.split(AT_ONCE), strict=True):
        place.copy_(see(part))
    return seen


class Extractor(nn.Module):
    """The layers that the modality gives an extractor: sample to feature vector.

    Features are standardised by the mean and deviation of the real training features
    (`centre`, `scale`), so that every feature weighs alike in a distance.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, modality: Modality, *, width: int, features: int) -> None:
        super().__init__()
        self.modality = modality
        self.layers = modality.extractor(width, features)
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))

    @classmethod
    def from_weights(cls, weights: Mapping[str, Tensor], modality: Modality) -> Self:
        """The network with these weights, in evaluation mode, frozen, on their device."""
        net = cls(modality, **cls._sizes(weights))
        net.load_state_dict(weights)
        return net.to(weights["centre"].device).eval().requires_grad_(False)

    @staticmethod
    def _sizes(weights: Mapping[str, Tensor]) -> dict[str, int]:
        return {"width": len(weights["layers.0.weight"]), "features": len(weights["centre"])}

    def forward(self, images: Tensor) -> Tensor:
        """Samples (B, *shape) → features (B, d), not standardised."""
        features: Tensor = self.layers(images)
        return features

    def freeze(self, images: "InParts") -> None:
        """End the training: evaluation mode, features standardised by stored samples."""
        self.eval().requires_grad_(False)
        raw = look_at(images, lambda part: self.layers(self._to_float(part)), len(self.centre))
        self.centre.copy_(raw.mean(dim=0))
        self.scale.copy_(raw.std(dim=0).clamp_min(1e-6))

    @torch.no_grad()
    def look(self, images: Tensor, *, batch: int = AT_ONCE) -> Tensor:
        """Stored samples (N, *shape) → standardised features (N, d), on the CPU.

        Call it on a network in evaluation mode: then the batch size changes nothing but memory.
        """
        looked = []
        for part in images.split(batch):
            raw = self.layers(self._to_float(part))
            looked.append(self.standardised(raw).cpu())
        return torch.cat(looked)

    def _to_float(self, stored: Tensor) -> Tensor:
        return self.modality.to_float(stored.to(self.centre.device))

    def standardised(self, raw: Tensor) -> Tensor:
        """Features (B, d) as they are judged: the real training ones have mean 0, deviation 1."""
        return (raw - self.centre) / self.scale

    def folded(self) -> nn.Sequential:
        """A copy of the layers up to the features, normalisations folded into what precedes them.

        Call it on a network in evaluation mode; the copy gives the same features, faster.
        """
        kept: list[nn.Module] = []
        for layer in copy.deepcopy(self.layers):
            before = kept[-1] if kept else None
            if isinstance(layer, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
                kept[-1] = fuse_conv_bn_eval(before, layer)
            elif isinstance(layer, nn.BatchNorm1d) and isinstance(before, nn.Linear):
                kept[-1] = fuse_linear_bn_eval(before, layer)
            elif isinstance(layer, nn.ReLU):
                kept.append(nn.ReLU(inplace=True))
            else:
                kept.append(layer)
        return channels_last(nn.Sequential(*kept))


class Classifier(Extractor):
    """A small classifier; its penultimate layer is the feature vector."""

    def __init__(self, modality: Modality, *, n_types: int, width: int, features: int) -> None:
        super().__init__(modality, width=width, features=features)
        self.head = nn.Sequential(nn.ReLU(), nn.Dropout(0.3), nn.Linear(features, n_types))

    @staticmethod
    def _sizes(weights: Mapping[str, Tensor]) -> dict[str, int]:
        return Extractor._sizes(weights) | {"n_types": len(weights["head.2.weight"])}

    def forward(self, images: Tensor) -> Tensor:
        """Samples (B, *shape) → logits (B, K)."""
        logits: Tensor = self.head(self.layers(images))
        return logits

    @torch.no_grad()
    def judge(self, images: Tensor, *, batch: int = AT_ONCE) -> tuple[Tensor, Tensor]:
        """Stored samples (N, *shape) → standardised features (N, d) and recognised types (N,).

        Call it on a network in evaluation mode: then the batch size changes nothing but memory.
        """
        features, types = [], []
        for part in images.split(batch):
            raw = self.layers(self._to_float(part))
            features.append(self.standardised(raw).cpu())
            types.append(self.head(raw).argmax(dim=1).cpu())
        return torch.cat(features), torch.cat(types)


class TypedExtractor(nn.Module):
    """Features of one network, types of another: the judge of data without labels.

    Its classifier knows the clusters and recognises them, no more; distances are measured in the
    features of an extractor that never saw a type.
    """

    def __init__(self, extractor: Extractor, classifier: Classifier) -> None:
        super().__init__()
        self.extractor, self.classifier = extractor, classifier

    @classmethod
    def from_weights(cls, weights: Mapping[str, Tensor], modality: Modality) -> Self:
        """See `Extractor.from_weights`."""
        parts: dict[str, dict[str, Tensor]] = {"extractor": {}, "classifier": {}}
        for name, tensor in weights.items():
            part, rest = name.split(".", 1)
            parts[part][rest] = tensor
        return cls(
            Extractor.from_weights(parts["extractor"], modality),
            Classifier.from_weights(parts["classifier"], modality),
        ).eval()

    def judge(self, images: Tensor, *, batch: int = AT_ONCE) -> tuple[Tensor, Tensor]:
        """See `Classifier.judge`."""
        _, types = self.classifier.judge(images, batch=batch)
        return self.extractor.look(images, batch=batch), types


Judge = Classifier | TypedExtractor


def judge_from_weights(weights: Mapping[str, Tensor], modality: Modality) -> Judge:
    """The judge with these weights, in evaluation mode, frozen, on their device."""
    if "extractor.centre" in weights:
        return TypedExtractor.from_weights(weights, modality)
    return Classifier.from_weights(weights, modality)
