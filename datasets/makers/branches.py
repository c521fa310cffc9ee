"""The branches and what they truly are like: employees and passengers are drawn from this."""

from typing import NamedTuple

import numpy as np

from makers.drawing import normal

SEED = 20261198

BRANCHES = 40
CENTRE = 16  # branches in the city centre; the others are in suburbs and small towns
SUPPORT_MEAN, SUPPORT_SD = 72, 9  # per cent of requests

# Standardised effects between branches. Support and district are independent of each other.
SUPPORT_TO_MORALE = 0.5
DISTRICT_TO_MORALE = 0.5  # the suburbs have the better
MORALE_TO_RIDE = 0.4
DISTRICT_TO_RIDE = 0.4
# What follows for the 40 branches if nothing is left to chance:
TRUE_LINK = MORALE_TO_RIDE + DISTRICT_TO_MORALE * DISTRICT_TO_RIDE
TRUE_INDIRECT = SUPPORT_TO_MORALE * MORALE_TO_RIDE


class Truth(NamedTuple):
    """What each branch is like; morale and ride have mean 0 and variance 1 over all branches."""

    names: list[str]
    centre: np.ndarray
    support: np.ndarray
    morale: np.ndarray
    ride: np.ndarray


def truth() -> Truth:
    """Draw the branches."""
    rng = np.random.default_rng(SEED)
    centre = np.argsort(np.argsort(rng.random(BRANCHES))) < CENTRE
    share = CENTRE / BRANCHES
    suburb = ((1 - centre) - (1 - share)) / np.sqrt(share * (1 - share))
    support, own, other = (normal(rng, BRANCHES) for _ in range(3))
    unexplained = 1 - SUPPORT_TO_MORALE**2 - DISTRICT_TO_MORALE**2
    morale = SUPPORT_TO_MORALE * support + DISTRICT_TO_MORALE * suburb + np.sqrt(unexplained) * own
    explained = MORALE_TO_RIDE**2 + DISTRICT_TO_RIDE**2
    explained += 2 * MORALE_TO_RIDE * DISTRICT_TO_RIDE * DISTRICT_TO_MORALE
    ride = MORALE_TO_RIDE * morale + DISTRICT_TO_RIDE * suburb + np.sqrt(1 - explained) * other
    names = [f"B{number:02d}" for number in range(1, BRANCHES + 1)]
    return Truth(names, centre, support, morale, ride)


def make() -> list[list]:
    """Return header and one row per branch."""
    found = truth()
    percent = np.round(np.round(SUPPORT_MEAN + SUPPORT_SD * found.support, 9))
    district = np.where(found.centre, "centre", "suburb")
    rows = zip(found.names, district, np.clip(percent, 0, 100).astype(int), strict=True)
    return [["branch", "district", "support_pct"], *map(list, rows)]
