"""What all charts share: their look, the result they come in, and how they write text."""

import base64
import html
import io
import re
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from csqm.text import listed, say

# Orange to blue is told apart with every kind of colour vision.
DIVERGING = ("#B45309", "#F0B36E", "#DADADA", "#8FBBDD", "#1F5F99")
BLUE, ORANGE, INK, GREY, PALE = "#1F5F99", "#C2570C", "#222222", "#666666", "#E6E6E6"
WIDTH = 5.1  # inches; wide enough for a column, still legible on a telephone

# Names for the keys of a table, by key or in their order; None: the keys themselves.
Labels = Sequence[str] | Mapping[Any, str] | None

fontManager.addfont(Path(__file__).parents[1] / "fonts" / "NotoSansTC-subset.ttf")
_STYLE: Any = {  # Any: the type that matplotlib wants names all of its settings
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid.axis": "x",
    "axes.labelcolor": INK,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["csqm Noto Sans TC", "DejaVu Sans"],
    "font.size": 10.5,
    "grid.color": PALE,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "csqm",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "ytick.major.size": 0,
}
# A chart is drawn in the style of the course and leaves that of the caller as it was.
styled = mpl.rc_context(_STYLE)


class Chart(NamedTuple):
    """A chart and the text that stands for it.

    Attributes
    ----------
    ax : Axes
        The matplotlib axes, to be changed as you like; ``ax.figure.savefig`` writes a file.
    alt : str
        What the chart shows, for those who do not see it.
    """

    ax: Axes
    alt: str

    def _repr_html_(self) -> str:
        svg = io.BytesIO()
        with mpl.rc_context(_STYLE):
            figure_of(self.ax).savefig(
                svg, format="svg", bbox_inches="tight", pad_inches=0.12, metadata={"Date": None}
            )
        source = base64.b64encode(svg.getvalue()).decode()
        return (
            '<figure class="csqm-chart">'
            f'<img src="data:image/svg+xml;base64,{source}" alt="{html.escape(self.alt)}">'
            "</figure>"
        )


def figure_of(ax: Axes) -> Figure:
    """Return the figure of axes; ours have no figures inside figures."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def new_axes(rows: float, title: str) -> Axes:
    """Return axes for so many rows, the first at the top."""
    ax = _new_figure(1.5 + 0.4 * rows, title).subplots()
    ax.grid(True)
    ax.set_ylim(rows - 0.5, -0.5)
    return ax


def new_panels(rows: float, title: str, widths: Sequence[float]) -> list[Axes]:
    """Return axes side by side that share their rows."""
    figure = _new_figure(1.5 + 0.4 * rows, title)
    panels = figure.subplots(1, len(widths), sharey=True, width_ratios=widths)
    for ax in panels:
        ax.grid(True)
    return list(panels)


def new_map(title: str) -> Axes:
    """Return framed axes as high as wide."""
    ax = _new_figure(4.9, title).subplots()
    ax.spines[:].set_visible(True)
    return ax


def new_series(title: str) -> Axes:
    """Return axes for a line that runs from left to right."""
    ax = _new_figure(3.4, title).subplots()
    ax.grid(True, axis="y")
    ax.spines["left"].set_visible(True)
    return ax


def _new_figure(height: float, title: str) -> Figure:
    figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    figure.suptitle(wrapped(title, 60), x=0.01, ha="left", fontsize=12.5, linespacing=1.3)
    return figure


def name_rows(ax: Axes, names: list[str], right: list[Any]) -> None:
    """Write the names at the left of the rows and n, or what is given as text, at the right."""
    ax.set_yticks(range(len(names)), [wrapped(name, 22) for name in names])
    for row, value in enumerate(right):
        if value is not None:
            text = value if isinstance(value, str) else say("plots.n", n=value)
            ax.text(
                1.02,
                row,
                text,
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=9.5,
                color=GREY,
            )


def caption(ax: Axes, text: str) -> None:
    """Write a line of explanation below the chart."""
    figure_of(ax).supxlabel(wrapped(text, 72), x=0.01, ha="left", fontsize=9.5, color=GREY)


def need_columns(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table that lacks one of the columns."""
    for column in columns:
        if column not in data.columns:
            raise ValueError(
                say("plots.column_missing", column=column, columns=listed(data.columns))
            )


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of a table as named tuples."""
    yield from table.itertuples()


def names_of(labels: Labels, keys: list[Any]) -> list[str]:
    """Return a name for each key: its label, or itself if there are no labels."""
    if labels is None:
        return [str(key) for key in keys]
    if isinstance(labels, Mapping):
        for key in keys:
            if key not in labels:
                raise ValueError(say("plots.label_missing", key=key))
        return [labels[key] for key in keys]
    names = list(labels)
    if len(names) != len(keys):
        raise ValueError(say("plots.label_count", expected=len(keys), count=len(names)))
    return names


def percent(share: float, digits: int = 0) -> str:
    """Write a share as a percentage."""
    return say("plots.percent", value=f"{100 * share:.{digits}f}")


def number(value: float, digits: int = 2, *, signed: bool = False) -> str:
    """Write a number with a true minus sign, and on demand with a plus."""
    rounded = round(float(value), digits) + 0.0  # no -0.00
    return f"{rounded:{'+' if signed and rounded else ''}.{digits}f}".replace("-", "−")


def n_text(counts: pd.Series | pd.DataFrame) -> str:
    """Write the number of answers, or its range."""
    low, high = int(counts.to_numpy().min()), int(counts.to_numpy().max())
    if low == high:
        return say("plots.n", n=low)
    return say("plots.n_range", low=low, high=high)


def joined(parts: list[str]) -> str:
    """Join the parts of an alternative text."""
    return say("plots.between_parts").join(parts)


def wrapped(text: str, width: int) -> str:
    """Break a text into lines of so many Latin letters; a Chinese character counts as two."""
    if not any(unicodedata.east_asian_width(letter) in "WF" for letter in text):
        return textwrap.fill(text, width, break_long_words=False)
    lines, used = [""], 0
    for piece in re.findall(r"[!-~]+|.", text):
        wide = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in piece)
        # No line begins with a mark that belongs to what stands before it.
        if used + wide > width and piece not in "，。；：？！、）」』》":
            lines.append("")
            used = 0
        lines[-1] += piece
        used += wide
    return "\n".join(lines)
