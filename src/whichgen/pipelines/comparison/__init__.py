"""Scores of all cells to table, verdict, figures and report."""

from whichgen.pipelines.comparison.pipeline import create_pipeline

__all__ = ["create_pipeline"]
