"""Kills a promotion at each of its writes, and runs it again; prints what was found.

Each promotion is a fork of this process, on a copy of the same database; at a given write it sends
itself SIGKILL before the write is committed. So every state between two writes is met.
Usage: python -m tests.registry.kills PROJECT, whose cells are published and whose winner may win.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow.pyfunc
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.registry.comparisons import Comparison
from whichgen.registry.evidence import Evidence
from whichgen.registry.promotion import promote

WRITES = ("INSERT", "UPDATE", "DELETE")
TIMES = "('whichgen.champion_since')"
STATE = {
    "aliases": "SELECT alias, version FROM registered_model_aliases ORDER BY alias",
    "versions": "SELECT version, source, run_id, description FROM model_versions ORDER BY version",
    "tags": "SELECT version, key, value FROM model_version_tags "
    f"WHERE key NOT IN {TIMES} ORDER BY version, key",
    "dated": f"SELECT version FROM model_version_tags WHERE key IN {TIMES} ORDER BY version",
    "runs": "SELECT run_uuid, status FROM runs ORDER BY run_uuid",
}


def main(project: Path) -> None:
    os.chdir(project)
    shutil.copy("mlflow.db", "snapshot.db")
    path, found = project / "promoted.json", []
    evidence = Comparison(project).evidence()
    assert in_fork(lambda: write(path, counted(evidence, None))) == 0
    unbroken = {"state": state(), "result": json.loads(path.read_text())}
    for killed in range(unbroken["result"]["writes"]):
        shutil.copy("snapshot.db", "mlflow.db")
        code = in_fork(lambda at=killed: counted(evidence, at))
        between = state()
        again = in_fork(lambda: write(path, counted(evidence, None)))
        found.append(
            {
                "ended": (code, again),
                "between": between,
                "state": state(),
                "result": json.loads(path.read_text()),
            }
        )
    print(json.dumps({"unbroken": unbroken, "killed": found}))


def counted(evidence: Evidence, kill_at: int | None) -> dict[str, Any]:
    """Promote; the result and the number of writes, unless it is killed at one."""
    writes = 0

    def executed(connection, cursor, statement, *rest):
        if statement.startswith(WRITES):
            connection.info["writes"] = True

    def commits(connection):
        nonlocal writes
        if connection.info.pop("writes", False):
            if writes == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            writes += 1

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "commit", commits)
    result = promote(evidence, "enabled")
    return result | {"writes": writes}


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content))


def in_fork(act: Callable[[], Any]) -> int:
    """The exit code of a child that does it, negative for a signal."""
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def state() -> dict[str, Any]:
    """All that the registry holds, times aside."""
    assert mlflow.pyfunc  # imported here, and not in every fork
    with sqlite3.connect("mlflow.db") as database:
        return {name: database.execute(query).fetchall() for name, query in STATE.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
