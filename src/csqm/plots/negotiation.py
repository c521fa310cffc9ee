"""The map of a negotiation: what all possible deals are worth to both sides."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from csqm.negotiation import nash_solution, pareto_frontier
from csqm.plots.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    Chart,
    caption,
    joined,
    new_map,
    number,
    styled,
)
from csqm.text import listed, say

__all__ = ["deal_map"]

_HALO = withStroke(linewidth=2.5, foreground="white")


@styled
def deal_map(
    utilities: pd.DataFrame,
    disagreement: Sequence[float] | Mapping[Any, float] | pd.Series,
    labels: tuple[str, str],
    *,
    path: pd.DataFrame | None = None,
    digits: int = 0,
    title: str | None = None,
) -> Chart:
    """Draw all deals by their worth to two sides, with the frontier and the Nash solution.

    Parameters
    ----------
    utilities : DataFrame
        One row per deal, one column for each of two parties.
    disagreement : Series, mapping or sequence of float
        What each has without an agreement, as in `csqm.negotiation.nash_solution`.
    labels : (str, str)
        What the two axes show, with the unit.
    path : DataFrame, optional
        The course of a talk: one row per state, in the columns of `utilities`. States are numbered
        and the last one is the deal.
    digits : int
        Decimals in the alternative text.
    title : str, optional
        The finding; if not given, the number of deals on the frontier.

    Returns
    -------
    Chart
        The chart and its alternative text. The shaded area is better for both than no agreement.

    Raises
    ------
    ValueError
        If there are not two parties, or the path has other columns.

    References
    ----------
    Raiffa, H. (1982). *The art and science of negotiation*. Harvard University Press.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> deals = pd.DataFrame({"us": [8, 6, 5, 2], "them": [2, 6, 5, 9]})
    >>> deal_map(deals, [3, 1], ("Us (points)", "Them (points)")).alt
    '3 of 4 deals waste nothing. ... The Nash solution: 6, 6.'
    """
    if utilities.shape[1] != 2:
        raise ValueError(say("plots.deal_parties", count=utilities.shape[1]))
    if path is not None and list(path.columns) != list(utilities.columns):
        raise ValueError(say("plots.deal_path"))
    frontier = pareto_frontier(utilities)
    count = len(frontier)
    frontier = frontier.drop_duplicates().sort_values(list(frontier.columns))
    least = pd.Series(disagreement, index=utilities.columns, dtype=float)
    if least.isna().any():
        raise ValueError(say("plots.deal_least", parties=listed(utilities.columns)))
    better = (utilities > least).all(axis=1).any()
    best = nash_solution(utilities, least).deals.drop_duplicates() if better else utilities[:0]
    if title is None:
        title = say("plots.deal_title", count=count, all=len(utilities))

    ax = new_map(title)
    ax.set(xlabel=labels[0])
    ax.set_title(labels[1], loc="left", fontsize=10.5)
    ax.plot(*utilities.to_numpy().T, "o", color="#BBBBBB", markersize=2.5, zorder=2)
    ax.plot(*frontier.to_numpy().T, "o", color=BLUE, markersize=4.5, zorder=3)
    ax.plot(*best.to_numpy().T, "D", color=ORANGE, markersize=12, zorder=4)
    _draw_least(ax, least)
    entry = "deal_caption" if path is None else "deal_caption_path"
    caption(ax, say(f"plots.{entry}", n=len(utilities)))
    parts = [
        say("plots.deal_alt_frontier", ends=_points(frontier.iloc[[0, -1]], digits)),
        say("plots.deal_alt_least", point=_points(least.to_frame().T, digits)),
        say("plots.deal_alt_nash", point=_points(best, digits))
        if better
        else say("plots.deal_alt_no_nash"),
    ]
    if path is not None:
        states = path[(path != path.shift()).any(axis=1)]
        _draw_path(ax, states)
        parts.append(say("plots.deal_alt_path", points=_points(states, digits)))
    alt = say("plots.deal_alt", title=title, x=labels[0], y=labels[1], n=len(utilities))
    return Chart(ax, alt + say("plots.deal_alt_end", parts=joined(parts)))


def _draw_least(ax: Axes, least: pd.Series) -> None:
    """Draw what both have without an agreement, and shade what is better for both."""
    x, y = least
    ends = ax.get_xlim()[1], ax.get_ylim()[1]
    area = Rectangle((x, y), max(ends[0] - x, 0), max(ends[1] - y, 0), color="#E3EEF7", zorder=0)
    ax.add_patch(area)
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
    ax.axvline(x, color=GREY, linewidth=1, linestyle="--", zorder=1)
    ax.axhline(y, color=GREY, linewidth=1, linestyle="--", zorder=1)
    ax.plot(x, y, "s", color=INK, markersize=6, zorder=4, clip_on=False)


def _draw_path(ax: Axes, states: pd.DataFrame) -> None:
    """Draw the states of a talk as numbered points, with arrows from each to the next."""
    points = [tuple(point) for point in states.to_numpy()]
    for start, end in zip(points, points[1:], strict=False):
        arrow = {"arrowstyle": "-|>", "color": INK, "shrinkA": 7, "shrinkB": 7, "lw": 1.3}
        ax.annotate("", end, start, arrowprops=arrow, zorder=5)
    for place, point in enumerate(points, start=1):
        ax.plot(
            *point, "o", color=INK, markerfacecolor=PALE, markersize=13, zorder=6, clip_on=False
        )
        ax.annotate(str(place), point, ha="center", va="center_baseline", fontsize=9, zorder=7)


def _points(table: pd.DataFrame, digits: int) -> str:
    return say("plots.deal_between").join(
        say("plots.deal_point", x=number(x, digits), y=number(y, digits))
        for x, y in table.to_numpy()
    )
