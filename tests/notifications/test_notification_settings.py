from pathlib import Path

import pytest

from tests.notifications.conftest import CANARY
from whichgen.errors import WhichgenError
from whichgen.notifications.settings import BASE, LOCAL, NotificationSettings, load_settings

REPOSITORY = Path(__file__).parents[2]
SECRET = f"https://chat.example/hooks/{CANARY}"


def test_the_shipped_file_tells_nobody() -> None:
    assert load_settings(REPOSITORY, {}) == NotificationSettings()
    assert NotificationSettings().webhook is None
    assert NotificationSettings().command is None


def test_local_settings_override_base_and_the_environment_overrides_both(project: Path) -> None:
    (project / BASE).write_text("decisions: [failed]\ncommand: [mail, ops]\n")
    (project / LOCAL).write_text(f"webhook: {SECRET}\ncommand: [logger]\n")
    settings = load_settings(project, {})
    assert settings.decisions == ("failed",)
    assert settings.command == ("logger",)
    assert settings.webhook is not None
    assert settings.webhook.get_secret_value() == SECRET
    other = load_settings(project, {"WHICHGEN_WEBHOOK": "https://other.example/x"}).webhook
    assert other is not None
    assert other.get_secret_value() == "https://other.example/x"


def test_an_address_in_a_tracked_file_is_refused_without_being_shown(project: Path) -> None:
    (project / BASE).write_text(f"webhook: {SECRET}\n")
    with pytest.raises(WhichgenError, match=r"conf/base/.*webhook.*conf/local/") as error:
        load_settings(project, {})
    assert CANARY not in str(error.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"webhook: http://chat.example/{CANARY}", "webhook: must begin with https"),
        (f"webhook: http://127.0.0.1.example/{CANARY}", "only to this machine itself"),
        (f"webhook: file:///{CANARY}", "webhook: must begin with https://HOST"),
        (f"webhook: https:///{CANARY}", "must begin with https://HOST"),
        (f"webhook: https://me:{CANARY}@chat.example", "user and password"),
        (f'webhook: "https://chat.example/{CANARY}\\r\\nHost: b"', "without spaces"),
        (f"webhook: https://[chat.example/{CANARY}", "webhook: "),
        (f"webhook: [{CANARY}]", "webhook: "),
        (
            f"hook: https://chat.example/{CANARY}",
            "hook: no key of this name; known keys: ",
        ),
        (
            f"webhook: 'https://chat.example/{CANARY}",
            "not valid YAML: found unexpected end of stream",
        ),
        (f"- {CANARY}", "expected keys and values"),
        ("decisions: [succeeded]", "decisions.0: Input should be 'promoted'"),
        ("command: mail ops", "command: "),
        ("command: []", "command: "),
        ("timeout_seconds: 0", "timeout_seconds: "),
    ],
)
def test_a_mistake_is_told_with_its_file_and_key_and_no_secret(
    project: Path, text: str, named: str
) -> None:
    (project / LOCAL).write_text(text + "\n")
    with pytest.raises(WhichgenError) as error:
        load_settings(project, {})
    told = str(error.value)
    assert LOCAL in told
    assert named in told
    assert "\n" not in told
    assert CANARY not in told


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:80", "[::1]:8080"])
def test_this_machine_may_be_told_without_tls(project: Path, host: str) -> None:
    address = f"http://{host}/hook"
    webhook = load_settings(project, {"WHICHGEN_WEBHOOK": address}).webhook
    assert webhook is not None
    assert webhook.get_secret_value() == address
    assert address not in repr(webhook)
