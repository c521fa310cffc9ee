"""A log of complaints: which kinds matter most, how long they take, which promise is kept."""

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csqm import validation
from csqm.proportions import wilson_interval
from csqm.text import say
from csqm.validation import Weights, refuse, shown

__all__ = ["SlaShare", "pareto", "resolution_times", "sla_share"]


class SlaShare(NamedTuple):
    """The share of complaints closed within the limit, and what it rests on.

    Attributes
    ----------
    value, low, high : float
        The share with Wilson's interval.
    n : int
        Complaints judged: on time, late or overdue.
    on_time : int
        Closed within the limit.
    late : int
        Closed after the limit.
    overdue : int
        Open for longer than the limit: missed, whenever they will be closed.
    pending : int
        Open and still within the limit: not judged.
    missing : int
        Without an opening date: not judged.
    not_yet : int
        Opened after the day of the report: not judged.
    """

    value: float
    low: float
    high: float
    n: int
    on_time: int
    late: int
    overdue: int
    pending: int
    missing: int
    not_yet: int


def pareto(categories: Any, *, weights: Weights = None, vital: float = 0.8) -> pd.DataFrame:
    r"""Rank categories by frequency, or by weight, and mark the vital few.

    With the categories in descending order, their cumulative share is

    .. math:: F_k = \sum_{j \le k} n_j \Big/ \sum_j n_j

    The vital few are the categories, from the top, that are needed to reach the share `vital`.
    Categories that tie stand in the order of their names. Blank categories are left out of the
    shares and counted in ``missing``.

    Parameters
    ----------
    categories : Series or sequence
        The category of each complaint; or each category once, with the counts as `weights`.
    weights : Series or array, optional
        What each complaint counts, such as its cost or severity.
    vital : float
        The share that the vital few reach together.

    Returns
    -------
    DataFrame
        One row per category, the largest first: ``category``, ``n`` (complaints), ``weighted_n``
        (sum of weights), ``share`` (of the sum of weights), ``cumulative``, ``vital``, ``missing``
        (blank categories, the same in each row).

    Raises
    ------
    ValueError
        If there is no category, or a weight is negative.

    References
    ----------
    Juran, J. M. (1975). The non-Pareto principle; mea culpa. *Quality Progress*, 8(5), 8-9.

    Examples
    --------
    >>> log = ["late"] * 6 + ["rude"] * 2 + ["fare", "dirty"]
    >>> pareto(log)[["category", "n", "share", "cumulative", "vital"]]
      category  n  share  cumulative  vital
    0     late  6    0.6         0.6   True
    1     rude  2    0.2         0.8   True
    2    dirty  1    0.1         0.9  False
    3     fare  1    0.1         1.0  False
    """
    vital = validation.fraction("vital", vital)
    if isinstance(categories, (str, pd.DataFrame)):
        refuse("complaints.categories", value=type(categories).__name__)
    column = categories if isinstance(categories, pd.Series) else pd.Series(categories)
    given = validation.survey_weights(weights, column)
    known = column.notna().to_numpy()
    if not known.any():
        refuse("complaints.no_category")
    cases = pd.DataFrame({"category": column[known].to_numpy(), "weight": 1.0})
    if given is not None:
        cases["weight"] = given[known]
    table = cases.groupby("category", observed=True)["weight"].agg(["size", "sum"]).reset_index()
    table.columns = pd.Index(["category", "n", "weighted_n"])
    # Categories of several types cannot be sorted as they are.
    names = table["category"].astype(str)
    order = np.lexsort([names.to_numpy(dtype=str), -table["weighted_n"].to_numpy()])
    table = table.iloc[order].reset_index(drop=True)
    total = table["weighted_n"].sum()
    if total == 0:
        refuse("validation.weights_zero")
    table["share"] = table["weighted_n"] / total
    table["cumulative"] = table["weighted_n"].cumsum() / total
    # A share reached exactly is reached, whatever the rounding.
    before = table["cumulative"].shift(fill_value=0.0)
    table["vital"] = (before < vital - 1e-12) & (table["weighted_n"] > 0)
    table["missing"] = int((~known).sum())
    return table


def resolution_times(
    opened: Any,
    closed: Any,
    *,
    quantiles: Any = (0.5, 0.9),
    as_of: Any = None,
) -> pd.DataFrame:
    r"""Compute how many days it takes until a given share of complaints is closed.

    Open complaints are not left out, which would make the times look short: they count as open on
    the day of the report (censored), and the quantiles are those of Kaplan and Meier,

    .. math::
        \hat S(t) = \prod_{t_i \le t} \Bigl(1 - \frac{d_i}{n_i}\Bigr), \qquad
        t_q = \min\{t : 1 - \hat S(t) \ge q\}

    with :math:`d_i` closed after :math:`t_i` days of the :math:`n_i` that were open so long. With
    no open complaint this is the smallest time within which at least the share q was closed,
    without interpolation. Complaints closed after the day of the report count as open on it; those
    opened after it, and those without an opening date, are left out and counted.

    There are no survey weights: a log holds every complaint, not a sample.

    Parameters
    ----------
    opened, closed : Series or array of dates
        When each complaint was opened and closed; a blank in `closed` is an open one. Dates, times
        or ISO text such as ``2026-03-01``; for days as whole numbers give dates without times.
    quantiles : float or sequence of float
        Shares of the complaints, between 0 and 1.
    as_of : date, optional
        The day of the report, a date without a time being its first moment; the latest date of the
        log unless given.

    Returns
    -------
    DataFrame
        One row per quantile: ``quantile``, ``days``, ``n``, ``closed``, ``open``, ``missing``,
        ``not_yet`` (opened after the report), ``as_of``, ``note`` (why there are no days: too few
        complaints are closed to tell).

    Raises
    ------
    ValueError
        If a complaint is closed before it is opened, a date cannot be read, or none is left.

    References
    ----------
    Kaplan, E. L., & Meier, P. (1958). Nonparametric estimation from incomplete observations.
    *Journal of the American Statistical Association*, 53(282), 457-481.

    Examples
    --------
    >>> opened = ["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-05", "2026-03-09"]
    >>> closed = ["2026-03-04", "2026-03-12", "2026-03-09", "2026-03-08", None]
    >>> resolution_times(opened, closed, as_of="2026-03-20")[["quantile", "days", "open"]]
       quantile  days  open
    0       0.5   6.0     1
    1       0.9   NaN     1
    """
    wanted = [quantiles] if isinstance(quantiles, Real) else list(quantiles)
    if not wanted:
        refuse("complaints.quantiles")
    shares = np.array([validation.fraction("quantiles", share) for share in wanted])
    cases = _cases(opened, closed, as_of)
    times, place = np.unique(cases.days, return_inverse=True)
    ended = np.bincount(place, weights=cases.closed, minlength=len(times))
    leaving = np.bincount(place, minlength=len(times))
    at_risk = len(cases.days) - np.concatenate([[0], np.cumsum(leaving)[:-1]])
    done = 1 - np.cumprod(1 - ended / at_risk)
    # 1 - 0.9 * 8/9 must reach 0.2, and the steps only at times when something was closed.
    reached = np.searchsorted(done, shares - 1e-12)
    told = reached < len(times)
    table = pd.DataFrame({"quantile": shares})
    table["days"] = np.where(told, times[np.minimum(reached, len(times) - 1)], np.nan)
    table["n"] = len(cases.days)
    table["closed"] = int(cases.closed.sum())
    table["open"] = len(cases.days) - int(cases.closed.sum())
    table["missing"] = cases.missing
    table["not_yet"] = cases.not_yet
    table["as_of"] = cases.as_of
    table["note"] = np.where(told, "", say("complaints.note_open"))
    return table


def sla_share(
    opened: Any,
    closed: Any,
    *,
    limit_days: float = 15,
    as_of: Any = None,
    confidence: float = 0.95,
) -> SlaShare:
    r"""Compute the share of complaints closed within a limit of days, with Wilson's interval.

    .. math::
        \hat p = \frac{\text{on time}}{\text{on time} + \text{late} + \text{overdue}}

    Closed exactly at the limit is within it. An open complaint past the limit has missed it and
    counts; one still within the limit can go either way, is left out and counted in ``pending``.
    (Of the youngest complaints only those closed quickly are then judged, so a report soon after
    many arrivals flatters.) Complaints closed after the day of the report count as open on it.

    There are no survey weights: a log holds every complaint. The interval is for the process that
    made the log. Wilson's has no continuity correction.

    Parameters
    ----------
    opened, closed : Series or array of dates
        When each complaint was opened and closed, as in `resolution_times`.
    limit_days : float
        The days allowed, such as the 15 of Taiwan's Consumer Protection Act.
    as_of : date, optional
        The day of the report, a date without a time being its first moment; the latest date of the
        log unless given.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    SlaShare
        ``value``, ``low``, ``high``, ``n`` and the counts of each fate.

    Raises
    ------
    ValueError
        As in `resolution_times`, or if no complaint can be judged yet.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    *Journal of the American Statistical Association*, 22(158), 209-212.

    Examples
    --------
    >>> opened = ["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-28"]
    >>> closed = ["2026-03-10", "2026-03-30", None, None]
    >>> result = sla_share(opened, closed, as_of="2026-04-01")
    >>> round(result.value, 3), result.n, result.late, result.overdue, result.pending
    (0.333, 3, 1, 1, 1)
    """
    confidence = validation.fraction("confidence", confidence)
    is_number = isinstance(limit_days, Real) and not isinstance(limit_days, (bool, np.bool_))
    if not is_number or not 0 < limit_days < np.inf:
        refuse("complaints.limit", value=shown(limit_days))
    cases = _cases(opened, closed, as_of)
    within = cases.days <= limit_days
    on_time, late = int((cases.closed & within).sum()), int((cases.closed & ~within).sum())
    overdue, pending = int((~cases.closed & ~within).sum()), int((~cases.closed & within).sum())
    n = on_time + late + overdue
    if n == 0:
        refuse("complaints.nothing_judged", pending=pending)
    low, high = wilson_interval(on_time / n, n, confidence=confidence)
    return SlaShare(
        on_time / n, low, high, n, on_time, late, overdue, pending, cases.missing, cases.not_yet
    )


class _Cases(NamedTuple):
    days: np.ndarray  # until closed, or until the day of the report
    closed: np.ndarray
    missing: int
    not_yet: int
    as_of: pd.Timestamp


def _cases(opened: Any, closed: Any, as_of: Any) -> _Cases:
    start, end = _dates("opened", opened), _dates("closed", closed)
    both = isinstance(opened, pd.Series) and isinstance(closed, pd.Series)
    if len(start) != len(end) or (both and not opened.index.equals(closed.index)):
        refuse("complaints.lengths", opened=len(start), closed=len(end))
    if (start.dt.tz is None) != (end.dt.tz is None) and end.notna().any():
        refuse("complaints.time_zone")
    if end.dt.tz != start.dt.tz:
        end = (
            end.dt.tz_localize(start.dt.tz) if end.dt.tz is None else end.dt.tz_convert(start.dt.tz)
        )
    end = end.set_axis(start.index)
    wrong = (end < start).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        refuse(
            "complaints.negative",
            row=shown(start.index[row]),
            opened=str(start.iloc[row]),
            closed=str(end.iloc[row]),
        )
    if start.isna().all():
        refuse("complaints.no_case")
    report = max(start.max(), end.max()) if end.notna().any() else start.max()
    if as_of is not None:
        report = _dates("as_of", [as_of]).iloc[0]
        if pd.isna(report):
            refuse("complaints.as_of", value=shown(as_of))
        if (report.tz is None) != (start.dt.tz is None):
            refuse("complaints.time_zone")
    missing, later = start.isna(), start > report
    kept = ~missing & ~later
    if not kept.any():
        refuse("complaints.no_case")
    start, end = start[kept], end[kept]
    is_closed = (end <= report).to_numpy()
    days = (end.where(is_closed, report) - start).dt.total_seconds().to_numpy() / 86400
    return _Cases(days, is_closed, int(missing.sum()), int(later.sum()), report)


def _dates(name: str, values: Any) -> pd.Series:
    """Return dates; refuse what is none, and plain numbers, which would be read as 1970."""
    if isinstance(values, (str, Real)):
        refuse("complaints.dates", name=name, value=shown(values))
    column = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    if column.empty:
        refuse("complaints.no_case")
    known = column.notna()
    is_number = pd.api.types.is_numeric_dtype(column.dtype) and bool(known.any())
    if column.dtype == object:
        is_number = bool(column[known].map(lambda value: isinstance(value, Real)).any())
    dates = pd.Series(pd.NaT, index=column.index, dtype="datetime64[ns]")
    if not is_number and known.any():
        dates = pd.to_datetime(column, errors="coerce", format="ISO8601")
    wrong = (dates.isna() & known).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        value = shown(column.iloc[row])
        refuse("complaints.date", name=name, row=shown(column.index[row]), value=value)
    return dates
