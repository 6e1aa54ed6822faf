"""packed data → judge → real features → floors."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.pipelines.extractor.nodes import (
    check_preparation,
    extract_real_features,
    fit_extractor,
    measure_floors,
    rebuild_extractor,
)


def create_pipeline() -> Pipeline:
    """The `extractor` pipeline."""
    return pipeline(
        [
            node(
                check_preparation,
                ["dataset", "info"],
                "current_info",
                name="check_preparation",
            ),
            node(
                fit_extractor,
                ["dataset", "current_info", "train", "params:device"],
                ["extractor_weights", "extractor_card"],
                name="fit_extractor",
            ),
            node(
                rebuild_extractor,
                ["extractor_weights", "extractor_card", "current_info", "dataset"],
                "extractor",
                name="rebuild_extractor",
            ),
            node(
                extract_real_features,
                ["extractor", "train", "validation", "test"],
                "real_features",
                name="extract_real_features",
            ),
            node(
                measure_floors,
                ["real_features", "info"],
                "floors",
                name="measure_floors",
            ),
        ],
        namespace="extractor",
        prefix_datasets_with_namespace=False,
        tags="extractor",
    )
