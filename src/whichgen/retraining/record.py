"""What a run of the retraining did: one JSON file a run, and one line."""

import json
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from whichgen.catalog.whole import write_whole
from whichgen.retraining.state import Unfinished

Decision = Literal["nothing_to_do", "promoted", "kept", "failed"]


def utc_now() -> str:
    """As in file names: 20261124T120000Z."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


@dataclass(kw_only=True)
class Record:
    """Its fields are those of the file; `docs/retraining.md` explains them."""

    dataset: str
    started: str = field(default_factory=utc_now)
    began: str | None = None
    ended: str | None = None
    decision: Decision = "failed"
    stage: str = "start"
    summary: str = ""
    triggers: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    drift: dict[str, Any] | None = None
    promotion: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._entered = time.monotonic()

    def enter(self, stage: str) -> None:
        """The run is at this stage from now on."""
        now = time.monotonic()
        self.seconds[self.stage] = round(now - self._entered, 1)
        self.stage, self._entered = stage, now

    def concern(self, unfinished: Unfinished) -> None:
        """It is about this retraining, which may have begun in an earlier run."""
        self.began = unfinished.began
        self.triggers = unfinished.reasons
        self.drift = unfinished.drift

    def fail(self, reason: str) -> None:
        """It ends where it is; the champion is as it was."""
        self._conclude("failed", f"failed at {self.stage}, the champion stays", [reason])

    def do_nothing(self, reasons: list[str]) -> None:
        """There is no reason to train."""
        self._conclude("nothing_to_do", "nothing to do", reasons)

    def decide(self, unfinished: Unfinished) -> None:
        """As the promotion did, even if it was killed when the alias had moved and done again."""
        self.promotion = promotion = unfinished.promotion
        assert promotion is not None
        after, reasons = promotion["champion_after"], promotion["reasons"]
        candidate = promotion.get("candidate") or {}
        moved = after != unfinished.champion and after == candidate.get("version")
        if promotion["decision"] == "promoted" or (after and moved):
            before = f" in the place of {unfinished.champion}" if unfinished.champion else ""
            self._conclude("promoted", f"promoted version {after}{before}", reasons)
        else:
            said = promotion["decision"]
            headline = (f"kept version {after}" if after else "no champion") + (
                "" if said == "kept" else f" ({said})"
            )
            self._conclude("kept", headline, reasons)

    def _conclude(self, decision: Decision, headline: str, reasons: list[str]) -> None:
        self.decision, self.reasons = decision, reasons
        self.summary = f"{self.dataset}: {headline}: {'; '.join(reasons)}"
        if self.warnings:
            self.summary += f" (to be tried again: {'; '.join(self.warnings)})"
        self.enter("end" if decision != "failed" else self.stage)

    def write(self, folder: Path) -> None:
        """End now, and write `<started>.json` into the folder."""
        self.ended = utc_now()
        content = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        write_whole(folder / f"{self.started}.json", content.encode())
