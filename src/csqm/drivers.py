"""What drives satisfaction: how much each attribute counts for an overall outcome."""

from collections.abc import Collection, Sequence
from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
import pandas as pd

from csqm.moments import (
    Moments,
    check_not_collinear,
    correlation_interval,
    covariance,
    listwise_moments,
)
from csqm.text import listed
from csqm.validation import Weights, check_columns, fraction, refuse, shown, whole_number

__all__ = ["derived_importance", "lmg"]

# 2^15 regressions take about a second; each driver more doubles them.
_MOST_DRIVERS = 15


def lmg(
    data: pd.DataFrame,
    outcome: str,
    drivers: Sequence[str],
    *,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    weights: Weights = None,
    bootstrap: int = 0,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Share the explained variance of an outcome out among its drivers (LMG, or Shapley, shares).

    The importance of driver j is what it adds to :math:`R^2`, averaged over all orders in which the
    p drivers can enter the regression:

    .. math::
        \mathrm{LMG}_j = \sum_{S \not\ni j} \frac{|S|!\,(p - |S| - 1)!}{p!}
                         \left[R^2(S \cup j) - R^2(S)\right]

    Importances are never negative and add up to :math:`R^2` of all drivers. They say how variance
    is shared, not what an action would change.

    All regressions come from one correlation matrix. Rows with any missing value are left out. With
    weights, the correlations are weighted.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    outcome : str
        The column to be explained, such as overall satisfaction.
    drivers : sequence of str
        The columns that explain, up to 15.
    scale : tuple of int, optional
        Lowest and highest answer code of all these columns; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    weights : str, Series or array, optional
        Survey weights.
    bootstrap : int
        Resamples of respondents (with their weights) for an interval; 0 for none, else at
        least 100.
    seed : int
        Seed of the resamples.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    DataFrame
        One row per driver, in the order given: ``driver``, ``n`` (complete rows), ``missing``
        (rows left out), ``importance`` (share of the outcome's variance), ``share`` (of the
        explained variance, adding up to 1), and with `bootstrap` the percentile interval of
        ``importance``: ``low``, ``high``.

    Raises
    ------
    ValueError
        If a column is missing, not numeric or constant, drivers are collinear, there are too many
        drivers, too few respondents, or nothing is explained.

    References
    ----------
    Lindeman, R. H., Merenda, P. F., & Gold, R. Z. (1980). *Introduction to bivariate and
    multivariate analysis*. Scott, Foresman.

    Grömping, U. (2006). Relative importance for linear regression in R: The package relaimpo.
    *Journal of Statistical Software*, 17(1), 1-27.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {
    ...         "overall": [1, 2, 3, 4, 5, 3],
    ...         "punctual": [1, 2, 2, 4, 5, 3],
    ...         "friendly": [2, 1, 3, 3, 3, 4],
    ...     }
    ... )
    >>> lmg(answers, "overall", ["punctual", "friendly"]).round(3)
         driver  n  missing  importance  share
    0  punctual  6        0       0.778  0.834
    1  friendly  6        0       0.155  0.166
    """
    confidence = fraction("confidence", confidence)
    bootstrap = whole_number("bootstrap", bootstrap, 0)
    if 0 < bootstrap < 100:
        refuse("drivers.bootstrap", value=bootstrap)
    seed = whole_number("seed", seed, 0)
    found = _moments(data, outcome, drivers, scale, missing, weights)
    p = len(found.names) - 1
    if p > _MOST_DRIVERS:
        refuse("drivers.too_many", drivers=p, most=_MOST_DRIVERS)
    importance = _shapley(found.correlation)
    explained = importance.sum()
    if explained <= 1e-12:
        refuse("drivers.nothing_explained", outcome=shown(outcome))
    table = pd.DataFrame(
        {
            "driver": found.names[1:],
            "n": found.n,
            "missing": found.missing,
            "importance": importance,
            "share": importance / explained,
        }
    )
    if bootstrap:
        tail = (1 - confidence) / 2
        resampled = _resampled(found, bootstrap, seed)
        table["low"], table["high"] = np.quantile(resampled, [tail, 1 - tail], axis=0)
    return table


def derived_importance(
    data: pd.DataFrame,
    outcome: str,
    drivers: Sequence[str],
    *,
    method: Literal["correlation", "lmg", "regression"] = "correlation",
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    weights: Weights = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Derive the importance of attributes from their relation with an overall outcome.

    ``"correlation"``: Pearson's r of each driver with the outcome, with Fisher's interval
    :math:`\tanh(\operatorname{artanh} r \pm z/\sqrt{n-3})`. Each driver by itself, so that
    correlated drivers are all credited with what they share.

    ``"regression"``: standardised coefficients of the regression on all drivers,
    :math:`\beta = R_{xx}^{-1} r_{xy}`, with the interval
    :math:`\beta_j \pm t_{n-p-1}\sqrt{(1-R^2)\,(R_{xx}^{-1})_{jj}/(n-p-1)}`, which takes the
    standard deviations as known. Correlated drivers compete, and a useful one may come out
    near 0 or negative.

    ``"lmg"``: see `lmg`; shares of variance, without interval (ask `lmg` for a bootstrap).

    Rows with any missing value are left out. With weights, correlations are weighted, and n in the
    intervals is Kish's effective number.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    outcome : str
        The column of the overall outcome.
    drivers : sequence of str
        The columns of the attributes.
    method : {"correlation", "lmg", "regression"}
        What importance means. The three differ, and can differ in order: name the one you use.
    scale : tuple of int, optional
        Lowest and highest answer code of all these columns; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    weights : str, Series or array, optional
        Survey weights.
    confidence : float
        Confidence level.

    Returns
    -------
    DataFrame
        One row per driver, in the order given: ``driver``, ``n`` (complete rows), ``missing``
        (rows left out), ``importance``, and but for ``"lmg"`` its interval, ``low`` and ``high``.

    Raises
    ------
    ValueError
        If a column is missing, not numeric or constant, there are too few respondents, or, but for
        ``"correlation"``, drivers are collinear.

    References
    ----------
    Grömping, U. (2006). Relative importance for linear regression in R: The package relaimpo.
    *Journal of Statistical Software*, 17(1), 1-27.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {
    ...         "overall": [1, 2, 3, 4, 5, 3],
    ...         "punctual": [1, 2, 2, 4, 5, 3],
    ...         "friendly": [2, 1, 3, 3, 3, 4],
    ...     }
    ... )
    >>> derived_importance(answers, "overall", ["punctual", "friendly"]).round(2)
         driver  n  missing  importance   low  high
    0  punctual  6        0        0.96  0.68  1.00
    1  friendly  6        0        0.55 -0.47  0.94
    """
    confidence = fraction("confidence", confidence)
    if method not in ("correlation", "lmg", "regression"):
        refuse("drivers.method", value=shown(method))
    if method == "lmg":
        table = lmg(data, outcome, drivers, scale=scale, missing=missing, weights=weights)
        return table.drop(columns="share")
    if method == "correlation":
        names = _names(data, outcome, drivers)
        found = listwise_moments(data, names, scale=scale, missing=missing, weights=weights)
        importance = found.correlation[0, 1:]
        low, high = correlation_interval(importance, found.effective_n, confidence)
    else:
        found = _moments(data, outcome, drivers, scale, missing, weights)
        importance, half = _standardised(found, confidence)
        low, high = importance - half, importance + half
    return pd.DataFrame(
        {
            "driver": found.names[1:],
            "n": found.n,
            "missing": found.missing,
            "importance": importance,
            "low": low,
            "high": high,
        }
    )


def _names(data: pd.DataFrame, outcome: str, drivers: Sequence[str]) -> list[str]:
    names = check_columns(data, drivers)
    if outcome in names:
        refuse("drivers.outcome_is_driver", outcome=shown(outcome))
    return [outcome, *names]


def _moments(
    data: pd.DataFrame,
    outcome: str,
    drivers: Sequence[str],
    scale: tuple[int, int] | None,
    missing: Collection[int],
    weights: Weights,
) -> Moments:
    """Moments of the outcome (first) and of drivers that a regression can tell apart."""
    names = _names(data, outcome, drivers)
    found = listwise_moments(data, names, scale=scale, missing=missing, weights=weights)
    p = len(names) - 1
    if min(found.n, found.effective_n) < p + 2:
        refuse("drivers.few_rows", n=f"{found.effective_n:.3g}", least=p + 2, drivers=p)
    check_not_collinear(found.correlation[1:, 1:], names[1:], found.n)
    return found


def _standardised(found: Moments, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Standardised coefficients and half the width of their intervals."""
    from scipy.stats import t

    r = found.correlation
    inverse = np.linalg.inv(r[1:, 1:])
    beta = inverse @ r[1:, 0]
    df = found.effective_n - len(beta) - 1
    unexplained = max(1 - beta @ r[1:, 0], 0.0)
    error = np.sqrt(unexplained * np.diag(inverse) / df)
    return beta, t.ppf((1 + confidence) / 2, df) * error


def _shapley(correlation: np.ndarray) -> np.ndarray:
    """LMG importances from the correlations of the outcome (first) and the drivers.

    A set of drivers is a number whose bits say who is in it. All sets of one size are solved at
    once.
    """
    p = len(correlation) - 1
    between, with_outcome = correlation[1:, 1:], correlation[1:, 0]
    explained = np.zeros(2**p)
    size = np.zeros(2**p, dtype=int)
    for k in range(1, p + 1):
        sets = np.array(list(combinations(range(p), k)))
        r = with_outcome[sets]
        matrices = between[sets[:, :, None], sets[:, None, :]]
        number = (1 << sets).sum(axis=1)
        explained[number] = (np.linalg.solve(matrices, r[:, :, None])[:, :, 0] * r).sum(axis=1)
        size[number] = k
    # |S|! (p - |S| - 1)! / p! is 1 / (p C(p - 1, |S|)).
    weight = np.array([1 / (p * comb(p - 1, k)) for k in range(p)])
    everyone = np.arange(2**p)
    importance = np.empty(p)
    for j in range(p):
        without = everyone[(everyone >> j) & 1 == 0]
        added = explained[without | (1 << j)] - explained[without]
        importance[j] = weight[size[without]] @ added
    return importance


def _resampled(found: Moments, draws: int, seed: int) -> np.ndarray:
    """Importances of samples of respondents drawn with replacement."""
    random = np.random.default_rng(seed)
    weights = np.ones(found.n) if found.weights is None else found.weights
    result = np.empty((draws, len(found.names) - 1))
    for draw in range(draws):
        # How often each respondent is drawn; drawing the numbers is all that is needed.
        times = np.bincount(random.integers(0, found.n, found.n), minlength=found.n)
        weight = times * weights
        centred = found.centred - (found.centred @ weight / weight.sum())[:, None]
        products = covariance(centred, weight)
        sd = np.sqrt(np.diag(products))
        size = 1e-9 * found.sd
        correlation = products / np.outer(sd, sd) if (sd > size).all() else None
        if correlation is None or np.linalg.eigvalsh(correlation[1:, 1:])[0] < 1e-10:
            refuse("drivers.resample", n=found.n, columns=listed(map(shown, found.names)))
        result[draw] = _shapley(correlation)
    return result
