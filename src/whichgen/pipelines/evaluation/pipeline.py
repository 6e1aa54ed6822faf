"""trained generator → samples → features → scores, for each family."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.parameters import Family
from whichgen.pipelines.evaluation.nodes import (
    draw_grids,
    draw_interpolations,
    draw_samples,
    extract_features,
    find_neighbours,
    score_cell,
)


def create_pipeline(family: Family) -> Pipeline:
    """The evaluation of one cell of the family."""
    samples, features = f"{family}_samples", f"{family}_features"
    return pipeline(
        [
            node(
                draw_samples,
                [
                    f"{family}_generator",
                    f"{family}_cell",
                    "current_info",
                    "extractor_card",
                    "real_features",
                ],
                samples,
                name=f"draw_{family}_samples",
            ),
            node(
                extract_features,
                [samples, "extractor", "second_judge"],
                features,
                name=f"extract_{family}_features",
            ),
            node(
                draw_grids,
                [samples, "info"],
                [f"{family}_grid", f"{family}_grid_by_type"],
                name=f"draw_{family}_grids",
            ),
            node(
                draw_interpolations,
                [f"{family}_generator", f"{family}_cell", samples],
                f"{family}_interpolations",
                name=f"draw_{family}_interpolations",
            ),
            node(
                find_neighbours,
                [features, "real_features"],
                f"{family}_neighbours",
                name=f"find_{family}_neighbours",
            ),
            node(
                score_cell,
                [
                    f"{family}_cell",
                    samples,
                    features,
                    "real_features",
                    "floors",
                    "second_floors",
                    "gates",
                    "extractor_card",
                    "info",
                ],
                f"{family}_scores",
                name=f"score_{family}",
                tags="score",
            ),
        ],
        namespace=f"evaluation.{family}",
        prefix_datasets_with_namespace=False,
        tags="evaluation",
    )
