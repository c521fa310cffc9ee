"""Charts of satisfaction against expectation, and of what a customer is worth."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter

from csqm import validation
from csqm.loyalty import fit_disconfirmation, lifetime_value
from csqm.plots.style import (
    BLUE,
    GREY,
    ORANGE,
    Chart,
    caption,
    joined,
    new_series,
    number,
    percent,
    styled,
)
from csqm.text import listed, say

__all__ = ["disconfirmation_lines", "lifetime_curve"]


@styled
def disconfirmation_lines(
    data: pd.DataFrame,
    expectation: str,
    perception: str,
    satisfaction: str,
    *,
    title: str | None = None,
) -> Chart:
    """Draw mean satisfaction by performance minus expectation, with the two fitted slopes.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    expectation, perception, satisfaction : str
        Columns, as in `csqm.loyalty.fit_disconfirmation`.
    title : str, optional
        The finding; if not given, the two slopes.

    Returns
    -------
    Chart
        The chart and its alternative text. The area of a dot grows with the number of answers.

    Raises
    ------
    ValueError
        If the two slopes cannot be fitted.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> survey = pd.DataFrame({"e": [5] * 6, "p": [2, 3, 4, 5, 6, 7], "s": [1, 3, 5, 7, 7, 8]})
    >>> disconfirmation_lines(survey, "e", "p", "s").ax.figure.get_suptitle()
    'A point short costs 1.95, a point more brings 0.47'
    """
    fit = fit_disconfirmation(data, expectation, perception, satisfaction)
    constant, better, worse = fit.terms["estimate"]
    if title is None:
        title = say("plots.gain_title", better=number(better), worse=number(worse))
    answers = data[[expectation, perception, satisfaction]].apply(pd.to_numeric).dropna()
    gap = answers[perception] - answers[expectation]
    groups = answers[satisfaction].groupby(gap).agg(["mean", "size"])
    ax = new_series(title)
    ax.axvline(0, color=GREY, linewidth=1, linestyle=":", zorder=0.5)
    ax.scatter(
        groups.index,
        groups["mean"],
        s=18 + 220 * groups["size"] / groups["size"].max(),
        color=BLUE,
        alpha=0.55,
        linewidth=0,
    )
    ends = np.array([groups.index.min(), 0, groups.index.max()])
    drawn = constant + better * np.maximum(ends, 0) + worse * np.minimum(ends, 0)
    ax.plot(ends, drawn, color=ORANGE, linewidth=2.2)
    ax.set_xlabel(say("plots.gain_axis"))
    ax.set_title(say("plots.gain_value"), loc="left", fontsize=10.5)
    caption(ax, say("plots.gain_caption", n=fit.n))
    slopes = {
        f"{name}_{end}": number(fit.terms[end][row])
        for row, name in ((1, "better"), (2, "worse"))
        for end in ("estimate", "low", "high")
    }
    alt = say("plots.gain_alt", title=title, constant=number(constant), n=fit.n, **slopes)
    return Chart(ax, alt)


@styled
def lifetime_curve(
    retention: Mapping[str, float], discount: float, *, title: str | None = None
) -> Chart:
    """Draw how many yearly margins a customer is worth, by retention, with groups marked.

    Parameters
    ----------
    retention : mapping of str to float
        Retention rate, 0 to 1, of each group by its name; at least one.
    discount : float
        Discount rate, between 0 and 1.
    title : str, optional
        The finding; if not given, the lowest and the highest group.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If a rate is not allowed, or there is no group.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> lifetime_curve({"hotels": 0.6, "factories": 0.9}, 0.1).ax.figure.get_suptitle()
    'Worth in yearly margins: hotels 1.20, factories 4.50'
    """
    discount = validation.fraction("discount", discount)
    if not retention:
        raise ValueError(say("plots.no_rows"))
    names = sorted(retention, key=lambda name: retention[name])
    rates = np.array([retention[name] for name in names], dtype=float)
    worth = lifetime_value(1, rates, discount)
    if title is None:
        ends = dict.fromkeys([0, len(names) - 1])
        parts = [f"{names[k]} {number(worth[k])}" for k in ends]
        title = say("plots.worth_title", groups=listed(parts))
    ax = new_series(title)
    low, high = min(0.4, rates.min()), max(0.95, rates.max())
    curve = np.linspace(low, high, 200)
    ax.plot(curve, lifetime_value(1, curve, discount), color=BLUE, linewidth=2)
    ax.plot(rates, worth, "o", color=ORANGE, markersize=8)
    for k, (name, rate, value) in enumerate(zip(names, rates, worth, strict=True)):
        # Names stand above and below the curve in turn, as neighbours may be close.
        place, side = ((8, -13), "left") if k % 2 else ((-8, 4), "right")
        ax.annotate(name, (rate, value), place, textcoords="offset points", ha=side)
    ax.set_xlim(low - 0.03, high + 0.07)
    ax.set_ylim(0, 1.1 * float(lifetime_value(1, high, discount)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}"))
    ax.set_xlabel(say("plots.worth_axis"))
    ax.set_title(say("plots.worth_value"), loc="left", fontsize=10.5)
    caption(ax, say("plots.worth_caption", discount=percent(discount)))
    marks = [
        say("plots.worth_alt_group", name=name, retention=percent(rate, 1), worth=number(value))
        for name, rate, value in zip(names, rates, worth, strict=True)
    ]
    alt = say("plots.worth_alt", title=title, discount=percent(discount), groups=joined(marks))
    return Chart(ax, alt)
