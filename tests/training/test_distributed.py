"""Several processes train as one: with real ones, over gloo."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from benchmarks.kills import make_cell
from tests.conftest import ROOT
from whichgen.errors import WhichgenError
from whichgen.training.batches import MixedBatches
from whichgen.training.cell import train_cell
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.devices import check_devices
from whichgen.training.job import Job, Results
from whichgen.training.launch import check_divides, node_rank, train_on_devices
from whichgen.training.process import STOPPING, Stopped
from whichgen.training.spec import CellSpec
from whichgen.training.torchrun import explain, rendezvous
from whichgen.training.worker import DISK_FULL, PEER_LOST

FAMILIES = ("gan", "dgn")
BOTH = pytest.mark.parametrize("family", FAMILIES)
BUDGETS = {"gan": 1.2e10, "dgn": 2.4e10}
LOSSES = {"gan": {"d_pairing", "d_r1", "g_pairing"}, "dgn": {"loss", "drift_0.02"}}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What two ranks have seen, by rank."""
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.training.rank", str(folder / str(rank))],
            cwd=ROOT, env=os.environ | world | {"RANK": str(rank)},
        )
        for rank in range(2)
    ]  # fmt: skip
    assert [rank.wait(timeout=60) for rank in ranks] == [0, 0]
    return [json.loads((folder / str(rank)).read_text()) for rank in range(2)]


@pytest.mark.slow
def test_each_rank_has_its_part_of_what_one_process_would_have(seen):
    columns = [rank["slices"]["columns"] for rank in seen]
    assert columns == [[[0, 1, 2], [6, 7, 8]], [[3, 4, 5], [9, 10, 11]]]
    images = torch.arange(40, dtype=torch.uint8).view(40, 1, 1, 1)
    alone = MixedBatches(images, torch.zeros(40), seed=1).at(7, 6)[0].flatten().tolist()
    assert seen[0]["slices"]["batch"] + seen[1]["slices"]["batch"] == alone


@pytest.mark.slow
def test_the_parts_of_all_are_gathered_and_each_has_the_gradient_of_its_own(seen):
    whole = torch.tensor([[0.0, 1, 10, 11], [2, 3, 12, 13]], requires_grad=True)
    (whole.square() * torch.arange(1.0, 5.0)).sum().backward()
    assert [rank["gathered"]["whole"] for rank in seen] == [whole.tolist()] * 2
    gradients = [torch.tensor(rank["gathered"]["gradient"]) for rank in seen]
    assert torch.equal(torch.cat(gradients, dim=1), whole.grad)


@pytest.mark.slow
def test_sums_and_means_are_over_all_whatever_the_layout_in_memory(seen):
    image = (2 * torch.arange(16.0)).view(1, 2, 2, 4).tolist()
    assert [rank["sums"]["sums"] for rank in seen] == [[image, 3.0]] * 2
    assert [rank["sums"]["mean"] for rank in seen] == [{"a": 1.5, "b": 1.0}] * 2


@pytest.mark.slow
def test_an_order_of_any_rank_reaches_all_at_the_next_call_or_at_once(seen):
    assert [rank["orders"] for rank in seen] == [[0, 0, 1, 0, 2]] * 2


@pytest.mark.slow
def test_what_is_not_finite_on_one_rank_stops_the_steps_of_all(seen):
    one, other = (rank["broken_on_one"] for rank in seen)
    assert one == other
    assert one["tripped"] == 1.0
    assert one["weights"][0] == one["weights"][1] == one["weights"][2]


@pytest.mark.slow
def test_the_first_rank_works_and_all_have_what_it_made(seen):
    state = {"step": 3, "weights": {"a": [1.5, -2.0]}, "anchor": None}
    assert [rank["first_alone"]["state"] for rank in seen] == [state] * 2
    assert [rank["first_alone"]["worked"] for rank in seen] == [1, 0]


@pytest.mark.slow
def test_the_end_of_a_rank_is_noticed(seen):
    assert [rank["lost"] for rank in seen] == ["lost", None]


@pytest.fixture(scope="module")
def make_job(tmp_path_factory):
    """A small cell of the shipped recipe on digits, with a row of history for every step."""
    folder, spec_of, arguments_of = tmp_path_factory.mktemp("jobs"), {}, {}
    for family in FAMILIES:
        spec, arguments_of[family] = make_cell(family)
        training = spec.recipe.training.model_copy(update={"rows": 9999})
        recipe = spec.recipe.model_copy(update={"training": training})
        spec_of[family] = replace(spec, recipe=recipe, budget_flops=BUDGETS[family])
    save_file(arguments_of["gan"]["train_split"], folder / "train.safetensors")
    save_file(arguments_of["gan"]["validation_split"], folder / "validation.safetensors")

    def make(family, name):
        job = Job(
            spec=spec_of[family], info=arguments_of[family]["info"], device="cpu", data=folder,
            live=folder / name / "live", checkpoints=folder / name / "checkpoints",
            saving={"every_seconds": 0.2, "keep": 3}, rest="auto",
        )  # fmt: skip
        return job, arguments_of[family]

    return make


@pytest.fixture(scope="module")
def by_two(make_job):
    """The results of two processes that nobody disturbed, by family."""
    results = {}

    def train(family):
        if family not in results:
            results[family] = on_two(*make_job(family, f"{family} whole"))
        return results[family]

    return train


def on_two(job, arguments):
    return train_on_devices(job, arguments["extractor"], devices=2, nodes=1)


@pytest.mark.slow
@BOTH
def test_two_processes_have_the_losses_of_one(family, by_two, make_job):
    job, arguments = make_job(family, f"{family} alone")
    checkpoints = Checkpoints(job.checkpoints, job.spec.identity())
    result = train_cell(job.spec, **arguments, live=job.live, checkpoints=checkpoints)
    alone, two = Results.of(*result), by_two(family)
    assert two.record["cost"] == alone.record["cost"]
    assert two.measured["devices"] == 2
    for mine, its in zip(two.history[:20], alone.history[:20], strict=True):
        assert LOSSES[family] <= mine.keys()
        assert mine == pytest.approx(its, rel=1e-5)


@pytest.fixture
def signals_act():
    """Even where the tests are a background job, for which a shell has Ctrl-C ignored."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.slow
@pytest.mark.usefixtures("signals_act")
@pytest.mark.parametrize(("family", "number"), [("gan", signal.SIGINT), ("dgn", signal.SIGTERM)])
def test_two_processes_that_were_stopped_go_on_to_the_same_bytes_and_one_goes_on_too(
    family, number, by_two, make_job, tmp_path
):
    whole, (job, arguments) = by_two(family), make_job(family, f"{family} stopped")
    stopper = threading.Thread(target=signal_at_a_checkpoint, args=(job, number))
    stopper.start()
    with pytest.raises(Stopped) as stopped:
        on_two(job, arguments)
    stopper.join()
    assert stopped.value.code == 128 + number
    assert json.loads((job.live / "status.json").read_text())["state"] == "stopped"
    saved = max(job.checkpoints.glob("*/step_*"))
    assert saved.name.startswith(f"step_{stopped.value.step:010d}.")
    assert 0 < stopped.value.step < whole.record["cost"]["steps"]
    shutil.copytree(job.checkpoints, tmp_path / "checkpoints")
    pieces = on_two(job, arguments)
    assert pieces.history == whole.history
    assert pieces.record == whole.record
    assert all(torch.equal(pieces.weights[name], whole.weights[name]) for name in whole.weights)
    checkpoints = Checkpoints(tmp_path / "checkpoints", job.spec.identity())
    one, record, _ = train_cell(job.spec, **arguments, live=job.live, checkpoints=checkpoints)
    made = stopped.value.step
    assert one.history[:made] == whole.history[:made]
    assert record["cost"] == whole.record["cost"]


def signal_at_a_checkpoint(job, number):
    end = time.monotonic() + 60
    while time.monotonic() < end and not list(job.checkpoints.glob("*/step_*")):
        time.sleep(0.01)
    os.kill(os.getpid(), number)


@BOTH
def test_a_spec_is_rebuilt_from_its_configuration(family, make_job):
    spec = make_job(family, "none")[0].spec
    assert CellSpec.from_configuration(json.loads(json.dumps(spec.configuration()))) == spec


def test_a_job_and_its_results_are_read_as_they_were_written(make_job, tmp_path):
    job, arguments = make_job("gan", "none")
    job.write(tmp_path, arguments["extractor"])
    again = Job.read(tmp_path)
    assert again == job
    judge, weights = again.extractor(tmp_path), arguments["extractor"].state_dict()
    assert all(torch.equal(weight, weights[name]) for name, weight in judge.state_dict().items())
    assert not judge.training
    assert torch.equal(again.train_split()["images"][:], arguments["train_split"]["images"])
    results = Results(
        weights={"a": torch.rand(2, 3).T}, record={"error": None}, measured={"devices": 2},
        history=[{"step": 1, "loss": 0.1}], seconds=[0.1 + 0.2],
    )  # fmt: skip
    results.write(tmp_path)
    read = Results.read(tmp_path)
    assert torch.equal(read.weights.pop("a"), results.weights.pop("a"))
    assert read == results


@pytest.mark.parametrize(
    ("family", "key", "size"), [("gan", "batch", 32), ("dgn", "generated_per_type", 16)]
)
def test_processes_that_cannot_share_the_batch_are_refused(family, key, size, make_job):
    spec = make_job(family, "none")[0].spec
    check_divides(spec, 4)
    with pytest.raises(WhichgenError) as refused:
        check_divides(spec, 5)
    assert str(refused.value).startswith(
        f"devices: 5 processes cannot share recipes.{family}.training.{key}, {size}, evenly; "
    )


def test_more_devices_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_devices("auto", 2)
    check_devices("cpu", 3)
    with pytest.raises(WhichgenError, match=r"^devices: 3, but this machine has 2 \(cuda\); use "):
        check_devices("cuda", 3)


def test_several_nodes_need_an_environment_that_says_how_they_meet(monkeypatch):
    assert (node_rank(1), rendezvous(1)) == (0, ["--standalone"])
    monkeypatch.setenv("MASTER_ADDR", "10.0.0.1")
    for wrong in ("", "2", "-1", "one"):
        monkeypatch.setenv("NODE_RANK", wrong)
        with pytest.raises(WhichgenError, match="nodes: 2 need MASTER_ADDR"):
            node_rank(2)
    monkeypatch.setenv("NODE_RANK", "1")
    assert node_rank(2) == 1
    assert rendezvous(2) == [
        "--nnodes=2", "--node-rank=1", "--master-addr=10.0.0.1", "--master-port=29500",
    ]  # fmt: skip
    monkeypatch.delenv("MASTER_ADDR")
    with pytest.raises(WhichgenError, match="nodes: 2 need MASTER_ADDR"):
        node_rank(2)


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ({0: PEER_LOST, 1: -9}, r"rank 1 \(process 101\) was ended by SIGKILL; all of them"),
        ({0: -15, 1: 1}, r"rank 1 \(process 101\) ended with code 1, its error is above; "),
        ({0: DISK_FULL, 1: PEER_LOST}, r"rank 0 \(process 100\) found the disk full: make room; "),
        ({2: PEER_LOST}, r"rank 2 \(process 102\) has lost its connection to a process of another"),
    ],
)
def test_the_rank_that_ended_first_is_named(codes, said, tmp_path):
    failures = {
        rank: ProcessFailure(rank, 100 + rank, code, str(tmp_path / "none"))
        for rank, code in codes.items()
    }
    assert re.match(said, explain(failures))
