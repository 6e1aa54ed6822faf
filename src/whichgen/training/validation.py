"""The validation figures: by which weights are chosen, and by which collapse is seen."""

from collections.abc import Callable

import torch
from torch import Tensor

from whichgen.metrics import c2st, density_coverage, frechet_distance
from whichgen.networks import Generator, Judge
from whichgen.training.seeding import stream


def validator(
    extractor: Judge,
    images: Tensor,
    types: Tensor,
    *,
    n: int,
    seed: int,
    two_sample: bool = False,
) -> Callable[[Generator], dict[str, float]]:
    """A function averaged generator → `validation_fd`, `validation_coverage`, `validation_spread`.

    With `two_sample` also `validation_c2st_p`, of the test whether generated images can be told
    from real ones, and its power, `validation_c2st_detectable` (see `metrics.c2st`).

    Args:
        extractor: in evaluation mode. images (N, *shape), stored, types (N,): the validation
            split, of which the first n are used. seed: of the latents; the same at every call, so
            that two calls differ by the weights alone.
    """
    n = min(n, len(images))
    asked, (real, _) = types[:n], extractor.judge(images[:n])

    def validate(generator: Generator) -> dict[str, float]:
        samples, _ = generator.sample(n, stream(seed, "validation"), asked)
        fake, _ = extractor.judge(generator.modality.to_stored(samples))
        figures = {
            "validation_fd": frechet_distance(real.numpy(), fake.numpy()),
            "validation_coverage": density_coverage(real.numpy(), fake.numpy())["coverage"],
            "validation_spread": least_spread(
                real, fake, asked if generator.n_types else torch.zeros_like(asked)
            ),
        }
        if two_sample:
            test = c2st(real.numpy(), fake.numpy())
            figures |= {f"validation_c2st_{name}": test[name] for name in ("p", "detectable")}
        return figures

    return validate


def least_spread(real: Tensor, fake: Tensor, types: Tensor) -> float:
    """How spread out generated features are, as a share of the real ones', where that is least.

    Args:
        real, fake: features (N, d). types: (N,), of both; the least is that over the types.

    Returns:
        The ratio of the root mean square deviations from the type's mean; 0 where all generated
        samples of a type are one.
    """
    ratios = [
        (fake[types == k].var(dim=0).mean() / real[types == k].var(dim=0).mean()).sqrt()
        for k in types.unique()
        if (types == k).sum() > 1
    ]
    return float(torch.stack(ratios).min())
