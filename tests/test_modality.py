"""A modality that the package does not know, put on the lists, goes all the way to the report."""

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from tests.training.conftest import DGN, GAN
from whichgen.comparison.cells import Cell
from whichgen.comparison.pictures import grids, grids_by_type, triplets, walks
from whichgen.forms import FORMS, Form, form_of
from whichgen.networks import MODALITIES, Modality, load_generator
from whichgen.networks.augment import DiffAugment
from whichgen.networks.discriminators import Discriminator
from whichgen.networks.generators import Generator
from whichgen.parameters import Dataset, Execution
from whichgen.pipelines.data import nodes as data
from whichgen.pipelines.evaluation import nodes as evaluation
from whichgen.pipelines.extractor import nodes as extractor
from whichgen.pipelines.training import nodes as training
from whichgen.shards import Plan, write_shards
from whichgen.sources import SOURCES, LabelledImages

LENGTH, LOUDEST = 16, 32767
RECIPES = {"gan": GAN.model_dump(exclude_unset=True), "dgn": DGN.model_dump(exclude_unset=True)}


def load_sounds(raw, *, n):
    """Tones (n, 16) int16 of two heights and any phase."""
    rng = np.random.default_rng(0)
    heights = np.arange(n) % 2
    angle = rng.uniform(0, 2 * np.pi, (n, 1)) + np.arange(LENGTH) * (1 + heights[:, None]) * 0.4
    waves = (0.5 * LOUDEST * np.sin(angle)).astype(np.int16)
    return LabelledImages(waves, heights, ("low", "high"), tuple(f"tone {i}" for i in range(n)))


class SoundForm(Form):
    noun, nouns, noun_zh = "sound", "sounds", "声音"
    dtype, sizes, alone, ending = np.int16, ("length",), False, "raw"
    encodings = MappingProxyType({"array": lambda sounds: sounds})

    @staticmethod
    def measure(training):
        return {"length": training.shape[1]}

    @staticmethod
    def words(shape):
        return f"{shape[0]} values of sound"

    @property
    def shape(self):
        return (self._info["length"],)

    def capacity(self, columns, rows):
        return rows

    def picture(self, samples, columns, *, least=56, ground=255, among=None):
        loud = np.abs(samples.astype(np.float64)) / LOUDEST
        return (255 * loud).astype(np.uint8)[:, :, None]

    def picture_by_type(self, samples, types, columns, *, least=56):
        return self.picture(samples[np.argsort(types)], columns)

    def picture_of_walks(self, walks, *, least=56, ground=255):
        return self.picture(walks.reshape(-1, walks.shape[-1]), 1)

    def exact(self, samples):
        return True

    def encode(self, sample):
        return sample.tobytes()

    def column(self, sample, name):
        return sample.tolist()

    def column_type(self):
        return pa.list_(pa.int16(), self.shape[0])

    def feature(self):
        return {"feature": {"dtype": "int16", "_type": "Value"}, "_type": "List"}


class Ear(Discriminator):
    def __init__(self, *, length, n_types, trunk, width_factor):
        super().__init__()
        self.linear = nn.Linear(length + n_types, 1)
        self.n_types = n_types

    def forward(self, images, types):
        return self.linear(torch.cat([images, self._one_hot(types)], 1)).squeeze(1)

    def with_slopes(self, images, types):
        slopes = self.linear.weight[:, : images.shape[1]].expand(len(images), -1)
        return self(images, types), slopes

    def _one_hot(self, types):
        return nn.functional.one_hot(types, self.n_types).float()


class Voice(nn.Module):
    def __init__(self, width, length):
        super().__init__()
        self.linear = nn.Linear(width, length)

    def forward(self, x, types):
        return torch.tanh(self.linear(torch.relu(x)))


def voices(*, latent, shares, stem, length, trunk):
    stem = stem(latent, trunk.width, len(shares))
    return Generator(latent=latent, shares=shares, stem=stem, trunk=Voice(trunk.width, length))


def quieter(stored, level, rng):
    return (stored * (1 - level)).short()


class Sounds(Modality):
    generators, discriminators = MappingProxyType({"voice": voices}), MappingProxyType({"ear": Ear})
    corruptions = MappingProxyType({"halving": ((0.0, 0.5), quieter)})

    def sizes(self, pack=1):
        return {"length": pack * self.form.shape[0]}

    def to_float(self, stored):
        return stored.float() / LOUDEST

    def to_stored(self, samples):
        return (samples * LOUDEST).round().short()

    def extractor(self, width, features):
        return nn.Sequential(
            nn.Linear(self.form.shape[0], width), nn.ReLU(), nn.Linear(width, features)
        )

    def vary(self, samples, rng):
        return samples

    def spoil(self, samples, rng):
        return samples + 0.1 * torch.randn(samples.shape, generator=rng)

    def augment(self, strengths):
        return DiffAugment(strengths)


@pytest.fixture
def sounds(monkeypatch):
    monkeypatch.setitem(SOURCES, "sound", {"tones": load_sounds})
    monkeypatch.setitem(FORMS, "sound", SoundForm)
    monkeypatch.setitem(MODALITIES, "sound", Sounds)
    fitting = {
        "width": 16,
        "features": 6,
        "images_seen": 3000,
        "batch": 50,
        "rate": 3e-3,
        "seed": 0,
    }
    return Dataset.model_validate(
        {
            "modality": "sound",
            "source": {"name": "tones", "n": 400},
            "split": {"validation": 100, "test": 100, "seed": 0},
            "extractor": fitting,
            "trunk": {"width": 16, "blocks": 1},
            "budget": 1e8,
        }
    )


def train(recipe, dataset, splits, info, judge, card, folder):
    """The cell's weights and record, from a checkpointed training."""
    spec = training.specify_cell(recipe, RECIPES, 0, None, dataset, info, card, Execution())
    weights, cell, *_ = training.train_generator(
        spec, splits[0], splits[1], info, judge, "cpu", folder / "live", folder / "checkpoints",
        {"every_seconds": 100, "keep": 1}, folder, "memory", 1, 1,
    )  # fmt: skip
    return weights, cell


@pytest.mark.parametrize("family", ["gan", "dgn"])
def test_it_is_trained_judged_shown_and_written_by_the_same_code(sounds, family, tmp_path):
    raw = data.read_source(sounds, Path())
    index, made = data.split_images(raw, sounds, "cpu")
    splits = data.pack_splits(raw, index)
    info = data.describe_dataset("tones", sounds, raw, *splits, made)
    assert (info["modality"], info["length"]) == ("sound", LENGTH)
    info, form = extractor.check_preparation(sounds, info), form_of(info)
    weights, second_weights, card = extractor.fit_judges(sounds, info, splits[0], "cpu")
    judge = extractor.rebuild_extractor(weights, card, info, sounds)
    second = extractor.rebuild_second_judge(second_weights, card, info, sounds)
    gates = extractor.check_gates(judge, second, card, splits[1], splits[2], info)
    real = extractor.extract_real_features(judge, second, *splits)
    floors = extractor.measure_floors(real, splits[1], info)
    weights, cell = train(family, sounds, splits, info, judge, card, tmp_path)
    assert cell["status"] == "ok"
    assert cell["data"]["length"] == LENGTH
    samples = evaluation.draw_samples(weights, cell, info, card, real)
    assert (samples["images"].dtype, samples["images"].shape) == (torch.int16, (100, LENGTH))
    features = evaluation.extract_features(samples, judge, second)
    scores = evaluation.score_cell(cell, samples, features, real, *floors, gates, card, info)
    assert scores["scores"]["fd"] > 0
    assert [picture.ndim for picture in evaluation.draw_grids(samples, info)] == [3, 3]
    _check_report(scores, samples, evaluation.draw_interpolations(weights, cell, samples), form)
    _check_shards(weights, cell, form, tmp_path)


def _check_report(scores, samples, strips, form):
    scored = Cell.from_scores(
        scores,
        samples=samples["images"].numpy(),
        sample_types=samples["types"].numpy(),
        strips=strips["images"].numpy(),
        neighbours={"train": np.arange(100)},
    )
    shown, test = {scored.family: scored}, {"images": scored.samples, "types": scored.sample_types}
    assert len(grids(shown, test, form)) == 2
    assert [p.caption for p in grids_by_type(scored, ["low", "high"], form)] == ["low", "high"]
    assert len(walks(shown, form)) == 1
    assert triplets(scored, test, test, form) == []  # a sound alone is no picture here


def _check_shards(weights, cell, form, folder):
    import json

    from pyarrow.parquet import read_table
    from safetensors.torch import save_file

    save_file(weights, folder / "generator.safetensors")
    (folder / "cell.json").write_text(json.dumps(cell))
    plan = Plan(
        model="sounds", weights="", n=7, shard_size=7, form="parquet", latent_seed=0, type_=1,
        truncation=1.0, type_names=("low", "high"),
    )  # fmt: skip
    write_shards(load_generator(folder), plan, folder / "shards", lambda n, there: None)
    table = read_table(folder / "shards/shard-000000.parquet")
    assert table.schema.field("sound").type == form.column_type()
    assert table["label"].to_pylist() == [1] * 7
