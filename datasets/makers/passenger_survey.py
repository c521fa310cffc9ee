"""The passenger survey: the constants are the truth that an analysis should find again."""

import numpy as np

from makers.drawing import normal

SEED = 20261104

# ---- Passengers --------------------------------------------------------------------------------

# Time, area and channel of the last ride in October 2026: registered passengers, and how content
# they are on the whole, in standard deviations of the other differences between passengers.
CELLS = {
    ("day", "city", "app"): (1440, 0.85),
    ("day", "city", "phone"): (576, 0.60),
    ("day", "outskirts", "app"): (432, 0.80),
    ("day", "outskirts", "phone"): (336, 0.55),
    ("night", "city", "app"): (768, 0.15),
    ("night", "city", "phone"): (432, -0.25),
    ("night", "outskirts", "app"): (288, 0.10),
    ("night", "outskirts", "phone"): (528, -0.30),
}

# Item: lowest and highest code, value at contentment 0, change for one unit of contentment, own
# standard deviation, chance of no answer, code of no answer.
ITEMS = {
    "overall": (1, 10, 6.9, 1.5, 0.8, 0.01, 99),
    "expected": (1, 10, 6.3, 1.4, 1.0, 0.02, 99),
    "ideal": (1, 10, 5.9, 1.5, 1.1, 0.04, 99),
    "csat": (1, 5, 3.5, 0.85, 0.35, 0.01, 9),
    "recommend": (0, 10, 6.8, 1.6, 1.3, 0.06, 11),
    "ease": (1, 7, 4.8, 0.9, 1.1, 0.03, 9),
}

# ---- Who is asked, and who answers -------------------------------------------------------------

INVITED = 1_200  # a simple random sample
# The chance to answer is 1 / (1 + exp(-x)), where x is this sum.
ANSWER = -2.1
ANSWER_DAY = 0.65
ANSWER_APP = 0.80
ANSWER_CSAT = 0.45
CALLED = 150  # of the silent ones, drawn at random and telephoned in November
CALL_REACHED = 0.8  # whoever is reached answers csat, as in writing

HEADER = ["passenger_id", "time", "area", "channel", "status", *ITEMS]


def make() -> list[list]:
    """Draw the survey: header and one row per passenger of the frame."""
    return _draw()[0]


def truth() -> list[list]:
    """Return what each passenger of the frame would have answered to csat."""
    return _draw()[1]


def _draw() -> tuple[list[list], list[list]]:
    rng = np.random.default_rng(SEED)
    sizes = [size for size, _ in CELLS.values()]
    cell = np.repeat(np.arange(len(CELLS)), sizes)[np.argsort(rng.random(sum(sizes)))]
    count = len(cell)
    content = np.array([mean for _, mean in CELLS.values()])[cell] + normal(rng, count)
    felt = {}
    for item, (low, high, centre, slope, spread, _, _) in ITEMS.items():
        value = centre + slope * content + spread * normal(rng, count)
        felt[item] = np.clip(np.floor(np.round(value, 9) + 0.5), low, high).astype(int)

    invited = _drawn(rng, np.ones(count, dtype=bool), INVITED)
    cells = list(CELLS)
    day = np.array([cells[place][0] == "day" for place in cell])
    app = np.array([cells[place][2] == "app" for place in cell])
    logit = ANSWER + ANSWER_DAY * day + ANSWER_APP * app + ANSWER_CSAT * (felt["csat"] - 3)
    answered = invited & (rng.random(count) < np.round(1 / (1 + np.exp(-logit)), 9))
    called = _drawn(rng, invited & ~answered, CALLED)
    reached = called & (rng.random(count) < CALL_REACHED)
    status = np.full(count, "not_invited", dtype=object)
    status[invited] = "silent"
    status[called] = "not_reached"
    status[reached] = "follow_up"
    status[answered] = "answered"

    given = {}
    for item, (*_, chance, no_answer) in ITEMS.items():
        gives = answered & (rng.random(count) >= chance)
        if item == "csat":
            gives |= reached
        given[item] = np.where(gives, felt[item], no_answer)
    names = [f"P{number:04d}" for number in range(1, count + 1)]
    rows = [
        [name, *cells[place], status[row], *(given[item][row] for item in ITEMS)]
        for row, (name, place) in enumerate(zip(names, cell, strict=True))
    ]
    pairs = [list(pair) for pair in zip(names, felt["csat"], strict=True)]
    return [HEADER, *rows], [["passenger_id", "csat"], *pairs]


def _drawn(rng: np.random.Generator, among: np.ndarray, size: int) -> np.ndarray:
    """Mark a simple random sample of the rows among which it may be drawn."""
    order = np.argsort(np.where(among, rng.random(len(among)), 2.0), kind="stable")
    marked = np.zeros(len(among), dtype=bool)
    marked[order[:size]] = True
    return marked
