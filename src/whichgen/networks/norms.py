"""Group normalisation that is quick on a CPU for maps laid out channels last."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

Context = Any

SMALL = 1 << 18
"""Elements of a map below which torch's kernel is as quick, for it is a single call."""


class GroupNorm(nn.GroupNorm):
    """Group normalisation (Wu & He 2018), by torch's formula for mean and variance.

    torch's kernel for maps laid out channels last takes many times longer on a CPU than reading
    them does. There, for large maps, it is written out as sums and products.

    bfloat16 is normalised as float32. So torch's autocast has it on a GPU; on a CPU it would run in
    bfloat16, several times slower.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, s, s) → the same: mean 0, variance 1 in each group, times weight, plus bias."""
        x = x.float() if x.dtype is torch.bfloat16 else x
        slow = x.device.type == "cpu" and x.is_contiguous(memory_format=torch.channels_last)
        if not slow or x.numel() < SMALL or torch.compiler.is_compiling():
            return super().forward(x)
        return _GroupNorm.apply(x, self.weight, self.bias, self.num_groups, self.eps)[0]


class _GroupNorm(Function):
    @staticmethod
    def forward(
        x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        rows = _rows(x)
        count = rows[0].numel() // groups
        mean = _per_group(rows.sum(dim=1), groups) / count  # (B, groups, 1)
        square = _per_group(rows.square().sum(dim=1), groups) / count
        inverse = (square - mean * mean).clamp_min_(0).add_(eps).rsqrt_()
        scale = weight.view(groups, -1) * inverse  # (B, groups, C / groups)
        shift = torch.addcmul(bias.view(groups, -1), mean, scale, value=-1)
        out = torch.addcmul(_per_channel(shift), rows, _per_channel(scale))
        return _map(out, x), mean, inverse

    @staticmethod
    def setup_context(ctx: Context, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        x, weight, _, ctx.groups, _ = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(x, weight, *output[1:])

    @staticmethod
    @once_differentiable
    def backward(ctx: Context, grad: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, inverse = ctx.saved_tensors
        rows, slopes, groups = _rows(x), _rows(grad), ctx.groups
        total = slopes.sum(dim=1)  # (B, C)
        moment = (slopes * rows).sum(dim=1)
        shape = (len(x), groups, -1)
        by_weight = (moment.view(shape) - mean * total.view(shape)) * inverse
        count = rows[0].numel() // groups
        # by_x = (weight · slope − its mean − normalised x · its mean along normalised x) · inverse
        along = _per_group(by_weight.flatten(1) * weight, groups) * inverse / count
        slant = -along * inverse
        level = -_per_group(total * weight, groups) * inverse / count - slant * mean
        scale = weight.view(groups, -1) * inverse
        level, slant, scale = map(_per_channel, torch.broadcast_tensors(level, slant, scale))
        by_x = torch.addcmul(level, rows, slant).addcmul_(slopes, scale)
        return _map(by_x, x), by_weight.sum(dim=0).flatten(), total.sum(dim=0), None, None


def _rows(x: Tensor) -> Tensor:
    """(B, C, s, s) → (B, s², C), a view if it is laid out channels last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def _map(rows: Tensor, like: Tensor) -> Tensor:
    """(B, s², C) → (B, C, s, s), laid out channels last."""
    return rows.unflatten(1, like.shape[2:]).permute(0, 3, 1, 2)


def _per_group(values: Tensor, groups: int) -> Tensor:
    """Sums of (B, C) over the channels of each group, (B, groups, 1)."""
    return values.unflatten(1, (groups, -1)).sum(dim=2, keepdim=True)


def _per_channel(values: Tensor) -> Tensor:
    """(B, groups, C / groups) → (B, 1, C)."""
    return values.flatten(1).unsqueeze(1)
