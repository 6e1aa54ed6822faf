"""The training split image by image, as torch's data loader takes it."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler


class Images(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of an image, floats in [-1, 1], and what goes with it.

    Args:
        images: (N, C, R, R) uint8. beside: (N, …), types or features.
    """

    def __init__(self, images: Tensor, beside: Tensor) -> None:
        self._images, self._beside = images, beside

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self._images[index].float() / 127.5 - 1.0, self._beside[index]


class SameOfEachType(Sampler[list[int]]):
    """Endless batches of `per_type` images of each type, type after type."""

    def __init__(self, types: Tensor, n_types: int, per_type: int, seed: int) -> None:
        self._members = [torch.nonzero(types == k).flatten() for k in range(n_types)]
        self._per_type = per_type
        self._rng = torch.Generator().manual_seed(seed)

    def __iter__(self) -> Iterator[list[int]]:
        while True:
            yield torch.cat([self._draw(members) for members in self._members]).tolist()

    def _draw(self, members: Tensor) -> Tensor:
        return members[torch.randint(len(members), (self._per_type,), generator=self._rng)]
