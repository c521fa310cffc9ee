"""The matrix: house of quality, Kano's desk, logrolling; scores, agreement, use in a page."""

import json
import random

import pandas as pd
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from csqm import kano, negotiation, qfd
from csqm.activities import ContentError, activity, book_script, book_style
from csqm.activities.content import load, localised, paths, words
from csqm.activities.kinds import matrix
from csqm.activities.kinds.matrix import Matrix
from csqm.text import LANGUAGES, set_language

HOUSE, DESK, TABLE = "house-of-quality", "kano-desk", "logrolling-table"
SLUGS = [HOUSE, DESK, TABLE]


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    set_language("en")
    monkeypatch.chdir(tmp_path)
    yield
    set_language("en")


def content(slug):
    return localised(load(paths()[slug]))


def key_cells():
    cells = {}
    for entry in content(HOUSE)["key"]:
        cells.setdefault(entry["row"], {})[entry["column"]] = entry["accept"][0]
    return cells


def said(slug, answer):
    widget = activity(slug)
    widget.answer = answer
    result = widget.score()
    return result["points"], "\n".join(result["lines"])


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
    points, lines = said(HOUSE, {"cells": key_cells()})
    assert points == 1
    assert "Error of the predicted arrival (min), with 45 points, 27.3% of the total" in lines
    assert "nothing answers yet: My complaint gets settled." in lines
    assert "no need asks for yet: Cars in the new paint (%)." in lines
    assert "×" not in lines

    cells = key_cells() | {"punctual": {"forecast": "1", "paint": "9"}}
    points, lines = said(HOUSE, {"cells": cells})
    assert points == pytest.approx((3 - 1) / 6)
    assert "The promise is the prediction" in lines
    assert "Cars in the new paint (%): you set 9; defensible: none, or 1 at most" in lines

    every = {
        row["id"]: {c["id"]: "9" for c in content(HOUSE)["columns"]}
        for row in content(HOUSE)["rows"]
    }
    points, lines = said(HOUSE, {"cells": every})
    assert points == 0 and "And 17 more" in lines


def test_an_untouched_house_gives_nothing_and_gives_nothing_away():
    points, lines = said(HOUSE, {"cells": {}})
    assert points == 0 and "no priority" in lines
    assert "course's own" not in lines and "×" not in lines


def test_house_agrees_with_the_library():
    given, chance = content(HOUSE), random.Random(1)
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
    points, lines = said(DESK, {"cells": {}})
    assert points == 0 and "make mode and rule disagree" in lines
    rows = [row["id"] for row in content(DESK)["rows"]]
    cells = {row: {"present": "1", "absent": "5"} for row in rows}
    points, lines = said(DESK, {"cells": cells})
    assert points == 0.5 and "The rear seat belts work: O one-dimensional." in lines
    counts = {"A": 60, "O": 38, "M": 20, "I": 70, "R": 8, "Q": 4}
    points, lines = said(DESK, {"cells": cells, "counts": counts})
    assert points == 1 and "report both" in lines and "does not settle the class" in lines
    assert "The class" not in lines and "A class belongs to a sample" in lines
    points, lines = said(DESK, {"cells": {"belt": {"present": "1", "absent": "1"}}})
    assert points == pytest.approx(1 / 12) and "usually a question misread" in lines
    assert (
        "nothing to classify"
        in said(DESK, {"cells": {}, "counts": dict.fromkeys(matrix.CLASSES, 0)})[1]
    )


# Logrolling


def test_no_deal_a_wasteful_deal_and_a_good_one():
    assert "no complete offer" in said(TABLE, {"cells": {}})[1]
    points, lines = said(TABLE, offers("high early slow"))
    assert points == 0 and "None was accepted" in lines
    points, lines = said(TABLE, offers("middle middle middle"))
    assert points == pytest.approx(50 / 80)
    assert "50 points for you, 50 for the other side, 100 together" in lines
    assert "possible together is 136" in lines
    assert "You got 62.5% of the frontier" in lines and "left on the table" in lines
    points, lines = said(TABLE, offers("middle middle middle", "low early fast"))
    assert points == 1 and "lies on the frontier" in lines
    points, lines = said(TABLE, offers("low late fast"))
    assert points == 0 and "less than your alternative (40 points)" in lines


def test_the_other_side_says_where_a_step_helps_most():
    given = content(TABLE)
    asked = matrix.wish(given, {"price": "high", "payment": "early", "arrival": "slow"})
    assert asked == "Arrival limit"
    asked = matrix.wish(given, {"price": "high", "payment": "early", "arrival": "fast"})
    assert asked == "Price of a ride"


def test_frontier_agrees_with_the_library():
    given = content(TABLE)
    every = matrix.deals(given)
    assert len(every) == 27
    frame = pd.DataFrame([{"own": each["own"], "bot": each["bot"]} for each in every])
    frontier = set(negotiation.pareto_frontier(frame).index)
    for index, each in enumerate(every):
        if not each["accepted"] or each["own"] < given["limits"]["own"]:
            continue
        points, lines = said(TABLE, {"cells": {"offer-1": each["row"]}})
        assert ("lies on the frontier" in lines) == (index in frontier)
        assert (points == 1) == (index in frontier)


def test_equal_weights_leave_nothing_to_trade():
    given = content(TABLE)
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
    broken = yaml.safe_load(paths()[slug].read_text(encoding="utf-8"))
    change(broken)
    file = tmp_path / f"{slug}.yaml"
    file.write_text(yaml.safe_dump(broken, sort_keys=False), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load(file)
    assert says in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_python_and_javascript_agree(slug, language, browser):
    set_language(language)
    given, spoken, chance = content(slug), words("matrix"), random.Random(slug)
    answers = [Matrix.empty, *(random_answer(chance, given) for _ in range(150))]
    page = browser.new_page()
    page.add_script_tag(content=book_script())
    computed = page.evaluate(
        """({ content, answers, words }) => answers.map((answer) => {
            const { score, valid } = window.csqmActivities.matrix;
            return { valid: valid(content, answer), score: score(content, answer, words) };
        })""",
        {"content": given, "answers": answers, "words": spoken},
    )
    page.close()
    for answer, there in zip(answers, computed, strict=True):
        assert there["valid"] and Matrix.valid(given, answer)
        assert there["score"] == Matrix.mark(given, answer, spoken)


def test_both_refuse_what_is_no_answer(browser):
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
    page = browser.new_page()
    page.add_script_tag(content=book_script())
    for slug, answer in wrong:
        assert not Matrix.valid(content(slug), answer), answer
        assert not page.evaluate(
            "([content, answer]) => Boolean(csqmActivities.matrix.valid(content, answer))",
            [content(slug), answer],
        ), answer
    page.close()


# In a page


@pytest.fixture
def opened(browser, tmp_path):
    """Open an activity from a file, in a language, at a width; errors fail the test."""
    errors, contexts = [], []

    def go(slug, language="en", width=1000, **options):
        set_language(language)
        html = activity(slug)._html()
        file = tmp_path / f"{slug}.{language}.html"
        file.write_text(
            f"<!doctype html><html lang='{language}'><meta charset='utf-8'>"
            f"<meta name='viewport' content='width=device-width'><title>x</title>"
            f"<style>body {{ margin: 0.5rem }}{book_style()}</style><main>{html}</main>"
            f"<script>{book_script()}</script></html>",
            encoding="utf-8",
        )
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield go
    for context in contexts:
        context.close()
    assert errors == []


def stored(page, slug):
    return json.loads(page.evaluate(f"localStorage.getItem('csqm:answer:{slug}')"))["answer"]


def test_house_by_keyboard_and_kept_over_a_reload(opened):
    page = opened(HOUSE)
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


def test_desk_lights_a_cell_and_counts(opened):
    page = opened(DESK)
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


def test_offers_are_answered_at_once(opened):
    page = opened(TABLE)
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
def test_accessible_and_narrow(opened, slug, language, theme):
    page = opened(slug, language, 360, has_touch=True, is_mobile=True)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    for n in range(4):
        page.locator("select").nth(n).select_option(index=1)
    page.locator(".csqm-primary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input')].filter(
            (node) => node.offsetWidth && (node.offsetHeight < 44 || node.offsetWidth < 44)).length"""
    )
    assert small == 0
    results = Axe().run(page, context={"include": [[".csqm-activity"]]})
    assert results.violations_count == 0, results.generate_report()
