"""Each adversarial loss against its formula in NumPy, with its gradients and penalties."""

import math

import numpy as np
import pytest
import torch

from tests.objectives.judges import FunctionJudge
from whichgen.objectives.adversarial import (
    ADVERSARIAL,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    RelativisticR1R2,
    WganGp,
)

SHAPE = (6, 1, 4, 4)
NO_NOISE = torch.empty(6, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FORMULAS = {
    "minimax": (
        lambda real, fake: -(np.log(sigmoid(real)) + np.log(1 - sigmoid(fake))),
        lambda fake: np.log(1 - sigmoid(fake)),
    ),
    "non_saturating": (
        lambda real, fake: -(np.log(sigmoid(real)) + np.log(1 - sigmoid(fake))),
        lambda fake: -np.log(sigmoid(fake)),
    ),
    "least_squares": (
        lambda real, fake: ((real - 1) ** 2 + fake**2) / 2,
        lambda fake: (fake - 1) ** 2 / 2,
    ),
    "hinge": (
        lambda real, fake: np.maximum(0, 1 - real) + np.maximum(0, 1 + fake),
        lambda fake: -fake,
    ),
}
PLAIN = {"minimax": Minimax, "non_saturating": NonSaturating, "hinge": Hinge,
         "least_squares": LeastSquares}  # fmt: skip
EVERY = {
    **{name: make() for name, make in PLAIN.items()},
    "wgan_gp": WganGp(penalty=10.0),
    "relativistic_r1_r2": RelativisticR1R2(gamma=0.1),
}


@pytest.fixture
def drawn():
    """Real and generated images, and the weight of a linear discriminator, in float64."""
    rng = torch.Generator().manual_seed(0)
    return [torch.randn(s, generator=rng, dtype=torch.float64) for s in (SHAPE, SHAPE, SHAPE[1:])]


def linear(weight):
    return FunctionJudge(lambda images: (images * weight).sum(dim=(1, 2, 3)))


def logits(images, weight):
    return (images * weight).numpy().sum(axis=(1, 2, 3))


def test_all_that_a_recipe_may_name_is_tested():
    assert set(EVERY) == set(ADVERSARIAL)


@pytest.mark.parametrize("name", FORMULAS)
def test_both_losses_are_their_formulas(name, drawn):
    real, fake, weight = drawn
    of_discriminator, of_generator = FORMULAS[name]
    objective, judge = PLAIN[name](), linear(weight)
    loss, _ = objective.discriminator_loss(judge, real, fake, NO_NOISE)
    expected = of_discriminator(logits(real, weight), logits(fake, weight)).mean()
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    loss, terms = objective.generator_loss(judge, real, fake)
    assert loss.item() == pytest.approx(of_generator(logits(fake, weight)).mean(), rel=1e-12)
    assert terms["g_loss"] is loss


def test_the_minimax_players_descend_one_value_function_with_two_signs(drawn):
    """What G descends, and D's terms with a minus, are the printed L(G, D)."""
    real, fake, weight = drawn
    value = np.log(sigmoid(logits(real, weight))) + np.log(1 - sigmoid(logits(fake, weight)))
    of_discriminator, terms = Minimax().discriminator_loss(linear(weight), real, fake, NO_NOISE)
    of_generator, _ = Minimax().generator_loss(linear(weight), real, fake)
    assert -of_discriminator.item() == pytest.approx(value.mean(), rel=1e-12)
    assert (of_generator - terms["d_loss_real"]).item() == pytest.approx(value.mean(), rel=1e-12)


def test_a_discriminator_that_cannot_tell_has_the_value_of_minus_log_4(drawn):
    real, fake, _ = drawn
    unsure = FunctionJudge(lambda images: 0 * images.sum(dim=(1, 2, 3)))
    loss, terms = Minimax().discriminator_loss(unsure, real, fake, NO_NOISE)
    assert loss.item() == pytest.approx(math.log(4), rel=1e-12)
    assert terms["d_accuracy"] == 0


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_logarithms_do_not_overflow_where_the_discriminator_is_sure(name, drawn):
    real, fake, _ = drawn
    sure = FunctionJudge(lambda images: 1e4 * images.sum(dim=(1, 2, 3)).sign())
    for loss in (
        PLAIN[name]().discriminator_loss(sure, real.abs(), -fake.abs(), NO_NOISE)[0],
        PLAIN[name]().discriminator_loss(sure, -real.abs(), fake.abs(), NO_NOISE)[0],
        PLAIN[name]().generator_loss(sure, real, -fake.abs())[0],
    ):
        assert torch.isfinite(loss)


def test_minimax_saturates_and_non_saturating_does_not():
    """Where D is sure that a sample is generated, D = sigmoid(-12)."""
    gradients = {}
    for name in ("minimax", "non_saturating"):
        logit = torch.full((1, 1, 1, 1), -12.0, requires_grad=True)
        judge = FunctionJudge(lambda images: images.flatten())
        PLAIN[name]().generator_loss(judge, logit.detach(), logit)[0].backward()
        gradients[name] = logit.grad.item()
    assert gradients["minimax"] == pytest.approx(-sigmoid(-12.0), rel=1e-4)
    assert gradients["non_saturating"] == pytest.approx(-1, rel=1e-4)


@pytest.mark.parametrize("name", EVERY)
def test_the_discriminator_descends_to_higher_logits_of_real_and_lower_of_generated(name, drawn):
    """Each logit is a number of its own, at first between the labels and within the margins."""
    own = torch.full((12,), 0.5, dtype=torch.float64, requires_grad=True)

    def logits_of(images):
        return (own if len(images) == 12 else own[:6]) + 0 * images.sum(dim=(1, 2, 3))

    noise = torch.rand(6, EVERY[name].draws, dtype=torch.float64)
    loss, _ = EVERY[name].discriminator_loss(FunctionJudge(logits_of), *drawn[:2], noise)
    loss.backward()
    real, fake = own.grad.chunk(2)
    assert (real < 0).all()
    assert (fake > 0).all()


@pytest.mark.parametrize("name", EVERY)
def test_the_generator_descends_to_higher_logits_of_its_samples(name, drawn):
    real, fake, weight = drawn
    fake.requires_grad_(True)
    EVERY[name].generator_loss(linear(0.1 * weight), real, fake)[0].backward()
    assert ((fake.grad * weight).sum(dim=(1, 2, 3)) < 0).all()


@pytest.mark.parametrize("name", PLAIN)
def test_r1_adds_half_gamma_times_the_squared_slope_on_real_images(name, drawn):
    real, fake, weight = drawn
    judge = linear(weight)
    plain, _ = PLAIN[name]().discriminator_loss(judge, real, fake, NO_NOISE)
    loss, terms = PLAIN[name](r1=3.0).discriminator_loss(judge, real, fake, NO_NOISE)
    slope = weight.square().sum().item()  # the gradient is the weight, everywhere
    assert terms["d_r1"].item() == pytest.approx(slope, rel=1e-12)
    assert (loss - plain).item() == pytest.approx(1.5 * slope, rel=1e-12)


def test_r1_is_of_the_real_images_alone(drawn):
    real, fake, _ = drawn
    square = FunctionJudge(lambda images: images.square().sum(dim=(1, 2, 3)))
    _, terms = Hinge(r1=1.0).discriminator_loss(square, real, fake, NO_NOISE)
    assert terms["d_r1"].item() == pytest.approx(4 * real.square().sum().item() / 6, rel=1e-12)


def test_wgan_gp_is_its_formula_for_a_linear_critic(drawn):
    real, fake, weight = drawn
    noise = torch.rand(6, 1, dtype=torch.float64)
    loss, terms = WganGp(penalty=10.0).discriminator_loss(linear(weight), real, fake, noise)
    gap = (logits(real, weight) - logits(fake, weight)).mean()
    slope = weight.norm().item()
    assert terms["d_gap"].item() == pytest.approx(gap, rel=1e-12)
    assert terms["d_slope"].item() == pytest.approx(slope, rel=1e-12)
    assert loss.item() == pytest.approx(-gap + 10 * (slope - 1) ** 2, rel=1e-12)


def test_wgan_gp_looks_at_the_points_between_that_the_noise_says(drawn):
    real, fake, _ = drawn
    noise = torch.tensor([[0.0], [1.0], [0.5], [0.25], [0.75], [0.1]], dtype=torch.float64)
    square = FunctionJudge(lambda images: images.square().sum(dim=(1, 2, 3)) / 2)
    _, terms = WganGp(penalty=1.0).discriminator_loss(square, real, fake, noise)
    between = noise.view(6, 1, 1, 1) * real + (1 - noise.view(6, 1, 1, 1)) * fake
    norms = between.flatten(1).norm(dim=1)  # the gradient of ½‖x‖² is x
    assert terms["d_slope"].item() == pytest.approx(norms.mean().item(), rel=1e-12)
    expected = (norms - 1).square().mean().item()
    assert terms["d_penalty"].item() == pytest.approx(expected, rel=1e-12)


def test_a_critic_without_slope_gets_a_finite_gradient_of_the_penalty(drawn):
    real, fake, weight = drawn
    flat = torch.zeros_like(weight, requires_grad=True)
    noise = torch.rand(6, 1, dtype=torch.float64)
    WganGp(penalty=10.0).discriminator_loss(linear(flat), real, fake, noise)[0].backward()
    assert torch.isfinite(flat.grad).all()


@pytest.mark.parametrize("name", EVERY)
def test_accuracy_is_the_share_of_pairs_in_the_right_order(name):
    real, fake = torch.full((4, 1, 4, 4), 0.5), torch.zeros(4, 1, 4, 4)
    fake[3] = 1.0
    judge = FunctionJudge(lambda x: x.mean(dim=(1, 2, 3)))
    noise = torch.rand(4, EVERY[name].draws)
    _, terms = EVERY[name].discriminator_loss(judge, real, fake, noise)
    assert terms["d_accuracy"] == 0.75


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Minimax(r1=-1.0), "r1 must not be negative, got -1.0"),
        (lambda: WganGp(penalty=0.0), "penalty must be positive, got 0.0"),
    ],
)
def test_a_weight_without_sense_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
