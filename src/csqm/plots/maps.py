"""Maps of two properties: who or what lies in which quadrant."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Bbox

from csqm.plots.style import (
    BLUE,
    GREY,
    ORANGE,
    Chart,
    Labels,
    caption,
    figure_of,
    joined,
    n_text,
    names_of,
    need_columns,
    new_map,
    number,
    percent,
    rows_of,
    styled,
    wrapped,
)
from csqm.text import listed, say

__all__ = ["ipa_map", "kano_map", "stakeholder_grid"]

_MOST_NAMES = 12  # more of them get into each other's way
# Names stay legible where they cross a line.
_HALO = withStroke(linewidth=2.5, foreground="white")


@styled
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
    ax = new_map(title)
    # By (high interest, high power).
    quadrants = {
        (True, True): say("plots.grid_manage"),
        (False, True): say("plots.grid_satisfy"),
        (True, False): say("plots.grid_inform"),
        (False, False): say("plots.grid_monitor"),
    }
    ax.set(xlim=(0, 10), ylim=(0, 10), xticks=(0, 5, 10), yticks=(0, 5, 10))
    ax.set_xlabel(say("plots.grid_interest"))
    ax.set_title(say("plots.grid_power"), loc="left", fontsize=10.5)
    points = [(name, (interest, power)) for name, (power, interest) in positions.items()]
    _draw_quadrants(ax, (5, 5), quadrants, shaded=(True, True))
    _draw_points(ax, points, (5, 5))
    parts = []
    for sides, quadrant in quadrants.items():
        inside = [name for name, (x, y) in points if (x >= 5, y >= 5) == sides]
        names = listed(inside) or say("plots.grid_alt_nobody")
        parts.append(say("plots.grid_alt_quadrant", quadrant=quadrant, names=names))
    return Chart(ax, say("plots.grid_alt", title=title, quadrants=joined(parts)))


@styled
def ipa_map(table: pd.DataFrame, labels: Labels = None, *, title: str | None = None) -> Chart:
    """Draw attributes by performance and importance, with the cross-hair and four quadrants.

    Parameters
    ----------
    table : DataFrame
        The result of `csqm.ipa.grid`.
    labels : sequence or mapping of str, optional
        A name for each attribute; the names in the table if not given.
    title : str, optional
        The finding; if not given, the attributes to concentrate on are named.

    Returns
    -------
    Chart
        The chart and its alternative text. An attribute on a line of the cross is a hollow point.

    Raises
    ------
    ValueError
        If the table is empty or lacks a column, or an attribute has no name.

    References
    ----------
    Martilla, J. A., & James, J. C. (1977). Importance-performance analysis. *Journal of
    Marketing*, 41(1), 77-79.

    Examples
    --------
    >>> from csqm.ipa import grid
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> means = pd.DataFrame(
    ...     {"importance": [4.6, 4.4, 3.1, 2.9], "performance": [4.2, 2.8, 2.7, 4.5]},
    ...     index=["safety", "waiting time", "music", "car wash"],
    ... )
    >>> ipa_map(grid(means, "importance", "performance")).ax.figure.get_suptitle()
    'Concentrate here: waiting time'
    """
    lines = ["cross", "cross_performance", "cross_importance"]
    need_columns(table, ["attribute", "performance", "importance", "quadrant", "on_line", *lines])
    if table.empty:
        raise ValueError(say("plots.no_rows"))
    names = names_of(labels, table["attribute"].tolist())
    kind, *at = table[lines].iloc[0]
    cross = float(at[0]), float(at[1])
    # By (performance high, importance high).
    quadrants = {
        (False, True): "concentrate",
        (True, True): "keep_up",
        (False, False): "low_priority",
        (True, False): "overkill",
    }
    if title is None:
        urgent = [
            name
            for name, quadrant in zip(names, table["quadrant"], strict=True)
            if quadrant == "concentrate"
        ]
        if not urgent:
            title = say("plots.ipa_title_none")
        elif len(urgent) <= 3:
            title = say("plots.ipa_title", names=listed(urgent))
        else:
            title = say("plots.ipa_title_many", count=len(urgent), all=len(table))
    ax = new_map(title)
    ax.set_xlim(_limits(table["performance"], cross[0], 0.1))
    ax.set_ylim(_limits(table["importance"], cross[1], 0.18))
    ax.locator_params(nbins=5)
    stated = "n_importance" in table.columns
    ax.set_xlabel(say("plots.ipa_performance"))
    ax.set_title(
        say("plots.ipa_importance_mean" if stated else "plots.ipa_importance"),
        loc="left",
        fontsize=10.5,
    )
    explained = say(
        f"plots.ipa_cross_{kind}", performance=number(cross[0]), importance=number(cross[1])
    )
    counted = [column for column in ("n", "n_importance") if column in table.columns]
    n = say("plots.ipa_n", n=n_text(table[counted])) if counted else ""
    _draw_quadrants(
        ax,
        cross,
        {sides: say(f"plots.ipa_{entry}") for sides, entry in quadrants.items()},
        shaded=(False, True),
    )
    places = zip(table["performance"], table["importance"], strict=True)
    points = list(zip(names, places, strict=True))
    hollow = table["on_line"].to_numpy(dtype=bool)
    _draw_points(ax, points, cross, hollow=hollow, note=explained + n)
    parts = []
    for entry in quadrants.values():
        inside = [
            say(
                "plots.ipa_alt_point",
                name=name,
                importance=number(row.importance),
                performance=number(row.performance),
            )
            for name, row in zip(names, rows_of(table), strict=True)
            if row.quadrant == entry
        ]
        parts.append(
            say(
                "plots.grid_alt_quadrant",
                quadrant=say(f"plots.ipa_{entry}"),
                names=listed(inside) or say("plots.map_nobody"),
            )
        )
    alt = say("plots.ipa_alt", title=title, cross=explained + n, quadrants=joined(parts))
    return Chart(ax, alt)


@styled
def kano_map(
    table: pd.DataFrame,
    labels: Labels = None,
    *,
    confidence: float = 0.95,
    title: str | None = None,
) -> Chart:
    """Draw attributes by how much better it is with them and how much worse without.

    The map is cut at one half, which gives the four regions attractive, one-dimensional, must-be
    and indifferent.

    Parameters
    ----------
    table : DataFrame
        The result of `csqm.kano.better_worse`.
    labels : sequence or mapping of str, optional
        A name for each attribute; the names in the table if not given.
    confidence : float
        As it was given to `better_worse`.
    title : str, optional
        The finding; if not given, the attributes that weigh most.

    Returns
    -------
    Chart
        The chart and its alternative text. Attributes without values are named below the chart.

    Raises
    ------
    ValueError
        If the table is empty or lacks a column, no attribute has values, or one has no name.

    References
    ----------
    Berger, C., Blauth, R., Boger, D., et al. (1993). Kano's methods for understanding
    customer-defined quality. *Center for Quality of Management Journal*, 2(4).

    Examples
    --------
    >>> from csqm.kano import better_worse
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> counts = pd.DataFrame(
    ...     {"A": [60, 10], "O": [20, 20], "M": [5, 50], "I": [15, 20], "R": [0, 0], "Q": [0, 0]},
    ...     index=["warm seats", "seat belts"],
    ... )
    >>> kano_map(better_worse(counts)).ax.figure.get_suptitle()
    'Missed most: seat belts; most pleasing: warm seats'
    """
    bounds = [f"{side}_{end}" for side in ("better", "worse") for end in ("low", "high")]
    need_columns(table, ["attribute", "better", "worse", *bounds, "n"])
    names = names_of(labels, table["attribute"].tolist())
    known = table["better"].notna().to_numpy()
    if not known.any():
        raise ValueError(say("plots.no_rows"))
    placed = table.assign(name=names)[known]
    if title is None:
        title = say(
            "plots.kano_title",
            worst=placed["name"].iloc[int(np.argmin(placed["worse"]))],
            best=placed["name"].iloc[int(np.argmax(placed["better"]))],
        )
    ax = new_map(title)
    # The names of the regions have a band of their own above and below.
    ax.set(xlim=(0.05, -1.05), ylim=(-0.13, 1.13), xticks=(0, -0.5, -1), yticks=(0, 0.5, 1))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda share, _: number(share, 1)))
    ax.set_xlabel(say("plots.kano_worse", n=n_text(placed["n"])))
    ax.set_title(say("plots.kano_better"), loc="left", fontsize=10.5)
    explained = say("plots.kano_caption", confidence=percent(confidence))
    left_out = [name for name, is_known in zip(names, known, strict=True) if not is_known]
    if left_out:
        explained += say("plots.kano_not_placed", names=listed(left_out))
    # By (worse than -0.5, better than 0.5).
    regions = {
        (False, True): say("plots.kano_attractive"),
        (True, True): say("plots.kano_one_dimensional"),
        (True, False): say("plots.kano_must_be"),
        (False, False): say("plots.kano_indifferent"),
    }
    _draw_quadrants(ax, (-0.5, 0.5), regions)
    for row in rows_of(placed):
        span: dict[str, Any] = {"color": ORANGE, "linewidth": 1.2, "alpha": 0.35}
        ax.plot([row.worse_low, row.worse_high], [row.better] * 2, **span)
        ax.plot([row.worse] * 2, [row.better_low, row.better_high], **span)
    points = [(row.name, (row.worse, row.better)) for row in rows_of(placed)]
    _draw_points(ax, points, (-0.5, 0.5), note=explained)
    parts = []
    for (much_worse, much_better), region in regions.items():
        inside = [
            say(
                "plots.kano_alt_point",
                name=row.name,
                better=number(row.better),
                worse=number(row.worse),
            )
            for row in rows_of(placed)
            if (row.worse <= -0.5) == much_worse and (row.better >= 0.5) == much_better
        ]
        names_inside = listed(inside) or say("plots.map_nobody")
        parts.append(say("plots.grid_alt_quadrant", quadrant=region, names=names_inside))
    alt = say("plots.kano_alt", title=title, regions=joined(parts), explained=explained)
    return Chart(ax, alt)


def _draw_quadrants(
    ax: Axes,
    cross: tuple[float, float],
    names: Mapping[tuple[bool, bool], str],
    shaded: tuple[bool, bool] | None = None,
) -> None:
    """Draw the cross and write the name of each quadrant, by (right, top), in its corner."""
    ax.axvline(cross[0], color=GREY, linewidth=0.9, zorder=1)
    ax.axhline(cross[1], color=GREY, linewidth=0.9, zorder=1)
    for (right, top), name in names.items():
        ax.text(
            0.99 if right else 0.01,
            0.975 if top else 0.025,
            name,
            transform=ax.transAxes,
            ha="right" if right else "left",
            va="center",
            color=BLUE,
            fontsize=11,
        )
    if shaded is not None:
        corner = ax.get_xlim()[shaded[0]], ax.get_ylim()[shaded[1]]
        size = corner[0] - cross[0], corner[1] - cross[1]
        ax.add_patch(Rectangle(cross, *size, color="#EAF1F8", zorder=0))


def _draw_points(
    ax: Axes,
    points: Sequence[tuple[str, tuple[float, float]]],
    cross: tuple[float, float],
    *,
    hollow: np.ndarray | None = None,
    note: str = "",
) -> None:
    """Draw the points and their names; of many points the numbers, with a key below the map."""
    if len(points) > _MOST_NAMES:
        numbered = [(str(place), point) for place, (_, point) in enumerate(points, start=1)]
        key = joined(
            [f"{one}\xa0{name}" for (one, _), (name, _) in zip(numbered, points, strict=True)]
        )
        note, points = say("plots.map_key", note=note, key=key), numbered
        figure = figure_of(ax)
        figure.set_figheight(figure.get_figheight() + 0.18 * wrapped(note, 72).count("\n"))
    if note:
        caption(ax, note)
    for place, (_, point) in enumerate(points):
        ax.plot(
            *point,
            "o",
            color=ORANGE,
            markerfacecolor=ORANGE if hollow is None or not hollow[place] else "white",
            markersize=7,
            clip_on=False,
            zorder=3,
        )
    _place_names(ax, points, cross)


def _limits(values: pd.Series, cross: float, margin: float) -> tuple[float, float]:
    """Return the ends of an axis: all values and the cross, and room on both sides."""
    low, high = min(values.min(), cross), max(values.max(), cross)
    room = margin * ((high - low) or 1.0)
    return low - room, high + room


def _place_names(
    ax: Axes, points: Sequence[tuple[str, tuple[float, float]]], cross: tuple[float, float]
) -> None:
    """Put each name beside its point, where it hides least of the others and of the cross."""
    # The layout decides where the points are; the names must not change it again.
    figure_of(ax).draw_without_rendering()
    figure_of(ax).set_layout_engine("none")
    middle = ax.transData.transform(cross)
    pixels = [ax.transData.transform(point) for _, point in points]
    frame = ax.get_window_extent()
    taken = [text.get_window_extent() for text in ax.texts]
    around = [(9, 0), (-9, 0), (0, 11), (0, -11), (8, 9), (-8, 9), (8, -9), (-8, -9)]
    for (name, point), own in zip(points, pixels, strict=True):
        best: tuple[float, Annotation, Bbox] | None = None
        for across, up in around:
            text = ax.annotate(
                wrapped(name, 22),
                point,
                xytext=(across, up),
                textcoords="offset points",
                ha=("center", "left", "right")[int(np.sign(across))],
                va=("center", "bottom", "top")[int(np.sign(up))],
                fontsize=9.5,
                path_effects=[_HALO],
            )
            box = text.get_window_extent()
            hidden = 3 * sum(box.overlaps(other) for other in taken)
            near = box.padded(16)
            hidden += sum(near.contains(*other) for other in pixels if other is not own)
            hidden += 3 * (box.x0 < frame.x0 or box.x1 > frame.x1)
            hidden += 0.5 * (box.x0 < middle[0] < box.x1) + 0.5 * (box.y0 < middle[1] < box.y1)
            if best is not None and hidden >= best[0]:
                text.remove()
                continue
            if best is not None:
                best[1].remove()
            best = hidden, text, box
        assert best is not None
        taken.append(best[2])


def _is_position(position: Any) -> bool:
    try:
        power, interest = position
        return bool(0 <= power <= 10 and 0 <= interest <= 10)
    except (TypeError, ValueError):
        return False
