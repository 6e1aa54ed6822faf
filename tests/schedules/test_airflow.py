import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, miss
from tests.schedules.conftest import BARE, another_one_running, records

AIRFLOW = ROOT / ".venv-airflow/bin"
DAGS = ROOT / "deploy/airflow"

INSPECT = """
import json, sys
from airflow.sdk.exceptions import AirflowSkipException
sys.path.insert(0, sys.argv[1])
from whichgen_retrain import dag, whichgen_retrain_fashion_mnist as other
task = dag.get_task("retrain")
task.cwd = sys.argv[2]
try:
    task.execute({})
    ended = "done"
except AirflowSkipException:
    ended = "skipped"
print("facts", json.dumps({
    "runs": dag.max_active_runs, "catchup": dag.catchup, "retries": task.retries,
    "downstream": sorted(task.downstream_task_ids), "ended": ended,
    "other": other.get_task("sync").env,
}))
"""


@pytest.fixture
def environment(project: Path, tmp_path: Path) -> dict[str, str]:
    """What Airflow is told: by variables alone, as in its containers."""
    if not (AIRFLOW / "airflow").exists():
        miss("Airflow is not installed; `make airflow` installs it")
    return BARE | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_VAR_WHICHGEN_PROJECT": str(project),
        "WHICHGEN_TRACKING": "off",
    }


def airflow(environment: dict[str, str], *command: str) -> str:
    ended = subprocess.run(
        [AIRFLOW / command[0], *command[1:]],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,  # a task that fails would be tried again after ten minutes
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@pytest.mark.slow
def test_airflow_runs_the_dag_in_the_project_s_environment(
    project: Path, environment: dict[str, str]
) -> None:
    airflow(environment, "airflow", "db", "migrate")
    told = airflow(environment, "airflow", "dags", "test", "whichgen_retrain_digits")
    (record,) = records(project)
    assert record["decision"] == "nothing_to_do"
    assert record["summary"] in told
    assert told.count("Command exited with return code 0") == 2
    assert "state=success" in told


@pytest.mark.slow
def test_one_run_at_a_time_no_backfill_and_a_busy_dataset_is_skipped(
    project: Path, environment: dict[str, str]
) -> None:
    named = environment | {"WHICHGEN_DATASETS": "fashion_mnist digits"}
    with another_one_running(project):
        told = airflow(named, "python", "-c", INSPECT, str(DAGS), str(project))
    (facts,) = [line for line in told.splitlines() if line.startswith("facts ")]
    assert json.loads(facts.removeprefix("facts ")) == {
        "runs": 1,
        "catchup": False,
        "retries": 2,
        "downstream": ["sync"],
        "ended": "skipped",
        "other": {"DATASET": "fashion_mnist"},
    }
    assert records(project) == []
