"""packed data → judges → gates; real features → floors."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.pipelines.extractor.nodes import (
    check_gates,
    check_preparation,
    extract_real_features,
    fit_judges,
    measure_floors,
    rebuild_extractor,
    rebuild_second_judge,
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
                fit_judges,
                ["dataset", "current_info", "train", "params:device"],
                ["extractor_weights", "second_weights", "extractor_card"],
                name="fit_judges",
            ),
            node(
                rebuild_extractor,
                ["extractor_weights", "extractor_card", "current_info", "dataset"],
                "extractor",
                name="rebuild_extractor",
            ),
            node(
                rebuild_second_judge,
                ["second_weights", "extractor_card", "current_info", "dataset"],
                "second_judge",
                name="rebuild_second_judge",
            ),
            node(
                check_gates,
                ["extractor", "second_judge", "extractor_card", "validation", "test", "info"],
                "gates",
                name="check_gates",
            ),
            node(
                extract_real_features,
                ["extractor", "second_judge", "train", "validation", "test"],
                "real_features",
                name="extract_real_features",
            ),
            node(
                measure_floors,
                ["real_features", "validation", "info"],
                ["floors", "second_floors"],
                name="measure_floors",
            ),
        ],
        namespace="extractor",
        prefix_datasets_with_namespace=False,
        tags="extractor",
    )
