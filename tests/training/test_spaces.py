"""Pixels and features: real and generated samples are looked at alike, and the price is told."""

import torch

from tests.digits import GREY
from tests.training.conftest import DGN, TRUNK
from whichgen.networks import to_float
from whichgen.parameters import Encoder
from whichgen.training.build import build_update
from whichgen.training.classifier import fit_classifier
from whichgen.training.flops import count_flops
from whichgen.training.schedule import affordable_steps
from whichgen.training.spaces import SamplesAndFeatures, SampleSpace

OPTIONS = Encoder(width=8, features=5, images_seen=600, batch=30, rate=3e-3)


def build(splits):
    images, types = splits["train"]["images"], splits["train"]["types"]
    return SamplesAndFeatures(images, types, modality=GREY, n_types=3, options=OPTIONS, seed=0)


def test_an_image_is_at_the_same_place_whether_real_or_generated(splits):
    images = splits["train"]["images"]
    index = torch.tensor([[3, 1], [4, 4], [0, 8]])
    for space in (SampleSpace(GREY), build(splits)):
        real, fake = space.real(index, images[index]), space.fake(to_float(images[index]))
        assert len(real) == len(fake)
        for one, other in zip(real, fake, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_the_encoder_is_frozen_and_gradients_reach_the_images(splits):
    space = build(splits)
    assert not any(p.requires_grad for p in space.encoder.parameters())
    images = torch.zeros(3, 2, 1, 8, 8, requires_grad=True)
    space.fake(images)[1].sum().backward()
    assert images.grad.abs().sum() > 0


def test_its_price_is_that_of_fitting_it_and_of_looking_at_all_training_images(splits):
    space, (images, types) = build(splits), splits["train"].values()
    fitting = count_flops(
        lambda: fit_classifier(
            images, types, modality=GREY, n_types=3, seed=0, title="x", **OPTIONS.model_dump()
        )
    )
    looking = count_flops(lambda: space.encoder.layers(to_float(images)))
    assert space.flops == fitting + looking


def test_fitting_it_is_charged_to_the_budget(splits, info):
    images, types = splits["train"]["images"], splits["train"]["types"]
    plain, encoded = (
        build_update(
            DGN.model_copy(update={"encoder": encoder}), TRUNK,
            images=images, types=types, info=info, seed=0,
        )
        for encoder in (None, OPTIONS)
    )  # fmt: skip
    assert plain.setup_flops == 0
    assert encoded.setup_flops > 600 * 2 * 8 * 8 * 8 * 9  # at least one convolution of each image
    budget = 1e9
    steps, flops = affordable_steps(encoded, budget)
    assert steps == (budget - encoded.setup_flops) // flops
    assert affordable_steps(plain, budget)[0] > steps


def test_finding_the_types_is_charged_where_they_are_no_labels(splits, info):
    images, types = splits["train"]["images"], splits["train"]["types"]
    found = info | {"labelled": False, "types": info["types"] | {"encoder_flops": 12345}}
    update = build_update(
        DGN.model_copy(update={"encoder": None}), TRUNK,
        images=images, types=types, info=found, seed=0,
    )  # fmt: skip
    assert update.setup_flops == 12345
