"""The explorer: inputs to turn, a chart and figures that follow at once, and goals to reach.

How a model is added
--------------------
A model is a pair of files in ``explorer_models/`` with the same name; nothing else is edited.

``<model>.py`` gives three tuples of names and one function::

    INPUTS = ("n", "urgent")            # ids that the content must define as inputs
    VALUES = ("margin", "cost")         # what the model computes; inputs that are numbers come by themselves
    LABELS = ("x", "y")                 # texts that its chart needs, written in the content
    def compute(inputs, settings): ...  # -> (values, case)

``inputs`` maps each id to a number, to True or False (tick), or to the id of an option (choice);
``settings`` are constants of the content. ``values`` maps every name of VALUES to a finite number in
the unit that is shown (per cent, not shares). ``case`` names the text of ``findings`` that fits.

``<model>.js`` does the same in a block of its own, and draws::

    {
      const helper = ...;
      models["<model>"] = {
        compute: (inputs, settings) => ({ values, case, series }),
        draw: (found, inputs, settings, labels) => [figure, ...],   // see charts.js
      };
    }

``series`` is whatever the drawing needs. Both languages must compute the same values: draw random
numbers with ``seeded`` in the same order, and keep to + - * / and sqrt where possible. Names use
``_`` in both file names and in ``model:``. Use the method of csqm where there is one, in a test at
the least. Loops under some 500,000 steps keep the reaction fast.

The content (see ``explorer.schema.json`` and ``sample-planner.yaml``) holds everything that is
read: inputs, how each value is written (``values``), ``findings``, ``labels`` and the ``goals``: each
compares one value with ``at_least`` and ``at_most`` and has its own text for right, low and high. A
text may name any value or number input in braces. ``notes`` appear under the same conditions, without
points.
"""

import importlib
import math
import pkgutil
import re
from collections.abc import Iterator
from html import escape
from types import ModuleType
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.activities.kinds import explorer_models
from csqm.text import LANGUAGES, listed, say

__all__ = ["MODELS", "Explorer"]

MODELS: dict[str, ModuleType] = {
    module.name: importlib.import_module(f"{explorer_models.__name__}.{module.name}")
    for module in pkgutil.iter_modules(explorer_models.__path__)
}
_NUMBERS = ("slider", "number")


class Explorer(Activity):
    """Inputs of a model, its results as they change, and goals."""

    kind = "explorer"
    empty = {"inputs": {}}
    scripts = ("kinds/explorer_charts.js", *(f"kinds/explorer_models/{name}.js" for name in MODELS))

    @classmethod
    def faults(cls, content: dict[str, Any]) -> Iterator[Fault]:  # noqa: D102
        for name in ("inputs", "values", "goals"):
            yield from repeated_ids((name,), content[name])
        model = MODELS.get(content["model"])
        if model is None:
            yield ("model",), _unknown(content["model"], MODELS)
            return
        yield from _other_names(content, model)
        for position, entry in enumerate(content["inputs"]):
            if not _is_sound(entry):
                yield ("inputs", position), say("activities_explorer.rule_input", found=entry["id"])
        numbers = [each["id"] for each in content["inputs"] if each["as"] in _NUMBERS]
        known = [*(each["id"] for each in content["values"]), *numbers]
        for name in ("goals", "notes"):
            for position, entry in enumerate(content.get(name, [])):
                where = (name, position)
                if entry["value"] not in known:
                    yield (*where, "value"), _unknown(entry["value"], known)
                sides = [s for s, at in (("low", "at_least"), ("high", "at_most")) if at in entry]
                missing = [s for s in sides if s not in entry] if name == "goals" else []
                if missing or not sides:
                    yield (
                        where,
                        say("activities_explorer.rule_side", found=listed(missing or ["?"])),
                    )
        for where, text in _texts(content):
            for name in re.findall(r"\{(\w*)\}", text):
                if name not in known:
                    yield where, _unknown(name, known)

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:  # noqa: D102
        if not isinstance(answer, dict) or answer.keys() != {"inputs"}:
            return False
        known = {entry["id"]: entry for entry in content["inputs"]}
        given = answer["inputs"]
        return isinstance(given, dict) and all(
            name in known and _fits(known[name], value) for name, value in given.items()
        )

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:  # noqa: D102
        inputs = {entry["id"]: entry["start"] for entry in content["inputs"]}
        touched = any(inputs[name] != value for name, value in answer["inputs"].items())
        inputs |= answer["inputs"]
        values, case = MODELS[content["model"]].compute(inputs, content.get("settings", {}))
        values = {**_numbers(content, inputs), **values}
        shown = _shown(content, inputs, values)
        items = {}
        for goal in content["goals"]:
            side = _side(goal, values)
            text = goal[side].format(**shown)
            items[goal["id"]] = {
                "state": "right" if side == "right" else "wrong",
                "text": text,
                "line": words["explorer_goal"].format(goal=goal["label"], text=text),
            }
        right = sum(item["state"] == "right" for item in items.values())
        lines = [words["explorer_summary"].format(right=right, total=len(items))]
        if not touched:
            lines.append(words["explorer_untouched"])
        lines.append(content["findings"][case].format(**shown))
        notes = content.get("notes", [])
        lines += [n["text"].format(**shown) for n in notes if _side(n, values) == "right"]
        return {
            "points": right / len(items) if touched else 0,
            "groups": [{"title": "", "lines": lines}],
            "items": items,
            "values": values,
        }

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        inputs = {entry["id"]: entry["start"] for entry in content["inputs"]}
        values, case = MODELS[content["model"]].compute(inputs, content.get("settings", {}))
        values = {**_numbers(content, inputs), **values}
        shown = _shown(content, inputs, values)
        head = "".join(
            f'<th scope="col">{escape(words[key])}</th>'
            for key in ("explorer_input", "explorer_range", "explorer_start")
        )
        rows = "".join(
            f'<tr><th scope="row">{escape(entry["label"])}</th>'
            + "".join(f"<td>{escape(text)}</td>" for text in _described(entry, words))
            + "</tr>"
            for entry in content["inputs"]
        )
        goals = "".join(f"<li>{escape(goal['label'])}</li>" for goal in content["goals"])
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>{escape(content['findings'][case].format(**shown))}</p>"
            f"<p>{escape(words['explorer_goals'])}</p><ul>{goals}</ul>"
        )


def written(value: float, decimals: int) -> str:
    """Write a number with a point, commas between thousands, and a true minus sign."""
    units = math.floor(abs(value) * 10**decimals + 0.5)
    sign = "−" if value < 0 and units else ""
    whole, rest = divmod(units, 10**decimals)
    return f"{sign}{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")


def _numbers(content: dict[str, Any], inputs: dict[str, Any]) -> dict[str, float]:
    return {e["id"]: inputs[e["id"]] for e in content["inputs"] if e["as"] in _NUMBERS}


def _shown(
    content: dict[str, Any], inputs: dict[str, Any], values: dict[str, float]
) -> dict[str, str]:
    shown = {
        entry["id"]: written(inputs[entry["id"]], _decimals(entry["step"]))
        for entry in content["inputs"]
        if entry["as"] in _NUMBERS
    }
    return shown | {e["id"]: written(values[e["id"]], e["decimals"]) for e in content["values"]}


def _decimals(step: float) -> int:
    return len(str(step).partition(".")[2]) if isinstance(step, float) else 0


def _side(goal: dict[str, Any], values: dict[str, float]) -> str:
    """Say whether a value is right, low or high; the machine's rounding decides nothing."""
    value = values[goal["value"]]
    if "at_least" in goal and value < goal["at_least"] - 1e-9:
        return "low"
    if "at_most" in goal and value > goal["at_most"] + 1e-9:
        return "high"
    return "right"


def _fits(entry: dict[str, Any], value: Any) -> bool:
    if entry["as"] == "tick":
        return isinstance(value, bool)
    if entry["as"] == "choice":
        return value in [option["id"] for option in entry["options"]]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    steps = (value - entry["min"]) / entry["step"]
    return entry["min"] <= value <= entry["max"] and abs(steps - math.floor(steps + 0.5)) < 1e-6


def _is_sound(entry: dict[str, Any]) -> bool:
    needs = {"tick": (), "choice": ("options",)}.get(entry["as"], ("min", "max", "step"))
    return all(name in entry for name in needs) and _fits(entry, entry["start"])


def _other_names(content: dict[str, Any], model: ModuleType) -> Iterator[Fault]:
    """Compare the names of the content with those of its model."""
    for field, wanted in (("inputs", model.INPUTS), ("values", model.VALUES)):
        found = [entry["id"] for entry in content[field]]
        for position, name in enumerate(found):
            if name not in wanted:
                yield (field, position, "id"), _unknown(name, wanted)
        missing = [name for name in wanted if name not in found]
        if missing:
            yield (field,), say("activities.rule_required", name=listed(missing))
    missing = [name for name in model.LABELS if name not in content.get("labels", {})]
    if missing:
        yield ("labels",), say("activities.rule_required", name=listed(missing))


def _texts(value: Any, where: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple, str]]:
    """Yield the texts that may name values: of findings, goals and notes."""
    if not where:
        for name in ("findings", "goals", "notes"):
            yield from _texts(value.get(name, {}), (name,))
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in LANGUAGES and isinstance(each, str):
                yield (*where, key), each
            else:
                yield from _texts(each, (*where, key))
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from _texts(each, (*where, position))


def _described(entry: dict[str, Any], words: dict[str, str]) -> tuple[str, str]:
    unit = entry.get("unit", "")
    if entry["as"] == "tick":
        yes_no = [words["explorer_no"], words["explorer_yes"]]
        return words["ui_list"].join(yes_no), yes_no[entry["start"]]
    if entry["as"] == "choice":
        labels = {option["id"]: option["label"] for option in entry["options"]}
        return words["ui_list"].join(labels.values()), labels[entry["start"]]
    low, high, start = (
        written(entry[name], _decimals(entry["step"])) for name in ("min", "max", "start")
    )
    return f"{low}–{high}{unit}", f"{start}{unit}"


def _unknown(found: str, known: Any) -> str:
    return say("activities.rule_unknown_id", found=found, known=listed(known))
