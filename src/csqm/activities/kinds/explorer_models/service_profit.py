"""What a chain of three effects leaves at its end, and how surely a survey would see it."""

import math
from collections.abc import Callable
from typing import Any

from csqm.activities.seeded import seeded

__all__ = ["INPUTS", "LABELS", "VALUES", "compute"]

INPUTS = ("first", "second", "third", "branches", "respondents")
VALUES = (
    "product", "reliability", "expected", "middle", "low", "high", "wrong_sign", "answers",
)  # fmt: skip
LABELS = ("title", "x", "y", "product", "note")
STUDIES = 300


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Repeat a study of the chain 300 times and look at the spread of what it finds."""
    paths = [inputs[name] for name in ("first", "second", "third")]
    icc, respondents = settings["icc"], inputs["respondents"]
    noise = math.sqrt((1 - icc) / (icc * respondents))  # of a mean; branches differ by 1
    draw = seeded(3)
    found = sorted(_study(paths, inputs["branches"], noise, draw) for _ in range(STUDIES))
    reliability = 1 / (1 + noise**2)
    product = paths[0] * paths[1] * paths[2]
    values = {
        "product": product,
        "reliability": reliability,
        # The means of staff blur two links, those of passengers two as well.
        "expected": product * reliability**2,
        "middle": (found[STUDIES // 2 - 1] + found[STUDIES // 2]) / 2,
        "low": found[7],  # 2.5% of 300 lie outside on either side
        "high": found[-8],
        "wrong_sign": 100 * sum(each <= 0 for each in found) / STUDIES,
        "answers": 2 * inputs["branches"] * respondents,
    }
    return values, "sure" if values["wrong_sign"] <= 5 else "unsure"


def _study(paths: list[float], branches: int, noise: float, draw: Callable[[], float]) -> float:
    """Multiply the three correlations that one study of so many branches finds."""

    def normal() -> float:  # near enough: four draws, mean 0, variance 1
        return (draw() + draw() + draw() + draw() - 2) * math.sqrt(3)

    columns: list[list[float]] = [[], [], [], []]
    for _ in range(branches):
        level = normal()
        columns[0].append(level)
        for link, path in enumerate(paths):
            level = path * level + math.sqrt(1 - path * path) * normal()
            columns[link + 1].append(level + noise * normal() if link < 2 else level)
    result = 1.0
    for x, y in zip(columns, columns[1:], strict=False):
        result *= _correlation(x, y)
    return result


def _correlation(x: list[float], y: list[float]) -> float:
    n, sx, sy, sxx, syy, sxy = len(x), 0.0, 0.0, 0.0, 0.0, 0.0
    for a, b in zip(x, y, strict=True):
        sx, sy, sxx, syy, sxy = sx + a, sy + b, sxx + a * a, syy + b * b, sxy + a * b
    return (n * sxy - sx * sy) / math.sqrt((n * sxx - sx * sx) * (n * syy - sy * sy))
