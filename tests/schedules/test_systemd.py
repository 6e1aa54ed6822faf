import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, find_program
from tests.schedules.conftest import PLACE, another_one_running, records

UNITS = sorted((ROOT / "deploy/systemd").iterdir())
SERVICE = "whichgen-retrain@digits.service"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with the units of digits, for a project that has an environment."""
    program = tmp_path / "project/.venv/bin/whichgen"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    folder = tmp_path / "units"
    folder.mkdir()
    for unit in UNITS:
        text = unit.read_text().replace(PLACE, str(tmp_path / "project"))
        for name in (unit.name, unit.name.replace("@", "@digits")):
            (folder / name).write_text(text)
    return folder


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = find_program("systemd-analyze")
    return subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_systemd_takes_the_units_without_a_word(units: Path) -> None:
    named = [str(units / f"whichgen-retrain@digits.{kind}") for kind in ("service", "timer")]
    checked = analyze(units, "verify", "--man=no", *named)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    (units.parent / "project/.venv/bin/whichgen").unlink()
    assert "not executable" in analyze(units, "verify", "--man=no", *named).stderr


def test_the_service_can_do_little_harm(units: Path) -> None:
    """2.0 of 10, where 10 is a service that may do all that its user may; torch and the network
    need what is left."""
    named = str(units / SERVICE)
    judged = analyze(units, "security", "--offline=true", "--threshold=20", named)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.slow
def test_the_service_s_command_runs_in_the_service_s_environment(
    project: Path, tmp_path: Path
) -> None:
    lines = UNITS[0].read_text().replace(PLACE, str(project)).splitlines()

    def setting(name: str) -> list[str]:
        values = (line.removeprefix(name) for line in lines if line.startswith(name))
        filled = " ".join(values).replace("%C", str(tmp_path)).replace("%i", "digits")
        return shlex.split(filled)

    def start() -> int:
        environment = dict(pair.split("=", 1) for pair in setting("Environment="))
        (folder,) = setting("WorkingDirectory=")
        command = setting("ExecStart=")
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode

    assert start() == 0
    assert [record["decision"] for record in records(project)] == ["nothing_to_do"]
    with another_one_running(project):
        assert [str(start())] == setting("SuccessExitStatus=")
