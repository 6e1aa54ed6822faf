"""Who is told, and of what: `notifications.yml`, and an environment variable."""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from whichgen.errors import WhichgenError
from whichgen.project_settings import explain, read_layers

BASE = "conf/base/notifications.yml"
LOCAL = "conf/local/notifications.yml"
VARIABLE = "WHICHGEN_WEBHOOK"

Decision = Literal["promoted", "kept", "failed", "nothing_to_do"]


class NotificationSettings(BaseModel):
    """The content of `notifications.yml`; see the comments there."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    decisions: tuple[Decision, ...] = ("promoted", "kept", "failed")
    webhook: SecretStr | None = None
    command: tuple[str, ...] | None = Field(default=None, min_length=1)
    timeout_seconds: float = Field(default=5, gt=0, le=60)

    @field_validator("webhook")
    @classmethod
    def _safe_to_send(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_address(value.get_secret_value())
        return value


def load_settings(
    project: Path, environment: Mapping[str, str] = os.environ
) -> NotificationSettings:
    """Read conf/base/notifications.yml, then conf/local/notifications.yml, then WHICHGEN_WEBHOOK.

    Raises:
        WhichgenError: naming the file or the variable, if it holds an unknown key or value, or if
            a webhook's address is in conf/base.
    """
    layers = read_layers(project, "notifications.yml")
    if layers.get(BASE, {}).get("webhook") is not None:
        raise WhichgenError(
            f"{BASE}: webhook: its address is a secret and this file is in Git; "
            f"move it to {LOCAL} or to the environment variable {VARIABLE}"
        )
    values = {key: value for layer in layers.values() for key, value in layer.items()}
    sources = list(layers)
    if address := environment.get(VARIABLE):
        values["webhook"] = address
        sources.append(f"the environment variable {VARIABLE}")
    try:
        return NotificationSettings(**values)
    except ValidationError as error:
        raise explain(error, sources, NotificationSettings) from None


def _check_address(address: str) -> None:
    """Raise `ValueError`, without the address in it, unless it is one to send records to."""
    if not address.isascii() or not address.isprintable() or " " in address:
        raise ValueError("an address is ASCII characters without spaces")
    parts = urlsplit(address)
    if parts.username or parts.password:
        raise ValueError("user and password in an address are not sent; use a command instead")
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise ValueError("must begin with https://HOST")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must begin with https://; http:// only to this machine itself")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
