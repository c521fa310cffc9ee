"""A p chart of complaints: how often it rings for nothing, and how late when something changed."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from csqm.activities.seeded import seeded
from csqm.spc import run_rules

__all__ = ["INPUTS", "LABELS", "RULES", "VALUES", "compute", "counted", "drawn"]

RULES = (
    "beyond_limits", "two_of_three", "four_of_five", "eight_on_one_side", "six_trending",
    "fourteen_alternating",
)  # fmt: skip
INPUTS = ("days", "baseline", "limits", *RULES, "luck", "shift", "week")
VALUES = (
    "rides", "centre", "lower", "upper", "sigma_z", "narrow", "rules", "false_alarms",
    "false_share", "found", "never", "polluted", "clean", "hunting", "waiting", "cost", "changed",
)  # fmt: skip
LABELS = ("title", "x", "y", "baseline", "change", "limit", "legend")
SERIES = 200
YEAR, HALF = 364, 182  # days: 52 weeks are watched without a change, 26 after it


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Chart 200 years in which nothing changes, and 200 in which the shift comes."""
    days, baseline, start = int(inputs["days"]), inputs["baseline"], 7 * inputs["week"]
    first = max(baseline, start // days)  # the first point that is watched and may hold the shift
    last = -(-(start + HALF) // days)
    still, quiet = {**inputs, "shift": 0}, range(baseline, baseline + YEAR // days)
    rung = _rung([_scores(k, quiet, still, settings) for k in range(SERIES)], inputs)
    alarms = sum(_alarms(each[baseline:]) for each in rung)
    watched = range(first, last)
    rung = _rung([_scores(k, watched, inputs, settings) for k in range(SERIES)], inputs)
    waits = []
    for each in rung:
        signals = np.flatnonzero(each[baseline:])
        waits.append((first + signals[0] + 1) * days - start if len(signals) else HALF)
    found = sum(waits) / SERIES

    counts, size = drawn(inputs, settings)
    centre, sigma, sigma_z = _limits(counts[:baseline], size, inputs["limits"])
    polluted = max(0, baseline - start // days)
    hunting = alarms / SERIES * settings["hunt"]
    extra = settings["rides"] / 7 * settings["rate"] * inputs["shift"] / 100
    waiting = found * extra * settings["complaint"]
    values = {
        "rides": size,
        "centre": 1000 * centre,
        "lower": 1000 * max(0, centre - 3 * sigma),
        "upper": 1000 * (centre + 3 * sigma),
        "sigma_z": sigma_z,
        "narrow": sigma_z if inputs["limits"] == "p" else 1,
        "rules": sum(inputs[rule] for rule in RULES),
        "false_alarms": alarms / SERIES,
        "false_share": 100 * alarms / SERIES / (YEAR // days),
        "found": found,
        "never": 100 * sum(not each[baseline:].any() for each in rung) / SERIES,
        "polluted": polluted,
        "clean": 0 if polluted else baseline,
        "hunting": hunting,
        "waiting": waiting,
        "cost": hunting + waiting,
        "changed": sum(inputs[name] != settings["case"][name] for name in settings["case"]),
    }
    if not values["rules"]:
        return values, "deaf"
    if not inputs["shift"]:
        return values, "still"
    if polluted:
        return values, "polluted"
    return values, "noisy" if values["false_alarms"] > settings["goal"] + 1e-9 else "sound"


def drawn(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[list[int], int]:
    """Return the counts of the series that the chart shows, and the rides behind each."""
    days, start = int(inputs["days"]), 7 * inputs["week"]
    last = max(-(-(start + HALF) // days), inputs["baseline"] + 1)
    return _counts(settings["seed"], range(last), inputs, settings)


def counted(draw: Callable[[], float], size: int, rate: float) -> int:
    """Draw how many of `size` rides bring a complaint."""
    left, share, count = draw(), (1 - rate) ** size, 0
    while left >= share and count < size:
        left -= share
        count += 1
        share *= rate / (1 - rate) * (size - count + 1) / count
    return count


def _counts(
    seed: int, points: Iterable[int], inputs: dict[str, Any], settings: dict[str, Any]
) -> tuple[list[int], int]:
    """Draw the points of one series; each week has a luck of its own."""
    draw = seeded(seed)
    days, start = int(inputs["days"]), 7 * inputs["week"]
    size = settings["rides"] * days // 7
    counts, week, luck = [], -1, 1.0

    def luck_of_a_week() -> float:  # three draws: mean 1, nearly normal
        z = 2 * (draw() + draw() + draw()) - 3
        return 1 + inputs["luck"] / 100 * z

    for point in points:
        if point * days // 7 != week:
            week = point * days // 7
            weeks = max(1, days // 7)
            luck = sum(luck_of_a_week() for _ in range(weeks)) / weeks
        after = min(1, max(0, ((point + 1) * days - start) / days))
        rate = settings["rate"] * luck * (1 + inputs["shift"] / 100 * after)
        counts.append(counted(draw, size, rate))
    return counts, size


def _limits(baseline: list[int], size: int, kind: str) -> tuple[float, float, float]:
    """Return centre and sigma of the chart, and Laney's factor; never 0 by a chance of drawing."""
    centre = max(1, sum(baseline)) / (len(baseline) * size)
    sigma = math.sqrt(centre * (1 - centre) / size)
    moves = sum(abs(now - before) for before, now in zip(baseline, baseline[1:], strict=False))
    sigma_z = max(0.01, moves / size / sigma / (len(baseline) - 1) / 1.128)
    return centre, sigma if kind == "p" else sigma_z * sigma, sigma_z


def _scores(
    seed: int, watched: Iterable[int], inputs: dict[str, Any], settings: dict[str, Any]
) -> np.ndarray:
    """Return baseline and watched points of a series, in sigmas from the centre."""
    before, size = _counts(2 * seed, range(inputs["baseline"]), inputs, settings)
    after, _ = _counts(2 * seed + 1, watched, inputs, settings)
    centre, sigma, _ = _limits(before, size, inputs["limits"])
    return (np.array(before + after) / size - centre) / sigma


def _rung(series: list[np.ndarray], inputs: dict[str, Any]) -> list[np.ndarray]:
    """Say for each point of each series whether a rule holds."""
    rules = [rule for rule in RULES if inputs[rule]]
    if not rules:
        return [np.zeros(len(each), dtype=bool) for each in series]
    # One call for all: eight points on the centre end every pattern.
    gap = np.zeros(8)
    z = np.concatenate([part for each in series for part in (each, gap)])
    chart = pd.DataFrame({"sample": range(len(z)), "value": z, "centre": 0.0, "sigma": 1.0})
    chart = chart.assign(lower=-3.0, upper=3.0, signal=abs(z) > 3)
    signal = run_rules(chart, rules=rules)["signal"].to_numpy()
    ends = np.cumsum([len(each) + 8 for each in series])
    return [signal[end - len(each) - 8 : end - 8] for each, end in zip(series, ends, strict=True)]


def _alarms(rung: np.ndarray) -> int:
    """Count alarms: neighbouring points that signal are one."""
    return int(np.sum(rung & ~np.concatenate([[False], rung[:-1]])))
