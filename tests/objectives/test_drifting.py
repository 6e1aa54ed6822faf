"""The drifting loss against a plain NumPy transcription of its six steps, and its fixed points."""

import numpy as np
import pytest
import torch

from whichgen.objectives.direct import Drifting
from whichgen.objectives.direct.drifting import distances_to_all, drift

TEMPERATURES = [0.02, 0.05, 0.2]


def softmax(x, axis):
    shifted = np.exp(x - x.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


def force_by_hand(fake, real, temperatures):
    """Steps 1 to 5 for one type, in float64: fake (G, D), real (P, D)."""
    g, dimension = fake.shape
    points = np.concatenate([fake, real])
    d = np.sqrt(((fake[:, None] - points[None]) ** 2).sum(-1))
    unit = d.mean() / np.sqrt(dimension)
    d = d / d.mean()
    d[np.arange(g), np.arange(g)] += 100
    total = np.zeros_like(fake)
    for r in temperatures:
        a = np.sqrt(np.clip(softmax(-d / r, 1) * softmax(-d / r, 0), 1e-6, None))
        minus, plus = a[:, :g], a[:, g:]
        w_plus, w_minus = plus * minus.sum(1, keepdims=True), minus * plus.sum(1, keepdims=True)
        force = (w_plus @ real - w_minus @ fake) / unit
        total += force / np.sqrt((force**2).mean())
    return unit, total


@pytest.fixture
def samples():
    rng = torch.Generator().manual_seed(0)
    fake = torch.randn(2, 6, 9, generator=rng, dtype=torch.float64)
    real = torch.randn(2, 8, 9, generator=rng, dtype=torch.float64) + 0.5
    return fake, real


def test_gradient_is_minus_the_force_by_hand(samples):
    fake, real = (t.float() for t in samples)
    fake.requires_grad_(True)
    loss, _ = Drifting(temperatures=TEMPERATURES)(fake, real)
    loss.backward()
    for k in range(2):
        unit, force = force_by_hand(samples[0][k].numpy(), samples[1][k].numpy(), TEMPERATURES)
        expected = -2 * force / fake.numel() / unit
        np.testing.assert_allclose(fake.grad[k].numpy(), expected, rtol=2e-3, atol=1e-6)


def test_the_value_is_constant_for_one_temperature_and_so_says_nothing(samples):
    fake, real = samples
    values = [
        Drifting(temperatures=[0.1])(fake.float() * scale, real.float())[0].item()
        for scale in (0.5, 1.0, 2.0)
    ]
    assert values == pytest.approx([1.0, 1.0, 1.0], rel=1e-4)


def test_the_field_does_not_depend_on_the_origin(samples):
    fake, real = samples
    gradients = []
    for shift in (0.0, 3.0):
        x = (fake + shift).float().requires_grad_(True)
        Drifting(temperatures=TEMPERATURES)(x, (real + shift).float())[0].backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients, rtol=1e-2, atol=1e-4)


def test_the_field_vanishes_where_generated_and_real_samples_coincide():
    """With pull and push from the same points, self excluded from neither, they cancel exactly."""
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(1, 7, 4, generator=rng)
    field = drift(distances_to_all(x, x), x, x, [0.5, 0.1])
    assert field.abs().max() < 1e-6


def test_descending_it_moves_generated_samples_onto_the_real_ones():
    rng = torch.Generator().manual_seed(2)
    real = torch.randn(1, 128, 2, generator=rng) * 0.2 + torch.tensor([3.0, -1.0])
    fake = torch.randn(1, 128, 2, generator=rng).requires_grad_(True)
    optimiser = torch.optim.Adam([fake], lr=0.05)
    for _ in range(400):
        optimiser.zero_grad()
        Drifting(temperatures=TEMPERATURES)(fake, real)[0].backward()
        optimiser.step()
    moved = fake.detach()
    torch.testing.assert_close(moved.mean(1), real.mean(1), atol=0.05, rtol=0)
    torch.testing.assert_close(moved.std(1), real.std(1), atol=0.08, rtol=0)


def test_each_type_is_drawn_to_its_own_real_samples_alone(samples):
    fake, real = (t.float() for t in samples)
    gradients = []
    for other in (real[1], real[1] + 50):
        x = fake.clone().requires_grad_(True)
        Drifting(temperatures=TEMPERATURES)(x, torch.stack([real[0], other]))[0].backward()
        gradients.append(x.grad[0])
    assert torch.equal(*gradients)


def test_coinciding_samples_give_finite_gradients():
    fake = torch.zeros(1, 4, 3, requires_grad=True)
    loss, terms = Drifting(temperatures=[0.02])(fake, torch.zeros(1, 5, 3))
    loss.backward()
    assert torch.isfinite(fake.grad).all()
    assert all(torch.isfinite(t) for t in terms.values())


def test_distances_agree_with_torch():
    rng = torch.Generator().manual_seed(3)
    x, y = torch.randn(2, 5, 7, generator=rng), torch.randn(2, 6, 7, generator=rng)
    expected = torch.cdist(x, torch.cat([x, y], dim=1), compute_mode="donot_use_mm_for_euclid_dist")
    off_diagonal = ~torch.eye(5, 11, dtype=torch.bool)
    mine = distances_to_all(x, y)
    torch.testing.assert_close(
        mine[:, off_diagonal], expected[:, off_diagonal], atol=1e-5, rtol=1e-5
    )
    assert mine[:, ~off_diagonal].max() < 5e-3  # the root of what the products' rounding leaves


@pytest.mark.parametrize("wrong", [[], [0.0], [0.1, -1.0]])
def test_wrong_temperatures_are_refused(wrong):
    with pytest.raises(ValueError, match="temperatures"):
        Drifting(temperatures=wrong)
