"""Register the comparison's winner; make it champion if it is surely better than the present one.

All that is written to MLflow before the last request leaves the champion as it is, and a second run
finds it again; the last request moves the alias. So a run may be killed anywhere, and the same
command goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from whichgen.comparison.verdict import plain
from whichgen.registry.cards import content
from whichgen.registry.champion import OutgrownError, champion_cells
from whichgen.registry.connection import database_is_missing, open_registry
from whichgen.registry.evidence import (
    Candidate,
    Evidence,
    RefusedError,
    check_vetoes,
    choose_candidate,
)
from whichgen.registry.gate import Gate, compare
from whichgen.registry.registration import register
from whichgen.registry.versions import (
    BEFORE,
    SINCE,
    TAKEN_BACK,
    DamagedError,
    Registry,
    Version,
    model_name,
)
from whichgen.tracking.cell_files import content_hash

Mode = Literal["enabled", "dry_run", "disabled"]


def promote(evidence: Evidence, mode: Mode) -> dict[str, Any]:
    """Promote the winner, or say why not.

    Args:
        mode: "dry_run" decides alike and writes nothing; "disabled" does not even ask MLflow.

    Returns:
        What `promotion.json` holds, in JSON types; see `docs/lifecycle.md`.

    Raises:
        WhichgenError: if MLflow does not answer.
    """
    result: dict[str, Any] = {
        "dataset": evidence.dataset,
        "model": model_name(evidence.dataset),
        "mode": mode,
        "data_hash": evidence.info["data_hash"],
        "verdict": content_hash(evidence.verdict),
        "candidate": None,
        "champion_before": None,
        "champion_after": None,
        "reasons": [],
        "axes": {},
    }
    if mode == "disabled":
        return result | {"decision": "disabled", "reasons": ["promotion.mode is disabled"]}
    if mode == "dry_run" and database_is_missing(evidence.project):
        decided = _decide(evidence, None, None, dry=True)
    else:
        with open_registry(evidence.project, evidence.dataset) as registry:
            champion = registry.champion()
            result["champion_before"] = result["champion_after"] = champion and champion.number
            decided = _decide(evidence, registry, champion, dry=mode == "dry_run")
    if mode == "dry_run":
        decided = {**decided, "decision": "dry_run", "would_be": decided["decision"]}
    written: dict[str, Any] = plain(result | decided)
    return written


def closing_line(result: Mapping[str, Any]) -> str:
    """One line on what a promotion decided."""
    told = [result["decision"].replace("_", " ")]
    if result["decision"] == "dry_run":
        told.append(f"nothing changed, it would be {result['would_be']}")
    if candidate := result["candidate"]:
        version = f", version {candidate['version']}" if candidate["version"] else ""
        told.append(f"{candidate['recipe']}, seed {candidate['seed']}{version}")
    before, after = (result[key] or "none" for key in ("champion_before", "champion_after"))
    told.append(f"champion {after}" if before == after else f"champion {before} → {after}")
    return f"{result['model']}: {'; '.join([*told, *result['reasons']])}"


def _decide(
    evidence: Evidence, registry: Registry | None, champion: Version | None, *, dry: bool
) -> dict[str, Any]:
    """The part of the result that depends on the candidate; writes nothing if `dry`."""
    decided: dict[str, Any] = {}
    try:
        candidate = choose_candidate(evidence)
        named = {"recipe": candidate.cell.recipe, "seed": candidate.cell.seed, "version": None}
        decided["candidate"] = named
        check_vetoes(candidate, evidence)
        version = _version(evidence, registry, candidate, dry=dry)
        named["version"] = version and version.number
        if champion and version and version.number == champion.number:
            since = champion.tags.get(SINCE)
            return decided | {"decision": "kept", "reasons": [f"it is the champion since {since}"]}
        if version:
            _check_not_taken_back(version, evidence.dataset)
        gate = _gate(evidence, registry, candidate, champion)
    except RefusedError as refusal:
        return decided | {"decision": "refused", "reasons": [str(refusal)]}
    decided |= {"reasons": gate.reasons, "axes": gate.axes}
    if not gate.passed:
        return decided | {"decision": "kept"}
    if registry and version and not dry:
        _crown(registry, version, champion)
        decided["champion_after"] = version.number
    return decided | {"decision": "promoted"}


def _version(
    evidence: Evidence, registry: Registry | None, candidate: Candidate, *, dry: bool
) -> Version | None:
    """The candidate's version, made if need be; None where a dry run finds none."""
    if registry is None:
        return None
    if dry:
        return registry.find(content(candidate))
    return register(evidence, registry, candidate)


def _check_not_taken_back(version: Version, dataset: str) -> None:
    if since := version.tags.get(TAKEN_BACK):
        raise RefusedError(
            f"{version.title} was rolled back on {since}; only whichgen rollback --dataset "
            f"{dataset} --to {version.number} makes it champion again"
        )


def _gate(
    evidence: Evidence, registry: Registry | None, candidate: Candidate, champion: Version | None
) -> Gate:
    if registry is None or champion is None:
        return Gate(True, ["the first champion: no veto speaks against it"], {})
    try:
        cells = champion_cells(evidence, registry, champion)
    except OutgrownError as difference:
        return Gate(True, [str(difference)], {})
    except (DamagedError, OSError) as damage:
        raise RefusedError(
            f"the champion, {champion.title}, cannot be scored: {damage}; restore its files in "
            f"{champion.source}, or whichgen rollback --dataset {evidence.dataset}"
        ) from damage
    served = cells[champion.seed], candidate.cell
    return compare(cells, candidate.siblings, served, evidence.verdict["weights"], evidence.nouns)


def _crown(registry: Registry, version: Version, champion: Version | None) -> None:
    registry.tag(version, BEFORE, champion.number if champion else "")
    registry.tag(version, SINCE, now())
    registry.crown(version, instead_of=champion)


def now() -> str:
    """The time as it stands in tags: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
