"""The passengers of the branches: who they are and how satisfied with the ride."""

import numpy as np

from makers.branches import truth
from makers.drawing import normal

SEED = 20261105

PASSENGERS = (20, 55)  # fewest and most answers of a branch
NOBODY = ("B07", "B19", "B33")  # not yet in the app that asks
JUST_OPENED, FIRST_ANSWERS = "B26", 3
BETWEEN = 0.12  # share of the variance of a passenger's satisfaction that belongs to the branch
OVERALL_MEAN, OVERALL_SD = 7.1, 1.7
UNANSWERED, NO_OVERALL = 0.03, 99

# Of each age band: share of the passengers, and how often each purpose of the ride. Neither has
# an effect on satisfaction.
AGES = {"under_30": 0.24, "30_to_49": 0.36, "50_to_64": 0.22, "over_64": 0.18}
PURPOSES = {
    "under_30": {"work": 0.30, "hospital": 0.04, "business": 0.06, "family": 0.12, "leisure": 0.48},
    "30_to_49": {"work": 0.32, "hospital": 0.08, "business": 0.24, "family": 0.20, "leisure": 0.16},
    "50_to_64": {"work": 0.22, "hospital": 0.24, "business": 0.20, "family": 0.18, "leisure": 0.16},
    "over_64": {"work": 0.02, "hospital": 0.58, "business": 0.02, "family": 0.22, "leisure": 0.16},
}


def make() -> list[list]:
    """Draw the survey: header and one row per passenger."""
    found = truth()
    rng = np.random.default_rng(SEED)
    few, most = PASSENGERS
    sizes = few + np.floor(rng.random(len(found.names)) * (most - few + 1)).astype(int)
    for name in NOBODY:
        sizes[found.names.index(name)] = 0
    sizes[found.names.index(JUST_OPENED)] = FIRST_ANSWERS
    place = np.repeat(np.arange(len(found.names)), sizes)
    n = len(place)

    age = _draw(rng.random(n), AGES)
    chance = rng.random(n)
    purpose = [_draw([one], PURPOSES[band])[0] for one, band in zip(chance, age, strict=True)]
    felt = np.sqrt(BETWEEN) * found.ride[place] + np.sqrt(1 - BETWEEN) * normal(rng, n)
    overall = np.floor(np.round(OVERALL_MEAN + OVERALL_SD * felt, 9) + 0.5)
    overall = np.clip(overall, 1, 10).astype(int)
    overall[rng.random(n) < UNANSWERED] = NO_OVERALL

    names = [f"P{number:04d}" for number in range(1, n + 1)]
    branches = [found.names[one] for one in place]
    rows = zip(names, branches, age, purpose, overall, strict=True)
    return [["passenger_id", "branch", "age_band", "purpose", "overall"], *map(list, rows)]


def _draw(chances, shares: dict[str, float]) -> list[str]:
    """Return the category into which each chance falls."""
    ends = np.round(np.cumsum(list(shares.values())), 9)
    return [list(shares)[place] for place in np.searchsorted(ends, chances, side="right")]
