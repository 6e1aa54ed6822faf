"""The short training of an extractor: AdamW, a falling rate, a loss for each step."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from whichgen.training.progress import ProgressReport


def fit(
    parameters: Iterable[nn.Parameter],
    loss: Callable[[int], Tensor],
    *,
    images_seen: int,
    batch: int,
    rate: float,
    title: str,
) -> int:
    """Minimise loss(step) over as many steps as see so many images, but at least one.

    Args:
        images_seen, batch: in all and a step.
        rate: the highest learning rate, reached at once and lowered as a cosine to 0.
        title: what the progress is shown under.

    Returns:
        The number of steps.
    """
    steps = max(1, images_seen // batch)
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.05, fused=True)
    progress = ProgressReport(title, batch)
    progress.started(steps)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.zero_grad(set_to_none=True)
        loss(step).backward()
        optimiser.step()
        progress.stepped(step + 1)
    return steps
