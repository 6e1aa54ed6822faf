"""Steps that are not made once a loss or a gradient is not finite."""

import math

import torch
from torch import Tensor, nn

from whichgen.training.distributed import ALONE, World


class FiniteGuard:
    """Descends losses; does nothing from the first on that is not finite or has such a gradient.

    The flag stays on the device and the optimisers read it there (`found_inf`, as torch's own
    GradScaler uses it), so that no step waits for the device. Whoever synchronises anyway, at a row
    of the history, looks at `tripped`.

    Args:
        world: whose processes make the step together. Losses and gradients are added up over them
            first, so that what is not finite on one trips all.

    Attributes:
        tripped: scalar, 0 while all was finite, else 1; one tensor all along, for a CUDA graph.
    """

    def __init__(self, device: torch.device, world: World = ALONE) -> None:
        self.tripped = torch.zeros((), device=device)
        self._world = world

    def descend(
        self, optimiser: torch.optim.Optimizer, loss: Tensor, clip: float = math.inf
    ) -> Tensor:
        """One step of a fused optimiser down the scalar `loss`.

        Args:
            loss: this process's share of it, of which all add up to the whole one.
            clip: the norm to which the gradient is clipped; infinity for none.

        Returns:
            The gradient's norm before clipping.
        """
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        gradients = [p.grad for p in parameters if p.grad is not None]
        total = loss.detach().clone()
        self._world.add_up([*gradients, total])
        norm = nn.utils.get_total_norm(gradients)
        if clip < math.inf:
            nn.utils.clip_grads_with_norm_(parameters, clip, norm)
        broken = ~torch.isfinite(total + norm)
        torch.maximum(self.tripped, broken.float(), out=self.tripped)
        optimiser.found_inf = self.tripped  # type: ignore[attr-defined]
        optimiser.step()
        return norm
