"""Raw files to validated, split, packed tensors and a table of every image."""

from whichgen.pipelines.data.pipeline import create_pipeline

__all__ = ["create_pipeline"]
