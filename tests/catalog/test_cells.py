"""The scored cells of a dataset, as a comparison or a promotion reads them."""

import json

import pytest
from kedro.io import DatasetError

from whichgen.catalog import CellsDataset
from whichgen.hooks import explain


def test_a_scored_cell_that_is_trained_again_is_named_with_the_way_out(tmp_path):
    folders = {name: tmp_path / name for name in ("scores", "models", "outputs")}
    cell = folders["scores"] / "dgn/5"
    cell.mkdir(parents=True)
    (cell / "scores.json").write_text(json.dumps({}))
    with pytest.raises(DatasetError) as caught:
        CellsDataset(**{name: str(folder) for name, folder in folders.items()}).load()
    said = explain(caught.value)
    assert said is not None
    assert said.startswith(f"{folders['models']}/dgn/5/history.csv: missing, though the cell has")
    assert "dvc repro" in said
