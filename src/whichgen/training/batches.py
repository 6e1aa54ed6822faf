"""Which images a step sees, as a function of (seed, step) alone: a resumed run sees the same."""

import torch
from torch import Tensor

from whichgen.training.distributed import ALONE, World
from whichgen.training.seeding import stream


class EpochOrder:
    """An endless walk through n items, each epoch in a new order; the position is step × batch."""

    def __init__(self, n: int, seed: int, *names: str | int) -> None:
        self._n, self._seed, self._names = n, seed, names
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)

    def at(self, step: int, batch: int) -> Tensor:
        """The (batch,) indices of this step. Batches larger than n run on into the next epoch."""
        pieces, position, end = [], step * batch, (step + 1) * batch
        while position < end:
            epoch, offset = divmod(position, self._n)
            take = min(end - position, self._n - offset)
            pieces.append(self._permutation(epoch)[offset : offset + take])
            position += take
        return torch.cat(pieces)

    def _permutation(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            rng = stream(self._seed, *self._names, epoch)
            self._epoch, self._order = epoch, torch.randperm(self._n, generator=rng)
        return self._order


class MixedBatches:
    """Batches over all training images, whatever their types; of each, this process's part."""

    def __init__(self, images: Tensor, types: Tensor, *, seed: int, world: World = ALONE) -> None:
        self._images, self._types, self._world = images, types, world
        self._order = EpochOrder(len(images), seed, "mixed")

    def at(self, step: int, batch: int) -> tuple[Tensor, Tensor]:
        """uint8 images (B, C, R, R) and their types (B,), on the images' device.

        B is `batch` over the number of processes in the world.
        """
        index = self._world.part(self._order.at(step, batch)).to(self._images.device)
        return self._images[index], self._types[index]


class TypedBatches:
    """Which images of each type a step sees: batches of equal size, stacked."""

    def __init__(self, types: Tensor, *, n_types: int, seed: int) -> None:
        members = [torch.nonzero(types.cpu() == k).squeeze(1) for k in range(n_types)]
        self._members = members
        self._orders = [EpochOrder(len(m), seed, "type", k) for k, m in enumerate(members)]

    def at(self, step: int, per_type: int) -> Tensor:
        """Indices (K, P) into the training images, on the CPU."""
        return torch.stack(
            [
                members[order.at(step, per_type)]
                for members, order in zip(self._members, self._orders, strict=True)
            ]
        )
