"""Explorers: models that compute the same in Python and in the browser, goals, and their use."""

import itertools
import random

import numpy as np
import pandas as pd
import pytest
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_both_refuse,
    assert_fits,
    assert_same_scores,
    content_of,
    refusal,
    stored,
)
from scipy.stats import norm

from csqm.activities import activity
from csqm.activities.content import load, paths, words
from csqm.activities.kinds.explorer import MODELS, Explorer, written
from csqm.activities.kinds.explorer_models.scale_lab import ITEMS
from csqm.negotiation import batna_value, zopa
from csqm.reliability import (
    cronbach_alpha,
    item_total_correlations,
    kmo,
    mcdonald_omega,
    parallel_analysis,
)
from csqm.sampling import margin_of_error, rake, sample_size
from csqm.spc import run_rules
from csqm.text import LANGUAGES, set_language

pytestmark = pytest.mark.usefixtures("english")

# For each explorer (ipa-cross-hair has a file of its own): inputs that reach every goal, a part of
# them, and as few as can be.
RIGHT = {
    "scale-lab": {"flip": True, "keep_tidy": False, "keep_price": False},
    "disconfirmation-lab": {"expectation": 6.1, "spread": 1},
    "service-profit-simulator": {
        "first": 0.5, "second": 0.4, "third": 0.3, "branches": 80, "respondents": 14,
    },
    "sample-planner": {
        "population": 4800, "confidence": "95", "margin": 5, "share": 50, "response": 30,
        "invitations": 1187,
    },
    "who-answers": {
        "dissatisfied": 40, "neutral": 38, "satisfied": 38, "invitations": 1200, "by_time": True,
        "by_way": True,
    },
    "zopa-bar": {
        "buyer_reservation": 900, "buyer_target": 820, "buyer_first": 720, "buyer_pace": 30,
    },
    "management-dashboard": {
        "nps": False, "mean_score": False, "punctual": False, "turnover": False, "morale": True,
        "within_15": True, "rule": "runs", "review": "monthly",
    },
    "triage-desk": {
        "urgent_safety": True, "urgent_no_show": False, "urgent_conduct": False, "order": "urgent",
        "staff": 2, "authority": 300, "acknowledge": True,
    },
    "control-chart-lab": {
        "baseline": 52, "limits": "laney", "eight_on_one_side": False, "six_trending": False,
        "fourteen_alternating": False,
    },
}  # fmt: skip
PARTLY = {
    "scale-lab": ({"flip": True}, 2 / 4),
    "disconfirmation-lab": ({"expectation": 5.7}, 1 / 2),
    "service-profit-simulator": ({"first": 0.5, "second": 0.4, "third": 0.3}, 2 / 4),
    "sample-planner": ({"share": 50, "invitations": 1500}, 2 / 3),
    "who-answers": ({"invitations": 2000, "by_time": True, "by_way": True}, 2 / 3),
    "zopa-bar": ({"buyer_reservation": 900, "buyer_target": 700, "buyer_first": 650}, 2 / 5),
    "management-dashboard": ({"rule": "three", "review": "monthly"}, 2 / 6),
    "triage-desk": ({"acknowledge": True, "authority": 300, "staff": 2}, 4 / 5),
    "control-chart-lab": ({"baseline": 40, "limits": "laney"}, 4 / 5),
}
WRONG = {
    "scale-lab": ({"keep_safety": False}, 0),
    "disconfirmation-lab": ({"expectation": 9}, 0),
    "service-profit-simulator": (
        {"first": 0.2, "second": 0.2, "third": 0.2, "branches": 120, "respondents": 12}, 0,
    ),
    "sample-planner": ({"invitations": 385}, 0),
    "who-answers": ({"invitations": 500}, 0),
    "zopa-bar": ({"buyer_reservation": 700, "buyer_target": 650}, 0),
    # What rings often sees changes soon, and what keeps quiet rings seldom: one of the two holds.
    "management-dashboard": (
        {"late": False, "punctual": False, "turnover": False, "complaints": False, "rule": "three"},
        1 / 6,
    ),
    "triage-desk": ({"staff": 2.5, "order": "quick"}, 0),
    "control-chart-lab": ({"luck": 25}, 0),
}  # fmt: skip
SLUGS = list(RIGHT)


def random_inputs(content, chance):
    """Return random inputs, often with gaps."""
    inputs = {}
    for entry in content["inputs"]:
        if chance.random() < 0.2:
            continue
        if entry["as"] == "tick":
            inputs[entry["id"]] = chance.random() < 0.5
        elif entry["as"] == "choice":
            inputs[entry["id"]] = chance.choice(entry["options"])["id"]
        else:
            steps = chance.randint(0, int((entry["max"] - entry["min"]) / entry["step"] + 1e-9))
            inputs[entry["id"]] = round(entry["min"] + steps * entry["step"], 6)
    return inputs


# Content


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.update(model="oracle"), "model: there is no `oracle` here"),
        (lambda c: c["inputs"].pop(), "inputs: `invitations` is missing"),
        (lambda c: c["inputs"][0].update(id="people"), "inputs/0/id: there is no `people` here"),
        (lambda c: c["inputs"][0].pop("max"), "the input population lacks a field"),
        (lambda c: c["inputs"][0].update(start=10**9), "starts outside its range"),
        (lambda c: c["inputs"][0].update(start=101), "between its steps"),
        (lambda c: c["values"].pop(), "values: `case_spare` is missing"),
        (lambda c: c["labels"].pop("x"), "labels: `x` is missing"),
        (lambda c: c["goals"][0].update(value="luck"), "goals/0/value: there is no `luck` here"),
        (lambda c: c["goals"][0].pop("low"), "or the text of one: low"),
        (lambda c: c["goals"][1].pop("at_most"), "a limit is missing"),
        (lambda c: c["goals"][0]["low"].update(en="{luck}"), "goals/0/low/en: there is no `luck`"),
        (lambda c: c["goals"].append(c["goals"][0]), "the id safe-share is used twice"),
    ],
)
def test_broken_content_is_refused(change, says, tmp_path):
    source, file = paths()["sample-planner"], tmp_path / "sample-planner.yaml"
    assert says in refusal(change, source, file)


@pytest.mark.parametrize("slug", SLUGS)
def test_both_editions_name_the_same_values(slug):
    import re

    def compare(value):
        if isinstance(value, dict) and set(value) == set(LANGUAGES):
            names = [set(re.findall(r"\{\w+\}", text)) for text in value.values()]
            assert names[0] == names[1], value
        elif isinstance(value, dict):
            for each in value.values():
                compare(each)
        elif isinstance(value, list):
            for each in value:
                compare(each)

    compare(load(paths()[slug]))


# Scores


@pytest.mark.parametrize("slug", SLUGS)
def test_points_of_the_start_and_of_right_wrong_and_partly_right(slug):
    widget = activity(slug)
    assert widget.score()["points"] == 0
    assert any("still the settings you were given" in line for line in widget.score()["lines"])
    for inputs, points in (WRONG[slug], PARTLY[slug]):
        widget.answer = {"inputs": inputs}
        assert widget.score()["points"] == pytest.approx(points), widget.score()["lines"]
    widget.answer = {"inputs": RIGHT[slug]}
    assert widget.score()["points"] == 1, widget.score()["lines"]


@pytest.mark.parametrize("slug", SLUGS)
def test_models_give_what_they_name(slug):
    content = content_of(slug)
    result = Explorer.mark(content, {"inputs": {}}, words("explorer"))
    assert set(MODELS[content["model"]].VALUES) <= result["values"].keys()


def test_numbers_are_written_with_a_true_minus():
    assert [written(-0.04, 1), written(-1234.56, 1), written(0.5, 0)] == ["0.0", "−1,234.6", "1"]


@pytest.mark.parametrize(
    "inputs",
    [
        [], {"nothing": 1}, {"share": 51}, {"share": 0}, {"share": "50"}, {"share": True},
        {"share": float("nan")}, {"confidence": 95}, {"confidence": "<b>"}, {"confidence": ["95"]},
        {"toString": 1}, {"share": None},
    ],
)  # fmt: skip
def test_both_refuse_what_is_no_answer(inputs, script_page):
    assert_both_refuse(script_page, "sample-planner", [{"inputs": inputs}])


# Models


@pytest.mark.parametrize("slug", SLUGS)
def test_python_and_javascript_agree(slug, script_page):
    chance = random.Random(slug)
    for language in LANGUAGES:
        set_language(language)
        content = content_of(slug)
        answers = [{}, RIGHT[slug], PARTLY[slug][0], WRONG[slug][0]]
        answers = [{"inputs": each} for each in answers]
        more = 8 if language == "en" else 1
        answers += [{"inputs": random_inputs(content, chance)} for _ in range(more)]
        assert_same_scores(script_page, slug, answers, near=1e-9)


def test_sample_planner_finds_the_smallest_number():
    content = content_of("sample-planner")
    values = Explorer.mark(content, {"inputs": RIGHT["sample-planner"]}, words("explorer"))[
        "values"
    ]
    assert values["unlimited"] == sample_size() == 385
    assert values["needed"] == values["answers"] == sample_size(4800) == 356
    assert margin_of_error(356, population=4800) <= 0.05 < margin_of_error(355, population=4800)
    assert values["case_spare"] == 0
    assert values["missed_share"] < 7


@pytest.mark.parametrize("margins", [["time"], ["time", "way"], ["time", "area", "way"]])
def test_who_answers_weights_as_the_library_does(margins):
    content = content_of("who-answers")
    ticked = {f"by_{margin}": True for margin in margins}
    values = Explorer.mark(content, {"inputs": ticked}, words("explorer"))["values"]
    cells = pd.DataFrame(content["settings"]["cells"])
    chances = [0.45, 0.10, 0.20]
    cells["answers"] = [
        1000 * people / 10_000 * sum(s / 100 * c for s, c in zip(of, chances, strict=True))
        for people, of in zip(cells["people"], cells["of"], strict=True)
    ]
    cells["good"] = cells["people"] / 10 * cells["of"].str[2] / 100 * 0.20
    targets = {
        name: {key: float(group["people"].sum()) for key, group in cells.groupby(name)}
        for name in margins
    }
    raked = rake(cells, targets, weights="answers", tolerance=1e-12)
    factor = raked.weights / cells["answers"]
    after = 100 * (factor * cells["good"]).sum() / (factor * cells["answers"]).sum()
    assert values["after"] == pytest.approx(after, abs=1e-8)
    assert values["design_effect"] == pytest.approx(
        cells["answers"].sum()
        * (factor**2 * cells["answers"]).sum()
        / (factor * cells["answers"]).sum() ** 2
    )


def test_more_invitations_do_not_remove_bias():
    content = content_of("who-answers")
    few, many = (
        Explorer.mark(content, {"inputs": {"invitations": n}}, words("explorer"))["values"]
        for n in (500, 2000)
    )
    assert many["bias_after"] == pytest.approx(few["bias_after"])
    assert many["margin"] == pytest.approx(few["margin"] / 2)


def test_disconfirmation_is_the_piecewise_line():
    content = content_of("disconfirmation-lab")
    given = {"tolerance": 0, "loss_ratio": 3, "performance": 5}
    for expectation, felt in [(5, 70), (3, 80), (7, 40)]:
        inputs = {**given, "expectation": expectation}
        values = Explorer.mark(content, {"inputs": inputs}, words("explorer"))["values"]
        assert values["satisfaction"] == felt
    values = Explorer.mark(content, {"inputs": {"spread": 0}}, words("explorer"))["values"]
    assert values["best_promise"] == 6.5  # no trip surprises: the promise may use the tolerance


def test_service_profit_loses_what_blurred_means_lose():
    content = content_of("service-profit-simulator")
    inputs = {"branches": 120, "respondents": 60}
    values = Explorer.mark(content, {"inputs": inputs}, words("explorer"))["values"]
    assert values["reliability"] == pytest.approx(60 * 0.15 / (1 + 59 * 0.15))  # ICC(2)
    assert values["expected"] == pytest.approx(0.8**3 * values["reliability"] ** 2)
    assert values["middle"] == pytest.approx(values["expected"], rel=0.05)


def people_with(correlations, n=250):
    """Return answers of n people that have exactly these correlations."""
    drawn = np.random.default_rng(7).normal(size=(n, len(correlations)))
    drawn -= drawn.mean(axis=0)
    drawn = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn.T))).T
    return pd.DataFrame(drawn @ np.linalg.cholesky(np.array(correlations)).T, columns=ITEMS)


@pytest.mark.parametrize("out", [[], ["price"], ["price", "tidy"], ["price", "tidy", "safety"]])
def test_scale_lab_is_the_library(out):
    content = content_of("scale-lab")
    people = people_with(content["settings"]["correlations"])
    items = [item for item in ITEMS if item not in out]
    inputs = {"flip": True, **{f"keep_{item}": False for item in out}}
    values = Explorer.mark(content, {"inputs": inputs}, words("explorer"))["values"]
    alpha = cronbach_alpha(people, items)
    assert [values["alpha"], values["low"], values["high"]] == pytest.approx(list(alpha[:3]))
    assert values["omega"] == pytest.approx(mcdonald_omega(people, items).value, abs=1e-6)
    assert values["kmo"] == pytest.approx(kmo(people, items).overall)
    assert values["factors"] == parallel_analysis(people, items)["keep"].sum()
    chance = parallel_analysis(people, items)["random_quantile"]
    assert content["settings"]["random"][len(items) - 3] == pytest.approx(list(chance), abs=0.02)
    table = item_total_correlations(people, items).set_index("item")
    for item in items:
        assert values[f"r_{item}"] == pytest.approx(table.loc[item, "item_total_r"])
        without = table.loc[item, "alpha_if_deleted"]
        assert values[f"without_{item}"] == pytest.approx(without)


def found(slug, **inputs):
    """Return values and text of what an explorer finds for these inputs."""
    result = Explorer.mark(content_of(slug), {"inputs": inputs}, words("explorer"))
    return result["values"], "\n".join(result["groups"][0]["lines"])


def test_zopa_bar_is_the_library():
    given = content_of("zopa-bar")
    limit = next(goal for goal in given["goals"] if goal["id"] == "limit")["at_least"]
    assert limit == given["settings"]["alternative"] == batna_value([860, 960], [0.6, 0.4])
    chance, deals = random.Random(8), 0
    for _ in range(400):
        inputs = {entry["id"]: entry["start"] for entry in given["inputs"]}
        inputs |= random_inputs(given, chance)
        values, _ = MODELS["zopa_bar"].compute(inputs, given["settings"])
        theirs = zopa(inputs["seller_reservation"], inputs["buyer_reservation"])
        assert values["surplus"] - values["gap"] == theirs.surplus
        if values["price"]:
            assert theirs.low - 1e-9 <= values["price"] <= theirs.high + 1e-9
            assert values["buyer_gain"] == pytest.approx(900 - values["price"])
            shared = inputs["buyer_reservation"] - values["price"] + values["seller_gain"]
            assert shared == pytest.approx(theirs.surplus)
        deals += values["price"] > 0
    assert 50 < deals < 350


def test_zopa_bar_tells_how_the_talk_ends():
    mine = {"buyer_reservation": 900, "buyer_target": 820, "buyer_first": 720, "buyer_pace": 30}
    ends = {
        "worse than none": {},
        "52% of the surplus": mine,
        "No overlap": mine | {"buyer_reservation": 790},
        "does not take it seriously": mine | {"buyer_first": 630},
        "You leave": mine | {"seller_first": 1090},
        "the offers have not met": mine | {"buyer_pace": 5},
    }
    for text, inputs in ends.items():
        values, said = found("zopa-bar", **inputs)
        assert text in said
        assert bool(values["price"]) == (text in ("worse than none", "52% of the surplus"))
    one_price = {"buyer_reservation": 800, "buyer_first": 800, "buyer_target": 800}
    assert found("zopa-bar", **one_price)[0]["surplus"] == 0
    assert "NT$160 beyond your own limit" in found("zopa-bar", buyer_reservation=700)[1]
    assert "You changed the supplier's numbers" in found("zopa-bar", seller_pace=40)[1]


def test_zopa_bar_rewards_no_extreme():
    """Neither the softest nor the hardest line reaches all goals, whatever the rest is."""
    widget = activity("zopa-bar")
    ends = {"buyer_target": (600, 900), "buyer_first": (600, 900), "buyer_pace": (5, 60)}
    grid = {
        "buyer_target": range(600, 901, 60),
        "buyer_first": range(600, 901, 20),
        "buyer_pace": range(5, 61, 5),
    }
    for name, extremes in ends.items():
        others = [each for each in ends if each != name]
        for extreme in extremes:
            for values in itertools.product(*(grid[other] for other in others)):
                inputs = {"buyer_reservation": 900, name: extreme}
                inputs |= dict(zip(others, values, strict=True))
                answer = {"inputs": inputs}
                assert Explorer.mark(widget.content, answer, widget.words)["points"] < 1, inputs


def test_dashboard_expects_the_false_alarms_of_its_rules():
    settings = content_of("management-dashboard")["settings"]
    shifts = {each: 1.5 * (12 / n) ** 0.5 for each, n in settings["reviews"].items()}
    for sigmas, rule in ((2, "two"), (3, "three")):
        assert settings["false_alarm"][rule] == pytest.approx(200 * norm.sf(sigmas), abs=0.005)
        for review, shift in shifts.items():
            signal = norm.sf(sigmas - shift) + norm.cdf(-sigmas - shift)
            assert settings["signal"][review][rule] == pytest.approx(1 / signal, abs=0.06)


@pytest.mark.parametrize(("review", "shift"), [(None, 0), ("weekly", 0.72), ("monthly", 1.5)])
def test_dashboard_knows_run_rules_as_the_library_does(review, shift):
    settings = content_of("management-dashboard")["settings"]
    drawn = np.random.default_rng(9).normal(shift, 1, size=(400, 80))
    points = signals = 0
    for series in drawn:
        chart = pd.DataFrame({"sample": range(80), "value": series, "centre": 0, "sigma": 1})
        chart = chart.assign(lower=-3, upper=3, signal=abs(series) > 3)
        rung = run_rules(chart)["signal"].to_numpy()
        points += rung.argmax() + 1 if rung.any() else 80
        signals += rung.any()
    if review is None:
        assert 100 * signals / points == pytest.approx(settings["false_alarm"]["runs"], rel=0.2)
    else:
        assert points / signals == pytest.approx(settings["signal"][review]["runs"], rel=0.1)


def test_dashboard_counts_and_warns():
    values, said = found("management-dashboard")
    assert (values["chosen"], values["fields"], values["faults"]) == (7, 3, 3)
    assert values["false_alarms"] == pytest.approx(7 * 52 / 2)
    for warning in ("Compliance is missing", "add up to 100%", "same answers", "NPS without n"):
        assert warning in said
    ticked = [e["id"] for e in content_of("management-dashboard")["inputs"] if e["as"] == "tick"]
    values, said = found("management-dashboard", **dict.fromkeys(ticked, False))
    assert "Nothing is ticked" in said and "Employee is missing" in said
    assert (values["chosen"], values["false_alarms"], values["months"]) == (0, 0, 99)
    values, _ = found("management-dashboard", **dict.fromkeys(ticked, True))
    assert [values[name] for name in ("fields", "leading", "lagging")] == [4, 6, 6]
    assert "Four reviews a year" in found("management-dashboard", review="quarterly")[1]


def test_dashboard_is_won_by_few_choices():
    widget = activity("management-dashboard")
    ticked = [entry["id"] for entry in widget.content["inputs"] if entry["as"] == "tick"]
    won = set()
    for rule, review in itertools.product(
        ("any", "two", "three", "runs"), ("weekly", "monthly", "quarterly")
    ):
        for ticks in itertools.product((False, True), repeat=12):
            inputs = dict(zip(ticked, ticks, strict=True), rule=rule, review=review)
            if sum(ticks) in (0, 4, 5, 6, 7, 12):
                result = Explorer.mark(widget.content, {"inputs": inputs}, widget.words)
                if result["points"] == 1:
                    won.add((rule, review, sum(ticks)))
    assert {each[:2] for each in won} == {("runs", "monthly"), ("two", "quarterly")}
    assert {each[2] for each in won} == {4, 5, 6}


# In a page


def put(page, content, inputs):
    for entry in content["inputs"]:
        if entry["id"] not in inputs:
            continue
        value = inputs[entry["id"]]
        if entry["as"] == "tick":
            page.locator("label.csqm-option", has_text=entry["label"]).locator("input").set_checked(
                value
            )
        elif entry["as"] == "choice":
            page.get_by_label(entry["label"], exact=True).select_option(value)
        else:
            unit = entry.get("unit", "").strip()
            label = entry["label"] + (f" ({unit})" if unit else "")
            page.get_by_role("spinbutton", name=label, exact=True).fill(str(value))
            page.keyboard.press("Tab")


@pytest.mark.parametrize("slug", SLUGS)
def test_right_wrong_and_partly_right_in_a_page(slug, open_activity):
    content = content_of(slug)
    page = open_activity(slug)
    total = len(content["goals"])
    page.evaluate("localStorage.clear()")
    for inputs, share in [WRONG[slug], PARTLY[slug], (RIGHT[slug], 1)]:
        page.get_by_role("button", name="Reset", exact=True).click()
        put(page, content, inputs)
        page.get_by_role("button", name="Check").click()
        text = page.locator(".csqm-feedback").inner_text()
        assert f"Goals reached: {round(share * total)} of {total}." in text
        assert stored(page, slug) == {"inputs": inputs}
    page.wait_for_function(
        "document.querySelector('.csqm-frame > [role=status]').textContent.includes('Goals reached')"
    )
    page.reload()
    page.get_by_role("button", name="Check").click()
    assert f"{total} of {total}" in page.locator(".csqm-feedback").inner_text()


def test_the_best_promise_is_for_the_trainee_to_find(open_activity):
    values, _ = found("disconfirmation-lab")
    best = written(values["best_promise"], 1)
    page = open_activity("disconfirmation-lab")
    frame = page.locator(".csqm-frame")
    assert best not in frame.inner_text()
    drawn = page.evaluate("document.querySelectorAll('.csqm-chart-line')[1].getBBox().width")
    page.get_by_role("spinbutton", name="Promise").fill("0")
    page.keyboard.press("Tab")
    half = page.evaluate("document.querySelectorAll('.csqm-chart-line')[1].getBBox().width")
    assert drawn == pytest.approx(2 * half, abs=1) and drawn < 70  # what lies near, not the curve
    page.get_by_role("button", name="Check").click()
    assert "the best one, which is higher" in frame.inner_text()
    assert best not in frame.inner_text()


def test_by_keyboard_alone(open_activity):
    page = open_activity("sample-planner")
    page.keyboard.press("Tab")
    page.keyboard.type("4800")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # 95%
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")  # the slider: 7.5 points
    assert stored(page, "sample-planner") == {
        "inputs": {"population": 4800, "confidence": "95", "margin": 7.5}
    }
    page.wait_for_function(
        "document.querySelector('.csqm-frame > [role=status]').textContent.includes('simulated')"
    )
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Check":
            break
    page.keyboard.press("Enter")
    assert "Goals reached: 0 of 3." in page.locator(".csqm-feedback").inner_text()


def test_dashboard_by_keyboard_alone(open_activity):
    page = open_activity("management-dashboard")
    for key in ("Tab", "Tab", "Space", "Tab", "Space", "Tab", "Space"):
        page.keyboard.press(key)
    assert stored(page, "management-dashboard") == {
        "inputs": {"nps": False, "mean_score": False, "morale": True}
    }
    rule, review = (page.get_by_label(label, exact=True) for label in ("Alarm rule", "Review"))
    for _ in range(9):
        page.keyboard.press("Tab")
    assert rule.evaluate("(node) => node === document.activeElement")
    for key in ("End", "Tab", "ArrowDown"):
        page.keyboard.press(key)
    assert (rule.input_value(), review.input_value()) == ("runs", "monthly")
    page.wait_for_function(
        "document.querySelector('.csqm-frame > [role=status]').textContent.includes('false alarms')"
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "Goals reached: 4 of 6." in page.locator(".csqm-feedback").inner_text()


@pytest.mark.parametrize("slug", SLUGS)
def test_axe_finds_nothing_and_a_phone_needs_no_sideways_scrolling(slug, open_activity):
    looks = [("en", "light", 1280), ("zh-Hant", "dark", 360), ("en", "dark", 360)]
    looks.append(("zh-Hant", "light", 360))
    for lang, theme, width in looks:
        page = open_activity(slug, language=lang, theme=theme, width=width)
        page.locator(".csqm-primary").click()
        assert_axe_finds_nothing(page)
        assert_fits(page)
        page.close()


def test_print_shows_the_static_version(open_activity):
    page = open_activity("sample-planner")
    page.emulate_media(media="print")
    static = page.locator(".csqm-activity-static")
    assert static.is_visible()
    assert "No more invitations than needed" in static.inner_text()
