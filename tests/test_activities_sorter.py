"""The sorters of Parts 3 and 8: content, scores in Python and JavaScript, and use in a page."""

import math
import random

import pytest
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_fits,
    assert_same_scores,
    content_of,
    refusal,
    stored,
)

from csqm.activities import activity
from csqm.activities.content import load, paths
from csqm.activities.kinds.sorter import Sorter
from csqm.text import LANGUAGES, set_language

pytestmark = pytest.mark.usefixtures("english")

SLUGS = ["four-kinds-of-customer", "hygiene-or-motivator", "sipoc-builder", "mode-chooser"]


def best(content):
    return {"places": {card["id"]: card["in"][-1] for card in content["cards"]}}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_bin_is_needed(slug):
    content = load(paths()[slug])
    used = {place for card in content["cards"] for place in card["in"]}
    assert used == {each["id"] for each in content["bins"]}


def test_the_ten_views_are_the_first_ten_cards():
    bins = [card["in"] for card in content_of("hygiene-or-motivator")["cards"]]
    assert bins[:10] == [["hygiene"]] * 5 + [["motivator"]] * 5


def test_the_nearest_mode_is_always_defensible():
    content = content_of("mode-chooser")
    assert len(content["cards"]) == 8
    for card in content["cards"]:
        nearest = min(
            content["bins"],
            key=lambda each: math.dist(card["stakes"].values(), each["serves"].values()),
        )
        assert card["in"][0] == nearest["id"]


@pytest.mark.parametrize("slug", SLUGS)
def test_points_of_nothing_of_part_and_of_everything(slug):
    widget = activity(slug)
    assert widget.score()["points"] == 0
    widget.answer = best(widget.content)
    assert widget.score()["points"] == 1
    card = next(each for each in widget.content["cards"] if "wrong" in each)
    places = widget.answer["places"] | {card["id"]: next(iter(card["wrong"]))}
    widget.answer = {"places": places}
    assert widget.score()["points"] == pytest.approx(1 - 1 / len(widget.content["cards"]))
    lines = "\n".join(widget.score()["lines"])
    assert next(iter(card["wrong"].values())) in lines


def test_supplier_and_customer_may_be_the_same():
    for place in ("suppliers", "customers"):
        widget = activity("sipoc-builder")
        widget.answer = {"places": {"maintenance": place, "returns": "requirements"}}
        assert widget.score()["points"] == pytest.approx(1 / 13)
        assert "no period and no base" in "\n".join(widget.score()["lines"])


def test_stakes_are_set_against_what_the_modes_look_after():
    widget = activity("mode-chooser")
    widget.answer = {"places": {"thin-pads": "accommodating", "wrong-bill": "accommodating"}}
    lines = "\n".join(widget.score()["lines"])
    assert (
        "for us: 2 of the 12 points at stake looked after; effort beyond what was at stake: 0."
        in lines
    )
    assert "for the relationship: 11 of the 11 points" in lines and "at stake: 7." in lines
    assert "(At stake, 0–10: for us 10, for the relationship 2.)" in lines


@pytest.mark.parametrize(
    ("slug", "change", "says"),
    [
        ("mode-chooser", lambda c: c["cards"][0]["stakes"].pop("own"), "cards/0/stakes: must have"),
        ("mode-chooser", lambda c: c["bins"][0].pop("serves"), "bins/0/serves: must have"),
        ("mode-chooser", lambda c: c["cards"][0]["stakes"].update(own=11), "11 is outside"),
        ("sipoc-builder", lambda c: c["cards"][0].update(stakes={"own": 1}), "must have a number"),
    ],
)
def test_broken_scales_are_refused(slug, change, says, tmp_path):
    assert says in refusal(change, paths()[slug], tmp_path / f"{slug}.yaml")


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_and_javascript_agree(language, script_page):
    set_language(language)
    for slug in SLUGS:
        content, chance = content_of(slug), random.Random(slug)
        bins = [each["id"] for each in content["bins"]]
        answers = [Sorter.empty, best(content)]
        for _ in range(40):
            cards = [each for each in content["cards"] if chance.random() < 0.8]
            answers.append({"places": {card["id"]: chance.choice(bins) for card in cards}})
        assert_same_scores(script_page, slug, answers)


# In a page


def test_by_mouse_and_kept_over_a_reload(open_activity):
    page = open_activity("sipoc-builder")
    card = page.locator(".csqm-deck .csqm-card").first
    box = card.locator(".csqm-card-text").bounding_box()
    to = page.locator(".csqm-bins .csqm-pile").nth(1).bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(to["x"] + 40, to["y"] + 15, steps=8)
    page.mouse.up()
    assert stored(page, "sipoc-builder") == {"places": {"pads-firm": "inputs"}}
    page.get_by_role("button", name="Check").click()
    assert "The material is the input" in page.locator(".csqm-wrong").inner_text()
    page.reload()
    assert page.locator(".csqm-bins .csqm-card").count() == 1


def test_by_keyboard(open_activity):
    page = open_activity("mode-chooser")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert stored(page, "mode-chooser") == {"places": {"thin-pads": "competing"}}
    page.get_by_role("button", name="Check").focus()
    page.keyboard.press("Enter")
    feedback = page.locator(".csqm-feedback").inner_text()
    assert "1 of 8" in feedback and "for us: 9 of the 10 points" in feedback


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_accessible_and_narrow(open_activity, slug, language):
    phone = {"width": 360, "is_mobile": True, "reduced_motion": "reduce"}
    page = open_activity(slug, language=language, **phone)
    content = content_of(slug)
    for card, wrong in zip(content["cards"][:4], (True, False, True, False), strict=True):
        place = next(b["id"] for b in content["bins"] if (b["id"] in card["in"]) != wrong)
        page.locator(".csqm-card", has_text=card["text"]).locator("select").select_option(place)
    page.locator(".csqm-primary").click()
    assert page.locator(".csqm-wrong, .csqm-right").count() >= 4
    assert_fits(page)
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        assert_axe_finds_nothing(page)
