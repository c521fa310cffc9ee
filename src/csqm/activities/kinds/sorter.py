"""The sorter: cards into bins."""

from collections.abc import Iterator
from html import escape
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.text import listed, say

__all__ = ["Sorter"]


class Sorter(Activity):
    """Cards to be put into bins; some cards fit more than one."""

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
            if place is None:
                items[card["id"]] = {"state": "missing"}
            elif place in card["in"]:
                items[card["id"]] = {"state": "right", "text": card["why"]}
            else:
                about = words["sorter_not_here"].format(
                    bin=bins[place]["label"], about=bins[place]["about"]
                )
                reason = card.get("wrong", {}).get(place, about)
                text = words["sorter_wrong"].format(reason=reason, hint=card["hint"])
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
        return {
            "points": right / total,
            "groups": [{"title": "", "lines": lines}],
            "items": items,
        }

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        bins = "".join(
            f"<li><strong>{escape(each['label'])}</strong> {escape(each['about'])}</li>"
            for each in content["bins"]
        )
        cards = "".join(f"<li>{escape(card['text'])}</li>" for card in content["cards"])
        return f"<ul>{bins}</ul><ol>{cards}</ol>"
