"""verdict, all cells, judges → registered version, aliases."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.pipelines.promotion.nodes import (
    bind_scoring,
    gather_evidence,
    promote_winner,
)


def create_pipeline() -> Pipeline:
    """The `promotion` pipeline."""
    return pipeline(
        [
            node(
                bind_scoring,
                [
                    "extractor",
                    "second_judge",
                    "extractor_card",
                    "real_features",
                    "floors",
                    "second_floors",
                    "gates",
                    "current_info",
                ],
                "rescore",
                name="bind_scoring",
            ),
            node(
                gather_evidence,
                ["every_cell", "every_verdict", "dataset", "current_info", "rescore"],
                "evidence",
                name="gather_evidence",
            ),
            node(
                promote_winner,
                ["evidence", "params:promotion"],
                "promotion",
                name="promote_winner",
            ),
        ],
        namespace="promotion",
        prefix_datasets_with_namespace=False,
        tags="promotion",
    )
