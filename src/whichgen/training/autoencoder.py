"""Training of the judge without labels: an autoencoder that restores images from spoilt ones."""

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample, mse_loss

from whichgen.networks import Extractor, channels_last, to_float
from whichgen.training.batches import EpochOrder, take
from whichgen.training.fitting import fit
from whichgen.training.packed import Images
from whichgen.training.seeding import seeded_initialisation, stream

HIDDEN = 256
ZOOM, STRETCH, CONTRAST, NOISE, ERASED = 0.15, 0.075, 0.3, 0.4, 0.4


def fit_autoencoder(
    images: Images,
    *,
    width: int,
    features: int,
    images_seen: int,
    batch: int,
    rate: float,
    seed: int,
    title: str,
) -> Extractor:
    """Train an extractor and a decoder to restore spoilt images; keep the extractor, standardised.

    Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising Autoencoders",
    with `spoil` as the corruption: what is undone is a change that keeps what the image shows, so
    the features must know what that is.

    Args:
        images: (N, C, R, R) uint8, the training split. No types: they are not asked for.
        width, features: of the network. images_seen, batch: how long and by how many at a time.
        rate: see `fitting.fit`. title: what the progress is shown under.

    Returns:
        The extractor in evaluation mode, frozen.
    """
    channels, resolution = images.shape[1:3]
    with seeded_initialisation(seed, "autoencoder"):
        net = Extractor(channels=channels, resolution=resolution, width=width, features=features)
        decoder = nn.Sequential(
            nn.ReLU(),
            nn.Linear(features, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, channels * resolution**2),
        ).to(images.device)
    net = channels_last(net.to(images.device))
    order = EpochOrder(len(images), seed, "autoencoder")

    def loss(step: int) -> Tensor:
        whole = to_float(take(images, order.at(step, batch)).to(images.device))
        spoilt = spoil(whole, stream(seed, "spoil", step))
        return mse_loss(decoder(net(spoilt)), whole.flatten(1))

    fit(
        [*net.parameters(), *decoder.parameters()],
        loss,
        steps=max(1, images_seen // batch),
        batch=batch,
        rate=rate,
        title=title,
    )
    net.freeze(images)
    return net


def spoil(images: Tensor, rng: torch.Generator) -> Tensor:
    """Images (B, C, R, R) in [-1, 1], each moved, resized, dimmed, partly erased and made noisy.

    At most: a pixel per 16 of the side, 15 %, 30 % of the contrast, a black square of 40 % of the
    side, noise of deviation .4. No flips and no turns: they make another digit of a digit.
    """
    side, device = images.shape[-1], images.device
    count = len(images)

    def uniform(*shape: int) -> Tensor:  # -1 to 1
        return torch.rand(*shape, generator=rng).mul_(2).sub_(1).to(device)

    zoom = 1 + ZOOM * uniform(count)
    maps = torch.zeros(count, 2, 3, device=device)
    maps[:, 0, 0], maps[:, 1, 1] = zoom, zoom * (1 + STRETCH * uniform(count))
    maps[:, :, 2] = uniform(count, 2) * max(1, side // 16) * 2 / side
    grid = affine_grid(maps, list(images.shape), align_corners=False)
    moved = grid_sample(images + 1, grid, align_corners=False)  # what comes in from outside is 0
    moved = moved * (1 + CONTRAST * uniform(count, 1, 1, 1)) - 1
    pixels = (torch.arange(side, device=device) + 0.5) / side * 2 - 1
    reach = ERASED * uniform(count, 1).abs()
    rows, columns = ((pixels - uniform(count, 1)).abs() < reach for _ in range(2))  # (B, R)
    moved = moved.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], -1.0)
    noise = torch.randn(images.shape, generator=rng).to(device)
    return moved + NOISE * uniform(count, 1, 1, 1).abs() * noise
