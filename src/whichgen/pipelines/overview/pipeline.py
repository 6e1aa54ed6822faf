"""all verdicts → overview."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.pipelines.overview.nodes import summarise_verdicts


def create_pipeline() -> Pipeline:
    """The `overview` pipeline."""
    return pipeline(
        [
            node(
                summarise_verdicts,
                "every_verdict",
                ["overview", "overview_page"],
                name="summarise_verdicts",
            )
        ],
        namespace="overview",
        prefix_datasets_with_namespace=False,
        tags="overview",
    )
