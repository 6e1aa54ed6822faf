"""Time and peak memory of the metrics on features, and of prdc beside ours.

    python benchmarks/metrics.py --rows 10000 --features 128

Each line is measured in a process of its own, on the same Gaussian features. The peak is that
of the whole process, so the first line, which computes nothing, is the cost of the imports and
the data. "all scores" is what a cell gets in `scores.json`, of 10 types. prdc computes precision,
recall, density and coverage in one call with one k; the line above it computes the same four
numbers with ours. A worker process has one joblib job, so prdc and whichgen both use the threads
of BLAS and no others. Above 20,000 rows prdc, whose memory grows as N², is left out.
"""

import argparse
import multiprocessing
import platform
import resource
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from time import perf_counter

import numpy as np
import numpy.typing as npt
from prdc import compute_prdc

from whichgen.evaluation import score_features
from whichgen.metrics import (
    auth_pct,
    c2st,
    clipped_density_coverage,
    data_copying,
    density_coverage,
    frechet_distance,
    frechet_infinity,
    gan_train,
    kernel_distance,
    memorisation,
    prdc,
    precision_recall,
    vendi,
)

Array = npt.NDArray[np.float64]
OURS, THEIRS = "all four (k = 5)", "all four (k = 5), prdc"
MOST_ROWS = 20_000  # of prdc: a few matrices of N² float64 numbers
MEASURED: dict[str, Callable[[Array, Array, Array], object]] = {
    "nothing": lambda real, fake, train: None,
    "frechet_distance": lambda real, fake, train: frechet_distance(real, fake),
    "frechet_infinity": lambda real, fake, train: frechet_infinity(real, fake),
    "kernel_distance": lambda real, fake, train: kernel_distance(real, fake),
    "precision_recall": lambda real, fake, train: precision_recall(real, fake),
    "density_coverage": lambda real, fake, train: density_coverage(real, fake),
    "clipped_density_coverage": lambda real, fake, train: clipped_density_coverage(real, fake),
    "vendi": lambda real, fake, train: vendi(fake),
    "c2st": lambda real, fake, train: c2st(real, fake),
    "gan_train, 10 types": lambda real, fake, train: gan_train(
        fake, np.arange(len(fake)) % 10, real, np.arange(len(real)) % 10
    ),
    "memorisation": lambda real, fake, train: memorisation(fake, train, real),
    "auth_pct": lambda real, fake, train: auth_pct(fake, train),
    "data_copying": lambda real, fake, train: data_copying(fake, train, real),
    "all scores": lambda real, fake, train: all_scores(real, fake, train),
    OURS: lambda real, fake, train: prdc(real, fake, k=5),
    THEIRS: lambda real, fake, train: compute_prdc(real, fake, nearest_k=5),
}


def all_scores(real: Array, fake: Array, train: Array) -> object:
    """Every score of a cell, with 10 types; a third set stands in for validation too."""
    types = np.arange(len(real)) % 10
    sets = {"test": real, "train": train, "validation": train}
    known = {f"{name}_features": rows for name, rows in sets.items()}
    known |= {f"{name}_types": types for name in sets}
    return score_features(fake=fake, asked=types, recognised=types, real=known, n_types=10)


def measure(name: str, rows: int, features: int) -> tuple[float, float]:
    """Return the seconds one call takes and the peak memory, in MiB, of this process."""
    real, fake, train = np.random.default_rng(0).normal(size=(3, rows, features))
    start = perf_counter()
    with redirect_stdout(StringIO()), warnings.catch_warnings():  # prdc prints, joblib warns
        warnings.simplefilter("ignore")
        MEASURED[name](real, fake, train)
    seconds = perf_counter() - start
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--features", type=int, default=128)
    arguments = parser.parse_args()
    print(f"N = {arguments.rows}, d = {arguments.features}, float64, numpy {np.__version__},")
    print(f"{platform.machine()}, {multiprocessing.cpu_count()} cores\n")
    print("| metric | seconds | peak MiB |\n| --- | ---: | ---: |")
    results: dict[str, tuple[float, float]] = {}
    context = multiprocessing.get_context("spawn")
    names = [name for name in MEASURED if name != THEIRS or arguments.rows <= MOST_ROWS]
    for name in names:
        with context.Pool(1) as pool:
            results[name] = pool.apply(measure, (name, arguments.rows, arguments.features))
        print("| {} | {:.2f} | {:.0f} |".format(name, *results[name]), flush=True)
    if THEIRS not in results:
        return
    (our_time, our_peak), (their_time, their_peak) = results[OURS], results[THEIRS]
    print(f"\nours / prdc: time {our_time / their_time:.2f}, memory {our_peak / their_peak:.2f}")


if __name__ == "__main__":
    main()
