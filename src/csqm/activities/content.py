"""The content of the activities: one YAML file each, both languages side by side."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from csqm.text import LANGUAGES, catalogue, listed, localise, say

__all__ = ["ContentError", "load", "localised", "paths", "words"]

HERE = Path(__file__).parent
# That of libyaml takes a tenth of the time; wheels have it, a build from source may not.
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Fault = tuple[tuple[str | int, ...], str]


class ContentError(ValueError):
    """Content that breaks a rule: says the file, the line, the field and the rule."""


@cache
def paths() -> dict[str, Path]:
    """Return the file of every activity, by slug, in the order of the parts."""
    return {path.stem: path for path in sorted((HERE / "content").glob("*/*.yaml"))}


def load(path: Path) -> dict[str, Any]:
    """Read one activity and check it against the schema and the rules of its kind.

    Parameters
    ----------
    path : Path
        The YAML file.

    Returns
    -------
    dict
        The content, still in both languages.

    Raises
    ------
    ContentError
        If a rule is broken: one line for each fault, with file, line and rule.
    """
    source = path.read_bytes()
    try:
        text = source.decode("utf-8")
        tree = _composed(text)
        repeated = list(_repeated_keys(tree))
        content = tree and yaml.constructor.SafeConstructor().construct_document(tree)
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        line, problem = _not_yaml(error, source)
        rule = say("activities.rule_yaml", problem=problem)
        raise ContentError(_fault(path, line, (), rule)) from error
    if repeated:
        raise ContentError("\n".join(_fault(path, line, (), rule) for line, rule in repeated))
    faults = [(tuple(error.absolute_path), _rule(error)) for error in _leaves(content)]
    if not faults:
        faults = list(_general_faults(path, content))
    if faults:
        found = (_fault(path, _line(tree, place), place, rule) for place, rule in faults)
        raise ContentError("\n".join(dict.fromkeys(found)))
    return content


def _composed(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=PARSER)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)  # tells more about what is wrong


def localised(value: Any) -> Any:
    """Return content in the current language: every pair of texts becomes one text."""
    if isinstance(value, dict):
        if value.keys() == set(LANGUAGES):
            return localise(value)
        return {key: localised(each) for key, each in value.items()}
    return [localised(each) for each in value] if isinstance(value, list) else value


def words(kind: str) -> dict[str, str]:
    """Return what activities of a kind say, in the current language, placeholders unfilled."""
    spoken = {}
    for name in ("activities", f"activities_{kind}"):
        spoken |= {
            key: localise(texts)
            for key, texts in catalogue(name).items()
            if key.startswith(("ui_", f"{kind}_"))
        }
    return spoken


def repeated_ids(
    where: tuple[str | int, ...], entries: Iterable[dict[str, Any]]
) -> Iterator[Fault]:
    """Yield a fault for every id that an earlier entry of the list has already."""
    seen = set()
    for position, entry in enumerate(entries):
        if entry["id"] in seen:
            yield (*where, position, "id"), say("activities.rule_twice", found=entry["id"])
        seen.add(entry["id"])


def _not_yaml(error: Exception, source: bytes) -> tuple[int, str]:
    """Return the line at which a file stops being YAML, and what the parser says to it."""
    match error:
        case yaml.MarkedYAMLError(problem_mark=yaml.Mark(line=line), problem=problem):
            return line + 1, str(problem)
        case yaml.reader.ReaderError(position=position, reason=reason):
            return source.decode("utf-8")[:position].count("\n") + 1, reason
        case UnicodeDecodeError(start=start, reason=reason):
            return source[:start].count(b"\n") + 1, reason
    return 1, str(error)


def _repeated_keys(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Yield the line of every field that its mapping has already: YAML would drop the first."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, say("activities.rule_key_twice", found=key.value)
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _repeated_keys(each)


def _general_faults(path: Path, content: dict[str, Any]) -> Iterator[Fault]:
    from csqm.activities.kinds import KINDS

    if content["slug"] != path.stem:
        yield ("slug",), say("activities.rule_slug", found=content["slug"], expected=path.stem)
    yield from KINDS[content["kind"]].faults(content)


@cache
def _validator(kind: str | None) -> Draft202012Validator:
    """Return the rules for a kind: those of all activities, and its own beside them."""
    from csqm.activities.kinds import KINDS

    schema = json.loads((HERE / "schema.json").read_text(encoding="utf-8"))
    schema["properties"]["kind"] = {"enum": list(KINDS)}
    if kind in KINDS:
        own = json.loads((HERE / f"kinds/{kind}.schema.json").read_text(encoding="utf-8"))
        schema["required"] += own["required"]
        schema["properties"] |= own["properties"]
        schema["$defs"] |= own["$defs"]
    return Draft202012Validator(schema)


def _leaves(content: Any) -> Iterator[ValidationError]:
    kind = content.get("kind") if isinstance(content, dict) else None
    rules = _validator(kind if isinstance(kind, str) else None)
    yield from sorted(rules.iter_errors(content), key=lambda error: str(error.json_path))


def _rule(error: ValidationError) -> str:
    found, expected = error.instance, error.validator_value
    match error.validator:
        case "required":
            missing = [name for name in expected if name not in found]
            return say("activities.rule_required", name=listed(missing))
        case "additionalProperties":
            unknown = [name for name in found if name not in error.schema["properties"]]
            return say("activities.rule_additional", name=listed(unknown))
        case "type":
            return say("activities.rule_type", expected=expected, found=_short(found))
        case "enum":
            return say("activities.rule_enum", expected=listed(expected), found=_short(found))
        case "pattern":
            return say("activities.rule_pattern", expected=expected, found=_short(found))
        case "minimum" | "maximum":
            return say("activities.rule_number", expected=expected, found=_short(found))
        case "minItems" | "maxItems":
            return say("activities.rule_length", expected=expected)
        case "minLength":
            return say("activities.rule_empty")
        case rule:
            return say("activities.rule_other", rule=rule, expected=_short(expected))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _fault(path: Path, line: int, place: tuple[str | int, ...], rule: str) -> str:
    where = say("activities.place", file=path.name, line=line)
    if place:
        where = say("activities.place_within", place=where, path="/".join(map(str, place)))
    return say("activities.fault", place=where, rule=rule)


def _line(node: yaml.Node | None, place: tuple[str | int, ...]) -> int:
    """Return the line of the deepest node on the way to a place."""
    line = 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line
