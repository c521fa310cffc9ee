"""Who answers a survey, what weighting by known margins repairs, and what it cannot."""

import math
from itertools import product
from typing import Any

__all__ = ["INPUTS", "LABELS", "VALUES", "compute"]

MARGINS = ("time", "area", "way")
INPUTS = ("dissatisfied", "neutral", "satisfied", "invitations", *(f"by_{m}" for m in MARGINS))
VALUES = (
    "truth", "answers", "before", "after", "bias_before", "bias_after", "bias_size",
    "best_bias", "left_over", "design_effect", "effective", "margin",
)  # fmt: skip
LABELS = ("title", "x", "y", "truth", "before", "note")
ROUNDS = 200


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Give the expected result of the survey before and after raking to the ticked margins."""
    cells = settings["cells"]
    everybody = sum(cell["people"] for cell in cells)
    invited = [inputs["invitations"] * cell["people"] / everybody for cell in cells]
    chances = [inputs[name] / 100 for name in ("dissatisfied", "neutral", "satisfied")]
    answers = [
        number
        * sum(share / 100 * chance for share, chance in zip(cell["of"], chances, strict=True))
        for number, cell in zip(invited, cells, strict=True)
    ]
    good = [
        number * cell["of"][2] / 100 * chances[2]
        for number, cell in zip(invited, cells, strict=True)
    ]
    n = sum(answers)
    truth = sum(cell["people"] * cell["of"][2] for cell in cells) / everybody
    before = 100 * sum(good) / n

    def weighted(margins: list[str]) -> tuple[float, list[float]]:
        weights = _raked(cells, answers, margins)
        total = sum(w * a for w, a in zip(weights, answers, strict=True))
        return 100 * sum(w * g for w, g in zip(weights, good, strict=True)) / total, weights

    after, weights = weighted([m for m in MARGINS if inputs[f"by_{m}"]])
    best = min(
        abs(weighted([m for m, used in zip(MARGINS, choice, strict=True) if used])[0] - truth)
        for choice in product((False, True), repeat=3)
    )
    total = sum(w * a for w, a in zip(weights, answers, strict=True))
    effect = n * sum(w * w * a for w, a in zip(weights, answers, strict=True)) / total**2
    margin = 196 * math.sqrt(after / 100 * (1 - after / 100) * effect / n)
    values = {
        "truth": truth,
        "answers": n,
        "before": before,
        "after": after,
        "bias_before": before - truth,
        "bias_after": after - truth,
        "bias_size": abs(after - truth),
        "best_bias": best,
        "left_over": abs(after - truth) - best,
        "design_effect": effect,
        "effective": n / effect,
        "margin": margin,
    }
    return values, "covered" if abs(after - truth) <= margin else "missed"


def _raked(cells: list[dict[str, Any]], answers: list[float], margins: list[str]) -> list[float]:
    """Give each cell a weight, so that the answers have the population's margins."""
    weights = [1.0] * len(cells)
    people, n = sum(cell["people"] for cell in cells), sum(answers)
    for _ in range(ROUNDS if margins else 0):
        moved = 0.0
        for margin in margins:
            for category in dict.fromkeys(cell[margin] for cell in cells):
                here = [k for k, cell in enumerate(cells) if cell[margin] == category]
                target = n * sum(cells[k]["people"] for k in here) / people
                factor = target / sum(weights[k] * answers[k] for k in here)
                for k in here:
                    weights[k] *= factor
                moved = max(moved, abs(factor - 1))
        if moved < 1e-12:
            break
    return weights
