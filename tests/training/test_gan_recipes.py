"""Every GAN recipe, and each option of a discriminator: it trains and goes on in the same bytes."""

import io

import pytest
import torch
from kedro.config import OmegaConfigLoader

from tests.training.conftest import GAN, TRUNK
from whichgen.errors import WhichgenError
from whichgen.parameters import GanRecipe, parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS
from whichgen.training.adversarial import BatchJudge
from whichgen.training.build import build_update
from whichgen.training.cell import train_cell
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.flops import count_flops
from whichgen.training.launch import check_divides
from whichgen.training.state import TrainingState

SHIPPED = {
    name: GanRecipe.model_validate(recipe)
    for name, recipe in sorted(  # Kedro's own order is that of a set
        OmegaConfigLoader(conf_source="conf", **CONFIG_LOADER_ARGS)["parameters"]["recipes"].items()
    )
    if recipe["family"] == "gan"
}
PAPER = {"brightness": 1.0, "contrast": 1.0, "translation": 0.125, "cutout": 0.5}


def with_discriminator(recipe, **options):
    changed = recipe.model_dump()
    changed["discriminator"] |= options
    return GanRecipe.model_validate(changed)


AUGMENTED = {
    f"{name}, augmented": with_discriminator(SHIPPED[name], augment=PAPER)
    for name in ("gan", "non_saturating", "wgan_gp")
}
PACKED = {
    f"{name}, packed": with_discriminator(SHIPPED[name], pack=2, augment=PAPER)
    for name in ("gan", "hinge", "wgan_gp", "article_gan")
}
EVERY = SHIPPED | AUGMENTED | PACKED
LEARNERS = SHIPPED | AUGMENTED  # few steps, so packs are of plain images
LEARNERS["non_saturating, packed"] = with_discriminator(SHIPPED["non_saturating"], pack=2)


@pytest.fixture
def update_of(splits, info):
    """On data with labels, but for packs, which are for data without."""

    def make(recipe):
        about = info if recipe.discriminator.pack == 1 else info | {"labelled": False}
        return build_update(recipe, TRUNK, **splits["train"], info=about, seed=0)

    return make


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state.state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("recipe", EVERY.values(), ids=EVERY)
def test_three_steps_are_finite_and_go_on_from_a_checkpoint_in_the_same_bytes(recipe, update_of):
    update = update_of(recipe)
    state = TrainingState(update, 0.9)
    terms = update.step(0)
    assert all(torch.isfinite(term) for term in terms.values()), terms
    assert terms["d_gradient_norm"] > 0
    assert terms["g_gradient_norm"] > 0
    saved = through_a_file(state)
    whole = [update.step(step) for step in (1, 2)]
    again = update_of(recipe)
    TrainingState(again, 0.9).load_state_dict(saved)
    assert [again.step(step) for step in (1, 2)] == whole
    assert all(torch.isfinite(term) for terms in whole for term in terms.values())
    for name, network in update.networks.items():
        for one, other in zip(
            network.state_dict().values(), again.networks[name].state_dict().values(), strict=True
        ):
            assert torch.equal(one, other)


def test_the_articles_gan_has_its_layers_batch_value_function_and_rule(update_of):
    recipe = SHIPPED["article_gan"]
    networks = update_of(recipe).networks
    layers = {tuple(p.shape) for p in networks.parameters() if p.dim() == 2}
    own = {(256, 100 + 100), (64, 256), (256, 64), (1, 256)}  # 64 pixels in the place of 784
    assert layers == own | {(3, 100), (3, 256)}  # and the embeddings of the three types
    assert (recipe.training.batch, recipe.training.weight_decay) == (32, 0.0)
    assert recipe.objective.name == "minimax"
    assert set(recipe.training.stop_when) == {"validation_c2st_p", "validation_c2st_detectable"}


def test_real_and_generated_images_of_a_pair_are_augmented_alike_and_anew_for_each_loss(update_of):
    recipe = with_discriminator(GAN, augment=PAPER)
    update = update_of(recipe)
    *_, noise = update.draw(3)
    assert noise.shape == (2, 12, 6)
    assert 0 <= noise.min() < noise.max() < 1
    assert not torch.equal(noise[0], noise[1])
    assert torch.equal(noise, update.draw(3)[-1])
    assert not torch.equal(noise, update.draw(4)[-1])
    judge = update._judge(torch.zeros(12, dtype=torch.int64), noise[0])
    assert isinstance(judge, BatchJudge)
    images = torch.randn(12, 1, 8, 8)
    both = judge(torch.cat([images, images]))
    assert torch.equal(both[:12], both[12:])
    plain = update_of(GAN)._judge(torch.zeros(12, dtype=torch.int64), torch.empty(12, 0))
    assert not torch.isclose(both[:12], plain(images)).all()


def test_the_gradient_reaches_the_generator_through_the_augmentation(update_of):
    update = update_of(with_discriminator(GAN, augment=PAPER))
    _, types, z, noise = update.draw(0)
    loss, _ = update._generator_loss(torch.zeros(12, 1, 8, 8), types, z[1], noise[1])
    loss.backward()
    assert all(p.grad.abs().max() > 0 for p in update.generator.parameters() if p.dim() > 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
def test_samples_come_nearer_to_the_data(name, spec, splits, info, extractor, tmp_path):
    """In the tests' own schedule: a literature rate needs longer than a test."""
    recipe = LEARNERS[name].model_copy(update={"training": GAN.training})
    if recipe.discriminator.pack > 1:
        info = info | {"labelled": False}
    cell = spec(recipe)
    trained, record, _ = train_cell(
        cell,
        train_split=splits["train"],
        validation_split=splits["val"],
        info=info,
        extractor=extractor,
        live=tmp_path,
        checkpoints=Checkpoints(tmp_path / "checkpoints", cell.identity()),
    )
    looks = [row["validation_fd"] for row in trained.history if "validation_fd" in row]
    assert record["status"] == "ok"
    assert looks[-1] < 0.8 * looks[0], looks


@pytest.mark.parametrize("name", ["wgan_gp", "hinge", "gan, augmented", "hinge, packed"])
def test_every_step_has_the_price_of_the_first_by_which_the_budget_is_counted(name, update_of):
    update = update_of(EVERY[name])
    prices = [count_flops(lambda step=step: update.step(step)) for step in range(3)]
    assert len(set(prices)) == 1


def test_a_batch_that_is_not_whole_packs_is_refused(raw_parameters):
    raw_parameters["recipes"]["gan"]["discriminator"]["pack"] = 5
    with pytest.raises(WhichgenError, match=r"discriminator\.pack: 5 does not divide .* 32"):
        parse_parameters(raw_parameters)


def test_processes_share_a_batch_in_whole_packs(spec):
    recipe = with_discriminator(GAN, pack=4)  # three packs of 4
    check_divides(spec(recipe), 3)
    with pytest.raises(WhichgenError, match=r"training\.batch, 12, in packs of 4, evenly; "):
        check_divides(spec(recipe), 2)


def test_a_strength_out_of_range_is_refused_by_its_key(raw_parameters):
    raw_parameters["recipes"]["gan"]["discriminator"]["augment"] = {"cutout": 1.5}
    with pytest.raises(WhichgenError, match=r"gan\.discriminator\.augment\.cutout: .* got 1\.5"):
        parse_parameters(raw_parameters)
