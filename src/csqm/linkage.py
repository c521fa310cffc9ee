"""From staff to customers: what groups share, how both sides go together, who serves colleagues worst."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from csqm.moments import (
    check_not_collinear,
    column_numbers,
    correlation_interval,
    listwise_moments,
)
from csqm.results import Estimate
from csqm.text import say
from csqm.validation import (
    Weights,
    check_columns,
    column,
    fraction,
    refuse,
    shown,
    survey_weights,
    whole_number,
)

__all__ = [
    "BranchLink",
    "IndirectEffect",
    "InternalService",
    "branch_link",
    "icc1",
    "icc2",
    "indirect_effect",
    "internal_service",
]


class BranchLink(NamedTuple):
    """How branch means of employees and customers go together.

    Attributes
    ----------
    estimate : Estimate
        Pearson's r over branches. ``n`` counts the branches used, ``missing`` those left out.
    branches : DataFrame
        One row per branch of either side, in the order of their names: ``branch``,
        ``employee_n``, ``employee_mean``, ``customer_n``, ``customer_mean``, ``used``, and
        ``note``, which says why a branch is left out.
    """

    estimate: Estimate
    branches: pd.DataFrame


class IndirectEffect(NamedTuple):
    """What a cause does to an outcome by way of a mediator.

    Attributes
    ----------
    estimate : Estimate
        The product a b, with its bootstrap interval.
    a, b : float
        Slopes from cause to mediator, and from mediator to outcome beside the cause.
    direct : float
        Slope from cause to outcome beside the mediator.
    """

    estimate: Estimate
    a: float
    b: float
    direct: float


class InternalService(NamedTuple):
    """How the units of an organisation are served by each other.

    Attributes
    ----------
    weakest : str
        The provider with the lowest mean.
    providers : DataFrame
        One row per provider, the worst first: ``provider``, ``customers`` (units whose rating is
        used), ``n`` (ratings used), ``mean``, ``low``, ``high``.
    matrix : DataFrame
        Mean rating by customer (rows) and provider (columns). Blank on the diagonal, and where
        there are fewer than `min_n` ratings.
    """

    weakest: str
    providers: pd.DataFrame
    matrix: pd.DataFrame


class _Anova(NamedTuple):
    between: float
    within: float
    df: tuple[int, int]
    size: float
    n: int
    missing: int


def icc1(
    data: pd.DataFrame,
    group: str,
    outcome: str,
    *,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    confidence: float = 0.95,
) -> Estimate:
    r"""Return ICC(1): the share of an outcome's variance that lies between groups.

    From the mean squares of a one-way analysis of variance with groups as a random effect:

    .. math::
        \mathrm{ICC}(1) = \frac{MS_B - MS_W}{MS_B + (k_0 - 1) MS_W}, \qquad
        k_0 = \frac{1}{g - 1}\left(N - \frac{\sum_i n_i^2}{N}\right)

    With groups of equal size, :math:`k_0` is that size. The value is negative when members of a
    group differ more than members of different groups do; read it as 0. The interval puts
    :math:`F/F_q` in the place of :math:`MS_B/MS_W`, with the quantiles of F for g - 1 and N - g
    degrees of freedom: exact for normal data and equal sizes, else an approximation.

    Rows without group or outcome are left out. There are no weights: mean squares and their F
    distribution are about members as they were counted.

    Parameters
    ----------
    data : DataFrame
        One row per member.
    group : str
        The column of the group, such as the branch.
    outcome : str
        The column of the outcome.
    scale : tuple of int, optional
        Lowest and highest answer code of the outcome; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    confidence : float
        Confidence level.

    Returns
    -------
    Estimate
        ICC(1). ``n`` counts members.

    Raises
    ------
    ValueError
        If there are fewer than two groups, no group has two members, or the outcome is constant.

    References
    ----------
    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: Uses in assessing rater
    reliability. *Psychological Bulletin*, 86, 420-428.

    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In K. J. Klein
    & S. W. J. Kozlowski (Eds.), *Multilevel theory, research, and methods in organizations*
    (pp. 349-381). Jossey-Bass.

    Examples
    --------
    >>> staff = pd.DataFrame({"branch": list("aaabbb"), "score": [1, 2, 3, 3, 4, 5]})
    >>> round(icc1(staff, "branch", "score").value, 3)
    0.625
    """
    confidence = fraction("confidence", confidence)
    found = _anova(data, group, outcome, scale, missing)

    def share(quantile: float) -> float:
        within = quantile * found.within
        return (found.between - within) / (found.between + (found.size - 1) * within)

    lower, upper = _f_quantiles(found.df, confidence)
    return _estimate(found, share(1.0), share(lower), share(upper))


def icc2(
    data: pd.DataFrame,
    group: str,
    outcome: str,
    *,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    confidence: float = 0.95,
) -> Estimate:
    r"""Return ICC(2): how reliably the group means tell groups apart.

    .. math:: \mathrm{ICC}(2) = \frac{MS_B - MS_W}{MS_B}

    It is ICC(1) stepped up to groups of the mean size :math:`k_0`, and negative when ICC(1) is. For
    the mean squares, the interval, missing values and weights see `icc1`.

    Parameters
    ----------
    data : DataFrame
        One row per member.
    group : str
        The column of the group, such as the branch.
    outcome : str
        The column of the outcome.
    scale : tuple of int, optional
        Lowest and highest answer code of the outcome; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    confidence : float
        Confidence level.

    Returns
    -------
    Estimate
        ICC(2). ``n`` counts members.

    Raises
    ------
    ValueError
        As for `icc1`, and if all group means are equal.

    References
    ----------
    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In K. J. Klein
    & S. W. J. Kozlowski (Eds.), *Multilevel theory, research, and methods in organizations*
    (pp. 349-381). Jossey-Bass.

    Examples
    --------
    >>> staff = pd.DataFrame({"branch": list("aaabbb"), "score": [1, 2, 3, 3, 4, 5]})
    >>> round(icc2(staff, "branch", "score").value, 3)
    0.833
    """
    confidence = fraction("confidence", confidence)
    found = _anova(data, group, outcome, scale, missing)
    if found.between <= 1e-12 * found.within:
        refuse("linkage.equal_means", group=shown(group), outcome=shown(outcome))
    lower, upper = _f_quantiles(found.df, confidence)
    noise = found.within / found.between
    return _estimate(found, 1 - noise, 1 - lower * noise, 1 - upper * noise)


def branch_link(
    employees: pd.DataFrame,
    customers: pd.DataFrame,
    branch: str,
    employee_score: str,
    customer_score: str,
    *,
    min_n: int = 1,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    employee_weights: Weights = None,
    customer_weights: Weights = None,
    confidence: float = 0.95,
) -> BranchLink:
    r"""Correlate branch means of an employee score with branch means of a customer score.

    Both sides are averaged within branches, and Pearson's r is taken over the branches, each
    counted once, with Fisher's interval for b branches:

    .. math:: \tanh\left(\operatorname{artanh} r \pm z \big/ \sqrt{b - 3}\right)

    It is about branches: it does not say that a satisfied employee has satisfied customers. Few
    answers per branch make means noisy and r too small; see `icc2`.

    Branches are joined from both sides. One without employees or without customers stays in the
    table with a blank mean, and counts as missing in the estimate; so does one with fewer answers
    than `min_n`. Weights enter the branch means; r itself has none.

    Parameters
    ----------
    employees, customers : DataFrame
        One row per employee, and one row per customer.
    branch : str
        The column of the branch, in both.
    employee_score, customer_score : str
        The columns of the scores.
    min_n : int
        The least number of answers, on each side, that a branch needs.
    scale : tuple of int, optional
        Lowest and highest answer code of both scores; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    employee_weights, customer_weights : str, Series or array, optional
        Survey weights of each side.
    confidence : float
        Confidence level.

    Returns
    -------
    BranchLink
        The correlation, and the table of branches.

    Raises
    ------
    ValueError
        If a branch is blank, fewer than four branches have both means, or the means of a side are
        all equal.

    References
    ----------
    Fisher, R. A. (1921). On the "probable error" of a coefficient of correlation deduced from a
    small sample. *Metron*, 1, 3-32.

    Heskett, J. L., Jones, T. O., Loveman, G. W., Sasser, W. E., & Schlesinger, L. A. (1994).
    Putting the service-profit chain to work. *Harvard Business Review*, 72(2), 164-174.

    Examples
    --------
    >>> staff = pd.DataFrame({"branch": list("aabbccdde"), "pay": [1, 2, 3, 3, 4, 3, 5, 5, 2]})
    >>> riders = pd.DataFrame({"branch": list("abcd"), "overall": [2, 3, 4, 4]})
    >>> link = branch_link(staff, riders, "branch", "pay", "overall")
    >>> round(link.estimate.value, 3), link.estimate.n, link.estimate.missing
    (0.905, 4, 1)
    >>> link.branches.tail(1)[["branch", "employee_mean", "customer_mean", "used"]]
      branch  employee_mean  customer_mean   used
    4      e            2.0            NaN  False
    """
    confidence = fraction("confidence", confidence)
    min_n = whole_number("min_n", min_n, 1)
    table = _branch_means(
        employees, branch, employee_score, employee_weights, scale, missing, "employee"
    ).join(
        _branch_means(
            customers, branch, customer_score, customer_weights, scale, missing, "customer"
        ),
        how="outer",
    )
    counts = ["employee_n", "customer_n"]
    table[counts] = table[counts].fillna(0).astype(int)
    few = table[counts] < min_n
    table["used"] = ~few.any(axis=1)
    table["note"] = ""
    for side in ("employee", "customer"):
        count = table[f"{side}_n"]
        table.loc[(count < min_n) & (count > 0), "note"] = say("linkage.note_few", min_n=min_n)
        table.loc[count == 0, "note"] = say(f"linkage.note_no_{side}")
    table = table.rename_axis("branch").reset_index()

    used = table[table["used"]]
    left_out = len(table) - len(used)
    if len(used) < 4:
        refuse("linkage.few_branches", n=len(used), missing=left_out, min_n=min_n)
    means = used[["employee_mean", "customer_mean"]].to_numpy()
    flat = np.ptp(means, axis=0) <= 1e-12 * np.abs(means).max(axis=0)
    if flat.any():
        score = (employee_score, customer_score)[int(np.argmax(flat))]
        refuse("linkage.equal_branches", score=shown(score), n=len(used))
    r = float(np.clip(np.corrcoef(means.T)[0, 1], -1, 1))
    low, high = correlation_interval(r, len(used), confidence)
    estimate = Estimate(r, low, high, len(used), left_out, float(len(used)))
    columns = ["branch", "employee_n", "employee_mean", "customer_n", "customer_mean"]
    return BranchLink(estimate, table[[*columns, "used", "note"]])


def indirect_effect(
    data: pd.DataFrame,
    cause: str,
    mediator: str,
    outcome: str,
    *,
    controls: Sequence[str] = (),
    missing: Collection[int] = (),
    bootstrap: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> IndirectEffect:
    r"""Estimate what a cause does to an outcome by way of a mediator: a b.

    Two regressions by least squares, with the same controls in both:

    .. math::
        M = i_1 + a X + \ldots, \qquad Y = i_2 + b M + c' X + \ldots

    The product :math:`ab` is not normally distributed; its interval holds the middle quantiles of
    the products in bootstrap resamples of the rows. It is an effect only if nothing but what is in
    the regressions moves two of the three, and if the arrows point as drawn: no interval says so.

    The effect is in units of the outcome per unit of the cause. Standardise the columns before if
    you want standard deviations. Rows with any missing value are left out.

    Parameters
    ----------
    data : DataFrame
        One row per unit of analysis, such as a branch.
    cause, mediator, outcome : str
        The three columns.
    controls : sequence of str
        Further columns for both regressions; a category of two as 0 and 1.
    missing : collection of int
        Codes that mean "no answer", in all these columns. Blank cells always do.
    bootstrap : int
        Resamples of rows, at least 100.
    seed : int
        Seed of the resamples.
    confidence : float
        Confidence level.

    Returns
    -------
    IndirectEffect
        The product with its interval, and the slopes.

    Raises
    ------
    ValueError
        If a column is missing, constant or follows from the others, or there are too few rows.

    References
    ----------
    Shrout, P. E., & Bolger, N. (2002). Mediation in experimental and nonexperimental studies: New
    procedures and recommendations. *Psychological Methods*, 7, 422-445.

    Examples
    --------
    >>> data = pd.DataFrame(
    ...     {"support": [1, 2, 3, 4, 5, 6], "staff": [2, 2, 4, 3, 6, 5], "riders": [1, 3, 4, 3, 6, 6]}
    ... )
    >>> found = indirect_effect(data, "support", "staff", "riders")
    >>> round(found.a, 3), round(found.b, 3), round(found.estimate.value, 3)
    (0.743, 0.655, 0.487)
    """
    confidence = fraction("confidence", confidence)
    bootstrap = whole_number("bootstrap", bootstrap, 0)
    if bootstrap < 100:
        refuse("linkage.bootstrap", value=bootstrap)
    seed = whole_number("seed", seed, 0)
    columns = [cause, mediator, outcome, *controls]
    found = listwise_moments(data, columns, missing=missing)
    check_not_collinear(found.correlation, columns, found.n)

    rows = np.random.default_rng(seed).integers(found.n, size=(bootstrap, found.n))
    samples = found.centred.T[rows]
    samples -= samples.mean(axis=1, keepdims=True)
    products = np.prod(_path_slopes(samples.transpose(0, 2, 1) @ samples)[:2], axis=0)
    tail = (1 - confidence) / 2
    low, high = np.quantile(products, [tail, 1 - tail])
    a, b, direct = (float(slope) for slope in _path_slopes(found.covariance))
    estimate = Estimate(a * b, float(low), float(high), found.n, found.missing, float(found.n))
    return IndirectEffect(estimate, a, b, direct)


def internal_service(
    data: pd.DataFrame,
    customer: str,
    provider: str,
    rating: str,
    *,
    min_n: int = 5,
    scale: tuple[int, int] | None = None,
    missing: Collection[int] = (),
    confidence: float = 0.95,
) -> InternalService:
    r"""Find the unit that serves its internal customers worst.

    Units rate the service they get from each other. A provider's mean is taken over its customers,
    each of which counts once, however many of its people answered:

    .. math::
        \bar x_p = \frac{1}{m_p} \sum_c \bar x_{cp}, \qquad
        \bar x_p \pm \frac{z}{m_p} \sqrt{\sum_c s_{cp}^2 / n_{cp}}

    where the sum goes over the :math:`m_p` customers c that gave at least `min_n` ratings. What a
    unit says of itself is left out, and so are smaller groups, whose members could be guessed. The
    matrix is about those who are rated: a customer that marks low may be served badly, or strict.

    Rows without customer, provider or rating are left out.

    Parameters
    ----------
    data : DataFrame
        One row per rating.
    customer, provider : str
        The columns of the unit that rates and of the unit that is rated.
    rating : str
        The column of the rating.
    min_n : int
        The least number of ratings that a pair of units needs, at least 2.
    scale : tuple of int, optional
        Lowest and highest code of the rating; other codes are refused.
    missing : collection of int
        Codes that mean "no answer". Blank cells always do.
    confidence : float
        Confidence level.

    Returns
    -------
    InternalService
        The weakest provider, the table of providers, and the matrix.

    Raises
    ------
    ValueError
        If no pair of units has enough ratings.

    References
    ----------
    Cochran, W. G. (1977). *Sampling techniques* (3rd ed., chapter 5). Wiley.

    Examples
    --------
    >>> marks = pd.DataFrame(
    ...     {"by": list("aabbccaabb"), "of": list("bbaabbccaa"), "mark": [2, 3, 4, 5, 2, 2, 4, 4, 5, 4]}
    ... )
    >>> found = internal_service(marks, "by", "of", "mark", min_n=2)
    >>> found.weakest
    'b'
    >>> found.providers.round(2)
      provider  customers  n  mean   low  high
    0        b          2  4  2.25  1.76  2.74
    1        c          1  2  4.00  4.00  4.00
    2        a          1  4  4.50  3.93  5.07
    """
    from scipy.special import ndtri

    confidence = fraction("confidence", confidence)
    min_n = whole_number("min_n", min_n, 2)
    check_columns(data, [customer, provider, rating])
    rows = pd.DataFrame(
        {
            "customer": data[customer].to_numpy(),
            "provider": data[provider].to_numpy(),
            "rating": column_numbers(data, rating, scale, missing),
        }
    )
    units = sorted({*rows["customer"].dropna(), *rows["provider"].dropna()})
    rows = rows.dropna()
    others = rows[rows["customer"] != rows["provider"]]
    pairs = others.groupby(["customer", "provider"])["rating"].agg(["size", "mean", "var"])
    pairs = pairs[pairs["size"] >= min_n].reset_index()
    if pairs.empty:
        refuse("linkage.few_ratings", min_n=min_n, n=len(others))
    matrix = pairs.pivot(index="customer", columns="provider", values="mean")
    matrix = matrix.reindex(index=units, columns=units)

    pairs["noise"] = pairs["var"] / pairs["size"]
    by_provider = pairs.groupby("provider")
    table = pd.DataFrame(
        {
            "customers": by_provider.size(),
            "n": by_provider["size"].sum(),
            "mean": by_provider["mean"].mean(),
        }
    )
    half = ndtri((1 + confidence) / 2) * np.sqrt(by_provider["noise"].sum()) / table["customers"]
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    table = table.reindex(pd.Index(units, name="provider"))
    table = table.fillna({"customers": 0, "n": 0}).astype({"customers": int, "n": int})
    table = table.sort_values("mean", kind="stable").reset_index()
    return InternalService(table["provider"].iloc[0], table, matrix)


def _path_slopes(products: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes a, b and c' from (stacked) products of cause, mediator, outcome and controls."""
    size = products.shape[-1]
    others = [0, *range(3, size)]
    # A resample in which a column happens to be constant gets slope 0 rather than no answer.
    into_mediator = np.linalg.pinv(products[..., others, :][..., others], hermitian=True)
    a = (into_mediator @ products[..., others, 1, None])[..., 0, 0]
    both = [1, *others]
    into_outcome = np.linalg.pinv(products[..., both, :][..., both], hermitian=True)
    slopes = (into_outcome @ products[..., both, 2, None])[..., 0]
    return a, slopes[..., 0], slopes[..., 1]


def _anova(
    data: pd.DataFrame,
    group: str,
    outcome: str,
    scale: tuple[int, int] | None,
    missing: Collection[int],
) -> _Anova:
    """Mean squares between and within groups of a one-way analysis of variance."""
    check_columns(data, [group, outcome])
    values = column_numbers(data, outcome, scale, missing)
    codes = pd.factorize(data[group])[0]  # a blank group is -1
    used = (codes >= 0) & ~np.isnan(values)
    values = values[used]
    codes = pd.factorize(codes[used])[0]
    n, groups = len(values), int(codes.max(initial=-1)) + 1
    left_out = len(data) - n
    if groups < 2:
        refuse("linkage.few_groups", group=shown(group), groups=groups, missing=left_out)
    if n == groups:
        refuse("linkage.single_members", group=shown(group), outcome=shown(outcome))
    if np.ptp(values) == 0:
        refuse("linkage.constant", outcome=shown(outcome), value=f"{values[0]:g}")
    values = values - values.mean()
    sizes = np.bincount(codes)
    means = np.bincount(codes, values) / sizes
    df = (groups - 1, n - groups)
    return _Anova(
        between=float(sizes @ means**2) / df[0],
        within=float(((values - means[codes]) ** 2).sum()) / df[1],
        df=df,
        size=float(n - (sizes**2).sum() / n) / df[0],
        n=n,
        missing=left_out,
    )


def _f_quantiles(df: tuple[int, int], confidence: float) -> tuple[float, float]:
    """What F is divided by for the lower and for the upper end of an interval."""
    from scipy.stats import f

    high, low = f.ppf([(1 + confidence) / 2, (1 - confidence) / 2], *df)
    return float(high), float(low)


def _estimate(found: _Anova, value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, found.n, found.missing, float(found.n))


def _branch_means(
    data: pd.DataFrame,
    branch: str,
    score: str,
    weights: Weights,
    scale: tuple[int, int] | None,
    missing: Collection[int],
    side: str,
) -> pd.DataFrame:
    """Answers and (weighted) mean of each branch; a branch without answers stays, with 0 of them."""
    check_columns(data, [branch, score])
    name = column(data, branch)
    blank = name.isna().to_numpy()
    if blank.any():
        row = shown(data.index[int(np.argmax(blank))])
        refuse("linkage.branch_blank", column=shown(branch), row=row, count=int(blank.sum()))
    values = column_numbers(data, score, scale, missing)
    weight = survey_weights(weights, data)
    weight = np.ones(len(data)) if weight is None else weight
    # A weight of 0 is no answer: a mean needs somebody who counts.
    answered = ~np.isnan(values) & (weight > 0)
    weight = np.where(answered, weight, 0.0)
    rows = pd.DataFrame(
        {
            "branch": name.to_numpy(),
            f"{side}_n": answered.astype(int),
            "weight": weight,
            "total": weight * np.where(answered, values, 0.0),
        }
    )
    sums = rows.groupby("branch", observed=True, sort=True).sum()
    sums[f"{side}_mean"] = sums["total"] / sums["weight"].where(sums["weight"] > 0)
    return sums[[f"{side}_n", f"{side}_mean"]]
