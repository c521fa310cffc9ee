"""A complaint desk for 30 days: what waits, who rings again, what it costs, and what feels fair."""

import math
from typing import Any

from csqm.activities.seeded import seeded

__all__ = ["INPUTS", "KINDS", "LABELS", "VALUES", "compute", "month"]

KINDS = ("safety", "no_show", "late", "fare", "conduct", "lost")
INPUTS = (*(f"urgent_{kind}" for kind in KINDS), "order", "staff", "authority", "acknowledge")
VALUES = (
    "cases", "in_time", "low", "high", "open", "most_open", "overdue", "repeats", "on_the_spot",
    "bought_off", "safety", "behind", "short", "urgent_share", "unused", "wages", "paid",
    "unfounded", "cost", "distributive", "procedural", "interactional", "weakest",
)  # fmt: skip
LABELS = (
    "backlog", "day", "open", "fairness", "kind", "score",
    "distributive", "procedural", "interactional", "legend",
)  # fmt: skip
DAYS, LIMIT = 30, 15  # a month, and the days of the Consumer Protection Act
MONTHS = 20


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Run one month, and 19 others for safety and for the range of what is in time."""
    months = [month(seed + 1, inputs, settings)[0] for seed in range(MONTHS)]
    values = months[0]
    shares = [each["in_time"] for each in months]
    values |= {"low": min(shares), "high": max(shares)}
    for name in ("safety", "behind", "short"):
        values[name] = sum(each[name] for each in months)
    if values["behind"]:
        return values, "danger"
    return values, "late" if values["in_time"] < settings["goal"] - 1e-9 else "steady"


def _arrivals(seed: int, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Draw who complains on which day, of what, asking how much; the same for all settings."""
    draw = seeded(seed)
    cases = []
    for day in range(1, DAYS + 1):
        first, last = settings["rain"]
        chance = settings["chance_rain"] if first <= day <= last else settings["chance"]
        for _ in range(sum(draw() < chance for _ in range(settings["passengers"]))):
            left, kind = draw(), 0
            while kind < len(KINDS) - 1 and left >= settings["share"][KINDS[kind]]:
                left -= settings["share"][KINDS[kind]]
                kind += 1
            low, high = settings["claim"][KINDS[kind]]
            case: dict[str, Any] = {"day": day, "kind": KINDS[kind], "spot": False, "rings": 0}
            case |= {"closed": 0, "ready": 0, "begun": 0, "rushed": False}
            case["claim"] = 10 * math.floor((low + draw() * (high - low)) / 10)
            case["founded"] = draw() >= settings["unfounded"]
            case["patience"] = 2 + 2 * draw()  # days until a passenger without news rings again
            case["hours"] = settings["hours"][case["kind"]] + (case["claim"] > 0)
            cases.append(case)
    return cases


def month(
    seed: int, inputs: dict[str, Any], settings: dict[str, Any]
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Return what came of one month, and its cases."""
    cases = _arrivals(seed, settings)
    staff, told = inputs["staff"], inputs["acknowledge"]
    for case in cases:
        case["urgent"] = inputs[f"urgent_{case['kind']}"]
    others = set()  # days on which somebody worked on a case that is not about safety
    backlog, open_cases, hours = [], [], 0.0
    for day in range(1, DAYS + 1):
        hours = min(0, hours) + staff * settings["day"]  # calls beyond a day's hours cost the next
        for case in open_cases:
            if case["ready"] and case["ready"] <= day:
                case["closed"] = day
            else:
                # News with a date makes passengers wait twice as long.
                due = math.floor((day - case["day"]) / (case["patience"] * (1 + told)))
                hours -= settings["intake"] * (due - case["rings"])
                case["rings"] = due
        for case in (each for each in cases if each["day"] == day):
            hours -= settings["intake"] + settings["letter"] * told
            case["spot"] = 0 < case["claim"] <= inputs["authority"]
            if case["spot"]:
                hours -= settings["intake"]
                case["closed"] = day
                case["rings"] = 2 * (case["kind"] == "conduct")  # nobody has listened
            else:
                open_cases.append(case)
        queue = [case for case in open_cases if not case["closed"] and not case["ready"]]
        if inputs["order"] == "urgent":
            queue.sort(key=lambda case: not case["urgent"])
        elif inputs["order"] == "quick":
            queue.sort(key=lambda case: case["hours"])
        rushed = len(queue) > settings["rushed"] * staff
        for case in queue:
            if hours <= 1e-9:
                break
            if not case["begun"]:
                case |= {"begun": day, "rushed": rushed}
            if case["kind"] != "safety":
                others.add(day)
            spent = min(hours, case["hours"])
            hours -= spent
            case["hours"] -= spent
            if case["hours"] <= 1e-9 and case["claim"]:
                case["ready"] = day + settings["approval"]
            elif case["hours"] <= 1e-9:
                case["closed"] = day
        open_cases = [case for case in open_cases if not case["closed"]]
        backlog.append(len(open_cases))

    safety = [case for case in cases if case["kind"] == "safety"]
    waited = [case["day"] for case in safety if case["begun"] != case["day"]]
    behind = sum(day in others for day in waited)
    urgent = sum(case["urgent"] for case in cases)
    values = {
        "cases": len(cases),
        "open": backlog[-1],
        "most_open": max(backlog),
        "safety": len(safety),
        "behind": behind,
        "short": len(waited) - behind,
        "urgent_share": 100 * urgent / len(cases),
        "unused": urgent if inputs["order"] != "urgent" else 0,
    }
    wages = staff * settings["day"] * settings["wage"] * DAYS
    return values | _results(cases, told, wages), cases


def _results(cases: list[dict[str, Any]], told: bool, wages: float) -> dict[str, float]:
    """Count what came of the cases; the scores of fairness are judgements (see the content)."""
    judged = in_time = overdue = bought = outcome = procedure = treatment = paid = unfounded = 0.0
    for case in cases:
        wait = (case["closed"] or DAYS) - case["day"]
        sold = case["spot"] and case["kind"] == "conduct"
        bought += sold
        if case["closed"] or wait > LIMIT:
            judged += 1
            in_time += wait <= LIMIT
            overdue += not case["closed"]
            outcome += 0 if not case["closed"] else 60 if wait > LIMIT else 30 if sold else 100
        procedure += max(0, 100 - 5 * max(0, wait - 1) - 15 * case["rings"])
        treatment += max(
            0, 100 - 70 * sold - 25 * case["rushed"] - 30 * (not told and not case["spot"])
        )
        if case["claim"] and case["closed"] and (case["spot"] or case["founded"]):
            paid += case["claim"]
            unfounded += 0 if case["founded"] else case["claim"]
    justice = {
        "distributive": outcome / judged,
        "procedural": procedure / len(cases),
        "interactional": treatment / len(cases),
    }
    return {
        "in_time": 100 * in_time / judged,
        "overdue": overdue,
        "repeats": 100 * sum(case["rings"] for case in cases) / len(cases),
        "on_the_spot": sum(case["spot"] for case in cases),
        "bought_off": bought,
        "wages": wages,
        "paid": paid,
        "unfounded": unfounded,
        "cost": wages + paid,
        **justice,
        "weakest": min(justice.values()),
    }
