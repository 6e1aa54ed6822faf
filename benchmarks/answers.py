"""What an answer of a served cell costs besides HTTP, and how far truncation narrows its images.

    python -m benchmarks.answers --dataset fashion_mnist

For each family's trained cell: milliseconds for drawing images and for writing them in each
encoding, with its size, on one thread; and the standard deviation of a pixel over images of one
type, on a scale of 0 to 1, mean over pixels, by truncation.
"""

import argparse
from functools import partial
from io import StringIO

import torch
from mlflow.pyfunc.scoring_server import predictions_to_json

from benchmarks.interleave import Work, interleaved, spread
from benchmarks.markdown import figure, quartiles, table
from benchmarks.workloads import ROOT
from whichgen.drawing import draw
from whichgen.errors import WhichgenError
from whichgen.forms import Samples
from whichgen.forms.images import ImageForm
from whichgen.networks import Generator, load_generator
from whichgen.serving import encoder
from whichgen.training.seeding import stream

IMAGES, ROUNDS = 64, 9
TYPE, VARIED = 3, 300
TRUNCATIONS = (1.0, 0.8, 0.6, 0.4, 0.2)


def written(images: Samples, encoding: str) -> str:
    """The body of an answer."""
    text = StringIO()
    predictions_to_json(encoder(encoding, ImageForm.encodings)(images), text)
    return text.getvalue()


def costs(generator: Generator) -> list[list[str]]:
    """A line for drawing, and one for each encoding."""
    images, _ = draw(generator, IMAGES, stream(0, "answer"))
    works: dict[str, Work] = {name: partial(written, images, name) for name in ImageForm.encodings}
    works = {"drawing": lambda: draw(generator, IMAGES, stream(0, "answer")), **works}
    seconds = interleaved(works, ROUNDS)
    sizes = {name: f"{len(written(images, name)):,}" for name in ImageForm.encodings}
    return [[name, quartiles(spread(seconds[name]), 1e3), sizes.get(name, "")] for name in works]


def spreads(generator: Generator) -> list[str]:
    """The standard deviation by truncation."""
    drawn = (draw(generator, VARIED, stream(0, "spread"), TYPE, t)[0] for t in TRUNCATIONS)
    return [figure(float((images / 255).std(axis=0).mean())) for images in drawn]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="fashion_mnist")
    folder = ROOT / "data/06_models" / parser.parse_args().dataset
    torch.set_num_threads(1)
    try:
        cells = {name: load_generator(folder / name / "0") for name in ("gan", "dgn")}
    except WhichgenError as error:
        raise SystemExit(str(error)) from None
    rows = [[name, *row] for name, generator in cells.items() for row in costs(generator)]
    print(table(["recipe", f"{IMAGES} images", "ms", "bytes"], rows) + "\n")
    header = ["recipe", *(f"truncation {t}" for t in TRUNCATIONS)]
    print(table(header, [[name, *spreads(generator)] for name, generator in cells.items()]))


if __name__ == "__main__":
    main()
