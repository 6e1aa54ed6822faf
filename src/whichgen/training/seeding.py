"""Random streams by name, all from one seed: none has a state that a resume would need."""

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


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """torch's global generators: the CPU's, and the device's if it is a CUDA one.

    The shipped training draws from named streams only; a layer such as dropout in a network of
    one's own draws from these.
    """
    state = {"cpu": torch.get_rng_state()}
    return state | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def set_random_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Set what `random_state` returned."""
    torch.set_rng_state(state["cpu"].cpu())
    if "cuda" in state and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
