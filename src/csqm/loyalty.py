"""What a loyal customer is worth, and how kept and broken promises move satisfaction."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csqm import validation
from csqm.results import Estimate
from csqm.validation import Weights, refuse, shown

__all__ = ["DisconfirmationFit", "fit_disconfirmation", "lifetime_value"]


class DisconfirmationFit(NamedTuple):
    """How satisfaction follows from performance above and below expectation.

    Attributes
    ----------
    terms : DataFrame
        ``term`` (``constant``; ``better``, the slope where performance exceeds expectation;
        ``worse``, the slope where it falls short), ``estimate``, ``low``, ``high``, ``se``.
    asymmetry : Estimate
        ``worse`` minus ``better``: above 0, a disappointment costs more than a surprise gains.
    p_value : float
        One-sided p-value of the test that ``worse`` exceeds ``better``.
    r_squared : float
        Share of the variance of satisfaction that the two slopes explain.
    n : int
        Respondents used.
    missing : int
        Respondents left out because one of the three answers is missing.
    """

    terms: pd.DataFrame
    asymmetry: Estimate
    p_value: float
    r_squared: float
    n: int
    missing: int


def lifetime_value(
    margin: Any, retention: Any, discount: Any, *, first_margin: bool = False
) -> Any:
    r"""Compute the lifetime value of a customer.

    .. math:: \mathrm{CLV} = m \sum_{t=1}^{\infty} \frac{r^t}{(1+i)^t} = \frac{m\,r}{1 + i - r}

    It assumes that margin m per period, retention r and discount rate i stay the same for ever, that
    customers once lost stay lost, and that the first margin comes one period from now, from
    those who stayed. With ``first_margin=True`` a margin at the start, from everyone, is added:
    :math:`m(1+i)/(1+i-r)`.

    There are no survey weights: it is arithmetic on given rates. Nor are there missing values; leave
    out customers without a margin.

    Parameters
    ----------
    margin : float, Series or array
        Margin per customer and period, in money; may be negative.
    retention : float, Series or array
        Share of the customers who stay from one period to the next, 0 to 1.
    discount : float, Series or array
        Discount rate per period, 0 to 1.
    first_margin : bool
        Whether to add the margin at the start.

    Returns
    -------
    float, Series or array
        The value, in the unit of `margin`; a Series if one is given, an array if one is given.

    Raises
    ------
    ValueError
        If a rate lies outside 0 to 1, or the sum has no limit because all customers stay and
        nothing is discounted.

    References
    ----------
    Gupta, S., & Lehmann, D. R. (2003). Customers as assets. *Journal of Interactive Marketing*,
    17(1), 9-24.

    Examples
    --------
    >>> round(lifetime_value(100, retention=0.8, discount=0.1), 2)
    266.67
    >>> lifetime_value(1, np.array([0.6, 0.9]), 0.1).round(2)
    array([1.2, 4.5])
    """
    given = {"margin": margin, "retention": retention, "discount": discount}
    series = [value for value in given.values() if isinstance(value, pd.Series)]
    for name, value in given.items():
        if isinstance(value, pd.Series) and not value.index.equals(series[0].index):
            refuse("loyalty.index", name=name)
    checked = {name: _rate(name, value) for name, value in given.items()}
    try:
        m, r, i = np.broadcast_arrays(*checked.values())
    except ValueError:
        refuse("loyalty.lengths", sizes=", ".join(str(part.size) for part in checked.values()))
    if (1 + i - r <= 0).any():
        refuse("loyalty.endless")
    value = m * (1 + i if first_margin else r) / (1 + i - r)
    if series:
        return pd.Series(value, index=series[0].index)
    return value if value.ndim else float(value)


def _rate(name: str, value: Any) -> np.ndarray:
    """Return numbers; refuse what is none, and rates outside 0 to 1, by the place."""
    single = np.ndim(value) == 0
    numbers = validation.numbers([value] if single else value, name)
    low, high = (-np.inf, np.inf) if name == "margin" else (0, 1)
    wrong = ~numbers.between(low, high).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        key = "loyalty.margin" if name == "margin" else "loyalty.rate"
        refuse(key, name=name, row=shown(numbers.index[row]), value=f"{numbers.iloc[row]:g}")
    result = numbers.to_numpy()
    return np.asarray(result[0] if single else result)


def fit_disconfirmation(
    data: pd.DataFrame,
    expectation: str,
    perception: str,
    satisfaction: str,
    *,
    weights: Weights = None,
    confidence: float = 0.95,
) -> DisconfirmationFit:
    r"""Fit satisfaction to disconfirmation, with one slope above and one below expectation.

    .. math:: D = P - E, \qquad S = a + b_1 \max(D, 0) + b_2 \min(D, 0)

    The theory expects :math:`b_2 > b_1`: falling short weighs more than exceeding by as much.

    Fitted by ordinary least squares, with t intervals. With survey weights it is weighted least
    squares with robust standard errors (HC1), as weights say nothing about the variance of an
    answer. A respondent is used if all three answers are there and the weight is above 0.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    expectation, perception, satisfaction : str
        Columns of numbers; expectation and perception on the same scale.
    weights : str, Series or array, optional
        Survey weights, one per respondent.
    confidence : float
        Confidence level of the intervals.

    Returns
    -------
    DisconfirmationFit
        The table ``terms``, the ``asymmetry`` with its one-sided ``p_value``, ``r_squared``, ``n``,
        ``missing``.

    Raises
    ------
    ValueError
        If nobody is above, or nobody below expectation, if D takes too few values or respondents
        are too few for three terms, or satisfaction is the same for all.

    References
    ----------
    Oliver, R. L. (1980). A cognitive model of the antecedents and consequences of satisfaction
    decisions. *Journal of Marketing Research*, 17(4), 460-469.

    Anderson, E. W., & Sullivan, M. W. (1993). The antecedents and consequences of customer
    satisfaction for firms. *Marketing Science*, 12(2), 125-143.

    Examples
    --------
    >>> survey = pd.DataFrame(
    ...     {
    ...         "expected": [5, 5, 5, 5, 5, 5],
    ...         "perceived": [2, 3, 4, 5, 6, 7],
    ...         "satisfied": [1, 3, 5, 7, 7, 8],
    ...     }
    ... )
    >>> fit = fit_disconfirmation(survey, "expected", "perceived", "satisfied")
    >>> fit.terms[["term", "estimate"]].round(2)
           term  estimate
    0  constant      6.88
    1    better      0.47
    2     worse      1.95
    >>> round(fit.asymmetry.value, 2), round(fit.p_value, 3)
    (1.47, 0.004)
    """
    import statsmodels.api as sm
    from scipy.stats import t

    confidence = validation.fraction("confidence", confidence)
    validation.check_columns(data, [expectation, perception, satisfaction])
    before, after, outcome = (
        validation.numbers(data[name]).to_numpy()
        for name in (expectation, perception, satisfaction)
    )
    given = validation.survey_weights(weights, data)
    known = ~np.isnan(before) & ~np.isnan(after) & ~np.isnan(outcome)
    used = known if given is None else known & (given > 0)
    n = int(used.sum())
    difference, outcome = (after - before)[used], outcome[used]
    above, below = int((difference > 0).sum()), int((difference < 0).sum())
    if not above or not below:
        refuse("loyalty.one_side", above=above, below=below)
    if n < 4:
        refuse("loyalty.too_few", n=n)
    if len(np.unique(difference)) < 3:
        refuse("loyalty.two_values")
    if np.ptp(outcome) == 0:
        refuse("loyalty.constant", column=shown(satisfaction), value=f"{outcome[0]:g}")

    design = np.column_stack([np.ones(n), np.maximum(difference, 0), np.minimum(difference, 0)])
    if given is None:
        fit = sm.OLS(outcome, design).fit()
    else:
        fit = sm.WLS(outcome, design, weights=given[used]).fit(cov_type="HC1", use_t=True)
    quantile = float(t.ppf((1 + confidence) / 2, n - 3))
    covariance = np.asarray(fit.cov_params())
    estimates, errors = np.asarray(fit.params), np.sqrt(np.diag(covariance))
    terms = pd.DataFrame(
        {
            "term": ["constant", "better", "worse"],
            "estimate": estimates,
            "low": estimates - quantile * errors,
            "high": estimates + quantile * errors,
            "se": errors,
        }
    )
    value = float(estimates[2] - estimates[1])
    contrast = np.array([0.0, -1.0, 1.0])
    error = float(np.sqrt(max(contrast @ covariance @ contrast, 0.0)))
    # Answers that lie exactly on the two lines leave no error to test against.
    p_value = float(t.sf(value / error, n - 3)) if error > 0 else float(value <= 0)
    asymmetry = Estimate(
        value,
        value - quantile * error,
        value + quantile * error,
        n,
        len(data) - int(known.sum()),
        validation.effective_size(given, used),
    )
    return DisconfirmationFit(terms, asymmetry, p_value, float(fit.rsquared), n, asymmetry.missing)
