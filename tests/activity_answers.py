"""A right, a partly right and a wrong answer to every activity, for the tests that drive them.

Where the content of a kind holds its key, the three are made from it. An activity of another kind
needs its three answers in `ANSWERS`.
"""

from typing import NamedTuple

import test_activities_explorer as explorers
import test_activities_roleplay as roleplays
from activity_helpers import content_of
from test_activities_form import BEST_TEXT, CHAIN, chain
from test_activities_matrix import offers

from csqm.activities.kinds.map import PLANS, TICKS


class Answers(NamedTuple):
    """Three answers, from the best to the worst."""

    right: dict
    partly: dict
    wrong: dict


MAIN = {  # the part of an answer that is set piece by piece
    "quiz": "choices",
    "sorter": "places",
    "explorer": "inputs",
    "form": "values",
    "matrix": "cells",
    "map": "actors",
    "chain": "customers",
}

SURVEYED = {
    "you.path": "analyst",
    "content.q1-relevant": "4",
    "content.q2-clear": "0",
    "content.q3-lost": "2",
    "practice.q4-exercises": "5",
    "practice.q5-feedback": "4",
    "practice.q6-setup": "1",
    "use.q7-apply": "4",
    "use.q8-cases": "6",
    "use.q9-time": "3",
    "whole.overall": "8",
    "whole.recommend": "9",
    "whole.comment": "More cases from hospitals",
}

ANSWERS = {
    # nothing in a survey is right or wrong: it counts what is answered
    "course-survey": Answers(
        {"values": SURVEYED},
        {"values": dict(list(SURVEYED.items())[:7])},
        {"values": dict(list(SURVEYED.items())[:1])},
    ),
    "ipa-cross-hair": Answers(
        {
            "inputs": {
                "importance": "derived",
                "cross": "mean",
                "shift_importance": -0.2,
                "shift_performance": 0.2,
            }
        },
        {"inputs": {"importance": "derived"}},
        {"inputs": {"shift_importance": 0.9}},
    ),
    "five-whys": Answers(
        chain(*CHAIN),
        chain(*CHAIN[:2], ("weather", "Because of the rain that day")),
        chain(("opinion", "The driver was careless and did not look")),
    ),
    "action-plan": Answers(
        {
            "values": BEST_TEXT
            | {"do.owner": "dispatch", "act.proof": "count", "act.next": "again"},
        },
        {"values": BEST_TEXT | {"do.owner": "everyone", "act.proof": "best"}},
        {
            "values": {
                "plan.problem": "Rides are often late",
                "do.owner": "everyone",
                "do.date": "2026-11-23",
                "check.target": 2,
            }
        },
    ),
    "kano-desk": Answers(
        {
            "cells": {
                row: {"present": "1", "absent": "5"}
                for row in ("belt", "arrival", "quiet", "charger", "card", "adverts")
            },
            "counts": {"A": 60, "O": 38, "M": 20, "I": 70, "R": 8, "Q": 4},
        },
        {"cells": {"belt": {"present": "3", "absent": "5"}, "quiet": {"present": "1"}}},
        {"cells": {"belt": {"present": "1"}}},
    ),
    "logrolling-table": Answers(
        offers("middle middle middle", "low early fast"),
        offers("middle middle middle"),
        offers("high early slow"),
    ),
}
ANSWERS |= {
    slug: Answers(
        {"inputs": explorers.RIGHT[slug]},
        {"inputs": explorers.PARTLY[slug][0]},
        {"inputs": explorers.WRONG[slug][0]},
    )
    for slug in explorers.RIGHT
}
ANSWERS |= {
    slug: Answers(
        *(
            roleplays.finished(level[slug][1])
            for level in (roleplays.BEST, roleplays.PARTLY, roleplays.WORST)
        )
    )
    for slug in roleplays.SLUGS
}


def answers(slug: str) -> Answers:
    """Return the three answers to an activity."""
    content = content_of(slug)
    key = keys_of(content)
    if slug in ANSWERS:
        return ANSWERS[slug]
    assert key, f"Add a right, a partly right and a wrong answer to {slug} to ANSWERS in {__file__}"
    half = len(key) // 2
    parts = {
        "right": [right for right, _ in key],
        "partly": [pair[number >= half] for number, pair in enumerate(key)],
        "wrong": [wrong for _, wrong in key],
    }
    return Answers(**{level: joined(content, chosen) for level, chosen in parts.items()})


def begun(kind, answer):
    """Return an answer without the last thing that was done for it."""
    if kind == "roleplay":
        return {"trace": answer["trace"][:-1], "finished": []}
    pieces = dict(answer[MAIN[kind]])
    pieces.popitem()
    return answer | {MAIN[kind]: pieces}


def keys_of(content: dict) -> list[tuple]:
    """Return a right and a wrong choice for each item, as the content's key tells them."""
    match content["kind"]:
        case "quiz":
            return [quiz_pair(question) for question in content["questions"]]
        case "sorter":
            return [sorter_pair(content, card) for card in content["cards"]]
        case "chain":
            return [chain_pair(content, step) for step in content["steps"]]
        case "map":
            return [map_pair(actor) for actor in content["actors"]]
        case "matrix" if "key" in content:
            return house_pairs(content)
        case "form":
            return form_pairs(content)
    return []


def first(ids, other):
    """Return the first of the ids that is not among the others."""
    return next(each for each in ids if each not in other)


def ids(entries):
    """Return the ids of entries of the content."""
    return [each["id"] for each in entries]


def quiz_pair(question):
    right = [each["id"] for each in question["options"] if each.get("right")]
    wrong = first(ids(question["options"]), right)
    return (question["id"], right[0]), (question["id"], wrong)


def sorter_pair(content, card):
    wrong = first(ids(content["bins"]), card["in"])
    return (card["id"], card["in"][-1]), (card["id"], wrong)


def chain_pair(content, step):
    wrong = first(ids(content["parties"]), [step["customer"]])
    return (step["id"], step["customer"]), (step["id"], wrong)


def map_pair(actor):
    panel = actor["panel"]
    levels = tuple("high" if panel[axis] > 5 else "low" for axis in ("power", "interest"))
    right = {"power": panel["power"], "interest": panel["interest"], "plan": PLANS[levels]}
    if panel["ticks"]:
        right["ticks"] = [tick for tick in TICKS if tick in panel["ticks"]]
    wrong = {"power": 8, "interest": 8, "plan": "monitor"}
    return (actor["id"], right), (actor["id"], wrong)


def house_pairs(content):
    choices = ids(content["choices"])
    return [
        tuple(
            (entry["row"], entry["column"], choice)
            for choice in (entry["accept"][0], first(choices, entry["accept"]))
        )
        for entry in content["key"]
    ]


def form_pairs(content):
    pairs = []
    for section in content["sections"]:
        for field in section["fields"]:
            rules = {rule["rule"]: rule for rule in field["rules"]}
            due = rules.get("has_all") or rules.get("one_of")
            if due is None:
                return []  # free text: nothing in the content is a whole answer
            options = field["options"]
            known = ids(content["lists"][options] if isinstance(options, str) else options)
            wrong = first(known, due["values"])
            key = f"{section['id']}.{field['id']}"
            ticks = field["input"] == "ticks"
            right = [each for each in known if each in due["values"]] if ticks else due["values"][0]
            pairs.append(((key, right), (key, [wrong] if ticks else wrong)))
    return pairs


def joined(content: dict, chosen: list[tuple]) -> dict:
    """Return the answer that consists of these choices."""
    match content["kind"]:
        case "quiz":
            return {"choices": dict(chosen)}
        case "sorter":
            return {"places": dict(chosen)}
        case "chain":
            right = [step["customer"] for step in content["steps"]]
            wrong = not any(who == it for (_, who), it in zip(chosen, right, strict=True))
            order = [] if wrong else ids(content["steps"])
            return {"order": order, "customers": dict(chosen), "yields": {}}
        case "map":
            return {"actors": dict(chosen)}
        case "form":
            return {"values": dict(chosen)}
    cells: dict = {}
    for row, column, choice in chosen:
        cells.setdefault(row, {})[column] = choice
    return {"cells": cells}
