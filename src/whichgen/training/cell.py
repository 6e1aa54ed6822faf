"""One cell: a dataset, a recipe and a seed, trained under a budget."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from whichgen.networks import Classifier
from whichgen.training.build import build_update
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.live import LiveFiles
from whichgen.training.loop import Plan, Trained, train
from whichgen.training.process import Stopped, StopSignals, only_process
from whichgen.training.progress import ProgressReport
from whichgen.training.record import cell_record, measured_record
from whichgen.training.spec import CellSpec
from whichgen.training.validation import validator
from whichgen.training.watch import HealthWatch
from whichgen.training.watchers import Watchers

logger = logging.getLogger(__name__)


def train_cell(
    spec: CellSpec,
    *,
    train_split: dict[str, Tensor],
    validation_split: dict[str, Tensor],
    info: dict[str, Any],
    extractor: Classifier,
    live: Path,
    checkpoints: Checkpoints,
) -> tuple[Trained, dict[str, Any], dict[str, Any]]:
    """Train the cell on the device of the training images, from its last checkpoint if it has one.

    Args:
        train_split, validation_split: `images` (N, C, R, R) uint8 and `types` (N,) int64.
        info: the dataset's description. extractor: in evaluation mode, on the same device.
        live: the folder for the files that can be watched while it trains, and for the cell's lock.
        checkpoints: of `spec.identity()`. The finished state is among them, so that nothing is lost
            before the results are written; `discard` them then, or the next call has nothing to do.

    Returns:
        The trained generator with its history, the cell's record (the same on every run), and the
        measured record (seconds, memory).

    Raises:
        WhichgenError: if another process trains this cell, or the budget pays for no step.
        Stopped: on Ctrl-C or SIGTERM, with the state saved.
    """
    with only_process(live / "lock", spec.title), StopSignals() as stop:
        saved = checkpoints.load(train_split["images"].device)
        update = build_update(
            spec.recipe,
            spec.trunk,
            images=train_split["images"],
            types=train_split["types"],
            info=info,
            seed=spec.seed,
            encoder=saved["weights"]["networks"].get("encoder") if saved else None,
        )
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


def _plan(spec: CellSpec) -> Plan:
    training = spec.recipe.training
    return Plan(
        budget_flops=spec.budget_flops,
        validations=training.validations,
        rows=training.rows,
        ema_decay=training.ema_decay,
        warmup=training.warmup,
        final_rate=training.final_rate,
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
