"""The encoder without labels: its loss, and that it sees what an image shows, not where."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from torch.nn.functional import normalize

from tests.digits import GREY
from whichgen.networks import to_float
from whichgen.networks.spoiling import spoil
from whichgen.training.contrastive import TEMPERATURE, ContrastiveTask, embed, fit_contrastive
from whichgen.training.flops import count_flops
from whichgen.training.seeding import stream

SHAPES = np.array(
    [
        [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]],
        [[1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]],
        [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]],
    ]
)


@pytest.fixture(scope="module")
def shapes():
    """(600, 1, 8, 8) uint8: a ring, a cross or a bar, bright or dim, here or there; and which."""
    rng = np.random.Generator(np.random.PCG64(0))
    kinds = np.arange(600) % 3
    images = np.zeros((600, 1, 8, 8), np.uint8)
    for image, kind in zip(images, kinds, strict=True):
        down, right = rng.integers(1, 4, 2)
        image[0, down : down + 4, right : right + 4] = SHAPES[kind] * rng.integers(90, 256)
    return torch.from_numpy(images), kinds


def purity(points, kinds):
    found = KMeans(3, n_init=10, random_state=0).fit(points).labels_
    return sum(np.bincount(kinds[found == k]).max() for k in range(3)) / len(kinds)


def test_the_loss_is_the_papers(shapes):
    task = ContrastiveTask(shapes[0], modality=GREY, width=8, features=6, batch=5, seed=3)
    whole = to_float(shapes[0][task._order.at(2, 5)])
    views = torch.cat([spoil(whole, stream(3, name, 2)) for name in ("one", "other")])
    with torch.no_grad():
        z = normalize(task._head(task.net(views))).double().numpy()
    s = np.exp(z @ z.T / TEMPERATURE)
    terms = [-np.log(s[i, (i + 5) % 10] / (s[i].sum() - s[i, i])) for i in range(10)]
    assert task.loss(2).item() == pytest.approx(np.mean(terms), rel=1e-5)


def test_it_sees_what_is_shown_and_not_where(shapes):
    images, kinds = shapes
    options = {"width": 16, "features": 16, "images_seen": 24_000, "batch": 60, "rate": 3e-3}
    net, flops = fit_contrastive(images, modality=GREY, **options, seed=0, title="types")
    seen = embed(net, images)
    torch.testing.assert_close(seen.norm(dim=1), torch.ones(600))
    assert purity(images.flatten(1).float().numpy(), kinds) < 0.6
    assert purity(seen.numpy(), kinds) > 0.9
    one = ContrastiveTask(images, modality=GREY, width=16, features=16, batch=60, seed=0)
    assert flops == 400 * count_flops(lambda: one.loss(0).backward())


def test_the_same_seed_gives_the_same_bytes(shapes):
    options = {"width": 8, "features": 6, "images_seen": 200, "batch": 40, "rate": 3e-3}
    one, again, other = (
        embed(
            fit_contrastive(shapes[0], modality=GREY, **options, seed=seed, title="types")[0],
            shapes[0],
        )
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_batch_is_never_more_than_there_is(shapes):
    task = ContrastiveTask(shapes[0][:7], modality=GREY, width=8, features=6, batch=120, seed=0)
    assert task.loss(0).isfinite()
