import json
import logging
import shlex
import socket
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import gone
from tests.notifications.conftest import CANARY, Chat
from whichgen.cli import cli
from whichgen.notifications import notify
from whichgen.notifications.settings import LOCAL

SUMMARY = "digits: kept champion 3, the challenger’s coverage is lower"
RECORD = {"dataset": "digits", "decision": "kept", "reasons": ["coverage"], "at": Path("a/b")}
SENT = RECORD | {"at": "a/b"}


def configure(project: Path, **settings: object) -> None:
    (project / LOCAL).write_text(json.dumps(settings))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged at any level, by anybody; the address was not."""
    assert CANARY not in caplog.text
    return [record.getMessage() for record in caplog.records]


@pytest.fixture(autouse=True)
def every_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def test_a_webhook_gets_summary_and_record(
    project: Path, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    configure(project, webhook=chat.address)
    notify(project, SUMMARY, RECORD)
    message = {"text": SUMMARY, "summary": SUMMARY, "record": SENT}
    assert chat.posts == [(f"/hooks/{CANARY}", "application/json", message)]
    assert warnings(caplog) == []


def test_a_message_to_this_machine_takes_no_proxy(
    project: Path, chat: Chat, elsewhere: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", elsewhere.address)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    configure(project, webhook=chat.address)
    notify(project, SUMMARY, RECORD)
    assert len(chat.posts) == 1
    assert elsewhere.posts == []


def test_only_the_decisions_asked_for_are_told(project: Path, chat: Chat) -> None:
    configure(project, webhook=chat.address, decisions=["failed", "nothing_to_do"])
    for decision in ("promoted", "kept", "failed", "nothing_to_do"):
        notify(project, decision, {"decision": decision})
    assert [message["summary"] for _, _, message in chat.posts] == ["failed", "nothing_to_do"]


def test_a_command_gets_the_summary_and_the_record_and_no_shell(
    project: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    script = project / "tell me.sh"
    script.write_text('#!/bin/sh\ncat > stdin\nprintf "%s" "$WHICHGEN_SUMMARY $1" > told; echo hi')
    script.chmod(0o755)
    configure(project, command=["./tell me.sh", "$(id); *"])
    notify(project, SUMMARY, RECORD)
    assert json.loads((project / "stdin").read_text()) == SENT
    assert (project / "told").read_text() == f"{SUMMARY} $(id); *"
    assert capfd.readouterr().out == ""
    assert warnings(caplog) == []


def test_a_server_that_never_answers_is_left_in_time(
    project: Path, silent_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    configure(project, webhook=silent_address, timeout_seconds=0.3)
    begun = time.monotonic()
    notify(project, SUMMARY, RECORD)
    assert time.monotonic() - begun < 3
    assert warnings(caplog) == ["Nobody was notified: webhook: no answer within 0.3 s"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    project: Path, chat: Chat, elsewhere: Chat, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    chat.status, chat.location = status, elsewhere.address
    configure(project, webhook=chat.address)
    notify(project, SUMMARY, RECORD)
    assert len(chat.posts) == 1
    assert elsewhere.posts == []
    (told,) = warnings(caplog)
    assert f"answered {status}, a redirect, which is not followed" in told


def test_a_refusing_and_a_missing_server_are_warnings(
    project: Path, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    chat.status = 403
    configure(project, webhook=chat.address)
    notify(project, SUMMARY, RECORD)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    configure(project, webhook=f"http://127.0.0.1:{port}/{CANARY}")
    notify(project, SUMMARY, RECORD)
    configure(project, webhook=f"https://127.0.0.1:{CANARY}/")
    notify(project, SUMMARY, RECORD)
    assert warnings(caplog) == [
        "Nobody was notified: webhook: answered 403",
        "Nobody was notified: webhook: no connection (ConnectionRefusedError)",
        "Nobody was notified: webhook: no connection (InvalidURL)",
    ]


def test_a_failing_command_does_not_keep_the_webhook_from_being_sent(
    project: Path, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    for command in (["false"], ["no-such-program", CANARY]):
        configure(project, webhook=chat.address, command=command)
        notify(project, SUMMARY, RECORD)
    assert len(chat.posts) == 2
    assert warnings(caplog) == [
        "Nobody was notified: command: false ended with 1",
        "Nobody was notified: command: no-such-program cannot be started: "
        "No such file or directory",
    ]


def test_a_late_command_ends_with_what_it_started(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = f"sleep 60 & echo $! > {shlex.quote(str(project / 'pid'))}; wait"
    configure(project, command=["sh", "-c", script], timeout_seconds=0.5)
    notify(project, SUMMARY, RECORD | {"long": "x" * 1_000_000})
    assert warnings(caplog) == ["Nobody was notified: command: sh did not end within 0.5 s"]
    pid = int((project / "pid").read_text())
    until = time.monotonic() + 5
    while not gone(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert gone(pid)


@pytest.mark.parametrize("text", ["webhook: 'http", "command: 3", f"webhook: http://a.b/{CANARY}"])
def test_a_mistake_in_the_file_is_a_warning_after_a_retraining(
    project: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    (project / LOCAL).write_text(text)
    notify(project, SUMMARY, RECORD)
    (told,) = warnings(caplog)
    assert LOCAL in told


def test_a_summary_that_no_variable_can_hold_is_a_warning(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    configure(project, command=["true"])
    notify(project, "a\0b", RECORD)
    assert warnings(caplog) == ["Nobody was notified: ValueError"]


class TestCommandLine:
    def test_a_trial_message_goes_by_every_hook(
        self, project: Path, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(project)
        configure(project, webhook=chat.address, command=["tee", "record.json"], decisions=[])
        result = CliRunner().invoke(cli, ["notify"])
        assert (result.exit_code, result.output) == (0, "Sent by webhook and command.\n")
        assert json.loads((project / "record.json").read_text())["decision"] == "trial"
        assert [message["text"] for _, _, message in chat.posts] == ["whichgen: a trial message"]

    def test_what_is_wrong_is_told_and_the_exit_code_says_so(
        self, project: Path, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(project)
        result = CliRunner().invoke(cli, ["notify"])
        assert result.exit_code == 1
        assert "no hook is set" in result.output
        chat.status = 404
        configure(project, webhook=chat.address, command=["false"])
        result = CliRunner().invoke(cli, ["notify"])
        assert result.exit_code == 1
        assert "webhook: answered 404; command: false ended with 1" in result.output
        assert CANARY not in result.output
