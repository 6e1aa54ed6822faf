"""The judge: it learns, its features are standardised, and the batch size changes nothing."""

import torch

from tests.digits import GREY
from whichgen.training.classifier import fit_classifier


def test_it_recognises_held_out_images(extractor, splits):
    _, types = extractor.judge(splits["val"]["images"])
    assert (types == splits["val"]["types"]).float().mean() > 0.95


def test_training_features_are_standardised(extractor, splits):
    features, _ = extractor.judge(splits["train"]["images"])
    torch.testing.assert_close(features.mean(0), torch.zeros(6), atol=1e-4, rtol=0)
    torch.testing.assert_close(features.std(0), torch.ones(6), atol=1e-3, rtol=0)


def test_the_batch_size_changes_nothing(extractor, splits):
    images = splits["val"]["images"]
    whole, _ = extractor.judge(images)
    parts, _ = extractor.judge(images, batch=7)
    torch.testing.assert_close(whole, parts, atol=1e-5, rtol=1e-4)


def test_the_seed_decides_the_judge(splits):
    options = {
        "modality": GREY,
        "n_types": 3, "width": 8, "features": 6, "images_seen": 300, "batch": 30, "rate": 3e-3,
    }  # fmt: skip
    train = splits["train"]
    first, second, other = (
        fit_classifier(train["images"], train["types"], **options, seed=seed, title="judge")
        for seed in (0, 0, 1)
    )
    weight = [net.state_dict()["layers.0.weight"] for net in (first, second, other)]
    assert torch.equal(weight[0], weight[1])
    assert not torch.equal(weight[0], weight[2])
