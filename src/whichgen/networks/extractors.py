"""Extractors: frozen networks, image to feature vector, that judge and never train a generator."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from whichgen.networks.blocks import channels_last, to_float

LOOK = 100
"""Images looked at together outside training: so few stay in a CPU's cache, far faster."""


class Classifier(nn.Module):
    """A small convolutional classifier; its penultimate layer is the feature vector.

    Features are standardised by the mean and deviation of the real training features
    (`centre`, `scale`), so that every feature weighs alike in a distance.
    """

    centre: Tensor
    scale: Tensor

    def __init__(
        self, *, channels: int, resolution: int, n_types: int, width: int, features: int
    ) -> None:
        super().__init__()
        side = (resolution + 3) // 4
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * side**2, features),
            nn.BatchNorm1d(features),
        )
        self.head = nn.Sequential(nn.ReLU(), nn.Dropout(0.3), nn.Linear(features, n_types))
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))

    @classmethod
    def from_weights(cls, weights: Mapping[str, Tensor], resolution: int) -> "Classifier":
        """The classifier with these weights, in evaluation mode, frozen, on their device."""
        width, channels = weights["layers.0.weight"].shape[:2]
        n_types, features = weights["head.2.weight"].shape
        net = cls(
            channels=channels, resolution=resolution, n_types=n_types, width=width,
            features=features,
        )  # fmt: skip
        net.load_state_dict(weights)
        return net.to(weights["centre"].device).eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """images (B, C, R, R) in [-1, 1] → logits (B, K)."""
        return self.head(self.layers(images))

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

    @torch.no_grad()
    def judge(self, images: Tensor, *, batch: int = LOOK) -> tuple[Tensor, Tensor]:
        """uint8 images (N, C, R, R) → standardised features (N, d) and recognised types (N,).

        Call it on a network in evaluation mode: then the batch size changes nothing but memory.
        """
        features, types = [], []
        for part in images.split(batch):
            raw = self.layers(to_float(part.to(self.centre.device)))
            features.append(((raw - self.centre) / self.scale).cpu())
            types.append(self.head(raw).argmax(dim=1).cpu())
        return torch.cat(features), torch.cat(types)
