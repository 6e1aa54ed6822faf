"""The matrix products and convolutions of a training step, with the sizes that they have in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from benchmarks.interleave import Repeat, Work

LAYOUTS = {"NCHW": torch.contiguous_format, "channels last": torch.channels_last}


@dataclass(frozen=True)
class Product:
    """A matrix product (batch, rows, inner) × (batch, inner, columns)."""

    batch: int
    rows: int
    inner: int
    columns: int
    kind: ClassVar[str] = "matrix product"
    layouts: ClassVar[tuple[str, ...]] = ("NCHW",)

    def __str__(self) -> str:
        times = f"{self.batch} × " if self.batch > 1 else ""
        return f"{times}({self.rows}, {self.inner}) ({self.inner}, {self.columns})"

    def passes(self, dtype: torch.dtype, layout: str) -> Repeat:
        """Forward and backward passes on random numbers."""
        x = torch.randn(self.batch, self.rows, self.inner, dtype=dtype)
        y = torch.randn(self.batch, self.inner, self.columns, dtype=dtype)
        if self.batch == 1:
            return _both_ways(torch.mm, x[0], y[0])
        return _both_ways(torch.bmm, x, y)


@dataclass(frozen=True)
class Convolution:
    """A convolution of images (B, C, H, W) by weights (out, C / groups, k, k)."""

    images: tuple[int, ...]
    weights: tuple[int, ...]
    stride: Any
    padding: Any
    groups: int
    layouts: ClassVar[tuple[str, ...]] = tuple(LAYOUTS)

    @property
    def kind(self) -> str:
        """`3×3 convolution`, by the size of the kernel."""
        return f"{self.weights[2]}×{self.weights[3]} convolution"

    def __str__(self) -> str:
        batch, channels, height, width = self.images
        return f"{batch} × {height}×{width}, {channels} to {self.weights[0]} channels"

    def passes(self, dtype: torch.dtype, layout: str) -> Repeat:
        """Forward and backward passes on random numbers."""

        def convolve(x: Tensor, w: Tensor) -> Tensor:
            return functional.conv2d(x, w, None, self.stride, self.padding, 1, self.groups)

        x, w = torch.randn(self.images, dtype=dtype), torch.randn(self.weights, dtype=dtype)
        form = LAYOUTS[layout]
        return _both_ways(convolve, x.to(memory_format=form), w.to(memory_format=form))


Operation = Product | Convolution


def operations_of(work: Work) -> list[Operation]:
    """What `work()` multiplies and convolves on its forward passes, each size once, in order."""
    with _Recorder() as recorder:
        work()
    return list(dict.fromkeys(recorder.seen))


class _Recorder(TorchFunctionMode):
    """Sees every call of torch with its real arguments, but not what the backward pass calls.

    More than module hooks would see: the stems of a set and the distances are no modules' calls.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Operation] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name == "conv2d":
            self.seen.append(_convolution(*args, **kwargs or {}))
        elif name == "linear":
            self._product(args[0].flatten(0, -2), args[1].mT)
        elif name in ("mm", "bmm", "matmul"):
            self._product(*args[:2])
        elif name in ("addmm", "baddbmm"):
            self._product(*args[1:3])
        return func(*args, **kwargs or {})

    def _product(self, x: Tensor, y: Tensor) -> None:
        rows, inner = x.shape[-2:]
        self.seen.append(Product(x[..., 0, 0].numel(), rows, inner, y.shape[-1]))


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Convolution:
    """By the signature of torch's conv2d; no network here dilates."""
    return Convolution(tuple(x.shape), tuple(weight.shape), stride, padding, groups)


def _both_ways(operation: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor) -> Repeat:
    x.requires_grad_(True)
    y.requires_grad_(True)
    slope = torch.ones_like(operation(x, y))

    def repeat(times: int) -> None:
        for _ in range(times):
            torch.autograd.grad(operation(x, y), (x, y), slope)

    return repeat
