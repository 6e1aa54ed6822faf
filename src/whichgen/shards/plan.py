"""What is to be drawn and how it is cut into shards."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

LIBRARIES = ("pillow", "pyarrow", "torch")  # another version may write other bytes


@dataclass(frozen=True)
class Shard:
    """Images `first` to `first + n - 1` of the whole."""

    index: int
    first: int
    n: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the bytes of the shards.

    Attributes:
        model: what is drawn from, in words. weights: the SHA-256 of its weights.
        type_: of all images; None for types as frequent as in the training data.
        type_names: by number; empty where the generator has no types.
        form: a name of `formats.FORMATS`.
    """

    model: str
    weights: str
    n: int
    shard_size: int
    form: str
    latent_seed: int
    type_: int | None
    truncation: float
    type_names: tuple[str, ...]

    def shards(self) -> Iterator[Shard]:
        """The shards in order; the last may be smaller."""
        for index, first in enumerate(range(0, self.n, self.shard_size)):
            yield Shard(index, first, min(self.shard_size, self.n - first))

    def settings(self) -> dict[str, Any]:
        """As the manifest holds them, with the versions that the bytes depend on."""
        settings = asdict(self) | {"type_names": list(self.type_names)}
        settings["type"], settings["format"] = settings.pop("type_"), settings.pop("form")
        return settings | {"libraries": {name: version(name).split("+")[0] for name in LIBRARIES}}
