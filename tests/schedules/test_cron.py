import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, find_program, miss
from tests.schedules.conftest import BARE, PLACE, let_fetching_fail, records

CRONTAB = ROOT / "deploy/cron/whichgen"
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
APART = [*AS_ROOT, "unshare", "--mount", "--propagation", "private"]

# Debian's cron with a spool, a clock and an /etc of its own, until its input ends. PAM: a container
# has no login to book.
CRON_AT_NIGHT = """set -e
mount -t tmpfs -o mode=1730 tmpfs /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
mount -t tmpfs tmpfs /etc/cron.d
mount -t tmpfs tmpfs /run
mount --bind empty /etc/crontab
mount --bind pam /etc/pam.d/cron
crontab -u "$(stat --format %U crontab)" crontab
faketime '2026-01-01 02:14:57' cron -f <&- &
cat > /dev/null
kill "$(cat /run/crond.pid)"
wait
"""
PAM = "".join(f"{kind} sufficient pam_permit.so\n" for kind in ("auth", "account", "session"))


def crontab_of(project: Path) -> str:
    """The crontab as the documented `sed` makes it."""
    return CRONTAB.read_text().replace(PLACE, str(project))


@pytest.mark.slow
def test_cron_fires_at_night_and_the_log_and_the_record_tell_what_it_did(
    project: Path, tmp_path: Path
) -> None:
    find_program("crontab")
    find_program("faketime")
    find_program((AS_ROOT or APART)[0])
    if subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:
        miss("cron needs root's rights and a mount namespace")
    for name, text in (("crontab", crontab_of(project)), ("empty", ""), ("pam", PAM)):
        (tmp_path / name).write_text(text)
    log = project / "logs/retrain.log"
    with subprocess.Popen(
        [*APART, "sh", "-c", CRON_AT_NIGHT], cwd=tmp_path, stdin=subprocess.PIPE
    ) as cron:
        until = time.monotonic() + 120
        while not (log.is_file() and "nothing to do" in log.read_text()):
            assert cron.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
    assert cron.returncode == 0
    (record,) = records(project)
    assert record["decision"] == "nothing_to_do"
    assert log.read_text().splitlines()[-1] == record["summary"]


@pytest.mark.slow
def test_a_failure_is_printed_for_cron_to_mail_it(project: Path) -> None:
    let_fetching_fail(project)
    line = next(line for line in CRONTAB.read_text().splitlines() if line.startswith("15 2 "))
    command = line.split(maxsplit=5)[5]
    fired = subprocess.run(
        ["/bin/sh", "-c", command],
        env=BARE | {"PROJECT": str(project)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    (record,) = records(project)
    assert record["decision"] == "failed"
    assert fired.stdout.splitlines()[-1] == record["summary"]
    assert len(fired.stdout.splitlines()) <= 3
    assert fired.stderr == ""


def test_cron_s_own_parser_takes_the_crontab() -> None:
    subprocess.run([find_program("crontab"), "-n", CRONTAB], check=True, capture_output=True)
