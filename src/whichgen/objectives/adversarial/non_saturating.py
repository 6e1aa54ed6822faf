"""The minimax discriminator, and a generator that ascends log D(G(z)).

Goodfellow et al. 2014, "Generative adversarial nets", section 3.
"""

from torch import Tensor
from torch.nn.functional import logsigmoid

from whichgen.objectives.adversarial.minimax import Minimax


class NonSaturating(Minimax):
    """The same fixed point as minimax, with a gradient where D is sure of itself."""

    def of_generated(self, logits: Tensor) -> Tensor:
        """−log D."""
        return -logsigmoid(logits)
