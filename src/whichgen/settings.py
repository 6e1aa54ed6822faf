"""Kedro's settings for this project."""

from typing import Any

from kedro.config import OmegaConfigLoader

from whichgen.hooks import ProjectHooks, TrainingHooks
from whichgen.runner import ReusingSession
from whichgen.tracking.hooks import TrackingHooks

HOOKS = (ProjectHooks(), TrainingHooks(), TrackingHooks())
SESSION_CLASS = ReusingSession
CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {
        "parameters": ["parameters*", "parameters*/**", "**/parameters*"],
        "mlflow": ["mlflow*"],
    },
}
