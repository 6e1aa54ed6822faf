"""Sample grids of a cell as images by step, which MLflow shows under "Model metrics"."""

import hashlib
from pathlib import Path
from typing import Any

from whichgen.tracking.cell_files import CellFiles
from whichgen.tracking.store import Store


def log_images(store: Store, run: Any, files: CellFiles) -> None:
    """Log the previews that are new, and the evaluation's grids where their bytes have changed."""
    logged = int(run.data.tags.get("whichgen.preview_step", -1))
    for step in sorted(step for step in files.previews if step > logged):
        if not _log(store, run, files.previews[step], "preview", step):
            break  # still being written: its turn comes again
        store.log(run.info.run_id, tags={"whichgen.preview_step": step})
    for name, path in files.grids.items():
        mark, digest = f"whichgen.image.{name}", hashlib.sha256(path.read_bytes()).hexdigest()
        if run.data.tags.get(mark) != digest:
            _log(store, run, path, name, int(files.cell.get("best_step", 0)))
            store.log(run.info.run_id, tags={mark: digest})


def _log(store: Store, run: Any, path: Path, key: str, step: int) -> bool:
    """Whether the file was a whole image and is logged now."""
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as image:
            image.load()
    except (OSError, SyntaxError):
        return False
    store.client.log_image(run.info.run_id, image, key=key, step=step)
    return True
