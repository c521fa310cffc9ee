"""The trial of two promises: the constants are the truth that an analysis should find again."""

import numpy as np

from makers.drawing import normal

SEED = 20261104
QUOTES = 840

# Promise in minutes: chance that who sees it orders, mean of the expectation.
PROMISES = {5: (0.80, 7.4), 8: (0.70, 5.9)}
EXPECTED_SD = 1.2

# Waiting is log-normal and the same whatever was promised.
WAIT_MEDIAN = 7.0  # minutes
WAIT_SD = 0.3  # of its logarithm
# Perceived promptness: PERFECT - PER_MINUTE * minutes, and an error.
PERFECT = 10.0
PER_MINUTE = 0.5
PERCEIVED_SD = 0.9

# Satisfaction: CONSTANT + BETTER * max(D, 0) + WORSE * min(D, 0), and an error.
CONSTANT = 7.0
BETTER = 0.4
WORSE = 1.1
SATISFACTION_SD = 0.8

# Chance of riding again within 30 days: RETURN_LOW + RETURN_SLOPE * satisfaction.
RETURN_LOW = 0.0
RETURN_SLOPE = 0.095
NO_ANSWER = 0.03  # chance of leaving one question out
NO_RIDE_CODE, NO_ANSWER_CODE = 98, 99


def make() -> list[list]:
    """Draw the trial: header and one row per passenger who saw a promise."""
    rng = np.random.default_rng(SEED)
    promise = np.where(rng.random(QUOTES) < 0.5, 5, 8)
    chance = np.array([PROMISES[each][0] for each in promise])
    ordered = rng.random(QUOTES) < chance
    mean = np.array([PROMISES[each][1] for each in promise])

    waited = np.round(WAIT_MEDIAN * np.exp(WAIT_SD * normal(rng, QUOTES)), 1)
    expected = _scale(mean + EXPECTED_SD * normal(rng, QUOTES))
    felt = PERFECT - PER_MINUTE * waited + PERCEIVED_SD * normal(rng, QUOTES)
    perceived = _scale(felt)
    gap = perceived - expected
    felt = CONSTANT + BETTER * np.maximum(gap, 0) + WORSE * np.minimum(gap, 0)
    satisfaction = _scale(felt + SATISFACTION_SD * normal(rng, QUOTES))
    again = rng.random(QUOTES) < RETURN_LOW + RETURN_SLOPE * satisfaction

    rows = []
    left_out = rng.random((3, QUOTES)) < NO_ANSWER
    answers = [expected, perceived, satisfaction]
    for row in range(QUOTES):
        given = [
            NO_ANSWER_CODE if left_out[k, row] else answers[k][row] for k in range(len(answers))
        ]
        ride = [f"{waited[row]:.1f}", *given, int(again[row])]
        if not ordered[row]:
            ride = [NO_RIDE_CODE] * len(ride)
        rows.append([f"Q{row + 1:03d}", promise[row], int(ordered[row]), *ride])
    header = ["quote_id", "promise", "ordered", "waited", "expected", "perceived"]
    return [[*header, "satisfaction", "rode_again"], *rows]


def _scale(felt: np.ndarray) -> np.ndarray:
    """Return answers on the scale from 0 to 10."""
    # Nine decimals before the cut, so that no platform's last bit decides an answer.
    return np.clip(np.floor(np.round(felt, 9) + 0.5), 0, 10).astype(int)
