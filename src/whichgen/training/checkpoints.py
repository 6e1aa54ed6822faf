"""The last states of a training on disk: whole or not there, checked by their hash when read."""

import hashlib
import io
import json
import logging
import os
import pickle  # for the name of its error # nosec B403
import shutil
import time
from pathlib import Path
from typing import Any

import torch

from whichgen.errors import WhichgenError

IDENTITY, PART = "identity.json", "part"
logger = logging.getLogger(__name__)


class Checkpoints:
    """States of one training, in a folder named by what they belong to.

    A state is one file, `step_<step>.<SHA-256 of its bytes>.pt`, so a single rename makes state and
    hash appear together. It holds tensors and plain types, for `torch.load(weights_only=True)`.

    Args:
        folder: the cell's folder of checkpoints.
        identity: what decides the training, in JSON types. States of another identity lie in
            another folder beside this one and are never continued.
        every_seconds: `due` is true when this long has passed since the start or the last save.
        keep: how many states stay.
    """

    def __init__(
        self, folder: Path, identity: dict[str, Any], *, every_seconds: float = 30.0, keep: int = 3
    ) -> None:
        self._parent, self._identity = folder, identity
        text = json.dumps(identity, sort_keys=True)
        self.folder = folder / hashlib.sha256(text.encode()).hexdigest()[:16]
        self._every_seconds, self._keep = every_seconds, keep
        self._last_save, self._last_step = time.monotonic(), -1

    @property
    def due(self) -> bool:
        """Whether it is time to save again."""
        return time.monotonic() - self._last_save >= self._every_seconds

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The newest state whose bytes are those that were saved, or None.

        Damaged ones are told and removed; states of another identity are told and stay.

        Raises:
            WhichgenError: if a file whose bytes are whole is not a state. It is not run.
        """
        self._tell_others()
        for path in reversed(self._files()):
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == path.name.split(".")[1]:
                state = _read_state(path, content, device)
                self._last_step = state["step"]
                return state
            path.unlink()
            rest = "the one before is used" if self._files() else "the training begins anew"
            logger.warning("%s: damaged, its SHA-256 is another; %s", path, rest)
        return None

    def save(self, state: dict[str, Any]) -> None:
        """Keep the state of `state["step"]`, unless it is the one kept last; drop the oldest.

        Raises:
            OSError: if it could not be written; the states from before are untouched.
        """
        if state["step"] != self._last_step:
            self._write(state)
            for path in self._files()[: -self._keep]:
                path.unlink()
        self._last_save, self._last_step = time.monotonic(), state["step"]

    def discard(self) -> None:
        """Remove these states, for the training's results are written."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._last_step = -1
        if self._parent.is_dir() and not any(self._parent.iterdir()):
            self._parent.rmdir()

    def _write(self, state: dict[str, Any]) -> None:
        # Into memory first: torch's own writer hides a full disk behind another error.
        buffer = io.BytesIO()
        torch.save(state, buffer)
        content = buffer.getbuffer()
        name = f"step_{state['step']:010d}.{hashlib.sha256(content).hexdigest()}.pt"
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / IDENTITY).is_file():
            _write_whole(self.folder / IDENTITY, json.dumps(self._identity, indent=2).encode())
        _write_whole(self.folder / name, content)

    def _files(self) -> list[Path]:
        """From the oldest to the newest."""
        return sorted(self.folder.glob("step_*.pt"))

    def _tell_others(self) -> None:
        for file in sorted(self._parent.glob(f"*/{IDENTITY}")):
            if file.parent != self.folder:
                changed = "; ".join(differences(json.loads(file.read_text()), self._identity))
                logger.warning(
                    "%s: of a training with another configuration or code (%s), not continued; "
                    "the former one goes on with it, removing the folder drops it",
                    file.parent, changed,
                )  # fmt: skip


def differences(then: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[str]:
    """`key: old, now new` for each leaf in which two nested mappings differ."""
    found = []
    for key in sorted(then.keys() | now.keys()):
        one, other = then.get(key), now.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            found += differences(one, other, f"{prefix}{key}.")
        elif one != other:
            found.append(f"{prefix}{key}: {one}, now {other}")
    return found


def _read_state(path: Path, content: bytes, device: torch.device) -> dict[str, Any]:
    """The state in a file's bytes, which may be a stranger's: only tensors and plain types."""
    try:
        return dict(torch.load(io.BytesIO(content), map_location=device, weights_only=True))
    except (pickle.UnpicklingError, EOFError):
        raise WhichgenError(
            f"{path}: not a checkpoint, for it holds more than tensors and plain values; nothing "
            "in it was run. Remove it, and the training goes on from the one before"
        ) from None


def _write_whole(target: Path, content: bytes | memoryview) -> None:
    """Write the file so that a kill, a full disk or a loss of power leaves all of it or none."""
    part = target.with_name(PART)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        part.unlink(missing_ok=True)
        raise
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # makes the new name last
    finally:
        os.close(folder)
