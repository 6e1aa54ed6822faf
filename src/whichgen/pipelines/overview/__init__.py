"""The verdicts of all datasets to one summary."""

from whichgen.pipelines.overview.pipeline import create_pipeline

__all__ = ["create_pipeline"]
