"""The models that MLflow holds, logged and registered, by the list of hashes beside each."""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

from whichgen.errors import WhichgenError
from whichgen.tracking.cell_files import MODELS
from whichgen.tracking.manifest import MANIFEST, MANIFEST_TAG, parse_manifest
from whichgen.tracking.settings import load_settings, tracking_uri
from whichgen.tracking.store import Store, explain, open_store
from whichgen.verification.checks import Check, digest


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
        versions = _registered(store)
        for model in _logged(store):
            cell = model.tags.get("whichgen.cell", "")
            named = versions[model.model_id]
            wanted = dataset in (None, cell.split("/")[0])
            if wanted and (named or not _given_up(store, model)):
                _add(found, project, uri, model, named)
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


def _registered(store: Store) -> dict[str, list[str]]:
    """Names of registered versions, by the id of the logged model that they are."""
    versions, token = defaultdict(list), None
    while True:
        page = store.client.search_model_versions(page_token=token)
        for version in page:
            if version.model_id:
                versions[version.model_id].append(f"{version.name} version {version.version}")
        token = page.token
        if not token:
            return versions


def _given_up(store: Store, model: Any) -> bool:
    """Whether its run was deleted, which leaves the model where it was."""
    return bool(store.client.get_run(model.source_run_id).info.lifecycle_stage == "deleted")


def _add(found: Models, project: Path, uri: str, model: Any, versions: list[str]) -> None:
    """The model's list of hashes by its tag, then each file by that list, if that is sound."""
    called = f"the model of {model.tags.get('whichgen.cell')}"
    called += f" ({', '.join(versions)})" if versions else ""
    where = partial(_file, model.artifact_location, uri)
    recorded = model.tags.get(MANIFEST_TAG)
    if not recorded:
        found.uncovered.append(f"{called}, {model.artifact_location}: logged without {MANIFEST}")
        return
    make = partial(_check, project, model, where, called, bool(versions))
    found.checks.append(make(MANIFEST, recorded, "its tag in MLflow"))
    with where(MANIFEST)() as manifest:
        if digest(manifest, "sha256") != recorded:
            found.uncovered.append(f"{called}, all other files: {MANIFEST} is damaged")
            return
        listed = parse_manifest(manifest.read_text())
    found.checks += [make(name, digest, MANIFEST) for name, digest in listed.items()]
    added = _names(model.artifact_location, uri) - listed.keys() - {MANIFEST}
    if added:
        found.uncovered.append(f"{called}: {', '.join(sorted(added))}: not in {MANIFEST}")


def _check(
    project: Path,
    model: Any,
    where: Callable[[str], Callable[[], AbstractContextManager[Path]]],
    called: str,
    registered: bool,
    name: str,
    expected: str,
    record: str,
) -> Check:
    path = _local(model.artifact_location)
    shown = f"{model.artifact_location}/{name}"
    if path is not None:
        inside = path.is_relative_to(project)
        shown = ((path.relative_to(project) if inside else path) / name).as_posix()
    again = f"mlflow runs delete --run-id {model.source_run_id} && whichgen sync"
    if registered:
        dataset = model.tags["whichgen.cell"].split("/")[0]
        again += f" && kedro run --pipelines=promotion --params dataset={dataset}"
        again += " # then delete this version"
    twin = project / MODELS / model.tags["whichgen.cell"] / Path(name).name
    return Check(
        path=(path or Path()) / name,
        name=shown,
        algorithm="sha256",
        expected=expected,
        record=record,
        group=called,
        twin=twin if path is not None and name.startswith("artifacts/") else None,
        from_twin=f"cp {quote(twin.relative_to(project).as_posix())} {quote(shown)}",
        otherwise=again,
        fetch=where(name),
    )


def _names(location: str, uri: str) -> set[str]:
    """The files in a folder of artefacts, without those in its folders."""
    from mlflow.artifacts import list_artifacts

    items = list_artifacts(artifact_uri=location, tracking_uri=uri)
    return {Path(item.path).name for item in items if not item.is_dir}


def _local(location: str) -> Path | None:
    """The folder, where the artefacts lie on this machine."""
    from mlflow.utils.file_utils import local_file_uri_to_path

    plain = location.startswith(("file:", "/"))
    return Path(local_file_uri_to_path(location)) if plain else None


def _file(location: str, uri: str, name: str) -> Callable[[], AbstractContextManager[Path]]:
    """Gives a file of a model: in its place, or downloaded for as long as it is looked at."""

    @contextmanager
    def fetch() -> Iterator[Path]:
        local = _local(location)
        if local is not None:
            yield local / name
            return
        with tempfile.TemporaryDirectory(prefix="whichgen-") as folder:
            yield _downloaded(f"{location}/{name}", uri, folder)

    return fetch


def _downloaded(artifact: str, uri: str, folder: str) -> Path:
    """The file in that folder; one that is not in the store is not in the folder either.

    Raises:
        WhichgenError: if the store does not say.
    """
    from mlflow.artifacts import download_artifacts

    parent, _, name = artifact.rpartition("/")
    try:
        if name in _names(parent, uri):
            return Path(
                download_artifacts(artifact_uri=artifact, dst_path=folder, tracking_uri=uri)
            )
    except Exception as error:
        raise WhichgenError(f"{artifact}: not to be read: {explain(error)}; try again") from error
    return Path(folder) / name
