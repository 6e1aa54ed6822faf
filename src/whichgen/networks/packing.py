"""A discriminator of packs: it sees m samples at once, so that it sees how much they vary.

Lin, Khetan, Fanti, Oh 2018, "PacGAN: The power of two samples in generative adversarial networks".
"""

from torch import Tensor

from whichgen.networks.discriminators import Discriminator


class PackedDiscriminator(Discriminator):
    """A discriminator over m neighbours of a batch, joined along their first axis, without types.

    Args:
        inner: for samples whose first axis is m times as long, unconditional. pack: m.
    """

    def __init__(self, inner: Discriminator, pack: int) -> None:
        super().__init__()
        self.inner, self.pack = inner, pack

    def forward(self, images: Tensor, types: Tensor) -> Tensor:
        """Samples (B, C, …), types (B,), of no account → a logit for each pack, (B/m,)."""
        return self.inner(self._packs(images), types[:: self.pack])

    def with_slopes(self, images: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B/m,), and the gradient of each by its pack (B/m, mC, …)."""
        return self.inner.with_slopes(self._packs(images), types[:: self.pack])

    def _packs(self, images: Tensor) -> Tensor:
        return images.unflatten(0, (-1, self.pack)).flatten(1, 2)
