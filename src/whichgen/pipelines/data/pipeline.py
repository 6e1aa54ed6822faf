"""raw files → validated, split, packed."""

from kedro.pipeline import Pipeline, node, pipeline

from whichgen.pipelines.data.nodes import (
    choose_dataset,
    describe_dataset,
    pack_splits,
    read_source,
    split_images,
)


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
            ),
            node(read_source, ["dataset", "raw_folder"], "images", name="read_source"),
            node(
                split_images,
                ["images", "dataset", "params:device"],
                ["index", "clusters"],
                name="split_images",
            ),
            node(pack_splits, ["images", "index"], packed, name="pack_splits"),
            node(
                describe_dataset,
                ["params:dataset", "dataset", "images", *packed, "clusters"],
                "info",
                name="describe_dataset",
            ),
        ],
        namespace="data",
        prefix_datasets_with_namespace=False,
        tags="data",
    )
