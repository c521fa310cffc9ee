"""The survey of the capstone: the constants are the truth that an analysis should find again."""

import numpy as np

from makers.drawing import normal

SEED = 20270502

# ---- Passengers --------------------------------------------------------------------------------

# Branch: rides in the half-year, careful answers, effect on the booking, in standard deviations.
BRANCHES = {
    "fengyuan": (52_000, 74, -0.6),
    "dali": (46_000, 104, 0.1),
    "wuri": (38_000, 98, 0.1),
    "shalu": (30_000, 112, -0.7),
    "dajia": (22_000, 112, 0.3),
    "dongshi": (9_000, 22, 0.1),
}
APP = 0.6  # share of rides booked in the app, else by telephone

# ---- What they feel ----------------------------------------------------------------------------

# Three dimensions with standard deviation 1, each pair of them correlated by CORRELATION.
DIMENSIONS = ("booking", "drive", "value")
CORRELATION = 0.3
UNIQUE_SD = 0.7  # what moves one answer and no other
# Item, in the order of the form: mean, loading, dimension. A negative loading marks a
# reverse-worded item.
ITEMS = {
    "q1_easy": (3.4, 0.7, "booking"),
    "q2_wait": (2.8, -0.7, "booking"),
    "q3_told": (3.1, 0.7, "booking"),
    "q4_safe": (4.1, 0.7, "drive"),
    "q5_polite": (4.0, 0.6, "drive"),
    "q6_jerky": (2.1, -0.7, "drive"),
    "q7_fare": (3.4, 0.7, "value"),
    "q8_clear": (3.5, 0.6, "value"),
    "q9_worth": (3.5, 0.7, "value"),
}
# Each item is left out (9), not known (6), or marked "does not apply" (0) with these chances.
NO_ANSWER, DONT_KNOW, DOES_NOT_APPLY = 0.015, 0.015, 0.01
# Overall, against expectation, against the ideal (1 to 10, no answer 99): constant and own
# standard deviation. The weights of the dimensions are the same for all three.
INDEX = {"overall": (6.9, 0.9), "expected": (6.5, 1.0), "ideal": (6.0, 1.1)}
WEIGHTS = {"booking": 1.0, "drive": 0.35, "value": 0.45}
INDEX_BLANK = 0.02
SECONDS, SECONDS_SD = 110, 0.3  # median; standard deviation of the logarithm

# ---- What is dirty -----------------------------------------------------------------------------

STRAIGHT = 18  # forms with one answer to all items: 3, 4 or 5 in turn
HASTY = 14  # answers at random within 8 to 30 seconds
AGAIN = 20  # careful forms that arrived twice, with the same code

HEADER = ["response_id", "code", "branch", "channel", "seconds", *ITEMS, *INDEX]


def make() -> list[list]:
    """Draw the export: header and one row per form, in the order of arrival."""
    return export()[0]


def export() -> tuple[list[list], list[str]]:
    """Return the rows with their header, and what each row is: careful, straight, …"""
    rng = np.random.default_rng(SEED)
    names = [name for name, (_, answers, _) in BRANCHES.items() for _ in range(answers)]
    who = [["careful", *row] for row in careful(rng, names)]
    for kind, count in (("straight", STRAIGHT), ("hasty", HASTY)):
        rows = careful(rng, [list(BRANCHES)[int(6 * chance)] for chance in rng.random(count)])
        for number, row in enumerate(rows):
            if kind == "straight":
                row[3:12] = [3 + number % 3] * len(ITEMS)
            else:
                row[2] = 8 + int(23 * rng.random())
                row[3:12] = [1 + int(5 * chance) for chance in rng.random(len(ITEMS))]
            who.append([kind, *row])
    order = np.argsort(rng.random(len(who)), kind="stable")
    codes = [f"V{number:03d}" for number in 100 + np.argsort(rng.random(len(who)), kind="stable")]
    forms = [[who[place][0], codes[place], *who[place][1:]] for place in order]
    firsts = [place for place, form in enumerate(forms) if form[0] == "careful"]
    again = [firsts[place] for place in np.argsort(rng.random(len(firsts)), kind="stable")[:AGAIN]]
    # The second form comes some places later, not right behind the first.
    for place in sorted(again, reverse=True):
        forms.insert(place + 1 + int(40 * rng.random()), ["again", *forms[place][1:]])
    rows = [[f"F{number:03d}", *form[1:]] for number, form in enumerate(forms, 1)]
    return [HEADER, *rows], [form[0] for form in forms]


def careful(rng: np.random.Generator, branches: list[str]) -> list[list]:
    """Draw passengers who read the items: one row each, without the numbers of the form."""
    size = len(branches)
    app = rng.random(size) < APP
    seconds = np.round(SECONDS * np.exp(SECONDS_SD * normal(rng, size)), 6).astype(int)
    common = normal(rng, size)
    felt = {}
    for name in DIMENSIONS:
        felt[name] = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * normal(rng, size)
    felt["booking"] = felt["booking"] + [BRANCHES[branch][2] for branch in branches]
    columns = []
    for mean, loading, dimension in ITEMS.values():
        answer = _whole(mean + loading * felt[dimension] + UNIQUE_SD * normal(rng, size), 1, 5)
        chance = rng.random(size)
        answer[chance < NO_ANSWER + DONT_KNOW + DOES_NOT_APPLY] = 0
        answer[chance < NO_ANSWER + DONT_KNOW] = 6
        answer[chance < NO_ANSWER] = 9
        columns.append(answer)
    for constant, spread in INDEX.values():
        value = constant + spread * normal(rng, size)
        value += sum(weight * felt[name] for name, weight in WEIGHTS.items())
        answer = _whole(value, 1, 10)
        answer[rng.random(size) < INDEX_BLANK] = 99
        columns.append(answer)
    answers = np.array(columns).T.tolist()
    return [
        [branch, "app" if app[row] else "phone", int(seconds[row]), *answers[row]]
        for row, branch in enumerate(branches)
    ]


def _whole(value: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.clip(np.floor(np.round(value, 9) + 0.5), low, high).astype(int)
