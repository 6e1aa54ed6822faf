"""The judge without labels: what it learns, that it is the seed's, and what it is trained on."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from tests.digits import GREY, digit_splits
from whichgen.networks import Extractor
from whichgen.networks.spoiling import spoil
from whichgen.training.autoencoder import fit_autoencoder

SMALL = {"modality": GREY, "width": 8, "features": 6, "batch": 30, "rate": 2e-3, "title": "judge"}


@pytest.fixture(scope="module")
def digits():
    return digit_splits()


@pytest.fixture(scope="module")
def autoencoder(digits):
    return fit_autoencoder(
        digits["train"]["images"], modality=GREY,
        width=16, features=32, images_seen=20_000, batch=128, rate=2e-3, seed=0, title="judge",
    )  # fmt: skip


def probe(look, digits):
    """Held-out accuracy of a linear classifier of the digits on these features."""
    train, test = digits["train"], digits["test"]
    model = LogisticRegression(max_iter=1000).fit(look(train["images"]), train["types"])
    return model.score(look(test["images"]), test["types"])


def test_its_features_know_the_digits_without_having_seen_a_label(autoencoder, digits):
    torch.manual_seed(0)
    untrained = Extractor(GREY, width=16, features=32)
    untrained.freeze(digits["train"]["images"])
    assert probe(autoencoder.look, digits) > 0.96
    assert 1 - probe(autoencoder.look, digits) < 0.75 * (1 - probe(untrained.look, digits))


def test_training_features_are_standardised_and_nothing_can_be_trained_on(autoencoder, digits):
    features = autoencoder.look(digits["train"]["images"])
    torch.testing.assert_close(features.mean(0), torch.zeros(32), atol=1e-4, rtol=0)
    torch.testing.assert_close(features.std(0), torch.ones(32), atol=1e-3, rtol=0)
    assert not autoencoder.training
    assert not any(p.requires_grad for p in autoencoder.parameters())


def test_the_batch_size_changes_nothing(autoencoder, digits):
    images = digits["test"]["images"]
    torch.testing.assert_close(
        autoencoder.look(images), autoencoder.look(images, batch=7), atol=1e-5, rtol=1e-4
    )


def test_the_seed_decides_it_to_the_byte(splits):
    images = splits["train"]["images"]
    first, second, other = (
        fit_autoencoder(images, **SMALL, images_seen=300, seed=seed).state_dict()
        for seed in (0, 0, 1)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["layers.0.weight"], other["layers.0.weight"])


@pytest.mark.parametrize("channels", [1, 3])
def test_spoilt_images_are_each_spoilt_in_their_own_way_and_stay_near(channels):
    whole = torch.rand(1, channels, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    spoilt = spoil(whole.expand(50, -1, -1, -1), torch.Generator().manual_seed(0))
    assert spoilt.shape == (50, channels, 16, 16)
    assert len({image.numpy().tobytes() for image in spoilt}) == 50
    again = spoil(whole.expand(50, -1, -1, -1), torch.Generator().manual_seed(0))
    assert torch.equal(spoilt, again)


def test_black_images_stay_black_but_for_the_noise():
    black = torch.full((400, 1, 8, 8), -1.0)
    noise = spoil(black, torch.Generator().manual_seed(0)) + 1
    assert float(noise.mean()) == pytest.approx(0, abs=0.01)
    by_image = noise.flatten(1).std(1)  # uniform from 0 to .4
    assert float(by_image.mean()) == pytest.approx(0.2, rel=0.1)
    assert float(by_image.max()) < 0.55
