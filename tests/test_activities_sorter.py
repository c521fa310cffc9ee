"""The sorters of Parts 3 and 8: content, scores in Python and JavaScript, and use in a page."""

import json
import math
import random
import re

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from csqm.activities import ContentError, activity, book_script, book_style
from csqm.activities.content import load, localised, paths, words
from csqm.activities.kinds.sorter import Sorter
from csqm.text import LANGUAGES, set_language

SLUGS = ["four-kinds-of-customer", "hygiene-or-motivator", "sipoc-builder", "mode-chooser"]


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    set_language("en")
    monkeypatch.chdir(tmp_path)
    yield
    set_language("en")


def content_of(slug):
    return localised(load(paths()[slug]))


def best(content):
    return {"places": {card["id"]: card["in"][-1] for card in content["cards"]}}


@pytest.mark.parametrize("slug", SLUGS)
def test_content_is_sound(slug, root):
    content = load(paths()[slug])
    bibliography = (root / "book" / "references.bib").read_text(encoding="utf-8")
    assert set(content["sources"]) <= set(re.findall(r"^@\w+\{([^,]+),", bibliography, re.M))
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
    broken = yaml.safe_load(paths()[slug].read_text(encoding="utf-8"))
    change(broken)
    file = tmp_path / f"{slug}.yaml"
    file.write_text(yaml.safe_dump(broken, sort_keys=False), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load(file)
    assert says in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_and_javascript_agree(language, browser):
    set_language(language)
    page = browser.new_page()
    page.add_script_tag(content=book_script())
    for slug in SLUGS:
        content, said, chance = content_of(slug), words("sorter"), random.Random(slug)
        bins = [each["id"] for each in content["bins"]]
        answers = [Sorter.empty, best(content)]
        for _ in range(40):
            cards = [each for each in content["cards"] if chance.random() < 0.8]
            answers.append({"places": {card["id"]: chance.choice(bins) for card in cards}})
        computed = page.evaluate(
            """({ content, answers, words }) => answers.map((answer) =>
                window.csqmActivities.sorter.score(content, answer, words))""",
            {"content": content, "answers": answers, "words": said},
        )
        for answer, there in zip(answers, computed, strict=True):
            assert there == Sorter.mark(content, answer, said)
    page.close()


# In a page


@pytest.fixture
def opened(browser, tmp_path):
    """Open an activity from a file, in a language, at a width; errors fail the test."""
    errors, contexts = [], []

    def go(slug, language="en", width=1000, **options):
        set_language(language)
        file = tmp_path / "page.html"
        file.write_text(
            f"<!doctype html><html lang='{language}'><meta charset='utf-8'>"
            f"<meta name='viewport' content='width=device-width'><title>x</title>"
            f"<style>body {{ margin: 0.5rem }}{book_style()}</style>"
            f"<main>{activity(slug)._html()}</main><script>{book_script()}</script></html>",
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


def test_by_mouse_and_kept_over_a_reload(opened):
    page = opened("sipoc-builder")
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


def test_by_keyboard(opened):
    page = opened("mode-chooser")
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
def test_accessible_and_narrow(opened, slug, language):
    page = opened(slug, language, 360, is_mobile=True, reduced_motion="reduce")
    content = content_of(slug)
    for card, wrong in zip(content["cards"][:4], (True, False, True, False), strict=True):
        place = next(b["id"] for b in content["bins"] if (b["id"] in card["in"]) != wrong)
        page.locator(".csqm-card", has_text=card["text"]).locator("select").select_option(place)
    page.locator(".csqm-primary").click()
    assert page.locator(".csqm-wrong, .csqm-right").count() >= 4
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        results = Axe().run(page, context={"include": [[".csqm-activity"]]})
        assert results.violations_count == 0, results.generate_report()
