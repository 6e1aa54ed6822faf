"""all cells → comparable ones → verdict, table, figures → report."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.pipelines.comparison.nodes import (
    decide_verdict,
    draw_figures,
    gather_cells,
    tabulate_scores,
    write_report,
)


def create_pipeline() -> Pipeline:
    """The `comparison` pipeline."""
    tags = ["comparison"]
    return pipeline(
        [
            node(
                gather_cells,
                ["every_cell", "gan_scores", "dgn_scores"],
                ["cells", "left_out"],
                name="gather_cells",
                tags=tags,
            ),
            node(
                decide_verdict, ["cells", "left_out"], "verdict", name="decide_verdict", tags=tags
            ),
            node(tabulate_scores, "cells", "table", name="tabulate_scores", tags=tags),
            node(draw_figures, "cells", "figures", name="draw_figures", tags=tags),
            node(
                write_report,
                ["cells", "verdict", "info", "test"],
                "report",
                name="write_report",
                tags=[*tags, "report"],
            ),
        ]
    )
