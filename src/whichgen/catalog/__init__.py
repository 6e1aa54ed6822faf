"""Kedro datasets for what Kedro's own do not cover: tensors, folders, pictures, cells."""

from whichgen.catalog.cells import CellsDataset
from whichgen.catalog.folder import FolderDataset
from whichgen.catalog.picture import PictureDataset
from whichgen.catalog.tensors import PackedDataset, SafetensorsDataset

__all__ = [
    "CellsDataset",
    "FolderDataset",
    "PackedDataset",
    "PictureDataset",
    "SafetensorsDataset",
]
