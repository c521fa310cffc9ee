"""A dashboard: what its indicators cover, and how often its alarms will be false or late."""

from typing import Any

__all__ = ["INPUTS", "LABELS", "VALUES", "compute"]

INDICATORS = (
    "csat", "nps", "mean_score", "morale", "late", "punctual", "first_time", "training", "turnover",
    "complaints", "within_15", "inspections",
)  # fmt: skip
FIELDS = ("customer", "employee", "process", "compliance")
INPUTS = (*INDICATORS, "rule", "review")
VALUES = (
    "chosen", "fields", *FIELDS, "leading", "lagging", "balance", "twins_late", "twins_satisfied",
    "without_n", "faults", "reviews", "false_alarms", "months", "hours",
)  # fmt: skip
LABELS = (
    *FIELDS, "coverage", "indicators", "field", "kinds", "alarms", "alarms_y", "rule", "wait",
    "wait_y", "limit", "any", "two", "three", "runs",
)  # fmt: skip
NEVER = 99  # months that a dashboard without indicators needs


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Count what the ticked indicators cover; expect alarms from rule, number and rhythm."""
    chosen = [name for name in INDICATORS if inputs[name]]
    of = {name: sum(settings["field"][each] == name for each in chosen) for name in FIELDS}
    leading = sum(each in settings["leading"] for each in chosen)
    reviews = settings["reviews"][inputs["review"]]
    false_alarms = len(chosen) * reviews * settings["false_alarm"][inputs["rule"]] / 100
    values = {
        "chosen": len(chosen),
        "fields": sum(count > 0 for count in of.values()),
        **of,
        "leading": leading,
        "lagging": len(chosen) - leading,
        "balance": min(leading, len(chosen) - leading),
        "twins_late": int(inputs["late"] and inputs["punctual"]),
        "twins_satisfied": int(inputs["csat"] and inputs["mean_score"]),
        "without_n": int(inputs["nps"]),
        "reviews": reviews,
        "false_alarms": false_alarms,
        "months": settings["signal"][inputs["review"]][inputs["rule"]] * 12 / reviews
        if chosen
        else NEVER,
        "hours": reviews * (settings["meeting"] + settings["reading"] * len(chosen))
        + false_alarms * settings["hunt"],
    }
    values["faults"] = sum(values[name] for name in ("twins_late", "twins_satisfied", "without_n"))
    values["faults"] += not chosen  # an empty dashboard is not a sound one
    return values, inputs["rule"] if chosen else "none"
