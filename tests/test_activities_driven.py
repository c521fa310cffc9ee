"""Every activity, driven by keyboard to a right, a partly right and a wrong answer in the book."""

import json
import re
from collections import Counter

import pytest
from activity_answers import answers, begun
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_fits,
    content_of,
    marked,
    stored,
    texts,
)
from drivers import DRIVERS, check, focus_before

from csqm.activities.content import paths, words
from csqm.activities.kinds import KINDS
from csqm.text import set_language

pytestmark = pytest.mark.usefixtures("english")

SLUGS = list(paths())


@pytest.fixture(scope="module")
def pages(root):
    """Return the page of the book that holds each activity."""
    return {
        slug: page.stem
        for page in sorted((root / "book" / "en").glob("*.md"))
        for slug in re.findall(r'^activity\("([a-z0-9-]+)"\)', page.read_text("utf-8"), re.M)
    }


@pytest.fixture
def open_page(browser, book_url, pages):
    """Open an activity's page in one browser profile; errors on the page fail the test."""
    errors = []
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="reduce", locale="en-US"
    )

    def opened(slug, language="en", answer=None):
        page = context.pages[0]
        if answer is not None:
            saved = {"schema": 1, "activity": slug, "kind": content_of(slug)["kind"]}
            text = json.dumps(saved | {"answer": answer})
            page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key(slug), text])
        assert slug in pages, f"no page of book/en shows {slug}"
        page.goto(f"{book_url}/{language}/book/{language}/{pages[slug]}.html")
        frame = page.locator(f"[data-activity={slug}] .csqm-frame")
        frame.wait_for()
        return page, frame

    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.new_page().goto(f"{book_url}/en/_static/pygments.css")  # where the storage is, empty
    yield opened
    context.close()
    assert errors == []


def key(slug):
    return f"csqm:answer:{slug}"


def assert_feedback_is_pythons(slug, page, frame):
    """Compare what the page says with what Python computes for the answer that is stored."""
    content, result = content_of(slug), marked(slug, stored(page, slug))
    lines = [line for group in result["groups"] for line in group["lines"]]
    assert texts(frame, ".csqm-feedback > ul > li") == lines
    said = [item["text"] for item in result["items"].values() if "text" in item]
    assert Counter(texts(frame, ".csqm-verdict > span:last-child")) == Counter(said)
    given = [content, stored(page, slug), words(content["kind"])]
    points = page.evaluate(
        "([content, ...given]) => csqmActivities[content.kind].score(content, ...given).points",
        given,
    )
    assert points == pytest.approx(result["points"])


def drive(slug, page, frame, old, new):
    kind = content_of(slug)["kind"]
    focus_before(frame)
    DRIVERS[kind](page, frame, content_of(slug), old, new)
    check(page, frame)
    assert stored(page, slug) == new
    assert_feedback_is_pythons(slug, page, frame)


@pytest.mark.parametrize("slug", SLUGS)
def test_points_are_ordered(slug):
    right, partly, wrong = (marked(slug, answer)["points"] for answer in answers(slug))
    assert wrong < partly < right == 1


@pytest.mark.parametrize("slug", SLUGS)
def test_right_by_keyboard_alone(slug, open_page):
    page, frame = open_page(slug)
    drive(slug, page, frame, KINDS[content_of(slug)["kind"]].empty, answers(slug).right)
    assert frame.evaluate("(frame) => frame.getAnimations({ subtree: true }).length") == 0


@pytest.mark.parametrize("slug", SLUGS)
def test_partly_right_and_wrong(slug, open_page):
    for answer in answers(slug)[1:]:
        old = begun(content_of(slug)["kind"], answer)
        page, frame = open_page(slug, answer=old)
        drive(slug, page, frame, old, answer)


@pytest.mark.parametrize("slug", SLUGS)
def test_kept_in_the_other_language_on_a_phone_for_everybody(slug, open_page):
    """A partly right answer of the English page, light, is there in the Chinese one, dark."""
    shown = []
    kept = answers(slug).partly
    for language, theme, answer in [("en", "light", kept), ("zh-Hant", "dark", None)]:
        set_language(language)
        page, frame = open_page(slug, language, answer)
        shown.append(state_of(frame))
        page.set_viewport_size({"width": 360, "height": 740})
        focus_before(frame)
        check(page, frame)
        assert_feedback_is_pythons(slug, page, frame)
        only(frame)
        assert_fits(page)
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        assert_axe_finds_nothing(page)
    assert shown[0] == shown[1]


def only(frame):
    """Take the page's other activities away, which have tests of their own."""
    frame.evaluate(
        """(frame) => document.querySelectorAll('.csqm-activity').forEach((each) => {
            if (!each.contains(frame)) each.remove();
        })"""
    )


def state_of(frame):
    """Return what the controls show, whatever the language."""
    return frame.evaluate(
        """(frame) => [
            ...[...frame.querySelectorAll('input, select, textarea')].map((node) =>
                node.matches('[type=radio], [type=checkbox]') ? node.checked : node.value),
            frame.querySelectorAll('.csqm-point:not([hidden])').length,
            frame.querySelectorAll('.csqm-said').length,
        ]"""
    )
