"""The charts of the course, in both languages, each with an alternative text."""

import base64
import html
import io
import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import mul
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import FuncFormatter, MultipleLocator

from csqm.stakeholders import rolled_throughput_yield
from csqm.text import listed, say

__all__ = ["Chart", "group_estimates", "likert_bars", "stakeholder_grid", "yield_chain"]

# Orange to blue is told apart with every kind of colour vision.
_DIVERGING = ("#B45309", "#F0B36E", "#DADADA", "#8FBBDD", "#1F5F99")
_BLUE, _ORANGE, _INK, _GREY, _PALE = "#1F5F99", "#C2570C", "#222222", "#666666", "#E6E6E6"
_WIDTH = 5.1  # inches; wide enough for a column, still legible on a telephone

fontManager.addfont(Path(__file__).parent / "fonts" / "NotoSansTC-subset.ttf")
_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": _GREY,
    "axes.grid.axis": "x",
    "axes.labelcolor": _INK,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["csqm Noto Sans TC", "DejaVu Sans"],
    "font.size": 10.5,
    "grid.color": _PALE,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "csqm",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "ytick.major.size": 0,
}


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
            self.ax.figure.savefig(
                svg, format="svg", bbox_inches="tight", pad_inches=0.12, metadata={"Date": None}
            )
        source = base64.b64encode(svg.getvalue()).decode()
        return (
            '<figure class="csqm-chart">'
            f'<img src="data:image/svg+xml;base64,{source}" alt="{html.escape(self.alt)}">'
            "</figure>"
        )


@mpl.rc_context(_STYLE)
def likert_bars(
    data: pd.DataFrame,
    items: Sequence[str],
    labels: Sequence[str] | Mapping[str, str],
    *,
    answers: Mapping[int, str] | None = None,
    title: str | None = None,
) -> Chart:
    """Draw the answers to several items as bars that diverge from the middle answer.

    Parameters
    ----------
    data : DataFrame
        One row per person; no answer is NaN.
    items : sequence of str
        The columns to draw, from top to bottom.
    labels : sequence or mapping of str
        A name for each item.
    answers : mapping of int to str, optional
        What each answer code means, lowest first; the codes 1 to 5 if not given.
    title : str, optional
        The finding; if not given, the lowest item is named.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If a column is missing, holds something that is not a code, or nobody answered.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> answers = pd.DataFrame({"pay": [1, 2, 4, 5], "image": [4, 4, 5, 3]})
    >>> chart = likert_bars(answers, ["pay", "image"], ["Pay", "Image"])
    >>> chart.ax.get_xlabel()
    'Share of answers (%), the middle answer centred on 0'
    """
    items = list(items)
    if not items:
        raise ValueError(say("plots.no_items"))
    _need_columns(data, items)
    names = _names(labels, items)
    if answers is None:
        answers = {code: str(code) for code in range(1, 6)}
        answers[1] = say("plots.likert_lowest", code=1)
        answers[5] = say("plots.likert_highest", code=5)
    codes = list(answers)
    shares = pd.DataFrame({item: _shares(data[item], codes) for item in items}).T
    counts = [int(data[item].notna().sum()) for item in items]
    half = len(codes) // 2
    top = shares[codes[-half:]].sum(axis="columns")
    middle = shares[codes[half]] / 2 if len(codes) % 2 else 0
    start = -(shares[codes[:half]].sum(axis="columns") + middle)

    if title is None:
        lowest = int(np.argmin(top))
        title = say("plots.likert_title", item=names[lowest], share=_percent(top.iloc[lowest]))
    ax = _axes(len(items), title)
    rows = np.arange(len(items))
    left = start.to_numpy()
    for code, colour in zip(codes, _diverging(len(codes)), strict=True):
        width = shares[code].to_numpy()
        bars = ax.barh(rows, width, left=left, color=colour, height=0.72, label=answers[code])
        bars_text = [f"{100 * share:.0f}" if share >= 0.045 else "" for share in width]
        dark = colour in (_DIVERGING[0], _DIVERGING[-1])
        ax.bar_label(
            bars, bars_text, label_type="center", fontsize=9.5, color="white" if dark else _INK
        )
        left = left + width
    _name_rows(ax, names, counts)
    ax.axvline(0, color=_GREY, linewidth=0.8, zorder=0.5)
    ax.set_xlim(min(start) - 0.02, max(left) + 0.02)
    ax.xaxis.set_major_locator(MultipleLocator(0.25))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * abs(share):.0f}"))
    ax.set_xlabel(say("plots.likert_axis"))
    columns = len(codes) if sum(map(len, answers.values())) < 40 else 3
    by_row = sorted(range(len(codes)), key=lambda place: place % columns)
    ax.figure.legend(
        handles=[ax.containers[place] for place in by_row],
        loc="outside lower center",
        ncols=columns,
        fontsize=9.5,
        handlelength=1,
        handleheight=1,
        handletextpad=0.4,
        columnspacing=1.1,
    )
    parts = [
        say("plots.likert_alt_item", item=name, share=_percent(share), n=n)
        for name, share, n in zip(names, top, counts, strict=True)
    ]
    alt = say(
        "plots.likert_alt",
        title=title,
        count=len(items),
        top=listed(codes[-half:]),
        items=_joined(parts),
    )
    return Chart(ax, alt)


@mpl.rc_context(_STYLE)
def group_estimates(
    table: pd.DataFrame,
    labels: Sequence[str] | Mapping[str, str],
    *,
    top: Sequence[int] = (4, 5),
    min_n: int = 5,
    confidence: float = 0.95,
    title: str | None = None,
) -> Chart:
    r"""Draw the share of top answers of each group, with its interval.

    Parameters
    ----------
    table : DataFrame
        The result of `csqm.stakeholders.department_table`; its rows from top to bottom.
    labels : sequence or mapping of str
        A name for each group.
    top, min_n, confidence
        As they were given to `department_table`.
    title : str, optional
        The finding; if not given, the groups with the highest and the lowest share are named.

    Returns
    -------
    Chart
        The chart and its alternative text. A suppressed group keeps its name and shows no number.

    Raises
    ------
    ValueError
        If the table is empty or lacks a column, or a group has no name.

    Examples
    --------
    >>> from csqm.stakeholders import department_table
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> answers = pd.DataFrame({"unit": ["a"] * 6 + ["b"] * 2, "pay": [5, 4, 4, 2, 3, 3, 1, 2]})
    >>> chart = group_estimates(department_table(answers, "unit", "pay"), {"a": "Day", "b": "Night"})
    >>> chart.alt.split(": ")[-1].replace("\xa0", " ")
    'Day 50 % (19 % to 81 %, n = 6); Night not shown (n < 5).'
    """
    _need_columns(table, ["department", "n", "top_share", "low", "high", "suppressed"])
    if table.empty:
        raise ValueError(say("plots.no_rows"))
    names = _names(labels, table["department"].tolist())
    shown = table.assign(name=names)[~table["suppressed"].to_numpy(dtype=bool)]
    level = _percent(confidence)
    if title is None and shown.empty:
        title = say("plots.group_title_none")
    elif title is None:
        order = shown.sort_values("top_share")
        title = say(
            "plots.group_title",
            worst=order["name"].iloc[0],
            low=_percent(order["top_share"].iloc[0]),
            best=order["name"].iloc[-1],
            high=_percent(order["top_share"].iloc[-1]),
        )
    ax = _axes(len(table), title)
    counts, parts = [], []
    for row, group in enumerate(table.assign(name=names).itertuples()):
        if group.suppressed:
            hidden = say("plots.group_hidden", min_n=min_n)
            ax.text(0.01, row, hidden, color=_GREY, fontsize=9.5, va="center")
            counts.append(None)
            parts.append(say("plots.group_alt_hidden", group=group.name, min_n=min_n))
            continue
        ax.plot([group.low, group.high], [row, row], color=_BLUE, linewidth=2.2, alpha=0.55)
        ax.plot(group.top_share, row, "o", color=_BLUE, markersize=8)
        counts.append(int(group.n))
        parts.append(
            say(
                "plots.group_alt_group",
                group=group.name,
                share=_percent(group.top_share),
                low=_percent(group.low),
                high=_percent(group.high),
                n=int(group.n),
            )
        )
    _name_rows(ax, names, counts)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_locator(MultipleLocator(0.25))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}"))
    ax.set_xlabel(say("plots.group_axis"))
    caption = say("plots.group_caption", top=listed(top), confidence=level)
    _caption(ax, caption)
    alt = say("plots.group_alt", title=title, confidence=level, groups=_joined(parts))
    return Chart(ax, alt)


@mpl.rc_context(_STYLE)
def yield_chain(
    yields: Sequence[float],
    labels: Sequence[str] | Mapping[int, str],
    *,
    n: int | None = None,
    title: str | None = None,
) -> Chart:
    r"""Draw what each step of a chain loses, and what is left of the whole.

    Parameters
    ----------
    yields : sequence of float
        Share of units right first time in each step, between 0 and 1.
    labels : sequence of str
        A name for each step.
    n : int, optional
        Number of units behind each yield.
    title : str, optional
        The finding; if not given, the worst step and the chain are compared.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If a yield is not between 0 and 1, or a step has no name.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> chart = yield_chain([0.99, 0.97], ["Assign", "Drive"])
    >>> chart.alt.split(": ")[-1].replace("\xa0", " ")
    'Assign 99.0 %, so far 99.0 %; Drive 97.0 %, so far 96.0 %.'
    """
    whole = rolled_throughput_yield(yields)
    values = [float(value) for value in yields]
    names = _names(labels, list(range(len(values))))
    so_far = list(accumulate(values, mul))
    if title is None:
        title = say("plots.chain_title", worst=_percent(min(values), 1), rty=_percent(whole, 1))
    ax = _axes(len(values), title)
    rows = np.arange(len(values))
    # The bars hang from 100 %, so that their length is the loss although the axis does not
    # start at 0.
    losses = [value - 1 for value in values]
    step = say("plots.chain_step")
    ax.barh(rows, losses, left=1, color=_DIVERGING[1], height=0.6, label=step)
    ax.plot(so_far, rows, "o-", color=_BLUE, linewidth=2, label=say("plots.chain_so_far"))
    for row, value in enumerate(so_far):
        ax.annotate(
            _percent(value, 1),
            (value, row),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            color=_BLUE,
            fontsize=9.5,
        )
    _name_rows(ax, names, [_percent(value, 1) for value in values])
    span = max(1 - whole, 0.01)
    ax.set_xlim(max(whole - 0.28 * span, -0.1), 1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g}"))
    axis = say("plots.chain_axis")
    ax.set_xlabel(axis if n is None else say("plots.chain_axis_n", axis=axis, n=f"{n:,}"))
    ax.figure.legend(loc="outside lower center", ncols=1, fontsize=9.5, handlelength=1.6)
    parts = [
        say("plots.chain_alt_step", step=name, value=_percent(one, 1), so_far=_percent(all_, 1))
        for name, one, all_ in zip(names, values, so_far, strict=True)
    ]
    return Chart(ax, say("plots.chain_alt", title=title, steps=_joined(parts)))


@mpl.rc_context(_STYLE)
def stakeholder_grid(
    positions: Mapping[str, tuple[float, float]], *, title: str | None = None
) -> Chart:
    """Draw stakeholders on the power-interest grid.

    Parameters
    ----------
    positions : mapping of str to (float, float)
        Power and interest of each stakeholder, 0 to 10; from 5 on it counts as high.
    title : str, optional
        The finding; if not given, the number of stakeholders is named.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If there is no stakeholder, or a position is not two numbers from 0 to 10.

    References
    ----------
    Ackermann, F., & Eden, C. (2011). Strategic management of stakeholders. *Long Range Planning*,
    44(3), 179-196.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> chart = stakeholder_grid({"Passengers": (6, 9), "Residents": (3, 2)})
    >>> chart.alt.split(". ")[1]
    'Manage closely: Passengers; Keep satisfied: nobody; Keep informed: nobody; Monitor: Residents.'
    """
    if not positions:
        raise ValueError(say("plots.no_rows"))
    for name, position in positions.items():
        if not _is_position(position):
            raise ValueError(say("plots.position", name=name, value=position))
    if title is None:
        title = say("plots.grid_title", count=len(positions))
    ax = _axes(11, title, square=True)
    # High power, high interest; centre of the quadrant's name.
    quadrants = {
        "manage": (say("plots.grid_manage"), True, True),
        "satisfy": (say("plots.grid_satisfy"), True, False),
        "inform": (say("plots.grid_inform"), False, True),
        "monitor": (say("plots.grid_monitor"), False, False),
    }
    parts = []
    for key, (quadrant, powerful, interested) in quadrants.items():
        ax.text(
            9.9 if interested else 0.1,
            9.75 if powerful else 0.25,
            quadrant,
            ha="right" if interested else "left",
            va="center",
            color=_BLUE,
            fontsize=11,
        )
        if key == "manage":
            ax.axhspan(5, 10, xmin=0.5, color="#EAF1F8", zorder=0)
        inside = [
            name
            for name, (power, interest) in positions.items()
            if (power >= 5) == powerful and (interest >= 5) == interested
        ]
        names = listed(inside) or say("plots.grid_alt_nobody")
        parts.append(say("plots.grid_alt_quadrant", quadrant=quadrant, names=names))
    ax.axhline(5, color=_GREY, linewidth=0.9)
    ax.axvline(5, color=_GREY, linewidth=0.9)
    ax.set(xlim=(0, 10), ylim=(0, 10), xticks=(0, 5, 10), yticks=(0, 5, 10))
    ax.set_xlabel(say("plots.grid_interest"))
    ax.set_title(say("plots.grid_power"), loc="left", fontsize=10.5)
    for power, interest in positions.values():
        ax.plot(interest, power, "o", color=_ORANGE, markersize=7, clip_on=False, zorder=3)
    _place_names(ax, positions)
    return Chart(ax, say("plots.grid_alt", title=title, quadrants=_joined(parts)))


def _axes(rows: int, title: str, *, square: bool = False) -> Axes:
    height = 4.9 if square else 1.5 + 0.4 * rows
    figure = Figure(figsize=(_WIDTH, height), layout="constrained", facecolor="white")
    ax = figure.subplots()
    ax.grid(not square)
    if square:
        ax.spines[:].set_visible(True)
    else:
        ax.set_ylim(rows - 0.5, -0.5)
    figure.suptitle(_wrapped(title, 60), x=0.01, ha="left", fontsize=12.5, linespacing=1.3)
    return ax


def _name_rows(ax: Axes, names: list[str], right: list[Any]) -> None:
    """Write the names at the left of the rows and n, or what is given as text, at the right."""
    ax.set_yticks(range(len(names)), [_wrapped(name, 22) for name in names])
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
                color=_GREY,
            )


def _caption(ax: Axes, text: str) -> None:
    ax.figure.supxlabel(_wrapped(text, 72), x=0.01, ha="left", fontsize=9.5, color=_GREY)


def _place_names(ax: Axes, positions: Mapping[str, tuple[float, float]]) -> None:
    """Put each name beside its point, where it hides least of the others."""
    # The layout decides where the points are; the names must not change it again.
    ax.figure.draw_without_rendering()
    ax.figure.set_layout_engine("none")
    middle = ax.transData.transform((5, 5))
    points = {
        name: ax.transData.transform((interest, power))
        for name, (power, interest) in positions.items()
    }
    frame = ax.get_window_extent()
    taken = [text.get_window_extent() for text in ax.texts]
    around = [(9, 0), (-9, 0), (0, 11), (0, -11), (8, 9), (-8, 9), (8, -9), (-8, -9)]
    for name, (power, interest) in positions.items():
        best = None
        for across, up in around:
            text = ax.annotate(
                _wrapped(name, 22),
                (interest, power),
                xytext=(across, up),
                textcoords="offset points",
                ha=("center", "left", "right")[int(np.sign(across))],
                va=("center", "bottom", "top")[int(np.sign(up))],
                fontsize=9.5,
            )
            box = text.get_window_extent()
            hidden = 3 * sum(box.overlaps(other) for other in taken)
            near = box.padded(16)
            hidden += sum(near.contains(*points[other]) for other in points if other != name)
            hidden += 3 * (box.x0 < frame.x0 or box.x1 > frame.x1)
            hidden += 0.5 * (box.x0 < middle[0] < box.x1) + 0.5 * (box.y0 < middle[1] < box.y1)
            if best is None or hidden < best[0]:
                if best:
                    best[1].remove()
                best = hidden, text, box
            else:
                text.remove()
        taken.append(best[2])


def _shares(column: pd.Series, codes: list[int]) -> pd.Series:
    answered = column.dropna()
    wrong = ~answered.isin(codes)
    if wrong.any():
        value, allowed = answered[wrong].iloc[0], listed(codes)
        raise ValueError(say("plots.code", column=column.name, value=f"{value:g}", allowed=allowed))
    if answered.empty:
        raise ValueError(say("plots.no_answers", item=column.name))
    return answered.value_counts(normalize=True).reindex(codes, fill_value=0.0)


def _diverging(count: int) -> list[str]:
    """Return as many colours as there are answers, the ends first."""
    if count == len(_DIVERGING):
        return list(_DIVERGING)
    colours = mpl.colors.LinearSegmentedColormap.from_list("csqm", _DIVERGING)
    return [mpl.colors.to_hex(colours(place)).upper() for place in np.linspace(0, 1, count)]


def _need_columns(data: pd.DataFrame, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in data.columns:
            raise ValueError(
                say("plots.column_missing", column=column, columns=listed(data.columns))
            )


def _names(labels: Sequence[str] | Mapping[Any, str], keys: list[Any]) -> list[str]:
    if isinstance(labels, Mapping):
        for key in keys:
            if key not in labels:
                raise ValueError(say("plots.label_missing", key=key))
        return [labels[key] for key in keys]
    names = list(labels)
    if len(names) != len(keys):
        raise ValueError(say("plots.label_count", expected=len(keys), count=len(names)))
    return names


def _is_position(position: Any) -> bool:
    try:
        power, interest = position
        return 0 <= power <= 10 and 0 <= interest <= 10
    except (TypeError, ValueError):
        return False


def _percent(share: float, digits: int = 0) -> str:
    return say("plots.percent", value=f"{100 * share:.{digits}f}")


def _joined(parts: list[str]) -> str:
    return say("plots.between_parts").join(parts)


def _wrapped(text: str, width: int) -> str:
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
