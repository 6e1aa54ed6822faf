"""Which device to train on, what is sent there, and how much memory a training took."""

import ctypes
import os
import platform
import resource
import sys
from pathlib import Path

import psutil
import torch
from torch import Tensor

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


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """A CPU tensor on the device, without waiting for it: CUDA takes it from pinned memory."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def available_memory(device: torch.device) -> int:
    """Bytes that are free: on the device if CUDA, else in this machine, as far as it is granted."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    limit = Path("/sys/fs/cgroup/memory.max")  # of a container
    granted = limit.read_text().strip() if limit.is_file() else "max"
    available: int = psutil.virtual_memory().available
    return available if granted == "max" else min(available, int(granted))


def check_devices(name: str, devices: int) -> None:
    """Refuse to train on more devices than this machine has; processes on a CPU may be any number.

    Raises:
        WhichgenError: naming how many there are.
    """
    kind = choose_device(name).type
    there = {"cuda": torch.cuda.device_count(), "mps": 1}.get(kind, devices)
    if devices > there:
        raise WhichgenError(
            f"devices: {devices}, but this machine has {there} ({kind}); "
            f"use --params devices={there}, or device=cpu"
        )


def device_of_rank(name: str) -> torch.device:
    """The device of that name for a process that torchrun started: each has a GPU of its own."""
    device = choose_device(name)
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    return device


def peak_memory_bytes(device: torch.device) -> int:
    """The most memory taken so far: of the device if CUDA, else resident in this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes on macOS, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
