"""What the bytes may depend on besides code and data: versions, device, threads."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any


def version_differences(constraints: str) -> list[str]:
    """Packages whose installed version is not the pinned one, a line each."""
    pins = re.findall(r"^([\w.\-]+)==(\S+)", constraints, re.MULTILINE)
    installed = {name: _installed(name) for name, _ in pins}
    return [
        f"{name}: {pin} then, {installed[name]} now" for name, pin in pins if installed[name] != pin
    ]


def execution_differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Device, processes and threads of a training that are not as they were, a line each."""
    return [
        f"{key}: {then[key]} then, {now[key]} now"
        for key in ("device", "devices", "threads")
        if key in then and key in now and then[key] != now[key]
    ]


def machine() -> dict[str, str]:
    """This one."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
    }


def _installed(name: str) -> str:
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return "not installed"
