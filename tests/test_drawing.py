from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from tests.untrained import write_untrained
from whichgen.drawing import draw, narrowed
from whichgen.networks import Generator, load_generator, to_uint8


@pytest.fixture(scope="module", params=[("gan", "gan"), ("dgn", "dgn"), ("dgn", "article_dgn")])
def generator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator:
    return load_generator(write_untrained(tmp_path_factory.mktemp("cell"), *request.param))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def test_without_truncation_it_is_the_generators_own_sample(generator: Generator) -> None:
    images, types = draw(generator, 20, rng())
    expected, kinds = generator.sample(20, rng())
    np.testing.assert_array_equal(images, to_uint8(expected).numpy())
    np.testing.assert_array_equal(types, kinds.numpy())
    assert len(set(types.tolist())) == 3


def test_truncation_scales_the_latents_and_nothing_else(generator: Generator) -> None:
    images, types = narrowed(generator, 0.02).sample(20, rng(), torch.full((20,), 2))
    z = torch.randn(20, generator.latent, generator=rng())
    torch.testing.assert_close(images, generator(0.02 * z, types), rtol=0, atol=0)
    whole, _ = generator.sample(20, rng(), types)
    assert images.std(0).mean() < 0.5 * whole.std(0).mean()


def test_threads_beside_each_other_get_what_each_gets_alone(generator: Generator) -> None:
    asked = [(n, seed, t) for n in (1, 7, 33) for seed in range(8) for t in (0.4, 1.0)]

    def answer(wish: tuple[int, int, float]) -> bytes:
        n, seed, truncation = wish
        alone = torch.Generator().manual_seed(seed)
        return draw(generator, n, alone, truncation=truncation)[0].tobytes()

    expected = [answer(wish) for wish in asked]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(answer, asked)) == expected
    assert len(set(expected)) == len(asked)
