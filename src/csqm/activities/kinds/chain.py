"""The chain: steps of a process in order, the customer of each, and what their yields multiply to."""

import math
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.stakeholders import rolled_throughput_yield
from csqm.text import listed, say

__all__ = ["Chain"]

LOWEST, HIGHEST = 50, 100  # yields that may be tried, in per cent


class Chain(Activity):
    """Steps to be put in order, each with a customer and a yield."""

    kind = "chain"
    empty = {"order": [], "customers": {}, "yields": {}}

    @classmethod
    def faults(cls, content: dict[str, Any]) -> Iterator[Fault]:  # noqa: D102
        yield from repeated_ids(("steps",), content["steps"])
        yield from repeated_ids(("parties",), content["parties"])
        steps = [each["id"] for each in content["steps"]]
        parties = [each["id"] for each in content["parties"]]
        if sorted(content["start"]) != sorted(steps):
            yield ("start",), say("activities_chain.rule_start", known=listed(steps))
        for position, step in enumerate(content["steps"]):
            for unknown in (p for p in (step["customer"], *step["wrong"]) if p not in parties):
                rule = say("activities.rule_unknown_id", found=unknown, known=listed(parties))
                yield ("steps", position), rule
            if step["customer"] in step["wrong"]:
                rule = say("activities.rule_feedback_right", found=step["customer"])
                yield ("steps", position, "wrong", step["customer"]), rule

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:  # noqa: D102
        if not isinstance(answer, dict) or answer.keys() != {"order", "customers", "yields"}:
            return False
        order, customers, yields = answer["order"], answer["customers"], answer["yields"]
        steps = sorted(each["id"] for each in content["steps"])
        parties = [each["id"] for each in content["parties"]]
        return (
            isinstance(order, list)
            and all(isinstance(step, str) for step in order)
            and sorted(order) in ([], steps)
            and isinstance(customers, dict)
            and all(step in steps and who in parties for step, who in customers.items())
            and isinstance(yields, dict)
            and all(step in steps and _may_be_tried(each) for step, each in yields.items())
        )

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:  # noqa: D102
        steps = {each["id"]: each for each in content["steps"]}
        parties = {each["id"]: each["label"] for each in content["parties"]}
        follows = set(pairwise(steps))
        links = list(pairwise(answer["order"] or content["start"]))
        items = {}
        for step in content["steps"]:
            who = answer["customers"].get(step["id"])
            if who is None:
                items[step["id"]] = {"state": "missing"}
            elif who == step["customer"]:
                items[step["id"]] = {"state": "right", "text": step["why"]}
            else:
                text = step["wrong"].get(who, step["hint"])
                line = f"{step['text']} → {parties[who]}{words['chain_colon']}{text}"
                items[step["id"]] = {"state": "wrong", "text": text, "line": line}
        states = [item["state"] for item in items.values()]
        in_order = sum(link in follows for link in links)
        right, missing = states.count("right"), states.count("missing")
        summary = [
            words["chain_summary"].format(
                links=in_order, all_links=len(links), right=right, total=len(steps)
            )
        ]
        if missing:
            summary.append(words["chain_missing"].format(missing=missing))
        if in_order < len(links) or "wrong" in states:
            summary.append(words["chain_next"])
        broken = [
            f"{steps[before]['text']} → {steps[after]['text']}"
            f"{words['chain_colon']}{steps[after]['needs']}"
            for before, after in links
            if (before, after) not in follows
        ]
        groups = [
            {"title": "", "lines": summary},
            {"title": words["chain_broken"], "lines": broken},
            {"title": words["chain_yields"], "lines": _yield_lines(content, answer, words)},
        ]
        return {
            "points": (in_order + right) / (len(links) + len(steps)),
            "groups": [group for group in groups if group["lines"]],
            "items": items,
        }

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        heads = [words[f"chain_{key}"] for key in ("place", "step", "done_by", "customer", "yield")]
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
        texts = {each["id"]: each for each in content["steps"]}
        rows = "".join(
            f'<tr><td></td><th scope="row">{escape(step["text"])}</th>'
            f"<td>{escape(step['by'])}</td><td></td><td>{_decimals(step['yield'], 2)}%</td></tr>"
            for step in (texts[each] for each in content["start"])
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _may_be_tried(value: Any) -> bool:
    return type(value) in (int, float) and LOWEST <= value <= HIGHEST


def _yield_lines(
    content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]
) -> list[str]:
    steps = content["steps"]
    percent = [answer["yields"].get(each["id"], each["yield"]) for each in steps]
    shares = [each / 100 for each in percent]
    rty = rolled_throughput_yield(shares)
    lines = [
        words["chain_rty"].format(
            product=" × ".join(f"{_decimals(each, 2)}%" for each in percent),
            rty=_decimals(100 * rty, 1),
        ),
        words["chain_reach"].format(wrong=_per_ten_thousand(1 - rty)),
    ]
    low, high = min(shares), max(shares)
    if low == 1:
        return lines

    def gain(share: float) -> float:
        return rty / share * min(1, share + 0.01) - rty

    lines.append(
        words["chain_best"].format(
            steps=words["ui_list"].join(
                each["text"] for each, share in zip(steps, shares, strict=True) if share == low
            ),
            low=_decimals(100 * low, 2),
            rty=_decimals(100 * (rty + gain(low)), 1),
            saved=_per_ten_thousand(gain(low)),
        )
    )
    if low < high:
        lines.append(
            words["chain_other"].format(
                high=_decimals(100 * high, 2), saved=_per_ten_thousand(gain(high))
            )
        )
    return lines


def _decimals(value: float, places: int) -> str:
    scale = 10**places
    units = math.floor(value * scale + 0.5)
    return f"{units // scale}.{units % scale:0{places}d}"


def _per_ten_thousand(share: float) -> str:
    return f"{math.floor(10_000 * share + 0.5):,}"
