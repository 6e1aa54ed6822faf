"""The pipelines by name: each with all that comes before it, so that each runs from nothing."""

from kedro.pipeline import Pipeline

from whichgen.pipelines import (
    comparison,
    data,
    evaluation,
    extractor,
    overview,
    promotion,
    training,
)


def register_pipelines() -> dict[str, Pipeline]:
    """`data`, `extractor`, `gan`, `dgn`, `evaluation`, `comparison`; by default, all of these.

    Two are apart, for they read what comparisons have left, and train nothing that is not there:
    `overview` the verdicts of all datasets, `promotion` one dataset's.

    `runner.ReusingRunner` runs the steps of the named pipeline, and those before it only where
    their files are missing.
    """
    prepare = data.create_pipeline() + extractor.create_pipeline()
    gan = prepare + training.create_pipeline("gan")
    dgn = prepare + training.create_pipeline("dgn")
    scored = evaluation.create_pipeline("gan") + evaluation.create_pipeline("dgn")
    evaluate = gan + dgn + scored
    compare = evaluate + comparison.create_pipeline()
    return {
        "data": data.create_pipeline(),
        "extractor": prepare,
        "gan": gan,
        "dgn": dgn,
        "evaluation": evaluate,
        "comparison": compare,
        "overview": overview.create_pipeline(),
        "promotion": prepare + promotion.create_pipeline(),
        "__default__": compare,
    }
