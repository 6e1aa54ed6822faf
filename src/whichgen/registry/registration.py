"""A candidate's cells as runs and models in MLflow, and the one put forward as a version."""

from __future__ import annotations

import tempfile
from pathlib import Path

from whichgen.registry.cards import version_card, version_tags
from whichgen.registry.evidence import Candidate, Evidence, RefusedError
from whichgen.registry.validation import DamagedError, validate
from whichgen.registry.versions import Registry, Version
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.store import Store


def register(evidence: Evidence, registry: Registry, candidate: Candidate) -> Version:
    """The candidate's version, validated, as challenger; what is there already is not made again.

    Raises:
        RefusedError: if its files in MLflow are not the cell's, or it does not draw.
    """
    card = version_card(evidence, candidate)
    runs = _publish(registry.store, evidence, candidate)
    models = {seed: _newest_model(registry.store, run_id) for seed, run_id in runs.items()}
    seed = candidate.cell.seed
    _log_card(registry.store, models[seed], card)
    tags = version_tags(evidence, candidate, models)
    version = registry.register(models[seed], runs[seed], tags, card)
    try:
        validate(registry.files(version), version, types=evidence.info["types"]["names"])
    except DamagedError as damage:
        raise RefusedError(f"{version.title} is not valid: {damage}") from damage
    registry.challenge(version)
    return version


def _publish(store: Store, evidence: Evidence, candidate: Candidate) -> dict[int, str]:
    """The runs of the recipe's finished cells by seed, made where they are not there yet."""
    recipe = candidate.cell.recipe
    found = {
        seed: publish_cell(store, (evidence.dataset, recipe, seed))
        for seed, cell in candidate.siblings.items()
        if not cell.failed
    }
    return {seed: run_id for seed, run_id in found.items() if run_id is not None}


def _newest_model(store: Store, run_id: str) -> str:
    outputs = store.client.get_run(run_id).outputs.model_outputs
    models = [store.client.get_logged_model(output.model_id) for output in outputs]
    newest = max(models, key=lambda model: model.creation_timestamp)
    return str(newest.model_id)


def _log_card(store: Store, model_id: str, card: str) -> None:
    with tempfile.TemporaryDirectory(prefix="whichgen-") as folder:
        path = Path(folder) / "model_card.md"
        path.write_text(card, encoding="utf-8")
        store.client.log_model_artifact(model_id, str(path))
