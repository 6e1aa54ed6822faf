"""Training of the judge without labels: an autoencoder that restores what was spoilt."""

from math import prod

from torch import Tensor, nn
from torch.nn.functional import mse_loss

from whichgen.networks import Extractor, Modality, channels_last
from whichgen.training.batches import EpochOrder, take
from whichgen.training.fitting import fit
from whichgen.training.packed import Images
from whichgen.training.seeding import seeded_initialisation, stream

HIDDEN = 256


def fit_autoencoder(
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
) -> Extractor:
    """Train an extractor and a decoder to restore spoilt samples; keep the extractor, standardised.

    Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising Autoencoders",
    with `Modality.spoil` as the corruption: what is undone is a change that keeps what it is, so
    the features must know what that is.

    Args:
        images: (N, *shape), stored, the training split. No types: they are not asked for.
        width, features: of the network. images_seen, batch: how long and by how many at a time.
        rate: see `fitting.fit`. title: what the progress is shown under.

    Returns:
        The extractor in evaluation mode, frozen.
    """
    with seeded_initialisation(seed, "autoencoder"):
        net = Extractor(modality, width=width, features=features)
        decoder = nn.Sequential(
            nn.ReLU(),
            nn.Linear(features, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, prod(modality.form.shape)),
        ).to(images.device)
    net = channels_last(net.to(images.device))
    order = EpochOrder(len(images), seed, "autoencoder")

    def loss(step: int) -> Tensor:
        whole = modality.to_float(take(images, order.at(step, batch)).to(images.device))
        spoilt = modality.spoil(whole, stream(seed, "spoil", step))
        return mse_loss(decoder(net(spoilt)), whole.flatten(1))

    parameters = [*net.parameters(), *decoder.parameters()]
    fit(parameters, loss, images_seen=images_seen, batch=batch, rate=rate, title=title)
    net.freeze(images)
    return net
