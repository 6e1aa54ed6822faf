"""Images that stay in their file are the same images, in the same order, to the same bytes."""

import copy
import gc
import pickle
import signal
import threading
import time

import pytest
import torch
from safetensors.torch import save_file

from tests.digits import GREY
from tests.training.conftest import DGN, GAN, K
from whichgen.catalog import PackedDataset
from whichgen.errors import WhichgenError
from whichgen.parameters import Encoder
from whichgen.training.ahead import DEPTH, Ahead
from whichgen.training.batches import MixedBatches, TypedBatches
from whichgen.training.cell import train_cell
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.classifier import fit_classifier
from whichgen.training.packed import PackedImages
from whichgen.training.process import Stopped

ENCODED = DGN.model_copy(
    update={"encoder": Encoder(width=8, features=5, images_seen=600, batch=30, rate=3e-3)}
)
EVERY = pytest.mark.parametrize("recipe", [GAN, DGN, ENCODED], ids=["gan", "dgn", "encoded"])


@pytest.fixture
def path(splits, tmp_path):
    save_file(splits["train"], tmp_path / "train.safetensors")
    return tmp_path / "train.safetensors"


@pytest.fixture
def streamed(path):
    split = PackedDataset(filepath=str(path), data="stream").load()
    return {name: part.to("cpu") for name, part in split.items()}


def reading_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def wait_for_no_thread():
    end = time.monotonic() + 10
    while reading_threads() and time.monotonic() < end:
        gc.collect()  # batches and what reads ahead for them refer to each other
        time.sleep(0.01)
    assert reading_threads() == []


def test_what_is_read_is_what_was_packed(streamed, splits):
    images, whole = streamed["images"], splits["train"]["images"]
    assert isinstance(images, PackedImages)
    assert images.shape == whole.shape
    assert len(images) == len(whole)
    assert torch.equal(streamed["types"], splits["train"]["types"])
    index = torch.tensor([[3, 89, 3], [0, 41, 7]])
    assert torch.equal(images.read(index), whole[index])
    for part in (slice(5, 17), slice(80, None), slice(0), slice(None)):
        assert torch.equal(images[part], whole[part])
    assert [part.tolist() for part in images.split(40)] == [p.tolist() for p in whole.split(40)]
    for copied in (copy.deepcopy(images), pickle.loads(pickle.dumps(images))):
        assert torch.equal(copied.read(index), whole[index])


def test_batches_are_the_same_wherever_one_begins(streamed, splits):
    images, types = splits["train"].values()
    for make, each in (
        (MixedBatches, 7),
        (lambda images, types, seed: TypedBatches(images, types, n_types=K, seed=seed), 8),
    ):
        one, other = make(images, types, seed=1), make(streamed["images"], types, seed=1)
        for step in (0, 1, 2, 30, 31, 3):
            pairs = zip(one.at(step, each), other.at(step, each), strict=True)
            assert all(torch.equal(a, b) for a, b in pairs)


def test_where_images_rest_follows_from_what_is_free(path, monkeypatch):
    size = 90 * 64
    for rest, free, in_memory in (
        ("auto", 2 * size, True), ("auto", 2 * size - 1, False), ("memory", 0, True),
        ("stream", 10 * size, False),
    ):  # fmt: skip
        monkeypatch.setattr("whichgen.training.packed.available_memory", lambda device, f=free: f)
        images = PackedImages(path, rest).to("cpu")
        assert isinstance(images, torch.Tensor) is in_memory


@EVERY
def test_a_whole_training_ends_in_the_same_bytes(
    recipe, spec, splits, streamed, info, extractor, tmp_path
):
    ends = []
    for name, split in (("memory", splits["train"]), ("stream", streamed)):
        trained, record, _ = train_cell(
            spec(recipe, budget=7e8), train_split=split, validation_split=splits["val"], info=info,
            extractor=extractor, live=tmp_path / name,
            checkpoints=Checkpoints(tmp_path / name / "ckpt", spec(recipe).identity()),
        )  # fmt: skip
        weights = {n: w.tolist() for n, w in trained.generator.state_dict().items()}
        ends.append((weights, trained.history, record))
    assert ends[0] == ends[1]


class Interrupting(PackedImages):
    """Sends SIGTERM while a batch is read."""

    reads = 0

    def read(self, index):
        Interrupting.reads += 1
        if Interrupting.reads == 20:
            signal.raise_signal(signal.SIGTERM)
        return super().read(index)


@EVERY
def test_stopped_while_it_reads_it_goes_on_to_the_same_bytes(
    recipe, spec, splits, streamed, path, info, extractor, tmp_path
):
    def train(name, images):
        return train_cell(
            spec(recipe, budget=7e8), train_split=streamed | {"images": images},
            validation_split=splits["val"], info=info, extractor=extractor, live=tmp_path / name,
            checkpoints=Checkpoints(tmp_path / name / "ckpt", spec(recipe).identity()),
        )  # fmt: skip

    whole, _, _ = train("whole", streamed["images"])
    Interrupting.reads = 0 if recipe.family == "gan" or recipe.encoder is None else -30
    with pytest.raises(Stopped):
        train("pieces", Interrupting(path, "stream"))
    again, _, _ = train("pieces", streamed["images"])
    assert whole.history == again.history
    weights = again.generator.state_dict()
    assert all(torch.equal(w, weights[n]) for n, w in whole.generator.state_dict().items())


def test_the_judge_is_the_same(streamed, splits):
    options = {
        "modality": GREY,
        "n_types": K, "width": 8, "features": 6, "images_seen": 300, "batch": 30, "rate": 3e-3,
        "seed": 0, "title": "judge",
    }  # fmt: skip
    one, other = (
        fit_classifier(s["images"], s["types"], **options).state_dict()
        for s in (splits["train"], streamed)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("keep", [0, 5, 50, 1000, -1])
def test_a_file_that_is_not_whole_is_told(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[:keep])
    with pytest.raises(WhichgenError, match=r"train.safetensors: not a whole safetensors file"):
        PackedImages(path)


def test_a_file_that_shrinks_while_it_is_read_ends_the_training_with_its_name(streamed, path):
    def train():
        batches = MixedBatches(*streamed.values(), seed=0)
        batches.at(0, 30)
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
        return [batches.at(step, 30) for step in range(1, DEPTH + 4)]

    try:
        train()
    except WhichgenError as error:
        told = str(error)
    assert "train.safetensors: not a whole safetensors file (it has become shorter)" in told


def test_the_next_steps_are_read_ahead_and_a_jump_begins_anew():
    read = []

    def choose(step, factor):
        assert threading.current_thread() is threading.main_thread()
        return step * factor

    def reading(chosen):
        read.append(chosen)
        if chosen == 20:
            raise OSError("no step 2")
        return -chosen

    ahead = Ahead(choose, reading)
    assert ahead(0, 10) == (0, 0)
    assert ahead(1, 10) == (10, -10)
    with pytest.raises(OSError, match="no step 2"):
        ahead(2, 10)
    assert ahead(3, 10) == (30, -30)
    assert read[:4] == [0, 10, 20, 30]
    assert ahead(50, 10) == (500, -500)
    assert ahead(51, 7) == (357, -357)
    del ahead
    wait_for_no_thread()
