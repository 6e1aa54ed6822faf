"""Decide by the comparison's files who is champion; the registry holds the outcome."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whichgen.errors import WhichgenError
from whichgen.parameters import Dataset

if TYPE_CHECKING:
    from torch import Tensor

    from whichgen.comparison.cells import Cell
    from whichgen.judges import SecondJudge
    from whichgen.networks import Judge
    from whichgen.registry.evidence import Evidence, Rescore

logger = logging.getLogger(__name__)


def bind_scoring(
    extractor: Judge,
    second_judge: dict[str, SecondJudge],
    card: dict[str, Any],
    real: dict[str, Tensor],
    floors: dict[str, float],
    second_floors: dict[str, float],
    gates: dict[str, Any],
    info: dict[str, Any],
) -> dict[str, Rescore]:
    """A function that scores any generator of the dataset as the evaluation does, as `score`."""
    from safetensors.torch import load_file

    from whichgen.pipelines.evaluation.nodes import draw_samples, extract_features, score_cell

    present = {"data_hash": info["data_hash"], "extractor_hash": card["extractor_hash"]}

    def score(folder: Path) -> dict[str, Any]:
        cell = json.loads((folder / "cell.json").read_text()) | present
        samples = draw_samples(load_file(folder / "generator.safetensors"), cell, info, card, real)
        features = extract_features(samples, extractor, second_judge)
        return score_cell(cell, samples, features, real, floors, second_floors, gates, card, info)

    return {"score": score}


def find_verdict(verdicts: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """The verdict of the dataset by that name.

    It waits for nothing that is made, so it is told before any judge is fitted that there is none.

    Raises:
        WhichgenError: if there is none.
    """
    if name not in verdicts:
        raise WhichgenError(
            f"data/08_reporting/{name}/comparison: no verdict to promote by; run dvc repro, or "
            f"kedro run --params dataset={name}, then this again"
        )
    return verdicts[name]


def gather_evidence(
    every: list[Cell],
    verdict: dict[str, Any],
    dataset: Dataset,
    info: dict[str, Any],
    rescore: dict[str, Rescore],
) -> Evidence:
    """The dataset's comparison as it lies in its files.

    Raises:
        WhichgenError: if its verdict is not of the cells that are here.
    """
    from whichgen.comparison.comparable import comparable
    from whichgen.comparison.verdict import decide
    from whichgen.registry.evidence import Evidence

    cells, left_out = comparable(every)
    name = info["name"]
    if decide(cells, left_out=left_out, weights=verdict["weights"], info=info) != verdict:
        raise WhichgenError(
            f"data/08_reporting/{name}/comparison/verdict.json: not of the cells that are here; "
            "run dvc repro, or kedro run --pipelines=comparison "
            f"--params dataset={name}, then this again"
        )
    return Evidence(
        project=Path.cwd(),
        dataset=name,
        info=info,
        verdict=verdict,
        cells=cells,
        licence=dataset.licence,
        rescore=rescore["score"],
    )


def promote_winner(evidence: Evidence, options: dict[str, Any]) -> dict[str, Any]:
    """Register the winner and make it champion if it is surely better; see `registry.promotion`."""
    from whichgen.registry.promotion import closing_line, promote

    result = promote(evidence, options["mode"])
    logger.info("%s", closing_line(result))
    return result
