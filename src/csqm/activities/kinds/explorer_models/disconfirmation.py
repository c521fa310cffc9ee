"""Satisfaction with a kept or broken promise, and which promise pays over many trips."""

from typing import Any

from csqm.activities.seeded import seeded

__all__ = ["INPUTS", "LABELS", "VALUES", "compute"]

INPUTS = ("expectation", "performance", "spread", "loss_ratio", "tolerance")
VALUES = ("gap", "satisfaction", "points", "best_promise", "promise_gap", "loss")
LABELS = ("title", "x", "y", "zone", "here", "long_title", "long_x", "long_y", "yours")
PASSENGERS = 200
PROMISES = [step / 10 for step in range(101)]


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Compute one trip's satisfaction, and what every promise earns in the long run."""
    half, ratio = inputs["tolerance"] / 2, inputs["loss_ratio"]

    def satisfaction(gap: float) -> float:
        better, worse = max(gap - half, 0), min(gap + half, 0)
        felt = settings["base"] + settings["gain"] * (better + ratio * worse)
        return min(100, max(0, felt))

    def stays(felt: float) -> float:
        return min(1, max(0, (felt - settings["lost"]) / (settings["kept"] - settings["lost"])))

    draw = seeded(2)
    firsts, later = [], []
    for _ in range(PASSENGERS):
        trips = [_trip(inputs, draw) for _ in range(settings["trips"])]
        worth = 0.0
        for before, now in reversed(list(zip(trips, trips[1:], strict=False))):
            felt = satisfaction(now - before)  # by now the last trip is what is expected
            worth = felt + stays(felt) * worth
        firsts.append(trips[0])
        later.append(worth)

    def points(promise: float) -> float:
        total = 0.0
        for first, worth in zip(firsts, later, strict=True):
            felt = satisfaction(first - promise)
            total += felt + stays(felt) * worth
        orders = (settings["orders"] + settings["pull"] * promise) / 100
        return orders * total / PASSENGERS / settings["trips"]

    earned = [points(promise) for promise in PROMISES]
    best = max(range(len(earned)), key=lambda k: (round(earned[k], 9), -k))
    gap = inputs["performance"] - inputs["expectation"]
    values = {
        "gap": gap,
        "satisfaction": satisfaction(gap),
        "points": points(inputs["expectation"]),
        "best_promise": PROMISES[best],
        "promise_gap": inputs["expectation"] - PROMISES[best],
    }
    values["loss"] = earned[best] - values["points"]
    beyond = "above" if gap > half + 1e-9 else "within"
    return values, "below" if gap < -half - 1e-9 else beyond


def _trip(inputs: dict[str, Any], draw: Any) -> float:
    """Draw how one trip goes: around the performance, up to the spread away."""
    return min(10, max(0, inputs["performance"] + inputs["spread"] * (draw() + draw() - 1)))
