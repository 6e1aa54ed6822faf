"""Training of the judge: a classifier of the types, fitted to the training split only."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, pad

from whichgen.networks import Classifier, channels_last, to_float
from whichgen.training.batches import MixedBatches
from whichgen.training.fitting import fit
from whichgen.training.packed import Images
from whichgen.training.seeding import seeded_initialisation, stream


def fit_classifier(
    images: Images,
    types: Tensor,
    *,
    n_types: int,
    width: int,
    features: int,
    images_seen: int,
    batch: int,
    rate: float,
    seed: int,
    title: str,
) -> Classifier:
    """Train the classifier by AdamW on images shifted by up to a pixel or two; then standardise it.

    Args:
        images: (N, C, R, R) uint8, the training split. types: (N,) int64.
        width, features: of the network. images_seen, batch: how long and by how many at a time.
        rate: the highest learning rate, reached at once and lowered as a cosine to 0.
        title: what the progress is shown under.

    Returns:
        The classifier in evaluation mode, frozen.
    """
    with seeded_initialisation(seed, "extractor"):
        net = Classifier(
            channels=images.shape[1],
            resolution=images.shape[2],
            n_types=n_types,
            width=width,
            features=features,
        )
        net = channels_last(net.to(images.device))
        batches = MixedBatches(images, types, seed=seed)

        def loss(step: int) -> Tensor:
            pixels, wanted = batches.at(step, batch)
            shifted = _shift(to_float(pixels), stream(seed, "shift", step))
            return cross_entropy(net(shifted), wanted, label_smoothing=0.05)

        fit(  # inside the seeded block: dropout draws from it too
            net.parameters(),
            loss,
            steps=max(1, images_seen // batch),
            batch=batch,
            rate=rate,
            title=title,
        )
    net.freeze(images)
    return net


def _shift(images: Tensor, rng: torch.Generator) -> Tensor:
    """The whole batch moved by −m to m px each way, m = 1 px per 16 of the side, at least 1."""
    side = images.shape[-1]
    most = max(1, side // 16)
    down, right = torch.randint(0, 2 * most + 1, (2,), generator=rng).tolist()
    padded = pad(images, (most,) * 4, value=-1.0)
    return padded[..., down : down + side, right : right + side]
