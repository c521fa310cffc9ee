"""The quizzes of Parts 2 to 9: content, computed answers, and use in a page."""

import math
import random

import numpy as np
import pandas as pd
import pytest
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_fits,
    assert_same_scores,
    content_of,
    stored,
)
from scipy.stats import norm

from csqm import kano, loyalty, negotiation, sampling
from csqm.activities import activity
from csqm.activities.content import load, paths
from csqm.activities.kinds.quiz import Quiz
from csqm.indicators import net_promoter_score
from csqm.text import LANGUAGES, set_language

pytestmark = pytest.mark.usefixtures("english")

PARTS = range(2, 10)
OBJECTIVES = {2: 5, 3: 5, 4: 5, 5: 6, 6: 6, 7: 5, 8: 5, 9: 4}  # how many each part has


def best(content):
    return {
        "choices": {
            question["id"]: next(each["id"] for each in question["options"] if each.get("right"))
            for question in content["questions"]
        }
    }


@pytest.mark.parametrize("part", PARTS)
def test_questions_serve_the_objectives(part):
    content = load(paths()[f"quiz-{part}"])
    served = {each for question in content["questions"] for each in question["objectives"]}
    assert served == {f"LO{part}.{number}" for number in range(1, OBJECTIVES[part] + 1)}
    assert set(content["objectives"]) == served
    assert [len(each["options"]) for each in content["questions"]] == [4] * 5
    # One objective each, except where five questions must serve six.
    most = 2 if OBJECTIVES[part] == 6 else 1
    counts = [len(each["objectives"]) for each in content["questions"]]
    assert counts == [1, 1, 1, 1, most]
    for language in LANGUAGES:
        for field in ("text", "why"):
            said = [o[field][language] for q in content["questions"] for o in q["options"]]
            assert field == "text" or len(set(said)) == len(said)


def asked(part, question):
    """Return the text of a question."""
    return next(
        each["text"] for each in content_of(f"quiz-{part}")["questions"] if each["id"] == question
    )


def option(part, question, name="right"):
    """Return the text of an option, the right one unless named."""
    found = next(each for each in content_of(f"quiz-{part}")["questions"] if each["id"] == question)
    return next(
        each["text"] for each in found["options"] if each["id"] == name or each.get(name, False)
    )


def test_computed_answers_are_those_of_the_library():
    low, high = (loyalty.lifetime_value(1200, rate, 0.1) for rate in (0.8, 0.85))
    assert option(2, "retention") == f"NT${high - low:.0f}"
    assert option(2, "retention", "new-value") == f"NT${high:,.0f}"
    satisfaction = [6 + 0.4 * max(d, 0) + 0.8 * min(d, 0) for d in (2, -2)]
    assert option(2, "asymmetry") == f"{np.mean(satisfaction):.1f}"
    for n, name in ((40, "right"), (1200, "people")):
        ends = [math.tanh(math.atanh(0.5) + s * 1.96 / math.sqrt(n - 3)) for s in (-1, 1)]
        assert option(3, "link", name) == "{:.2f} to {:.2f}".format(*ends)
    assert option(4, "size") == str(sampling.sample_size(900, margin=0.05))
    answers = pd.Series([9] * 90 + [7] * 50 + [3] * 50 + [11] * 10)
    found = net_promoter_score(answers, missing=[11])
    assert option(4, "nps") == f"{found.value:+.0f}"
    assert found.high - found.value == pytest.approx(12, abs=0.5)
    assert option(5, "alpha") == f"{4 / 3 * (1 - 4 / 10):.2f}"
    # Half of the 24,000 rides at night: d = 0.05 is small, and p < 0.001 all the same.
    assert "24,000 rides" in asked(5, "report") and "p < 0.001" in asked(5, "report")
    assert 2 * norm.sf(0.05 * math.sqrt(24_000 / 4)) < 0.001
    counts = pd.DataFrame([{"A": 20, "O": 30, "M": 35, "I": 15, "R": 0, "Q": 0}], index=["fare"])
    points = kano.better_worse(counts).iloc[0]
    assert option(6, "kano") == f"{points['better']:.2f} and −{-points['worse']:.2f}"
    shares = ((0.40 + 0.48 - 0.30) / 2, (0.30 + 0.48 - 0.40) / 2)
    assert option(6, "lmg") == "{:.2f} and {:.2f}".format(*shares)
    upper = 0.04 + 3 * math.sqrt(0.04 * 0.96 / 200)
    assert option(7, "limits") == f"0 and {upper:.3f}"
    mine = negotiation.batna_value([1000, 1250], [0.6, 0.4])
    space = negotiation.zopa(seller_reservation=980, buyer_reservation=mine)
    assert option(8, "zopa") == f"NT${space.low:,.0f} to {space.high:,.0f}"
    alarm = [f"{100 * (1 - 0.9973**points):.1f}%" for points in (72, 6, 12)]
    assert [option(9, "alarms", name) for name in ("right", "month", "one")] == alarm


@pytest.mark.parametrize("part", PARTS)
def test_points_of_nothing_of_part_and_of_everything(part):
    widget = activity(f"quiz-{part}")
    assert widget.score()["points"] == 0
    widget.answer = best(widget.content)
    assert widget.score()["points"] == 1
    question = widget.content["questions"][2]
    wrong = next(each for each in question["options"] if not each.get("right"))
    widget.answer = {"choices": widget.answer["choices"] | {question["id"]: wrong["id"]}}
    assert widget.score()["points"] == pytest.approx(0.8)
    assert f"Question 3: {wrong['why']}" in widget.score()["lines"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_and_javascript_agree(language, script_page):
    set_language(language)
    for part in PARTS:
        slug, chance = f"quiz-{part}", random.Random(part)
        content = content_of(slug)
        answers = [Quiz.empty, best(content)]
        for _ in range(20):
            asked = [each for each in content["questions"] if chance.random() < 0.8]
            answers.append({"choices": {q["id"]: chance.choice(q["options"])["id"] for q in asked}})
        assert_same_scores(script_page, slug, answers)


@pytest.mark.parametrize("part", PARTS)
def test_in_a_narrow_page_by_keyboard(part, open_activity):
    """Over the parts, every pair of language and theme has its turn twice."""
    language, theme = LANGUAGES[part % 2], ("light", "dark")[part // 2 % 2]
    page = open_activity(f"quiz-{part}", language=language, theme=theme, width=360, height=800)
    content = content_of(f"quiz-{part}")
    for question in content["questions"]:
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        place = [bool(each.get("right")) for each in question["options"]].index(True)
        for _ in range(place):
            page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".csqm-right").count() == 5
    page.locator("label").nth(0).click()
    page.locator("label").nth(4).click()
    page.locator(".csqm-primary").click()
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.reload()
    assert page.locator("input:checked").count() == 5
    assert len(stored(page, f"quiz-{part}")["choices"]) == 5
