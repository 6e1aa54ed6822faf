"""The comparison's winner into the model registry, and perhaps to its champion."""

from whichgen.pipelines.promotion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
