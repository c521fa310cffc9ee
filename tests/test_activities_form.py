"""The form: rules in Python and in the browser, and its activities on a page."""

import random
import re

import pytest
import yaml
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_both_refuse,
    assert_fits,
    assert_same_scores,
    content_of,
    refusal,
    scored,
    stored,
)

from csqm.activities import activity
from csqm.activities.content import paths
from csqm.activities.kinds.form import Form, likeness
from csqm.text import LANGUAGES, set_language

pytestmark = pytest.mark.usefixtures("english")

SLUGS = [
    "clause-matcher", "question-clinic", "five-whys", "action-plan", "course-map", "course-survey",
]  # fmt: skip
SENTENCES = [
    "", "  ", "x", "The taxi waited at another entrance of the hospital.",
    "the taxi waited at another entrance of the hospital",
    "The order's address names the hospital only.", "訂單的地址只寫醫院名稱。",
    "Nobody asked the question at which entrance", "The form has no field for it",
    "駕駛粗心，忘了看訂單", "The requirement has no owner and no review", "18 of 60 rides, 30 %",
    "醫院接送 60 趟中有 18 趟遲到", "Remind all drivers to be careful", "<img src=x onerror=alert(1)>",
    "60 趟預約的醫院接送中有 18 趟晚了 15 分鐘以上才接到人。", "😀😀😀😀😀😀😀😀", "default of {found}",
]  # fmt: skip
CHAIN = [
    ("entrance", "The taxi was at another entrance than the passenger"),
    ("order", "The address in the order names only the hospital"),
    ("asked", "The question guide of the call has nothing about it"),
    ("form", "There is no such field on the booking screen"),
    ("review", "No review was planned and nobody owns the requirements"),
]
BEST_TEXT = {
    "plan.problem": "18 of 60 booked hospital rides in October were over 15 minutes late",
    "plan.cause": "The booking form has no field for the entrance",
    "do.action": "Add an entrance field to the booking form for hospitals",
    "do.date": "2026-12-20",
    "check.baseline": 30,
    "check.target": 12,
    "check.alarm": 20,
    "plan.evidence": "entrance",
}


def fields_of(content):
    for section in content["sections"]:
        for field in section["fields"]:
            yield f"{section['id']}.{field['id']}", field


def options_of(content, field):
    options = field.get("options", [])
    if options == "cards":
        options = content["cards"]
    return [
        each["id"] for each in (content["lists"][options] if isinstance(options, str) else options)
    ]


def best_answer(content):
    """Return an answer that earns every point."""
    if content["slug"] == "five-whys":
        return chain(*CHAIN)
    values = {}
    for key, field in fields_of(content):
        rules = {rule["rule"]: rule for rule in field["rules"]}
        rule = rules.get("has_all") or rules.get("one_of")
        if key in BEST_TEXT:
            values[key] = BEST_TEXT[key]
        elif rule is None:  # a survey: any answer will do
            options = ["More cases"] if field["input"] == "text" else options_of(content, field)
            values[key] = options[0]
        else:
            values[key] = rule["values"] if field["input"] == "ticks" else rule["values"][0]
    return {"values": values}


def chain(*rows):
    values = {}
    for number, (card, because) in enumerate(rows, start=1):
        values |= {f"why-{number}.card": card, f"why-{number}.because": because}
    return {"values": values}


def random_answer(content, chance):
    values = {}
    for key, field in fields_of(content):
        if chance.random() < 0.2:
            continue
        match field["input"]:
            case "text":
                values[key] = chance.choice(SENTENCES)
            case "number":
                values[key] = chance.choice([0, 6, 12, 20, 20.5, 30, 35, -4, 99])
            case "date":
                values[key] = chance.choice(["2026-11-23", "2026-12-24", "2027-03-01"])
            case "ticks":
                values[key] = [o for o in options_of(content, field) if chance.random() < 0.25]
            case _:
                rules = [rule for rule in field["rules"] if rule["rule"] == "one_of"]
                right = rules and chance.random() < 0.4
                pool = rules[0]["values"] if right else options_of(content, field)
                values[key] = chance.choice(pool)
    return {"values": values}


# Content and rules


@pytest.mark.parametrize("slug", SLUGS)
def test_points_of_nothing_and_of_everything(slug):
    assert scored(slug, {"values": {}})[0] == 0
    for language in LANGUAGES:
        set_language(language)
        points, lines = scored(slug, best_answer(content_of(slug)))
        assert points == 1, lines
        printed = activity(slug)._html()
        assert "None" not in printed


@pytest.mark.parametrize(
    ("slug", "change", "says"),
    [
        ("course-map", lambda c: c["sections"][0]["fields"][0].pop("options"), "must have options"),
        (
            "course-map",
            lambda c: c["sections"][0]["fields"][0]["rules"][0].update(values=["magic"]),
            "sections/0/fields/0/rules/0/values: there is no `magic` here",
        ),
        (
            "course-map",
            lambda c: c["sections"][0]["fields"][0]["rules"][0].pop("values"),
            "sections/0/fields/0/rules/0: `values` is missing",
        ),
        (
            "course-map",
            lambda c: c["sections"][0]["fields"][0]["rules"][0].update(rule="nice"),
            'found "nice"',
        ),
        ("five-whys", lambda c: c["cards"][0].update(causes=["luck"]), "there is no `luck` here"),
        ("five-whys", lambda c: c["sections"][1].update(id="why-1"), "the id why-1 is used twice"),
    ],
)
def test_broken_content_is_refused(slug, change, says, tmp_path):
    assert says in refusal(change, paths()[slug], tmp_path / f"{slug}.yaml")


def test_a_chain_may_end_early_at_the_root():
    short = [row for row in CHAIN if row[0] != "asked"]
    points, lines = scored("five-whys", chain(*short))
    assert points == 1
    assert "remaining rows are not needed" in lines


def test_an_unsupported_root_does_not_end_the_chain():
    points, lines = scored("five-whys", chain(CHAIN[-1]))
    assert points < 0.2
    assert "does not explain “Problem”" in lines
    assert "Because missing: Why 2, Why 3" in lines


def test_blame_circles_and_unsupported_sentences_are_refused():
    _, lines = scored("five-whys", chain(("opinion", "The driver was careless and did not look")))
    assert "Refused because of: careless" in lines
    assert "13 different people" in lines
    _, lines = scored("five-whys", chain(CHAIN[0], CHAIN[0]))
    assert "Circular: this repeats “Why 1”" in lines
    assert "You used this card in “Why 1” already" in lines
    _, lines = scored("five-whys", chain(("entrance", "Something went wrong on that day")))
    assert "none of the words by which the chosen card is recognised" in lines
    again = "18 of the 60 booked hospital rides were picked up more than 15 minutes late"
    assert "repeats “Problem”" in scored("five-whys", chain(("entrance", again)))[1]
    set_language("zh-Hant")
    assert "怪人或指名道姓" in scored("five-whys", chain(("order", "派車人員粗心，訂單寫錯")))[1]


@pytest.mark.parametrize("number", range(len(CHAIN)))
def test_every_card_of_the_chain_is_needed(number):
    rows = [*CHAIN]
    rows[number] = ("weather", "Because of the rain that day")
    assert scored("five-whys", chain(*rows))[0] < 1


def test_a_survey_counts_answers_and_judges_none():
    worst = {"content.q1-relevant": "1", "content.q3-lost": "5", "whole.comment": "x"}
    points, lines = scored("course-survey", {"values": worst})
    assert "3 of 13 questions are answered" in lines
    assert points == pytest.approx(3 / 13)
    for word in ("rule", "percent", "%"):
        assert word not in lines


def test_clinic_computes_precision_and_recall():
    values = {"punctual.faults": ["double", "vague"], "electric.faults": ["hypothetical"]}
    points, lines = scored("question-clinic", {"values": values})
    assert "2 of your 3 ticks are right: precision 67%" in lines
    assert "2 of the 3 faults in these items: recall 67%" in lines
    assert "Vague quantifier: precision 0%, recall 0% (false alarms: 1, missed: 1)" in lines
    assert "without a false alarm: Double-barrelled, Hypothetical" in lines
    assert points == pytest.approx(2 / 36)
    _, lines = scored("question-clinic", {"values": {"phone.faults": ["negative", "acquiescence"]}})
    assert "precision 100%" in lines


def test_clinic_has_each_fault_and_each_is_the_key_somewhere():
    content = content_of("question-clinic")
    due = {
        fault
        for section in content["sections"]
        for fault in section["fields"][0]["rules"][0]["values"]
    }
    assert due == {fault["id"] for fault in content["lists"]["faults"]}
    assert len(content["sections"]) == len(due) == 12


def test_clauses_name_missing_owners_and_explain_mismatches():
    values = {
        "clause-a.indicator": "taxis",
        "clause-b.indicator": "taxis",
        "clause-a.owner": "everyone",
    }
    _, lines = scored("clause-matcher", {"values": values})
    assert "Owner missing: Clause b, Clause c, Clause d, Clause e, Clause f." in lines
    assert "says nothing about satisfaction by itself" in lines
    assert "When everybody answers for a number" in lines
    assert "It stands at Clause a already" in lines


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("plan.problem", "Rides to hospitals are late too often", "No number with a unit"),
        ("do.action", "Remind the drivers to look at the order", "Found: remind"),
        ("do.owner", "everyone", "nobody does"),
        ("do.date", "2026-11-23", "must lie after today"),
        ("check.target", 2, "leaves 4 of 60"),
        ("check.alarm", 10, "rings while all is well"),
        ("check.baseline", 18, "Divide"),
        ("act.proof", "best", "best of several weeks"),
    ],
)
def test_plan_names_what_is_not_checkable(key, value, says):
    best = best_answer(content_of("action-plan"))["values"]
    points, lines = scored("action-plan", {"values": best | {key: value}})
    assert 0.7 < points < 1
    assert says in lines


def test_likeness_is_dices():
    assert likeness("abc", "abd") == 50
    assert likeness("", "abc") == 0
    assert likeness("訂單只寫醫院", "訂單，只寫醫院。") == 100


# The browser computes the same


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_python_and_javascript_agree(slug, language, script_page):
    set_language(language)
    content = content_of(slug)
    chance = random.Random(slug)
    answers = [Form.empty, best_answer(content)]
    answers += [random_answer(content, chance) for _ in range(60)]
    assert_same_scores(script_page, slug, answers)


def test_both_refuse_what_is_no_answer(script_page):
    wrong = [
        None, [], {}, {"values": []}, {"values": {}, "more": 1}, {"values": {"nobody.x": "a"}},
        {"values": {"do.owner": "boss"}}, {"values": {"do.owner": ["dispatch"]}},
        {"values": {"check.target": "12"}}, {"values": {"check.target": True}},
        {"values": {"do.date": "soon"}}, {"values": {"plan.problem": 3}},
        {"values": {"plan.problem": "x" * 401}}, {"values": {"toString": "x"}},
    ]  # fmt: skip
    assert_both_refuse(script_page, "action-plan", wrong)


# On a page


def test_by_mouse_and_reload_keeps_the_answer(open_activity):
    page = open_activity("five-whys")
    hurt = "<img src=x onerror='window.harmed=1'> at the entrance"
    page.locator("textarea").first.fill(hurt)
    page.locator("select").first.select_option(label="Positions of the taxis")
    page.get_by_role("button", name="Check").click()
    feedback = page.locator(".csqm-feedback")
    assert "2 of 10 fields meet all their rules" in feedback.inner_text()
    assert "Nobody has read it" in feedback.inner_text()
    assert page.locator(".csqm-verdict.csqm-right").count() == 2
    assert feedback.evaluate("(node) => node === document.activeElement")
    page.reload()
    assert page.locator("textarea").first.input_value() == hurt
    kept = {"why-1.because": hurt, "why-1.card": "entrance"}
    assert stored(page, "five-whys") == {"values": kept}
    page.get_by_role("button", name="Reset").click()
    assert page.locator("textarea").first.input_value() == ""
    page.get_by_role("button", name="Undo reset").click()
    assert page.locator("textarea").first.input_value() == hurt
    assert page.evaluate("window.harmed") is None
    there = open_activity("five-whys", language="zh-Hant")
    assert there.locator("textarea").first.input_value() == hurt
    assert there.locator("select").first.input_value() == "entrance"


def test_clinic_by_keyboard_alone(open_activity):
    page = open_activity("question-clinic")
    keys = page.keyboard
    for _ in range(13):  # twelve numbered buttons, then the first box
        keys.press("Tab")
    keys.press("Space")
    for _ in range(12):
        keys.press("Tab")
    keys.press("Space")  # the first rewrite
    keys.press("ArrowDown")  # the second
    assert stored(page, "question-clinic")["values"] == {
        "punctual.faults": ["double"],
        "punctual.rewrite": "two",
    }
    keys.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Next"
    keys.press("Enter")
    assert page.locator(".csqm-form-story").nth(1).is_visible()
    page.get_by_role("button", name="Check").focus()
    keys.press("Enter")
    assert "precision 100%" in page.locator(".csqm-feedback").inner_text()
    assert page.get_by_role("button", name="Item 1, Right").count() == 1


def test_course_map_links_every_item_of_the_slides_to_a_tool(root):
    """Each code of the inventory stands at one question, in both languages alike."""
    parts = yaml.safe_load((root / "book" / "syllabus.yaml").read_text("utf-8"))["parts"]
    inventory = [item for part in parts for item in part["inventory"]]
    for language in LANGUAGES:
        set_language(language)
        placed = []
        for section in content_of("course-map")["sections"]:
            for first, last in re.findall(r"(S[\d.]+[a-z]?)(?:–(S[\d.]+[a-z]?))?", section["text"]):
                inside = [re.fullmatch(f"{re.escape(last or first)}[a-z]?", i) for i in inventory]
                begins = [re.fullmatch(f"{re.escape(first)}[a-z]?", item) for item in inventory]
                end = max(k for k, found in enumerate(inside) if found)
                start = min(k for k, found in enumerate(begins) if found)
                placed += inventory[start : end + 1]
        assert sorted(placed) == sorted(inventory)


def test_plan_takes_numbers_and_a_date(open_activity):
    page = open_activity("action-plan")
    page.get_by_label("Baseline (%)").press_sequentially("30.0")
    page.get_by_label("Target (%)").fill("12")
    page.get_by_label("Done by").fill("2026-12-20")
    assert stored(page, "action-plan")["values"] == {
        "check.baseline": 30,
        "check.target": 12,
        "do.date": "2026-12-20",
    }
    page.get_by_label("Target (%)").fill("")
    assert "check.target" not in stored(page, "action-plan")["values"]
    page.reload()
    assert page.get_by_label("Done by").input_value() == "2026-12-20"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_and_a_phone_needs_no_sideways_scrolling(open_activity, language, theme):
    phone = {"width": 360, "has_touch": True}
    page = open_activity(*SLUGS, language=language, theme=theme, **phone)
    for slug in SLUGS:
        frame = page.locator(f"[data-activity={slug}] .csqm-frame")
        for index in range(min(3, frame.locator("select").count())):
            frame.locator("select").nth(index).select_option(index=1 + index)
        if slug == "question-clinic":
            frame.locator("input[type=checkbox]").nth(1).check()
            frame.locator("input[type=radio]").first.check()
        frame.locator(".csqm-primary").click()
    assert_fits(page)
    assert_axe_finds_nothing(page)
