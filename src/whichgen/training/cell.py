"""One cell: a dataset, a recipe and a seed, trained under a budget."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from whichgen.errors import WhichgenError
from whichgen.networks import Generator, Judge
from whichgen.training.build import build_update
from whichgen.training.checkpoints import Checkpoints, differences
from whichgen.training.distributed import ALONE, World
from whichgen.training.live import LiveFiles
from whichgen.training.loop import Plan, Trained, train
from whichgen.training.process import Stopped, StopSignals, only_process
from whichgen.training.progress import ProgressReport
from whichgen.training.record import cell_record, measured_record
from whichgen.training.spec import CellSpec
from whichgen.training.update import Update
from whichgen.training.validation import validator
from whichgen.training.watch import HealthWatch
from whichgen.training.watchers import Row, Watchers

logger = logging.getLogger(__name__)


def train_cell(
    spec: CellSpec,
    *,
    train_split: dict[str, Tensor],
    validation_split: dict[str, Tensor],
    info: dict[str, Any],
    extractor: Judge,
    live: Path,
    checkpoints: Checkpoints,
    world: World = ALONE,
) -> tuple[Trained, dict[str, Any], dict[str, Any]]:
    """Train the cell on the device of the training images, from its last checkpoint if it has one.

    Args:
        train_split, validation_split: `images` (N, *shape), stored, and `types` (N,) int64.
        info: the dataset's description. extractor: in evaluation mode, on the same device.
        live: the folder for the files that can be watched while it trains, and for the cell's lock.
        checkpoints: of `spec.identity()`. The finished state is among them, so that nothing is lost
            before the results are written; `discard` them then, or the next call has nothing to do.
        world: the processes that train it together, of which this is the first; the others
            `help_train_cell`.

    Returns:
        The trained generator with its history, the cell's record (the same on every run), and the
        measured record (seconds, memory).

    Raises:
        WhichgenError: if another process trains this cell, or the budget pays for no step.
        Stopped: on Ctrl-C or SIGTERM, with the state saved.
    """
    with only_process(live / "lock", spec.title), StopSignals() as stop:
        world.from_first(spec.identity)
        saved = checkpoints.load(train_split["images"].device)
        fitted = saved["weights"]["networks"].get("encoder") if saved else None
        update = _update(spec, train_split, info, fitted, world)
        world.from_first(lambda: _encoder(update))
        validate = validator(
            extractor,
            validation_split["images"],
            validation_split["types"],
            n=spec.recipe.training.validation_images,
            seed=spec.seed,
            two_sample=any("c2st" in name for name in spec.recipe.training.stop_when),
        )
        past = {name: saved[name] for name in ("history", "seconds")} if saved else {}
        files = LiveFiles(live, spec.configuration(), spec.seed, **past)
        bar = ProgressReport(spec.title, update.images_per_step)
        watchers = Watchers([files, bar, HealthWatch(spec.title)])
        with _told(files, bar, spec.title, checkpoints):
            trained = train(
                update, _plan(spec), validate, watchers,
                checkpoints=checkpoints, stop=stop, saved=saved,
            )  # fmt: skip
        files.status("failed" if trained.error else "finished", trained.error)
        return trained, cell_record(spec, trained, update, info), measured_record(trained, update)


def help_train_cell(
    spec: CellSpec,
    *,
    train_split: dict[str, Tensor],
    info: dict[str, Any],
    checkpoints: Checkpoints,
    world: World,
) -> None:
    """The part of a process that is not the first of its world in `train_cell`; it writes nothing.

    Raises:
        WhichgenError: if the first one trains another cell, or from other code or data.
        Stopped: when any of the processes has received a signal.
    """
    with StopSignals(tells=False) as stop:
        mine, first = spec.identity(), world.from_first(spec.identity)
        if mine != first:
            changed = "; ".join(differences(first, mine))
            raise WhichgenError(f"rank {world.rank}: its training is not that of rank 0: {changed}")
        fitted = world.from_first(dict)
        update = _update(spec, train_split, info, fitted, world)
        train(
            update, _plan(spec), _validate_elsewhere, Watchers([]),
            checkpoints=checkpoints, stop=stop,
        )  # fmt: skip


def _validate_elsewhere(generator: Generator) -> Row:
    raise AssertionError("the first process validates")


def _update(
    spec: CellSpec,
    train_split: dict[str, Tensor],
    info: dict[str, Any],
    fitted: Mapping[str, Tensor] | None,
    world: World,
) -> Update:
    return build_update(
        spec.recipe,
        spec.trunk,
        images=train_split["images"],
        types=train_split["types"],
        info=info,
        seed=spec.seed,
        encoder=fitted,
        precision=spec.execution.precision,
        world=world,
    )


def _encoder(update: Update) -> dict[str, Tensor] | None:
    networks = update.networks
    return networks["encoder"].state_dict() if "encoder" in networks else None


def _plan(spec: CellSpec) -> Plan:
    training = spec.recipe.training
    return Plan(
        budget_flops=spec.budget_flops,
        validations=training.validations,
        rows=training.rows,
        ema_decay=training.ema_decay,
        warmup=training.warmup,
        final_rate=training.final_rate,
        execution=spec.execution,
        stop_when=training.stop_when,
    )


@contextmanager
def _told(
    files: LiveFiles, bar: ProgressReport, title: str, checkpoints: Checkpoints
) -> Iterator[None]:
    """Say of a training that does not reach its end why, and how to go on."""
    try:
        yield
    except (Stopped, KeyboardInterrupt) as end:
        files.status("stopped")
        bar.close()
        if isinstance(end, Stopped):
            logger.warning(
                "%s: %s, saved in %s; the same command goes on from there",
                title, end, checkpoints.folder,
            )  # fmt: skip
        raise
    except BaseException as error:
        files.status("failed", f"{type(error).__name__}: {error}")
        raise
    finally:
        bar.close()
