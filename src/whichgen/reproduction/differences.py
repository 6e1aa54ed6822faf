"""Two records of the same stages, set against each other: bytes, scores, and what went in."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from whichgen.reproduction.lock import Stage, leaves

# Measured seconds, bytes of memory, or the revision and packages are in these.
TIMED = frozenset(
    {
        "timing.csv",
        "measured.json",
        "report.html",
        "report.md",
        "report.json",
        "model_cards",
        "figures",
    }
)
SCORED = frozenset({"scores.json", "verdict.json"})
Read = Callable[[str, str], Path | None]  # path and MD5 to a file with these bytes


@dataclass(frozen=True)
class Bytes:
    """One output: its MD5 then and now, "" where it was not made."""

    path: str
    stage: str
    then: str
    now: str

    @property
    def verdict(self) -> str:
        """same | times (they differ, as what holds measured times does) | differs."""
        if self.then == self.now:
            return "same"
        return "times" if Path(self.path).name in TIMED and self.now else "differs"


@dataclass(frozen=True)
class Score:
    """One value of a file of scores that is another now; numbers have a difference."""

    path: str
    name: str
    then: Any
    now: Any

    @property
    def difference(self) -> float | None:
        """Now less then."""
        both = (self.then, self.now)
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in both)
        return self.now - self.then if numbers else None


@dataclass
class Differences:
    """What came out otherwise.

    Attributes:
        outputs: every output. scores: the values that differ.
        inputs: sources and parameters that are not those of the record, a line each.
        unknown: files of scores whose former content is not here.
    """

    outputs: list[Bytes] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether all bytes that hold no times are the same."""
        return all(output.verdict != "differs" for output in self.outputs)

    def plain(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "agrees": self.agrees,
            "outputs": [asdict(o) | {"verdict": o.verdict} for o in self.outputs],
            "scores": [asdict(s) | {"difference": s.difference} for s in self.scores],
            "inputs": self.inputs,
            "unknown": self.unknown,
        }


def compare(
    then: Mapping[str, Stage], now: Mapping[str, Stage], read_then: Read, read_now: Read
) -> Differences:
    """Set the stages of `then` against those of the same name.

    Args:
        read_then, read_now: give the former and the new files.
    """
    found = Differences()
    for name, stage in then.items():
        made = now[name].outputs if name in now else {}
        found.outputs += [
            Bytes(path, name, md5, made.get(path, "")) for path, md5 in stage.outputs.items()
        ]
        used = now[name].inputs if name in now else stage.inputs
        for key in sorted(stage.inputs.keys() | used.keys()):
            line = f"{key}: {stage.inputs.get(key)} recorded, {used.get(key)} in that revision"
            if stage.inputs.get(key) != used.get(key) and line not in found.inputs:
                found.inputs.append(line)
    for output in found.outputs:
        if Path(output.path).name in SCORED and output.verdict == "differs" and output.now:
            former, new = read_then(output.path, output.then), read_now(output.path, output.now)
            if former is None or new is None:
                found.unknown.append(output.path)
            else:
                found.scores += _scores(output.path, _content(former), _content(new))
    return found


def _scores(path: str, then: Any, now: Any) -> Iterator[Score]:
    one, other = dict(leaves(then)), dict(leaves(now))
    for name in dict.fromkeys((*one, *other)):
        if not _equal(one.get(name), other.get(name)):
            yield Score(path, name, one.get(name), other.get(name))


def _equal(one: Any, other: Any) -> bool:
    nans = [isinstance(value, float) and math.isnan(value) for value in (one, other)]
    return all(nans) or one == other


def _content(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
