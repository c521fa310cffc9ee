"""Random draws that are the same on every platform and in every version of numpy.

Of numpy's generator only ``random()`` is used: its stream is the same in every version. Round to
nine decimals before a cut, so that no platform's last bit decides a value.
"""

from statistics import NormalDist

import numpy as np


def normal(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw from the standard normal distribution."""
    return np.array([NormalDist().inv_cdf(chance) for chance in rng.random(size)])


def pick(rng: np.random.Generator, weights: np.ndarray, size: int) -> np.ndarray:
    """Draw positions with chances in proportion to the weights."""
    edges = np.round(np.cumsum(weights) / weights.sum(), 12)
    return np.searchsorted(edges, rng.random(size), side="right")
