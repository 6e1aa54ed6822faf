"""Which device to train on, and how much of its memory a training took."""

import ctypes
import platform
import resource
import sys

import torch

from whichgen.errors import WhichgenError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as in malloc.h


def choose_device(name: str) -> torch.device:
    """The device by that name; `auto` takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        WhichgenError: if the machine has no such device.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next((device for device, present in there.items() if present), "cpu")
    if not there.get(name, True):
        raise WhichgenError(f"device: this machine has no {name}; use --params device=auto or cpu")
    # Second moments of tiny gradients sink below the smallest normal number, where a CPU is many
    # times slower. torch's worker threads inherit this if it is set before they start.
    torch.set_flush_denormal(True)
    _keep_freed_memory()
    return torch.device(name)


def _keep_freed_memory() -> None:
    """Have glibc keep what is freed: by default it returns large blocks to the system.

    A step frees and asks for the same large tensors as the one before, and the system clears each
    page of new memory when it is first touched.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, 2**30)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def peak_memory_bytes(device: torch.device) -> int:
    """The most memory taken so far: of the device if CUDA, else resident in this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes on macOS, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
