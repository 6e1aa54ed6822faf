"""Sample grids of a cell: as charts under MLflow's "Model metrics", and as plain files."""

from pathlib import Path

from whichgen.tracking.cell_files import CellFiles
from whichgen.tracking.tracked_run import TrackedRun, file_digest


def log_images(run: TrackedRun, files: CellFiles) -> None:
    """Log the previews that are new, and the evaluation's grids where their bytes have changed.

    Among the charts MLflow puts all of a run's parameters above an image, and begins at step 0,
    where there is none; a file is seen at once.
    """
    logged = run.marks.get("preview_step", -1)
    for step in sorted(step for step in files.previews if step > logged):
        if not _log(run, files.previews[step], "preview", step):
            break  # still being written: its turn comes again
        run.mark(preview_step=step)
    for name, path in files.grids.items():
        digest = file_digest(path)
        if run.marks.get(name) != digest:
            _log(run, path, name, int(files.cell.get("best_step", 0)))
            run.mark(**{name: digest})


def _log(run: TrackedRun, path: Path, key: str, step: int) -> bool:
    """Whether the file was a whole image and is logged now."""
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as image:
            image.load()
    except (OSError, SyntaxError):
        return False
    run.store.client.log_artifact(run.id, str(path), "grids")
    run.store.client.log_image(run.id, image, key=f"by_step/{key}", step=step)
    return True
