"""Charts of processes: what they lose, and when they change."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import mul

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from csqm.plots.style import (
    BLUE,
    DIVERGING,
    GREY,
    ORANGE,
    Chart,
    Labels,
    figure_of,
    joined,
    name_rows,
    names_of,
    need_columns,
    new_axes,
    new_series,
    number,
    percent,
    rows_of,
    styled,
)
from csqm.stakeholders import rolled_throughput_yield
from csqm.text import listed, say

__all__ = ["control_chart", "pareto_chart", "yield_chain"]

# One shape for each rule of csqm.spc.run_rules.
_RULES = {
    "beyond_limits": "D",
    "two_of_three": "s",
    "four_of_five": "^",
    "eight_on_one_side": "v",
    "nine_on_one_side": "v",
    "six_trending": "P",
    "fourteen_alternating": "X",
    "fifteen_within": "h",
    "eight_outside": "*",
}


@styled
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
    names = names_of(labels, list(range(len(values))))
    so_far = list(accumulate(values, mul))
    if title is None:
        title = say("plots.chain_title", worst=percent(min(values), 1), rty=percent(whole, 1))
    ax = new_axes(len(values), title)
    rows = np.arange(len(values))
    # The bars hang from 100 %, so that their length is the loss although the axis does not
    # start at 0.
    losses = [value - 1 for value in values]
    step = say("plots.chain_step")
    ax.barh(rows, losses, left=1, color=DIVERGING[1], height=0.6, label=step)
    ax.plot(so_far, rows, "o-", color=BLUE, linewidth=2, label=say("plots.chain_so_far"))
    for row, value in enumerate(so_far):
        ax.annotate(
            percent(value, 1),
            (value, row),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            color=BLUE,
            fontsize=9.5,
        )
    name_rows(ax, names, [percent(value, 1) for value in values])
    span = max(1 - whole, 0.01)
    ax.set_xlim(max(whole - 0.28 * span, -0.1), 1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g}"))
    axis = say("plots.chain_axis")
    ax.set_xlabel(axis if n is None else say("plots.chain_axis_n", axis=axis, n=f"{n:,}"))
    figure_of(ax).legend(loc="outside lower center", ncols=1, fontsize=9.5, handlelength=1.6)
    parts = [
        say("plots.chain_alt_step", step=name, value=percent(one, 1), so_far=percent(all_, 1))
        for name, one, all_ in zip(names, values, so_far, strict=True)
    ]
    return Chart(ax, say("plots.chain_alt", title=title, steps=joined(parts)))


@styled
def pareto_chart(table: pd.DataFrame, labels: Labels = None, *, title: str | None = None) -> Chart:
    r"""Draw categories as bars, the largest first, and their cumulative share as a line.

    Bars and line share one axis, so that both are read as shares of the total.

    Parameters
    ----------
    table : DataFrame
        The result of `csqm.complaints.pareto`.
    labels : sequence or mapping of str, optional
        A name for each category; the names in the table if not given.
    title : str, optional
        The finding; if not given, what the vital few make up.

    Returns
    -------
    Chart
        The chart and its alternative text. The vital few have dark bars.

    Raises
    ------
    ValueError
        If the table is empty or lacks a column, or a category has no name.

    References
    ----------
    Juran, J. M. (1975). The non-Pareto principle; mea culpa. *Quality Progress*, 8(5), 8-9.

    Examples
    --------
    >>> from csqm.complaints import pareto
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> log = ["late"] * 6 + ["rude"] * 2 + ["fare", "dirty"]
    >>> pareto_chart(pareto(log)).ax.figure.get_suptitle().replace("\xa0", " ")
    '2 of 4 categories make up 80 %'
    """
    shares = ["share", "cumulative"]
    need_columns(table, ["category", "n", "weighted_n", *shares, "vital", "missing"])
    if table.empty:
        raise ValueError(say("plots.no_rows"))
    names = names_of(labels, table["category"].tolist())
    vital = table["vital"].to_numpy(dtype=bool)
    weighted = not np.allclose(table["n"], table["weighted_n"])
    if title is None:
        reached = table["cumulative"][vital].max()
        title = say(
            "plots.pareto_title", count=int(vital.sum()), all=len(table), share=percent(reached)
        )
    ax = new_axes(len(table), title)
    rows = np.arange(len(table))
    for mask, colour, entry in ((vital, BLUE, "vital"), (~vital, DIVERGING[3], "other")):
        if mask.any():
            label = say(f"plots.pareto_{entry}")
            ax.barh(rows[mask], table["share"][mask], color=colour, height=0.66, label=label)
    line = say("plots.pareto_cumulative")
    ax.plot(table["cumulative"], rows, "o-", color=ORANGE, linewidth=1.8, label=line)
    for row, share in enumerate(table["cumulative"]):
        ax.annotate(
            percent(share),
            (share, row),
            xytext=(5, 7),
            textcoords="offset points",
            va="center",
            color=ORANGE,
            fontsize=9.5,
        )
    total = table["weighted_n" if weighted else "n"]
    counts = [f"{value:,.6g}" for value in total]
    name_rows(ax, names, counts if weighted else [int(n) for n in total])
    ax.set_xlim(0, 1.18)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}"))
    entry = "plots.pareto_axis_weighted" if weighted else "plots.pareto_axis"
    axis = say(entry, total=f"{total.sum():,.6g}")
    missing = int(table["missing"].iloc[0])
    if missing:
        axis = say("plots.pareto_axis_missing", axis=axis, missing=missing)
    ax.set_xlabel(axis)
    figure_of(ax).legend(loc="outside lower center", ncols=3, fontsize=9.5, handlelength=1.4)
    parts = [
        say(
            "plots.pareto_alt_row",
            name=name,
            share=percent(row.share),
            cumulative=percent(row.cumulative),
        )
        for name, row in zip(names, rows_of(table), strict=True)
    ]
    return Chart(ax, say("plots.pareto_alt", title=title, axis=axis, categories=joined(parts)))


@styled
def control_chart(
    chart: pd.DataFrame,
    label: str,
    *,
    rules: pd.DataFrame | None = None,
    sample: str | None = None,
    digits: int = 3,
    title: str | None = None,
) -> Chart:
    """Draw a control chart, each signal by the shape of the rule that it breaks.

    Parameters
    ----------
    chart : DataFrame
        What a chart of `csqm.spc` returned.
    label : str
        What is charted, with its unit: ``"Late arrivals (share of trips)"``.
    rules : DataFrame, optional
        What `csqm.spc.run_rules` made of the chart; points beyond the limits alone if not given.
        A point that completes several patterns is drawn with the shape of the first.
    sample : str, optional
        What a sample is, such as ``"Week"``.
    digits : int
        Decimals of the centre and the limits.
    title : str, optional
        The finding; if not given, the number of signals.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If the chart is empty or lacks a column, or the rules belong to another chart.

    References
    ----------
    Montgomery, D. C. (2019). *Introduction to statistical quality control* (8th ed.). Wiley.

    Examples
    --------
    >>> from csqm.spc import c_chart
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> complaints = c_chart([9, 7, 11, 22], baseline=[1, 2, 3])
    >>> control_chart(complaints, "Complaints a week", digits=0).alt
    'Beyond the limits: 1 of 4 samples. Control chart of Complaints a week: centre 9, control limits 0 to 18, values from 7 to 22. beyond the limits: 4.'
    """
    need_columns(chart, ["sample", "value", "centre", "lower", "upper", "signal"])
    if chart.empty:
        raise ValueError(say("plots.no_rows"))
    if rules is None:
        broken = pd.DataFrame({"beyond_limits": chart["signal"].to_numpy(dtype=bool)})
    else:
        need_columns(rules, ["sample", "signal"])
        if rules["sample"].tolist() != chart["sample"].tolist():
            raise ValueError(say("plots.rules_samples"))
        broken = rules[[rule for rule in _RULES if rule in rules.columns]]
    marked = broken.to_numpy(dtype=bool)
    count = int(marked.any(axis=1).sum())
    if title is None:
        entry = "control_title" if rules is None else "control_title_rules"
        entry = entry if count else "control_title_none"
        title = say(f"plots.{entry}", count=count, all=len(chart))

    ax = new_series(title)
    places = np.arange(len(chart))
    values = chart["value"].to_numpy(dtype=float)
    ax.plot(places, values, "o-", color=BLUE, markersize=4.5, linewidth=1.3)
    centre = say("plots.control_centre", value=number(chart["centre"].iloc[0], digits))
    ax.plot(places, chart["centre"], color=GREY, linewidth=1.2, label=centre)
    ends = [number(chart[side].iloc[0], digits) for side in ("lower", "upper")]
    limits = say("plots.control_limits", low=ends[0], high=ends[1])
    if chart["upper"].nunique() > 1:
        limits = say("plots.control_limits_varying")
    for side, text in (("lower", "_"), ("upper", limits)):
        ax.plot(places, chart[side], color=GREY, linestyle="--", drawstyle="steps-mid", label=text)
    first = np.where(marked.any(axis=1), marked.argmax(axis=1), -1)
    signals = []
    for position, rule in enumerate(broken.columns):
        if not marked[:, position].any():
            continue
        named = chart["sample"][marked[:, position]].tolist()
        what = say(f"plots.rule_{rule}")
        signals.append(say("plots.control_signal", rule=what, samples=listed(named)))
        here = first == position
        text = signals[-1]
        if len(text) > 50:
            text = say("plots.control_signal_many", rule=what, count=len(named))
        ax.plot(places[here], values[here], _RULES[rule], color=ORANGE, markersize=9, label=text)
    names = [str(name)[:10] for name in chart["sample"]]
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda at, _: names[round(at)] if 0 <= round(at) < len(names) else "")
    )
    ax.set_xlabel(
        say(
            "plots.control_axis",
            sample=sample if sample is not None else say("plots.control_sample"),
            n=len(chart),
        )
    )
    ax.set_title(label, loc="left", fontsize=10.5)
    ax.margins(y=0.1)
    figure = figure_of(ax)
    rows = len(figure.legend(loc="outside lower center", ncols=1, fontsize=9.5).get_texts())
    figure.set_figheight(figure.get_figheight() + 0.2 * rows)
    alt = say(
        "plots.control_alt",
        title=title,
        label=label,
        centre=centre,
        limits=limits,
        low=number(values.min(), digits),
        high=number(values.max(), digits),
        signals=joined(signals) or say("plots.control_alt_no_signal"),
    )
    return Chart(ax, alt)
