"""The engine's results as one picture."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.markdown import figure
from benchmarks.peaks import DTYPES, KINDS
from benchmarks.recipes import OURS
from whichgen.comparison.figures import COLOURS, INK

PALE = "#9aa4ae"
LIMIT = 3.0  # percent that everything around a training of five minutes may cost


def draw(results: Mapping[str, Any]) -> Figure:
    """Four panels: FLOP/s, against the textbook, many generators, around the training."""
    picture = Figure(figsize=(11, 6.5), layout="constrained")
    (first, second), (third, fourth) = picture.subplots(2, 2)
    _flops(first, results["peaks"], results["recipes"])
    _textbook(second, results["recipes"])
    _many_generators(third, results["many_generators"])
    _overhead(fourth, results["overhead"]["shares"])
    for axes in (first, second, third, fourth):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK)
    picture.suptitle(f"The training engine on {results['dataset']}", color=INK)
    return picture


def _flops(
    axes: Axes, peaks: Sequence[Mapping[str, Any]], recipes: Mapping[str, Mapping[str, Any]]
) -> None:
    best = {
        f"{kind}, {dtype}": max(
            peak["flops_per_second"]
            for peak in peaks
            if (peak["operation"], peak["dtype"]) == (kind, dtype)
        )
        for kind, dtype in product(KINDS, DTYPES)
    }
    reached = {
        f"{family}'s training": record[OURS]["flops_per_second"]["median"]
        for family, record in recipes.items()
    }
    colours = [PALE] * len(best) + [COLOURS[family] for family in recipes]
    _bars(axes, {name: value / 1e9 for name, value in (best | reached).items()}, colours)
    axes.set_title("GFLOP/s: the machine's peak, and training", fontsize=10)


def _textbook(axes: Axes, recipes: Mapping[str, Mapping[str, Any]]) -> None:
    ratios = {f: record["textbook_to_whichgen"]["seconds"] for f, record in recipes.items()}
    _bars(axes, {f: r["median"] for f, r in ratios.items()}, [COLOURS[f] for f in ratios])
    axes.axvline(1.0, color=INK, ls=":")
    axes.set_title("Times as fast as the textbook loop", fontsize=10)


def _many_generators(axes: Axes, records: Sequence[Mapping[str, Any]]) -> None:
    counts = [record["generators"] for record in records]
    for key, label, line in (
        ("seconds_per_step", "step time", "-"),
        ("seconds_without_objective", "step time without objective", "--"),
        ("peak_memory_bytes", "peak memory", ":"),
    ):
        values = [record[f"{key}_ratio"]["median"] for record in records]
        axes.plot(counts, values, line, marker="s", color=COLOURS["dgn"], label=label)
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{k:,}" for k in counts])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("generators K, at the same batch", color=INK)
    axes.set_title(f"Cost of K generators, as a multiple of K = {counts[0]}", fontsize=10)
    axes.legend(frameon=False, labelcolor=INK)


def _overhead(axes: Axes, shares: Mapping[str, Mapping[str, float]]) -> None:
    percent = {part: 100 * share["median"] for part, share in shares.items()}
    _bars(axes, percent, [COLOURS["dgn"] if "all" in part else PALE for part in percent])
    axes.axvline(LIMIT, color=INK, ls=":")
    axes.set_title("Around the training, % of the bare process", fontsize=10)


def _bars(axes: Axes, values: Mapping[str, float], colours: Sequence[str]) -> None:
    bars = axes.barh(list(values), list(values.values()), color=colours)
    axes.bar_label(bars, [figure(value) for value in values.values()], padding=3, color=INK)
    axes.invert_yaxis()
    axes.margins(x=0.15)
