"""Random streams by name, all from one seed: no global state, and nothing to save for a resume."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive(seed: int, *names: str | int) -> int:
    """A 63-bit seed for the stream of that name: a hash, so that streams do not overlap."""
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1


def stream(seed: int, *names: str | int) -> torch.Generator:
    """A CPU generator for the named stream, for example `stream(seed, "latents", step)`."""
    return torch.Generator().manual_seed(derive(seed, *names))


@contextmanager
def seeded_initialisation(seed: int, *names: str | int) -> Iterator[None]:
    """Networks built inside draw their first weights from the named stream.

    torch.nn initialises from the global generator only; this sets it, and puts it back after.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, *names))
        yield
