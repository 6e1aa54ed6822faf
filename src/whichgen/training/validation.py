"""The validation figures by which a checkpoint is chosen."""

from collections.abc import Callable

from torch import Tensor

from whichgen.metrics import density_coverage, frechet_distance
from whichgen.networks import Classifier, Generator, to_uint8
from whichgen.training.seeding import stream


def validator(
    extractor: Classifier, images: Tensor, types: Tensor, *, n: int, seed: int
) -> Callable[[Generator], dict[str, float]]:
    """A function averaged generator → `validation_fd` and `validation_coverage`.

    Args:
        extractor: in evaluation mode. images (N, C, R, R) uint8, types (N,): the validation split,
            of which the first n are used. seed: of the latents; the same at every call, so that two
            calls differ by the weights alone.
    """
    n = min(n, len(images))
    asked, (real, _) = types[:n], extractor.judge(images[:n])

    def validate(generator: Generator) -> dict[str, float]:
        fake_images, _ = generator.sample(n, stream(seed, "validation"), asked)
        fake, _ = extractor.judge(to_uint8(fake_images))
        return {
            "validation_fd": frechet_distance(real.numpy(), fake.numpy()),
            "validation_coverage": density_coverage(real.numpy(), fake.numpy())["coverage"],
        }

    return validate
