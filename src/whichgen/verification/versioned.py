"""What DVC has recorded: the objects of its cache by their names, the workspace by dvc.lock."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote

from whichgen.datasets.versions import said_by_dvc
from whichgen.errors import WhichgenError
from whichgen.verification.checks import Check, digest

_OBJECT = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}(\.dir)?")


@dataclass(frozen=True)
class Output:
    """A file or folder that a stage of dvc.yaml makes or a *.dvc file names.

    Attributes:
        path: in the project. stage: the target that dvc commands take.
        made: whether a command makes it anew; raw data is only fetched.
        md5: as recorded, ending in ".dir" for a folder. size: in bytes, of all its files.
    """

    path: Path
    stage: str
    made: bool
    md5: str
    size: int | None
    cached: bool


@dataclass(frozen=True)
class Versioned:
    """All that DVC keeps of a project.

    Attributes:
        cache: the folder of the objects. remote: whether there is a default remote.
        whole: whether `outputs` are those of all datasets.
    """

    project: Path
    cache: Path
    remote: bool
    outputs: list[Output]
    whole: bool

    def checks(self) -> Iterator[Check]:
        """Those of the workspace, then those of the cache; an object once."""
        for output in self.outputs:
            yield from self._in_workspace(output)
        users = {md5: (output, path) for output, md5, path in self._objects()}
        for md5, (output, path) in users.items():
            yield self._in_cache(md5, output, path)
        for path in self.objects_here if self.whole else ():
            if (md5 := path.parent.name + path.name) not in users:
                yield self._unused(path, md5)

    @cached_property
    def objects_here(self) -> list[Path]:
        """The objects in the cache, those of former revisions too."""
        return [path for path in sorted(self.cache.glob("??/*")) if _is_object(path)]

    def object(self, md5: str) -> Path:
        """Where the cache keeps the bytes of that hash."""
        return self.cache / md5[:2] / md5[2:]

    def listing(self, md5: str) -> dict[str, str] | None:
        """The MD5s of a folder's files by their paths in it, if the cache has the list whole."""
        path = self.object(md5)
        if digest(path, "md5") != md5.removesuffix(".dir"):
            return None
        return {entry["relpath"]: entry["md5"] for entry in json.loads(path.read_bytes())}

    def _objects(self) -> Iterator[tuple[Output, str, Path]]:
        """Every object that this revision needs, with the path of its bytes in the project."""
        for output in self.outputs:
            if output.cached:
                yield output, output.md5, output.path
                for name, md5 in (self._files(output) or {}).items():
                    yield output, md5, output.path / name

    def _files(self, output: Output) -> dict[str, str] | None:
        return self.listing(output.md5) if output.md5.endswith(".dir") else None

    def _in_workspace(self, output: Output) -> Iterator[Check]:
        files = self._files(output)
        if files is None:
            yield self._workspace_check(output, output.path, output.md5, output.size)
            return
        for name, md5 in files.items():
            yield self._workspace_check(output, output.path / name, md5, None)

    def _workspace_check(self, output: Output, path: Path, md5: str, size: int | None) -> Check:
        record = "dvc.lock" if output.made else output.stage
        return Check(
            path=self.project / path,
            name=path.as_posix(),
            algorithm="md5",
            expected=md5,
            record=record,
            size=None if md5.endswith(".dir") else size,
            group=f"{output.stage} in the workspace",
            absence="by group",
            twin=self.object(md5) if output.cached and not md5.endswith(".dir") else None,
            from_twin=f"rm -f {quote(str(path))} && dvc checkout {quote(str(output.path))}",
            otherwise=self._anew(output, (path, self.object(md5))),
        )

    def _in_cache(self, md5: str, output: Output, path: Path) -> Check:
        place = self.object(md5)
        shown, folder = self._shown(place), md5.endswith(".dir")
        copied = f"install -m 444 {quote(str(path))} {quote(shown)}"
        return Check(
            path=place,
            name=shown,
            algorithm="md5",
            expected=md5.removesuffix(".dir"),
            record="its name",
            size=None if path != output.path or folder else output.size,
            group=f"{output.stage} in the cache",
            absence="by group",
            twin=self.project / path,
            from_twin=f"rm -f {quote(shown)} && dvc commit {output.stage}" if folder else copied,
            otherwise=self._anew(output, (place,)),
        )

    def _unused(self, path: Path, md5: str) -> Check:
        shown = self._shown(path)
        return Check(
            path=path,
            name=shown,
            algorithm="md5",
            expected=md5.removesuffix(".dir"),
            record="its name",
            group="other revisions",
            absence="fine",
            otherwise=f"rm -f {quote(shown)} # not of this revision; dvc fetch --all-commits",
        )

    def _anew(self, output: Output, damaged: tuple[Path, ...]) -> str:
        gone = " ".join(quote(self._shown(path)) for path in damaged)
        if self.remote:
            return f"rm -f {gone} && dvc pull {output.stage}"
        again = f"dvc repro --force {output.stage}" if output.made else "whichgen data add"
        return f"rm -f {gone} && {again}"

    def _shown(self, path: Path) -> str:
        inside = path.is_absolute() and path.is_relative_to(self.project)
        return (path.relative_to(self.project) if inside else path).as_posix()


def read_versioned(project: Path, dataset: str | None = None) -> Versioned:
    """Read dvc.yaml, dvc.lock and every *.dvc file, of one dataset or of all.

    Raises:
        WhichgenError: with DVC's own words, if it can't.
    """
    from dvc.exceptions import DvcException

    try:
        return _read(project, dataset)
    except DvcException as error:
        raise WhichgenError(f"{project}: {said_by_dvc(error)}") from None


def _read(project: Path, dataset: str | None) -> Versioned:
    from dvc.repo import Repo

    outputs = []
    with Repo(str(project)) as repo:
        for stage in repo.index.stages:
            # A target: the name in dvc.yaml, or the *.dvc file.
            target = getattr(stage, "name", "") or Path(stage.path).relative_to(project).as_posix()
            for out in stage.outs:
                path, found = Path(out.fs_path).relative_to(project), out.hash_info
                if dataset and dataset not in path.parts[:3]:
                    continue
                if not found or found.name != "md5":  # told with what has no record
                    continue
                made = not stage.is_data_source
                outputs.append(
                    Output(path, target, made, found.value, out.meta.size, out.use_cache)
                )
        remote = bool(repo.config["core"].get("remote"))
        cache = Path(repo.cache.local.path)
        return Versioned(project, cache, remote, outputs, whole=dataset is None)


def _is_object(path: Path) -> bool:
    return bool(_OBJECT.fullmatch(f"{path.parent.name}/{path.name}"))
