import subprocess
from typing import Any

import pytest
from PIL import Image

from tests.tracking.cell_writer import CellWriter
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.store import Store

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


def points(store: Store, run_id: str, name: str) -> list[tuple[int, float]]:
    """All logged values of a metric, as (step, value)."""
    return [(m.step, m.value) for m in store.client.get_metric_history(run_id, name)]


def all_points(store: Store, run_id: str) -> dict[str, list[tuple[int, float]]]:
    names = store.client.get_run(run_id).data.metrics
    return {name: points(store, run_id, name) for name in names}


def runs(store: Store) -> list[Any]:
    return list(store.client.search_runs([store.experiment_id]))


def images(store: Store, run_id: str) -> list[str]:
    """The logged images as `<key>+step+<step>`, without their small copies."""
    paths = [item.path for item in store.client.list_artifacts(run_id, "images")]
    return sorted(p.split("/")[1].split("+timestamp")[0] for p in paths if "compressed" not in p)


def test_nothing_is_published_of_a_cell_without_files(store: Store, cell: CellWriter) -> None:
    assert publish_cell(store, cell.key) is None
    assert runs(store) == []


def test_publishing_twice_gives_the_same_run_and_nothing_twice(
    store: Store, cell: CellWriter
) -> None:
    cell.start()
    cell.rows(1, 2, 3)
    cell.preview(1)
    cell.preview(3)
    cell.status("finished")
    cell.outputs()
    cell.scores()
    first = publish_cell(store, cell.key)
    assert first is not None
    before = all_points(store, first), images(store, first), store.client.get_run(first)
    assert publish_cell(store, cell.key) == first
    assert (all_points(store, first), images(store, first)) == before[:2]
    assert store.client.get_run(first).to_dictionary() == before[2].to_dictionary()
    assert [run.info.run_id for run in runs(store)] == [first]


def test_a_cell_from_its_start_to_its_scores_is_one_run(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.rows(1, 2)
    cell.preview(2)
    run_id = publish_cell(store, cell.key, "live")
    assert run_id is not None
    assert store.client.get_run(run_id).info.status == "RUNNING"
    assert points(store, run_id, "by_step/generator_loss") == [(1, 2.0), (2, 1.0)]

    cell.rows(4)
    cell.preview(4)
    assert publish_cell(store, cell.key, "live") == run_id
    assert points(store, run_id, "by_step/generator_loss") == [(1, 2.0), (2, 1.0), (4, 0.5)]
    assert points(store, run_id, "by_step/validation_fd") == [(1, 10.0), (2, 5.0), (4, 2.5)]
    assert points(store, run_id, "by_step/seconds") == [(1, 0.1), (2, 0.2), (4, 0.4)]

    cell.status("finished")
    cell.outputs()
    assert publish_cell(store, cell.key) == run_id
    metrics = store.client.get_run(run_id).data.metrics
    assert "score/fd" not in metrics
    assert (metrics["cost/training_flops"], metrics["measured/seconds"]) == (3e6, 0.5)

    cell.scores()
    assert publish_cell(store, cell.key) == run_id
    run = store.client.get_run(run_id)
    assert (run.data.metrics["score/fd"], run.data.metrics["floor/fd"]) == (1.5, 0.25)
    assert run.data.metrics["p_value/memorisation"] == 0.5
    assert "score/kid" not in run.data.metrics
    assert (run.info.status, run.info.end_time - run.info.start_time) == ("FINISHED", 500)
    assert images(store, run_id) == [
        "by_step~grid+step+2",
        "by_step~grid_by_type+step+2",
        "by_step~preview+step+2",
        "by_step~preview+step+4",
    ]


def test_a_run_tells_what_it_was_made_from(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.rows(1)
    run = store.client.get_run(publish_cell(store, cell.key))
    assert run.info.run_name == "digits/gan/0"
    assert run.data.params["networks.width"] == "16"
    assert run.data.params["networks.stages"] == "[1, 2]"
    assert run.data.params["objective.note"] == "x" * 500
    assert run.data.tags["whichgen.recipe"] == "gan"
    assert run.data.tags["whichgen.data_hash"] == "d" * 64
    assert "mlflow.source.git.commit" not in run.data.tags
    logged = run.inputs.dataset_inputs[0].dataset
    assert (logged.name, logged.digest) == ("digits", "d" * 36)


def test_more_parameters_than_one_batch_takes(store: Store, cell: CellWriter) -> None:
    cell.start()
    (cell.live / "config.json").write_text(str({f"p{i}": i for i in range(250)}).replace("'", '"'))
    run = store.client.get_run(publish_cell(store, cell.key))
    assert run.data.params == {f"p{i}": str(i) for i in range(250)}


def test_a_long_history_arrives_whole(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.rows(*range(1, 1001))
    run_id = publish_cell(store, cell.key)
    assert run_id is not None
    assert points(store, run_id, "by_step/flops") == [(step, step * 1e6) for step in range(1, 1001)]


def test_the_git_revision_and_its_changes_are_tags(store: Store, cell: CellWriter) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(store.project), "-c", "user.name=n", "-c", "user.email=e@e"]
        done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", "conf")
    git("commit", "--quiet", "--message", "first")
    (store.project / "conf/base/mlflow.yml").write_text("mode: required\n")
    cell.start()
    tags = store.client.get_run(publish_cell(store, cell.key)).data.tags
    assert tags["mlflow.source.git.commit"] == git("rev-parse", "HEAD")
    assert tags["whichgen.git.dirty"] == "true"
    assert tags["whichgen.git.read_at"] == "publishing"


def test_a_row_waits_for_its_seconds(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.rows(1, 2)
    timing = (cell.live / "timing.jsonl").read_text()
    (cell.live / "timing.jsonl").write_text(timing.splitlines()[0] + "\n")
    run_id = publish_cell(store, cell.key, "live")
    assert run_id is not None
    assert points(store, run_id, "by_step/generator_loss") == [(1, 2.0)]
    (cell.live / "timing.jsonl").write_text(timing)
    publish_cell(store, cell.key, "live")
    assert points(store, run_id, "by_step/generator_loss") == [(1, 2.0), (2, 1.0)]
    assert points(store, run_id, "by_step/seconds") == [(1, 0.1), (2, 0.2)]


def test_points_whose_mark_was_lost_are_not_logged_at_other_times(
    store: Store, cell: CellWriter
) -> None:
    cell.start()
    cell.rows(1, 2)
    run_id = publish_cell(store, cell.key, "live")
    assert run_id is not None
    store.client.delete_tag(run_id, "whichgen.published")
    cell.start()
    cell.rows(1, 2, 3)
    timing = (cell.live / "timing.jsonl").read_text()  # resumed, it took longer
    (cell.live / "timing.jsonl").write_text(timing.replace("0.2", "0.9"))
    assert publish_cell(store, cell.key, "live") == run_id
    assert points(store, run_id, "by_step/seconds") == [(1, 0.1), (2, 0.2), (3, 0.3)]


def test_a_run_that_was_created_twice_is_one_again(store: Store, cell: CellWriter) -> None:
    cell.start()
    empty = publish_cell(store, cell.key, "live")
    assert empty is not None
    run = store.client.get_run(empty)
    tags = {name: run.data.tags[name] for name in ("whichgen.cell", "whichgen.configuration")}
    later = run.info.start_time + 1000
    store.create_run("twin of an empty run", tags, later)
    cell.rows(1)
    run_id = publish_cell(store, cell.key, "live")
    assert run_id is not None
    store.create_run("twin of a run with rows", tags, later)
    assert publish_cell(store, cell.key, "live") == run_id
    assert [run.info.run_id for run in runs(store)] == [run_id]
    assert points(store, run_id, "by_step/generator_loss") == [(1, 2.0)]


def test_a_failed_cell_ends_as_failed_with_its_error(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.rows(1)
    cell.status("failed", "a loss term is not finite")
    cell.outputs("failed", "a loss term is not finite")
    run = store.client.get_run(publish_cell(store, cell.key))
    assert run.info.status == "FAILED"
    assert run.data.tags["whichgen.error"] == "a loss term is not finite"


def test_a_killed_training_that_is_resumed_stays_one_run(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.rows(1, 2, 3)
    run_id = publish_cell(store, cell.key, "end")
    assert run_id is not None
    assert store.client.get_run(run_id).info.status == "KILLED"
    cell.start()
    cell.rows(1, 2)  # back at its checkpoint
    assert publish_cell(store, cell.key, "live") == run_id
    assert store.client.get_run(run_id).info.status == "RUNNING"
    cell.rows(3, 4)
    assert publish_cell(store, cell.key, "live") == run_id
    assert points(store, run_id, "by_step/generator_loss") == [
        (1, 2.0),
        (2, 1.0),
        (3, 2 / 3),
        (4, 0.5),
    ]


def test_a_failure_that_a_resume_got_over_leaves_no_error(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.rows(1)
    cell.status("failed", "OSError: no space left")
    run_id = publish_cell(store, cell.key, "end")
    assert store.client.get_run(run_id).data.tags["whichgen.error"] == "OSError: no space left"
    cell.status("finished")
    cell.outputs()
    assert publish_cell(store, cell.key, "end") == run_id
    run = store.client.get_run(run_id)
    assert (run.info.status, run.data.tags["whichgen.error"]) == ("FINISHED", "")


@pytest.mark.parametrize("key", ["first row", "last row"])
def test_another_history_is_another_run(store: Store, cell: CellWriter, key: str) -> None:
    cell.start()
    cell.rows(1, 2)
    first = publish_cell(store, cell.key)
    cell.start()
    cell.rows(1, loss=3.0 if key == "first row" else 2.0)
    cell.rows(2, loss=3.0)
    second = publish_cell(store, cell.key)
    assert first is not None
    assert second is not None
    assert first != second
    assert points(store, first, "by_step/generator_loss") == [(1, 2.0), (2, 1.0)]
    assert points(store, second, "by_step/generator_loss")[1] == (2, 1.5)
    assert publish_cell(store, cell.key) == second


def test_another_configuration_is_another_run(store: Store, cell: CellWriter) -> None:
    cell.start()
    first = publish_cell(store, cell.key)
    (cell.live / "config.json").write_text('{"dataset": "digits", "width": 32}')
    assert publish_cell(store, cell.key) != first
    assert len(runs(store)) == 2


def test_new_scores_replace_the_old_ones(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.status("finished")
    cell.outputs()
    cell.scores(fd=1.5)
    run_id = publish_cell(store, cell.key)
    assert run_id is not None
    cell.scores(fd=1.25)
    assert publish_cell(store, cell.key) == run_id
    assert store.client.get_run(run_id).data.metrics["score/fd"] == 1.25
    assert points(store, run_id, "score/coverage") == [(2, 0.8)]


def test_a_half_written_preview_waits_for_its_turn(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.preview(1)
    path = cell.live / "previews/step_00000002.png"
    Image.effect_noise((64, 64), 50).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    run_id = publish_cell(store, cell.key, "live")
    assert run_id is not None
    assert images(store, run_id) == ["by_step~preview+step+1"]
    path.write_bytes(whole)
    publish_cell(store, cell.key, "live")
    assert images(store, run_id) == ["by_step~preview+step+1", "by_step~preview+step+2"]
