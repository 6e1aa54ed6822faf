"""What a version says of itself: its tags, and its model card with the images' licence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from whichgen.registry.evidence import Candidate, Evidence, RefusedError
from whichgen.registry.validation import RECORD_FILE, WEIGHTS_FILE, sha256
from whichgen.registry.versions import CELLS, CONTENT, RECORD, WEIGHTS
from whichgen.tracking.cell_files import content_hash
from whichgen.tracking.provenance import git_tags
from whichgen.tracking.tracked_run import file_digest

NOT_STATED = "not stated: `licence` in the dataset's file says it"


def version_tags(
    evidence: Evidence, candidate: Candidate, models: Mapping[int, str]
) -> dict[str, str]:
    """All tags of the candidate's version.

    Args:
        models: the ids of its recipe's logged models by seed.
    """
    folder, cell, scores = candidate.files.generator, candidate.cell, candidate.files.scores
    assert folder is not None
    weights, record = folder / WEIGHTS_FILE, folder / RECORD_FILE
    beside = {name: [score, cell.floors.get(name)] for name, score in scores["scores"].items()}
    siblings = {
        str(seed): {"model": model, "weights": sha256(folder.parent / str(seed) / WEIGHTS_FILE)}
        for seed, model in models.items()
    }
    return {
        CONTENT: content(candidate),
        WEIGHTS: sha256(weights),
        RECORD: sha256(record),
        CELLS: json.dumps(siblings, sort_keys=True),
        "whichgen.dataset": evidence.dataset,
        "whichgen.recipe": cell.recipe,
        "whichgen.family": cell.family,
        "whichgen.seed": str(cell.seed),
        "whichgen.data_hash": cell.data_hash,
        "whichgen.judge": cell.judge,
        "whichgen.scores_and_floors": json.dumps(beside, sort_keys=True),
        "whichgen.verdict": content_hash(evidence.verdict),
        "whichgen.licence": evidence.licence or NOT_STATED,
        **git_tags(evidence.project, read_at="publishing"),
    }


def content(candidate: Candidate) -> str:
    """The hash by which the candidate's version is found again."""
    folder = candidate.files.generator
    assert folder is not None
    return file_digest(folder / WEIGHTS_FILE, folder / RECORD_FILE)


def version_card(evidence: Evidence, candidate: Candidate) -> str:
    """The recipe's model card, with which of its seeds this is and the licence of the images.

    Raises:
        RefusedError: if the comparison wrote none.
    """
    path = evidence.folder / "model_cards" / f"{candidate.cell.recipe}.md"
    if not path.is_file():
        raise RefusedError(f"{path}: missing; run kedro run --pipelines=comparison")
    scores: dict[str, Any] = candidate.files.scores["scores"]
    own = ", ".join(
        f"{name} {scores[name]:.3g}" for name in ("fd", "coverage") if scores.get(name) is not None
    )
    return (
        f"**This version is {candidate.title}**, the best of its seeds on validation; on test: "
        f"{own}. Licence of the {evidence.nouns['nouns'].en}: {evidence.licence or NOT_STATED}.\n\n"
        f"{path.read_text(encoding='utf-8')}"
    )
