"""The complaint log: the constants are the truth that an analysis should find again."""

from datetime import date, timedelta

import numpy as np

from makers.drawing import normal, pick

SEED = 20261107

# ---- Weeks -------------------------------------------------------------------------------------

FIRST_DAY = date(2024, 11, 4)  # a Monday
WEEKS = 104
COMPLAINTS = 2_400  # in all
RIDES = (10_200, 11_800)  # a week, drawn evenly
# Weeks are good or bad for everybody (rain, holidays): the factor on the rate is lognormal.
WEEK_SD = 0.30
# From this week on (1 to 104) the new booking app sends drivers to the front gate of every estate.
SHIFT_WEEK = 81
LAST_DAY = FIRST_DAY + timedelta(days=7 * WEEKS - 1)  # the log is read on this day

# ---- Complaints --------------------------------------------------------------------------------

# Category: share before the shift, factor on its rate after it, median days to close, severity.
CATEGORIES = {
    "late": (0.27, 2.2, 5.0, 2),
    "fare": (0.20, 1.0, 6.5, 2),
    "conduct": (0.17, 1.0, 8.0, 2),
    "no_show": (0.12, 2.2, 5.0, 2),
    "app": (0.09, 1.0, 4.0, 1),
    "lost": (0.07, 1.0, 3.0, 1),
    "vehicle": (0.05, 1.0, 4.5, 1),
    "safety": (0.03, 1.0, 7.0, 3),
}
# Channel: share, factor on the days to close.
CHANNELS = {
    "phone": (0.46, 1.0),
    "app": (0.34, 0.9),
    "email": (0.13, 1.3),
    "hotline": (0.07, 1.2),  # by way of the consumer hotline 1950
}
DAYS_SD = 0.75  # of the logarithm of the days to close
REOPENED = 0.09  # chance of a closed case to be opened again

# ---- Afterwards --------------------------------------------------------------------------------

RATED = 0.45  # chance that the passenger of a closed case rates how it was handled
JUSTICE = ("j_distributive", "j_procedural", "j_interactional")
JUSTICE_MEAN = (3.2, 3.1, 3.7)
JUSTICE_SHARED, JUSTICE_OWN = 0.6, 0.8  # loading on what the three share, own standard deviation
SLOW = -0.09  # on the procedural rating, for each day beyond a week
# Satisfaction with the handling: constant, weights of the three ratings, own standard deviation.
SATISFACTION = (0.2, (0.30, 0.22, 0.42), 0.55)
COMPENSATION = {1: 0.15, 2: 0.40, 3: 0.60}  # chance of a payment, by severity
PAYMENT = (80, 100, 150, 200, 300, 500)  # NT$
NO_ANSWER = 9

HEADER = [
    "complaint_id", "received", "week", "channel", "category", "severity", "closed", "reopened",
    "compensation", *JUSTICE, "satisfied",
]  # fmt: skip


def rides() -> list[int]:
    """Draw the rides of every week."""
    rng = np.random.default_rng(SEED + 1)
    low, high = RIDES
    return [int(low + (high - low) * chance) for chance in rng.random(WEEKS)]


def make() -> list[list]:
    """Draw the log: header and one row per complaint, in the order of arrival."""
    rng = np.random.default_rng(SEED)
    luck_of_week = np.exp(WEEK_SD * normal(rng, WEEKS))
    after = np.arange(1, WEEKS + 1) >= SHIFT_WEEK
    shares = np.array([share for share, *_ in CATEGORIES.values()])
    factors = np.array([factor for _, factor, *_ in CATEGORIES.values()])
    # one row a week, one column a category: how readily a complaint falls there
    rate = shares * np.where(after[:, None], factors, 1.0) * (luck_of_week * rides())[:, None]
    cells = pick(rng, rate.ravel(), COMPLAINTS)
    day = (rng.random(COMPLAINTS) * 7).astype(int) + 7 * (cells // len(CATEGORIES))
    order = np.argsort(day, kind="stable")
    channels = pick(rng, np.array([share for share, _ in CHANNELS.values()]), COMPLAINTS)
    delay, felt, noise = normal(rng, 3 * COMPLAINTS).reshape(3, -1)
    own = normal(rng, 3 * COMPLAINTS).reshape(-1, 3)
    chance = rng.random((COMPLAINTS, 4))
    rows: list[list] = [HEADER]
    for number, place in enumerate(order):
        category = list(CATEGORIES)[cells[place] % len(CATEGORIES)]
        _, _, median, severity = CATEGORIES[category]
        channel, (_, slower) = list(CHANNELS.items())[channels[number]]
        received = FIRST_DAY + timedelta(days=int(day[place]))
        lasted = round(median * slower * np.exp(DAYS_SD * delay[number]), 9)
        days = max(int(lasted + 0.5), 1)
        closed = received + timedelta(days=days)
        is_closed = closed <= LAST_DAY
        reopened = int(is_closed and chance[number, 0] < REOPENED)
        paid = 0
        if is_closed and chance[number, 1] < COMPENSATION[severity]:
            paid = PAYMENT[int(chance[number, 2] * len(PAYMENT))]
        ratings = [NO_ANSWER] * 4
        if is_closed and chance[number, 3] < RATED:
            ratings = _ratings(felt[number], own[number], noise[number], days)
        rows.append(
            [f"C{number + 1:04d}", received.isoformat(), int(day[place]) // 7 + 1, channel]
            + [category, severity, closed.isoformat() if is_closed else "open", reopened, paid]
            + ratings
        )
    return rows


def _ratings(felt: float, own: np.ndarray, noise: float, days: int) -> list[int]:
    """Return the three ratings of justice and the satisfaction, on the scale from 1 to 5."""
    slow = np.array([0.0, SLOW * max(days - 7, 0), 0.0])
    justice = np.array(JUSTICE_MEAN) + slow + JUSTICE_SHARED * felt + JUSTICE_OWN * own
    answers = [_answer(value) for value in justice]
    constant, weights, spread = SATISFACTION
    total = constant + float(np.dot(weights, answers)) + spread * noise
    return [*answers, _answer(total)]


def _answer(value: float) -> int:
    return int(np.clip(np.floor(np.round(value, 9) + 0.5), 1, 5))
