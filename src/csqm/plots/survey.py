"""Charts of answers, of groups and of scales."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from csqm import validation
from csqm.indicators import net_promoter_score
from csqm.plots.style import (
    BLUE,
    DIVERGING,
    GREY,
    INK,
    ORANGE,
    Chart,
    Labels,
    caption,
    figure_of,
    joined,
    name_rows,
    names_of,
    need_columns,
    new_axes,
    new_panels,
    new_series,
    number,
    percent,
    rows_of,
    styled,
    wrapped,
)
from csqm.results import Estimate
from csqm.text import listed, say
from csqm.validation import Weights

__all__ = [
    "effect_chart",
    "gap_chart",
    "group_estimates",
    "likert_bars",
    "nps_bar",
    "scree_plot",
]

_NPS_KINDS = ("detractors", "passives", "promoters")
_EFFECTS = ("hedges_g", "rank_biserial", "omega_squared", "epsilon_squared", "cramers_v")


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
    share: str | None = None,
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
    share : str, optional
        What the share is, for the axis, as ``"Accounts renewed"``; if not given, top answers.
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
    kind = "_share" if share else ""
    ax.set_xlabel(say(f"plots.group_axis{kind}", share=share))
    caption(ax, say(f"plots.group_caption{kind}", top=listed(top), confidence=level))
    values = {"title": title, "share": share, "confidence": level, "groups": joined(parts)}
    alt = say(f"plots.group_alt{kind}", **values)
    return Chart(ax, alt)


@styled
def nps_bar(
    data: pd.DataFrame,
    item: str,
    *,
    by: str | None = None,
    labels: Labels = None,
    missing: Collection[int] = (),
    method: Literal["wald", "adjusted_wald"] = "wald",
    weights: Weights = None,
    confidence: float = 0.95,
    title: str | None = None,
) -> Chart:
    """Draw the shares of detractors, passives and promoters, and the score with its interval.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    item : str
        The column that holds the likelihood to recommend, 0 to 10.
    by : str, optional
        A column of groups: one bar for each.
    labels : sequence or mapping of str, optional
        A name for each group, in the order of the groups; a mapping also gives the order from top
        to bottom.
    missing, method, weights, confidence
        As in `csqm.indicators.net_promoter_score`.
    title : str, optional
        The finding; if not given, the score, or the groups with the lowest and highest.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If a column is missing, a group is blank or has no name, or the score cannot be computed.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> answers = pd.DataFrame({"recommend": [10, 9, 9, 8, 6, 10, 7, 3, 9]})
    >>> nps_bar(answers, "recommend").ax.figure.get_suptitle()
    'Net Promoter Score +33 points (−20 to +87)'
    """
    need_columns(data, [item] if by is None else [item, by])
    given = validation.survey_weights(weights, data)
    estimates, shares, names, parts = [], [], [], []
    for name, inside in _groups(data, by, labels):
        own = None if given is None else given[inside]
        answers = data.loc[inside, item]
        estimate = net_promoter_score(
            answers, missing=missing, method=method, weights=own, confidence=confidence
        )
        codes = validation.answers(answers, (0, 10), missing)
        counted = pd.Series(1.0 if own is None else own, index=codes.index)[codes.notna()]
        kinds = pd.cut(codes.dropna(), [-1, 6, 8, 10], labels=list(_NPS_KINDS))
        share = counted.groupby(kinds, observed=False).sum() / counted.sum()
        estimates.append(estimate)
        shares.append(share)
        names.append(name)
        parts.append(
            say(
                "plots.nps_alt_group",
                group=name,
                score=_points(estimate.value),
                low=_points(estimate.low),
                high=_points(estimate.high),
                n=estimate.n,
                **{kind: percent(share[kind]) for kind in _NPS_KINDS},
            )
        )
    if title is None:
        title = _nps_title(names, estimates, grouped=by is not None)

    rows = np.arange(len(names))
    bars, dots = new_panels(1.25 * len(names), title, (3, 2))
    left = np.zeros(len(names))
    for kind, colour in zip(_NPS_KINDS, DIVERGING[::2], strict=True):
        width = np.array([share[kind] for share in shares])
        label = say(f"plots.nps_{kind}")
        drawn = bars.barh(rows, width, 0.62, left=left, color=colour, label=label)
        texts = [f"{100 * each:.0f}" if each >= 0.08 else "" for each in width]
        ink = INK if kind == "passives" else "white"
        bars.bar_label(drawn, texts, label_type="center", fontsize=9.5, color=ink)
        left = left + width
    counts = [say("plots.n", n=estimate.n) for estimate in estimates]
    named = [f"{wrapped(name, 20)}\n{n}" for name, n in zip(names, counts, strict=True)]
    bars.set_yticks(rows, named)
    bars.set_ylim(len(names) - 0.5, -0.5)
    bars.set_xlim(0, 1)
    bars.xaxis.set_major_locator(MultipleLocator(0.5))
    bars.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}"))
    bars.set_xlabel(say("plots.nps_shares_axis"))
    _draw_intervals(dots, [estimate[:3] for estimate in estimates])
    for row, estimate in enumerate(estimates):
        place = dots.get_yaxis_transform()
        dots.text(1.04, row, _points(estimate.value), transform=place, va="center")
    dots.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    dots.xaxis.set_major_formatter(FuncFormatter(lambda points, _: _points(points)))
    dots.set_xlabel(say("plots.nps_score_axis"))
    figure_of(bars).legend(
        *bars.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        fontsize=9.5,
        handlelength=1,
        handleheight=1,
        columnspacing=1.1,
    )
    level = percent(confidence)
    return Chart(bars, say("plots.nps_alt", title=title, confidence=level, groups=joined(parts)))


@styled
def gap_chart(
    table: pd.DataFrame,
    labels: Labels = None,
    *,
    confidence: float = 0.95,
    title: str | None = None,
) -> Chart:
    """Draw the gaps between perception and expectation, each with its interval.

    Parameters
    ----------
    table : DataFrame
        ``dimensions`` or ``items`` of the result of `csqm.servqual.gaps`; its rows from top to
        bottom.
    labels : sequence or mapping of str, optional
        A name for each dimension (as a sequence, for each row); the names in the table if not
        given.
    confidence : float
        As it was given to `gaps`.
    title : str, optional
        The finding; if not given, the largest shortfall is named.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If the table is empty or lacks a column, or a row has no name.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> gaps = pd.DataFrame(
    ...     {"dimension": ["empathy"], "gap": [-0.83], "low": [-1.2], "high": [-0.46], "n": [80]}
    ... )
    >>> gap_chart(gaps).alt.split(": ")[-1]
    'empathy −0.83 (−1.20 to −0.46, n = 80).'
    """
    need_columns(table, ["dimension", "gap", "low", "high", "n"])
    if table.empty:
        raise ValueError(say("plots.no_rows"))
    names = names_of(labels, table["dimension"].tolist())
    worst = int(np.argmin(table["gap"]))
    lowest = float(table["gap"].iloc[worst])
    if title is None:
        entry = "gap_title" if lowest < 0 else "gap_title_none"
        title = say(f"plots.{entry}", name=names[worst], gap=number(lowest, signed=True))
    ax = new_axes(len(table), title)
    _draw_intervals(ax, list(zip(table["gap"], table["low"], table["high"], strict=True)))
    name_rows(ax, names, [int(n) for n in table["n"]])
    ax.set_xlabel(say("plots.gap_axis"))
    level = percent(confidence)
    caption(ax, say("plots.gap_caption", confidence=level))
    parts = [
        say(
            "plots.gap_alt_row",
            name=name,
            gap=number(row.gap, signed=True),
            low=number(row.low, signed=True),
            high=number(row.high, signed=True),
            n=int(row.n),
        )
        for name, row in zip(names, rows_of(table), strict=True)
    ]
    alt = say(
        "plots.gap_alt",
        title=title,
        below=int((table["high"] < 0).sum()),
        count=len(table),
        confidence=level,
        gaps=joined(parts),
    )
    return Chart(ax, alt)


@styled
def effect_chart(
    table: pd.DataFrame,
    labels: Labels = None,
    *,
    confidence: float = 0.95,
    title: str | None = None,
) -> Chart:
    """Draw the effect sizes of a comparison of groups, each with its interval.

    Parameters
    ----------
    table : DataFrame
        The result of `csqm.comparison.compare_groups`, or several of them one below the other; its
        rows from top to bottom.
    labels : sequence or mapping of str, optional
        A name for each outcome (as a sequence, for each row); the names in the table if not given.
    confidence : float
        As it was given to `compare_groups`.
    title : str, optional
        The finding; if not given, the largest effect is named.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If the table is empty or lacks a column, a row has no name, or the effects are of several
        kinds, which have no common axis.

    Examples
    --------
    >>> from csqm.comparison import compare_groups
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> answers = pd.DataFrame({"shift": ["day"] * 4 + ["night"] * 4, "pay": [4, 5, 4, 3, 2, 3, 1, 2]})
    >>> effect_chart(compare_groups(answers, "shift", ["pay"])).alt.split(": ")[-1]
    'pay 2.13 (0.40 to 3.77, n = 8).'
    """
    need_columns(table, ["outcome", "effect", "effect_name", "low", "high", "n"])
    if table.empty:
        raise ValueError(say("plots.no_rows"))
    names = names_of(labels, table["outcome"].tolist())
    kinds = table["effect_name"].unique().tolist()
    if len(kinds) > 1 or kinds[0] not in _EFFECTS:
        given, allowed = listed(kinds), listed(_EFFECTS)
        raise ValueError(say("plots.effect_kinds", kinds=given, allowed=allowed))
    largest = int(np.argmax(table["effect"].abs()))
    if title is None:
        effect = number(table["effect"].iloc[largest])
        title = say("plots.effect_title", name=names[largest], effect=effect)
    ax = new_axes(len(table), title)
    _draw_intervals(ax, list(zip(table["effect"], table["low"], table["high"], strict=True)))
    name_rows(ax, names, [int(n) for n in table["n"]])
    ax.set_xlabel(say(f"plots.effect_{kinds[0]}"))
    level = percent(confidence)
    caption(ax, say("plots.effect_caption", confidence=level))
    parts = [
        say(
            "plots.effect_alt_row",
            name=name,
            effect=number(row.effect),
            low=number(row.low),
            high=number(row.high),
            n=int(row.n),
        )
        for name, row in zip(names, rows_of(table), strict=True)
    ]
    alt = say("plots.effect_alt", title=title, confidence=level, effects=joined(parts))
    return Chart(ax, alt)


@styled
def scree_plot(table: pd.DataFrame, *, quantile: float = 0.95, title: str | None = None) -> Chart:
    """Draw the eigenvalues of the items with those of random data: how many factors to keep.

    Parameters
    ----------
    table : DataFrame
        The result of `csqm.reliability.parallel_analysis`.
    quantile : float
        As it was given to `parallel_analysis`.
    title : str, optional
        The finding; if not given, the number of factors to keep.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If the table is empty or lacks a column.

    Examples
    --------
    >>> from csqm.reliability import parallel_analysis
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> values = np.random.default_rng(1).normal(size=(200, 5))
    >>> values[:, :3] += 2 * values[:, [0]]
    >>> table = parallel_analysis(pd.DataFrame(values, columns=list("abcde")), list("abcde"))
    >>> scree_plot(table).ax.figure.get_suptitle()
    'Factors to keep by parallel analysis: 1 of 5'
    """
    need_columns(table, ["component", "eigenvalue", "random_quantile", "keep", "n"])
    if table.empty:
        raise ValueError(say("plots.no_rows"))
    kept = table["keep"].to_numpy(dtype=bool)
    if title is None:
        title = say("plots.scree_title", count=int(kept.sum()), all=len(table))
    ax = new_series(title)
    ax.plot(table["component"], table["eigenvalue"], color=BLUE, linewidth=1.6, zorder=2)
    for mask, filled, entry in ((kept, BLUE, "kept"), (~kept, "white", "dropped")):
        if mask.any():
            ax.plot(
                table["component"][mask],
                table["eigenvalue"][mask],
                "o",
                markersize=7,
                markerfacecolor=filled,
                markeredgecolor=BLUE,
                label=say(f"plots.scree_{entry}"),
            )
    ax.plot(
        table["component"],
        table["random_quantile"],
        linestyle="--",
        color=ORANGE,
        linewidth=1.8,
        label=say("plots.scree_random", quantile=percent(quantile)),
    )
    ax.set_ylim(0, 1.06 * max(table["eigenvalue"].max(), table["random_quantile"].max()))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=12))
    ax.set_xlabel(say("plots.scree_axis", n=int(table["n"].iloc[0])))
    ax.set_title(say("plots.scree_value"), loc="left", fontsize=10.5)
    ax.legend(fontsize=9.5)
    parts = [
        say(
            "plots.scree_alt_value",
            component=row.component,
            value=number(row.eigenvalue),
            random=number(row.random_quantile),
        )
        for row in rows_of(table)
    ]
    return Chart(ax, say("plots.scree_alt", title=title, values=joined(parts)))


def _groups(data: pd.DataFrame, by: str | None, labels: Labels) -> list[tuple[str, np.ndarray]]:
    """Return the name of each group and which rows are in it, from top to bottom."""
    if by is None:
        return [(say("plots.nps_all"), np.ones(len(data), dtype=bool))]
    column = data[by]
    if column.isna().any():
        raise ValueError(say("plots.group_blank", column=by))
    values = sorted(column.unique())
    names = dict(zip(values, names_of(labels, values), strict=True))
    order = [key for key in labels if key in names] if isinstance(labels, Mapping) else values
    return [(names[value], (column == value).to_numpy()) for value in order]


def _points(value: float) -> str:
    return number(value, 0, signed=True)


def _nps_title(names: list[str], estimates: list[Estimate], *, grouped: bool) -> str:
    if not grouped:
        value, low, high = map(_points, estimates[0][:3])
        return say("plots.nps_title", score=value, low=low, high=high)
    values = [estimate.value for estimate in estimates]
    worst, best = int(np.argmin(values)), int(np.argmax(values))
    return say(
        "plots.nps_title_groups",
        worst=names[worst],
        low=_points(values[worst]),
        best=names[best],
        high=_points(values[best]),
    )


def _draw_intervals(ax: Axes, estimates: Sequence[tuple[float, float, float]]) -> None:
    """Draw value, low and high of each row; hollow where the interval holds 0."""
    ax.axvline(0, color=GREY, linewidth=1, zorder=0.5)
    for row, (value, low, high) in enumerate(estimates):
        ax.plot([low, high], [row, row], color=BLUE, linewidth=2.2, alpha=0.55)
        filled = "white" if low <= 0 <= high else BLUE
        ax.plot(value, row, "o", color=BLUE, markerfacecolor=filled, markersize=8)


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
