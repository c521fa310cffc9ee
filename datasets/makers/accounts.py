"""The corporate accounts: the constants are the truth that an analysis should find again."""

import numpy as np

from makers.drawing import normal

SEED = 20261372

# Kind: accounts, median yearly margin in NT$, chance that another fleet serves the address,
# mean rating of value.
KINDS = {
    "clinic": (130, 48_000, 0.40, 6.6),
    "hotel": (110, 96_000, 0.85, 5.8),
    "office": (150, 36_000, 0.75, 6.2),
    "factory": (90, 72_000, 0.15, 6.0),
}
MARGIN_SD = 0.5  # of its logarithm
YEARS = 6
LEAVING = 0.72  # chance that an account of one contract year is there for the next

# Share of rides on time, in percent: mean and spread between accounts.
ON_TIME = (88.0, 5.0)
# Satisfaction 1-10: mean, per point on time, error. Value: the kind's mean, per point of
# satisfaction above the mean, error.
SATISFACTION = (7.0, 0.18, 1.2)
VALUE = (0.5, 1.3)

# Chance of renewal. With another fleet at hand: CHOICE_LOW + per point of satisfaction and of
# value, at most CHOICE_TOP. Without: NO_CHOICE whatever they think. In the first year less.
CHOICE_LOW = -0.13
CHOICE_SATISFACTION = 0.08
CHOICE_VALUE = 0.05
CHOICE_TOP = 0.98
NO_CHOICE = 0.92
FIRST_YEAR = -0.08
NO_ANSWER = 0.06  # chance that an account left the questionnaire out
NO_ANSWER_CODE = 99


def make() -> list[list]:
    """Draw the accounts: header and one row per account."""
    rng = np.random.default_rng(SEED)
    kind = np.repeat(list(KINDS), [count for count, *_ in KINDS.values()])
    kind = kind[np.argsort(rng.random(len(kind)))]
    size = len(kind)
    median, other, worth = (np.array([KINDS[name][k] for name in kind]) for k in (1, 2, 3))
    # Most accounts are young, as some leave every year.
    weights = LEAVING ** np.arange(YEARS)
    year = 1 + np.searchsorted(np.cumsum(weights / weights.sum())[:-1], rng.random(size))
    margin = 100 * np.round(median * np.exp(MARGIN_SD * normal(rng, size)) / 100).astype(int)
    choice = rng.random(size) < other

    on_time = np.round(np.minimum(ON_TIME[0] + ON_TIME[1] * normal(rng, size), 100), 1)
    mean, slope, spread = SATISFACTION
    satisfaction = _scale(mean + slope * (on_time - ON_TIME[0]) + spread * normal(rng, size))
    value = _scale(worth + VALUE[0] * (satisfaction - mean) + VALUE[1] * normal(rng, size))

    stays = CHOICE_LOW + CHOICE_SATISFACTION * satisfaction + CHOICE_VALUE * value
    stays = np.where(choice, np.minimum(stays, CHOICE_TOP), NO_CHOICE) + FIRST_YEAR * (year == 1)
    renewed = rng.random(size) < stays
    silent = rng.random(size) < NO_ANSWER

    rows = [
        [
            f"A{row + 1:03d}",
            kind[row],
            year[row],
            "yes" if choice[row] else "no",
            margin[row],
            f"{on_time[row]:.1f}",
            NO_ANSWER_CODE if silent[row] else satisfaction[row],
            NO_ANSWER_CODE if silent[row] else value[row],
            int(renewed[row]),
        ]
        for row in range(size)
    ]
    header = ["account_id", "kind", "contract_year", "other_fleet", "margin"]
    return [[*header, "on_time", "satisfaction", "value", "renewed"], *rows]


def _scale(felt: np.ndarray) -> np.ndarray:
    """Return answers on the scale from 1 to 10."""
    # Nine decimals before the cut, so that no platform's last bit decides an answer.
    return np.clip(np.floor(np.round(felt, 9) + 0.5), 1, 10).astype(int)
