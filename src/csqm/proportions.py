"""The interval that every share of the course comes with."""

from typing import Any

import numpy as np

from csqm import validation

__all__ = ["wilson_interval"]


def wilson_interval(share: Any, n: Any, *, confidence: float = 0.95) -> tuple[Any, Any]:
    r"""Return Wilson's score interval of a share, without continuity correction.

    .. math::
        \frac{\hat p + z^2/2n \pm z\sqrt{\hat p(1-\hat p)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    share : float or array of float
        Observed share, between 0 and 1; NaN gives NaN.
    n : float or array of float
        Answers behind it; with survey weights Kish's effective number, which need not be whole.
    confidence : float
        Confidence level.

    Returns
    -------
    tuple
        Lower and upper end, in the shape of `share`.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1, a share is, or an `n` is not above 0.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    *Journal of the American Statistical Association*, 22(158), 209-212.

    Examples
    --------
    Newcombe (1998) prints 0.2553 and 0.3662 for 81 of 263:

    >>> low, high = wilson_interval(81 / 263, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    from scipy.special import ndtri

    z2 = ndtri((1 + validation.fraction("confidence", confidence)) / 2) ** 2
    shares, trials = np.asarray(share, dtype=float), np.asarray(n, dtype=float)
    if ((shares < 0) | (shares > 1)).any():
        validation.refuse("proportions.share", value=validation.shown(share))
    if (~np.isnan(shares) & ~(trials > 0)).any():
        validation.refuse("proportions.answers", value=validation.shown(n))
    trials = np.where(np.isnan(shares), 1, trials)
    centre = shares + z2 / (2 * trials)
    half = np.sqrt(z2 * (shares * (1 - shares) / trials + z2 / (4 * trials**2)))
    # Exact at the ends, where the formula leaves a rounding error.
    low = np.where(shares == 0, 0.0, (centre - half) / (1 + z2 / trials))
    high = np.where(shares == 1, 1.0, (centre + half) / (1 + z2 / trials))
    return (low, high) if low.ndim else (float(low), float(high))
