"""Trained cells to samples, features, scores and sample grids."""

from whichgen.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
