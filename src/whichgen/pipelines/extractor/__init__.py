"""The judge: fitted to the training split, frozen, shared by every recipe."""

from whichgen.pipelines.extractor.pipeline import create_pipeline

__all__ = ["create_pipeline"]
