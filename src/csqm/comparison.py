"""Do groups differ? One test per outcome, with effect size, interval and Holm's correction."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from csqm import validation
from csqm.text import listed
from csqm.validation import Weights, refuse, shown

__all__ = ["compare_groups"]

_METHODS = ("auto", "welch", "rank", "chi_square")
_CORRECTIONS = ("holm", "none")


class _Groups(NamedTuple):
    """The answers to one outcome, with the number and the name of each answer's group."""

    values: pd.Series
    codes: np.ndarray
    names: list[Any]
    weights: np.ndarray | None


class _Test(NamedTuple):
    """What one test found, in the order of the columns of the table."""

    method: str
    statistic: float
    df: float
    df_error: float
    p: float
    effect: float
    effect_name: str
    low: float
    high: float


def compare_groups(
    data: pd.DataFrame,
    group: str,
    outcomes: Sequence[str],
    *,
    method: Literal["auto", "welch", "rank", "chi_square"] = "auto",
    weights: Weights = None,
    confidence: float = 0.95,
    correction: Literal["holm", "none"] = "holm",
) -> pd.DataFrame:
    r"""Test whether groups differ in one or several outcomes, and how much.

    **Welch** compares means without supposing equal variances: the t test for two groups, Welch's
    analysis of variance for more. Effect of two groups, first minus second in the order of their
    names, and of :math:`k` groups:

    .. math::
        g = \left(1 - \frac{3}{4(n_1 + n_2) - 9}\right) \frac{\bar x_1 - \bar x_2}{s_p}, \qquad
        \omega^2 = \frac{(k-1)(F-1)}{(k-1)(F-1) + n}

    with the pooled standard deviation :math:`s_p`; a negative :math:`\omega^2` is set to 0. The
    intervals come from the non-central t and F distributions of Welch's statistics, so that the
    interval of :math:`g` leaves out 0 exactly when p is below 1 - `confidence`.

    **Rank** compares ranks: Mann-Whitney for two groups, Kruskal-Wallis for more, with

    .. math::
        r = \frac{2U}{n_1 n_2} - 1 = P(X_1 > X_2) - P(X_1 < X_2), \qquad
        \varepsilon^2 = \frac{H}{n - 1}

    The interval of the rank-biserial :math:`r` is Cliff's, with his unbiased variance; that of
    :math:`\varepsilon^2` takes the ranks as values in an analysis of variance (non-central F).

    **Chi-square** compares shares of categories (Pearson, without continuity correction; not to be
    trusted if expected counts are below about 5), with Cramér's

    .. math:: V = \sqrt{\frac{\chi^2}{n \min(r - 1, c - 1)}}

    and the interval of the non-central chi-square distribution. :math:`\varepsilon^2` and
    :math:`V` are not corrected for bias, so they are above 0 even if nothing differs; their
    intervals are for the value in the population, and are extended to hold the estimate.

    By data ("auto") numbers go to Welch, ordered categories to ranks, and text, other categories
    and True/False to chi-square. Choose "rank" for numbers whose distances mean nothing.

    Rows without group or outcome are left out, outcome by outcome, and counted. Weights are for
    Welch only: means and variances are weighted, and Kish's effective number takes the place of
    each :math:`n`. Ranks and counts of categories have no such simple repair, so weights are
    refused there.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    group : str
        The column that holds the groups.
    outcomes : sequence of str
        The columns to compare; missing codes already blank (see `csqm.cleaning.recode`).
    method : {"auto", "welch", "rank", "chi_square"}
        The kind of test.
    weights : str, Series or array, optional
        Survey weight of each row, or the column that holds it.
    confidence : float
        Confidence level of the intervals, each by itself.
    correction : {"holm", "none"}
        How p is adjusted for the number of outcomes.

    Returns
    -------
    DataFrame
        One row per outcome: ``outcome``, ``method``, ``groups``, ``n``, ``missing``,
        ``statistic``, ``df`` and ``df_error`` (NaN where the test has none), ``p``,
        ``p_adjusted``, ``effect``, ``effect_name``, ``low``, ``high``.

    Raises
    ------
    ValueError
        If there are fewer than two groups, a group has too few answers, an outcome does not vary,
        weights do not fit the method, or an option is out of range.

    References
    ----------
    Welch, B. L. (1951). On the comparison of several mean values: An alternative approach.
    *Biometrika*, 38(3/4), 330-336.

    Cliff, N. (1993). Dominance statistics: Ordinal analyses to answer ordinal questions.
    *Psychological Bulletin*, 114(3), 494-509.

    Steiger, J. H. (2004). Beyond the F test: Effect size confidence intervals and tests of close
    fit in the analysis of variance and contrast analysis. *Psychological Methods*, 9(2), 164-182.

    Holm, S. (1979). A simple sequentially rejective multiple test procedure. *Scandinavian Journal
    of Statistics*, 6(2), 65-70.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {
    ...         "shift": ["day"] * 6 + ["night"] * 6,
    ...         "pay": [4, 5, 3, 4, 4, 5, 3, 2, 4, 3, 2, 3],
    ...         "stays": ["yes"] * 5 + ["no"] + ["yes"] * 3 + ["no"] * 3,
    ...     }
    ... )
    >>> table = compare_groups(answers, "shift", ["pay", "stays"])
    >>> table[["outcome", "method", "p_adjusted", "effect_name", "effect"]].round(3)
      outcome      method  p_adjusted effect_name  effect
    0     pay     welch_t       0.024    hedges_g   1.635
    1   stays  chi_square       0.221   cramers_v   0.354
    """
    for name, value, allowed in (
        ("method", method, _METHODS),
        ("correction", correction, _CORRECTIONS),
    ):
        if value not in allowed:
            refuse(
                "comparison.choice",
                name=name,
                value=shown(value),
                choices=listed(map(repr, allowed)),
            )
    alpha = 1 - validation.fraction("confidence", confidence)
    validation.check_columns(data, [group])
    outcomes = validation.check_columns(data, outcomes)
    survey = validation.survey_weights(weights, data)
    codes, names = pd.factorize(data[group], sort=True)
    if len(names) < 2:
        refuse("comparison.one_group", column=shown(group), groups=listed(map(shown, names)) or "–")

    rows = []
    for outcome in outcomes:
        values, kind = _outcome(data[outcome], method)
        if survey is not None and kind != "welch":
            refuse(f"comparison.weights_{kind}", outcome=shown(outcome))
        used = values.notna().to_numpy() & (codes >= 0)
        n = int(np.count_nonzero(used))
        if survey is not None:
            used &= survey > 0
        kept = None if survey is None else survey[used]
        groups = _Groups(values[used], codes[used], list(names), kept)
        _check_groups(groups, group, least=1 if kind == "chi_square" else 2)
        test = _TESTS[kind](groups, alpha)
        counts = {"groups": len(names), "n": n, "missing": len(data) - n}
        rows.append({"outcome": outcome, "method": test.method, **counts} | test._asdict())
    table = pd.DataFrame(rows)
    p = table["p"].to_numpy()
    adjusted = _holm(p) if correction == "holm" else p
    table.insert(list(table.columns).index("p") + 1, "p_adjusted", adjusted)
    return table


def _outcome(column: pd.Series, method: str) -> tuple[pd.Series, str]:
    """Return the values to be compared, and the kind of test for them."""
    is_ordered = isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered
    kind = method
    if method == "auto":
        kind = "welch"
        if pd.api.types.infer_dtype(column) in ("string", "boolean", "categorical"):
            kind = "rank" if is_ordered else "chi_square"
    if kind == "chi_square":
        return column, kind
    if kind == "rank" and is_ordered:
        places = pd.Series(column.cat.codes, index=column.index, name=column.name)
        return places.where(column.notna()), kind
    return validation.numbers(column), kind


def _check_groups(groups: _Groups, column: str, least: int) -> None:
    """Refuse an outcome that a group has too few answers to, or that does not vary."""
    sizes = _sizes(groups)
    outcome = shown(groups.values.name)
    # With weights the sizes are effective ones: an answer with all the weight is one answer.
    if sizes.min() < least - 1 + 1e-9:
        refuse(
            "comparison.small_group",
            column=shown(column),
            group=shown(groups.names[int(np.argmin(sizes))]),
            outcome=outcome,
            n=f"{sizes.min():.3g}",
            most=least - 1,
        )
    if groups.values.nunique() < 2:
        refuse("comparison.constant", outcome=outcome)


def _sizes(groups: _Groups) -> np.ndarray:
    """Return the number of answers in each group, with weights the effective number."""
    count = len(groups.names)
    if groups.weights is None:
        return np.bincount(groups.codes, minlength=count).astype(float)
    total = np.bincount(groups.codes, groups.weights, count)
    squares = np.bincount(groups.codes, groups.weights**2, count)
    return np.divide(total**2, squares, out=np.zeros(count), where=squares > 0)


def _welch(groups: _Groups, alpha: float) -> _Test:
    codes, n = groups.codes, _sizes(groups)
    values = groups.values.to_numpy()
    weights = np.ones(len(codes)) if groups.weights is None else groups.weights
    totals = np.bincount(codes, weights)
    means = np.bincount(codes, weights * values) / totals
    variances = np.bincount(codes, weights * (values - means[codes]) ** 2) / totals * n / (n - 1)
    by_group = groups.values.groupby(codes)
    # Exactly 0 where all answers are the same: a rounding error would pass for a variance.
    constant = (by_group.min() == by_group.max()).to_numpy()
    variances[constant] = 0
    if constant.all() or (len(n) > 2 and constant.any()):
        refuse(
            "comparison.constant_group",
            outcome=shown(groups.values.name),
            group=listed(shown(groups.names[each]) for each in np.flatnonzero(constant)),
        )
    return (_welch_t if len(n) == 2 else _welch_anova)(n, means, variances, alpha)


def _welch_t(n: np.ndarray, means: np.ndarray, variances: np.ndarray, alpha: float) -> _Test:
    from scipy.special import stdtr

    parts = variances / n
    error = math.sqrt(parts.sum())
    t = (means[0] - means[1]) / error
    df = parts.sum() ** 2 / (parts**2 / (n - 1)).sum()
    pooled = math.sqrt(((n - 1) * variances).sum() / (n.sum() - 2))
    # From standard errors, in which the non-centrality counts, to standard deviations.
    scale = (1 - 3 / (4 * n.sum() - 9)) * error / pooled
    low, high = (scale * end for end in _noncentral_t(t, df, alpha))
    p = 2 * float(stdtr(df, -abs(t)))
    return _Test("welch_t", t, df, math.nan, p, t * scale, "hedges_g", low, high)


def _welch_anova(n: np.ndarray, means: np.ndarray, variances: np.ndarray, alpha: float) -> _Test:
    from scipy.special import fdtrc

    k = len(n)
    weights = n / variances
    grand_mean = (weights * means).sum() / weights.sum()
    between = (weights * (means - grand_mean) ** 2).sum() / (k - 1)
    unequal = ((1 - weights / weights.sum()) ** 2 / (n - 1)).sum()
    f = between / (1 + 2 * (k - 2) / (k**2 - 1) * unequal)
    df, df_error = k - 1, (k**2 - 1) / (3 * unequal)
    omega = max(df * (f - 1), 0.0)
    low, high = _noncentral_f(f, df, df_error, n.sum(), alpha)
    p = float(fdtrc(df, df_error, f))
    effect = omega / (omega + n.sum())
    return _Test("welch_anova", f, df, df_error, p, effect, "omega_squared", low, high)


def _rank(groups: _Groups, alpha: float) -> _Test:
    from scipy.stats import kruskal

    k, n = len(groups.names), len(groups.codes)
    values = groups.values.to_numpy()
    samples = [values[groups.codes == code] for code in range(k)]
    if k == 2:
        return _mann_whitney(samples[0], samples[1], alpha)
    h, p = kruskal(*samples)
    effect = h / (n - 1)
    # Kruskal-Wallis is an analysis of variance of the ranks; its share explained is H / (n - 1).
    with np.errstate(divide="ignore"):
        f = np.divide(effect / (k - 1), max(1 - effect, 0.0) / (n - k))
    low, high = _noncentral_f(float(f), k - 1, n - k, n, alpha)
    low, high = min(low, effect), max(high, effect)
    return _Test("kruskal_wallis", h, k - 1, math.nan, p, effect, "epsilon_squared", low, high)


def _mann_whitney(first: np.ndarray, second: np.ndarray, alpha: float) -> _Test:
    from scipy.stats import mannwhitneyu

    u, p = mannwhitneyu(first, second)
    n = len(first), len(second)
    r = 2 * u / (n[0] * n[1]) - 1
    low, high = _cliff(r, first, second, NormalDist().inv_cdf(1 - alpha / 2))
    return _Test("mann_whitney", u, math.nan, math.nan, p, r, "rank_biserial", low, high)


def _cliff(r: float, first: np.ndarray, second: np.ndarray, z: float) -> tuple[float, float]:
    """Return Cliff's interval of the rank-biserial correlation, which is his delta."""
    n1, n2 = len(first), len(second)
    if abs(r) == 1:
        # No overlap, so no variance to go by: as a share of all, in the smaller group (Wilson).
        end = (min(n1, n2) - z**2) / (min(n1, n2) + z**2)
        return (end, 1.0) if r > 0 else (-1.0, -end)
    places = np.unique(np.concatenate([first, second]), return_inverse=True)[1]
    count1 = np.bincount(places[:n1], minlength=places.max() + 1)
    count2 = np.bincount(places[n1:], minlength=places.max() + 1)
    # At each value: share of the other group below it, less the share above it.
    ahead1 = (2 * np.cumsum(count2) - count2 - n2) / n2
    ahead2 = (n1 - 2 * np.cumsum(count1) + count1) / n1
    pairs = n1 * n2 - float(count1 @ count2) - n1 * n2 * r**2
    rows = (count1 * (ahead1 - r) ** 2).sum()
    columns = (count2 * (ahead2 - r) ** 2).sum()
    variance = (n2**2 * rows + n1**2 * columns - pairs) / (n1 * n2 * (n1 - 1) * (n2 - 1))
    # The estimate without bias may fall below what is possible.
    spread = z**2 * max(variance, (1 - r**2) / (n1 * n2 - 1))
    half = math.sqrt(spread * ((1 - r**2) ** 2 + spread))
    ends = [(r - r**3 + side * half) / (1 - r**2 + spread) for side in (-1, 1)]
    return ends[0], ends[1]


def _chi_square(groups: _Groups, alpha: float) -> _Test:
    from scipy.special import chndtr
    from scipy.stats import chi2_contingency

    places, categories = pd.factorize(groups.values)
    shape = len(groups.names), len(categories)
    cells = groups.codes * shape[1] + places
    table = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    chi2, p, df, _ = chi2_contingency(table, correction=False)
    most = table.sum() * (min(shape) - 1)
    effect = math.sqrt(chi2 / most)
    ends = _limits(lambda centre: float(chndtr(chi2, df, centre)), chi2, alpha)
    low, high = (math.sqrt(min(end / most, 1.0)) for end in ends)
    low, high = min(low, effect), max(high, effect)
    return _Test("chi_square", chi2, df, math.nan, p, effect, "cramers_v", low, high)


def _holm(p: np.ndarray) -> np.ndarray:
    """Return p adjusted by Holm: the smallest times their number, the next times one less, …"""
    order = np.argsort(p)
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(adjusted, 1)


def _noncentral_t(t: float, df: float, alpha: float) -> tuple[float, float]:
    """Return the limits of the non-centrality of t."""
    from scipy.special import chdtri

    if abs(t) < 1e4:
        return _centre_of_t(t, df, 1 - alpha / 2), _centre_of_t(t, df, alpha / 2)
    # Beyond what the function can do only the uncertainty of the variance counts.
    ends = sorted(t * math.sqrt(chdtri(df, tail) / df) for tail in (alpha / 2, 1 - alpha / 2))
    return ends[0], ends[1]


def _centre_of_t(t: float, df: float, probability: float) -> float:
    """Return the non-centrality with which a t is at most this large with a probability."""
    from scipy.optimize import brentq
    from scipy.special import nctdtr, nctdtrinc

    def beyond(centre: float) -> float:
        return float(nctdtr(df, centre, t)) - probability

    found = float(nctdtrinc(df, probability, t))
    width = 0.5
    # nctdtrinc can stop before it is there.
    while abs(beyond(found)) > 1e-9 and math.isfinite(width):
        if beyond(found - width) > 0 > beyond(found + width):
            return float(brentq(beyond, found - width, found + width))
        width *= 2
    return found


def _noncentral_f(
    f: float, df: float, df_error: float, n: float, alpha: float
) -> tuple[float, float]:
    """Return the limits of the share of variance explained, from the non-centrality of F."""
    from scipy.special import chdtri, ncfdtr

    if f < 1e8:
        ends = _limits(lambda centre: float(ncfdtr(df, df_error, centre, f)), df * f, alpha)
    else:  # as in `_noncentral_t`
        ends = [df * f * chdtri(df_error, tail) / df_error for tail in (1 - alpha / 2, alpha / 2)]
    low, high = (end / (end + n) if math.isfinite(end) else 1.0 for end in ends)
    return low, high


def _limits(cdf: Callable[[float], float], start: float, alpha: float) -> list[float]:
    """Return the non-centralities at which the statistic would be just as extreme as alpha."""
    from scipy.optimize import brentq

    ends = []
    for probability in (1 - alpha / 2, alpha / 2):
        if cdf(0.0) <= probability:  # smaller than expected even if nothing differs
            ends.append(0.0)
            continue
        high = start + 1
        while cdf(high) > probability:
            high *= 2
        ends.append(brentq(lambda centre, at=probability: cdf(centre) - at, 0.0, high))
    return ends


_TESTS: dict[str, Callable[[_Groups, float], _Test]] = {
    "welch": _welch,
    "rank": _rank,
    "chi_square": _chi_square,
}
