"""How steps are computed changes how fast they are, and results only as far as it must."""

import copy
import io

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.training.conftest import DGN, GAN, TRUNK
from whichgen.errors import WhichgenError
from whichgen.objectives.adversarial import ADVERSARIAL, RelativisticR1R2
from whichgen.objectives.direct import DIRECT, Drifting
from whichgen.parameters import Encoder, Execution, ExecutionOptions, GanRecipe
from whichgen.training import execution
from whichgen.training.build import build_update
from whichgen.training.execution import compiled, has_bfloat16, resolve, stepper
from whichgen.training.graphs import WARM_UP, GraphedStep
from whichgen.training.schedule import Rates
from whichgen.training.state import TrainingState

CPU = torch.device("cpu")
RATE = 2.0**-9  # the same number as a Python float and as a float32 on a device
CRITIC = GanRecipe.model_validate(
    GAN.model_dump()
    | {
        "discriminator": {
            "width_factor": 1.0,
            "spectral_norm": True,
            "augment": {"brightness": 1.0, "contrast": 1.0, "translation": 0.125, "cutout": 0.5},
        },
        "objective": {"name": "wgan_gp", "penalty": 10.0},
    }
)
RECIPES = {
    "gan": GAN,
    "critic": CRITIC,
    "dgn": DGN,
    "encoded": DGN.model_copy(
        update={"encoder": Encoder(width=8, features=5, images_seen=600, batch=30, rate=3e-3)}
    ),
}
EVERY = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
BOTH = pytest.mark.parametrize("recipe", [GAN, DGN], ids=["gan", "dgn"])
BFLOAT16 = pytest.mark.skipif(not has_bfloat16(CPU), reason="this CPU has no bfloat16")
OWN = pytest.mark.filterwarnings(  # torch's compiler warns of what it does itself
    "ignore:.*script_method.*:DeprecationWarning", "ignore:.*_prims_common.*:FutureWarning"
)


@pytest.fixture
def update_of(splits, info):
    def make(recipe, precision="float32"):
        options = recipe.training.model_copy(update={"rate": RATE})
        return build_update(
            recipe.model_copy(update={"training": options}), TRUNK, **splits["train"], info=info,
            seed=0, precision=precision,
        )  # fmt: skip

    return make


def assert_equal(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def values(terms):
    return {name: term.detach().clone() for name, term in terms.items()}


# --- what is chosen -------------------------------------------------------------------------------


def test_auto_is_what_pays_and_what_is_asked_for_goes_before_it(monkeypatch):
    monkeypatch.setitem(execution.PAYS, "cpu", Execution(compile=True))
    assert resolve(ExecutionOptions(), CPU) == Execution(compile=True)
    asked = ExecutionOptions(precision="float32", compile="off", cuda_graph="off")
    assert resolve(asked, CPU) == Execution()
    cuda = resolve(ExecutionOptions(compile="on", cuda_graph="on"), torch.device("cuda"))
    assert (cuda.compile, cuda.cuda_graph) == (True, True)


def test_yaml_takes_a_bare_on_for_true():
    options = ExecutionOptions.model_validate({"compile": True, "cuda_graph": False})
    assert (options.compile, options.cuda_graph) == ("on", "off")


def test_what_the_device_can_not_do_is_refused_with_the_way_out(monkeypatch):
    with pytest.raises(WhichgenError, match="on a cpu; use --params cuda_graph=off"):
        resolve(ExecutionOptions(cuda_graph="on"), CPU)
    monkeypatch.setattr(execution, "has_bfloat16", lambda device: False)
    with pytest.raises(WhichgenError, match="bfloat16; use --params precision=float32"):
        resolve(ExecutionOptions(precision="bfloat16"), CPU)


# --- no step waits for the device -----------------------------------------------------------------


class NothingWaits(TorchDispatchMode):
    """Refuses what reads a value back from the device, or sends one there from pageable memory."""

    REFUSED = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "bincount", "lift_fresh")

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        name = function.overloadpacket.__name__
        by_mask = name in ("index", "index_put_") and any(
            index is not None and index.dtype is torch.bool for index in arguments[1]
        )
        assert name not in self.REFUSED, f"{name} waits for the device"
        assert not by_mask, "an index by a mask waits for the device"
        assert (options or {}).get("device") is None or name != "_to_copy", "copies to a device"
        return function(*arguments, **(options or {}))


@pytest.mark.parametrize(
    "waits",
    [
        lambda x: x.sum().item(),
        lambda x: bool(x.sum() > 0),
        lambda x: x[x > 0],
        lambda x: torch.tensor([1.0]) + x,
        lambda x: x.nonzero(),
    ],
)
def test_the_trap_catches_what_waits(waits):
    x = torch.ones(3)
    with NothingWaits(), pytest.raises(AssertionError):
        waits(x)


@EVERY
def test_a_step_never_waits_for_the_device(recipe, update_of):
    update = update_of(recipe)
    state, rates = TrainingState(update, 0.9), Rates(update.optimisers)
    for step in range(2):
        drawn = update.draw(step)
        with NothingWaits():
            rates.scale(0.5)
            state.add(update.descend(*drawn))
            state.ema.update(step)


# --- bfloat16 -------------------------------------------------------------------------------------


class SeenGan(RelativisticR1R2):
    """Notes what the objective is given: number types, and whether autocast is on."""

    seen = None

    def discriminator_loss(self, discriminator, real, fake, noise):
        return super().discriminator_loss(self.noting(discriminator, real, fake), real, fake, noise)

    def generator_loss(self, discriminator, real, fake):
        return super().generator_loss(self.noting(discriminator, real, fake), real, fake)

    def noting(self, discriminator, *images):
        self.note(*images)
        return SeenJudge(discriminator, self.note)

    def note(self, *tensors):
        self.seen |= {(x.dtype, torch.is_autocast_enabled("cpu")) for x in tensors}


class SeenJudge:
    def __init__(self, judge, note):
        self._judge, self._note = judge, note

    def __call__(self, images):
        logits = self._judge(images)
        self._note(logits)
        return logits

    def with_slopes(self, images):
        both = self._judge.with_slopes(images)
        self._note(*both)
        return both


class SeenDgn(Drifting):
    seen = None

    def __call__(self, fake, real, noise):
        self.seen |= {(x.dtype, torch.is_autocast_enabled("cpu")) for x in (fake, real)}
        return super().__call__(fake, real, noise)


@BFLOAT16
@pytest.mark.parametrize("recipe", [r for r in RECIPES.values() if r is not CRITIC])
def test_objectives_and_weights_never_see_bfloat16(recipe, update_of, monkeypatch):
    monkeypatch.setitem(ADVERSARIAL, "relativistic_r1_r2", SeenGan)
    monkeypatch.setitem(DIRECT, "drifting", SeenDgn)
    seen = set()
    for objective in (SeenGan, SeenDgn):
        monkeypatch.setattr(objective, "seen", seen)
    update = update_of(recipe, "bfloat16")
    terms = update.step(0)
    assert seen == {(torch.float32, False)}
    assert {term.dtype for term in terms.values()} == {torch.float32}
    assert {p.dtype for p in update.networks.parameters()} == {torch.float32}


@BFLOAT16
@EVERY
def test_bfloat16_is_near_float32_and_not_the_same(recipe, update_of):
    terms = {p: values(update_of(recipe, p).step(0)) for p in ("float32", "bfloat16")}
    for each in terms.values():
        each.pop("d_accuracy", None)  # a share of a few pairs, which jumps where one is nearly even
    one, other = (torch.stack([*t.values()]) for t in terms.values())
    torch.testing.assert_close(one, other, rtol=0.05, atol=0.05)
    assert not torch.equal(one, other)


# --- as a graph -----------------------------------------------------------------------------------


class Tape:
    """Stands in for a CUDA graph: it does the same work again on the same tensors."""

    recordings = 0

    def record(self, work):
        self.recordings += 1
        return work


@EVERY
def test_a_replayed_step_is_the_step_to_the_last_bit(recipe, update_of):
    plain, graphed, tape = update_of(recipe), update_of(recipe), Tape()
    step = GraphedStep(graphed, warm=lambda work: work(), record=tape.record)
    rates = [Rates(update.optimisers) for update in (plain, graphed)]
    for at in range(WARM_UP + 4):
        for each in rates:
            each.scale(2.0 ** -(at % 3))
        assert_equal(values(step(at)), values(plain.step(at)))
    assert_equal(dict(graphed.networks.state_dict()), dict(plain.networks.state_dict()))
    assert tape.recordings == 1


def test_a_recording_reads_the_same_memory_every_time(update_of):
    update, read = update_of(DGN), []
    descend = update.descend
    update.descend = lambda *drawn: read.append([t.data_ptr() for t in drawn]) or descend(*drawn)
    step = GraphedStep(update, warm=lambda work: work(), record=Tape().record)
    for at in range(WARM_UP + 3):
        step(at)
    assert read[WARM_UP] == read[WARM_UP + 1] == read[WARM_UP + 2]


@BOTH
def test_after_a_rollback_the_step_is_recorded_anew(recipe, update_of):
    ends = []
    for graphed in (False, True):
        update, tape = update_of(recipe), Tape()
        step = update.step
        if graphed:
            step = GraphedStep(update, warm=lambda work: work(), record=tape.record)
        state = TrainingState(update, 0.9)
        for at in range(10):
            if at == 6:
                state.roll_back()
            state.add(step(at))
        ends.append((dict(update.networks.state_dict()), values(state.sums)))
        assert tape.recordings == 2 * graphed
    assert_equal(*ends)


# --- stopped and continued ------------------------------------------------------------------------


def trained(update, step, steps, saved=None):
    """The state after so many more steps, as it is read from a checkpoint."""
    state, rates, buffer = TrainingState(update, 0.9), Rates(update.optimisers), io.BytesIO()
    if saved:
        state.load_state_dict(saved)
    for _ in range(steps):
        rates.scale(0.5)
        state.add(step(state.step))
        state.ema.update(state.step)
        state.step += 1
    torch.save(state.state_dict(), buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def graphed(update):
    return GraphedStep(update, warm=lambda work: work(), record=Tape().record)


def fast(update):
    return stepper(update, Execution(compile=True))


@EVERY
@pytest.mark.parametrize(
    ("precision", "stepped"),
    [
        pytest.param("bfloat16", lambda update: update.step, id="bfloat16", marks=BFLOAT16),
        pytest.param("float32", graphed, id="graph"),
    ],
)
def test_what_is_continued_ends_in_the_same_bytes(recipe, precision, stepped, update_of):
    assert_continues(lambda: update_of(recipe, precision), stepped)


@pytest.mark.slow
@OWN
def test_what_is_compiled_and_continued_ends_in_the_same_bytes(update_of):
    assert_continues(lambda: update_of(DGN), fast)


def assert_continues(begin, stepped):
    one, two, three = begin(), begin(), begin()
    whole = trained(one, stepped(one), 12)
    part = trained(two, stepped(two), 7)
    ends = [whole, trained(three, stepped(three), 5, part)]
    for end in ends:
        del end["peak_memory"], end["elapsed"]
    assert_equal(*ends)


# --- compiled -------------------------------------------------------------------------------------


def slopes_of(update, loss):
    """The loss, its terms and the gradients of all weights, of the step's first loss."""
    update.networks.zero_grad()
    drawn = update.draw(0)
    inputs = (
        drawn
        if len(update.losses) == 1
        else (drawn[0].float() / 127.5 - 1, drawn[1], drawn[2][0], drawn[3][0])
    )
    value, terms = loss(*inputs)
    value.backward()
    return value.detach(), values(terms), [p.grad for p in update.networks.parameters()]


@pytest.mark.slow
@OWN
@EVERY
def test_the_whole_loss_is_traced_and_differentiated_twice(recipe, update_of):
    """By the compiler's front end alone, which is what the gradient penalty is hard for."""
    update = update_of(recipe)
    loss = next(iter(update.losses.values()))
    whole = torch.compile(loss, backend="aot_eager", fullgraph=True)
    one, other = (copy.deepcopy(slopes_of(update, each)) for each in (loss, whole))
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@OWN
def test_compiled_steps_are_the_steps(update_of):
    plain, step = update_of(DGN), fast(update_of(DGN))
    for at in range(3):
        torch.testing.assert_close(values(step(at)), values(plain.step(at)), rtol=1e-4, atol=1e-5)


@OWN
def test_without_a_compiler_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", (None, "no-such-compiler"))
    monkeypatch.setattr("torch._inductor.config.force_disable_caches", True)
    loss = compiled(lambda x: (x.sin().sum(), {}))
    with pytest.raises(WhichgenError, match=r"compile: torch.compile failed .*compile=off"):
        loss(torch.ones(100))
