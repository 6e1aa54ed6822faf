"""Direct objectives: each against its formula in NumPy, known truths and finite differences."""

import itertools

import numpy as np
import pytest
import torch

from whichgen.errors import WhichgenError
from whichgen.objectives.direct import (
    DIRECT,
    IMLE,
    MMD,
    EnergyDistance,
    ReverseKL,
    SlicedWasserstein,
    drifting_gaussian,
    drifting_sinkhorn,
)
from whichgen.objectives.direct.drifting_gaussian import gaussian_drift
from whichgen.objectives.direct.drifting_sinkhorn import sinkhorn_drift, sinkhorn_plan
from whichgen.objectives.direct.sliced_wasserstein import quantile_pairs

LOSSES = {
    "mmd": MMD(bandwidths=[2.0, 5.0, 20.0]),
    "mmd_median": MMD(bandwidths=[0.5, 1.0], unit="median"),
    "sliced_wasserstein": SlicedWasserstein(projections=8),
    "imle": IMLE(epsilon=0.4),
    "energy_distance": EnergyDistance(),
    "reverse_kl": ReverseKL(bandwidth=0.5),
}
FIELDS = {
    "drifting_gaussian": drifting_gaussian(temperatures=[0.1, 0.3]),
    "drifting_sinkhorn": drifting_sinkhorn(temperatures=[0.2, 0.5]),
}
EVERY = LOSSES | FIELDS


def draw(shape, seed, shift=0.0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=rng, dtype=torch.float64) + shift


def noise_for(name, dimension):
    """What a step would draw for the objective; the same at every call."""
    return draw((dimension, EVERY[name].draws), 7).float()


@pytest.fixture
def samples():
    """fake (2, 6, 5) and real (2, 6, 5), apart by .5 in each coordinate, in float64."""
    return draw((2, 6, 5), 0), draw((2, 6, 5), 1, 0.5)


def pairwise(x, y):
    return np.array([[np.linalg.norm(a - b) for b in y] for a in x])


def mmd_by_hand(fake, real, bandwidths, unit=1.0):
    def mean(x, y):
        return sum(np.exp(-(pairwise(x, y) ** 2) / (2 * b * unit)).mean() for b in bandwidths)

    return np.sqrt(mean(fake, fake) - 2 * mean(fake, real) + mean(real, real))


def by_hand(name, fake, real):
    """The loss of one type in NumPy: fake, real (G, D)."""
    between = pairwise(fake, real)
    if name == "mmd":
        return mmd_by_hand(fake, real, [2.0, 5.0, 20.0])
    if name == "mmd_median":  # torch's median is the lower one of an even number
        unit = np.sort(between.ravel() ** 2)[(between.size - 1) // 2]
        return mmd_by_hand(fake, real, [0.5, 1.0], unit)
    if name == "sliced_wasserstein":
        lines = noise_for(name, 5).numpy().astype(np.float64)
        lines /= np.linalg.norm(lines, axis=0)
        return ((np.sort(fake @ lines, 0) - np.sort(real @ lines, 0)) ** 2).mean()
    if name == "imle":
        kept = between.min(1) >= 0.4 * np.sqrt(5)
        assert 0 < kept.sum() < len(kept)  # else the rejection is not tried
        return between[kept].min(0).mean()
    if name == "energy_distance":
        n = len(fake)
        spreads = [pairwise(x, x).sum() / (n * (n - 1)) for x in (fake, real)]
        return 2 * between.mean() - sum(spreads)
    return log_density_by_hand(fake, fake, 0.5) - log_density_by_hand(fake, real[:-1], 0.5)


def log_density_by_hand(at, centres, bandwidth):
    """The mean log density at `at`; a centre that is the point itself is left out."""
    variance, dimension = bandwidth**2 * at.shape[1], at.shape[1]
    logs = []
    for x in at:
        square = np.array([((x - c) ** 2).sum() for c in centres if not np.array_equal(x, c)])
        kernel = np.exp(-square / (2 * variance)) / (2 * np.pi * variance) ** (dimension / 2)
        logs.append(np.log(kernel.mean()))
    return np.mean(logs)


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_is_its_formula(name, samples):
    fake, real = samples
    real[0, :2] = fake[0, :2] + 0.1  # so near that imle rejects the first two
    real[1, 0] = fake[1, 0] - 0.1
    loss, _ = EVERY[name](fake, real, noise_for(name, fake.shape[2]))
    expected = np.mean(
        [by_hand(name, f, r) for f, r in zip(fake.numpy(), real.numpy(), strict=True)]
    )
    assert loss.item() == pytest.approx(expected, rel=1e-7)  # lines are normalised in float32


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - {"mmd_median", "reverse_kl"}))
def test_gradients_are_those_of_finite_differences(name, samples):
    """mmd_median and reverse_kl hold a width or the kernels' centres fixed: see below for these."""
    fake, real = samples
    fake.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: EVERY[name](x, real, noise_for(name, 5))[0], fake)


@pytest.mark.parametrize("sign", ["diversity", "printed"])
def test_reverse_kl_follows_the_densities_of_centres_held_fixed(sign, samples):
    fake, real = samples
    x = fake.clone().requires_grad_(True)
    ReverseKL(bandwidth=0.5, sign=sign)(x, real)[0].backward()

    def loss(at):
        """Of one type, G = 6: the generated centres stay where they are as `at` moves."""
        total = 0.0
        for i, point in enumerate(at.reshape(6, 5)):
            others = np.delete(fake[0].numpy(), i, axis=0)
            log_p_g = log_density_by_hand(point[None], others, 0.5)
            log_p_data = log_density_by_hand(point[None], real[0, :-1].numpy(), 0.5)
            total += (log_p_g if sign == "diversity" else -log_p_g) - log_p_data
        return total / 6

    at, step = fake[0].numpy().ravel(), 1e-5
    slopes = [(loss(at + step * e) - loss(at - step * e)) / (2 * step) for e in np.eye(30)]
    np.testing.assert_allclose(x.grad[0].numpy().ravel() * 2, slopes, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("width", [0.3, 1.0, 3.0])
def test_the_gradient_of_the_reverse_kl_is_the_gaussian_drift_field(width):
    fake, real = draw((3, 32, 8), 0), 0.7 * draw((3, 32, 8), 1, 0.5)
    x = fake.clone().requires_grad_(True)
    ReverseKL(bandwidth=width / 8**0.5)(x, real)[0].backward()
    points = torch.cat([fake, real[:, :-1]], dim=1)
    field = gaussian_drift(torch.cdist(fake, points).square(), points, 32, width)
    gradient = -x.grad * width**2 * 3 * 32  # the loss is a mean over types and samples
    error = (gradient - field).norm() / field.norm()
    assert field.norm() > 1
    assert error < 1e-5


def test_the_gaussian_field_is_the_difference_of_weighted_means(samples):
    fake, real = samples
    points = torch.cat([fake, real], dim=1)
    field = gaussian_drift(torch.cdist(fake, points).square(), points, 6, 0.8)
    for k, i in itertools.product(range(2), range(6)):
        means = []
        for centres in (real[k].numpy(), np.delete(fake[k].numpy(), i, axis=0)):
            weights = np.exp(-((centres - fake[k, i].numpy()) ** 2).sum(1) / (2 * 0.8**2))
            means.append(weights @ centres / weights.sum())
        np.testing.assert_allclose(field[k, i].numpy(), means[0] - means[1], rtol=1e-9)


def sinkhorn_cost_by_hand(x, y, epsilon):
    """OT_ε of the cost ½‖x − y‖² between uniform weights, by its dual."""
    cost = ((x[:, None] - y[None]) ** 2).sum(-1) / 2
    f, g = np.zeros(len(x)), np.zeros(len(y))
    for _ in range(2000):
        f = -epsilon * np.log(np.exp((g - cost) / epsilon).mean(1))
        g = -epsilon * np.log(np.exp((f[:, None] - cost) / epsilon).mean(0))
    return f.mean() + g.mean()


def test_the_sinkhorn_field_is_the_gradient_of_the_sinkhorn_divergence():
    fake, real, width = draw((1, 4, 2), 0), draw((1, 6, 2), 1, 0.5), 0.9
    points = torch.cat([fake, real], dim=1)
    square = torch.cdist(fake, points).square()
    field = sinkhorn_drift(square, points, 4, width, iterations=500)[0].numpy()

    def divergence(at):
        x, y, epsilon = at.reshape(4, 2), real[0].numpy(), width**2
        own = sinkhorn_cost_by_hand(x, x, epsilon)
        return sinkhorn_cost_by_hand(x, y, epsilon) - own / 2  # and a constant of the data

    at, step = fake[0].numpy().ravel(), 1e-5
    slopes = [(divergence(at + step * e) - divergence(at - step * e)) / 2e-5 for e in np.eye(8)]
    np.testing.assert_allclose(field.ravel(), -4 * np.array(slopes), rtol=1e-5, atol=1e-8)


def test_a_sinkhorn_plan_gives_every_real_sample_its_share():
    plan = sinkhorn_plan(draw((2, 5, 15), 0), 100)
    torch.testing.assert_close(plan.sum(2), torch.ones(2, 5, dtype=torch.float64))
    torch.testing.assert_close(plan.sum(1), torch.full((2, 15), 1 / 3, dtype=torch.float64))


@pytest.mark.parametrize("name", ["mmd", "mmd_median", "sliced_wasserstein"])
def test_the_distance_of_a_batch_to_itself_is_0(name, samples):
    fake, _ = samples
    loss, _ = EVERY[name](fake, fake.flip(1), noise_for(name, 5))  # in another order
    assert abs(loss.item()) < 2e-6  # of the root's floor


def test_imle_of_a_batch_to_itself_is_0_and_rejects_it_all_for_any_epsilon(samples):
    fake, _ = samples
    assert IMLE(epsilon=0.0)(fake, fake.flip(1))[0].item() < 2e-6
    loss, terms = IMLE(epsilon=0.01)(fake, fake.flip(1))
    assert (loss.item(), terms["rejected"].item()) == (0.0, 1.0)


def test_the_energy_distance_is_0_in_expectation_for_equal_distributions():
    values = torch.tensor(
        [
            EnergyDistance()(draw((1, 16, 3), 2 * i), draw((1, 16, 3), 2 * i + 1))[0]
            for i in range(400)
        ]
    )
    assert abs(values.mean()) < 4 * values.std() / 400**0.5
    assert values.min() < 0 < values.max()


def test_the_kl_of_equal_distributions_is_0_in_expectation_and_of_a_shift_its_closed_form():
    """N(0, 1) against N(m, 1), both smoothed to variance 1 + σ²: KL = m² / 2(1 + σ²).

    At points of variance 1 the mean of log q − log p is the same number.
    """
    width, shift = 0.6, 1.0
    kl = ReverseKL(bandwidth=width)
    equal, apart = (
        torch.stack(
            [
                kl(draw((1, 400, 1), 2 * i), draw((1, 400, 1), 2 * i + 1, m))[1]["kl"]
                for i in range(40)
            ]
        )
        for m in (0.0, shift)
    )
    assert abs(equal.mean()) < 4 * equal.std() / 40**0.5
    expected = shift**2 / (2 * (1 + width**2))
    assert apart.mean().item() == pytest.approx(expected, abs=4 * apart.std().item() / 40**0.5)


def test_the_sign_changes_the_entropys_part_alone(samples):
    terms = {}
    for sign in ("diversity", "printed"):
        loss, terms[sign] = ReverseKL(bandwidth=0.5, sign=sign)(*samples)
        terms[sign]["loss"] = loss
    (intended, printed) = terms["diversity"], terms["printed"]
    assert all(intended[name] == printed[name] for name in ("log_p_data", "entropy", "kl"))
    assert intended["loss"] == -intended["entropy"] - intended["log_p_data"]
    assert printed["loss"] == printed["entropy"] - printed["log_p_data"]


def test_a_generator_under_the_printed_sign_collapses_and_under_the_intended_one_spreads():
    """G(z) = a z + b against N(1, 1): the intended optimum is a = b = 1, the printed one a = 0."""
    spread, place = {}, {}
    for sign in ("diversity", "printed"):
        weights = torch.tensor([0.4, -1.0], requires_grad=True)  # a, b
        optimiser = torch.optim.Adam([weights], lr=0.02)
        for step in range(400):
            optimiser.zero_grad()
            z, real = draw((1, 64, 1), 2 * step).float(), draw((1, 64, 1), 2 * step + 1, 1.0)
            fake = weights[0] * z + weights[1]
            ReverseKL(bandwidth=0.5, sign=sign)(fake, real.float())[0].backward()
            optimiser.step()
        spread[sign], place[sign] = weights[0].abs().item(), weights[1].item()
    assert spread["printed"] < 0.05
    assert spread["diversity"] == pytest.approx(1.0, abs=0.15)
    assert list(place.values()) == pytest.approx([1.0, 1.0], abs=0.15)


@pytest.mark.parametrize("name", EVERY)
def test_a_shifted_set_is_pulled_back(name):
    fake, real = draw((2, 24, 3), 0, 1.5).requires_grad_(True), draw((2, 24, 3), 1)
    EVERY[name](fake, real, noise_for(name, fake.shape[2]))[0].backward()
    descent = -fake.grad.mean(dim=1)  # (K, D): where the set as a whole moves
    assert (descent < 0).all()


@pytest.mark.parametrize("name", EVERY)
def test_types_at_once_are_as_one_by_one(name, samples):
    fake, real = samples
    x = fake.clone().requires_grad_(True)
    loss, _ = EVERY[name](x, real, noise_for(name, 5))
    loss.backward()
    alone = []
    for k in range(2):
        y = fake[k : k + 1].clone().requires_grad_(True)
        single, _ = EVERY[name](y, real[k : k + 1], noise_for(name, 5))
        single.backward()
        alone.append(single.item())
        torch.testing.assert_close(x.grad[k : k + 1], y.grad / 2, rtol=1e-7, atol=1e-12)
    assert loss.item() == pytest.approx(np.mean(alone), rel=1e-9)


@pytest.mark.parametrize("name", EVERY)
def test_half_precision_is_computed_in_single(name, samples):
    fake, real = (x.bfloat16() for x in samples)
    loss, _ = EVERY[name](fake, real, noise_for(name, fake.shape[2]))
    single, _ = EVERY[name](fake.float(), real.float(), noise_for(name, 5))
    assert (loss.dtype, loss.item()) == (torch.float32, single.item())


@pytest.mark.parametrize("name", sorted(EVERY))
def test_coinciding_samples_give_finite_losses_gradients_and_terms(name):
    fake = torch.zeros(1, 4, 3, requires_grad=True)
    loss, terms = EVERY[name](fake, torch.zeros(1, 4, 3), noise_for(name, 3))
    loss.backward()
    assert torch.isfinite(fake.grad).all()
    assert all(torch.isfinite(t) for t in (loss, *terms.values()))


@pytest.mark.parametrize(("n", "m"), [(3, 3), (2, 6), (6, 4), (5, 7)])
def test_masses_go_along_the_quantiles(n, m):
    """Against the same sets with every point repeated to the common multiple of both sizes."""
    x, y = np.sort(draw((n,), 0).numpy()), np.sort(draw((m,), 1).numpy())
    of_x, of_y, masses = (t.numpy() for t in quantile_pairs(n, m, torch.device("cpu")))
    repeated = (np.repeat(x, m) - np.repeat(y, n)) ** 2
    assert (masses * (x[of_x] - y[of_y]) ** 2).sum() == pytest.approx(repeated.mean(), rel=1e-6)


def test_directions_are_the_noises_columns_whatever_their_length(samples):
    """Along one coordinate alone, it is that coordinate's transport."""
    fake, real = samples
    noise = torch.tensor([[0.0], [-3.0], [0.0], [0.0], [0.0]])
    loss, _ = SlicedWasserstein(projections=1)(fake, real, noise)
    gaps = fake[..., 1].sort(dim=1).values - real[..., 1].sort(dim=1).values
    assert loss.item() == pytest.approx(gaps.square().mean().item(), rel=1e-6)


def test_densities_of_unequal_numbers_are_refused(samples):
    fake, real = samples
    with pytest.raises(WhichgenError, match=r"real_per_type \(4\) to generated_per_type \(6\)"):
        ReverseKL(bandwidth=1.0)(fake, real[:, :4])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("drifting_gaussian", {"temperatures": []}),
        ("drifting_sinkhorn", {"temperatures": [0.1], "iterations": 0}),
        ("drifting_sinkhorn", {"temperatures": [0.0]}),
        ("mmd", {"bandwidths": [0.0]}),
        ("mmd", {"bandwidths": [1.0], "unit": "mean"}),
        ("sliced_wasserstein", {"projections": 0}),
        ("imle", {"epsilon": -0.1}),
        ("reverse_kl", {"bandwidth": 0.0}),
        ("reverse_kl", {"bandwidth": 1.0, "sign": "plus"}),
    ],
)
def test_wrong_arguments_are_refused_by_name(name, arguments):
    with pytest.raises(ValueError, match="|".join(arguments)):
        DIRECT[name](**arguments)
