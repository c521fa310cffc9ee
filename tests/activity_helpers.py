"""What the tests of the activities ask again and again: content, scores, answers, pages."""

import json

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from csqm.activities import ContentError, activity, book_script, book_style
from csqm.activities.content import load, localised, paths, words
from csqm.activities.kinds import KINDS
from csqm.text import set_language

# Each item that sticks out of the window, unless it lies in a box of its own that scrolls.
OUTSIDE = """(frame) => [...frame.querySelectorAll('*:not(.csqm-live)')].filter((node) => {
    const box = node.getBoundingClientRect();
    if (box.width === 0 || (box.right <= innerWidth + 0.5 && box.left >= -0.5)) return false;
    for (let up = node.parentElement; up !== frame; up = up.parentElement)
        if (['auto', 'scroll'].includes(getComputedStyle(up).overflowX)) return false;
    return true;
}).map((node) => node.outerHTML.slice(0, 80))"""
SMALL = """([frame, controls]) => [...frame.querySelectorAll(controls)]
    .filter((node) => node.offsetWidth && (node.offsetHeight < 44 || node.offsetWidth < 44))
    .map((node) => `${node.outerHTML.slice(0, 80)} ${node.offsetWidth}x${node.offsetHeight}`)"""


def content_of(slug):
    """Return an activity's content in the present language."""
    return localised(load(paths()[slug]))


def scored(slug, answer):
    """Return the points of an answer and the feedback as one text."""
    widget = activity(slug)
    widget.answer = answer
    score = widget.score()
    return score["points"], "\n".join(score["lines"])


def marked(slug, answer):
    """Return what Python says of an answer in the present language."""
    content = content_of(slug)
    kind = KINDS[content["kind"]]
    assert kind.valid(content, answer), answer
    return kind.mark(content, answer, words(kind.kind))


def refusal(change, source, file):
    """Change the content of an activity, save it as a file, and return why that is refused."""
    content = source if isinstance(source, dict) else yaml.safe_load(source.read_text("utf-8"))
    content = json.loads(json.dumps(content))  # texts used twice in it become two
    change(content)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load(file)
    return str(caught.value)


# Python and JavaScript


def assert_same_scores(script_page, slug, answers, near=0):
    """Assert that Python and the browser take all answers and mark them alike.

    Values that an activity reports beside its texts may differ by `near`, as the last digits
    of logarithms do.
    """
    content = content_of(slug)
    kind, said = KINDS[content["kind"]], words(content["kind"])
    computed = script_page.evaluate(
        """({ kind, content, answers, words }) => answers.map((answer) => {
            const { score, valid } = window.csqmActivities[kind];
            return { valid: valid(content, answer), score: score(content, answer, words) };
        })""",
        {"kind": content["kind"], "content": content, "answers": answers, "words": said},
    )
    for answer, there in zip(answers, computed, strict=True):
        assert there["valid"] and kind.valid(content, answer), answer
        here, there = kind.mark(content, answer, said), there["score"]
        values = here.pop("values", {})
        assert there.pop("values", {}) == pytest.approx(values, rel=near, abs=near), answer
        assert there == here, answer


def assert_both_refuse(script_page, slug, answers):
    """Assert that neither Python nor the browser takes any of these as an answer."""
    content = content_of(slug)
    for answer in answers:
        assert not KINDS[content["kind"]].valid(content, answer), answer
        assert not script_page.evaluate(
            "([kind, content, answer]) => Boolean(csqmActivities[kind].valid(content, answer))",
            [content["kind"], content, answer],
        ), answer


# In a page


def page_of(*slugs, language="en", theme="light"):
    """Return a page with activities as the book has them, and go on in its language."""
    set_language(language)
    activities = "".join(activity(slug)._html() for slug in slugs)
    return (
        f'<!doctype html><html lang="{language}" data-theme="{theme}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{slugs[0]}</title>'
        "<style>body { margin: 0.5rem } html[data-theme=dark] { background: #161b1e }"
        f"{book_style()}</style><main>{activities}</main><script>{book_script()}</script></html>"
    )


def stored(page, slug):
    """Return the answer in the page's local storage, if there is any."""
    text = page.evaluate("(slug) => localStorage.getItem(`csqm:answer:${slug}`)", slug)
    return text and json.loads(text)["answer"]


def texts(frame, selector):
    """Return the text of each item that a selector finds in a frame."""
    return frame.locator(selector).evaluate_all("(nodes) => nodes.map((n) => n.textContent)")


def assert_axe_finds_nothing(page):
    """Assert that axe has nothing to say about the page's activities."""
    results = Axe().run(page, context={"include": [[".csqm-activity"]]})
    assert results.violations_count == 0, results.generate_report()


def assert_fits(page):
    """Assert that no activity needs sideways scrolling of the page."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"]
    for frame in page.locator(".csqm-frame").all():
        assert frame.evaluate(OUTSIDE) == []


def assert_fingers_hit(page, controls="button, select, input"):
    """Assert that controls are 44 px wide and high, or more."""
    for frame in page.locator(".csqm-frame").element_handles():
        assert page.evaluate(SMALL, [frame, controls]) == []
