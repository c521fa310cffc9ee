"""Two years of orders to Honglei: the constants are the truth that an analysis should find again."""

from datetime import date, timedelta

import numpy as np

from makers.drawing import normal

SEED = 20261148
FIRST_MONTH = (2024, 11)
MONTHS = 24

# What the workshop needs in a month hardly varies; how it orders does.
NEED, NEED_SD = 300, 12  # sets a month
REGULAR_DAYS = (4, 11, 18, 25)  # of the month: four regular orders
RUSH = 6  # rush orders a month
RUSH_SETS = (10, 20)

# Kind: days in which the sets are wanted, mean and standard deviation of the days they take.
KINDS = {"regular": (21, 17.5, 2.5), "rush": (7, 8.5, 3.0)}
RETURNED = 0.03  # chance of a set being sent back for its thickness


def make() -> list[list]:
    """Draw the orders: header and one row per order, in the order of time."""
    rng = np.random.default_rng(SEED)
    need = np.floor(np.round(NEED + NEED_SD * normal(rng, MONTHS), 9) + 0.5).astype(int)
    orders = []
    for month in range(MONTHS):
        low, high = RUSH_SETS
        sets = low + np.floor(rng.random(RUSH) * (high - low + 1)).astype(int)
        days = 1 + np.floor(rng.random(RUSH) * 28).astype(int)
        orders += [(_day(month, int(d)), "rush", int(n)) for d, n in zip(days, sets, strict=True)]
        rest = need[month] - sets.sum()
        for place, day in enumerate(REGULAR_DAYS):
            share = rest // 4 + (place < rest % 4)
            orders.append((_day(month, day), "regular", int(share)))
    orders.sort()

    error = normal(rng, len(orders))
    rows = [["order_id", "ordered", "kind", "sets", "wanted", "took", "returned"]]
    for number, (ordered, kind, sets) in enumerate(orders, start=1):
        wanted, mean, deviation = KINDS[kind]
        took = int(np.floor(np.round(mean + deviation * error[number - 1], 9) + 0.5))
        returned = int((rng.random(sets) < RETURNED).sum())
        rows.append([f"H{number:03d}", ordered, kind, sets, wanted, max(took, 1), returned])
    return rows


def _day(month: int, day: int) -> str:
    year, first = FIRST_MONTH
    place = first - 1 + month
    return (date(year + place // 12, place % 12 + 1, 1) + timedelta(days=day - 1)).isoformat()
