"""Booked hospital rides: the constants are the truth that an analysis should find again."""

from datetime import date, timedelta

import numpy as np

SEED = 20270119

FIRST_DAY = date(2026, 11, 2)  # a Monday
WEEKS = 17
# From this week on (1 to 17) the booking form of one hospital asks for the entrance.
CHANGE_WEEK = 10
BOOKED = (14, 19)  # a week and hospital, drawn evenly
# Chance of a pick-up more than 15 minutes late: before, and from CHANGE_WEEK on.
LATE = {"changed": (0.30, 0.09), "unchanged": (0.28, 0.24)}

HEADER = ["hospital", "week", "monday", "booked", "late"]


def make() -> list[list]:
    """Draw the rides: header and one row per hospital and week."""
    rng = np.random.default_rng(SEED)
    low, high = BOOKED
    rows: list[list] = [HEADER]
    for hospital, chances in LATE.items():
        for week in range(1, WEEKS + 1):
            booked = low + int((high - low + 1) * rng.random())
            late = int((rng.random(booked) < chances[week >= CHANGE_WEEK]).sum())
            monday = FIRST_DAY + timedelta(days=7 * (week - 1))
            rows.append([hospital, week, monday.isoformat(), booked, late])
    return rows
