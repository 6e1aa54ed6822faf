"""specification → trained generator with its history."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.parameters import Family
from whichgen.pipelines.training.nodes import (
    choose_execution,
    choose_recipe,
    specify_cell,
    train_generator,
)


def create_pipeline(family: Family) -> Pipeline:
    """The pipeline that trains one cell of the family; its datasets are named `<family>.…`."""
    return pipeline(
        [
            node(
                choose_execution,
                ["params:device", "params:precision", "params:compile", "params:cuda_graph"],
                f"{family}_execution",
                name=f"choose_{family}_execution",
            ),
            node(
                choose_recipe,
                ["params:recipe", f"params:default_recipes.{family}", "params:recipes"],
                f"{family}_recipe",
                name=f"choose_{family}_recipe",
            ),
            node(
                specify_cell,
                [
                    f"{family}_recipe",
                    "params:recipes",
                    "params:seed",
                    "params:budget",
                    "dataset",
                    "current_info",
                    "extractor_card",
                    f"{family}_execution",
                ],
                f"{family}_spec",
                name=f"specify_{family}_cell",
            ),
            node(
                train_generator,
                [
                    f"{family}_spec",
                    "train",
                    "validation",
                    "info",
                    "extractor",
                    "params:device",
                    f"{family}_live_folder",
                    f"{family}_checkpoints_folder",
                    "params:checkpoints",
                    "packed_folder",
                    "params:data",
                    "params:devices",
                    "params:nodes",
                ],
                [
                    f"{family}_generator",
                    f"{family}_cell",
                    f"{family}_history",
                    f"{family}_timing",
                    f"{family}_measured",
                ],
                name=f"train_{family}",
                tags="train",
            ),
        ],
        namespace=family,
        prefix_datasets_with_namespace=False,
        tags=family,
    )
