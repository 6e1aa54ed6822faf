"""One model in MLflow: its files, here or on a server, and what brings them back."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

from whichgen.errors import WhichgenError
from whichgen.tracking.cell_files import MODELS
from whichgen.tracking.store import explain
from whichgen.verification.checks import Check


@dataclass(frozen=True)
class LoggedModel:
    """The model of a cell.

    Attributes:
        uri: of MLflow. model: as MLflow gave it. cell: dataset/recipe/seed.
        versions: the registered versions that it is.
    """

    project: Path
    uri: str
    model: Any
    cell: str
    versions: list[str]

    def __str__(self) -> str:
        named = f" ({', '.join(self.versions)})" if self.versions else ""
        return f"the model of {self.cell}{named}, {self.model.model_id}"

    def check(self, name: str, expected: str, record: str) -> Check:
        """What is recorded of the file of that name in the model."""
        twin = self.project / MODELS / self.cell / Path(name).name
        shown = self._shown(name)
        return Check(
            path=(self._folder or Path(self.model.model_id)) / name,
            name=shown,
            algorithm="sha256",
            expected=expected,
            record=record,
            group=str(self),
            twin=twin if self._folder and name.startswith("artifacts/") else None,
            from_twin=f"cp {quote(twin.relative_to(self.project).as_posix())} {quote(shown)}",
            otherwise=self._anew(),
            fetch=partial(self.open, name),
        )

    @contextmanager
    def open(self, name: str) -> Iterator[Path]:
        """The file in its place, or downloaded for as long as it is looked at."""
        if self._folder:
            yield self._folder / name
            return
        with tempfile.TemporaryDirectory(prefix="whichgen-") as folder:
            yield self._download(name, folder)

    def names(self, folder: str) -> set[str]:
        """The files in a folder of the model, without those in its folders."""
        from mlflow.artifacts import list_artifacts

        where = f"{self.model.artifact_location}/{folder}".rstrip("/")
        items = list_artifacts(artifact_uri=where, tracking_uri=self.uri)
        return {Path(item.path).name for item in items if not item.is_dir}

    @property
    def _folder(self) -> Path | None:
        """Where the model is, if it is on this machine."""
        from mlflow.utils.file_utils import local_file_uri_to_path

        location = self.model.artifact_location
        plain = location.startswith(("file:", "/"))
        return Path(local_file_uri_to_path(location)) if plain else None

    def _download(self, name: str, folder: str) -> Path:
        """The file in that folder; one that is not in the store is not in the folder either.

        Raises:
            WhichgenError: if the store does not say.
        """
        from mlflow.artifacts import download_artifacts

        parent, _, last = name.rpartition("/")
        artifact = f"{self.model.artifact_location}/{name}"
        try:
            if last not in self.names(parent):
                return Path(folder) / last
            found = download_artifacts(
                artifact_uri=artifact, dst_path=folder, tracking_uri=self.uri
            )
        except Exception as error:  # whatever the store raises
            said = f"{artifact}: not to be read: {explain(error)}; try again"
            raise WhichgenError(said) from error
        return Path(found)

    def _shown(self, name: str) -> str:
        if self._folder is None:
            return f"{self.model.artifact_location}/{name}"
        path = self._folder / name
        inside = path.is_relative_to(self.project)
        return (path.relative_to(self.project) if inside else path).as_posix()

    def _anew(self) -> str:
        """Log the cell's model once more, and register that one where this one was."""
        again = f"mlflow runs delete --run-id {self.model.source_run_id} && whichgen sync"
        if not self.versions:
            return again
        promote = f"kedro run --pipelines=promotion --params dataset={self.cell.split('/')[0]}"
        return f"{again} && {promote} # then delete {', '.join(self.versions)}"
