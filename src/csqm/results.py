"""The small named result that estimates come in."""

from typing import NamedTuple

__all__ = ["Estimate"]


class Estimate(NamedTuple):
    r"""A number with its interval, and what it rests on.

    Attributes
    ----------
    value : float
        The estimate.
    low, high : float
        Ends of the confidence interval.
    n : int
        Answers used.
    missing : int
        Answers left out because they were missing.
    effective_n : float
        The number of unweighted answers that would be as precise: ``n`` without weights, Kish's
        :math:`(\sum w)^2 / \sum w^2` with them.

    Examples
    --------
    >>> Estimate(0.5, 0.2, 0.8, n=8, missing=1, effective_n=8.0).value
    0.5
    """

    value: float
    low: float
    high: float
    n: int
    missing: int
    effective_n: float
