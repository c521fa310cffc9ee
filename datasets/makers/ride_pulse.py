"""The survey after each ride: the constants are the truth that an analysis should find again."""

import numpy as np

from makers.drawing import normal

SEED = 20261112

WEEKS = 8  # from Monday, 7 September 2026
ANSWERS = 110  # a week
# From this week on dispatchers ask at which gate the passenger waits.
CHANGE_WEEK = 5
LATE = {"before": 0.36, "after": 0.16}  # chance of a late pick-up

# Item: lowest and highest code, value of a ride in time, change when late, change for one standard
# deviation of the passenger's mood towards the company, own standard deviation, chance of no
# answer, code of no answer.
ITEMS = {
    "pickup": (1, 5, 4.1, -1.5, 0.3, 0.7, 0.02, 9),
    "recommend": (0, 10, 7.3, -0.2, 1.5, 0.9, 0.05, 11),
}


def make() -> list[list]:
    """Draw the survey: header and one row per answered ride."""
    rng = np.random.default_rng(SEED)
    week = np.repeat(np.arange(1, WEEKS + 1), ANSWERS)
    chance = np.where(week < CHANGE_WEEK, LATE["before"], LATE["after"])
    late = (rng.random(len(week)) < chance).astype(int)
    mood = normal(rng, len(week))
    answers = []
    for low, high, centre, delay, slope, spread, no_answer, code in ITEMS.values():
        felt = centre + delay * late + slope * mood + spread * normal(rng, len(week))
        answer = np.clip(np.floor(np.round(felt, 9) + 0.5), low, high).astype(int)
        answer[rng.random(len(week)) < no_answer] = code
        answers.append(answer)
    names = [f"R{number:03d}" for number in range(1, len(week) + 1)]
    rows = zip(names, week, late, *answers, strict=True)
    return [["ride_id", "week", "late", *ITEMS], *map(list, rows)]
