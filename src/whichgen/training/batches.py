"""Which images a step sees, as a function of (seed, step) alone: a resumed run sees the same."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from whichgen.training.ahead import Ahead
from whichgen.training.devices import send
from whichgen.training.distributed import ALONE, World
from whichgen.training.packed import Images
from whichgen.training.seeding import stream

Choose = Callable[[int, int], Tensor]
"""Step, batch → indices."""


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
    """Batches over all training images, whatever their types; of each, this process's part.

    Args:
        images (N, *shape), stored, types (N,): the training split, on one device.
    """

    def __init__(self, images: Images, types: Tensor, *, seed: int, world: World = ALONE) -> None:
        self._images, self._types, self._world = images, types, world
        self._order = EpochOrder(len(images), seed, "mixed")
        self._drawn = _drawing(images, self._choose)

    def at(self, step: int, batch: int) -> tuple[Tensor, Tensor]:
        """Stored images (B, *shape) and their types (B,), on the images' device.

        B is `batch` over the number of processes in the world.
        """
        index, images = self._drawn(step, batch)
        device = self._images.device
        return images.to(device, non_blocking=True), self._types[send(index, device)]

    def _choose(self, step: int, batch: int) -> Tensor:
        return self._world.part(self._order.at(step, batch))


class TypedBatches:
    """Images of each type: batches of equal size, stacked.

    Args:
        images (N, *shape), stored, types (N,): the training split. n_types: K.
    """

    def __init__(self, images: Images, types: Tensor, *, n_types: int, seed: int) -> None:
        self._images = images
        members = [torch.nonzero(types.cpu() == k).squeeze(1) for k in range(n_types)]
        self._members = members
        self._orders = [EpochOrder(len(m), seed, "type", k) for k, m in enumerate(members)]
        self._drawn = _drawing(images, self._choose)

    def at(self, step: int, per_type: int) -> tuple[Tensor, Tensor]:
        """Indices (K, P) on the CPU, and their images (K, P, *shape), stored, on the device."""
        index, images = self._drawn(step, per_type)
        return index, images.to(self._images.device, non_blocking=True)

    def _choose(self, step: int, per_type: int) -> Tensor:
        pairs = zip(self._members, self._orders, strict=True)
        return torch.stack([members[order.at(step, per_type)] for members, order in pairs])


def _drawing(images: Images, choose: Choose) -> Callable[[int, int], tuple[Tensor, Tensor]]:
    """Step, batch → indices, and images where they rest or in pinned memory."""
    if isinstance(images, Tensor):
        return partial(_draw, images, choose)
    return Ahead(choose, images.read)


def _draw(images: Tensor, choose: Choose, step: int, batch: int) -> tuple[Tensor, Tensor]:
    index = choose(step, batch)
    return index, rows(images, index)


def take(images: Images, index: Tensor) -> Tensor:
    """The images at `index`, stored, where they rest, or in the CPU's memory if in their file."""
    return rows(images, index) if isinstance(images, Tensor) else images.read(index)


def rows(table: Tensor, index: Tensor) -> Tensor:
    """table[index], many times faster on a CPU: whole rows are copied, not their elements.

    Args:
        table: (N, …), on any device. index: any shape, on the CPU.
    """
    taken = table.index_select(0, send(index.flatten(), table.device))
    return taken.unflatten(0, index.shape)
