"""Networks of whole layers, for samples that are vectors: no place is nearer to another.

The first layer of a generator is its stem, so `trunk.blocks` counts the hidden layers after it.
"""

from torch import Tensor, nn

from whichgen import parameters
from whichgen.networks.blocks import leaky_relu, pull_leaky_relu
from whichgen.networks.discriminators import ProjectionDiscriminator, scaled_width
from whichgen.networks.generators import Generator
from whichgen.networks.stems import SharedStem, StemSet


class MultilayerTrunk(nn.Module):
    """ReLU and a layer, `blocks` times to the same width, then to the sample."""

    def __init__(self, dimension: int, width: int, blocks: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(blocks):
            layers += [nn.ReLU(), nn.Linear(width, width)]
        self.layers = nn.Sequential(*layers, nn.ReLU(), nn.Linear(width, dimension))

    def forward(self, x: Tensor, types: Tensor | None) -> Tensor:
        """x (B, width) → samples (B, d)."""
        out: Tensor = self.layers(x)
        return out


class MultilayerDiscriminator(ProjectionDiscriminator):
    """d → width, `blocks` times to the same width, → 1, leaky ReLU between."""

    def __init__(
        self, *, dimension: int, n_types: int, width: int, blocks: int, spectral_norm: bool = False
    ) -> None:
        super().__init__()
        sizes = [dimension, *[width] * (1 + blocks)]
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))
        self._add_logit(width, n_types, spectral_norm)

    def forward(self, images: Tensor, types: Tensor) -> Tensor:
        """See `Discriminator`; samples are (B, d)."""
        return self._logits(leaky_relu(self._hidden(images)[-1]), self._direction(types))

    def with_slopes(self, images: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """See `Discriminator`; the gradient is written out, as for images."""
        hidden, direction = self._hidden(images), self._direction(types)
        slopes = direction
        for layer, before in zip(reversed(self.layers), reversed(hidden), strict=True):
            assert isinstance(layer, nn.Linear)
            slopes = pull_leaky_relu(slopes, before) @ layer.weight
        return self._logits(leaky_relu(hidden[-1]), direction), slopes

    def _hidden(self, x: Tensor) -> list[Tensor]:
        """Every hidden layer before its leaky ReLU, (B, width) each."""
        hidden = [self.layers[0](x)]
        for layer in self.layers[1:]:
            hidden.append(layer(leaky_relu(hidden[-1])))
        return hidden


def multilayer_generator(
    *,
    latent: int,
    shares: list[float],
    stem: type[SharedStem] | type[StemSet],
    dimension: int,
    trunk: parameters.Trunk,
) -> Generator:
    """The generator of vectors that both families use, of the size that the dataset gives it."""
    return Generator(
        latent=latent,
        shares=shares,
        stem=stem(latent, trunk.width, len(shares)),
        trunk=MultilayerTrunk(dimension, trunk.width, trunk.blocks),
    )


def multilayer_discriminator(
    *,
    dimension: int,
    n_types: int,
    trunk: parameters.Trunk,
    width_factor: float,
    spectral_norm: bool = False,
) -> MultilayerDiscriminator:
    """A discriminator `width_factor` times as wide as the trunk of the dataset's generators.

    Raises:
        ValueError: if the factor is not positive.
    """
    return MultilayerDiscriminator(
        dimension=dimension,
        n_types=n_types,
        width=scaled_width(trunk, width_factor, least=8),
        blocks=trunk.blocks,
        spectral_norm=spectral_norm,
    )
