"""Telling people how a scheduled run ended: by a webhook, a command, or both."""

import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from whichgen.errors import WhichgenError
from whichgen.notifications.command import run
from whichgen.notifications.settings import LOCAL, VARIABLE, NotificationSettings, load_settings
from whichgen.notifications.webhook import post

logger = logging.getLogger(__name__)


def notify(project: Path, summary: str, record: Mapping[str, Any]) -> None:
    """Send summary and record, if the record's `decision` is one that is told.

    Whatever goes wrong is a warning: how a retraining ended does not depend on who hears of it.
    """
    try:
        settings = load_settings(project)
        told = record.get("decision") in settings.decisions
        problems = _deliver(settings, project, summary, record) if told else []
    except WhichgenError as error:
        problems = [str(error)]
    except Exception as error:  # not its text, which may hold the address
        problems = [type(error).__name__]
    for problem in problems:
        logger.warning("Nobody was notified: %s", problem)


def try_hooks(project: Path) -> list[str]:
    """Send a trial message by every hook that is set, whatever decisions are told.

    Returns:
        the hooks it went by.

    Raises:
        WhichgenError: if no hook is set, or what went wrong with those that are.
    """
    settings = load_settings(project)
    hooks = [hook for hook in ("webhook", "command") if getattr(settings, hook)]
    if not hooks:
        raise WhichgenError(
            f"no hook is set; put `webhook` or `command` into {LOCAL}, or set {VARIABLE}"
        )
    summary = "whichgen: a trial message"
    problems = _deliver(settings, project, summary, {"decision": "trial", "summary": summary})
    if problems:
        raise WhichgenError("; ".join(problems))
    return hooks


def _deliver(
    settings: NotificationSettings, project: Path, summary: str, record: Mapping[str, Any]
) -> list[str]:
    """Send by each hook that is set; return what went wrong, one line each."""
    seconds = settings.timeout_seconds
    sends: list[Callable[[], None]] = []
    if settings.webhook:
        message = {"text": summary, "summary": summary, "record": dict(record)}
        address = settings.webhook.get_secret_value()
        sends.append(partial(post, address, _json(message), seconds))
    if settings.command:
        variables = {"WHICHGEN_SUMMARY": summary}
        sends.append(partial(run, settings.command, project, variables, _json(record), seconds))
    problems = []
    for send in sends:
        try:
            send()
        except WhichgenError as error:
            problems.append(str(error))
    return problems


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, default=str, ensure_ascii=False).encode()
