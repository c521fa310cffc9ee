"""Importance and performance: where the cross lies, and which importance is meant."""

from math import sqrt
from typing import Any

INPUTS = ("importance", "cross", "shift_importance", "shift_performance")
VALUES = (
    "is_derived",
    "changed",
    "flipped",
    "largest_shift",
    "line_importance",
    "line_performance",
)
LABELS = ("title", "performance", "stated", "derived", "keep_up", "concentrate", "low_priority")
LABELS += ("overkill", "before", "names")
MIDPOINT = 3  # of the scale from 1 to 5


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Compute the lines and how many attributes change their quadrant."""
    which, cross = inputs["importance"], inputs["cross"]
    plain = quadrants(settings, which, cross, 0, 0)
    shifts = inputs["shift_importance"], inputs["shift_performance"]
    here = quadrants(settings, which, cross, *shifts)
    stated = quadrants(settings, "stated", cross, *shifts)
    lines = cross_of(settings, which, cross, *shifts)
    values = {
        "is_derived": int(which == "derived"),
        "changed": sum(a != b for a, b in zip(here, stated, strict=True)),
        "flipped": sum(a != b for a, b in zip(here, plain, strict=True)),
        "largest_shift": max(map(abs, shifts)),
        "line_importance": lines[0],
        "line_performance": lines[1],
    }
    return values, f"{which}_{cross}" if not any(shifts) else "moved"


def quadrants(
    settings: dict[str, Any], which: str, cross: str, importance: float, performance: float
) -> list[str]:
    """Name the quadrant of each attribute, as `csqm.ipa.grid` does."""
    lines = cross_of(settings, which, cross, importance, performance)
    names = {
        (True, True): "keep_up",
        (True, False): "concentrate",
        (False, False): "low_priority",
        (False, True): "overkill",
    }
    # On a line counts as high; the machine's rounding decides nothing.
    return [
        names[i >= lines[0] - 1e-9, p >= lines[1] - 1e-9]
        for i, p in zip(settings[which], settings["performance"], strict=True)
    ]


def cross_of(
    settings: dict[str, Any], which: str, cross: str, importance: float, performance: float
) -> tuple[float, float]:
    """Return both lines; a shift is in standard deviations over the attributes."""
    # Derived importance is on no rating scale, so it has no midpoint.
    on_scale = "mean" if which == "derived" and cross == "midpoint" else cross
    return (
        _middle(settings[which], on_scale) + importance * _spread(settings[which]),
        _middle(settings["performance"], cross) + performance * _spread(settings["performance"]),
    )


def _middle(values: list[float], cross: str) -> float:
    if cross == "midpoint":
        return MIDPOINT
    if cross == "mean":
        return _total(values) / len(values)
    low, high = sorted(values)[(len(values) - 1) // 2], sorted(values)[len(values) // 2]
    return (low + high) / 2


def _spread(values: list[float]) -> float:
    middle = _total(values) / len(values)
    return sqrt(_total([(value - middle) * (value - middle) for value in values]) / len(values))


def _total(values: list[float]) -> float:
    total = 0.0  # plainly, as the script does: `sum` compensates for rounding
    for value in values:
        total += value
    return total
