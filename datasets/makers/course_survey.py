"""Simulated answers to the end-of-course survey: the constants are the truth behind them."""

import numpy as np

from makers.drawing import normal

SEED = 20270531

SIZE = 96  # answers of three classes
CLASSES = {"spring": 0.36, "summer": 0.36, "autumn": 0.28}  # shares
MANAGER = 0.45  # share on the path for managers
# Three sides of the course, each with standard deviation 1, correlated by CORRELATION.
SIDES = ("content", "practice", "use")
CORRELATION = 0.35
MANAGER_PRACTICE = -0.7  # effect of the path on the side "practice", in standard deviations
UNIQUE_SD = 0.6
# Item: mean, loading, side; a negative loading marks a reverse-worded item.
ITEMS = {
    "q1_relevant": (4.1, 0.7, "content"),
    "q2_clear": (3.8, 0.7, "content"),
    "q3_lost": (2.3, -0.7, "content"),
    "q4_exercises": (4.0, 0.7, "practice"),
    "q5_feedback": (3.9, 0.7, "practice"),
    "q6_setup": (2.9, -0.7, "practice"),
    "q7_apply": (3.5, 0.7, "use"),
    "q8_cases": (3.4, 0.7, "use"),
    "q9_time": (3.7, 0.7, "use"),
}
DOES_NOT_APPLY, DONT_KNOW, NO_ANSWER = 0, 6, 9
CHANCE_APART = (0.01, 0.02, 0.02)  # of these three, for each item
# Overall (1 to 10) and recommend (0 to 10): constant, weights of the sides, own standard deviation.
OVERALL = (7.8, {"content": 0.35, "practice": 0.35, "use": 0.9}, 0.8)
RECOMMEND = (8.3, {"content": 0.3, "practice": 0.5, "use": 1.1}, 1.2)
BLANK = 0.04  # chance to leave one of these two out
# What the comment is about, as sorted by hand: shares.
THEMES = {"none": 0.55, "more_cases": 0.2, "shorter": 0.1, "setup": 0.1, "other": 0.05}

HEADER = ["response_id", "class", "path", *ITEMS, "overall", "recommend", "theme"]


def make() -> list[list]:
    """Draw the answers: header and one row per form."""
    rng = np.random.default_rng(SEED)
    groups = _pick(rng, CLASSES, SIZE)
    manager = rng.random(SIZE) < MANAGER
    common = normal(rng, SIZE)
    felt = {}
    for side in SIDES:
        felt[side] = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * normal(rng, SIZE)
    felt["practice"] = felt["practice"] + MANAGER_PRACTICE * manager
    columns = []
    for mean, loading, side in ITEMS.values():
        value = mean + loading * felt[side] + UNIQUE_SD * normal(rng, SIZE)
        answer = _whole(value, 1, 5)
        chance = rng.random(SIZE)
        edges = np.cumsum(CHANCE_APART)
        for edge, code in zip(edges[::-1], (NO_ANSWER, DONT_KNOW, DOES_NOT_APPLY), strict=True):
            answer[chance < edge] = code
        columns.append(answer)
    for (constant, weights, spread), low, blank in ((OVERALL, 1, 99), (RECOMMEND, 0, 11)):
        value = constant + spread * normal(rng, SIZE)
        value += sum(weight * felt[side] for side, weight in weights.items())
        answer = _whole(value, low, 10)
        answer[rng.random(SIZE) < BLANK] = blank
        columns.append(answer)
    themes = _pick(rng, THEMES, SIZE)
    paths = np.where(manager, "manager", "analyst")
    answers = np.array(columns).T.tolist()
    return [HEADER] + [
        [f"R{number + 1:02d}", groups[number], str(paths[number]), *answers[number], themes[number]]
        for number in range(SIZE)
    ]


def _whole(value: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.clip(np.floor(np.round(value, 9) + 0.5), low, high).astype(int)


def _pick(rng: np.random.Generator, shares: dict[str, float], size: int) -> list[str]:
    edges = np.round(np.cumsum(list(shares.values())), 9)
    edges[-1] = 1.0
    return [list(shares)[place] for place in np.searchsorted(edges, rng.random(size), side="right")]
