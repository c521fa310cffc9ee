"""Charts of the link from staff to customers: branches as points, internal service as a matrix."""

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from csqm.linkage import BranchLink, InternalService
from csqm.plots.style import (
    BLUE,
    DIVERGING,
    GREY,
    INK,
    ORANGE,
    PALE,
    Chart,
    Labels,
    caption,
    joined,
    names_of,
    new_axes,
    new_map,
    number,
    rows_of,
    styled,
    wrapped,
)
from csqm.text import listed, say

__all__ = ["branch_scatter", "service_matrix"]


@styled
def branch_scatter(
    link: BranchLink,
    employees: str,
    customers: str,
    *,
    groups: pd.Series | None = None,
    labels: Labels = None,
    title: str | None = None,
) -> Chart:
    """Draw branches by the mean of their employees and the mean of their customers.

    Branches without a mean on one side cannot be drawn; they are counted below the chart.

    Parameters
    ----------
    link : BranchLink
        The result of `csqm.linkage.branch_link`.
    employees, customers : str
        Names of the two scores, with unit.
    groups : Series, optional
        One of two groups for each branch, by the name of the branch: drawn filled and hollow.
    labels : sequence or mapping of str, optional
        A name for each group.
    title : str, optional
        The finding; if not given, the correlation with its interval.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Raises
    ------
    ValueError
        If a branch has no group, or there are not two groups.

    Examples
    --------
    >>> from csqm.linkage import branch_link
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> staff = pd.DataFrame({"branch": list("abcde"), "pay": [1, 2, 3, 4, 5]})
    >>> riders = pd.DataFrame({"branch": list("abcd"), "overall": [2, 3, 4, 4]})
    >>> link = branch_link(staff, riders, "branch", "pay", "overall")
    >>> branch_scatter(link, "Pay", "Ride").ax.figure.get_suptitle()
    'Correlation over 4 branches: r = 0.94 (−0.19 to 1.00)'
    """
    estimate, table = link
    value, low, high = map(number, estimate[:3])
    if title is None:
        title = say("plots.branch_title", n=estimate.n, r=value, low=low, high=high)
    used = table[table["used"]]
    ax = new_map(title)
    if groups is None:
        parts = [(used, BLUE, "o", "")]
    else:
        group = used["branch"].map(groups)
        if group.isna().any():
            branch = used["branch"][group.isna()].iloc[0]
            raise ValueError(say("plots.branch_group", branch=branch))
        keys = sorted(group.unique())
        if len(keys) != 2:
            raise ValueError(say("plots.branch_groups", count=len(keys)))
        names = names_of(labels, keys)
        parts = [
            (used[group == keys[0]], "white", "s", names[0]),
            (used[group == keys[1]], BLUE, "o", names[1]),
        ]
    for part, colour, marker, name in parts:
        ax.plot(
            part["employee_mean"],
            part["customer_mean"],
            marker,
            color=BLUE,
            markerfacecolor=colour,
            markersize=6.5,
            label=name,
        )
    slope, start = np.polyfit(used["employee_mean"], used["customer_mean"], 1)
    ends = np.array([used["employee_mean"].min(), used["employee_mean"].max()])
    ax.plot(ends, start + slope * ends, color=ORANGE, linewidth=1.8)
    ax.set_xlabel(employees)
    ax.set_title(customers, loc="left", fontsize=10.5)
    if groups is not None:
        ax.legend(fontsize=9.5)
    note = say("plots.branch_note", n=estimate.n, r=value, low=low, high=high)
    if estimate.missing:
        branches = listed(table["branch"][~table["used"]])
        note += say("plots.branch_left_out", count=estimate.missing, branches=branches)
    caption(ax, note)
    alt = say("plots.branch_alt", title=title, employees=employees, customers=customers, note=note)
    return Chart(ax, alt)


@styled
def service_matrix(
    found: InternalService, labels: Labels = None, *, title: str | None = None
) -> Chart:
    """Draw the mean rating of each provider by each internal customer, the worst provider first.

    Parameters
    ----------
    found : InternalService
        The result of `csqm.linkage.internal_service`.
    labels : sequence or mapping of str, optional
        A name for each unit, in the order of the matrix.
    title : str, optional
        The finding; if not given, the weakest provider and its mean.

    Returns
    -------
    Chart
        The chart and its alternative text.

    Examples
    --------
    >>> from csqm.linkage import internal_service
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> marks = pd.DataFrame(
    ...     {"by": list("aabbccaabb"), "of": list("bbaabbccaa"), "mark": [2, 3, 4, 5, 2, 2, 4, 4, 5, 4]}
    ... )
    >>> found = internal_service(marks, "by", "of", "mark", min_n=2)
    >>> service_matrix(found, ["Dispatch", "Workshop", "Safety"]).ax.figure.get_suptitle()
    'Served worst by: Workshop (2.25)'
    """
    keys = list(found.matrix.columns)
    names = dict(zip(keys, names_of(labels, keys), strict=True))
    order = found.providers["provider"].tolist()
    rows = found.providers.set_index("provider")
    if title is None:
        mean = number(rows["mean"].iloc[0])
        title = say("plots.matrix_title", name=names[found.weakest], mean=mean)
    ax = new_axes(len(order), title)
    ax.grid(False)
    ramp = LinearSegmentedColormap.from_list("csqm", DIVERGING)
    values = found.matrix.loc[order, order].T  # providers down, customers across
    low, high = np.nanmin(values.to_numpy()), np.nanmax(values.to_numpy())
    for down, provider in enumerate(order):
        for column, customer in enumerate(order):
            mean = values.loc[provider, customer]
            blank = np.isnan(mean)
            shade = to_rgb(PALE if blank else ramp((mean - low) / ((high - low) or 1.0)))
            ax.barh(down, 0.96, left=column - 0.48, height=0.94, color=shade, zorder=0.5)
            dark = np.dot(shade, (0.299, 0.587, 0.114)) < 0.5
            text, colour = "–" if blank else number(mean, 1), "white" if dark else INK
            ax.text(column, down, text, ha="center", va="center", fontsize=9.5, color=colour)
        mean = rows["mean"][provider]
        text = "–" if np.isnan(mean) else number(mean)
        ax.text(len(order), down, text, ha="center", va="center", fontsize=11)
    ax.set_xlim(-0.55, len(order) + 0.5)
    named = [f"{place}\xa0 {names[key]}" for place, key in enumerate(order, start=1)]
    ax.set_yticks(range(len(order)), [wrapped(name, 22) for name in named])
    across = [*map(str, range(1, len(order) + 1)), say("plots.matrix_mean")]
    ax.set_xticks(range(len(order) + 1), across)
    ax.spines["bottom"].set_color(GREY)
    ax.set_xlabel(say("plots.matrix_axis"))
    ax.set_title(say("plots.matrix_rows"), loc="left", fontsize=10.5)
    caption(ax, say("plots.matrix_note"))
    parts = [
        say("plots.matrix_alt_row", name=names[row.provider], mean=number(row.mean), n=row.n)
        if row.customers
        else say("plots.matrix_alt_hidden", name=names[row.provider])
        for row in rows_of(found.providers)
    ]
    return Chart(ax, say("plots.matrix_alt", title=title, values=joined(parts)))
