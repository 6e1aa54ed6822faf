"""Synthetic cells with known scores."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.comparable import comparable
from whichgen.comparison.figures import draw_charts
from whichgen.comparison.machine import machine_report
from whichgen.comparison.phrases import nouns_of
from whichgen.comparison.report import (
    render_markdown,
    render_page,
    report_content,
    type_names,
)
from whichgen.comparison.verdict import decide

BUDGET = 1e12
STEPS = np.arange(100, 1001, 100)
REAL = 80  # images in a split
FLOORS = {
    "fd": 1.0,
    "fd_infinity": 0.1,
    "kid": 0.0,
    "precision": 0.95,
    "recall": 0.95,
    "density": 1.0,
    "coverage": 0.96,
    "clipped_density": 1.0,
    "clipped_coverage": 1.0,
    "vendi": 12.0,
    "vendi_ratio": 1.0,
    "types_covered": 1.0,
    "types_kl": 0.001,
    "type_agreement": 0.98,
    "gan_train": 0.98,
    "gan_test": 0.98,
    "c2st": 0.5,
    "memorisation": 0.5,
    "auth_pct": 55.0,
    "c_t": 0.0,
}
# Small offsets by seed, the same for every recipe, so that paired differences are exact.
WOBBLE = (0.00, 0.05, -0.04, 0.02, -0.03, 0.04, -0.02, 0.03)
CellMaker = Callable[..., Cell]


def history(*, final: float, start: float, flops_per_step: float = 1e9) -> pd.DataFrame:
    """Distance falls as 1 / step from ``start`` at step 100 to ``final`` at step 1000."""
    slope = np.log(final / start) / np.log(STEPS[-1] / STEPS[0])
    rows = pd.DataFrame(
        {
            "step": STEPS,
            "flops": STEPS * flops_per_step,
            "images_seen": STEPS * 64,
            "validation_fd": start * (STEPS / STEPS[0]) ** slope,
        }
    )
    between = rows.assign(step=rows["step"] - 50, flops=rows["flops"] - 50 * flops_per_step)
    return pd.concat([between.assign(validation_fd=np.nan), rows]).sort_values("step")


def scores_file(family: str, seed: int, **changes: Any) -> dict[str, Any]:
    """The content of a scores.json; ``scores`` in ``changes`` updates the single scores."""
    scores = dict(FLOORS, fd=10.0, coverage=0.80, type_agreement=0.9, recall=0.7)
    parameters = 40_000
    content: dict[str, Any] = {
        "dataset": "digits",
        "recipe": family,
        "family": family,
        "seed": seed,
        "status": "ok",
        "error": None,
        "uses_labels": True,
        "data_hash": "d" * 16,
        "extractor_hash": "e" * 16,
        "judge": "classifier_eeeeeeee",
        "budget_flops": BUDGET,
        "n": 360,
        "scores": scores | changes.pop("scores", {}),
        "p_values": {"memorisation": 0.5, "memorisation_exact": 0.4, "c2st": 0.001},
        "floors": dict(FLOORS),
        "cost": {
            "training_flops": BUDGET,
            "flops_per_step": 1e9,
            "steps": 1000,
            "images_seen": 64_000,
            "generator_parameters": parameters,
            "training_parameters": parameters * (2 if family == "gan" else 1),
            "sampling_flops_per_image": 2e6,
        },
        "c2st": {"low": 0.55, "high": 0.65, "detectable": 0.566, "n": 360},
        "per_type": {
            "agreement": [0.9] * 10,
            "share": [0.1] * 10,
            "real_share": [0.1] * 10,
            "fd": [7.25] * 10,
            "fd_floor": [2.5] * 10,
        },
        "missing": {},
    }
    return content | changes


def squares(rng: np.random.Generator, n: int, *, side: int, channels: int) -> Any:
    """Images (n, channels, side, side) of 8 × 8 squares, each of a random colour."""
    small = rng.integers(0, 256, (n, channels, 8, 8), dtype=np.uint8)
    return small.repeat(side // 8, axis=2).repeat(side // 8, axis=3)


@pytest.fixture
def make_cell() -> CellMaker:
    """A finished cell: ``make_cell(family, seed, scores={...}, channels=1, **changes)``."""

    def make(
        family: str, seed: int, *, curve: dict[str, float] | None = None, channels: int = 1,
        side: int = 8, **changes: Any,
    ) -> Cell:  # fmt: skip
        rng = np.random.default_rng(seed)
        draw = partial(squares, rng, side=side, channels=channels)
        curve = {"final": 10.0, "start": 100.0} | (curve or {})
        return Cell.from_scores(
            scores_file(family, seed, **changes),
            history=history(**curve),
            timing=pd.DataFrame({"step": STEPS, "seconds": STEPS / 50}),
            measured={
                "seconds": 20.0,
                "peak_memory_bytes": 3e8,
                "images_per_second": 3200.0,
                "device": "cpu",
            },
            samples=draw(80),
            sample_types=np.arange(80) % 10,
            neighbours={
                "train": rng.integers(0, REAL, 80),
                "held_out": rng.integers(0, REAL, 80),
                "to_train": rng.uniform(1, 2, 80).astype(np.float32),
                "to_held_out": rng.uniform(1, 2, 80).astype(np.float32),
            },
            strips=draw(50).reshape(10, 5, channels, side, side),
            strip_types=np.arange(10),
        )

    return make


@pytest.fixture
def make_cells(make_cell: CellMaker) -> Callable[..., list[Cell]]:
    """Both families over ``seeds`` seeds; a family's scores are its base plus a wobble."""

    def make(
        *,
        seeds: int = 6,
        gan: dict[str, float] | None = None,
        dgn: dict[str, float] | None = None,
        noise: float = 1.0,
        curves: dict[str, dict[str, float]] | None = None,
        **changes: Any,
    ) -> list[Cell]:
        cells = []
        for family, base in (("gan", gan or {}), ("dgn", dgn or {})):
            base = {"fd": 10.0, "coverage": 0.80, "type_agreement": 0.90} | base
            for seed in range(seeds):
                # The DGN's wobble is shifted by a seed: differences vary in size and sign.
                wobble = noise * WOBBLE[(seed + (family == "dgn")) % len(WOBBLE)]
                scores = {
                    name: value * np.exp(wobble) if name == "fd" else value + 0.1 * wobble
                    for name, value in base.items()
                }
                curve = (curves or {}).get(family)
                cells.append(make_cell(family, seed, scores=scores, curve=curve, **changes))
        return cells

    return make


@pytest.fixture
def info() -> dict[str, Any]:
    """The content of a dataset's info.json."""
    return {
        "name": "digits",
        "channels": 1,
        "resolution": 8,
        "labelled": True,
        "types": {"names": [str(i) for i in range(10)], "shares": [0.1] * 10},
        "counts": {"train": 1077, "validation": 360, "test": 360},
        "data_hash": "d" * 16,
    }


@pytest.fixture
def provenance() -> dict[str, Any]:
    """What the pipeline knows of its own making."""
    return {
        "git_revision": "0123abc",
        "dirty": False,
        "python": "3.11.2",
        "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
        "command": "make compare",
    }


@pytest.fixture
def splits() -> Callable[..., dict[str, dict[str, Any]]]:
    """Training and held-out images: ``splits(channels=3, side=64)``."""

    def make(*, channels: int = 1, side: int = 8) -> dict[str, dict[str, Any]]:
        rng = np.random.default_rng(0)
        return {
            name: {
                "images": squares(rng, REAL, side=side, channels=channels),
                "types": np.arange(REAL) % 10,
            }
            for name in ("train", "test")
        }

    return make


@pytest.fixture
def report_of(
    info: dict[str, Any], provenance: dict[str, Any]
) -> Callable[..., tuple[str, str, dict[str, Any]]]:
    """The comparison of these cells as page, Markdown and data."""

    def make(
        cells: list[Cell], *, drawn: bool = False, gates: Any = None, **changes: Any
    ) -> tuple[str, str, dict[str, Any]]:
        kept, left_out = comparable(cells)
        told = {"info": info, "provenance": provenance} | {
            key: changes.pop(key) for key in ("info", "provenance") if key in changes
        }
        verdict = decide(kept, left_out=left_out, info=told["info"])
        content = report_content(cells=kept, verdict=verdict, gates=gates, **told)
        names, nouns = type_names(told["info"]), nouns_of(told["info"])
        charts = draw_charts(kept, verdict, names, nouns) if drawn else {}
        page = render_page(content, cells=kept, info=told["info"], charts=charts, **changes)
        data = machine_report(kept, verdict, told["info"], told["provenance"], gates)
        return page, render_markdown(content, charts), data

    return make
