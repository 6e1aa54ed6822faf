"""The retraining every night by Airflow 3: one DAG a dataset (docs/schedules.md).

Airflow needs nothing of whichgen: each task is a command in the project's own environment. Two
settings:

- WHICHGEN_DATASETS, an environment variable of Airflow's processes: the datasets, by spaces;
- whichgen_project, a Variable of Airflow's: the project's folder, with its .venv.
"""

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

ANOTHER_ONE_RUNS = 75


def command(dataset: str, task: str, skip_on_exit_code: int | None = None) -> BashOperator:
    """`whichgen TASK --dataset DATASET` in the project's folder and environment."""
    return BashOperator(
        task_id=task,
        bash_command=f'. .venv/bin/activate && exec whichgen {task} --dataset "$DATASET"',
        env={"DATASET": dataset},
        append_env=True,
        cwd="{{ var.value.whichgen_project }}",
        skip_on_exit_code=skip_on_exit_code,
    )


for dataset in os.environ.get("WHICHGEN_DATASETS", "digits").split():
    with DAG(
        f"whichgen_retrain_{dataset}",
        description=f"Retrain {dataset} where its data changed, and promote what is better",
        schedule="15 2 * * *",
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        # A repeated retraining goes on where the failed one was.
        default_args={
            "retries": 2,
            "retry_delay": timedelta(minutes=10),
            "retry_exponential_backoff": True,
        },
        tags=["whichgen"],
    ) as dag:
        retrain = command(dataset, "retrain", skip_on_exit_code=ANOTHER_ONE_RUNS)
        # Shows in MLflow what could not be shown while its server was away.
        retrain >> command(dataset, "sync")
    globals()[dag.dag_id] = dag
