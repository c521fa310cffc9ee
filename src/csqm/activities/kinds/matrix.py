"""The matrix: a grid of choices, computed by a named rule."""

from collections.abc import Iterator
from html import escape
from itertools import product
from math import floor, sqrt
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.text import listed, say

__all__ = ["Matrix"]

CLASSES = ["A", "O", "M", "I", "R", "Q"]
# Rows: the functional answer, columns: the dysfunctional one, from like to dislike.
TABLE = ["QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"]
MOST = 999  # of a counter
SHOWN = 8  # relations to look at again

Cells = dict[str, dict[str, str]]


class Matrix(Activity):
    """Rows and columns; each cell a choice; what follows is computed by a rule."""

    kind = "matrix"
    empty = {"cells": {}}

    @classmethod
    def faults(cls, content: dict[str, Any]) -> Iterator[Fault]:  # noqa: D102
        yield from repeated_ids(("rows",), content["rows"])
        yield from repeated_ids(("columns",), content["columns"])
        for position, column in enumerate(content["columns"]):
            yield from repeated_ids(("columns", position, "choices"), column.get("choices", []))
        needed = NEEDED[content["rule"]]
        for name in (each for each in needed if each not in content):
            yield (), say("activities.rule_required", name=name)
        yield from _missing(content)
        if content["rule"] == "house_of_quality":
            known = {
                "row": [row["id"] for row in content["rows"]],
                "column": [column["id"] for column in content["columns"]],
                "accept": [choice["id"] for choice in content.get("choices", [])],
            }
            for position, entry in enumerate(content.get("key", [])):
                for field, ids in known.items():
                    given = entry[field] if field == "accept" else [entry[field]]
                    for unknown in (each for each in given if each not in ids):
                        rule = say("activities.rule_unknown_id", found=unknown, known=listed(ids))
                        yield ("key", position, field), rule

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:  # noqa: D102
        if not isinstance(answer, dict) or not {"cells"} <= answer.keys() <= {"cells", "counts"}:
            return False
        options = {
            column["id"]: [choice["id"] for choice in _choices(content, column)]
            for column in content["columns"]
        }
        cells = answer["cells"]
        return (
            isinstance(cells, dict)
            and cells.keys() <= {row["id"] for row in content["rows"]}
            and all(
                isinstance(row, dict)
                and all(at in options and chosen in options[at] for at, chosen in row.items())
                for row in cells.values()
            )
            and ("counts" not in answer or _valid_counts(content, answer["counts"]))
        )

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:  # noqa: D102
        return RULES[content["rule"]](content, answer, words)

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        head = "".join(f"<th>{escape(column['label'])}</th>" for column in content["columns"])
        blank = "<td></td>" * len(content["columns"])
        rows = "".join(f"<tr><th>{escape(_named(row))}</th>{blank}</tr>" for row in content["rows"])
        lists = [("", content["choices"])] if "choices" in content else []
        lists += [(f"{c['label']}: ", c["choices"]) for c in content["columns"] if "choices" in c]
        keys = "".join(
            f"<p>{escape(before)}"
            + escape(words["ui_list"].join(_priced(each, words) for each in choices))
            + "</p>"
            for before, choices in lists
        )
        return f"{keys}<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _missing(content: dict[str, Any]) -> Iterator[Fault]:
    """Yield a fault for what the rule needs in each row, and in each choice of a column."""
    row_needs = {"house_of_quality": ["weight"], "kano": ["why"], "logrolling": []}
    for position, row in enumerate(content["rows"]):
        for name in (each for each in row_needs[content["rule"]] if each not in row):
            yield ("rows", position), say("activities.rule_required", name=name)
    if content["rule"] != "logrolling":
        return
    for position, column in enumerate(content["columns"]):
        if "choices" not in column:
            yield ("columns", position), say("activities.rule_required", name="choices")
        for number, choice in enumerate(column.get("choices", [])):
            for name in (each for each in ("own", "bot") if each not in choice):
                where = ("columns", position, "choices", number)
                yield where, say("activities.rule_required", name=name)


def _named(row: dict[str, Any]) -> str:
    return f"{row['label']} ({row['weight']})" if "weight" in row else row["label"]


def _priced(choice: dict[str, Any], words: dict[str, str]) -> str:
    return words["matrix_deal_points"].format(**choice) if "own" in choice else choice["label"]


def _choices(content: dict[str, Any], column: dict[str, Any]) -> list[dict[str, Any]]:
    return column.get("choices") or content.get("choices", [])


def _valid_counts(content: dict[str, Any], counts: Any) -> bool:
    return (
        "counts" in content
        and isinstance(counts, dict)
        and counts.keys() == set(CLASSES)
        and all(type(count) is int and 0 <= count <= MOST for count in counts.values())
    )


def _group(title: str, lines: list[str]) -> dict[str, Any]:
    return {"title": title, "lines": lines}


def _fixed(value: float, digits: int) -> str:
    """Write a number with a fixed number of decimals, as the script does."""
    scaled = floor(abs(value) * 10**digits + 0.5)
    sign = "−" if value < 0 and scaled else ""
    whole, part = divmod(scaled, 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}"


# House of quality


def house(content: dict[str, Any], cells: Cells) -> dict[str, Any]:
    """Compute the priorities of the characteristics, as `csqm.qfd.priorities` does."""
    at = {
        (row["id"], column["id"]): int(cells.get(row["id"], {}).get(column["id"], 0))
        for row in content["rows"]
        for column in content["columns"]
    }
    absolute = [
        sum(row["weight"] * at[row["id"], column["id"]] for row in content["rows"])
        for column in content["columns"]
    ]
    return {
        "absolute": absolute,
        "total": sum(absolute),
        "rank": [1 + sum(other > each for other in absolute) for each in absolute],
        "unmet": [
            row["label"]
            for row in content["rows"]
            if not any(at[row["id"], column["id"]] for column in content["columns"])
        ],
        "idle": [
            column["label"]
            for column, each in zip(content["columns"], absolute, strict=True)
            if not each
        ],
    }


def _mark_house(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:
    key = {(entry["row"], entry["column"]): entry for entry in content["key"]}
    key_cells: Cells = {}
    for entry in content["key"]:
        key_cells.setdefault(entry["row"], {})[entry["column"]] = entry["accept"][0]
    found, expected = house(content, answer["cells"]), house(content, key_cells)
    items, lines, right, over = {}, [], 0, 0
    for row, column in product(content["rows"], content["columns"]):
        given = answer["cells"].get(row["id"], {}).get(column["id"], "")
        entry = key.get((row["id"], column["id"]))
        state = "right" if given in (entry["accept"] if entry else ["", "1"]) else "wrong"
        items[f"{row['id']}/{column['id']}"] = {"mark": state if given or entry else "blank"}
        right += bool(entry) and state == "right"
        over += not entry and state == "wrong"
        if state == "wrong":
            lines.append(
                words["matrix_house_cell"].format(
                    row=row["label"],
                    column=column["label"],
                    given=given or words["matrix_none"],
                    accept=words["matrix_or"].join(entry["accept"])
                    if entry
                    else words["matrix_none_or_weak"],
                    why=entry["why"] if entry else words["matrix_house_over"],
                )
            )
    summary = [_house_first(content, found, "matrix_house_first", words)]
    summary.append(words["matrix_house_fit"].format(right=right, total=len(key), over=over))
    if not found["total"]:
        lines = []  # the key is for those who have tried
    else:
        summary.append(_house_first(content, expected, "matrix_house_key", words))
    if lines:
        summary.append(words["matrix_house_next"])
    groups = [_group("", summary)]
    if found["total"]:
        gaps = [
            words[f"matrix_{name}"].format(names=words["ui_list"].join(found[name]))
            for name in ("unmet", "idle")
            if found[name]
        ]
        if gaps:
            groups.append(_group(words["matrix_gaps"], gaps))
    if lines:
        shown = lines[:SHOWN]
        if len(lines) > SHOWN:
            shown.append(words["matrix_house_rest"].format(n=len(lines) - SHOWN))
        groups.append(_group(words["matrix_house_again"], shown))
    return {"points": max(0, right - over) / len(key), "groups": groups, "items": items}


def _house_first(
    content: dict[str, Any], result: dict[str, Any], line: str, words: dict[str, str]
) -> str:
    if not result["total"]:
        return words["matrix_house_nothing"]
    top = max(result["absolute"])
    names = [
        column["label"]
        for column, each in zip(content["columns"], result["absolute"], strict=True)
        if each == top
    ]
    return words[line].format(
        names=words["ui_list"].join(names),
        absolute=top,
        share=_fixed(100 * top / result["total"], 1),
    )


# Kano's desk


def kano(counts: dict[str, int]) -> dict[str, Any] | None:
    """Compute what `csqm.kano` says about one attribute; None if nobody answered."""
    n = sum(counts.values())
    if not n:
        return None
    wanted = counts["A"] + counts["O"] + counts["M"]
    four = wanted + counts["I"]
    first, second = sorted(counts.values(), reverse=True)[:2]
    both = first + second
    critical = 1.65 * sqrt(both * (2 * n - both) / (2 * n))
    return {
        "n": n,
        "mode": _largest(counts, CLASSES),
        "berger": _largest(counts, ["A", "O", "M"] if 2 * wanted > n else ["I", "R", "Q"]),
        "better": (counts["A"] + counts["O"]) / four if four else None,
        "worse": -(counts["O"] + counts["M"]) / four if four else None,
        "category": (first - second) / n,
        "total": wanted / n,
        "difference": first - second,
        "critical": critical,
        "significant": first - second >= critical,
    }


def _largest(counts: dict[str, int], among: list[str]) -> str:
    top = max(counts[name] for name in among)
    return "/".join(name for name in among if counts[name] == top)


def kano_lines(counts: dict[str, int], words: dict[str, str]) -> list[str]:
    """Say what the six counters give."""
    result = kano(counts)
    if result is None:
        return [words["matrix_kano_nobody"]]
    lines = [
        words["matrix_kano_class"].format(mode=result["mode"], berger=result["berger"]),
        words[
            "matrix_kano_disagree" if result["mode"] != result["berger"] else "matrix_kano_agree"
        ],
    ]
    if result["better"] is not None:
        better, worse = _fixed(result["better"], 2), _fixed(result["worse"], 2)
        lines.append(words["matrix_kano_better"].format(better=better, worse=worse))
    lines.append(
        words["matrix_kano_strength"].format(
            category=_fixed(100 * result["category"], 1), total=_fixed(100 * result["total"], 1)
        )
    )
    fong = "matrix_kano_significant" if result["significant"] else "matrix_kano_not_significant"
    lines.append(
        words[fong].format(difference=result["difference"], critical=_fixed(result["critical"], 1))
    )
    return lines


def kano_class(row: dict[str, str]) -> str | None:
    """Classify one pair of answers; None while one is missing."""
    if row.keys() < {"present", "absent"}:
        return None
    return TABLE[int(row["present"]) - 1][int(row["absent"]) - 1]


def _mark_kano(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:
    counts = answer.get("counts", content["counts"])
    result = kano(counts)
    goals = [
        result is not None and result["mode"] != result["berger"],
        result is not None and not result["significant"],
    ]
    lines, items, odd = [], {}, False
    for row in content["rows"]:
        found = kano_class(answer["cells"].get(row["id"], {}))
        items[row["id"]] = {"mark": found or "blank"}
        if found:
            odd = odd or found == "Q"
            lines.append(
                words["matrix_kano_row"].format(
                    row=row["label"],
                    name=f"{found} {words['matrix_kano_' + found]}",
                    why=row["why"],
                )
            )
    total = len(content["rows"])
    done = words["matrix_kano_done"].format(n=len(lines), total=total)
    goal = words["matrix_kano_goals"].format(n=sum(goals))
    summary = [done, goal]
    if not goals[0]:
        summary.append(words["matrix_kano_goal_rule"])
    elif not goals[1]:
        summary.append(words["matrix_kano_goal_fong"])
    if odd:
        summary.append(words["matrix_kano_odd"])
    summary.append(words["matrix_kano_sample"])
    groups = [_group("", summary)]
    if lines:
        groups.append(_group(words["matrix_kano_yours"], lines))
    groups.append(_group(words["matrix_kano_counters"], kano_lines(counts, words)))
    points = (len(lines) / total + sum(goals) / 2) / 2
    return {"points": points, "groups": groups, "items": items}


# Logrolling


def deal(content: dict[str, Any], row: dict[str, str]) -> dict[str, Any] | None:
    """Value an offer for both sides; None while it is incomplete."""
    chosen = [
        next((each for each in column["choices"] if each["id"] == row.get(column["id"])), None)
        for column in content["columns"]
    ]
    if None in chosen:
        return None
    own, bot = (sum(each[side] for each in chosen if each) for side in ("own", "bot"))
    return {"own": own, "bot": bot, "row": row, "accepted": bot >= content["limits"]["bot"]}


def deals(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Value every possible deal."""
    columns = content["columns"]
    return [
        found
        for ids in product(*([each["id"] for each in column["choices"]] for column in columns))
        if (found := deal(content, dict(zip((c["id"] for c in columns), ids, strict=True))))
    ]


def wish(content: dict[str, Any], row: dict[str, str]) -> str:
    """Return the issue in which one step would help the other side most."""
    best, name = -1, ""
    for column in content["columns"]:
        values = [each["bot"] for each in column["choices"]]
        at = [each["id"] for each in column["choices"]].index(row[column["id"]])
        step = max(values[i] - values[at] for i in (at - 1, at + 1) if 0 <= i < len(values))
        if step > best:
            best, name = step, column["label"]
    return name


def _mark_logrolling(
    content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]
) -> dict:
    offers = [deal(content, answer["cells"].get(row["id"], {})) for row in content["rows"]]
    made = [offer for offer in offers if offer]
    items = {
        row["id"]: {"mark": "blank" if not offer else "right" if offer["accepted"] else "wrong"}
        for row, offer in zip(content["rows"], offers, strict=True)
    }
    agreed = [offer for offer in made if offer["accepted"]]
    if not agreed:
        line = "matrix_deal_none" if made else "matrix_deal_no_offer"
        lines = [words[line].format(n=len(made)), words["matrix_deal_try"]]
        return {"points": 0.0, "groups": [_group("", lines)], "items": items}
    last = agreed[-1]
    every = deals(content)
    most = max(each["own"] for each in every if each["bot"] >= last["bot"])
    joint = last["own"] + last["bot"]
    best = max(each["own"] + each["bot"] for each in every)
    share = last["own"] / most if most else 1.0
    lines = [
        words["matrix_deal_last"].format(own=last["own"], bot=last["bot"], joint=joint, best=best),
        words["matrix_deal_share"].format(share=_fixed(100 * share, 1), most=most),
    ]

    def gain(each: dict[str, Any]) -> int:
        return min(each["own"] - last["own"], each["bot"] - last["bot"])

    better = [
        each
        for each in every
        if each["own"] >= last["own"]
        and each["bot"] >= last["bot"]
        and each["own"] + each["bot"] > joint
    ]
    worse = last["own"] < content["limits"]["own"]
    if worse:
        lines.append(words["matrix_deal_batna"].format(limit=content["limits"]["own"]))
    lines.append(words["matrix_deal_left" if better else "matrix_deal_frontier"])
    groups = [_group("", lines)]
    if better:
        better.sort(
            key=lambda each: (-each["own"] - each["bot"], -gain(each))
        )  # shared gains first
        trades = [_trade(content, last, each, words) for each in better[:3]]
        groups.append(_group(words["matrix_deal_trades"].format(n=len(better)), trades))
    weights = [
        words["matrix_deal_weight"].format(
            issue=column["label"],
            own=max(each["own"] for each in column["choices"]),
            bot=max(each["bot"] for each in column["choices"]),
        )
        for column in content["columns"]
    ]
    groups.append(_group(words["matrix_deal_weights"], weights))
    # Efficient is not enough: a deal below one's alternative should not be made.
    return {"points": 0.0 if worse else share if better else 1.0, "groups": groups, "items": items}


def _trade(
    content: dict[str, Any], old: dict[str, Any], new: dict[str, Any], words: dict[str, str]
) -> str:
    moves = []
    for column in content["columns"]:
        name = {each["id"]: each["label"] for each in column["choices"]}
        before, after = old["row"][column["id"]], new["row"][column["id"]]
        if before != after:
            moves.append(
                words["matrix_deal_move"].format(
                    issue=column["label"], old=name[before], new=name[after]
                )
            )
    return words["matrix_deal_trade"].format(
        moves=words["ui_list"].join(moves),
        own=new["own"] - old["own"],
        bot=new["bot"] - old["bot"],
    )


RULES = {"house_of_quality": _mark_house, "kano": _mark_kano, "logrolling": _mark_logrolling}
NEEDED = {
    "house_of_quality": ["choices", "key"],
    "kano": ["choices", "counts"],
    "logrolling": ["limits"],
}
