"""Is there a reason to train, and may one train on these data?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whichgen.errors import WhichgenError
from whichgen.parameters import Parameters, Retraining
from whichgen.retraining.inputs import RAW, Inputs
from whichgen.retraining.state import State
from whichgen.retraining.validation import Known, find_faults, find_wrong_labels, known_data

if TYPE_CHECKING:
    from whichgen.datasets.drift import Drift
    from whichgen.sources import LabelledImages

UNCHANGED = "neither the raw data nor the configuration changed since the last retraining"
NO_DRIFT = "the raw data changed, but have not drifted"


@dataclass(frozen=True)
class Plan:
    """Whether to train, and why.

    Attributes:
        train: whether to. reasons: for it, or against it. drift: as measured, None where it was
            not: nothing changed, or nothing is packed that one could compare with.
    """

    train: bool
    reasons: list[str]
    drift: dict[str, Any] | None = None


def make_plan(
    project: Path,
    parameters: Parameters,
    dataset: str,
    inputs: Inputs,
    state: State,
    *,
    force: bool,
) -> Plan:
    """Look at what changed; where something did, validate the raw data and measure their drift.

    Args:
        inputs: the present ones. state: of the last run.
        force: go through all of it though nothing changed.

    Raises:
        WhichgenError: if the raw data are not fit, with every reason.
    """
    changed = inputs.changed_since(state.trained)
    if not changed and not force:
        return Plan(False, [UNCHANGED])
    options = parameters.retraining
    known = state.known or known_data(project, dataset)
    drift = inspect(project, parameters, dataset, known)
    reasons = reasons_to_train(changed, state.trained is None, drift, options)
    if force:
        reasons.append("it was asked for by --force")
    measured = drift.to_dict() if drift else None
    return Plan(bool(reasons), reasons or [NO_DRIFT], measured)


def inspect(
    project: Path, parameters: Parameters, dataset: str, known: Known | None
) -> Drift | None:
    """Validate the raw data; their drift, or None where there is nothing to compare with.

    Args:
        known: the data of the last training, None if there was none.

    Raises:
        WhichgenError: if they are not fit, with every reason.
    """
    from whichgen.sources import load_source

    configured, options = parameters.datasets[dataset], parameters.retraining
    source, folder = configured.source, project / RAW / dataset
    images = load_source(source.name, folder, source.arguments(), configured.modality)
    faults = find_faults(images, known, options)
    drift = None if faults else _drift(project, parameters, dataset, images)
    if drift is not None:
        faults += find_wrong_labels(drift, options)
    if faults:
        raise WhichgenError(f"{RAW / dataset}: {'; '.join(faults)}")
    return drift


def reasons_to_train(
    changed: list[str], first: bool, drift: Drift | None, options: Retraining
) -> list[str]:
    """Why to train; nothing: there is no reason.

    Args:
        changed: which inputs did. first: whether there was no retraining before.
    """
    if first:
        return ["the first retraining"]
    reasons = ["the configuration changed"] if "configuration" in changed else []
    if "raw" in changed:
        told = (
            f"the raw data changed, {drift.new} images are new" if drift else "the raw data changed"
        )
        if options.when == "changed" or drift is None:
            reasons.append(told)
        reasons += [f"the raw data drifted: {what}" for what in (drift.reasons if drift else ())]
    return reasons


def _drift(
    project: Path, parameters: Parameters, dataset: str, images: LabelledImages
) -> Drift | None:
    from whichgen.datasets.drift import compare_with_packed
    from whichgen.datasets.packed_data import PackedData

    try:
        packed = PackedData(project, dataset)
    except WhichgenError:  # nothing was packed, or the judge not fitted yet
        return None
    if images.images.shape[1:] != packed.form.shape:  # as a changed configuration reads them
        return None
    return compare_with_packed(images, packed, parameters.drift)
