"""raw files → validated, split, packed."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.pipelines.data.nodes import (
    choose_dataset,
    describe_dataset,
    pack_splits,
    read_source,
    split_images,
)

TAGS = ["data"]


def create_pipeline() -> Pipeline:
    """The `data` pipeline."""
    packed = ["train", "validation", "test"]
    return pipeline(
        [
            node(
                choose_dataset,
                ["params:dataset", "params:datasets"],
                "dataset",
                name="choose_dataset",
                tags=TAGS,
            ),
            node(read_source, ["dataset", "raw_folder"], "images", name="read_source", tags=TAGS),
            node(split_images, ["images", "dataset"], "index", name="split_images", tags=TAGS),
            node(pack_splits, ["images", "index"], packed, name="pack_splits", tags=TAGS),
            node(
                describe_dataset,
                ["params:dataset", "dataset", "images", *packed],
                "info",
                name="describe_dataset",
                tags=TAGS,
            ),
        ]
    )
