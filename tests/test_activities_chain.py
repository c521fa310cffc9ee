"""The chain of customers: content, scores in Python and JavaScript, and use in a page."""

import json
import random

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from csqm import data
from csqm.activities import ContentError, activity, book_script, book_style
from csqm.activities.content import load, localised, paths, words
from csqm.activities.kinds.chain import Chain
from csqm.stakeholders import rolled_throughput_yield
from csqm.text import LANGUAGES, set_language

SLUG = "chain-of-customers"
STEPS = ["take-booking", "assign-taxi", "reach-pickup"]
STEPS += ["carry-passenger", "take-payment", "settle-fare"]


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    set_language("en")
    monkeypatch.chdir(tmp_path)
    yield
    set_language("en")


def content():
    return localised(load(paths()[SLUG]))


def best():
    customers = {step["id"]: step["customer"] for step in content()["steps"]}
    return {"order": STEPS, "customers": customers, "yields": {}}


def test_steps_customers_and_yields_are_those_of_the_data():
    ride = data.load("process_steps").query("process == 'ride'")
    steps = content()["steps"]
    assert [step["id"] for step in steps] == [name.replace("_", "-") for name in ride["task"]]
    assert [step["customer"] for step in steps] == list(ride["received_by"])
    for language in LANGUAGES:
        set_language(language)
        steps = content()["steps"]
        labels = data.labels("process_steps", "done_by")
        assert [step["by"] for step in steps] == [labels[code] for code in ride["done_by"]]
        labels = data.labels("process_steps", "task")
        assert [step["text"] for step in steps] == [labels[code] for code in ride["task"]]
    exact = 100 * ride["right_first_time"] / ride["units_in"]
    assert [step["yield"] for step in steps] == pytest.approx(list(exact), abs=0.006)


def test_points_of_nothing_of_part_and_of_everything():
    widget = activity(SLUG)
    assert widget.score()["points"] == 0
    widget.answer = best()
    assert widget.score()["points"] == 1
    widget.answer = best() | {
        "customers": {"take-payment": "passenger", "reach-pickup": "passenger"}
    }
    assert widget.score()["points"] == pytest.approx((5 + 1) / 11)
    lines = "\n".join(widget.score()["lines"])
    assert "Customers named rightly: 1 of 6" in lines
    assert "Take the payment → Passenger: The passenger pays" in lines


def test_wrong_hand_offs_are_named():
    widget = activity(SLUG)
    order = [STEPS[0], STEPS[2], STEPS[1], *STEPS[3:]]
    widget.answer = best() | {"order": order}
    lines = "\n".join(widget.score()["lines"])
    assert "Hand-offs in the right order: 2 of 5" in lines
    assert "Take the booking → Reach the pick-up point: the driver must know where to go" in lines


def test_yields_multiply_as_in_the_library():
    widget = activity(SLUG)
    lines = "\n".join(widget.score()["lines"])
    assert "= 91.2%." in lines and "In 877 of 10,000" in lines
    assert "lowest yield (96.92%): Reach the pick-up point" in lines
    tried = dict(zip(STEPS, [99, 99, 99, 99, 99, 99], strict=True))
    widget.answer = widget.answer | {"yields": tried}
    lines = "\n".join(widget.score()["lines"])
    wrong = 10_000 * (1 - rolled_throughput_yield([0.99] * 6))
    assert "= 94.1%." in lines and f"In {wrong:.0f} of 10,000" in lines
    assert "The same effort" not in lines
    widget.answer = widget.answer | {"yields": dict.fromkeys(STEPS, 100)}
    assert "In 0 of 10,000" in "\n".join(widget.score()["lines"])


def test_the_lowest_yield_always_gains_most():
    chance = random.Random(1)
    for _ in range(200):
        shares = [chance.randint(5000, 10_000) / 10_000 for _ in range(6)]
        whole = rolled_throughput_yield(shares)
        gains = [
            rolled_throughput_yield([*shares[:i], min(1, shares[i] + 0.01), *shares[i + 1 :]])
            - whole
            for i in range(6)
        ]
        assert gains[shares.index(min(shares))] == pytest.approx(max(gains))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c["start"].pop(), "start: `start` must hold every step once"),
        (lambda c: c["steps"][0].update(customer="moon"), "steps/0: there is no `moon` here"),
        (lambda c: c["steps"][0]["wrong"].update(dispatch=c["title"]), "needs no feedback"),
        (lambda c: c["steps"][0].update({"yield": 101}), "101 is outside the allowed range"),
        (lambda c: c["steps"][0].pop("needs"), "`needs` is missing"),
        (lambda c: c["parties"].append(c["parties"][0]), "is used twice"),
    ],
)
def test_broken_content_is_refused(change, says, tmp_path):
    broken = yaml.safe_load(paths()[SLUG].read_text(encoding="utf-8"))
    change(broken)
    file = tmp_path / f"{SLUG}.yaml"
    file.write_text(yaml.safe_dump(broken, sort_keys=False), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load(file)
    assert says in str(caught.value)


def random_answer(chance, given):
    parties = [each["id"] for each in given["parties"]]
    order = chance.sample(STEPS, 6) if chance.random() < 0.8 else []
    customers = {step: chance.choice(parties) for step in STEPS if chance.random() < 0.8}
    yields = {s: chance.randint(5000, 10_000) / 100 for s in STEPS if chance.random() < 0.7}
    return {"order": order, "customers": customers, "yields": yields}


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_and_javascript_agree(language, browser):
    set_language(language)
    given, said, chance = content(), words("chain"), random.Random(language)
    answers = [Chain.empty, best(), best() | {"yields": dict.fromkeys(STEPS, 100)}]
    answers += [random_answer(chance, given) for _ in range(100)]
    page = browser.new_page()
    page.add_script_tag(content=book_script())
    computed = page.evaluate(
        """({ content, answers, words }) => answers.map((answer) => {
            const { score, valid } = window.csqmActivities.chain;
            return { valid: valid(content, answer), score: score(content, answer, words) };
        })""",
        {"content": given, "answers": answers, "words": said},
    )
    page.close()
    for answer, there in zip(answers, computed, strict=True):
        assert there["valid"] and Chain.valid(given, answer)
        assert there["score"] == Chain.mark(given, answer, said)


def test_both_refuse_what_is_no_answer(browser):
    given, empty = content(), Chain.empty
    wrong = [
        None,
        [],
        {},
        empty | {"more": 1},
        empty | {"order": STEPS[:5]},
        empty | {"order": [*STEPS[:5], "take-booking"]},
        empty | {"order": [*STEPS[:5], 3]},
        empty | {"order": "text"},
        empty | {"customers": {"moon": "driver"}},
        empty | {"customers": {"take-booking": "moon"}},
        empty | {"customers": {"take-booking": ["driver"]}},
        empty | {"customers": []},
        empty | {"yields": {"take-booking": 49.9}},
        empty | {"yields": {"take-booking": 101}},
        empty | {"yields": {"take-booking": "99"}},
        empty | {"yields": {"take-booking": True}},
        empty | {"yields": {"take-booking": None}},
    ]
    page = browser.new_page()
    page.add_script_tag(content=book_script())
    for answer in wrong:
        assert not Chain.valid(given, answer), answer
        assert not page.evaluate(
            "([content, answer]) => Boolean(csqmActivities.chain.valid(content, answer))",
            [given, answer],
        ), answer
    page.close()


# In a page


@pytest.fixture
def opened(browser, tmp_path):
    """Open the activity from a file, in a language, at a width; errors fail the test."""
    errors, contexts = [], []

    def go(language="en", width=1000, **options):
        set_language(language)
        html = activity(SLUG)._html()
        file = tmp_path / f"{language}.html"
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


def stored(page):
    return json.loads(page.evaluate(f"localStorage.getItem('csqm:answer:{SLUG}')"))["answer"]


def test_by_mouse(opened):
    page = opened()
    first, last = (page.locator(".csqm-step").nth(n) for n in (0, 5))
    box, to = first.locator("strong").bounding_box(), last.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, to["y"] - 40, steps=10)
    page.mouse.move(box["x"] + 20, to["y"] + to["height"] - 5, steps=10)
    page.mouse.up()
    assert stored(page)["order"][-1] == "carry-passenger"
    page.get_by_label("Customer of this step: Take the payment").select_option("passenger")
    page.get_by_role("button", name="Check").click()
    assert "In 877 of 10,000" in page.locator(".csqm-feedback").inner_text()
    assert (
        "The passenger pays and takes a receipt"
        in page.locator(".csqm-step")
        .filter(has_text="Take the payment")
        .locator(".csqm-wrong")
        .inner_text()
    )


def test_by_keyboard_and_kept_over_a_reload(opened):
    page = opened()
    page.get_by_role("button", name="Move up: Take the booking").focus()
    for _ in range(4):
        page.keyboard.press("Enter")
    assert stored(page)["order"][0] == "take-booking"
    assert page.evaluate("document.activeElement.ariaLabel") == "Move up: Take the booking"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("140")
    page.keyboard.press("Tab")
    assert stored(page) == {
        "order": stored(page)["order"],
        "customers": {"take-booking": "dispatch"},
        "yields": {"take-booking": 100},
    }
    assert "92.6%" in page.locator(".csqm-live-yield").inner_text()
    page.reload()
    assert page.locator(".csqm-step strong").first.inner_text() == "Take the booking"
    assert page.get_by_label("Yield (%): Take the booking").input_value() == "100"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_accessible_and_narrow(opened, language, theme):
    page = opened(language, 360, has_touch=True, is_mobile=True)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.locator("select").first.select_option("passenger")
    page.locator("select").nth(1).select_option("driver")
    page.locator(".csqm-primary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input')].filter(
            (node) => node.offsetWidth && (node.offsetHeight < 44 || node.offsetWidth < 44)).length"""
    )
    assert small == 0
    results = Axe().run(page, context={"include": [[".csqm-activity"]]})
    assert results.violations_count == 0, results.generate_report()
