"""The role-play: a branching dialogue; the answer is the trace of decisions."""

from collections.abc import Iterator
from html import escape
from math import inf
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.text import listed, say

__all__ = ["TOP", "Roleplay"]

TOP = 10  # a scale is shown from 0 to this
ENDINGS = 3  # a role-play with fewer endings is refused


class Roleplay(Activity):
    """A conversation that takes its course from the trainee's choices.

    The answer holds the choices made so far (``trace``) and those of the last conversation that
    came to an end (``finished``). Both can be replayed.
    """

    kind = "roleplay"
    empty = {"trace": [], "finished": []}

    @classmethod
    def faults(cls, content: dict[str, Any]) -> Iterator[Fault]:  # noqa: D102
        broken = list(_loose_ends(content))
        yield from broken or _walk_faults(content)

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:  # noqa: D102
        if not isinstance(answer, dict) or answer.keys() != {"trace", "finished"}:
            return False
        trace, finished = (replay(content, answer[name]) for name in ("trace", "finished"))
        return (
            trace is not None
            and finished is not None
            and (answer["finished"] == [] or "ending" in finished["node"])
        )

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:  # noqa: D102
        run = replay(content, answer["trace"])
        if "ending" not in run["node"]:
            lines = [words["roleplay_open"].format(made=len(run["steps"]))]
            if not answer["finished"]:
                return {"points": 0, "groups": [{"title": "", "lines": lines}], "items": {}}
            lines.append(words["roleplay_earlier"])
            run = replay(content, answer["finished"])
        else:
            lines = []
        ending = run["node"]["ending"]
        scores = [
            words["roleplay_score"].format(
                scale=scale["label"], value=_shown(run["scales"][scale["id"]]), top=TOP
            )
            for scale in content["scales"]
        ]
        points = _points(content, run["scales"])
        lines += [
            words["roleplay_ending"].format(title=ending["title"], verdict=ending["verdict"]),
            words["roleplay_scores"].format(scores=words["ui_list"].join(scores)),
        ]
        decisions = [
            words["roleplay_decision"].format(
                number=number,
                choice=step["choice"]["text"],
                effect=_effect(content, step["choice"], words),
                why=step["choice"]["why"],
            )
            for number, step in enumerate(run["steps"], start=1)
        ]
        return {
            "points": points,
            "groups": [
                {"title": "", "lines": lines},
                {"title": words["roleplay_weakest"], "lines": _weakest(content, run, words)},
                {"title": words["roleplay_decisions"], "lines": decisions},
            ],
            "items": {},
        }

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        number = {node["id"]: place for place, node in enumerate(content["nodes"], start=1)}
        names = {each["id"]: each["name"] for each in content["cast"]}
        facts = "".join(f"<li>{escape(fact)}</li>" for fact in content["facts"])
        nodes = []
        for node in content["nodes"]:
            parts = [f"<p>{escape(_said(node, names, words))}</p>"]
            if "ending" in node:
                parts.append(f"<p><strong>{escape(node['ending']['title'])}</strong></p>")
            for choice in node.get("choices", []):
                targets = [number[target] for target in _targets(choice)]
                goes = words["roleplay_goes"].format(
                    choice=choice["text"],
                    number=words["ui_list"].join(map(str, dict.fromkeys(targets))),
                )
                parts.append(f"<p>– {escape(goes)}</p>")
            nodes.append(f"<li>{''.join(parts)}</li>")
        return f"<ul>{facts}</ul><p>{words['roleplay_print']}</p><ol>{''.join(nodes)}</ol>"


def replay(content: dict[str, Any], trace: Any) -> dict[str, Any] | None:
    """Play a trace again: its steps, the node reached and the scales, or None if it cannot be."""
    if not isinstance(trace, list) or not all(isinstance(each, str) for each in trace):
        return None
    nodes = _nodes(content)
    node = content["nodes"][0]
    scales = {scale["id"]: scale["start"] for scale in content["scales"]}
    chosen: list[str] = []
    steps = []
    for wanted in trace:
        choices = {each["id"]: each for each in _offered(node, scales, chosen)}
        if wanted not in choices:
            return None
        choice = choices[wanted]
        steps.append({"node": node, "choice": choice, "scales": scales, "chosen": chosen})
        scales, chosen, target = _take(choice, scales, chosen)
        node = nodes[target]
    return {"steps": steps, "node": node, "scales": scales, "chosen": chosen}


def best_from(
    content: dict[str, Any], node: dict, scales: dict, chosen: list[str], known: dict
) -> float:
    """Return the most points that can still be had from here, by walking every continuation."""
    if "ending" in node:
        return _points(content, scales)
    if "named" not in known:
        known["named"] = _named(content)
    key = (node["id"], *scales.values(), *(each for each in known["named"] if each in chosen))
    if key not in known:
        nodes = _nodes(content)
        most = 0.0
        for choice in _offered(node, scales, chosen):
            after, made, target = _take(choice, scales, chosen)
            most = max(most, best_from(content, nodes[target], after, made, known))
        known[key] = most
    return known[key]


def _weakest(content: dict, run: dict, words: dict[str, str]) -> list[str]:
    """Say at which decision most was given away, and what would have kept it."""
    nodes, known = _nodes(content), {}
    worst = {"loss": 0.0}
    for number, step in enumerate(run["steps"], start=1):
        reach = {}
        for choice in _offered(step["node"], step["scales"], step["chosen"]):
            scales, chosen, target = _take(choice, step["scales"], step["chosen"])
            reach[choice["id"]] = best_from(content, nodes[target], scales, chosen, known)
        most, mine = max(reach.values()), reach[step["choice"]["id"]]
        if most - mine > worst["loss"]:
            better = next(each for each in step["node"]["choices"] if reach.get(each["id"]) == most)
            worst = {
                "loss": most - mine,
                "number": number,
                "choice": step["choice"]["text"],
                "better": better["text"],
                "why": better["why"],
                "most": _percent(most),
                "mine": _percent(mine),
            }
    if not worst["loss"]:
        return [words["roleplay_none_better"]]
    return [words[f"roleplay_{line}"].format(**worst) for line in ("lost", "better", "better_next")]


def _points(content: dict, scales: dict[str, int]) -> float:
    return sum(map(_shown, scales.values())) / (TOP * len(content["scales"]))


def _shown(value: int) -> int:
    return min(TOP, max(0, value))


def _percent(share: float) -> int:
    return int(100 * share + 0.5)


def _effect(content: dict, choice: dict, words: dict[str, str]) -> str:
    moved = [
        f"{scale['label']} {'+' if by > 0 else '−'}{abs(by)}"
        for scale in content["scales"]
        if (by := choice["effects"].get(scale["id"], 0))
    ]
    return words["ui_list"].join(moved) or words["roleplay_no_effect"]


def _said(node: dict, names: dict[str, str], words: dict[str, str]) -> str:
    if "speaker" not in node:
        return node["text"]
    return words["roleplay_said"].format(name=names[node["speaker"]], text=node["text"])


def _nodes(content: dict) -> dict[str, dict]:
    return {node["id"]: node for node in content["nodes"]}


def _holds(condition: dict, scales: dict[str, int], chosen: list[str]) -> bool:
    within = all(
        bound.get("min", -inf) <= scales[scale] <= bound.get("max", inf)
        for scale, bound in condition.get("scales", {}).items()
    )
    after = all(each in chosen for each in condition.get("after", []))
    return within and after and not any(each in chosen for each in condition.get("unless", []))


def _offered(node: dict, scales: dict[str, int], chosen: list[str]) -> list[dict]:
    return [
        choice for choice in node.get("choices", []) if _holds(choice.get("if", {}), scales, chosen)
    ]


def _take(choice: dict, scales: dict[str, int], chosen: list[str]) -> tuple[dict, list[str], str]:
    """Return scales, choices made and next node once this choice is made."""
    after = {scale: value + choice["effects"].get(scale, 0) for scale, value in scales.items()}
    made = [*chosen, choice["id"]]
    for other in choice.get("instead", []):
        if _holds(other["if"], after, made):
            return after, made, other["next"]
    return after, made, choice["next"]


def _targets(choice: dict) -> list[str]:
    return [choice["next"], *(other["next"] for other in choice.get("instead", []))]


def _conditions(content: dict) -> Iterator[tuple[tuple[str | int, ...], dict]]:
    for at, node in enumerate(content["nodes"]):
        for place, choice in enumerate(node.get("choices", [])):
            where = ("nodes", at, "choices", place)
            if "if" in choice:
                yield (*where, "if"), choice["if"]
            for order, other in enumerate(choice.get("instead", [])):
                yield (*where, "instead", order, "if"), other["if"]


def _named(content: dict) -> list[str]:
    """Return the choices that conditions look back at."""
    conditions = [condition for _, condition in _conditions(content)]
    return sorted(
        {each for cond in conditions for key in ("after", "unless") for each in cond.get(key, [])}
    )


# Rules of the graph. Messages: messages/activities_roleplay.toml.


def _loose_ends(content: dict) -> Iterator[Fault]:
    """Yield a fault for every id twice or unknown, and every node that neither asks nor ends."""
    nodes = content["nodes"]
    for name in ("scales", "cast", "nodes"):
        yield from repeated_ids((name,), content[name])
    known = {name: [each["id"] for each in content[name]] for name in ("scales", "cast", "nodes")}
    seen: list[str] = []
    for at, node in enumerate(nodes):
        if ("choices" in node) == ("ending" in node):
            yield ("nodes", at), say("activities_roleplay.rule_end", node=node["id"])
        if node.get("speaker", known["cast"][0]) not in known["cast"]:
            yield ("nodes", at, "speaker"), _unknown(node["speaker"], known["cast"])
        for place, choice in enumerate(node.get("choices", [])):
            where = ("nodes", at, "choices", place)
            if choice["id"] in seen:
                yield (*where, "id"), say("activities.rule_twice", found=choice["id"])
            seen.append(choice["id"])
            for scale in choice["effects"]:
                if scale not in known["scales"]:
                    yield (*where, "effects"), _unknown(scale, known["scales"])
            for target in _targets(choice):
                if target not in known["nodes"]:
                    yield (*where, "next"), _unknown(target, known["nodes"])
    for where, condition in _conditions(content):
        for scale in condition.get("scales", {}):
            if scale not in known["scales"]:
                yield where, _unknown(scale, known["scales"])
        for choice_id in (*condition.get("after", []), *condition.get("unless", [])):
            if choice_id not in seen:
                yield where, _unknown(choice_id, seen)


def _unknown(found: str, known: list[str]) -> str:
    return say("activities.rule_unknown_id", found=found, known=listed(known))


def _walk_faults(content: dict) -> Iterator[Fault]:
    """Walk all conversations, and yield a fault for what none of them gets to or out of."""
    circle = _circle(content)
    if circle:
        at = [node["id"] for node in content["nodes"]].index(circle[0])
        steps = " → ".join(circle)
        yield ("nodes", at), say("activities_roleplay.rule_circle", node=circle[0], steps=steps)
        return
    reached, offered, diverted, stuck = _walked(content)
    endings = 0
    for at, node in enumerate(content["nodes"]):
        where = ("nodes", at)
        if node["id"] not in reached:
            yield where, say("activities_roleplay.rule_unreachable", node=node["id"])
            continue
        endings += "ending" in node
        if node["id"] in stuck:
            yield where, say("activities_roleplay.rule_stuck", node=node["id"])
        for place, choice in enumerate(node.get("choices", [])):
            here = (*where, "choices", place)
            if choice["id"] not in offered:
                rule = say("activities_roleplay.rule_never", node=node["id"], choice=choice["id"])
                yield here, rule
            for order, _ in enumerate(choice.get("instead", [])):
                if choice["id"] in offered and (choice["id"], order) not in diverted:
                    rule = say(
                        "activities_roleplay.rule_never", node=node["id"], choice=choice["id"]
                    )
                    yield (*here, "instead", order), rule
    if endings < ENDINGS:
        yield ("nodes",), say("activities_roleplay.rule_endings", found=endings, least=ENDINGS)


def _circle(content: dict) -> list[str]:
    """Return the ids of nodes that lead back to where they began, if there are such."""
    nodes, done = _nodes(content), set()

    def search(path: list[str]) -> list[str]:
        if path[-1] in path[:-1]:
            return path[path.index(path[-1]) :]
        if path[-1] in done:
            return []
        for choice in nodes[path[-1]].get("choices", []):
            for target in _targets(choice):
                if found := search([*path, target]):
                    return found
        done.add(path[-1])
        return []

    return search([content["nodes"][0]["id"]])


def _walked(content: dict) -> tuple[set, set, set, set]:
    """Return the nodes reached, choices offered, detours taken, and nodes without a way on."""
    nodes, named = _nodes(content), set(_named(content))
    watched = {
        scale for _, condition in _conditions(content) for scale in condition.get("scales", {})
    }
    start = {scale["id"]: scale["start"] for scale in content["scales"] if scale["id"] in watched}
    waiting = [(content["nodes"][0]["id"], start, [])]
    seen: set = set()
    reached, offered, diverted, stuck = set(), set(), set(), set()
    while waiting:
        node_id, scales, chosen = waiting.pop()
        state = (node_id, *scales.values(), *chosen)
        if state in seen:
            continue
        seen.add(state)
        reached.add(node_id)
        choices = _offered(nodes[node_id], scales, chosen)
        if not choices and "choices" in nodes[node_id]:
            stuck.add(node_id)
        for choice in choices:
            offered.add(choice["id"])
            after, made, target = _take(choice, scales, chosen)
            holding = [_holds(each["if"], after, made) for each in choice.get("instead", [])]
            if True in holding:
                diverted.add((choice["id"], holding.index(True)))
            waiting.append((target, after, sorted(named.intersection(made))))
    return reached, offered, diverted, stuck
