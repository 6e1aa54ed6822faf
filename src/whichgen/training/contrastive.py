"""Training of the encoder in whose features samples without labels are clustered."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from whichgen.networks import Extractor, Modality, channels_last
from whichgen.training.batches import EpochOrder, take
from whichgen.training.fitting import fit
from whichgen.training.flops import count_flops
from whichgen.training.packed import Images
from whichgen.training.seeding import seeded_initialisation, stream

TEMPERATURE, AT_ONCE = 0.5, 500


class ContrastiveTask:
    """Two spoilt views of each sample, to be found among those of all others.

    NT-Xent of Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual
    Representations" (SimCLR), eq. 1, with a projection head that is thrown away, and
    `Modality.spoil` for the views.

    Args:
        images: (N, *shape), stored. width, features: of the encoder. batch: images a step.
    """

    def __init__(
        self,
        images: Images,
        *,
        modality: Modality,
        width: int,
        features: int,
        batch: int,
        seed: int,
    ) -> None:
        with seeded_initialisation(seed, "contrastive"):
            extractor = Extractor(modality, width=width, features=features)
            self.net = channels_last(extractor).to(images.device)
            self._head = nn.Sequential(nn.ReLU(), nn.Linear(features, features)).to(images.device)
        self.parameters = [*self.net.parameters(), *self._head.parameters()]
        self._order = EpochOrder(len(images), seed, "contrastive")
        self._images, self._batch, self._seed = images, min(batch, len(images)), seed
        self._modality = modality

    def loss(self, step: int) -> Tensor:
        """The loss of a step's batch."""
        index = self._order.at(step, self._batch)
        whole = self._modality.to_float(take(self._images, index).to(self._images.device))
        rngs = (stream(self._seed, name, step) for name in ("one", "other"))
        views = [self._modality.spoil(whole, rng) for rng in rngs]
        projected = normalize(self._head(self.net(torch.cat(views))))  # (2B, d)
        likeness = projected @ projected.T / TEMPERATURE
        likeness.fill_diagonal_(-torch.inf)
        partner = torch.arange(2 * self._batch, device=likeness.device).roll(self._batch)
        return cross_entropy(likeness, partner)


def fit_contrastive(
    images: Images,
    *,
    modality: Modality,
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
        images: (N, *shape), stored, the training split.
        width, features: of the network. images_seen, batch: how long and by how many at a time.
        rate: see `fitting.fit`. title: what the progress is shown under.

    Returns:
        The encoder in evaluation mode, and the FLOPs of its training.
    """
    sizes = {"width": width, "features": features, "batch": batch}
    make = partial(ContrastiveTask, images, modality=modality, seed=seed, **sizes)
    task = make()
    steps = fit(
        task.parameters, task.loss, images_seen=images_seen, batch=batch, rate=rate, title=title
    )
    task.net.eval()
    priced = make()  # another one: counting makes a step
    return task.net, steps * count_flops(lambda: priced.loss(0).backward())


@torch.no_grad()
def embed(net: Extractor, images: Tensor) -> Tensor:
    """Stored samples (N, *shape) → (N, d) on the unit sphere, where likeness was learnt."""
    split = (part.to(net.centre.device) for part in images.split(AT_ONCE))
    parts = [net(net.modality.to_float(part)).cpu() for part in split]
    return normalize(torch.cat(parts))
