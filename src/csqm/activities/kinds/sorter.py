"""The sorter: cards into bins."""

from collections.abc import Iterator
from html import escape
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.text import listed, say

__all__ = ["Sorter"]


class Sorter(Activity):
    """Cards to be put into bins; some cards fit more than one.

    Where the content has scales, each card says what is at stake on them and each bin what it
    looks after, and the two are set against each other.
    """

    kind = "sorter"
    empty = {"places": {}}

    @classmethod
    def faults(cls, content: dict[str, Any]) -> Iterator[Fault]:  # noqa: D102
        yield from repeated_ids(("bins",), content["bins"])
        yield from repeated_ids(("cards",), content["cards"])
        bins = [each["id"] for each in content["bins"]]
        for position, card in enumerate(content["cards"]):
            notes = card.get("wrong", {})
            for field, ids in (("in", card["in"]), ("wrong", notes)):
                for unknown in (each for each in ids if each not in bins):
                    rule = say("activities.rule_unknown_id", found=unknown, known=listed(bins))
                    yield ("cards", position, field), rule
            for right in (each for each in notes if each in card["in"]):
                rule = say("activities.rule_feedback_right", found=right)
                yield ("cards", position, "wrong", right), rule
        scales = {each["id"] for each in content.get("scales", [])}
        for entries, field in (("bins", "serves"), ("cards", "stakes")):
            for position, each in enumerate(content[entries]):
                if each.get(field, {}).keys() != scales:
                    rule = say("activities_sorter.rule_scales", known=listed(sorted(scales)))
                    yield (entries, position, field), rule

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:  # noqa: D102
        if not isinstance(answer, dict) or answer.keys() != {"places"}:
            return False
        places = answer["places"]
        return (
            isinstance(places, dict)
            and places.keys() <= {card["id"] for card in content["cards"]}
            and all(place in [each["id"] for each in content["bins"]] for place in places.values())
        )

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:  # noqa: D102
        bins = {each["id"]: each for each in content["bins"]}
        items = {}
        for card in content["cards"]:
            place = answer["places"].get(card["id"])
            stakes = _stakes(content, card, words)
            if place is None:
                items[card["id"]] = {"state": "missing"}
            elif place in card["in"]:
                items[card["id"]] = {"state": "right", "text": card["why"] + stakes}
            else:
                about = words["sorter_not_here"].format(
                    bin=bins[place]["label"], about=bins[place]["about"]
                )
                reason = card.get("wrong", {}).get(place, about)
                text = words["sorter_wrong"].format(reason=reason, hint=card["hint"]) + stakes
                items[card["id"]] = {
                    "state": "wrong",
                    "text": text,
                    "line": f"{card['text']} → {bins[place]['label']}: {text}",
                }
        states = [item["state"] for item in items.values()]
        right, missing, total = states.count("right"), states.count("missing"), len(states)
        lines = [words["sorter_summary"].format(right=right, total=total)]
        if missing:
            lines.append(words["sorter_missing"].format(missing=missing))
        if "wrong" in states:
            lines.append(words["sorter_next"])
        groups = [{"title": "", "lines": lines}]
        placed = [
            (card["stakes"], bins[answer["places"][card["id"]]]["serves"])
            for card in content["cards"]
            if "scales" in content and card["id"] in answer["places"]
        ]
        if placed:
            groups.append(
                {
                    "title": words["sorter_scales"],
                    "lines": [_scale_line(scale, placed, words) for scale in content["scales"]],
                }
            )
        return {"points": right / total, "groups": groups, "items": items}

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        bins = "".join(
            f"<li><strong>{escape(each['label'])}</strong> {escape(each['about'])}</li>"
            for each in content["bins"]
        )
        cards = "".join(f"<li>{escape(card['text'])}</li>" for card in content["cards"])
        return f"<ul>{bins}</ul><ol>{cards}</ol>"


def _stakes(content: dict[str, Any], card: dict[str, Any], words: dict[str, str]) -> str:
    if "scales" not in content:
        return ""
    named = [f"{each['label']} {card['stakes'][each['id']]}" for each in content["scales"]]
    return words["sorter_stakes"].format(stakes=words["ui_list"].join(named))


def _scale_line(scale: dict[str, str], placed: list[tuple[dict, dict]], words: dict) -> str:
    """Say how much of what was at stake the chosen bins look after, and what they spend beyond."""
    pairs = [(stakes[scale["id"]], serves[scale["id"]]) for stakes, serves in placed]
    return words["sorter_scale"].format(
        scale=scale["label"],
        kept=sum(min(pair) for pair in pairs),
        stakes=sum(stake for stake, _ in pairs),
        beyond=sum(max(0, served - stake) for stake, served in pairs),
    )
