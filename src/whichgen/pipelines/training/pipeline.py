"""specification → trained generator with its history."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.parameters import Family
from whichgen.pipelines.training.nodes import specify_dgn_cell, specify_gan_cell, train_generator

SPECIFY = {"gan": specify_gan_cell, "dgn": specify_dgn_cell}


def create_pipeline(family: Family) -> Pipeline:
    """The pipeline that trains one cell of the family; its datasets are named `<family>.…`."""
    tags = [family, "train"]
    return pipeline(
        [
            node(
                SPECIFY[family],
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
                f"{family}.spec",
                name=f"specify_{family}_cell",
                tags=[family],
            ),
            node(
                train_generator,
                [
                    f"{family}.spec",
                    "train",
                    "validation",
                    "info",
                    "extractor",
                    "params:device",
                    f"{family}.live_folder",
                ],
                [
                    f"{family}.generator",
                    f"{family}.cell",
                    f"{family}.history",
                    f"{family}.timing",
                    f"{family}.measured",
                ],
                name=f"train_{family}",
                tags=tags,
            ),
        ]
    )
