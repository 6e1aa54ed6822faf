"""The first GAN's value function, E[log D(x)] + E[log(1 − D(G(z)))]: D ascends it, G descends it.

Goodfellow et al. 2014, "Generative adversarial nets", eq. 1; the article's section 3.1.3.
"""

from torch import Tensor
from torch.nn.functional import logsigmoid

from whichgen.objectives.adversarial.separate import SeparateLosses


class Minimax(SeparateLosses):
    """The value function as it stands; D(x) is the logit's sigmoid.

    Logarithms are log-sigmoids, which do not overflow: log(1 − D) = logsigmoid(−logit).
    """

    def of_real(self, logits: Tensor) -> Tensor:
        """−log D."""
        return -logsigmoid(logits)

    def of_fake(self, logits: Tensor) -> Tensor:
        """−log(1 − D)."""
        return -logsigmoid(-logits)

    def of_generated(self, logits: Tensor) -> Tensor:
        """log(1 − D), which is flat where D is sure."""
        return logsigmoid(-logits)
