"""What a served generator is asked for and what it answers: rows checked, images encoded.

Part of every logged model, so it imports little.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from whichgen.forms import Encoder

COLUMNS = ("n", "seed", "type", "truncation")
LIMIT_VARIABLE = "WHICHGEN_SERVE_MAX_IMAGES"
MOST_IMAGES, MOST_VALUES = 1024, 1 << 24
SEEDS = 1 << 63


@dataclass(frozen=True)
class Wish:
    """One row of a request: n images from a seed; of all types where type is None."""

    n: int
    seed: int
    type: int | None
    truncation: float


def request_limit(shape: tuple[int, ...], environment: Mapping[str, str] = os.environ) -> int:
    """How many images one request may ask for: what the server's variable says, or the default.

    By default 1,024, and fewer where they are large: at most 2^24 numbers in an answer.

    Args:
        shape: of a sample.

    Raises:
        ValueError: if the variable holds no whole number above 0.
    """
    given = environment.get(LIMIT_VARIABLE)
    if given is None:
        return max(1, min(MOST_IMAGES, MOST_VALUES // math.prod(shape)))
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"{LIMIT_VARIABLE}: '{given}' is not a whole number above 0")
    return int(given)


def read_wishes(rows: "pd.DataFrame", n_types: int, limit: int, nouns: str) -> list[Wish]:
    """The rows of a request, each checked.

    Args:
        n_types: of the generator; 0 where it was trained without labels.
        limit: samples a request may ask for in all. No row asks for none, so it bounds rows too.
        nouns: what samples are called.

    Raises:
        ValueError: naming the row, the column and what is allowed.
    """
    if rows.empty:
        raise ValueError("no rows: give at least one, with the columns n and seed")
    unknown = [str(name) for name in rows.columns if name not in COLUMNS]
    if unknown:
        raise ValueError(f"column {', '.join(unknown)}: unknown; known are {', '.join(COLUMNS)}")
    if len(rows) > limit:
        raise ValueError(f"{len(rows)} rows, and a request may ask for {limit} {nouns}")
    wishes = []
    for i, row in enumerate(rows.to_dict("records")):
        try:
            wishes.append(_wish({name: _present(row.get(name)) for name in COLUMNS}, n_types))
        except ValueError as error:
            raise ValueError(f"row {i}: {error}") from None
    total = sum(wish.n for wish in wishes)
    if total > limit:
        raise ValueError(
            f"n: {total} {nouns} are asked for and a request may ask for {limit}; send several "
            f"with other seeds, or start the server with {LIMIT_VARIABLE}"
        )
    return wishes


def _present(value: Any) -> Any:
    """The value; None for what stands for a missing one: JSON's null, NaN among numbers."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _wish(row: Mapping[str, Any], n_types: int) -> Wish:
    n = _whole("n", row["n"], 1, None)
    seed = _whole("seed", row["seed"], 0, SEEDS - 1)
    kind = -1 if row["type"] is None else _whole("type", row["type"], -1, max(1, n_types) - 1)
    truncation = 1.0 if row["truncation"] is None else row["truncation"]
    if not _is_number(truncation) or not 0 < truncation <= 1:
        raise ValueError(f"truncation: {truncation!r} is not a number above 0 and up to 1")
    return Wish(n, seed, None if kind < 0 else kind, float(truncation))


def _whole(name: str, value: Any, least: int, most: int | None) -> int:
    """The value as a whole number in that range; 4.0 is one: a column with gaps holds floats."""
    if value is None:
        raise ValueError(f"{name}: missing; give a whole number")
    bounds = f"from {least} on" if most is None else f"from {least} to {most}"
    whole = _is_number(value) and value == value // 1
    value = int(value) if whole else value
    if not whole or value < least or (most is not None and value > most):
        raise ValueError(f"{name}: {value!r} is not a whole number {bounds}")
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer) and not isinstance(value, bool)


def encoder(name: str, encodings: Mapping[str, "Encoder"]) -> "Encoder":
    """The encoding of that name, of those that the generator's modality has.

    Raises:
        ValueError: if it is not one of them.
    """
    if name not in encodings:
        raise ValueError(f"encoding: '{name}' is not one of {', '.join(encodings)}")
    return encodings[name]
