"""From a recipe to its networks: what is on the lists, and what is refused."""

import pytest
import torch

from tests.training.conftest import DGN, GAN, TRUNK
from whichgen.errors import WhichgenError
from whichgen.networks import build_discriminator, build_generator
from whichgen.networks.modalities.images import Images
from whichgen.parameters import DiscriminatorOptions, GeneratorOptions

INFO = {"channels": 3, "resolution": 8, "labelled": True, "types": {"shares": [0.5, 0.5]}}


def with_generator(recipe, **options):
    return recipe.model_copy(update={"generator": GeneratorOptions(latent=8, **options)})


@pytest.mark.parametrize("name", Images.generators)
@pytest.mark.parametrize("recipe", [GAN, DGN], ids=["gan", "dgn"])
def test_every_generator_works_in_both_families(name, recipe):
    generator = build_generator(with_generator(recipe, name=name), TRUNK, INFO)
    images, types = generator.sample(5, torch.Generator().manual_seed(0))
    assert images.shape == (5, 3, 8, 8)
    assert -1 <= images.min() < images.max() <= 1
    assert set(types.tolist()) <= {0, 1}


@pytest.mark.parametrize("name", Images.discriminators)
def test_every_discriminator_gives_a_logit_an_image(name):
    options = {"width_factor": 0.5} if name == "convolutional" else {}
    recipe = GAN.model_copy(update={"discriminator": DiscriminatorOptions(name=name, **options)})
    discriminator = build_discriminator(recipe, TRUNK, INFO, 2)
    assert discriminator(torch.zeros(4, 3, 8, 8), torch.tensor([0, 1, 1, 0])).shape == (4,)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "mlp"}, "generator.name: 'mlp' is not one of article, convolutional"),
        ({"set": "all"}, "generator 'convolutional': set: 'all' is not one of stems"),
        ({"ranc": 3}, "generator 'convolutional': .*ranc"),
        ({"name": "article", "set": "adapters"}, "generator 'article': .*set"),
    ],
)
def test_a_generator_that_is_not_there_is_refused(options, said):
    with pytest.raises(WhichgenError, match=said):
        build_generator(with_generator(DGN, **options), TRUNK, INFO)


def test_a_discriminator_of_no_width_is_refused():
    options = DiscriminatorOptions(width_factor=0.0)
    with pytest.raises(WhichgenError, match="discriminator 'convolutional': width_factor"):
        build_discriminator(GAN.model_copy(update={"discriminator": options}), TRUNK, INFO, 2)
