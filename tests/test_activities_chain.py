"""The chain of customers: content, scores in Python and JavaScript, and use in a page."""

import random

import pytest
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_both_refuse,
    assert_fingers_hit,
    assert_fits,
    assert_same_scores,
    content_of,
    refusal,
    stored,
)

from csqm import data
from csqm.activities import activity
from csqm.activities.content import paths
from csqm.activities.kinds.chain import Chain
from csqm.stakeholders import rolled_throughput_yield
from csqm.text import LANGUAGES, set_language

pytestmark = pytest.mark.usefixtures("english")

SLUG = "chain-of-customers"
STEPS = ["take-booking", "assign-taxi", "reach-pickup"]
STEPS += ["carry-passenger", "take-payment", "settle-fare"]


def best():
    customers = {step["id"]: step["customer"] for step in content_of(SLUG)["steps"]}
    return {"order": STEPS, "customers": customers, "yields": {}}


def test_steps_customers_and_yields_are_those_of_the_data():
    ride = data.load("process_steps").query("process == 'ride'")
    steps = content_of(SLUG)["steps"]
    assert [step["id"] for step in steps] == [name.replace("_", "-") for name in ride["task"]]
    assert [step["customer"] for step in steps] == list(ride["received_by"])
    for language in LANGUAGES:
        set_language(language)
        steps = content_of(SLUG)["steps"]
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
    assert says in refusal(change, paths()[SLUG], tmp_path / f"{SLUG}.yaml")


def random_answer(chance, given):
    parties = [each["id"] for each in given["parties"]]
    order = chance.sample(STEPS, 6) if chance.random() < 0.8 else []
    customers = {step: chance.choice(parties) for step in STEPS if chance.random() < 0.8}
    yields = {s: chance.randint(5000, 10_000) / 100 for s in STEPS if chance.random() < 0.7}
    return {"order": order, "customers": customers, "yields": yields}


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_and_javascript_agree(language, script_page):
    set_language(language)
    given, chance = content_of(SLUG), random.Random(language)
    answers = [Chain.empty, best(), best() | {"yields": dict.fromkeys(STEPS, 100)}]
    answers += [random_answer(chance, given) for _ in range(100)]
    assert_same_scores(script_page, SLUG, answers)


def test_both_refuse_what_is_no_answer(script_page):
    empty = Chain.empty
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
    assert_both_refuse(script_page, SLUG, wrong)


# In a page


def test_by_mouse(open_activity):
    page = open_activity(SLUG)
    first, last = (page.locator(".csqm-step").nth(n) for n in (0, 5))
    box, to = first.locator("strong").bounding_box(), last.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, to["y"] - 40, steps=10)
    page.mouse.move(box["x"] + 20, to["y"] + to["height"] - 5, steps=10)
    page.mouse.up()
    assert stored(page, SLUG)["order"][-1] == "carry-passenger"
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


def test_by_keyboard_and_kept_over_a_reload(open_activity):
    page = open_activity(SLUG)
    page.get_by_role("button", name="Move up: Take the booking").focus()
    for _ in range(4):
        page.keyboard.press("Enter")
    assert stored(page, SLUG)["order"][0] == "take-booking"
    assert page.evaluate("document.activeElement.ariaLabel") == "Move up: Take the booking"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("140")
    page.keyboard.press("Tab")
    assert stored(page, SLUG) == {
        "order": stored(page, SLUG)["order"],
        "customers": {"take-booking": "dispatch"},
        "yields": {"take-booking": 100},
    }
    assert "92.6%" in page.locator(".csqm-live-yield").inner_text()
    page.reload()
    assert page.locator(".csqm-step strong").first.inner_text() == "Take the booking"
    assert page.get_by_label("Yield (%): Take the booking").input_value() == "100"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_accessible_and_narrow(open_activity, language, theme):
    phone = {"width": 360, "has_touch": True, "is_mobile": True}
    page = open_activity(SLUG, language=language, theme=theme, **phone)
    page.locator("select").first.select_option("passenger")
    page.locator("select").nth(1).select_option("driver")
    page.locator(".csqm-primary").click()
    assert_fits(page)
    assert_fingers_hit(page)
    assert_axe_finds_nothing(page)
