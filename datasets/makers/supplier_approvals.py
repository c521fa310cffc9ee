"""Past approvals of a new supplier: the constants are the truth that an analysis should find."""

import numpy as np

from makers.drawing import normal

SEED = 20261183
APPROVALS = 40
YEARS = range(2016, 2026)

# Result: its chance, mean cost of tests and change-over in NT$ a set of the first year.
RESULTS = {"first": (0.5, 20), "second": (0.3, 36), "third": (0.2, 46)}
COST_SD = 4


def make() -> list[list]:
    """Draw the approvals: header and one row per approval, in the order of time."""
    rng = np.random.default_rng(SEED)
    bounds = np.cumsum([chance for chance, _ in RESULTS.values()])
    place = np.searchsorted(np.round(bounds, 9), rng.random(APPROVALS), side="right")
    error = COST_SD * normal(rng, APPROVALS)
    rows = [["approval_id", "year", "result", "cost"]]
    for number in range(APPROVALS):
        result = list(RESULTS)[place[number]]
        cost = int(np.floor(np.round(RESULTS[result][1] + error[number], 9) + 0.5))
        year = YEARS[number * len(YEARS) // APPROVALS]
        rows.append([f"N{number + 1:02d}", year, result, cost])
    return rows
