"""all cells → comparable ones → verdict, table, figures → report."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.pipelines.comparison.nodes import (
    decide_verdict,
    gather_cells,
    tabulate_scores,
    write_report,
)


def create_pipeline() -> Pipeline:
    """The `comparison` pipeline."""
    return pipeline(
        [
            node(
                gather_cells,
                ["every_cell", "gan_scores", "dgn_scores"],
                ["cells", "left_out"],
                name="gather_cells",
            ),
            node(
                decide_verdict,
                ["cells", "left_out", "params:weights", "info"],
                "verdict",
                name="decide_verdict",
            ),
            node(tabulate_scores, "cells", ["table", "medians"], name="tabulate_scores"),
            node(
                write_report,
                ["cells", "verdict", "info", "train", "test", "gates"],
                ["report", "report_markdown", "report_data", "model_cards", "figures"],
                name="write_report",
                tags="report",
            ),
        ],
        namespace="comparison",
        prefix_datasets_with_namespace=False,
        tags="comparison",
    )
