"""The quiz: questions with one right option, and a note on every option."""

from collections.abc import Iterator
from html import escape
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.text import say

__all__ = ["Quiz"]


class Quiz(Activity):
    """Questions; every option, right or wrong, says why."""

    kind = "quiz"
    empty = {"choices": {}}

    @classmethod
    def faults(cls, content: dict[str, Any]) -> Iterator[Fault]:  # noqa: D102
        yield from repeated_ids(("questions",), content["questions"])
        for position, question in enumerate(content["questions"]):
            where = ("questions", position, "options")
            yield from repeated_ids(where, question["options"])
            right = sum(option.get("right", False) for option in question["options"])
            if right != 1:
                yield where, say("activities.rule_one_right", found=right)

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:  # noqa: D102
        if not isinstance(answer, dict) or answer.keys() != {"choices"}:
            return False
        options = {
            question["id"]: [option["id"] for option in question["options"]]
            for question in content["questions"]
        }
        return isinstance(answer["choices"], dict) and all(
            question in options and option in options[question]
            for question, option in answer["choices"].items()
        )

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:  # noqa: D102
        items = {}
        missing = []
        for number, question in enumerate(content["questions"], start=1):
            chosen = answer["choices"].get(question["id"])
            if chosen is None:
                items[question["id"]] = {"state": "missing"}
                missing.append(str(number))
                continue
            option = next(each for each in question["options"] if each["id"] == chosen)
            items[question["id"]] = {
                "state": "right" if option.get("right", False) else "wrong",
                "text": option["why"],
                "line": f"{words['quiz_question'].format(number=number)}: {option['why']}",
            }
        states = [item["state"] for item in items.values()]
        right, total = states.count("right"), len(states)
        lines = [words["quiz_summary"].format(right=right, total=total)]
        if missing:
            lines.append(words["quiz_missing"].format(missing=words["ui_list"].join(missing)))
        if "wrong" in states:
            lines.append(words["quiz_next"])
        return {
            "points": right / total,
            "groups": [{"title": "", "lines": lines}],
            "items": items,
        }

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        questions = []
        for question in content["questions"]:
            options = "".join(f"<li>{escape(each['text'])}</li>" for each in question["options"])
            questions.append(f"<li><p>{escape(question['text'])}</p><ul>{options}</ul></li>")
        return f"<ol>{''.join(questions)}</ol>"
