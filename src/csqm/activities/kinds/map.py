"""The map: actors on a plane of power and interest, with a plan for each."""

import math
from collections.abc import Iterator
from html import escape
from typing import Any

from csqm.activities.base import Activity
from csqm.activities.content import Fault, repeated_ids
from csqm.stakeholders import salience_class

__all__ = ["Map", "quadratic_kappa"]

TICKS = ("power", "legitimacy", "urgency")
PLANS = {
    ("high", "high"): "closely",
    ("high", "low"): "satisfied",
    ("low", "high"): "informed",
    ("low", "low"): "monitor",
}
LEAST = 6  # actors that must be rated before agreement is computed
LARGE = 3  # a gap worth showing, in points
SHOWN = 3  # gaps shown at most


class Map(Activity):
    """Actors with power, interest, three ticks of salience and an engagement plan."""

    kind = "map"
    empty = {"actors": {}}

    @classmethod
    def faults(cls, content: dict[str, Any]) -> Iterator[Fault]:  # noqa: D102
        yield from repeated_ids(("actors",), content["actors"])

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:  # noqa: D102
        if not isinstance(answer, dict) or answer.keys() != {"actors"}:
            return False
        known = {actor["id"] for actor in content["actors"]}
        return isinstance(answer["actors"], dict) and all(
            name in known and _valid_entry(entry) for name, entry in answer["actors"].items()
        )

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:  # noqa: D102
        actors = content["actors"]
        items = {actor["id"]: _item(answer["actors"].get(actor["id"], {})) for actor in actors}
        every = list(items.values())
        rated = [actor for actor in actors if items[actor["id"]]["fitting"]]
        fitting_all = [set(items[actor["id"]]["fitting"]) for actor in rated]
        points = sum((item["plan"] == "fits") + item["consistent"] for item in every)
        points /= 2 * len(actors)
        # One plan would do for all of them.
        crowded = len(rated) >= 2 and bool(set.intersection(*fitting_all))
        kappa = {axis: _agreement(rated, answer, axis) for axis in ("power", "interest")}

        def names(wanted: list[dict[str, Any]]) -> str:
            return words["ui_list"].join(actor["name"] for actor in wanted)

        unrated = [actor for actor in actors if actor not in rated]
        unplanned = [a for a in actors if not answer["actors"].get(a["id"], {}).get("plan")]
        complete = [a for a in rated if a not in unplanned]
        fitting = sum(item["plan"] == "fits" for item in every)
        summary = [
            words["map_summary"].format(complete=len(complete), total=len(actors), fitting=fitting)
        ]
        if unrated:
            summary.append(words["map_unrated"].format(names=names(unrated)))
        if unplanned:
            summary.append(words["map_unplanned"].format(names=names(unplanned)))
        if crowded:
            summary.append(words["map_one_quadrant"])

        against, ticks = [], []
        for actor in rated:
            entry, item = answer["actors"][actor["id"]], items[actor["id"]]
            given = {"name": actor["name"], "power": entry["power"], "interest": entry["interest"]}
            if item["plan"] == "against":
                against.append(
                    words["map_against"].format(
                        **given,
                        plan=words[f"map_plan_{entry['plan']}"],
                        fitting=words["map_or"].join(
                            words[f"map_plan_{plan}"] for plan in item["fitting"]
                        ),
                        advice=words[f"map_advice_{item['fitting'][0]}"],
                    )
                )
            if not item["consistent"]:
                ticked = "power" in entry.get("ticks", [])
                key = "map_tick_extra" if ticked else "map_tick_missing"
                ticks.append(words[key].format(**given))
        groups = [
            {"title": words["map_summary_title"], "lines": summary},
            {"title": words["map_against_title"], "lines": against},
            {"title": words["map_tick_title"], "lines": ticks},
            {"title": words["map_kappa_title"], "lines": _kappa_lines(len(rated), kappa, words)},
            {"title": words["map_gaps_title"], "lines": _gap_lines(rated, answer, words)},
        ]
        return {
            "points": points / 2 if crowded else points,
            "groups": [group for group in groups if group["lines"]],
            "items": items,
            "kappa": kappa,
        }

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:  # noqa: D102
        heads = [words["map_actors"], words["map_power"], words["map_interest"], words["map_plan"]]
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
        rows = "".join(
            f'<tr><th scope="row">{escape(actor["name"])}</th>'
            f'<td colspan="3">{escape(actor["situation"])}</td></tr>'
            for actor in content["actors"]
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def quadratic_kappa(mine: list[int], theirs: list[int]) -> float | None:
    r"""Return Cohen's kappa with quadratic weights for two raters of the same things.

    With ratings :math:`x_i` and :math:`y_i` of :math:`n` things it is

    .. math:: \kappa = 1 - n \sum_i (x_i - y_i)^2 \Big/ \sum_i \sum_j (x_i - y_j)^2 ,

    the observed squared differences against those expected when the second rater's ratings are
    dealt out at random. It does not depend on the categories that nobody used.

    Parameters
    ----------
    mine, theirs : list of int
        The two ratings of each thing, in the same order.

    Returns
    -------
    float or None
        Kappa, or None where it is undefined: both gave one and the same value throughout.

    References
    ----------
    Cohen, J. (1968). Weighted kappa: nominal scale agreement with provision for scaled
    disagreement or partial credit. *Psychological Bulletin*, 70(4), 213-220.

    Examples
    --------
    >>> quadratic_kappa([1, 2, 3, 4], [1, 2, 3, 4])
    1.0
    >>> quadratic_kappa([1, 2, 3, 4], [2, 2, 3, 3])
    0.6666666666666667
    >>> quadratic_kappa([5, 5], [5, 5]) is None
    True
    """
    expected = sum((x - y) ** 2 for x in mine for y in theirs)
    observed = len(mine) * sum((x - y) ** 2 for x, y in zip(mine, theirs, strict=True))
    return 1 - observed / expected if expected else None


def _valid_entry(entry: Any) -> bool:
    fields = {"power", "interest", "ticks", "plan"}
    if not isinstance(entry, dict) or not entry.keys() <= fields:
        return False
    ratings = [entry[axis] for axis in ("power", "interest") if axis in entry]
    ticks = entry.get("ticks", [])
    return (
        all(type(rating) is int and 0 <= rating <= 10 for rating in ratings)
        and isinstance(ticks, list)
        and all(tick in TICKS for tick in ticks)
        and ("plan" not in entry or entry["plan"] in list(PLANS.values()))
    )


def _item(entry: dict[str, Any]) -> dict[str, Any]:
    ticks = entry.get("ticks", [])
    item = {
        "fitting": [],
        "plan": "missing",
        "consistent": False,
        "salience": salience_class(*(tick in ticks for tick in TICKS)),
    }
    if "power" in entry and "interest" in entry:
        powers, interests = _levels(entry["power"]), _levels(entry["interest"])
        item["fitting"] = [PLANS[power, interest] for power in powers for interest in interests]
        item["consistent"] = ("high" if "power" in ticks else "low") in powers
        if "plan" in entry:
            item["plan"] = "fits" if entry["plan"] in item["fitting"] else "against"
    return item


def _levels(rating: int) -> list[str]:
    """Return high above the middle, low below it, and both on the line."""
    return ["high"] * (rating >= 5) + ["low"] * (rating <= 5)


def _agreement(rated: list[dict[str, Any]], answer: dict[str, Any], axis: str) -> float | None:
    if len(rated) < LEAST:
        return None
    mine = [answer["actors"][actor["id"]][axis] for actor in rated]
    return quadratic_kappa(mine, [actor["panel"][axis] for actor in rated])


def _kappa_lines(n: int, kappa: dict[str, float | None], words: dict[str, str]) -> list[str]:
    if n < LEAST:
        return [words["map_kappa_few"].format(least=LEAST, n=n)]
    shown = {
        axis: words["map_kappa_undefined"] if value is None else _decimals(value)
        for axis, value in kappa.items()
    }
    line = words["map_kappa"].format(n=n, **shown)
    return [line, words["map_kappa_how"], words["map_kappa_limits"]]


def _decimals(value: float) -> str:
    hundredths = math.floor(abs(value) * 100 + 0.5)
    sign = "−" if value < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}"


def _gap_lines(
    rated: list[dict[str, Any]], answer: dict[str, Any], words: dict[str, str]
) -> list[str]:
    gaps = []
    for actor in rated:
        entry, panel = answer["actors"][actor["id"]], actor["panel"]
        power, interest = entry["power"] - panel["power"], entry["interest"] - panel["interest"]
        if max(abs(power), abs(interest)) >= LARGE:
            line = words["map_gap"].format(
                name=actor["name"],
                power=entry["power"],
                interest=entry["interest"],
                panel_power=panel["power"],
                panel_interest=panel["interest"],
                reason=panel["reason"],
            )
            gaps.append((power**2 + interest**2, line))
    gaps.sort(key=lambda gap: -gap[0])
    return [line for _, line in gaps[:SHOWN]]
