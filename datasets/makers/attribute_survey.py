"""The survey of ten attributes: the constants are the truth that an analysis should find again."""

import numpy as np

from makers.drawing import normal

SEED = 20261109

PASSENGERS = 480
APP = 0.55  # share that books by the app; the others by telephone

# Attribute: mean of expectation, mean and standard deviation of perception, mean of stated
# importance, effect of one standard deviation of perception on overall satisfaction in points.
ATTRIBUTES = {
    "punctual": (6.3, 4.7, 1.2, 6.4, 0.60),
    "fare": (6.1, 5.7, 1.0, 6.2, 0.20),
    "answer": (5.8, 5.4, 1.1, 5.7, 0.25),
    "tracking": (5.3, 4.5, 1.2, 4.8, 0.25),
    "safe": (6.8, 6.2, 0.7, 6.8, 0.10),
    "route": (6.0, 5.6, 1.0, 5.9, 0.20),
    "courteous": (5.8, 4.9, 1.2, 5.2, 0.60),
    "help": (5.2, 4.8, 1.1, 4.5, 0.10),
    "clean": (6.2, 5.7, 1.0, 6.3, 0.00),
    "seats": (4.0, 3.9, 1.2, 4.3, 0.45),
}
# Must-be attributes: who perceives less than LIMIT loses these points, besides the effect.
LIMIT, PENALTY = 4.5, {"safe": 3.0}
HALO = 0.2  # share of the variance of perceptions that all attributes have in common
STYLE_SD = 0.15  # moves all ratings of a person, expectations and importance too
EXPECTATION_SD, STATED_SD = 1.0, 0.9
OVERALL, OVERALL_SD = 6.6, 1.0  # mean; what no attribute explains. Expectation has no effect.

# Chances of the classes A, O, M, I, R, Q of Kano's model; by channel where it makes a difference.
KANO = {
    "punctual": (0.12, 0.46, 0.28, 0.10, 0.01, 0.03),
    "fare": (0.05, 0.24, 0.52, 0.15, 0.01, 0.03),
    "answer": (0.14, 0.42, 0.24, 0.16, 0.01, 0.03),
    "tracking": {
        "app": (0.46, 0.18, 0.08, 0.24, 0.01, 0.03),
        "phone": (0.22, 0.10, 0.06, 0.56, 0.03, 0.03),
    },
    "safe": (0.02, 0.20, 0.68, 0.07, 0.00, 0.03),
    "route": (0.08, 0.28, 0.40, 0.20, 0.01, 0.03),
    "courteous": (0.24, 0.44, 0.14, 0.14, 0.01, 0.03),
    "help": (0.48, 0.18, 0.06, 0.22, 0.03, 0.03),
    "clean": (0.06, 0.26, 0.50, 0.14, 0.01, 0.03),
    "seats": (0.20, 0.34, 0.10, 0.31, 0.02, 0.03),
}
# The cells of the evaluation table (functional, dysfunctional); within a class equally frequent.
CELLS = {
    "A": ((1, 2), (1, 3), (1, 4)),
    "O": ((1, 5),),
    "M": ((2, 5), (3, 5), (4, 5)),
    "I": ((2, 3), (3, 3), (3, 4), (4, 3)),
    "R": ((3, 1), (5, 1), (5, 2)),
    "Q": ((1, 1), (5, 5)),
}

BLANK = 0.008  # chance of leaving a question out
CANNOT_SAY_HELP = 0.05  # had nothing to be helped with
CANNOT_SAY, NO_ANSWER = 8, 9

QUESTIONS = ("e", "p", "s", "f", "d")  # expectation, perception, stated, functional, dysfunctional
HEADER = ["passenger", "channel", "overall"]
HEADER += [f"{question}_{name}" for question in QUESTIONS for name in ATTRIBUTES]


def make() -> list[list]:
    """Draw the survey: header and one row per passenger."""
    columns = draw(np.random.default_rng(SEED), PASSENGERS)
    rows = zip(*(columns[name] for name in HEADER[1:]), strict=True)
    return [HEADER, *([f"A{number:03d}", *row] for number, row in enumerate(rows, start=1))]


def draw(rng: np.random.Generator, size: int) -> dict[str, list]:
    """Draw passengers: one list for each column but the number."""
    channel = np.where(rng.random(size) < APP, "app", "phone")
    style, halo, noise = STYLE_SD * normal(rng, size), normal(rng, size), normal(rng, size)
    overall = OVERALL + OVERALL_SD * noise
    columns = {"channel": channel.tolist()}
    for name, (expected, mean, sd, stated, effect) in ATTRIBUTES.items():
        felt = np.sqrt(HALO) * halo + np.sqrt(1 - HALO) * normal(rng, size)
        perceived = mean + sd * felt
        overall += effect * felt
        overall -= PENALTY.get(name, 0.0) * (np.round(perceived, 9) < LIMIT)
        columns[f"p_{name}"] = _rated(rng, perceived + style)
        for question, level, spread in (("e", expected, EXPECTATION_SD), ("s", stated, STATED_SD)):
            value = level + spread * normal(rng, size) + style
            columns[f"{question}_{name}"] = _rated(rng, value)
        columns[f"f_{name}"], columns[f"d_{name}"] = _pairs(rng, name, channel)
    cannot = rng.random(size) < CANNOT_SAY_HELP
    columns["p_help"] = np.where(cannot, CANNOT_SAY, columns["p_help"]).tolist()
    columns["overall"] = _whole(overall, 10)
    return columns


def _rated(rng: np.random.Generator, value: np.ndarray) -> list[int]:
    return _blanked(rng, _whole(value, 7))


def _whole(value: np.ndarray, most: int) -> list[int]:
    """Round to whole answers from 1 on."""
    return np.clip(np.floor(np.round(value, 9) + 0.5), 1, most).astype(int).tolist()


def _pairs(rng: np.random.Generator, name: str, channel: np.ndarray) -> tuple[list, list]:
    """Draw a class of Kano's model for each passenger, and one of its pairs of answers."""
    given = KANO[name]
    chances = [given[each] if isinstance(given, dict) else given for each in channel]
    edges = np.round(np.cumsum(chances, axis=1), 9)
    places = (rng.random(len(channel))[:, None] >= edges[:, :-1]).sum(axis=1)
    which = rng.random(len(channel))
    cells = [list(CELLS.values())[place] for place in places]
    pairs = [cell[int(part * len(cell))] for cell, part in zip(cells, which, strict=True)]
    present, absent = zip(*pairs, strict=True)
    return _blanked(rng, list(present)), _blanked(rng, list(absent))


def _blanked(rng: np.random.Generator, answers: list[int]) -> list[int]:
    return np.where(rng.random(len(answers)) < BLANK, NO_ANSWER, answers).tolist()
