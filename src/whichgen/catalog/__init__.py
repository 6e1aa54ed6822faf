"""Kedro datasets for what Kedro's own do not cover: tensors, folders, pictures, cells, verdicts."""

from whichgen.catalog.cells import CellsDataset
from whichgen.catalog.folder import FolderDataset
from whichgen.catalog.picture import PictureDataset
from whichgen.catalog.tensors import SafetensorsDataset
from whichgen.catalog.verdicts import VerdictsDataset

__all__ = [
    "CellsDataset",
    "FolderDataset",
    "PictureDataset",
    "SafetensorsDataset",
    "VerdictsDataset",
]
