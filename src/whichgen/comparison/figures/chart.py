"""What all figures share: ink, colours, values to hover, and the way into a file or a page.

Each family has one colour throughout (a pair that colour-blind readers tell apart, legible on
light and dark), one marker and one line style; ``INK`` is the colour of text and axes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from whichgen.comparison.wording import scaled

COLOURS: Mapping[str, str] = {"gan": "#d9601a", "dgn": "#2b83c9"}
MARKERS: Mapping[str, str] = {"gan": "o", "dgn": "s"}
LINES: Mapping[str, str] = {"gan": "--", "dgn": "-"}
INK = "#4d5560"
_VARIABLES = {INK: "var(--soft)", COLOURS["gan"]: "var(--gan)", COLOURS["dgn"]: "var(--dgn)"}
_POINTS = 72  # SVG units an inch
# Sizes (the page decides), what would clash with or style the rest of the page, and notes.
_NOT_FOR_A_PAGE = (
    r' (?:width|height)="[0-9.]+pt"',
    r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>",
    r' id="[A-Za-z0-9.]+_\d+"',
)
_REACH = 7  # px around a mark that answer to the pointer


@dataclass
class Chart:
    """A matplotlib figure of one axes, with what it says at its points.

    ``marks`` are (x, y, text): where, in data coordinates, which value can be read.
    """

    caption: str
    figure: Figure
    axes: Axes
    marks: list[tuple[float, float, str]] = field(default_factory=list)

    def mark(self, x: float, y: float, text: str) -> None:
        """Let the reader hover or focus this point for its value."""
        self.marks.append((float(x), float(y), text))


def new_chart(caption: str, *, width: float = 4.7, height: float = 3.4) -> Chart:
    """An empty chart of that size (inches), without pyplot's state."""
    figure = Figure(figsize=(width, height), dpi=_POINTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.tick_params(which="both", colors=INK, labelsize=10)
    axes.xaxis.label.set(color=INK, fontsize=10)
    axes.yaxis.label.set(color=INK, fontsize=10)
    axes.grid(color=INK, alpha=0.15)
    axes.set_axisbelow(True)
    return Chart(caption, figure, axes)


def label_decades(axis: Axis) -> None:
    """Label a logarithmic axis at 1, 2 and 5 of every decade, in words people use."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: scaled(value, digits=1)))
    axis.set_minor_formatter(NullFormatter())


def label_ends(axes: Axes, ends: list[tuple[float, str, str]], *, gap: float = 0.075) -> None:
    """Name lines at the right edge: (y in data coordinates, text, colour), kept apart."""
    to_axes = axes.transData + axes.transAxes.inverted()
    axes.autoscale_view()
    below = -gap
    heights = sorted((float(to_axes.transform((1.0, y))[1]), text, c) for y, text, c in ends)
    for height, text, colour in heights:
        below = max(height, below + gap)
        axes.annotate(
            text, (1.015, below), xycoords="axes fraction", va="center", color=colour, fontsize=10
        )


def encode(figure: Figure, form: Literal["png", "svg"] = "png") -> bytes:
    """The figure as ``png`` (150 dots an inch, on white) or ``svg`` (on nothing, text as text).

    Equal figures give equal bytes.
    """
    buffer = io.BytesIO()
    metadata = (
        {"Software": None}
        if form == "png"
        else dict.fromkeys(("Date", "Creator", "Format", "Type"))
    )
    with matplotlib.rc_context({"svg.hashsalt": "whichgen", "svg.fonttype": "none"}):
        dpi = _POINTS if form == "svg" else 150
        figure.savefig(buffer, format=form, dpi=dpi, transparent=form == "svg", metadata=metadata)
    return buffer.getvalue()


def inline_svg(chart: Chart) -> str:
    """The chart as an ``<svg>`` for the page: its colours are the page's, its marks have titles.

    The titles are what a browser shows on hovering without any script.
    """
    text = encode(chart.figure, "svg").decode()
    text = text[text.index("<svg") :]
    for pattern in _NOT_FOR_A_PAGE:
        text = re.sub(pattern, "", text, flags=re.S)
    text = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    label = f'<svg role="group" class="chart" aria-label="{escape(chart.caption, quote=True)}"'
    return text.replace("<svg", label, 1).replace("</svg>", _circles(chart) + "</svg>")


def _circles(chart: Chart) -> str:
    """One transparent circle a mark, in the coordinates of the SVG that was written last."""
    figure = chart.figure
    width, height = figure.get_size_inches() * _POINTS
    to_page = chart.axes.transData + figure.transFigure.inverted()
    circles = []
    for x, y, text in chart.marks:
        across, up = to_page.transform((x, y))
        words = escape(text, quote=True)
        circles.append(
            f'<circle class="mark" role="img" cx="{across * width:.1f}" '
            f'cy="{(1 - up) * height:.1f}" r="{_REACH}" aria-label="{words}">'
            f"<title>{words}</title></circle>"
        )
    return "".join(circles)
