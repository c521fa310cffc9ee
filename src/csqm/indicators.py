"""The figures that satisfaction surveys report, each with its interval."""

import math
from collections.abc import Collection, Mapping, Sequence
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import pandas as pd

from csqm import validation
from csqm.proportions import wilson_interval
from csqm.results import Estimate
from csqm.text import listed
from csqm.validation import Weights, refuse, shown

__all__ = ["customer_effort_score", "net_promoter_score", "satisfaction_index", "top_box"]

_NPS_METHODS = ("wald", "adjusted_wald")


def top_box(
    answers: pd.Series | np.ndarray | Sequence[float],
    *,
    top: int | Collection[int] = 2,
    scale: tuple[int, int] = (1, 5),
    missing: Collection[int] = (),
    weights: Weights = None,
    confidence: float = 0.95,
) -> Estimate:
    r"""Return the share of answers in the best categories, with Wilson's interval.

    .. math::
        \frac{\hat p + z^2/2n \pm z\sqrt{\hat p(1-\hat p)/n + z^2/4n^2}}{1 + z^2/n}

    Without continuity correction. Missing answers are left out. With weights :math:`\hat p` is the
    weighted share, and :math:`n` is Kish's effective number of answers.

    Parameters
    ----------
    answers : Series, array or sequence
        One answer per respondent.
    top : int or collection of int
        How many of the highest codes count (2: top-2-box), or the codes themselves, for a scale
        whose best answer is the lowest.
    scale : tuple of int
        Lowest and highest answer code.
    missing : collection of int
        Codes that mean "no answer", outside the scale. Blanks count as no answer too.
    weights : Series or array, optional
        One survey weight per answer.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    Estimate
        The share (0 to 1), its interval and the answers used and missing.

    Raises
    ------
    ValueError
        If a code is off the scale, nobody answered, or an option is out of range.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    *Journal of the American Statistical Association*, 22(158), 209-212.

    Newcombe, R. G. (1998). Two-sided confidence intervals for the single proportion: Comparison of
    seven methods. *Statistics in Medicine*, 17(8), 857-872.

    Examples
    --------
    >>> share = top_box([5, 4, 3, 5, 2, 9, 4, 1, 5, 4], missing=[9])
    >>> round(share.value, 3), round(share.low, 3), round(share.high, 3), share.n, share.missing
    (0.667, 0.354, 0.879, 9, 1)
    """
    codes = validation.answers(answers, scale, missing, "answers")
    low, high = scale
    best: list[Any] = []
    if isinstance(top, (int, np.integer)) and not isinstance(top, bool):
        best = list(range(high - int(top) + 1, high + 1))
    elif isinstance(top, Collection) and not isinstance(top, str):
        best = list(top)
    # All categories together would be 100 % whatever people say.
    if not 0 < len(set(best)) <= high - low or not set(best) <= set(range(low, high + 1)):
        refuse("indicators.top", low=low, high=high, most=high - low, value=shown(top))
    used, given, effective = _used(codes, weights)
    share = float(np.average(codes[used].isin(best), weights=given))
    ends = wilson_interval(share, effective, confidence=confidence)
    return _estimate(share, ends, used, effective)


def net_promoter_score(
    answers: pd.Series | np.ndarray | Sequence[float],
    *,
    missing: Collection[int] = (),
    method: Literal["wald", "adjusted_wald"] = "wald",
    weights: Weights = None,
    confidence: float = 0.95,
) -> Estimate:
    r"""Return the Net Promoter Score, in points from -100 to 100, with its interval.

    With the shares of promoters (9 and 10) and detractors (0 to 6)

    .. math::
        \mathrm{NPS} = 100 (p_P - p_D), \qquad
        \mathrm{SE} = 100 \sqrt{\frac{p_P + p_D - (p_P - p_D)^2}{n}}

    The Wald interval is :math:`\mathrm{NPS} \pm z\,\mathrm{SE}`: too narrow for few answers, and
    of no width if all respondents are of one kind. The adjusted Wald interval is computed, centre
    included, as if there were three answers more: three quarters of a promoter, three quarters of
    a detractor, the rest passive. The score itself is not adjusted. Both intervals are cut at -100
    and 100.

    Missing answers are left out. A code off 0 to 10 that is not declared missing is refused, so a
    coded blank such as 11 never becomes a promoter. With weights the shares are weighted, and
    :math:`n` is Kish's effective number of answers.

    Parameters
    ----------
    answers : Series, array or sequence
        Likelihood to recommend, 0 to 10, one per respondent.
    missing : collection of int
        Codes that mean "no answer". Blanks count as no answer too.
    method : {"wald", "adjusted_wald"}
        How the interval is computed.
    weights : Series or array, optional
        One survey weight per answer.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    Estimate
        The score, its interval and the answers used and missing.

    Raises
    ------
    ValueError
        If a code is off the scale, nobody answered, or an option is out of range.

    References
    ----------
    Reichheld, F. F. (2003). The one number you need to grow. *Harvard Business Review*, 81(12),
    46-54.

    Rocks, B. (2016). Interval estimation for the "Net Promoter Score". *The American
    Statistician*, 70(4), 365-372.

    Examples
    --------
    >>> score = net_promoter_score([10, 9, 9, 8, 6, 10, 7, 3, 11, 9], missing=[11])
    >>> round(score.value, 1), round(score.low, 1), round(score.high, 1), score.missing
    (33.3, -20.0, 86.7, 1)
    """
    if method not in _NPS_METHODS:
        refuse("indicators.method", value=shown(method), choices=listed(map(repr, _NPS_METHODS)))
    codes = validation.answers(answers, (0, 10), missing, "answers")
    used, given, effective = _used(codes, weights)
    promoters = float(np.average(codes[used] >= 9, weights=given))
    detractors = float(np.average(codes[used] <= 6, weights=given))

    score, size = promoters - detractors, effective
    centre, extreme = score, promoters + detractors
    if method == "adjusted_wald":
        size = effective + 3
        centre = score * effective / size
        extreme = (extreme * effective + 1.5) / size
    # max(): rounding must not leave a variance below 0.
    half = _z(confidence) * math.sqrt(max(extreme - centre**2, 0.0) / size)
    ends = (100 * max(centre - half, -1.0), 100 * min(centre + half, 1.0))
    return _estimate(100 * score, ends, used, effective)


def customer_effort_score(
    answers: pd.Series | np.ndarray | Sequence[float],
    *,
    scale: tuple[int, int] = (1, 7),
    missing: Collection[int] = (),
    weights: Weights = None,
    confidence: float = 0.95,
) -> Estimate:
    r"""Return the mean of an effort item, with its t interval.

    .. math:: \bar x \pm t_{n-1} \frac{s}{\sqrt n}

    The score keeps the direction of the item: say it with the result. On the item "made it easy
    for me to handle my issue" (1 to 7, agreement) more is better; on the older "how much effort did
    you personally have to put forth" (1 to 5) less is better. The interval is cut at the ends of
    the scale.

    Missing answers are left out. With weights the mean is :math:`\sum wx / \sum w`, and the
    variance :math:`\sum w(x - \bar x)^2 / \sum w \cdot n/(n-1)`, where :math:`n` is Kish's
    effective number of answers, as in the interval.

    Parameters
    ----------
    answers : Series, array or sequence
        One answer per respondent.
    scale : tuple of int
        Lowest and highest answer code.
    missing : collection of int
        Codes that mean "no answer", outside the scale. Blanks count as no answer too.
    weights : Series or array, optional
        One survey weight per answer.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    Estimate
        The mean, its interval and the answers used and missing.

    Raises
    ------
    ValueError
        If a code is off the scale, fewer than two people answered, or an option is out of range.

    References
    ----------
    Dixon, M., Freeman, K., & Toman, N. (2010). Stop trying to delight your customers. *Harvard
    Business Review*, 88(7/8), 116-122.

    Examples
    --------
    >>> effort = customer_effort_score([6, 7, 5, 6, 2, 7, 6])
    >>> round(effort.value, 2), round(effort.low, 2), round(effort.high, 2)
    (5.57, 3.98, 7.0)
    """
    codes = validation.answers(answers, scale, missing, "answers")
    used, given, effective = _used(codes, weights)
    return _mean(codes[used].to_numpy(), given, used, effective, scale, confidence)


def satisfaction_index(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    item_weights: Mapping[str, float] | Sequence[float] | None = None,
    scale: tuple[int, int] = (1, 10),
    missing: Collection[int] = (),
    weights: Weights = None,
    confidence: float = 0.95,
) -> Estimate:
    r"""Return a customer satisfaction index from 0 to 100, in the form of ACSI and ECSI.

    .. math::
        I = 100 \cdot \frac{\sum_i w_i \bar x_i - a \sum_i w_i}{(b - a) \sum_i w_i}

    for items on a scale from :math:`a` to :math:`b`. The index is the mean of the same index of
    each person, and its interval is the t interval of that mean, cut at 0 and 100. The item weights
    are taken as known: an interval for weights estimated from the same data (by partial least
    squares, say) would be wider.

    Rows with any item missing are left out (listwise), so that all item means speak of the same
    people. With survey weights the means are weighted, and the interval rests on Kish's effective
    number of answers.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns that hold the answers, all on the same scale.
    item_weights : mapping or sequence of float, optional
        Weight of each item, :math:`w_i`, by name or in the order of `items`; all the same if not
        given.
    scale : tuple of int
        Lowest and highest answer code, :math:`a` and :math:`b`.
    missing : collection of int
        Codes that mean "no answer", outside the scale. Blanks count as no answer too.
    weights : str, Series or array, optional
        Survey weight of each row, or the column that holds it.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    Estimate
        The index, its interval and the rows used and left out.

    Raises
    ------
    ValueError
        If a column is missing, a code is off the scale, fewer than two rows are complete, or the
        item weights do not fit the items.

    References
    ----------
    Fornell, C., Johnson, M. D., Anderson, E. W., Cha, J., & Bryant, B. E. (1996). The American
    Customer Satisfaction Index: Nature, purpose, and findings. *Journal of Marketing*, 60(4), 7-18.

    Examples
    --------
    >>> answers = pd.DataFrame({"overall": [8, 9, 6, 10], "ideal": [7, 8, 6, 9]})
    >>> round(satisfaction_index(answers, ["overall", "ideal"]).value, 2)
    76.39
    """
    items = validation.check_columns(data, items)
    factors = _item_weights(items, item_weights)
    person = np.zeros(len(data))
    for item, factor in zip(items, factors, strict=True):
        person += factor * (validation.answers(data[item], scale, missing).to_numpy() - scale[0])
    possible = (scale[1] - scale[0]) * factors.sum()
    index = pd.Series(100 * person / possible, index=data.index, name=listed(items))
    survey = validation.survey_weights(weights, data)
    used, given, effective = _used(index, survey)
    return _mean(index[used].to_numpy(), given, used, effective, (0, 100), confidence)


def _item_weights(
    items: Sequence[str], item_weights: Mapping[str, float] | Sequence[float] | None
) -> np.ndarray:
    """Return the weights of the items in their order."""
    if item_weights is None:
        return np.ones(len(items))
    if isinstance(item_weights, (Mapping, pd.Series)):
        if set(item_weights.keys()) != set(items):
            refuse("indicators.item_names", names=listed(item_weights.keys()), items=listed(items))
        item_weights = [item_weights[item] for item in items]
    factors: np.ndarray = validation.numbers(item_weights, "item_weights").to_numpy()
    if len(factors) != len(items):
        refuse("indicators.item_count", count=len(factors), items=listed(items))
    if not (factors >= 0).all() or not factors.any():
        refuse("indicators.item_weights", value=listed(factors))
    return factors


def _used(values: pd.Series, weights: Weights) -> tuple[np.ndarray, np.ndarray | None, float]:
    """Return which rows have a value, their weights, and their effective number."""
    survey = validation.survey_weights(weights, values)
    used = values.notna().to_numpy()
    if not used.any():
        refuse("indicators.nobody", name=shown("answers" if values.name is None else values.name))
    given = None if survey is None else survey[used]
    return used, given, validation.effective_size(survey, used)


def _mean(
    values: np.ndarray,
    weights: np.ndarray | None,
    used: np.ndarray,
    effective: float,
    limits: tuple[int, int],
    confidence: float,
) -> Estimate:
    """Return the mean of the values with its t interval, cut at the limits."""
    from scipy.special import stdtrit

    tail = 0.5 + validation.fraction("confidence", confidence) / 2
    # One answer with all the weight is one answer, up to rounding.
    if effective < 1 + 1e-9:
        refuse("indicators.one_answer", n=np.count_nonzero(used))
    mean = float(np.average(values, weights=weights))
    spread = float(np.average((values - mean) ** 2, weights=weights))
    half = stdtrit(effective - 1, tail) * math.sqrt(spread / (effective - 1))
    ends = (max(mean - half, float(limits[0])), min(mean + half, float(limits[1])))
    return _estimate(mean, ends, used, effective)


def _estimate(value: float, ends: tuple[Any, Any], used: np.ndarray, effective: float) -> Estimate:
    n = int(np.count_nonzero(used))
    return Estimate(value, float(ends[0]), float(ends[1]), n, len(used) - n, effective)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + validation.fraction("confidence", confidence) / 2)
