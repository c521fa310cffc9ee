"""The complaint log of the capstone: the constants are the truth behind it."""

from datetime import date, timedelta

import numpy as np

from makers.capstone_survey import BRANCHES
from makers.drawing import normal, pick

SEED = 20270528

FIRST_DAY = date(2026, 11, 2)  # a Monday
WEEKS = 26
LAST_DAY = FIRST_DAY + timedelta(days=7 * WEEKS - 1)  # the log is read on this day
CASES = 960
RIDES = (7_100, 8_100)  # a week, all six branches, drawn evenly
WEEK_SD = 0.2  # weeks are good or bad for everybody: the factor on the rate is lognormal
# Until this week drivers are sent to the front gate; then the field for the gate is back.
FIX_WEEK = 7
# From this week on the branches use a new table of fares.
FARE_WEEK = 19
# Kind: share in an ordinary week, factor before FIX_WEEK, factor from FARE_WEEK on, median days.
KINDS = {
    "late": (0.25, 2.2, 1.0, 5.0),
    "no_show": (0.12, 2.2, 1.0, 5.0),
    "conduct": (0.18, 1.0, 1.0, 8.0),
    "vehicle": (0.10, 1.0, 1.0, 4.5),
    "fare": (0.20, 1.0, 3.0, 7.0),
    "other": (0.15, 1.0, 1.0, 4.0),
}
DAYS_SD = 0.7  # of the logarithm of the days to close
AGAIN = 60  # cases whose passenger also rings the hotline 1950, which is written down if still open
CHANNELS = {"phone": 0.48, "app": 0.38, "email": 0.14}

HEADER = ["record_id", "case", "received", "week", "branch", "channel", "category", "closed"]


def weeks() -> list[list]:
    """Draw the rides of every week: header and one row per week."""
    rng = np.random.default_rng(SEED + 1)
    low, high = RIDES
    rides = [int(low + (high - low) * chance) for chance in rng.random(WEEKS)]
    days = [FIRST_DAY + timedelta(days=7 * week) for week in range(WEEKS)]
    rows = zip(range(1, WEEKS + 1), days, rides, strict=True)
    return [["week", "monday", "rides"], *([week, day.isoformat(), n] for week, day, n in rows)]


def make() -> list[list]:
    """Draw the log: header and one row per record, in the order of arrival."""
    rng = np.random.default_rng(SEED)
    luck = np.exp(WEEK_SD * normal(rng, WEEKS))
    rides = np.array([row[2] for row in weeks()[1:]])
    week = np.arange(1, WEEKS + 1)[:, None]
    shares, before, after, _ = np.array(list(KINDS.values())).T
    factor = np.where(week < FIX_WEEK, before, np.where(week >= FARE_WEEK, after, 1.0))
    cells = pick(rng, (shares * factor * (luck * rides)[:, None]).ravel(), CASES)
    day = (rng.random(CASES) * 7).astype(int) + 7 * (cells // len(KINDS))
    branch = pick(rng, np.array([rides for rides, *_ in BRANCHES.values()]), CASES)
    channel = pick(rng, np.array(list(CHANNELS.values())), CASES)
    delay = normal(rng, CASES)
    twice = set(np.argsort(rng.random(CASES), kind="stable")[:AGAIN].tolist())
    gap = (1 + rng.random(CASES) * 6).astype(int)
    records = []
    for number, place in enumerate(np.argsort(day, kind="stable")):
        kind = list(KINDS)[cells[place] % len(KINDS)]
        days = max(int(round(KINDS[kind][3] * np.exp(DAYS_SD * delay[number]), 9) + 0.5), 1)
        received = FIRST_DAY + timedelta(days=int(day[place]))
        closed = received + timedelta(days=days)
        case, where = f"K{number + 1:03d}", list(BRANCHES)[branch[number]]
        end = closed.isoformat() if closed <= LAST_DAY else "open"
        records.append([received, case, where, list(CHANNELS)[channel[number]], kind, end])
        later = received + timedelta(days=int(gap[number]))
        if number in twice and later < min(closed, LAST_DAY):
            records.append([later, case, where, "hotline", kind, end])
    records.sort(key=lambda record: record[0])
    return [HEADER] + [
        [f"L{number:03d}", record[1], record[0].isoformat()]
        + [(record[0] - FIRST_DAY).days // 7 + 1, *record[2:]]
        for number, record in enumerate(records, 1)
    ]
