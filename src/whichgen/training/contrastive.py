"""Training of the encoder in whose features images without labels are clustered."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from whichgen.networks import Extractor, channels_last, to_float
from whichgen.training.autoencoder import spoil
from whichgen.training.batches import EpochOrder, take
from whichgen.training.fitting import fit
from whichgen.training.flops import count_flops
from whichgen.training.packed import Images
from whichgen.training.seeding import seeded_initialisation, stream

TEMPERATURE, AT_ONCE = 0.5, 500


class ContrastiveTask:
    """Two spoilt views of each image, to be found among those of all others.

    NT-Xent of Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual
    Representations" (SimCLR), eq. 1, with a projection head that is thrown away, and
    `autoencoder.spoil` for the views.

    Args:
        images: (N, C, R, R) uint8. width, features: of the encoder. batch: images a step.
    """

    def __init__(self, images: Images, *, width: int, features: int, batch: int, seed: int) -> None:
        channels, resolution = images.shape[1:3]
        with seeded_initialisation(seed, "contrastive"):
            self.net = channels_last(
                Extractor(channels=channels, resolution=resolution, width=width, features=features)
            ).to(images.device)
            self._head = nn.Sequential(nn.ReLU(), nn.Linear(features, features)).to(images.device)
        self.parameters = [*self.net.parameters(), *self._head.parameters()]
        self._order = EpochOrder(len(images), seed, "contrastive")
        self._images, self._batch, self._seed = images, min(batch, len(images)), seed

    def loss(self, step: int) -> Tensor:
        """The loss of a step's batch."""
        index = self._order.at(step, self._batch)
        whole = to_float(take(self._images, index).to(self._images.device))
        views = [spoil(whole, stream(self._seed, name, step)) for name in ("one", "other")]
        projected = normalize(self._head(self.net(torch.cat(views))))  # (2B, d)
        likeness = projected @ projected.T / TEMPERATURE
        likeness.fill_diagonal_(-torch.inf)
        partner = torch.arange(2 * self._batch, device=likeness.device).roll(self._batch)
        return cross_entropy(likeness, partner)


def fit_contrastive(
    images: Images,
    *,
    width: int,
    features: int,
    images_seen: int,
    batch: int,
    rate: float,
    seed: int,
    title: str,
) -> tuple[Extractor, int]:
    """Train an encoder without labels.

    Args:
        images: (N, C, R, R) uint8, the training split.
        width, features: of the network. images_seen, batch: how long and by how many at a time.
        rate: see `fitting.fit`. title: what the progress is shown under.

    Returns:
        The encoder in evaluation mode, and the FLOPs of its training.
    """
    task = partial(ContrastiveTask, images, width=width, features=features, batch=batch, seed=seed)
    trained, steps = task(), max(1, images_seen // batch)
    fit(trained.parameters, trained.loss, steps=steps, batch=batch, rate=rate, title=title)
    trained.net.eval()
    priced = task()  # another one: counting makes a step
    return trained.net, steps * count_flops(lambda: priced.loss(0).backward())


@torch.no_grad()
def embed(net: Extractor, images: Tensor) -> Tensor:
    """uint8 images (N, C, R, R) → (N, d) on the unit sphere, where likeness was learnt."""
    parts = [net(to_float(part.to(net.centre.device))).cpu() for part in images.split(AT_ONCE)]
    return normalize(torch.cat(parts))
