"""Service quality as the gap between what customers expect and what they perceive."""

from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csqm import validation
from csqm.results import Estimate
from csqm.text import listed
from csqm.validation import Weights, refuse, shown

__all__ = ["Gaps", "gaps"]


class Gaps(NamedTuple):
    """The gaps of a SERVQUAL survey, from single items to one number.

    Attributes
    ----------
    items : DataFrame
        One row per item: ``dimension``, ``expectation_item``, ``perception_item``, the means
        ``expectation`` and ``perception``, ``gap``, ``low``, ``high``, ``n``, ``missing``,
        ``effective_n``.
    dimensions : DataFrame
        One row per dimension: ``dimension``, ``importance``, the means ``expectation`` and
        ``perception``, ``gap``, ``low``, ``high``, ``n``, ``missing``, ``effective_n``.
    overall : Estimate
        The sum of importance times gap over the dimensions.
    """

    items: pd.DataFrame
    dimensions: pd.DataFrame
    overall: Estimate


def gaps(
    data: pd.DataFrame,
    dimensions: Mapping[str, Sequence[tuple[str, str]]],
    *,
    importance: Mapping[str, float] | None = None,
    scale: tuple[int, int] = (1, 7),
    missing: Collection[int] = (),
    weights: Weights = None,
    confidence: float = 0.95,
) -> Gaps:
    r"""Compute gaps, perception minus expectation, per item, per dimension and overall.

    .. math::
        g_k = \frac{1}{m_k} \sum_{j=1}^{m_k} (\bar P_{kj} - \bar E_{kj}), \qquad
        g = \sum_k w_k g_k, \quad \sum_k w_k = 1

    A negative gap means that the service falls short of what was expected.

    Missing answers: an item uses the respondents who gave both answers to it; a dimension those
    who gave both answers to all of its items; the overall gap everyone who is used in a dimension.

    The intervals are t intervals. With survey weights the mean is the weighted mean, and the
    variance and the degrees of freedom rest on Kish's effective n. The interval of the overall gap
    takes account of the correlation between dimensions: each respondent counts with the weighted
    sum of the own deviations from the dimension gaps.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    dimensions : mapping of str to sequence of pairs
        For each dimension the pairs (expectation column, perception column) of its items.
    importance : mapping of str to float, optional
        Importance weight of each dimension; they must sum to 1. Without it all count the same.
    scale : tuple of int
        Lowest and highest answer code.
    missing : collection of int
        Codes that mean "no answer", outside the scale. Blank cells count as no answer too.
    weights : str, Series or array, optional
        Survey weights, one per respondent.
    confidence : float
        Confidence level of the intervals.

    Returns
    -------
    Gaps
        The tables ``items`` and ``dimensions``, and the Estimate ``overall``.

    Raises
    ------
    ValueError
        If a dimension has fewer than two items or fewer than two complete respondents, the
        importance weights do not fit, or an answer is not on the scale.

    References
    ----------
    Parasuraman, A., Zeithaml, V. A., & Berry, L. L. (1988). SERVQUAL: A multiple-item scale for
    measuring consumer perceptions of service quality. *Journal of Retailing*, 64(1), 12-40.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {"e1": [7, 6, 7], "p1": [5, 6, 6], "e2": [6, 6, 5], "p2": [6, 4, 5]}
    ... )
    >>> result = gaps(answers, {"responsiveness": [("e1", "p1"), ("e2", "p2")]})
    >>> result.dimensions[["dimension", "gap", "n"]].round(3)
            dimension    gap  n
    0  responsiveness -0.833  3
    >>> round(result.overall.value, 3)
    -0.833
    """
    confidence = validation.fraction("confidence", confidence)
    pairs = _pairs(dimensions)
    shares = _importance(importance, list(pairs))
    validation.check_columns(
        data, [name for items in pairs.values() for pair in items for name in pair]
    )
    given = validation.survey_weights(weights, data)

    item_rows, dimension_rows, deviations, used_by = [], [], [], []
    for dimension, items in pairs.items():
        differences, expected, perceived = [], [], []
        for expectation, perception in items:
            before = validation.answers(data[expectation], scale, missing).to_numpy()
            after = validation.answers(data[perception], scale, missing).to_numpy()
            called = f"{dimension}: {expectation}, {perception}"
            item_rows.append(
                {
                    "dimension": dimension,
                    "expectation_item": expectation,
                    "perception_item": perception,
                    **_summary(before, after, given, confidence, called),
                }
            )
            differences.append(after - before)
            expected.append(before)
            perceived.append(after)
        before, after = np.mean(expected, axis=0), np.mean(perceived, axis=0)
        row = _summary(before, after, given, confidence, dimension)
        dimension_rows.append({"dimension": dimension, "importance": shares[dimension], **row})
        difference = after - before
        used_by.append(~np.isnan(difference))
        deviations.append(np.nan_to_num(difference - row["gap"]))

    table = pd.DataFrame(dimension_rows)
    value = float((table["importance"] * table["gap"]).sum())
    used = np.logical_or.reduce(used_by)
    counted = np.ones(len(data)) if given is None else given
    # A dimension that fewer answered weighs each of its respondents more, so that the mean of the
    # deviations is 0 and their spread that of the overall gap.
    spread = sum(
        shares[dimension] * deviation * counted[used].sum() / counted[mask].sum()
        for dimension, deviation, mask in zip(pairs, deviations, used_by, strict=True)
    )
    n, effective = int(used.sum()), validation.effective_size(given, used)
    half = _half_width(np.asarray(spread)[used], counted[used], effective, confidence)
    overall = Estimate(value, value - half, value + half, n, len(data) - n, effective)
    return Gaps(pd.DataFrame(item_rows), table, overall)


def _summary(
    before: np.ndarray,
    after: np.ndarray,
    weights: np.ndarray | None,
    confidence: float,
    called: str,
) -> dict[str, Any]:
    """Return both means and the gap with its interval, over the respondents with both values."""
    used = ~np.isnan(before) & ~np.isnan(after)
    n = int(used.sum())
    if n == 0:
        refuse("servqual.nobody", name=called)
    effective = validation.effective_size(weights, used)
    if effective <= 1 + 1e-9:
        refuse("servqual.one_respondent", name=called)
    counted = np.ones(n) if weights is None else weights[used]
    expectation = float(np.average(before[used], weights=counted))
    perception = float(np.average(after[used], weights=counted))
    difference = after[used] - before[used]
    gap = float(np.average(difference, weights=counted))
    half = _half_width(difference - gap, counted, effective, confidence)
    return {
        "expectation": expectation,
        "perception": perception,
        "gap": gap,
        "low": gap - half,
        "high": gap + half,
        "n": n,
        "missing": len(before) - n,
        "effective_n": effective,
    }


def _half_width(
    deviations: np.ndarray, weights: np.ndarray, effective: float, confidence: float
) -> float:
    from scipy.stats import t

    variance = float(np.average(deviations**2, weights=weights)) / (effective - 1)
    return float(t.ppf((1 + confidence) / 2, effective - 1) * variance**0.5)


def _pairs(dimensions: Any) -> dict[str, list[tuple[str, str]]]:
    if not isinstance(dimensions, Mapping) or not dimensions:
        refuse("servqual.dimensions", value=shown(dimensions))
    result = {}
    for dimension, items in dimensions.items():
        given = [] if isinstance(items, (str, Mapping)) else list(items)
        pairs = [tuple(pair) for pair in given if not isinstance(pair, str)]
        if len(pairs) != len(given) or any(len(pair) != 2 for pair in pairs):
            refuse("servqual.pairs", dimension=shown(dimension), value=shown(items))
        if len(pairs) < 2:
            refuse("servqual.one_item", dimension=shown(dimension), count=len(pairs))
        result[dimension] = [(expectation, perception) for expectation, perception in pairs]
    return result


def _importance(importance: Any, dimensions: list[str]) -> dict[str, float]:
    if importance is None:
        return dict.fromkeys(dimensions, 1 / len(dimensions))
    if isinstance(importance, pd.Series):
        importance = importance.to_dict()
    if not isinstance(importance, Mapping) or set(importance) != set(dimensions):
        refuse("servqual.importance_names", names=listed(dimensions))
    for dimension, value in importance.items():
        is_number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
        if not is_number or not 0 <= value <= 1:
            refuse("servqual.importance_value", dimension=shown(dimension), value=shown(value))
    total = sum(map(float, importance.values()))
    # Percentages rounded to three places may miss 1 by a little, 100 or 0.9 may not.
    if abs(total - 1) > 1e-6:
        refuse("servqual.importance_sum", total=f"{total:g}")
    return {dimension: float(importance[dimension]) for dimension in dimensions}
