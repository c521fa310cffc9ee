"""The passenger questionnaire: the constants are the truth that an analysis should find again."""

import numpy as np

from makers.drawing import normal

SEED = 20261105

# ---- Passengers --------------------------------------------------------------------------------

CAREFUL = 550  # passengers who read the items
NIGHT = 0.36  # share of rides between 22:00 and 06:00
AREAS = {"centre": 0.34, "north": 0.26, "south": 0.22, "coast": 0.18}  # share of rides
# How the taxi was found: share by day and by night.
CHANNELS = {"app": (0.56, 0.40), "phone": (0.32, 0.20), "street": (0.12, 0.40)}

# ---- What they feel ----------------------------------------------------------------------------

# Three dimensions with standard deviation 1, each pair of them correlated by CORRELATION.
DIMENSIONS = ("booking", "drive", "value")
CORRELATION = 0.3
# Effects of the night and of an area on a dimension, in its standard deviations. None on booking.
NIGHT_EFFECTS = {"booking": 0.0, "drive": -0.3, "value": -0.55}
AREA_EFFECTS = {("coast", "drive"): -0.4}
# Moves all answers of a person to the good side, whatever is asked: common method variance.
MOOD = 0.3
# Moves all answers of a person towards agreeing, reverse-worded items too: acquiescence.
ACQUIESCENCE = 0.2
UNIQUE_SD = 0.7  # what moves one answer and no other

# Item, in the order of the form: mean by day, loadings on the dimensions, chance of "don't know".
# A negative loading marks a reverse-worded item; mood counts against it too.
ITEMS = {
    "q1_easy": (3.9, {"booking": 0.7}, 0.01),
    "q2_route": (3.7, {"drive": 0.6}, 0.03),
    "q3_fair": (3.3, {"value": 0.8}, 0.01),
    "q4_late": (2.6, {"booking": -0.7}, 0.01),
    "q5_smooth": (3.8, {"drive": 0.8}, 0.01),
    "q6_easy_fair": (3.5, {"booking": 0.35, "value": 0.35}, 0.01),  # double-barrelled
    "q7_safe": (4.0, {"drive": 0.8}, 0.01),
    "q8_told": (3.4, {"booking": 0.8}, 0.01),
    "q9_clear": (3.2, {"value": 0.6}, 0.05),
    "q10_jerky": (2.3, {"drive": -0.7}, 0.01),
    "q11_place": (3.8, {"booking": 0.6}, 0.01),
    "q12_respect": (4.0, {"drive": 0.6}, 0.01),
    "q13_worth": (3.3, {"value": 0.8}, 0.01),
}
BLANK = 0.01  # chance of leaving an item out
# Someone who hailed the taxi in the street marks every item on booking as "does not apply".
DOES_NOT_APPLY, DONT_KNOW, NO_ANSWER = 0, 6, 9
SECONDS, SECONDS_SD = 105, 0.35  # median; standard deviation of the logarithm

# ---- What is dirty -----------------------------------------------------------------------------

STRAIGHT = 24  # people who give one answer to all items: 3, 4 or 5 in turn
STRAIGHT_SECONDS = 40  # median
HASTY = 11  # people who answer at random within 8 to 25 seconds
RESENT = 9  # careful passengers whose form arrived twice, with the same answers
# One angry night passenger in the street sent the form this often; afterwards by machine.
ANGRY = 7
DUPLICATES = RESENT + ANGRY - 1

HEADER = ["response_id", "code", "period", "area", "channel", "seconds", *ITEMS]


def make() -> list[list]:
    """Draw the export: header and one row per form, in the order of arrival."""
    rows, _ = export()
    return rows


def export() -> tuple[list[list], list[str]]:
    """Return the rows with their header, and what each row is: careful, straight, …"""
    rng = np.random.default_rng(SEED)
    who = [["careful", *row] for row in careful(rng, CAREFUL)]
    who += [["straight", *row] for row in _straight(rng)]
    who += [["hasty", *row] for row in _hasty(rng)]
    who += [["angry", "night", "coast", "street", 64, *_worst()]]
    order = np.argsort(rng.random(len(who)), kind="stable")
    # Codes of invitations are not in the order of arrival.
    codes = [f"T{number:03d}" for number in 100 + np.argsort(rng.random(len(who)), kind="stable")]
    forms = [[who[place][0], codes[place], *who[place][1:]] for place in order]
    firsts = [place for place, form in enumerate(forms) if form[0] == "careful"]
    again = {firsts[place] for place in np.argsort(rng.random(len(firsts)))[:RESENT]}
    rows: list[list] = [HEADER]
    kinds: list[str] = []
    for place, form in enumerate(forms):
        repeats = ANGRY if form[0] == "angry" else 1 + (place in again)
        for repeat in range(repeats):
            kinds.append("duplicate" if repeat else form[0])
            rows.append([f"P{len(rows):03d}", *form[1:]])
    return rows, kinds


def careful(rng: np.random.Generator, size: int) -> list[list]:
    """Draw passengers who read the items: one row each, without the numbers of the form."""
    night = rng.random(size) < NIGHT
    area = _pick(rng, list(AREAS), np.tile(list(AREAS.values()), (size, 1)))
    shares = np.array(list(CHANNELS.values())).T  # by day, by night
    channel = _pick(rng, list(CHANNELS), shares[night.astype(int)])
    seconds = np.round(SECONDS * np.exp(SECONDS_SD * normal(rng, size)), 6).astype(int)

    common, mood, yes = normal(rng, 3 * size).reshape(3, -1)
    felt = {}
    for name in DIMENSIONS:
        own = normal(rng, size)
        felt[name] = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * own
        felt[name] += night * NIGHT_EFFECTS[name]
        felt[name] += [AREA_EFFECTS.get((each, name), 0.0) for each in area]
    columns = []
    for mean, loadings, dont_know in ITEMS.values():
        value = mean + ACQUIESCENCE * yes + UNIQUE_SD * normal(rng, size)
        value += np.sign(sum(loadings.values())) * MOOD * mood
        value += sum(loading * felt[name] for name, loading in loadings.items())
        answer = np.clip(np.floor(np.round(value, 9) + 0.5), 1, 5).astype(int)
        chance = rng.random(size)
        answer[chance < dont_know + BLANK] = DONT_KNOW
        answer[chance < BLANK] = NO_ANSWER
        if "booking" in loadings:
            answer[channel == "street"] = DOES_NOT_APPLY
        columns.append(answer)
    period = np.where(night, "night", "day")
    times = [int(each) for each in seconds]
    return [
        [*row[:4], *map(int, row[4:])]
        for row in zip(
            period.tolist(), area.tolist(), channel.tolist(), times, *columns, strict=True
        )
    ]


def _straight(rng: np.random.Generator) -> list[list]:
    rows = careful(rng, STRAIGHT)
    for number, row in enumerate(rows):
        row[3] = round(row[3] * STRAIGHT_SECONDS / SECONDS)
        row[4:] = [3 + number % 3] * len(ITEMS)
    return rows


def _hasty(rng: np.random.Generator) -> list[list]:
    rows = careful(rng, HASTY)
    for row in rows:
        row[3] = 8 + int(18 * rng.random())
        row[4:] = [1 + int(5 * chance) for chance in rng.random(len(ITEMS))]
    return rows


def _worst() -> list[int]:
    """Return the worst answer to every item; the street has no booking to judge."""
    worst = []
    for _, loadings, _ in ITEMS.values():
        answer = 5 if sum(loadings.values()) < 0 else 1
        worst.append(DOES_NOT_APPLY if "booking" in loadings else answer)
    return worst


def _pick(rng: np.random.Generator, names: list[str], shares: np.ndarray) -> np.ndarray:
    """Draw one name per row of shares."""
    edges = np.round(shares.cumsum(axis=1), 9)
    edges[:, -1] = 1.0
    places = (rng.random(len(shares))[:, None] >= edges).sum(axis=1)
    return np.array(names)[places]
