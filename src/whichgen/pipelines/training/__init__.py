"""Train one cell: the `gan` and the `dgn` pipeline, alike but for the recipes they accept."""

from whichgen.pipelines.training.pipeline import create_pipeline

__all__ = ["create_pipeline"]
