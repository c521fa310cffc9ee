"""The form: structured answers, checked by rules that the content declares."""

import re
from collections.abc import Iterator
from functools import reduce
from html import escape
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.text import listed, say

__all__ = ["Form", "likeness"]

CHOOSING = ("select", "choice", "ticks")
LONGEST = 400  # characters of a text answer
ALIKE = 70  # percent of letter pairs from which a sentence repeats another
NEEDS = {
    "one_of": "values",
    "has_all": "values",
    "only": "values",
    "at_least": "characters",
    "number_unit": "units",
    "mentions": "words",
    "avoids": "words",
    "supported": "field",
    "compare": "field",
}


class Form(Activity):
    """Sections of fields; every rule met counts, every rule broken says why.

    A survey has no right answers: there it only counts what is answered.
    """

    kind = "form"
    empty = {"values": {}}

    @classmethod
    def faults(cls, content: dict[str, Any]) -> Iterator[Fault]:  # noqa: D102
        lists, cards = content.get("lists", {}), content.get("cards", [])
        yield from repeated_ids(("cards",), cards)
        yield from repeated_ids(("sections",), content["sections"])
        for name, options in lists.items():
            yield from repeated_ids(("lists", name), options)
        facts = ["problem", *(card["id"] for card in cards)]
        for position, card in enumerate(cards):
            yield from _unknown(("cards", position, "causes"), card.get("causes", []), facts)
        for number, section in enumerate(content["sections"]):
            where = ("sections", number, "fields")
            yield from repeated_ids(where, section["fields"])
            names = [field["id"] for field in section["fields"]]
            for position, field in enumerate(section["fields"]):
                yield from _field_faults((*where, position), field, content, names)

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:  # noqa: D102
        if not isinstance(answer, dict) or answer.keys() != {"values"}:
            return False
        fields = {
            f"{section['id']}.{field['id']}": field
            for section in content["sections"]
            for field in section["fields"]
        }
        return isinstance(answer["values"], dict) and all(
            key in fields and _fits(content, fields[key], value)
            for key, value in answer["values"].items()
        )

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:  # noqa: D102
        if content.get("survey"):
            return _answered(content, answer["values"], words)
        items: dict[str, dict[str, str]] = {}
        kept = weights = 0
        missing: dict[str, list[str]] = {}
        sound, ended = True, False  # supported so far; a root cause is reached
        for number, section in enumerate(content["sections"]):
            if ended:
                items |= {
                    f"{section['id']}.{f['id']}": {"state": "spare"} for f in section["fields"]
                }
                continue
            for field in section["fields"]:
                key = f"{section['id']}.{field['id']}"
                given = not _blank(answer["values"].get(key))
                broken = []
                for rule in field["rules"]:
                    reason = _broken(rule, field, number, content, answer["values"], words)
                    weight = rule.get("weight", 1)
                    weights += weight
                    kept += 0 if reason is not None else weight
                    if reason is not None and reason not in broken:
                        broken.append(reason)
                items[key] = _item(section, field, given, broken, words)
                if not given:
                    missing.setdefault(field["label"], []).append(section["label"])
                sound = sound and items[key]["state"] == "right"
            card = _card(content, section, answer["values"])
            ended = bool(sound and card and card.get("root", False))
        states = [item["state"] for item in items.values()]
        fields = len(states) - states.count("spare")
        lines = [
            words["form_summary"].format(
                right=states.count("right"), fields=fields, percent=_percent(kept, weights)
            )
        ]
        if ended:
            lines.append(words["form_root"])
        lines += _missing_lines(content, missing, words)
        if "wrong" in states:
            lines.append(words["form_next"])
        groups = [{"title": "", "lines": lines}]
        if "tally" in content:
            groups.append(
                {"title": words["form_tally_title"], "lines": _tally(content, answer, words)}
            )
        if any(f["input"] == "text" for s in content["sections"] for f in s["fields"]):
            groups.append({"title": words["form_limits_title"], "lines": [words["form_limits"]]})
        return {"points": kept / weights, "groups": groups, "items": items}

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        parts = []
        for text in content.get("intro", []):
            parts.append(f"<p>{escape(text)}</p>")
        titles = {
            field["options"]: field["label"]
            for section in content["sections"]
            for field in section["fields"]
            if isinstance(field.get("options"), str)
        }
        for name, options in content.get("lists", {}).items():
            entries = "".join(map(_entry, options))
            parts.append(f"<p>{escape(titles.get(name, ''))}</p><ul>{entries}</ul>")
        if content.get("cards"):
            entries = "".join(
                f"<li><strong>{escape(card['label'])}</strong> {escape(card['text'])}</li>"
                for card in content["cards"]
            )
            parts.append(f"<p>{escape(words['form_cards'])}</p><ul>{entries}</ul>")
        for section in content["sections"]:
            fields = []
            for field in section["fields"]:
                options = field.get("options", [])
                inner = "".join(_entry(each) for each in options if isinstance(options, list))
                name = field["label"]
                if "unit" in field:
                    name = words["form_unit"].format(field=name, unit=field["unit"])
                blank = words["form_blank"].format(field=escape(name))
                below = f"<ul>{inner}</ul>" if inner else ""
                fields.append(f"<li>{blank}{below}</li>")
            text = f"<br>{escape(section['text'])}" if "text" in section else ""
            parts.append(
                f"<p><strong>{escape(section['label'])}</strong>{text}</p>"
                f"<ul>{''.join(fields)}</ul>"
            )
        return "".join(parts)


def likeness(one: str, other: str) -> int:
    """Return how alike two sentences are: the share of common letter pairs, in percent.

    The measure is Dice's: twice the common pairs over the pairs of both; case, spaces and
    punctuation do not count.

    Parameters
    ----------
    one, other : str
        The sentences.

    Returns
    -------
    int
        From 0 to 100, cut to a whole number.

    Examples
    --------
    >>> likeness("The taxi was late.", "the taxi was late")
    100
    >>> likeness("The taxi was late.", "Nobody kept the address")
    12
    """
    mine, theirs = _pairs(one), _pairs(other)
    return 200 * len(mine & theirs) // (len(mine) + len(theirs)) if mine and theirs else 0


def _pairs(text: str) -> set[str]:
    letters = re.sub(r"[^a-z0-9\u4e00-\u9fff]", "", text.lower())
    return {letters[i : i + 2] for i in range(len(letters) - 1)}


def _entry(option: dict[str, Any]) -> str:
    about = f" {escape(option['about'])}" if "about" in option else ""
    return f"<li>{escape(option['label'])}{about}</li>"


def _options(content: dict[str, Any], field: dict[str, Any]) -> list[dict[str, Any]]:
    options = field.get("options", [])
    if options == "cards":
        return content.get("cards", [])
    return content.get("lists", {}).get(options, []) if isinstance(options, str) else options


def _unknown(where: tuple[str | int, ...], ids: list[str], known: list[str]) -> Iterator[Fault]:
    for unknown in (each for each in ids if each not in known):
        yield where, say("activities.rule_unknown_id", found=unknown, known=listed(known))


def _field_faults(
    where: tuple[str | int, ...], field: dict[str, Any], content: dict[str, Any], names: list[str]
) -> Iterator[Fault]:
    options = [each["id"] for each in _options(content, field)]
    if (field["input"] in CHOOSING) != bool(options):
        yield (*where, "options"), say("activities_form.rule_options", input=field["input"])
    for position, rule in enumerate(field["rules"]):
        place = (*where, "rules", position)
        need = NEEDS.get(rule["rule"])
        if need and need not in rule:
            yield place, say("activities.rule_required", name=need)
            continue
        yield from _unknown((*place, "values"), rule.get("values", []), options)
        yield from _unknown((*place, "wrong"), list(rule.get("wrong", {})), options)
        if "field" in rule:
            yield from _unknown((*place, "field"), [rule["field"]], names)


def _fits(content: dict[str, Any], field: dict[str, Any], value: Any) -> bool:
    options = [each["id"] for each in _options(content, field)]
    match field["input"]:
        case "ticks":
            return isinstance(value, list) and all(each in options for each in value)
        case "number":
            return type(value) in (int, float) and abs(value) < 1e9
        case "text":
            return isinstance(value, str) and len(value) <= LONGEST
        case "date":
            return isinstance(value, str) and bool(
                re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
            )
    return isinstance(value, str) and value in options


def _answered(content: dict[str, Any], values: dict[str, Any], words: dict[str, str]) -> dict:
    """Count the answers to a survey, in which nothing is right or wrong."""
    keys = [f"{s['id']}.{field['id']}" for s in content["sections"] for field in s["fields"]]
    given = sum(not _blank(values.get(key)) for key in keys)
    line = words["form_survey"].format(given=given, fields=len(keys))
    items = {key: {"state": "spare"} for key in keys}
    return {"points": given / len(keys), "groups": [{"title": "", "lines": [line]}], "items": items}


def _blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _broken(
    rule: dict[str, Any],
    field: dict[str, Any],
    number: int,
    content: dict[str, Any],
    values: dict[str, Any],
    words: dict[str, str],
) -> str | None:
    """Return why a rule is broken, or None if it is met. No rule is met by an empty field."""
    sections = content["sections"]
    section = sections[number]
    value = values.get(f"{section['id']}.{field['id']}")
    if _blank(value):
        return ""
    spoken = rule.get("says", words.get(f"form_rule_{rule['rule']}", ""))
    found = where = ""
    text = value.lower() if isinstance(value, str) else ""
    options = {each["id"]: each for each in _options(content, field)}
    match rule["rule"]:
        case "required":
            met = True
        case "one_of":
            met = value in rule["values"]
            if not met:
                spoken = rule.get("wrong", {}).get(value) or _about(options[value], spoken, words)
        case "has_all":
            missed = [each for each in rule["values"] if each not in value]
            met, found = not missed, _labels(missed, options, words)
        case "only":
            extra = [each for each in value if each not in rule["values"]]
            met, found = not extra, _labels(extra, options, words)
            notes = [rule["wrong"][each] for each in extra if each in rule.get("wrong", {})]
            spoken = _one_text([spoken, *notes], words)
        case "range":
            met = rule.get("min", value) <= value <= rule.get("max", value)
        case "at_least":
            size = len(re.sub(r"[ \u3000]", "", value))
            met, found = size >= rule["characters"], str(size)
        case "number_unit":
            units = "|".join(re.escape(unit) for unit in rule["units"])
            met = bool(re.search(f"[0-9] *({units})", text))
        case "mentions":
            met = any(_says(text, word) for word in rule["words"])
        case "avoids":
            caught = [word for word in rule["words"] if _says(text, word)]
            met, found = not caught, words["ui_list"].join(caught)
        case "new":
            met, where = _is_new(value, field, number, content, values, words)
        case "supported":
            chosen = values.get(f"{section['id']}.{rule['field']}")
            card = next((each for each in content["cards"] if each["id"] == chosen), None)
            refused = card is not None and "note" in card
            spoken = words["form_refused_card"] if refused else spoken
            met = bool(card) and not refused and any(_says(text, word) for word in card["words"])
            found = card["label"] if card else words["form_no_card"]
            where = words["ui_list"].join(card["shown"]) if card else "—"
        case "follows":
            before = _card(content, sections[number - 1], values) if number else {"id": "problem"}
            card = options[value]
            met = before is not None and before["id"] in card.get("causes", [])
            where = sections[number - 1]["label"] if number else words["form_problem"]
            found, spoken = card["label"], card.get("note", spoken)
        case "compare":
            other = values.get(f"{section['id']}.{rule['field']}")
            met = other is not None and (value < other if rule["is"] == "below" else value > other)
    return None if met else spoken.replace("{found}", found).replace("{where}", where)


def _one_text(sentences: list[str], words: dict[str, str]) -> str:
    """Put sentences after one another as the language does: English needs a space between."""
    return reduce(
        lambda first, second: words["form_follow"].format(first=first, second=second), sentences
    )


def _about(option: dict[str, Any], spoken: str, words: dict[str, str]) -> str:
    if "about" not in option:
        return spoken
    chosen = words["form_chosen"].format(option=option["label"], about=option["about"])
    return _one_text([chosen, spoken], words)


def _labels(ids: list[str], options: dict[str, Any], words: dict[str, str]) -> str:
    return words["ui_list"].join(options[each]["label"] for each in options if each in ids)


def _says(text: str, word: str) -> bool:
    """Tell whether a text has a word; a Latin word must begin where the text's word begins."""
    start = text.find(word)
    while start >= 0:
        if not (start and re.match("[a-z]", word) and re.match("[a-z]", text[start - 1])):
            return True
        start = text.find(word, start + 1)
    return False


def _is_new(
    value: str,
    field: dict[str, Any],
    number: int,
    content: dict[str, Any],
    values: dict[str, Any],
    words: dict[str, str],
) -> tuple[bool, str]:
    free = field["input"] == "text"
    if free and "problem" in content and likeness(value, content["problem"]) >= ALIKE:
        return False, words["form_problem"]
    for section in content["sections"][:number]:
        earlier = values.get(f"{section['id']}.{field['id']}")
        if not _blank(earlier) and (
            likeness(value, earlier) >= ALIKE if free else value == earlier
        ):
            return False, section["label"]
    return True, ""


def _card(
    content: dict[str, Any], section: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any] | None:
    """Return the evidence card chosen in a section."""
    for field in section["fields"]:
        if field.get("options") == "cards":
            chosen = values.get(f"{section['id']}.{field['id']}")
            return next((card for card in content["cards"] if card["id"] == chosen), None)
    return None


def _item(
    section: dict[str, Any],
    field: dict[str, Any],
    given: bool,
    broken: list[str],
    words: dict[str, str],
) -> dict[str, str]:
    if not given:
        return {"state": "missing"}
    if not broken:
        return {"state": "right", "text": field.get("why", words["form_met"])}
    text = _one_text(broken, words)
    place = words["form_place"].format(section=section["label"], field=field["label"])
    return {"state": "wrong", "text": text, "line": f"{place} {text}"}


def _missing_lines(
    content: dict[str, Any], missing: dict[str, list[str]], words: dict[str, str]
) -> list[str]:
    """Return a line for each field that repeats, and one for all those that do not."""
    labels = [field["label"] for section in content["sections"] for field in section["fields"]]
    single = [label for label in missing if labels.count(label) == 1]
    lines = [
        words["form_missing"].format(field=label, where=words["ui_list"].join(where))
        for label, where in missing.items()
        if label not in single
    ]
    if single:
        lines.append(words["form_missing_one"].format(fields=words["ui_list"].join(single)))
    return lines


def _percent(part: int, whole: int) -> int:
    return (200 * part + whole) // (2 * whole)


def _tally(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> list[str]:
    """Return precision and recall of the ticks, over all and per option, in answered sections."""
    hits: dict[str, list[int]] = {}
    name = content["tally"]
    for section in content["sections"]:
        field = next(each for each in section["fields"] if each["id"] == name)
        ticked = answer["values"].get(f"{section['id']}.{name}", [])
        if not ticked:
            continue
        rules = {rule["rule"]: rule.get("values", []) for rule in field["rules"]}
        for option in _options(content, field):
            row = hits.setdefault(option["label"], [0, 0, 0])
            here, due = option["id"] in ticked, option["id"] in rules["has_all"]
            row[0] += here and due
            row[1] += here and option["id"] not in rules["only"]
            row[2] += due and not here
    right, false, missed = (sum(row[i] for row in hits.values()) for i in range(3))
    if not hits or not right + false or not right + missed:
        return [words["form_tally_none"]]
    lines = [
        words["form_tally"].format(
            right=right,
            ticks=right + false,
            precision=_percent(right, right + false),
            due=right + missed,
            recall=_percent(right, right + missed),
        )
    ]
    clean = [label for label, row in hits.items() if row[0] and not row[1] and not row[2]]
    if clean:
        lines.append(words["form_tally_clean"].format(names=words["ui_list"].join(clean)))
    for label, (good, bad, lost) in hits.items():
        if bad or lost:
            precision = f"{_percent(good, good + bad)}%" if good + bad else "—"
            recall = f"{_percent(good, good + lost)}%" if good + lost else "—"
            lines.append(
                words["form_tally_row"].format(
                    name=label, precision=precision, recall=recall, bad=bad, lost=lost
                )
            )
    return lines
