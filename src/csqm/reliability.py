"""How well items measure together: alpha, omega, item analysis, and the number of factors.

Everything starts from the covariances of the complete rows (see `csqm.moments`). Turn
reverse-worded items first (`csqm.cleaning.reverse_items`): they are not turned here.
"""

import warnings
from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from csqm.moments import Moments, check_not_collinear, listwise_moments, row_blocks
from csqm.results import Estimate
from csqm.text import listed, say
from csqm.validation import Weights, check_columns, fraction, refuse, shown, whole_number

__all__ = [
    "Bartlett",
    "Kmo",
    "bartlett_sphericity",
    "cronbach_alpha",
    "factor_loadings",
    "item_total_correlations",
    "kmo",
    "mcdonald_omega",
    "parallel_analysis",
]

# Least share of an item's variance that is its own, as in R's factanal. An estimate that wants to
# go below (a Heywood case) stays here and is reported.
_LEAST_UNIQUENESS = 0.005


class Kmo(NamedTuple):
    """Kaiser-Meyer-Olkin measure of sampling adequacy.

    Attributes
    ----------
    overall : float
        Value of all items together.
    per_item : DataFrame
        One row per item: ``item``, ``kmo``.
    n : int
        Complete rows.
    missing : int
        Rows left out, because at least one item is missing.
    """

    overall: float
    per_item: pd.DataFrame
    n: int
    missing: int


class Bartlett(NamedTuple):
    """Bartlett's test that the items are uncorrelated.

    Attributes
    ----------
    statistic : float
        Chi-square.
    df : int
        Degrees of freedom.
    p : float
        p value.
    n : int
        Complete rows.
    missing : int
        Rows left out, because at least one item is missing.
    effective_n : float
        The n of the formula: Kish's effective number with weights, else ``n``.
    """

    statistic: float
    df: int
    p: float
    n: int
    missing: int
    effective_n: float


def cronbach_alpha(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    standardised: bool = False,
    weights: Weights = None,
    confidence: float = 0.95,
) -> Estimate:
    r"""Return Cronbach's alpha with Feldt's interval.

    Raw alpha, from the sample variances of the items and of their sum:

    .. math:: \alpha = \frac{k}{k-1}\left(1 - \frac{\sum_j s_j^2}{s_T^2}\right)

    Standardised alpha, from the mean correlation of the items:

    .. math:: \alpha_{\text{std}} = \frac{k\bar r}{1 + (k-1)\bar r}

    The interval is :math:`1 - (1-\alpha)F`, with the quantiles of F for n - 1 and
    (n - 1)(k - 1) degrees of freedom. It is exact for normal items with equal covariances, and
    an approximation for other items and for standardised alpha.

    Rows with any missing item are left out. With weights, variances are weighted, and the interval
    uses Kish's effective n.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns of the scale, at least two.
    scale : tuple of int, optional
        Lowest and highest answer code; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    standardised : bool
        Whether to return standardised alpha.
    weights : str, Series or array, optional
        Survey weights.
    confidence : float
        Confidence level.

    Returns
    -------
    Estimate
        Alpha; it can be negative when items run against each other.

    Raises
    ------
    ValueError
        If there is one item, an item or the total is constant, or fewer than two respondents
        answered all items.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. *Psychometrika*,
    16, 297-334.

    Feldt, L. S. (1965). The approximate sampling distribution of Kuder-Richardson reliability
    coefficient twenty. *Psychometrika*, 30, 357-370.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 4, 5], "b": [2, 2, 4, 3], "c": [1, 3, 4, 5]})
    >>> round(cronbach_alpha(answers, ["a", "b", "c"], scale=(1, 5)).value, 4)
    0.9028
    """
    confidence = fraction("confidence", confidence)
    found = listwise_moments(data, items, scale=scale, missing=missing, weights=weights)
    matrix = found.correlation if standardised else found.covariance
    value = float(_alpha(np.trace(matrix), matrix.sum(), len(matrix)))
    if np.isnan(value):
        refuse("reliability.constant_total", items=listed(map(shown, found.names)))
    low, high = _feldt_interval(value, len(matrix), found.effective_n, confidence)
    return Estimate(value, low, high, found.n, found.missing, found.effective_n)


def mcdonald_omega(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    beside: Sequence[Sequence[str]] = (),
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    standardised: bool = False,
    weights: Weights = None,
    confidence: float = 0.95,
) -> Estimate:
    r"""Return McDonald's omega: the share of the sum score's variance due to one common factor.

    .. math::
        \omega = \frac{\left(\sum_j \lambda_j\right)^2}
                      {\left(\sum_j \lambda_j\right)^2 + \sum_j \theta_j}

    It is omega total of the model :math:`x_j = \lambda_j F + e_j`, fitted by maximum likelihood,
    with :math:`\theta_j` the variance of :math:`e_j`. Loadings are unstandardised, so that omega is
    about the sum of the raw answers, as raw alpha is. With `standardised` it is about the sum of
    standardised items: :math:`\lambda_j` are then correlations and
    :math:`\theta_j = 1 - \lambda_j^2`.

    Left alone, the items are fitted with one factor; this needs three of them. With `beside`, all
    scales are fitted at once as a confirmatory model, one factor per scale, factors correlated,
    and loadings use the correlations with other scales as well. The two answers differ when the
    model does not fit: name which one you report. (semTools prints the second.)

    The interval is the delta method on :math:`\log(\omega/(1-\omega))`. The variance of omega
    comes from the fourth moments of the answers, not from an assumed normal distribution, so that
    it holds for skewed rating scales in large samples (n of some hundred).

    Rows with any missing item, of this scale or of those beside, are left out. With weights, the
    covariances are weighted, and the interval uses Kish's effective n.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns of the scale.
    beside : sequence of sequences of str
        The items of the other scales to be fitted beside this one.
    scale : tuple of int, optional
        Lowest and highest answer code; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    standardised : bool
        Whether omega is about the sum of standardised items.
    weights : str, Series or array, optional
        Survey weights.
    confidence : float
        Confidence level.

    Returns
    -------
    Estimate
        Omega.

    Warns
    -----
    UserWarning
        If an item is a Heywood case: its own variance would be estimated at or below 0. It is held
        at 0.5 % of the item's variance, the item is named, and the interval takes it as fixed.

    Raises
    ------
    ValueError
        If a scale has too few items, an item is constant, columns are collinear, or the items have
        no common factor that the data can tell.

    References
    ----------
    McDonald, R. P. (1999). *Test theory: A unified treatment*. Erlbaum.

    Browne, M. W. (1984). Asymptotically distribution-free methods for the analysis of covariance
    structures. *British Journal of Mathematical and Statistical Psychology*, 37, 62-83.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {
    ...         "a": [3, 5, 2, 5, 3, 2, 2, 2],
    ...         "b": [4, 3, 2, 4, 3, 2, 3, 2],
    ...         "c": [4, 3, 3, 5, 2, 3, 2, 1],
    ...     }
    ... )
    >>> round(mcdonald_omega(answers, ["a", "b", "c"], scale=(1, 5)).value, 4)
    0.8331
    """
    confidence = fraction("confidence", confidence)
    if not _is_list(beside) or not all(map(_is_list, beside)):
        refuse("reliability.beside", value=shown(beside))
    scales = [list(part) for part in (check_columns(data, items), *beside)]
    least = 2 if beside else 3
    for part in scales:
        if len(part) < least:
            refuse("reliability.few_items", least=least, items=listed(map(shown, part)) or "0")
    columns = [item for part in scales for item in part]
    found = listwise_moments(data, columns, scale=scale, missing=missing, weights=weights)
    check_not_collinear(found.correlation, found.names, found.n)

    factor = np.repeat(np.arange(len(scales)), [len(part) for part in scales])
    model = _Simple(found.correlation, factor)
    fitted = model.fit()
    names = found.names
    free = model.free(fitted)
    held = [
        shown(name) for name, is_free in zip(names, model.own(free), strict=True) if not is_free
    ]
    if held:
        warnings.warn(say("reliability.heywood", items=listed(held)), UserWarning, stacklevel=2)

    # The model is fitted to items divided by their sd; raw loadings take it back.
    size = None if standardised else found.sd
    value, slope = model.omega(fitted, size)
    spread = model.omega_spread(fitted, free, slope)
    if spread is None or not 0 < value < 1:
        refuse("reliability.no_factor", items=listed(map(shown, scales[0])))
    # How omega moves when one respondent counts a bit more.
    moved = np.empty(found.n)
    for block in row_blocks(found.n):
        deviations = found.centred[:, block] / found.sd[:, None]
        moved[block] = ((spread @ deviations) * deviations).sum(axis=0)
    error = np.sqrt(_variance(moved, found.weights) / found.effective_n)
    low, high = _logit_interval(value, error, confidence)
    return Estimate(value, low, high, found.n, found.missing, found.effective_n)


def item_total_correlations(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    weights: Weights = None,
) -> pd.DataFrame:
    r"""Return for each item its correlation with the others, and alpha without it.

    The corrected item-total correlation is that of an item with the sum of the other items:

    .. math:: r_{j(T-j)} = \frac{s_{jT} - s_j^2}{s_j \sqrt{s_T^2 + s_j^2 - 2 s_{jT}}}

    Rows with any missing item are left out. With weights, all moments are weighted.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns of the scale, at least two.
    scale : tuple of int, optional
        Lowest and highest answer code; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    weights : str, Series or array, optional
        Survey weights.

    Returns
    -------
    DataFrame
        One row per item, in the order given: ``item``, ``n`` (complete rows), ``missing`` (rows
        left out), ``unanswered`` (missing answers to this item), ``mean``, ``sd``,
        ``item_total_r``, ``alpha_if_deleted`` (raw), and ``note``, which says why a value is
        blank: one item left has no alpha, and a constant sum of the others has neither.

    Raises
    ------
    ValueError
        If there is one item, an item is constant, or fewer than two respondents answered all.

    References
    ----------
    Nunnally, J. C., & Bernstein, I. H. (1994). *Psychometric theory* (3rd ed.). McGraw-Hill.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 4, 5], "b": [2, 2, 4, 3], "c": [1, 3, 4, 5]})
    >>> table = item_total_correlations(answers, ["a", "b", "c"], scale=(1, 5))
    >>> table[["item", "item_total_r", "alpha_if_deleted"]].round(3)
      item  item_total_r  alpha_if_deleted
    0    a         0.969             0.722
    1    b         0.721             0.980
    2    c         0.909             0.771
    """
    found = listwise_moments(data, items, scale=scale, missing=missing, weights=weights)
    matrix, k = found.covariance, len(found.names)
    own, with_total, total = np.diag(matrix), matrix.sum(axis=1), matrix.sum()
    others = total + own - 2 * with_total
    others = np.where(_is_zero(others, np.trace(matrix)), np.nan, others)
    correlation = (with_total - own) / np.sqrt(own * others)
    without = _alpha(np.trace(matrix) - own, others, k - 1)
    note = np.where(np.isnan(without), say("reliability.note_one_left"), "")
    note = np.where(np.isnan(others), say("reliability.note_constant_rest"), note)
    return pd.DataFrame(
        {
            "item": found.names,
            "n": found.n,
            "missing": found.missing,
            "unanswered": found.unanswered,
            "mean": found.mean,
            "sd": found.sd,
            "item_total_r": np.clip(correlation, -1, 1),
            "alpha_if_deleted": without,
            "note": note,
        }
    )


def kmo(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    weights: Weights = None,
) -> Kmo:
    r"""Return the Kaiser-Meyer-Olkin measure of sampling adequacy.

    .. math::
        \mathrm{KMO} = \frac{\sum_{j \ne k} r_{jk}^2}{\sum_{j \ne k} r_{jk}^2 + \sum_{j \ne k} q_{jk}^2}

    with the correlations r and the partial correlations q, each pair given all other items. For
    one item the sums run over its own pairs only.

    Rows with any missing item are left out. With weights, the correlations are weighted.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns, at least two. (With two, KMO is always 0.5.)
    scale : tuple of int, optional
        Lowest and highest answer code; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    weights : str, Series or array, optional
        Survey weights.

    Returns
    -------
    Kmo
        ``overall``, ``per_item``, ``n``, ``missing``.

    Raises
    ------
    ValueError
        If an item is constant, items are collinear, or an item is uncorrelated with all others.

    References
    ----------
    Kaiser, H. F., & Rice, J. (1974). Little Jiffy, Mark IV. *Educational and Psychological
    Measurement*, 34, 111-117.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {
    ...         "a": [3, 5, 2, 5, 3, 2, 2, 2],
    ...         "b": [4, 3, 2, 4, 3, 2, 3, 2],
    ...         "c": [4, 3, 3, 5, 2, 3, 2, 1],
    ...     }
    ... )
    >>> round(kmo(answers, ["a", "b", "c"]).overall, 4)
    0.7264
    """
    found = _factorable(data, items, scale, missing, weights)
    matrix = found.correlation
    inverse = np.linalg.inv(matrix)
    scaling = np.sqrt(np.diag(inverse))
    partial = (inverse / np.outer(scaling, scaling)) ** 2
    simple = matrix**2
    np.fill_diagonal(partial, 0.0)
    np.fill_diagonal(simple, 0.0)
    both = (simple + partial).sum(axis=1)
    # Correlations that are zero come out as rounding errors of about 1e-16 each.
    if (both < 1e-24).any():
        refuse("reliability.uncorrelated", item=shown(found.names[int(np.argmin(both))]))
    per_item = pd.DataFrame({"item": found.names, "kmo": simple.sum(axis=1) / both})
    return Kmo(float(simple.sum() / both.sum()), per_item, found.n, found.missing)


def bartlett_sphericity(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    weights: Weights = None,
) -> Bartlett:
    r"""Test whether all items are uncorrelated in the population (Bartlett's sphericity).

    .. math:: \chi^2 = -\left(n - 1 - \frac{2p + 5}{6}\right) \ln |R|, \qquad df = p(p-1)/2

    Rows with any missing item are left out. With weights, R is weighted and n is Kish's effective
    number, which makes the test an approximation.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns, at least two.
    scale : tuple of int, optional
        Lowest and highest answer code; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    weights : str, Series or array, optional
        Survey weights.

    Returns
    -------
    Bartlett
        ``statistic``, ``df``, ``p``, ``n``, ``missing``, ``effective_n``.

    Raises
    ------
    ValueError
        If an item is constant, items are collinear, or there are too few respondents.

    References
    ----------
    Bartlett, M. S. (1951). The effect of standardization on a chi-square approximation in factor
    analysis. *Biometrika*, 38, 337-344.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {
    ...         "a": [3, 5, 2, 5, 3, 2, 2, 2],
    ...         "b": [4, 3, 2, 4, 3, 2, 3, 2],
    ...         "c": [4, 3, 3, 5, 2, 3, 2, 1],
    ...     }
    ... )
    >>> test = bartlett_sphericity(answers, ["a", "b", "c"])
    >>> round(test.statistic, 3), test.df, round(test.p, 4)
    (6.48, 3, 0.0904)
    """
    from scipy.stats import chi2

    found = _factorable(data, items, scale, missing, weights)
    p = len(found.names)
    factor = found.effective_n - 1 - (2 * p + 5) / 6
    if factor <= 0:
        refuse("reliability.few_effective", n=f"{found.effective_n:.3g}", items=p)
    statistic = float(-factor * np.linalg.slogdet(found.correlation)[1])
    statistic = max(statistic, 0.0)  # a rounding error below it when nothing correlates
    df = p * (p - 1) // 2
    p_value = float(chi2.sf(statistic, df))
    return Bartlett(statistic, df, p_value, found.n, found.missing, found.effective_n)


def parallel_analysis(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    draws: int = 1000,
    quantile: float = 0.95,
    seed: int = 0,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    weights: Weights = None,
) -> pd.DataFrame:
    r"""Return how many factors to keep: Horn's parallel analysis.

    The eigenvalues of the correlation matrix (of principal components, units on the diagonal) are
    compared with those of random data: as many normal respondents, as many items, uncorrelated. A
    component is kept while its eigenvalue exceeds the `quantile` of the random ones; the first that
    does not ends the list. The number of factors is the sum of ``keep``:

    .. math:: m = \max\{k : \lambda_j > q_j \text{ for all } j \le k\}

    The random matrices are drawn from the Wishart distribution that such data follow, so that time
    does not depend on the number of respondents.

    Rows with any missing item are left out. With weights, the correlations are weighted and random
    data have Kish's effective n: weighting makes real correlations less certain, and the random
    ones must be as uncertain.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns, at least two.
    draws : int
        Random data sets, at least 20.
    quantile : float
        The quantile to exceed. Horn used the mean, which keeps more; it is in the table too.
    seed : int
        Seed of the random draws: the same seed, the same table.
    scale : tuple of int, optional
        Lowest and highest answer code; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    weights : str, Series or array, optional
        Survey weights.

    Returns
    -------
    DataFrame
        One row per component: ``component`` (from 1), ``eigenvalue``, ``random_mean``,
        ``random_quantile``, ``keep``, ``n``, ``missing``.

    Raises
    ------
    ValueError
        If an item is constant, items are collinear, or there are no more respondents than items.

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis.
    *Psychometrika*, 30, 179-185.

    Examples
    --------
    >>> values = np.random.default_rng(1).normal(size=(200, 5))
    >>> values[:, :3] += 2 * values[:, [0]]
    >>> table = parallel_analysis(pd.DataFrame(values, columns=list("abcde")), list("abcde"))
    >>> int(table["keep"].sum())
    1
    """
    draws = whole_number("draws", draws, 20)
    quantile = fraction("quantile", quantile)
    seed = whole_number("seed", seed, 0)
    found = _factorable(data, items, scale, missing, weights)
    p = len(found.names)
    if found.effective_n <= p:
        refuse("reliability.few_effective", n=f"{found.effective_n:.3g}", items=p)
    eigenvalues = np.linalg.eigvalsh(found.correlation)[::-1]
    chance = _random_eigenvalues(p, found.effective_n, draws, seed)
    limit = np.quantile(chance, quantile, axis=0)
    return pd.DataFrame(
        {
            "component": np.arange(1, p + 1),
            "eigenvalue": eigenvalues,
            "random_mean": chance.mean(axis=0),
            "random_quantile": limit,
            "keep": np.logical_and.accumulate(eigenvalues > limit),
            "n": found.n,
            "missing": found.missing,
        }
    )


def factor_loadings(
    data: pd.DataFrame,
    items: Sequence[str],
    n_factors: int,
    *,
    rotation: Literal["varimax"] | None = "varimax",
    normalise: bool = True,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    weights: Weights = None,
) -> pd.DataFrame:
    r"""Return the loadings of an exploratory factor analysis by maximum likelihood.

    The model of the correlations is :math:`R = \Lambda\Lambda' + \Psi`, with :math:`\Psi`
    diagonal. Varimax turns the factors so that the squared loadings of each vary most:

    .. math::
        \max \sum_f \left[\frac1p \sum_j \tilde\lambda_{jf}^4
             - \Big(\frac1p \sum_j \tilde\lambda_{jf}^2\Big)^2\right]

    with rows of unit length (Kaiser's normalisation, as in R and SPSS) or, without `normalise`, the
    loadings as they are (as in scikit-learn). Factors come in the order of the variance they
    explain, and each one is signed so that its loadings have a positive sum: equal data give equal
    tables.

    Rows with any missing item are left out. With weights, the correlations are weighted.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns.
    n_factors : int
        How many factors; see `parallel_analysis`.
    rotation : {"varimax", None}
        Rotation of the factors.
    normalise : bool
        Whether varimax treats every item alike, whatever its communality.
    scale : tuple of int, optional
        Lowest and highest answer code; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    weights : str, Series or array, optional
        Survey weights.

    Returns
    -------
    DataFrame
        One row per item: ``item``, ``factor_1`` …, ``communality``, ``uniqueness``, ``heywood``
        (whether uniqueness is held at its least value, 0.005; such a solution needs fewer
        factors or another set of items), ``n``, ``missing``.

    Raises
    ------
    ValueError
        If an item is constant, items are collinear, or there are too many factors for the items.

    References
    ----------
    Jöreskog, K. G. (1967). Some contributions to maximum likelihood factor analysis.
    *Psychometrika*, 32, 443-482.

    Kaiser, H. F. (1958). The varimax criterion for analytic rotation in factor analysis.
    *Psychometrika*, 23, 187-200.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> factors = np.repeat(random.normal(size=(300, 2)), 3, axis=1)
    >>> answers = pd.DataFrame(factors + random.normal(size=(300, 6)), columns=list("abcdef"))
    >>> table = factor_loadings(answers, list("abcdef"), 2)
    >>> table[["item", "factor_1", "factor_2", "communality"]].round(2)
      item  factor_1  factor_2  communality
    0    a      0.03      0.72         0.51
    1    b     -0.00      0.62         0.39
    2    c     -0.04      0.66         0.44
    3    d      0.83     -0.02         0.68
    4    e      0.67     -0.05         0.45
    5    f      0.64      0.04         0.41
    """
    if rotation not in ("varimax", None):
        refuse("reliability.rotation", value=shown(rotation))
    n_factors = whole_number("n_factors", n_factors, 1)
    found = _factorable(data, items, scale, missing, weights)
    p = len(found.names)
    if (p - n_factors) ** 2 < p + n_factors:
        refuse("reliability.many_factors", factors=n_factors, items=p)
    loadings, uniqueness = _maximum_likelihood(found.correlation, n_factors)
    communality = (loadings**2).sum(axis=1)
    if rotation == "varimax" and n_factors > 1:
        length = np.sqrt(communality)[:, None] if normalise else np.ones((p, 1))
        loadings = _varimax(loadings / length) * length
    loadings = loadings[:, np.argsort(-(loadings**2).sum(axis=0), kind="stable")]
    loadings *= np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    table = pd.DataFrame({"item": found.names})
    for number, column in enumerate(loadings.T, start=1):
        table[f"factor_{number}"] = column
    table["communality"] = communality
    table["uniqueness"] = uniqueness
    table["heywood"] = uniqueness <= _LEAST_UNIQUENESS * (1 + 1e-6)
    table["n"], table["missing"] = found.n, found.missing
    return table


# ---- alpha ---------------------------------------------------------------------------------------


def _is_zero(variance: Any, size: float) -> Any:
    """Whether a variance is no more than the rounding error of variances of this size."""
    return variance <= 1e-12 * size


def _alpha(item_variances: Any, total_variance: Any, k: int) -> Any:
    """Raw alpha; NaN where it does not exist."""
    if k < 2:
        return np.full(np.shape(total_variance), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = k / (k - 1) * (1 - item_variances / total_variance)
    return np.where(_is_zero(total_variance, item_variances), np.nan, value)


def _feldt_interval(value: float, k: int, n: float, confidence: float) -> tuple[float, float]:
    from scipy.stats import f

    ends = f.ppf([(1 + confidence) / 2, (1 - confidence) / 2], n - 1, (n - 1) * (k - 1))
    low, high = 1 - (1 - value) * ends
    return float(low), float(high)


# ---- omega ---------------------------------------------------------------------------------------


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


class _Simple:
    """A confirmatory model of simple structure: each item loads on one factor, factors correlate.

    The parameters are, one after another: a loading and an own variance for each item, and the
    correlations of the factors (their variances are 1). The function to minimise is that of
    maximum likelihood, ln|C| + tr(S C^-1) - ln|S| - p, with C the covariances of the model.
    """

    def __init__(self, matrix: np.ndarray, factor: np.ndarray) -> None:
        self.matrix = matrix
        self.factor = factor
        self.p, self.m = len(matrix), int(factor.max()) + 1
        self.pattern = np.eye(self.m)[factor]
        self.pairs = np.tril_indices(self.m, -1)
        self.log_det = np.linalg.slogdet(matrix)[1]
        count = len(self.pairs[0])
        self.lower = np.r_[[-np.inf] * self.p, [_LEAST_UNIQUENESS] * self.p, [-0.999] * count]
        self.upper = np.r_[[np.inf] * 2 * self.p, [0.999] * count]

    def parts(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Loadings of each item on each factor, own variances, correlations of the factors."""
        between = np.eye(self.m)
        between[self.pairs] = theta[2 * self.p :]
        between.T[self.pairs] = theta[2 * self.p :]
        return self.pattern * theta[: self.p, None], theta[self.p : 2 * self.p], between

    def own(self, values: np.ndarray) -> np.ndarray:
        return values[self.p : 2 * self.p]

    def start(self) -> np.ndarray:
        loadings = np.empty(self.p)
        for number in range(self.m):
            inside = self.factor == number
            values, vectors = np.linalg.eigh(self.matrix[np.ix_(inside, inside)])
            first = vectors[:, -1] * np.sqrt(values[-1])
            loadings[inside] = 0.9 * first * (1 if first.sum() >= 0 else -1)
        loadings = np.clip(loadings, -0.95, 0.95)
        score = self.pattern * loadings[:, None]
        between = score.T @ self.matrix @ score
        between /= np.sqrt(np.outer(np.diag(between), np.diag(between)))
        start = [loadings, 1 - loadings**2, np.clip(between[self.pairs], -0.8, 0.8)]
        return np.concatenate(start)

    def misfit(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        loadings, own, between = self.parts(theta)
        modelled = loadings @ between @ loadings.T + np.diag(own)
        try:
            np.linalg.cholesky(modelled)
        except np.linalg.LinAlgError:  # not a covariance matrix: the search turns back
            return 1e10, np.zeros_like(theta)
        inverse = np.linalg.inv(modelled)
        away = inverse @ (modelled - self.matrix) @ inverse
        value = np.linalg.slogdet(modelled)[1] + (inverse * self.matrix).sum()
        slope_loadings = 2 * (away @ loadings @ between)[np.arange(self.p), self.factor]
        slope_between = 2 * (loadings.T @ away @ loadings)[self.pairs]
        slope = np.r_[slope_loadings, np.diag(away), slope_between]
        return float(value - self.log_det - self.p), slope

    def free(self, theta: np.ndarray) -> np.ndarray:
        """Which parameters are not held at an end of their range."""
        near = 1e-6
        return np.asarray((theta > self.lower + near) & (theta < self.upper - near))

    def curvature(self, theta: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Second derivatives of the misfit in the free parameters, from its exact slope."""
        step = 1e-5
        rows = []
        for position in np.flatnonzero(free):
            shift = np.zeros_like(theta)
            shift[position] = step
            difference = self.misfit(theta + shift)[1] - self.misfit(theta - shift)[1]
            rows.append(difference[free] / (2 * step))
        result = np.array(rows)
        return np.asarray((result + result.T) / 2)

    def fit(self) -> np.ndarray:
        from scipy.optimize import minimize

        bounds = list(zip(self.lower, self.upper, strict=True))
        options = {"maxiter": 5000, "maxfun": 50000, "ftol": 1e-15, "gtol": 1e-9}
        found = minimize(
            self.misfit, self.start(), jac=True, method="L-BFGS-B", bounds=bounds, options=options
        )
        theta = np.asarray(found.x)
        # A few Newton steps: the search stops where the misfit no longer changes, which leaves the
        # parameters right to half its digits only.
        for _ in range(5):
            free = self.free(theta)
            slope = self.misfit(theta)[1][free]
            if np.abs(slope).max() < 1e-11:
                break
            step = np.linalg.lstsq(self.curvature(theta, free), slope, rcond=1e-10)[0]
            tried = theta.copy()
            tried[free] -= step
            tried = np.clip(tried, self.lower, self.upper)
            if np.abs(self.misfit(tried)[1][free]).max() >= np.abs(slope).max():
                break
            theta = tried
        return theta

    def omega(self, theta: np.ndarray, size: np.ndarray | None) -> tuple[float, np.ndarray]:
        """Omega of the first scale, and its slope in the parameters."""
        first = self.factor == 0
        loading, own = theta[: self.p][first], self.own(theta)[first]
        slope = np.zeros_like(theta)
        if size is None:  # the items standardised by the model
            variance = loading**2 + own
            size_of = 1 / np.sqrt(variance)
        else:
            variance = np.ones_like(own)
            size_of = size[first]
        common = float((size_of * loading).sum())
        unique = float((size_of**2 * own).sum())
        total = common**2 + unique
        by_common, by_unique = 2 * common * unique / total**2, -(common**2) / total**2
        if size is None:
            by_loading = (
                by_common * own / variance**1.5 - by_unique * 2 * loading * own / variance**2
            )
            by_own = (
                -by_common * loading / (2 * variance**1.5) + by_unique * loading**2 / variance**2
            )
        else:
            by_loading, by_own = by_common * size_of, by_unique * size_of**2
        slope[: self.p][first] = by_loading
        slope[self.p : 2 * self.p][first] = by_own
        return common**2 / total, slope

    def omega_spread(
        self, theta: np.ndarray, free: np.ndarray, slope: np.ndarray
    ) -> np.ndarray | None:
        """How omega moves with each covariance of the data; None if the data do not fix it.

        The implicit function theorem: parameters follow the data so that the slope stays 0.
        """
        curvature = self.curvature(theta, free)
        values = np.linalg.eigvalsh(curvature)
        if values[0] <= 1e-8 * values[-1]:
            return None
        way = np.zeros_like(theta)
        way[free] = np.linalg.solve(curvature, slope[free])
        loadings, own, between = self.parts(theta)
        way_loadings, way_own, way_between = self.parts(way)
        way_between = way_between - np.eye(self.m)
        half = way_loadings @ between @ loadings.T
        moved = half + half.T + loadings @ way_between @ loadings.T + np.diag(way_own)
        inverse = np.linalg.inv(loadings @ between @ loadings.T + np.diag(own))
        return np.asarray(inverse @ moved @ inverse)


def _variance(values: np.ndarray, weights: np.ndarray | None) -> float:
    return float(np.cov(values, aweights=weights))


def _logit_interval(value: float, error: float, confidence: float) -> tuple[float, float]:
    from scipy.special import expit, logit, ndtri

    half = ndtri((1 + confidence) / 2) * error / (value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


# ---- factors -------------------------------------------------------------------------------------


def _factorable(
    data: pd.DataFrame,
    items: Sequence[str],
    scale: tuple[int, int] | None,
    missing: Collection[int],
    weights: Weights,
) -> Moments:
    """Moments of items whose correlation matrix has an inverse."""
    found = listwise_moments(data, items, scale=scale, missing=missing, weights=weights)
    check_not_collinear(found.correlation, found.names, found.n)
    return found


def _random_eigenvalues(p: int, n: float, draws: int, seed: int) -> np.ndarray:
    """Eigenvalues of correlation matrices of n uncorrelated normal respondents, largest first.

    Bartlett's decomposition: the cross-products of such data are LL', with L lower triangular, roots
    of chi-squares on the diagonal and normal numbers below.
    """
    random = np.random.default_rng(seed)
    root = np.zeros((draws, p, p))
    rows, columns = np.tril_indices(p, -1)
    root[:, rows, columns] = random.normal(size=(draws, len(rows)))
    diagonal = np.arange(p)
    root[:, diagonal, diagonal] = np.sqrt(random.chisquare(n - 1 - diagonal, size=(draws, p)))
    root /= np.linalg.norm(root, axis=2, keepdims=True)
    return np.linalg.eigvalsh(root @ root.transpose(0, 2, 1))[:, ::-1]


def _maximum_likelihood(matrix: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Loadings and uniquenesses of m factors: Jöreskog's method, uniquenesses alone are searched."""
    from scipy.optimize import minimize

    def solution(log_own: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        root = np.exp(log_own / 2)
        values, vectors = np.linalg.eigh(matrix / np.outer(root, root))
        values, vectors = values[::-1], vectors[:, ::-1]
        strength = np.sqrt(np.maximum(values[:m] - 1, 0))
        return root[:, None] * vectors[:, :m] * strength, values, root**2

    def misfit(log_own: np.ndarray) -> tuple[float, np.ndarray]:
        loadings, values, own = solution(log_own)
        rest = values[m:]
        away = (loadings**2).sum(axis=1) + own - np.diag(matrix)
        return float((rest - np.log(rest) - 1).sum()), away / own

    start = (1 - m / (2 * len(matrix))) / np.diag(np.linalg.inv(matrix))
    found = minimize(
        misfit,
        np.log(np.clip(start, _LEAST_UNIQUENESS, 1)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(np.log(_LEAST_UNIQUENESS), 0.0)] * len(matrix),
        options={"maxiter": 5000, "maxfun": 50000, "ftol": 1e-15, "gtol": 1e-9},
    )
    loadings, _, own = solution(found.x)
    return loadings, own


def _varimax(loadings: np.ndarray) -> np.ndarray:
    """Turn the factors by varimax: repeated best rotations, by singular value decomposition."""
    p, m = loadings.shape
    rotation, before = np.eye(m), 0.0
    for _ in range(1000):
        turned = loadings @ rotation
        target = turned**3 - turned * (turned**2).mean(axis=0)
        left, strength, right = np.linalg.svd(loadings.T @ target)
        rotation, now = left @ right, float(strength.sum())
        if now < before * (1 + 1e-14):
            break
        before = now
    return loadings @ rotation
