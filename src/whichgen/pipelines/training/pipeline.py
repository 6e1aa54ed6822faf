"""specification → trained generator with its history."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.parameters import Family
from whichgen.pipelines.training.nodes import specify_cell, train_generator


def create_pipeline(family: Family) -> Pipeline:
    """The pipeline that trains one cell of the family; its datasets are named `<family>.…`."""
    return pipeline(
        [
            node(
                specify_cell,
                [
                    "params:recipe",
                    f"params:default_recipes.{family}",
                    "params:recipes",
                    "params:seed",
                    "params:budget",
                    "dataset",
                    "current_info",
                    "extractor_card",
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
