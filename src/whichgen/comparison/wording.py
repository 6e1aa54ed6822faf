"""Numbers and names as a reader sees them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

NOT_MEASURED = "n/a"
FAMILY_NAMES: Mapping[str, str] = {"gan": "GAN", "dgn": "DGN"}
AXIS_NAMES: Mapping[str, str] = {
    "quality": "quality",
    "diversity": "diversity",
    "type_control": "type control",
    "memorisation": "memorisation",
    "cost": "cost",
    "stability": "stability",
}

AXIS_METRICS: Mapping[str, str] = {
    "fd": "Fréchet distance",
    "coverage": "coverage",
    "type_agreement": "type agreement",
    "memorisation": "share nearest to training {nouns}",
    "flops_to_common_target": "FLOPs to the common distance",
    "failed_runs": "failed runs",
    "fd_spread": "mean deviation of the log distance",
}


@dataclass(frozen=True)
class Metric:
    """How a metric is named, which way is better, what it says, and if all data have it.

    ``meaning`` has {noun} and {nouns} in it, as names of costs have: see `phrases.english`.
    """

    name: str
    better: str
    meaning: str
    everywhere: bool = True


METRICS: Mapping[str, Metric] = {
    "fd": Metric("Fréchet distance", "lower", "closeness of the {nouns} to real ones, all told"),
    "fd_infinity": Metric("FD∞", "lower", "the same, extrapolated to endless {nouns}"),
    "kid": Metric("kernel distance", "lower", "closeness by a polynomial kernel, unbiased"),
    "precision": Metric("precision", "higher", "share of {nouns} that look real"),
    "recall": Metric("recall", "higher", "share of real {nouns} within reach"),
    "density": Metric("density", "higher", "how deep in the real data the {nouns} lie"),
    "coverage": Metric("coverage", "higher", "share of real {nouns} with a generated neighbour"),
    "clipped_density": Metric(
        "clipped density", "higher", "share of good {nouns}, none counted twice"
    ),
    "clipped_coverage": Metric(
        "clipped coverage", "higher", "share of good {nouns} that would cover the real ones as well"
    ),
    "vendi": Metric(
        "Vendi score", "higher", "how many quite different {nouns} there are in effect"
    ),
    "vendi_ratio": Metric("Vendi ratio", "near 1", "the Vendi score over that of real {nouns}"),
    "types_covered": Metric("types covered", "higher", "share of the types that occur"),
    "types_kl": Metric("types KL", "lower", "how far the mix of types is from the real mix"),
    "type_agreement": Metric(
        "type agreement", "higher", "share recognised as the type that was asked for"
    ),
    "gan_train": Metric(
        "GAN-train", "higher", "accuracy on real {nouns} of a classifier trained on generated ones"
    ),
    "gan_test": Metric(
        "GAN-test", "higher", "accuracy on generated {nouns} of a classifier trained on real ones"
    ),
    "c2st": Metric("C2ST accuracy", "near 0.5", "how often generated and real are told apart"),
    "memorisation": Metric(
        "memorisation", "near 0.5", "share nearer to a training {noun} than to held-out ones"
    ),
    "auth_pct": Metric(
        "AuthPct", "higher", "per cent no nearer to a training {noun} than its real neighbour is"
    ),
    "c_t": Metric("C_T", "near 0", "below 0: nearer to training {nouns} than held-out ones are"),
    "modes_covered": Metric(
        "modes covered", "higher", "known modes with a sample of high quality", everywhere=False
    ),
    "high_quality_share": Metric(
        "high quality", "higher", "share within three deviations of a known mode", everywhere=False
    ),
    "modes_kl": Metric(
        "modes KL", "lower", "how far the mix of modes is from the real mix", everywhere=False
    ),
}

COSTS: Mapping[str, str] = {
    "training_flops": "training FLOPs",
    "flops_per_step": "FLOPs per step",
    "steps": "steps",
    "images_seen": "{nouns} seen",
    "generator_parameters": "generator parameters",
    "training_parameters": "parameters of all trained networks",
    "sampling_flops_per_image": "sampling FLOPs per {noun}",
}

MEASURED: Mapping[str, str] = {
    "seconds": "training seconds",
    "images_per_second": "{nouns} per second",
    "sampling_ms_per_image": "ms per sample",
    "peak_memory_bytes": "peak memory",
}

_PREFIXES = (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))


def number(value: float | None) -> str:
    """Three significant digits, thousands separated, no exponent between 0.0001 and a million."""
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    value += 0.0  # no minus before a zero
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.2e}"
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{digits}f}"


def scaled(value: float | None, unit: str = "", *, digits: int = 3) -> str:
    """Significant digits with a decimal prefix: 1.23 TFLOPs, 480 k."""
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    for prefix, size in _PREFIXES:
        if abs(value) >= size:
            return f"{_significant(value / size, digits)} {prefix}{unit}"
    return f"{_significant(value, digits)} {unit}".strip()


def duration(seconds: float | None) -> str:
    """Seconds below two minutes, else minutes, else hours."""
    if seconds is None or not math.isfinite(seconds):
        return NOT_MEASURED
    if seconds < 120:
        return f"{_significant(seconds)} s"
    minutes = seconds / 60
    return f"{_significant(minutes)} min" if minutes < 120 else f"{_significant(minutes / 60)} h"


def p_value(p: float | None) -> str:
    """Two decimals from 0.1 on, four below, "< 0.0001" below them."""
    if p is None or not math.isfinite(p):
        return NOT_MEASURED
    if p >= 0.1:
        return f"{p:.2f}"
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def amount(key: str, value: float | None) -> str:
    """A cost or a measurement in the unit that its key implies."""
    if key.endswith("seconds"):
        return duration(value)
    if key.endswith("bytes"):
        return scaled(value, "B")
    if "flops" in key:
        return scaled(value, "FLOPs")
    if key.endswith("parameters") or key == "images_seen":
        return scaled(value)
    return number(value)


def in_unit(metric: str, value: float | None) -> str:
    """A value of an axis's metric: FLOPs with a prefix, all else to three digits."""
    if metric == "flops_to_common_target":
        return scaled(value, "FLOPs")
    return number(value)


def counted(count: int, noun: str) -> str:
    """1 seed; 2 seeds."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(words: list[str]) -> str:
    """a; a and b; a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _significant(value: float, digits: int = 3) -> str:
    if abs(value) >= 10**digits:
        return f"{value:,.0f}"
    return f"{value:#.{digits}g}".rstrip(".")
