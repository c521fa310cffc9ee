"""The matrix: house of quality, Kano's desk, logrolling; scores, agreement, use in a page."""

import random

import pandas as pd
import pytest
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_both_refuse,
    assert_fingers_hit,
    assert_fits,
    assert_same_scores,
    content_of,
    refusal,
    scored,
    stored,
)

from csqm import kano, negotiation, qfd
from csqm.activities.content import paths
from csqm.activities.kinds import matrix
from csqm.activities.kinds.matrix import Matrix
from csqm.text import LANGUAGES, set_language

pytestmark = pytest.mark.usefixtures("english")

HOUSE, DESK, TABLE = "house-of-quality", "kano-desk", "logrolling-table"
SLUGS = [HOUSE, DESK, TABLE]


def key_cells():
    cells = {}
    for entry in content_of(HOUSE)["key"]:
        cells.setdefault(entry["row"], {})[entry["column"]] = entry["accept"][0]
    return cells


def offers(*rows):
    issues = ("price", "payment", "arrival")
    return {
        "cells": {
            f"offer-{n}": dict(zip(issues, row.split(), strict=True))
            for n, row in enumerate(rows, start=1)
        }
    }


def random_answer(chance, given):
    share = chance.choice([0.2, 0.6, 1])
    cells = {}
    for row in given["rows"]:
        chosen = {
            column["id"]: chance.choice(column.get("choices") or given["choices"])["id"]
            for column in given["columns"]
            if chance.random() < share
        }
        if chosen or chance.random() < 0.5:
            cells[row["id"]] = chosen
    if "counts" not in given or chance.random() < 0.2:
        return {"cells": cells}
    most = chance.choice([0, 2, 90, 999])
    return {"cells": cells, "counts": {c: chance.randint(0, most) for c in matrix.CLASSES}}


# House of quality


def test_house_right_partly_right_and_wrong():
    points, lines = scored(HOUSE, {"cells": key_cells()})
    assert points == 1
    assert "Error of the predicted arrival (min), with 45 points, 27.3% of the total" in lines
    assert "nothing answers yet: My complaint gets settled." in lines
    assert "no need asks for yet: Cars in the new paint (%)." in lines
    assert "×" not in lines

    cells = key_cells() | {"punctual": {"forecast": "1", "paint": "9"}}
    points, lines = scored(HOUSE, {"cells": cells})
    assert points == pytest.approx((3 - 1) / 6)
    assert "The promise is the prediction" in lines
    assert "Cars in the new paint (%): you set 9; defensible: none, or 1 at most" in lines

    every = {
        row["id"]: {c["id"]: "9" for c in content_of(HOUSE)["columns"]}
        for row in content_of(HOUSE)["rows"]
    }
    points, lines = scored(HOUSE, {"cells": every})
    assert points == 0 and "And 17 more" in lines


def test_an_untouched_house_gives_nothing_and_gives_nothing_away():
    points, lines = scored(HOUSE, {"cells": {}})
    assert points == 0 and "no priority" in lines
    assert "course's own" not in lines and "×" not in lines


def test_house_agrees_with_the_library():
    given, chance = content_of(HOUSE), random.Random(1)
    for _ in range(100):
        cells = random_answer(chance, given)["cells"]
        frame = pd.DataFrame(
            {
                column["label"]: [
                    int(cells.get(row["id"], {}).get(column["id"], 0)) for row in given["rows"]
                ]
                for column in given["columns"]
            },
            index=[row["label"] for row in given["rows"]],
        )
        if not frame.to_numpy().any():
            continue
        mine = matrix.house(given, cells)
        theirs = qfd.priorities(frame, [row["weight"] for row in given["rows"]])
        assert mine["absolute"] == theirs.table["absolute"].tolist()
        assert mine["rank"] == theirs.table["rank"].tolist()
        assert mine["unmet"] == theirs.unmet_needs
        assert mine["idle"] == theirs.idle_characteristics


# Kano's desk


def test_kano_agrees_with_the_library():
    for present in range(1, 6):
        for absent in range(1, 6):
            row = {"present": str(present), "absent": str(absent)}
            assert matrix.kano_class(row) == kano.classify([present], [absent])[0]
    chance = random.Random(2)
    for most in [2, 5, 60, 999] * 40:
        counts = {name: chance.randint(0, most) for name in matrix.CLASSES}
        mine = matrix.kano(counts)
        if mine is None:
            assert not any(counts.values())
            continue
        frame = pd.DataFrame([counts])
        theirs = kano.summary(frame).iloc[0]
        assert (mine["mode"], mine["berger"]) == (theirs["mode"], theirs["berger"])
        assert mine["significant"] == theirs["fong_significant"]
        assert mine["critical"] == pytest.approx(theirs["fong_critical"])
        assert mine["category"] == pytest.approx(theirs["category_strength"])
        assert mine["total"] == pytest.approx(theirs["total_strength"])
        if mine["better"] is not None:
            slopes = kano.better_worse(frame).iloc[0]
            assert mine["better"] == pytest.approx(slopes["better"])
            assert mine["worse"] == pytest.approx(slopes["worse"])


def test_desk_right_partly_right_and_wrong():
    points, lines = scored(DESK, {"cells": {}})
    assert points == 0 and "make mode and rule disagree" in lines
    rows = [row["id"] for row in content_of(DESK)["rows"]]
    cells = {row: {"present": "1", "absent": "5"} for row in rows}
    points, lines = scored(DESK, {"cells": cells})
    assert points == 0.5 and "The rear seat belts work: O one-dimensional." in lines
    counts = {"A": 60, "O": 38, "M": 20, "I": 70, "R": 8, "Q": 4}
    points, lines = scored(DESK, {"cells": cells, "counts": counts})
    assert points == 1 and "report both" in lines and "does not settle the class" in lines
    assert "The class" not in lines and "A class belongs to a sample" in lines
    points, lines = scored(DESK, {"cells": {"belt": {"present": "1", "absent": "1"}}})
    assert points == pytest.approx(1 / 12) and "usually a question misread" in lines
    assert (
        "nothing to classify"
        in scored(DESK, {"cells": {}, "counts": dict.fromkeys(matrix.CLASSES, 0)})[1]
    )


# Logrolling


def test_no_deal_a_wasteful_deal_and_a_good_one():
    assert "no complete offer" in scored(TABLE, {"cells": {}})[1]
    points, lines = scored(TABLE, offers("high early slow"))
    assert points == 0 and "None was accepted" in lines
    points, lines = scored(TABLE, offers("middle middle middle"))
    assert points == pytest.approx(50 / 80)
    assert "50 points for you, 50 for the other side, 100 together" in lines
    assert "possible together is 136" in lines
    assert "You got 62.5% of the frontier" in lines and "left on the table" in lines
    points, lines = scored(TABLE, offers("middle middle middle", "low early fast"))
    assert points == 1 and "lies on the frontier" in lines
    points, lines = scored(TABLE, offers("low late fast"))
    assert points == 0 and "less than your alternative (40 points)" in lines


def test_the_other_side_says_where_a_step_helps_most():
    given = content_of(TABLE)
    asked = matrix.wish(given, {"price": "high", "payment": "early", "arrival": "slow"})
    assert asked == "Arrival limit"
    asked = matrix.wish(given, {"price": "high", "payment": "early", "arrival": "fast"})
    assert asked == "Price of a ride"


def test_frontier_agrees_with_the_library():
    given = content_of(TABLE)
    every = matrix.deals(given)
    assert len(every) == 27
    frame = pd.DataFrame([{"own": each["own"], "bot": each["bot"]} for each in every])
    frontier = set(negotiation.pareto_frontier(frame).index)
    for index, each in enumerate(every):
        if not each["accepted"] or each["own"] < given["limits"]["own"]:
            continue
        points, lines = scored(TABLE, {"cells": {"offer-1": each["row"]}})
        assert ("lies on the frontier" in lines) == (index in frontier)
        assert (points == 1) == (index in frontier)


def test_equal_weights_leave_nothing_to_trade():
    given = content_of(TABLE)
    for column in given["columns"]:
        for choice, back in zip(column["choices"], column["choices"][::-1], strict=True):
            choice["bot"] = back["own"]
    joint = {each["own"] + each["bot"] for each in matrix.deals(given)}
    assert len(joint) == 1


# Content, Python and JavaScript


@pytest.mark.parametrize(
    ("slug", "change", "says"),
    [
        (HOUSE, lambda c: c.update(rule="magic"), "expected one of house_of_quality, kano"),
        (HOUSE, lambda c: c.pop("key"), "`key` is missing"),
        (HOUSE, lambda c: c["key"][0].update(row="moon"), "there is no `moon` here"),
        (HOUSE, lambda c: c["key"][0].update(accept=["7"]), "there is no `7` here"),
        (HOUSE, lambda c: c["rows"].append(c["rows"][0]), "is used twice"),
        (DESK, lambda c: c["counts"].pop("Q"), "`Q` is missing"),
        (DESK, lambda c: c["rows"][0].pop("why"), "`why` is missing"),
        (TABLE, lambda c: c.pop("limits"), "`limits` is missing"),
        (TABLE, lambda c: c["columns"][0]["choices"][0].pop("bot"), "`bot` is missing"),
        (TABLE, lambda c: c["limits"].update(own=-1), "-1 is outside the allowed range"),
    ],
)
def test_broken_content_is_refused(slug, change, says, tmp_path):
    assert says in refusal(change, paths()[slug], tmp_path / f"{slug}.yaml")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_python_and_javascript_agree(slug, language, script_page):
    set_language(language)
    given, chance = content_of(slug), random.Random(slug)
    answers = [Matrix.empty, *(random_answer(chance, given) for _ in range(150))]
    assert_same_scores(script_page, slug, answers)


def test_both_refuse_what_is_no_answer(script_page):
    counts = dict.fromkeys(matrix.CLASSES, 1)
    wrong = [
        (HOUSE, None),
        (HOUSE, []),
        (HOUSE, {}),
        (HOUSE, {"cells": []}),
        (HOUSE, {"cells": {}, "more": 1}),
        (HOUSE, {"cells": {}, "counts": counts}),
        (HOUSE, {"cells": {"moon": {}}}),
        (HOUSE, {"cells": {"safe": []}}),
        (HOUSE, {"cells": {"safe": {"moon": "9"}}}),
        (HOUSE, {"cells": {"safe": {"paint": "7"}}}),
        (HOUSE, {"cells": {"safe": {"paint": 9}}}),
        (HOUSE, {"cells": {"safe": {"paint": ["9"]}}}),
        (DESK, {"cells": {}, "counts": {}}),
        (DESK, {"cells": {}, "counts": None}),
        (DESK, {"cells": {}, "counts": counts | {"A": -1}}),
        (DESK, {"cells": {}, "counts": counts | {"A": 1000}}),
        (DESK, {"cells": {}, "counts": counts | {"A": "1"}}),
        (DESK, {"cells": {}, "counts": counts | {"A": True}}),
        (DESK, {"cells": {}, "counts": counts | {"A": 1.5}}),
        (DESK, {"cells": {}, "counts": counts | {"Z": 1}}),
    ]
    for slug, answer in wrong:
        assert_both_refuse(script_page, slug, [answer])


# In a page


def test_house_by_keyboard_and_kept_over_a_reload(open_activity):
    page = open_activity(HOUSE)
    page.keyboard.press("Tab")
    page.keyboard.press("9")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("3")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # at the edge: stays
    page.keyboard.press("9")
    page.keyboard.press("Delete")
    expected = {"punctual": {"forecast": "9", "distance": "3"}, "safe": {"distance": "1"}}
    assert stored(page, HOUSE) == {"cells": expected}
    shown = page.locator(".csqm-bars li").first.inner_text()
    assert "45 points, 70.3%, rank 1" in shown
    assert "nothing answers yet: I know the fare" in page.locator(".csqm-live-result").inner_text()
    button = page.get_by_role("button", name="Check")
    while not button.evaluate("(node) => node === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "set defensibly: 2 of 6" in page.locator(".csqm-feedback").inner_text()
    assert page.locator("select[data-mark=right]").count() == 3
    page.reload()
    label = "The car comes when promised: Error of the predicted arrival (min)"
    assert page.get_by_label(label).input_value() == "9"


def test_desk_lights_a_cell_and_counts(open_activity):
    page = open_activity(DESK)
    page.get_by_label("A quiet ride can be chosen: If it is so").select_option("1")
    page.get_by_label("A quiet ride can be chosen: If it is not so").select_option("3")
    page.get_by_label("A quiet ride can be chosen: If it is not so").focus()
    assert page.locator(".csqm-lit").inner_text() == "A"
    assert "Your two answers meet in A attractive." in page.inner_text("main")
    for name, count in (("I indifferent", "95"), ("A attractive", "1200"), ("A attractive", "85")):
        page.get_by_label(name, exact=True).fill(count)
        page.get_by_label(name, exact=True).press("Tab")
    assert stored(page, DESK)["counts"]["A"] == 85
    assert "(mode): I. By Berger's rule: A." in page.inner_text("main")
    page.get_by_role("button", name="Check").click()
    assert "Goals met with the counters: 2 of 2" in page.locator(".csqm-feedback").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert page.get_by_label("A attractive", exact=True).input_value() == "92"


def test_offers_are_answered_at_once(open_activity):
    page = open_activity(TABLE)
    for issue, level in (
        ("Price of a ride", "middle"),
        ("Payment term", "early"),
        ("Arrival limit", "slow"),
    ):
        page.get_by_label(f"Offer 1: {issue}").select_option(level)
    row = page.locator(".csqm-grid tbody tr").first
    assert "A step on “Arrival limit” would help most" in row.inner_text()
    page.get_by_label("Offer 1: Arrival limit").select_option("fast")
    assert "Accepted" in row.inner_text() and "65" in row.inner_text()
    page.get_by_role("button", name="Check").click()
    assert "lies on the frontier" in page.locator(".csqm-feedback").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_accessible_and_narrow(open_activity, slug, language, theme):
    phone = {"width": 360, "has_touch": True, "is_mobile": True}
    page = open_activity(slug, language=language, theme=theme, **phone)
    for n in range(4):
        page.locator("select").nth(n).select_option(index=1)
    page.locator(".csqm-primary").click()
    assert_fits(page)
    assert_fingers_hit(page)
    assert_axe_finds_nothing(page)
