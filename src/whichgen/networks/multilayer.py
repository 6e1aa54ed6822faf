"""Networks of whole layers, for samples that are vectors: no place is nearer to another.

The first layer of a generator is its stem, so `trunk.blocks` counts the hidden layers after it.
"""

from torch import Tensor, nn

from whichgen import parameters
from whichgen.networks.blocks import leaky_relu, pull_leaky_relu
from whichgen.networks.discriminators import Discriminator
from whichgen.networks.generators import Generator
from whichgen.networks.spectral import normalise_spectra
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


class MultilayerDiscriminator(Discriminator):
    """d → width, `blocks` times to the same width, → 1, leaky ReLU between.

    With `n_types` > 0 the logit has the projection term of Miyato & Koyama 2018, eq. 3, on the last
    hidden layer.
    """

    def __init__(
        self, *, dimension: int, n_types: int, width: int, blocks: int, spectral_norm: bool = False
    ) -> None:
        super().__init__()
        sizes = [dimension, *[width] * (1 + blocks)]
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))
        self.logit = nn.Linear(width, 1)
        self.projection = nn.Embedding(n_types, width) if n_types else None
        self._shrink = 1.0 if spectral_norm else width**0.5  # to the size of `logit.weight`
        if spectral_norm:
            normalise_spectra(self)

    def forward(self, images: Tensor, types: Tensor) -> Tensor:
        """See `Discriminator`; samples are (B, d)."""
        return self._logits(self._hidden(images)[-1], self._direction(types))

    def with_slopes(self, images: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """See `Discriminator`; the gradient is written out, as for images."""
        hidden, direction = self._hidden(images), self._direction(types)
        slopes = direction
        for layer, before in zip(reversed(self.layers), reversed(hidden), strict=True):
            assert isinstance(layer, nn.Linear)
            slopes = pull_leaky_relu(slopes, before) @ layer.weight
        return self._logits(hidden[-1], direction), slopes

    def _hidden(self, x: Tensor) -> list[Tensor]:
        """Every hidden layer before its leaky ReLU, (B, width) each."""
        hidden = [self.layers[0](x)]
        for layer in self.layers[1:]:
            hidden.append(layer(leaky_relu(hidden[-1])))
        return hidden

    def _direction(self, types: Tensor) -> Tensor:
        """The gradient of each logit by its last hidden layer, (B, width)."""
        shared = self.logit.weight.expand(len(types), -1)
        if self.projection is None:
            return shared
        return shared + self.projection(types) / self._shrink

    def _logits(self, last: Tensor, direction: Tensor) -> Tensor:
        return (leaky_relu(last) * direction).sum(dim=1) + self.logit.bias


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
    if width_factor <= 0:
        raise ValueError(f"width_factor must be positive, got {width_factor}")
    return MultilayerDiscriminator(
        dimension=dimension,
        n_types=n_types,
        width=max(8, round(trunk.width * width_factor / 8) * 8),
        blocks=trunk.blocks,
        spectral_norm=spectral_norm,
    )
