"""The networks of the article's section 4: 100 → 256 → 784 against 784 → 256 → 1.

Its images are 28×28 and grey; here the 784 is the dataset's C · R². The article's pixels are a
sigmoid's, from 0 to 1, and ours run from -1 to 1: the generator's are stretched on their way out
and the discriminator's shrunk on their way in, so that both networks compute what the article's do.
"""

import torch
from torch import Tensor, nn

from whichgen import parameters
from whichgen.networks.discriminators import ProjectionDiscriminator
from whichgen.networks.generators import Generator
from whichgen.networks.stems import SharedStem, StemSet

HIDDEN = 256


class ArticleTrunk(nn.Module):
    """ReLU, 256 → C · R², sigmoid: what the article's generators share."""

    def __init__(self, channels: int, resolution: int) -> None:
        super().__init__()
        self.shape = (channels, resolution, resolution)
        self.linear = nn.Linear(HIDDEN, channels * resolution**2)

    def forward(self, x: Tensor, types: Tensor | None) -> Tensor:
        """x (B, 256), the hidden layer before its ReLU → images (B, C, R, R) in [-1, 1]."""
        pixels = torch.sigmoid(self.linear(torch.relu(x)))
        return (2.0 * pixels - 1.0).unflatten(1, self.shape)


class ArticleDiscriminator(ProjectionDiscriminator):
    """784 → 256 (ReLU) → 1, as a logit: the article's D(x) is its sigmoid.

    An objective takes log D as the log-sigmoid of the logit, the same number with no overflow. With
    `n_types` > 0 the logit has the projection term of Miyato & Koyama 2018 on the hidden layer,
    which the article has not.
    """

    def __init__(self, *, channels: int, resolution: int, n_types: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(channels * resolution**2, HIDDEN)
        self._add_logit(HIDDEN, n_types)

    def forward(self, images: Tensor, types: Tensor) -> Tensor:
        """See `Discriminator`."""
        return self._logits(torch.relu(self._before_relu(images)), self._direction(types))

    def with_slopes(self, images: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """See `Discriminator`."""
        hidden, direction = self._before_relu(images), self._direction(types)
        slopes = (direction * (hidden > 0)) @ self.hidden.weight / 2.0
        return self._logits(torch.relu(hidden), direction), slopes.view_as(images)

    def _before_relu(self, images: Tensor) -> Tensor:
        return self.hidden((images.flatten(1) + 1.0) / 2.0)


def article_generator(
    *,
    latent: int,
    shares: list[float],
    stem: type[SharedStem] | type[StemSet],
    channels: int,
    resolution: int,
    trunk: parameters.Trunk,
) -> Generator:
    """The article's generator, or a set of K: each owns its first layer, the second is shared.

    The article says that the generators of a DGN share layers, not which; its code shows one
    generator. The layer that meets the latent is the one that tells the generators apart.

    Args:
        latent: 100 in the article. trunk: not asked for; the article gives its own size.
    """
    return Generator(
        latent=latent,
        shares=shares,
        stem=stem(latent, HIDDEN, len(shares)),
        trunk=ArticleTrunk(channels, resolution),
    )


def article_discriminator(
    *, channels: int, resolution: int, n_types: int, trunk: parameters.Trunk
) -> ArticleDiscriminator:
    """The article's discriminator. trunk: not asked for; the article gives its own size."""
    return ArticleDiscriminator(channels=channels, resolution=resolution, n_types=n_types)
