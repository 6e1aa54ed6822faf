"""The processes that train one cell together: each makes its part of every batch."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed

NO_LIMIT = timedelta(days=365)  # the others wait as long as the first one fits or validates


class PeerLostError(RuntimeError):
    """Another process of the training has ended: no step can be made without it."""


class World:
    """A process that trains by itself; `Ranks` are several.

    Each rank makes an equal part of the global batch and descends its share of the loss, so the
    sum of the ranks' gradients is that of the whole. All ranks then make the same step.

    Attributes:
        rank: which of the processes this is; the first, 0, alone writes. size: how many they are.
    """

    rank, size = 0, 1

    def part(self, whole: Tensor, dim: int = 0) -> Tensor:
        """This rank's part, along `dim`, of what all ranks have alike."""
        return whole

    def whole(self, part: Tensor, dim: int = 0) -> Tensor:
        """The parts of all ranks, in order. The gradient goes into this rank's own part."""
        return part

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over the ranks, all in one message."""

    def mean(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Scalars by name, each averaged over the ranks; without gradient."""
        return terms

    def agree(self, order: int, *, at_once: bool = False) -> int:
        """The largest order that a rank gives; the same on all, from this call or the one before.

        Args:
            order: what this rank wants, 0 for nothing. at_once: wait for the orders of this call.
        """
        return order

    def from_first(self, work: Callable[[], Any]) -> Any:
        """What `work()` returns on the first rank, which alone does it: tensors and plain types."""
        return work()

    def meet(self) -> None:
        """Wait until all ranks are here."""


ALONE = World()


class Ranks(World):
    """The processes that torchrun has started, over NCCL for CUDA devices, else over gloo.

    What the host has to know (orders, what the first rank sends) goes over a gloo group of its own:
    asked at one step and read at the next, an order makes no step wait for the device.

    Args:
        device: of this rank.

    Raises:
        PeerLostError: from every method, once another rank has ended.
    """

    def __init__(self, device: torch.device) -> None:
        backend = "nccl" if device.type == "cuda" else "gloo"
        distributed.init_process_group(backend, timeout=NO_LIMIT)
        self._host = distributed.new_group(backend="gloo", timeout=NO_LIMIT)
        self.rank, self.size = distributed.get_rank(), distributed.get_world_size()
        self._device = device
        self._pending: tuple[distributed.Work, Tensor] | None = None

    def close(self) -> None:
        """Leave, when no rank sends anything any more."""
        with _peers():
            self._answer()
        distributed.destroy_process_group()

    def part(self, whole: Tensor, dim: int = 0) -> Tensor:
        """See `World`."""
        return whole.chunk(self.size, dim)[self.rank]

    def whole(self, part: Tensor, dim: int = 0) -> Tensor:
        """See `World`."""
        own = part.detach().contiguous()
        parts = [torch.empty_like(own) for _ in range(self.size)]
        with _peers():
            distributed.all_gather(parts, own)
        parts[self.rank] = part
        return torch.cat(parts, dim)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """See `World`."""
        bucket = torch.cat([tensor.reshape(-1) for tensor in tensors])
        with _peers():
            distributed.all_reduce(bucket)
        sums = bucket.split([tensor.numel() for tensor in tensors])
        for tensor, total in zip(tensors, sums, strict=True):
            tensor.copy_(total.view(tensor.shape))

    def mean(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """See `World`."""
        stacked = torch.stack([term.detach() for term in terms.values()]) / self.size
        with _peers():
            distributed.all_reduce(stacked)
        return dict(zip(terms, stacked.unbind(), strict=True))

    def agree(self, order: int, *, at_once: bool = False) -> int:
        """See `World`."""
        with _peers():
            before, largest = self._answer(), torch.tensor(order)
            work = distributed.all_reduce(
                largest, distributed.ReduceOp.MAX, group=self._host, async_op=True
            )
            self._pending = work, largest
            return self._answer() if at_once else before

    def from_first(self, work: Callable[[], Any]) -> Any:
        """See `World`."""
        buffer, size = io.BytesIO(), torch.zeros((), dtype=torch.int64)
        if self.rank == 0:
            torch.save(work(), buffer)
            size += buffer.tell()
        with _peers():
            distributed.broadcast(size, 0, group=self._host)
            content = torch.zeros(int(size), dtype=torch.uint8)
            if self.rank == 0:
                content = torch.frombuffer(buffer.getbuffer(), dtype=torch.uint8)
            distributed.broadcast(content, 0, group=self._host)
        return torch.load(
            io.BytesIO(content.numpy().tobytes()), map_location=self._device, weights_only=True
        )

    def meet(self) -> None:
        """See `World`."""
        with _peers():
            distributed.barrier(group=self._host)

    def _answer(self) -> int:
        if self._pending is None:
            return 0
        (work, largest), self._pending = self._pending, None
        work.wait()
        return int(largest)


@contextmanager
def _peers() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise PeerLostError(str(error)) from error
