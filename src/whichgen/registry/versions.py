"""The versions of one dataset's registered model, `whichgen-<dataset>`, and their aliases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.tracking.settings import load_settings, tracking_uri
from whichgen.tracking.store import Store, explain, open_store, project_lock

CHAMPION, CHALLENGER = "champion", "challenger"
CONTENT, WEIGHTS, RECORD, CELLS = (
    "whichgen.content",
    "whichgen.weights_sha256",
    "whichgen.record_sha256",
    "whichgen.cells",
)
SINCE, BEFORE, TAKEN_BACK = (
    "whichgen.champion_since",
    "whichgen.champion_before",
    "whichgen.rolled_back",
)
_DESCRIPTION_LENGTH = 5000  # of MLflow's own column
_CUT = "\n\n*Cut here; the whole card is `model_card.md` among the model's files.*"


@dataclass(frozen=True)
class Version:
    """One registered version: its number, its tags, and the address of its files."""

    number: str
    tags: Mapping[str, str]
    source: str

    @property
    def title(self) -> str:
        """For a person: `version 3 (dgn, seed 1)`."""
        return f"version {self.number} ({self.tags['whichgen.recipe']}, seed {self.seed})"

    @property
    def seed(self) -> int:
        """That it was trained with."""
        return int(self.tags["whichgen.seed"])

    @property
    def cells(self) -> dict[int, dict[str, str]]:
        """By seed: the `model` (its id) and the `weights` (their SHA-256) of its recipe's cells."""
        return {int(seed): cell for seed, cell in json.loads(self.tags[CELLS]).items()}


class Registry:
    """Reads and writes the versions; every method asks MLflow anew.

    Attributes:
        name: of the registered model.
    """

    def __init__(self, store: Store, uri: str, dataset: str) -> None:
        self.store, self.name = store, model_name(dataset)
        self._client, self._uri = store.client, uri

    def aliases(self) -> dict[str, str]:
        """The number of each alias's version; empty where nothing is registered yet."""
        from mlflow.exceptions import MlflowException

        try:
            found = self._client.get_registered_model(self.name).aliases
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return {}
            raise
        return {alias: str(number) for alias, number in found.items()}

    def versions(self) -> list[Version]:
        """All versions, the oldest first."""
        found = self._client.search_model_versions(f"name = '{self.name}'")
        versions = [Version(str(v.version), dict(v.tags), v.source) for v in found]
        return sorted(versions, key=lambda version: int(version.number))

    def champion(self) -> Version | None:
        """The version that serves; None where there is none yet."""
        number = self.aliases().get(CHAMPION)
        return next((v for v in self.versions() if v.number == number), None)

    def find(self, content: str) -> Version | None:
        """The version of a cell of this content."""
        return next((v for v in self.versions() if v.tags.get(CONTENT) == content), None)

    def register(self, model_id: str, run_id: str, tags: Mapping[str, str], card: str) -> Version:
        """The version of this content, made in one transaction if it is not there yet.

        What an older one says of its comparison is brought up to date, of its code it stays.
        """
        with project_lock(self.store.project):
            known = self.find(tags[CONTENT])
            if known is None:
                return self._create(model_id, run_id, tags, _shortened(card))
        changed = {key: value for key, value in tags.items() if known.tags.get(key) != value}
        changed = {key: value for key, value in changed.items() if "git" not in key}
        for key, value in changed.items():
            self.tag(known, key, value)
        if changed:
            self._client.update_model_version(self.name, known.number, _shortened(card))
        return Version(known.number, {**known.tags, **changed}, known.source)

    def tag(self, version: Version, key: str, value: str) -> None:
        """Set one tag of a version."""
        self._client.set_model_version_tag(self.name, version.number, key, value)

    def untag(self, version: Version, key: str) -> None:
        """Remove one tag of a version, where it has it."""
        if key in version.tags:
            self._client.delete_model_version_tag(self.name, version.number, key)

    def challenge(self, version: Version) -> None:
        """Make it the challenger."""
        self._client.set_registered_model_alias(self.name, CHALLENGER, version.number)

    def crown(self, version: Version, *, instead_of: Version | None) -> None:
        """Make it the champion: one request, so that there is always one.

        Raises:
            WhichgenError: if another version than `instead_of` is champion by now.
        """
        with project_lock(self.store.project):
            now, expected = self.aliases().get(CHAMPION), instead_of and instead_of.number
            if now != expected:
                raise WhichgenError(
                    f"{self.name}: version {now} became champion meanwhile; run this again"
                )
            self._client.set_registered_model_alias(self.name, CHAMPION, version.number)

    def download(self, model_id: str) -> Path:
        """The folder of a logged model's files, here or as a copy."""
        return self._fetch(self._location(model_id))

    def files(self, version: Version) -> Path:
        """The folder of a version's files, here or as a copy."""
        return self._fetch(version.source)

    def _location(self, model_id: str) -> str:
        return str(self._client.get_logged_model(model_id).artifact_location)

    def _fetch(self, location: str) -> Path:
        from mlflow.artifacts import download_artifacts

        return Path(download_artifacts(artifact_uri=location, tracking_uri=self._uri))

    def _create(self, model_id: str, run_id: str, tags: Mapping[str, str], card: str) -> Version:
        if not self._client.search_registered_models(f"name = '{self.name}'"):
            self._client.create_registered_model(self.name)
        # Not `models:/<id>`: the client looks that up by MLflow's default address.
        location = self._location(model_id)
        made = self._client.create_model_version(
            self.name,
            location,
            run_id=run_id,
            model_id=model_id,
            tags=dict(tags),
            description=card,
            await_creation_for=0,
        )
        return Version(str(made.version), dict(tags), location)


def model_name(dataset: str) -> str:
    """The registered model of a dataset."""
    return f"whichgen-{dataset}"


@contextmanager
def open_registry(project: Path, dataset: str) -> Iterator[Registry]:
    """The registry of the dataset's generators in the project's MLflow.

    Raises:
        WhichgenError: if the tracking is off, or MLflow does not answer, now or while it is used.
    """
    settings = load_settings(project)
    uri = tracking_uri(project, settings)
    if settings.mode == "off":
        raise WhichgenError(
            "the registry is in MLflow, and conf/base/mlflow.yml or WHICHGEN_TRACKING says off: "
            "make it best_effort, or promotion.mode disabled"
        )
    try:
        yield Registry(open_store(project, settings), uri, dataset)
    except Exception as error:
        if not type(error).__module__.startswith(("mlflow", "requests", "sqlalchemy")):
            raise
        raise WhichgenError(
            f"MLflow at {uri}: {explain(error)}; the champion is as it was. Start its server or "
            "mend tracking_uri in conf/base/mlflow.yml, then run this again"
        ) from error


def database_is_missing(project: Path) -> bool:
    """Whether the project's own database was never made: to look into it would make it."""
    uri = tracking_uri(project, load_settings(project))
    return uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists()


def _shortened(card: str) -> str:
    if len(card) <= _DESCRIPTION_LENGTH:
        return card
    return card[: _DESCRIPTION_LENGTH - len(_CUT)] + _CUT
