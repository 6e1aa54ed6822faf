"""Publish what lies on disk: after a server's absence, or cells that DVC has restored."""

from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.redaction import redact
from whichgen.tracking.cell_files import find_cells
from whichgen.tracking.comparison_publisher import publish_comparison
from whichgen.tracking.settings import load_settings, tracking_uri
from whichgen.tracking.store import explain, open_store


def sync(project: Path, dataset: str | None = None) -> list[str]:
    """Publish all cells and comparisons, of one dataset or of all; safe to repeat.

    Returns:
        The names of what MLflow now shows: "dataset/recipe/seed", "comparison dataset". Nothing
        where the tracking is off.

    Raises:
        WhichgenError: if there are no cells of that dataset, or MLflow does not answer.
    """
    settings = load_settings(project)
    if settings.mode == "off":
        return []
    cells = find_cells(project, dataset)
    if dataset and not cells:
        raise WhichgenError(f"data/06_models/{dataset}: no trained cells; train one first")
    published = ["/".join(map(str, key)) for key in cells]
    try:
        store = open_store(project, settings)
        for name in sorted({key[0] for key in cells}):
            if publish_comparison(store, name):
                published.append(f"comparison {name}")
    except WhichgenError:
        raise
    except Exception as error:
        raise WhichgenError(
            f"MLflow at {redact(tracking_uri(project, settings))} took nothing: {explain(error)}; "
            "start its server or mend tracking_uri in conf/base/mlflow.yml, then sync again"
        ) from error
    return published
