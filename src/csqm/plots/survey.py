"""Charts of answers, of groups and of scales."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.ticker import FuncFormatter, MultipleLocator

from csqm.plots.style import (
    BLUE,
    DIVERGING,
    GREY,
    INK,
    Chart,
    caption,
    figure_of,
    joined,
    name_rows,
    names_of,
    need_columns,
    new_axes,
    percent,
    rows_of,
    styled,
)
from csqm.text import listed, say

__all__ = ["group_estimates", "likert_bars"]


@styled
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
    need_columns(data, items)
    names = names_of(labels, items)
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
        title = say("plots.likert_title", item=names[lowest], share=percent(top.iloc[lowest]))
    ax = new_axes(len(items), title)
    rows = np.arange(len(items))
    left = start.to_numpy()
    for code, colour in zip(codes, _diverging(len(codes)), strict=True):
        width = shares[code].to_numpy()
        bars = ax.barh(rows, width, left=left, color=colour, height=0.72, label=answers[code])
        bars_text = [f"{100 * share:.0f}" if share >= 0.045 else "" for share in width]
        dark = colour in (DIVERGING[0], DIVERGING[-1])
        ax.bar_label(
            bars, bars_text, label_type="center", fontsize=9.5, color="white" if dark else INK
        )
        left = left + width
    name_rows(ax, names, counts)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=0.5)
    ax.set_xlim(min(start) - 0.02, max(left) + 0.02)
    ax.xaxis.set_major_locator(MultipleLocator(0.25))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * abs(share):.0f}"))
    ax.set_xlabel(say("plots.likert_axis"))
    columns = len(codes) if sum(map(len, answers.values())) < 40 else 3
    by_row = sorted(range(len(codes)), key=lambda place: place % columns)
    figure_of(ax).legend(
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
        say("plots.likert_alt_item", item=name, share=percent(share), n=n)
        for name, share, n in zip(names, top, counts, strict=True)
    ]
    alt = say(
        "plots.likert_alt",
        title=title,
        count=len(items),
        top=listed(codes[-half:]),
        items=joined(parts),
    )
    return Chart(ax, alt)


@styled
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
    need_columns(table, ["department", "n", "top_share", "low", "high", "suppressed"])
    if table.empty:
        raise ValueError(say("plots.no_rows"))
    names = names_of(labels, table["department"].tolist())
    shown = table.assign(name=names)[~table["suppressed"].to_numpy(dtype=bool)]
    level = percent(confidence)
    if title is None and shown.empty:
        title = say("plots.group_title_none")
    elif title is None:
        order = shown.sort_values("top_share")
        title = say(
            "plots.group_title",
            worst=order["name"].iloc[0],
            low=percent(order["top_share"].iloc[0]),
            best=order["name"].iloc[-1],
            high=percent(order["top_share"].iloc[-1]),
        )
    ax = new_axes(len(table), title)
    counts: list[int | None] = []
    parts = []
    for row, group in enumerate(rows_of(table.assign(name=names))):
        if group.suppressed:
            hidden = say("plots.group_hidden", min_n=min_n)
            ax.text(0.01, row, hidden, color=GREY, fontsize=9.5, va="center")
            counts.append(None)
            parts.append(say("plots.group_alt_hidden", group=group.name, min_n=min_n))
            continue
        ax.plot([group.low, group.high], [row, row], color=BLUE, linewidth=2.2, alpha=0.55)
        ax.plot(group.top_share, row, "o", color=BLUE, markersize=8)
        counts.append(int(group.n))
        parts.append(
            say(
                "plots.group_alt_group",
                group=group.name,
                share=percent(group.top_share),
                low=percent(group.low),
                high=percent(group.high),
                n=int(group.n),
            )
        )
    name_rows(ax, names, counts)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_locator(MultipleLocator(0.25))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}"))
    ax.set_xlabel(say("plots.group_axis"))
    caption(ax, say("plots.group_caption", top=listed(top), confidence=level))
    alt = say("plots.group_alt", title=title, confidence=level, groups=joined(parts))
    return Chart(ax, alt)


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
    if count == len(DIVERGING):
        return list(DIVERGING)
    ramp = colors.LinearSegmentedColormap.from_list("csqm", DIVERGING)
    return [colors.to_hex(ramp(place)).upper() for place in np.linspace(0, 1, count)]
