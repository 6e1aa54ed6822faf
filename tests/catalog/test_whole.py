"""A file is written whole or not at all, and a full disk is told as what it is."""

from pathlib import Path

import pytest
import torch

from whichgen.catalog import SafetensorsDataset
from whichgen.catalog.whole import write_whole
from whichgen.hooks import explain

# A device on which every write fails as on a full disk.
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


def test_it_replaces_what_was_there_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "new" / "file.bin"
    for content in (b"first", b"second, longer"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]


@needs_full
def test_a_full_disk_leaves_the_former_file_and_is_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    dataset = SafetensorsDataset(filepath=str(path))
    dataset.save({"w": torch.ones(3)})
    before = path.read_bytes()
    (tmp_path / "weights.part").symlink_to("/dev/full")
    with pytest.raises(Exception, match="No space left") as caught:
        dataset.save({"w": torch.zeros(3)})
    assert "the disk is full" in explain(caught.value)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["weights.safetensors"]


def test_the_same_tensors_give_the_same_bytes(tmp_path):
    paths = [tmp_path / f"{i}.safetensors" for i in range(2)]
    for path in paths:
        SafetensorsDataset(filepath=str(path)).save({"b": torch.arange(3), "a": torch.ones(2, 2)})
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert torch.equal(SafetensorsDataset(filepath=str(paths[0])).load()["b"], torch.arange(3))
