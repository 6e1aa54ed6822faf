"""The models that MLflow holds, logged and registered, by the list of hashes beside each."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whichgen.tracking.manifest import MANIFEST, MANIFEST_TAG, parse_manifest
from whichgen.tracking.settings import load_settings, tracking_uri
from whichgen.tracking.store import Store, explain, open_store
from whichgen.verification.checks import Check, digest
from whichgen.verification.logged_model import LoggedModel

REGISTERED = "whichgen-"  # how the names of registered models begin; then the dataset's


@dataclass
class Models:
    """The files of the models of a project.

    Attributes:
        uncovered: what could not be checked, and why, a line each.
    """

    checks: list[Check] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)


def find_models(project: Path, dataset: str | None = None) -> Models:
    """The models in the project's MLflow, of one dataset or of all. Makes no store anew."""
    settings, found = load_settings(project), Models()
    uri = tracking_uri(project, settings)
    if settings.mode == "off":
        found.uncovered.append("models in MLflow: tracking is off")
        return found
    local = uri.removeprefix("sqlite:///")
    if local != uri and not Path(local).exists():
        return found
    found.uncovered.append("reports and pictures in MLflow's runs: whichgen sync logs them anew")
    try:
        store = open_store(project, settings)
        versions = _registered(store, dataset)
        for model in _logged(store):
            cell = model.tags.get("whichgen.cell", "")
            named = versions.pop(model.artifact_location, [])
            wanted = dataset in (None, cell.split("/")[0])
            if wanted and (named or not _given_up(store, model)):
                _add(found, LoggedModel(project, uri, model, cell, named))
        names = sorted(name for rest in versions.values() for name in rest)
        found.uncovered += [f"{name}: not a model of this experiment" for name in names]
    except Exception as error:  # whatever the client raises: the files are checked all the same
        found.uncovered.append(f"models in MLflow: {explain(error)}")
    return found


def _logged(store: Store) -> Iterator[Any]:
    token = None
    while True:
        page = store.client.search_logged_models([store.experiment_id], page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _registered(store: Store, dataset: str | None) -> dict[str, list[str]]:
    """Names of registered versions, by the place of their files: the logged model's."""
    versions, token = defaultdict(list), None
    while True:
        page = store.client.search_model_versions(page_token=token)
        for version in page:
            ours = version.name.startswith(REGISTERED)
            if ours and dataset in (None, version.name.removeprefix(REGISTERED)):
                name, number = version.name, str(version.version)
                place = store.client.get_model_version_download_uri(name, number)
                versions[place].append(f"{name} version {number}")
        token = page.token
        if not token:
            return versions


def _given_up(store: Store, model: Any) -> bool:
    """Whether its run was deleted, which leaves the model where it was."""
    return bool(store.client.get_run(model.source_run_id).info.lifecycle_stage == "deleted")


def _add(found: Models, model: LoggedModel) -> None:
    """The model's list of hashes by its tag, then each file by that list, if that is sound."""
    recorded = model.model.tags.get(MANIFEST_TAG)
    if not recorded:
        found.uncovered.append(f"{model}: logged without {MANIFEST}")
        return
    found.checks.append(model.check(MANIFEST, recorded, "its tag in MLflow"))
    with model.open(MANIFEST) as manifest:
        if digest(manifest, "sha256") != recorded:
            found.uncovered.append(f"{model}, all other files: {MANIFEST} is damaged")
            return
        listed = parse_manifest(manifest.read_text())
    found.checks += [model.check(name, sha256, MANIFEST) for name, sha256 in listed.items()]
    if added := model.names("") - listed.keys() - {MANIFEST}:
        found.uncovered.append(f"{model}: {', '.join(sorted(added))}: not in {MANIFEST}")
