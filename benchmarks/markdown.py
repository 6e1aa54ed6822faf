"""Tables as they stand in docs/benchmarks.md."""

from collections.abc import Mapping, Sequence

MIB = 2**20


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def figure(value: float) -> str:
    """Three significant digits, without an exponent: 0.0123, 1.23, 123, 1,234."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def quartiles(of: Mapping[str, float], scale: float = 1.0) -> str:
    """A median with its quartiles, where they differ from it: 1.23 (1.20 to 1.31)."""
    median, q1, q3 = (figure(of[name] * scale) for name in ("median", "q1", "q3"))
    return median if q1 == median == q3 else f"{median} ({q1} to {q3})"
