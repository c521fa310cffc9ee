"""The cross-hair of importance and performance: the explorer's model, and its use in a page."""

import random

import pandas as pd
import pytest
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_fits,
    assert_same_scores,
    content_of,
    scored,
    stored,
)

from csqm import ipa
from csqm.activities.kinds.explorer import Explorer
from csqm.activities.kinds.explorer_models import ipa_cross
from csqm.text import LANGUAGES, set_language

pytestmark = pytest.mark.usefixtures("english")

SLUG = "ipa-cross-hair"


def said(**inputs):
    return scored(SLUG, {"inputs": inputs})


def random_answer(chance):
    inputs = {
        "importance": chance.choice(["stated", "derived"]),
        "cross": chance.choice(["mean", "median", "midpoint"]),
        "shift_importance": chance.randint(-20, 20) / 20,
        "shift_performance": chance.randint(-20, 20) / 20,
    }
    return {"inputs": {name: inputs[name] for name in inputs if chance.random() < 0.8}}


@pytest.mark.parametrize("cross", ["mean", "median", "midpoint"])
@pytest.mark.parametrize("which", ["stated", "derived"])
def test_quadrants_are_those_of_the_library(which, cross):
    settings = content_of(SLUG)["settings"]
    table = pd.DataFrame({"i": settings[which], "p": settings["performance"]})
    if which == "stated" or cross != "midpoint":
        theirs = ipa.grid(table, "i", "p", cross=cross)
        assert ipa_cross.quadrants(settings, which, cross, 0, 0) == theirs["quadrant"].tolist()
        lines = ipa_cross.cross_of(settings, which, cross, 0, 0)
        assert lines == pytest.approx(
            tuple(theirs[["cross_importance", "cross_performance"]].iloc[0])
        )
    chance = random.Random(cross)
    for _ in range(40):
        shifts = chance.uniform(-1, 1), chance.uniform(-1, 1)
        lines = ipa_cross.cross_of(settings, which, cross, *shifts)
        theirs = ipa.grid(table, "i", "p", cross=lines)["quadrant"].tolist()
        assert ipa_cross.quadrants(settings, which, cross, *shifts) == theirs


def test_findings_name_what_the_numbers_say():
    given = content_of(SLUG)
    names = given["labels"]["names"].split("|")
    assert len(names) == 10

    def members(which, cross):
        found = ipa_cross.quadrants(given["settings"], which, cross, 0, 0)
        return {
            name: {names[i] for i, each in enumerate(found) if each == name} for name in set(found)
        }

    stated, derived = members("stated", "mean"), members("derived", "mean")
    assert stated["concentrate"] == {"Arrival on time"}
    assert stated["keep_up"] == {"Safe driving", "Clear fare", "Clean car", "Easy ordering"}
    assert derived["concentrate"] - stated["concentrate"] == {
        "Courteous driver",
        "Handling of complaints",
    }
    assert derived["overkill"] - stated["overkill"] == {"Safe driving", "Clean car"}
    assert members("stated", "median") == stated and members("derived", "median") == derived
    assert len(members("stated", "midpoint")["keep_up"]) == 8
    assert "4 attributes change" in said(importance="derived", cross="mean")[1]
    assert "on no rating scale" in said(importance="derived")[1]


def test_points_of_nothing_of_part_and_of_everything():
    assert said()[0] == 0
    assert said(importance="derived")[0] == pytest.approx(1 / 3)
    small = {"shift_importance": -0.2, "shift_performance": 0.2}
    points, lines = said(cross="mean", shift_importance=0.1, shift_performance=0.2)
    assert points == pytest.approx(2 / 3) and "Choose derived importance and compare" in lines
    assert said(importance="derived", cross="mean", **small)[0] == 1
    points, lines = said(importance="derived", cross="mean", shift_importance=0.9)
    assert points == pytest.approx(2 / 3) and "0.90 is a large shift" in lines


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_and_javascript_agree(language, script_page):
    set_language(language)
    chance = random.Random(language)
    answers = [Explorer.empty, *(random_answer(chance) for _ in range(150))]
    assert_same_scores(script_page, SLUG, answers)


def test_by_keyboard_and_kept_over_a_reload(open_activity):
    page = open_activity(SLUG)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # derived
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # the means
    outcome = page.locator(".csqm-frame")
    assert "Courteous driver ↕ (stated: Low priority)" in outcome.inner_text()
    assert outcome.locator("li", has_text="↕").count() == 4
    slider = page.get_by_label("Shift the importance line").and_(page.locator("[type=range]"))
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert stored(page, SLUG) == {
        "inputs": {"importance": "derived", "cross": "mean", "shift_importance": 0.1}
    }
    page.reload()
    assert slider.input_value() == "0.1"
    page.get_by_role("button", name="Check").click()
    assert "2 of 3" in page.locator(".csqm-feedback").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_accessible_and_narrow(open_activity, language, theme):
    phone = {"width": 360, "has_touch": True, "is_mobile": True}
    page = open_activity(SLUG, language=language, theme=theme, **phone)
    page.locator("select").first.select_option("derived")
    page.locator(".csqm-primary").click()
    assert_fits(page)
    assert_axe_finds_nothing(page)
