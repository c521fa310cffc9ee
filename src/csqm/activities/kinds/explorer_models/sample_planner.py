"""How many people to invite, and how often 500 surveys of that size would miss the truth."""

import math
from typing import Any

from csqm.activities.seeded import seeded
from csqm.sampling import margin_of_error, sample_size

__all__ = ["INPUTS", "LABELS", "VALUES", "compute"]

INPUTS = ("population", "confidence", "margin", "share", "response", "invitations")
VALUES = (
    "unlimited", "needed", "to_invite", "answers", "reached", "cost", "missed", "missed_share",
    "foreseen_share", "case_margin", "case_least", "case_spare",
)  # fmt: skip
LABELS = ("title", "x", "y", "truth", "margin")
SURVEYS = 500


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Plan the survey as set, draw it 500 times, and judge the invitations by the case's needs."""
    population, share = inputs["population"], inputs["share"] / 100
    confidence = int(inputs["confidence"]) / 100
    plan = {"confidence": confidence, "share": share, "margin": inputs["margin"] / 100}
    needed = sample_size(population, **plan)
    answers = _answers(inputs["invitations"], inputs["response"], population)
    reached = 100 * margin_of_error(
        answers, population=population, share=share, confidence=confidence
    )
    missed = _missed(population, settings["truth"], answers, reached)

    case = settings["case"]
    case_answers = _answers(inputs["invitations"], case["response"], case["population"])
    least = sample_size(case["population"], margin=case["margin"] / 100)
    least = _invitations(least, case["response"], case["population"])
    values = {
        "unlimited": sample_size(None, **plan),
        "needed": needed,
        "to_invite": _invitations(needed, inputs["response"], population),
        "answers": answers,
        "reached": reached,
        "cost": inputs["invitations"] * settings["cost"],
        "missed": missed,
        "missed_share": 100 * missed / SURVEYS,
        "foreseen_share": 100 - int(inputs["confidence"]),
        "case_margin": 100 * margin_of_error(case_answers, population=case["population"]),
        "case_least": least,
        "case_spare": inputs["invitations"] - least,
    }
    too_often = values["missed_share"] > values["foreseen_share"] + settings["leeway"]
    return values, "misses" if too_often else "holds"


def _answers(invitations: int, response: float, population: int) -> int:
    """Answers to expect: nobody is invited twice."""
    return max(1, math.floor(min(invitations, population) * response / 100 + 1e-9))


def _invitations(answers: int, response: float, population: int) -> int:
    """Invitations that bring so many answers; at most everybody is invited."""
    return min(population, math.ceil(answers * 100 / response - 1e-9))


def _missed(population: int, truth: float, answers: int, margin: float) -> int:
    draw = seeded(4)
    satisfied = math.floor(population * truth / 100 + 0.5)
    missed = 0
    for _ in range(SURVEYS):
        left, good = population, satisfied
        for _ in range(answers):  # without asking anybody twice
            good -= draw() * left < good
            left -= 1
        found = 100 * (satisfied - good) / answers
        missed += abs(found - truth) > margin + 1e-9
    return missed
