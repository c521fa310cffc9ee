"""The complaint desk and the control-chart lab: their numbers, trade-offs and use by keyboard."""

from datetime import date, timedelta

import pandas as pd
import pytest
from activity_helpers import content_of, stored
from scipy.stats import binom

from csqm.activities.content import words
from csqm.activities.kinds.explorer import Explorer
from csqm.activities.kinds.explorer_models import control_chart, triage_desk
from csqm.complaints import sla_share
from csqm.spc import laney_p_chart, p_chart, run_rules

pytestmark = pytest.mark.usefixtures("english")

DESK = {
    **{f"urgent_{kind}": kind == "safety" for kind in triage_desk.KINDS},
    "order": "urgent", "staff": 2, "authority": 350, "acknowledge": True,
}  # fmt: skip
CHART = {
    "days": "7", "baseline": 52, "limits": "laney", "luck": 30, "shift": 50, "week": 52,
    **dict.fromkeys(control_chart.RULES, False),
    **dict.fromkeys(control_chart.RULES[:3], True),
}  # fmt: skip
SLUGS = {"desk": "triage-desk", "chart": "control-chart-lab"}


def found(which, **inputs):
    """Return points, values and text for the good settings with these changed."""
    start = {"desk": DESK, "chart": CHART}[which]
    result = Explorer.mark(content_of(SLUGS[which]), {"inputs": start | inputs}, words("explorer"))
    lines = [*result["groups"][0]["lines"], *(each["text"] for each in result["items"].values())]
    return result["points"], result["values"], "\n".join(lines)


# The complaint desk


@pytest.mark.parametrize("staff", [1, 2, 3.5])
@pytest.mark.parametrize("authority", [0, 350])
def test_safety_never_waits_behind_refunds_when_only_safety_is_urgent(staff, authority):
    levers = {"staff": staff, "authority": authority}
    assert found("desk", **levers)[1]["behind"] == 0
    for mistake in ({"order": "first"}, {"order": "quick"}, {"urgent_safety": False}):
        _, values, said = found("desk", **levers, **mistake)
        assert values["behind"] > 0
        assert f"{values['behind']} of {values['safety']} safety cases in 20 months" in said


def test_what_is_loud_stands_in_line_with_safety():
    assert found("desk", urgent_conduct=True)[1]["behind"] > 0
    everything = {f"urgent_{kind}": True for kind in triage_desk.KINDS}
    _, values, said = found("desk", **everything)
    alike = found("desk", order="first")[1]
    assert values["behind"] == alike["behind"] and values["urgent_share"] == 100
    assert "Where nearly everything is urgent, nothing is" in said


@pytest.mark.parametrize("inputs", [{}, {"staff": 1.5, "authority": 100}, {"order": "quick"}])
def test_desk_counts_fifteen_days_as_the_library_does(inputs):
    settings = content_of("triage-desk")["settings"]
    first = date(2026, 6, 1)
    for seed in (1, 2, 3):
        values, cases = triage_desk.month(seed, DESK | inputs, settings)
        received, closed = (
            pd.Series(
                [(first + timedelta(c[name])).isoformat() if c[name] else None for c in cases]
            )
            for name in ("day", "closed")
        )
        share = sla_share(received, closed, as_of=(first + timedelta(30)).isoformat())
        assert values["in_time"] == pytest.approx(100 * share.value)
        pending = sum(not case["closed"] for case in cases) - values["overdue"]
        assert share.pending == pending
        assert values["open"] == pending + values["overdue"]


def test_desk_spends_no_more_hours_than_it_has():
    settings = content_of("triage-desk")["settings"]
    for staff in (1, 2, 5):
        _, cases = triage_desk.month(1, DESK | {"staff": staff, "authority": 0}, settings)
        done = sum(settings["hours"][c["kind"]] + (c["claim"] > 0) - c["hours"] for c in cases)
        intake = len(cases) * (settings["intake"] + settings["letter"])
        intake += sum(case["rings"] for case in cases) * settings["intake"]
        assert done + intake <= 30 * 7 * staff + 7  # the last day's calls may run over
    assert done == pytest.approx(
        sum(settings["hours"][c["kind"]] + (c["claim"] > 0) for c in cases), rel=0.05
    )


def test_word_on_the_first_day_spares_calls_and_small_claims_spare_work():
    _, told, _ = found("desk", authority=100)
    _, silent, _ = found("desk", authority=100, acknowledge=False)
    assert silent["repeats"] > 2 * told["repeats"]
    assert silent["most_open"] > told["most_open"]
    _, none, said = found("desk", authority=0)
    assert none["most_open"] > told["most_open"] > found("desk")[1]["most_open"]
    assert "costs an hour more" in said and none["on_the_spot"] == none["unfounded"] == 0


def test_money_does_not_replace_being_heard():
    _, values, said = found("desk", authority=1000)
    assert values["bought_off"] > 20 and values["unfounded"] > 0
    assert values["repeats"] > 15 and values["interactional"] < 90 and values["distributive"] < 90
    assert "money does not replace being heard" in said


@pytest.mark.parametrize(
    "extreme",
    [
        {"staff": 1}, {"staff": 5}, {"authority": 0}, {"authority": 1000}, {"order": "first"},
        {"order": "quick"}, {"acknowledge": False}, {"urgent_safety": False},
        {f"urgent_{kind}": True for kind in triage_desk.KINDS},
    ],
    ids=str,
)  # fmt: skip
def test_no_extreme_runs_the_desk_well(extreme):
    for staff in (1.5, 2, 2.5, 3):
        for authority in (200, 350, 500):
            levers = {"staff": staff, "authority": authority} | extreme
            assert found("desk", **levers)[0] < 1, levers


def test_desk_can_be_run_well_in_more_than_one_way():
    assert all(found("desk", authority=limit)[0] == 1 for limit in (300, 350, 400, 500))
    assert found("desk", urgent_fare=True)[0] == 1


# The control-chart lab


@pytest.mark.parametrize("size", [100, 1571, 44_000])
def test_counts_are_binomial(size):
    for number in (0, 0.003, 0.2, 0.5, 0.87, 0.9999):
        count = control_chart.counted(lambda number=number: number, size, 0.0019)
        assert binom.cdf(count, size, 0.0019) > number >= binom.cdf(count - 1, size, 0.0019) - 1e-12


# Renders an activity as the book does and counts the points of its chart that signal.
SIGNALS = """([content, words, inputs]) => {
    const given = { content, words, answer: { inputs }, lang: "en", notice: "", kept: "" };
    const model = { get: (name) => given[name], on() {}, off() {} };
    const host = document.createElement("div");
    csqmActivities.explorer.render({ model, el: host });
    return host.querySelectorAll("circle.csqm-chart-bad").length;
}"""


@pytest.mark.parametrize("days", ["1", "7", "14", "28"])
@pytest.mark.parametrize("limits", ["p", "laney"])
def test_chart_is_the_library(days, limits, script_page):
    content = content_of("control-chart-lab")
    rules = control_chart.RULES
    for luck, chosen in ((30, rules), (10, rules), *((30, [rule]) for rule in rules)):
        inputs = CHART | {"days": days, "limits": limits, "luck": luck}
        inputs |= {rule: rule in chosen for rule in rules}
        counts, size = control_chart.drawn(inputs, content["settings"])
        baseline = range(1, inputs["baseline"] + 1)
        laney = laney_p_chart(counts, size, baseline=baseline)
        theirs = p_chart(counts, size, baseline=baseline) if limits == "p" else laney
        values = found("chart", **inputs)[1]
        for name in ("centre", "lower", "upper"):
            assert values[name] == pytest.approx(1000 * theirs[name].iloc[0])
        assert values["sigma_z"] == pytest.approx(laney["sigma_z"].iloc[0])
        signals = script_page.evaluate(SIGNALS, [content, words("explorer"), inputs])
        assert signals == run_rules(theirs, rules=chosen)["signal"].sum(), inputs


def test_without_luck_the_days_until_found_are_those_of_the_binomial():
    only = dict.fromkeys(control_chart.RULES, False) | {"beyond_limits": True}
    settings = content_of("control-chart-lab")["settings"]
    rate, size = settings["rate"], settings["rides"]
    top = size * rate + 3 * (size * rate * (1 - rate)) ** 0.5
    for shift in (60, 80, 100):
        chance = binom.sf(top, size, rate * (1 + shift / 100))
        inputs = only | {"luck": 0, "shift": shift, "limits": "p", "week": 60, "baseline": 60}
        assert found("chart", **inputs)[1]["found"] == pytest.approx(7 / chance, rel=0.15)
    false_alarm = binom.sf(top, size, rate) + binom.cdf(2 * size * rate - top, size, rate)
    share = found("chart", **inputs)[1]["false_share"]
    assert share == pytest.approx(100 * false_alarm, abs=0.15)


def test_with_lucky_and_unlucky_weeks_an_ordinary_p_chart_cries_wolf():
    _, quiet, said = found("chart", limits="p", luck=0)
    assert "cries wolf" not in said
    _, wolf, said = found("chart", limits="p")
    assert wolf["false_alarms"] > 4 * quiet["false_alarms"]
    assert wolf["sigma_z"] > 1.5 and "cries wolf" in said
    _, laney, said = found("chart")
    assert laney["false_alarms"] < wolf["false_alarms"] / 4 and "cries wolf" not in said


def test_each_rule_finds_sooner_and_rings_falsely_more_often():
    chosen = dict.fromkeys(control_chart.RULES, False)
    before = None
    for rule in control_chart.RULES:
        chosen[rule] = True
        now = found("chart", **chosen)[1]
        if before:
            assert now["found"] <= before["found"]
            assert now["false_alarms"] >= before["false_alarms"]
        before = now
    assert (
        now["found"] < 40 < 60 < found("chart", two_of_three=False, four_of_five=False)[1]["found"]
    )


def test_a_baseline_with_the_change_in_it_hides_the_change():
    clean = found("chart", week=30, baseline=30)[1]
    _, mixed, said = found("chart", week=30, baseline=50)
    assert (clean["polluted"], mixed["polluted"], mixed["clean"]) == (0, 20, 0)
    assert mixed["never"] > clean["never"] + 20
    assert "20 of your 50 baseline points lie after the change" in said


def test_chart_at_its_ends():
    rules = dict.fromkeys(control_chart.RULES, False)
    _, values, said = found("chart", **rules)
    assert (values["false_alarms"], values["found"], values["never"]) == (0, 182, 100)
    assert "never rings at all" in said
    _, values, said = found("chart", shift=0)
    assert values["waiting"] == 0 and "Every one of these alarms is false" in said
    # The baseline is longer than all that is watched.
    values = found("chart", days="28", baseline=60, week=12)[1]
    assert (values["found"], values["never"], values["polluted"]) == (182, 100, 57)
    # Fewest rides, few points: limits even where neighbours are alike.
    assert found("chart", days="1", baseline=10, luck=0)[1]["sigma_z"] > 0


@pytest.mark.parametrize(
    "extreme",
    [
        {"days": "1"}, {"days": "28"}, {"limits": "p"}, {"baseline": 10}, {"baseline": 60},
        {"two_of_three": False, "four_of_five": False}, dict.fromkeys(control_chart.RULES, True),
        dict.fromkeys(control_chart.RULES, False),
    ],
    ids=str,
)  # fmt: skip
def test_no_extreme_makes_a_good_chart(extreme):
    for baseline in (25, 40, 52):
        assert found("chart", **{"baseline": baseline} | extreme)[0] < 1, extreme


def test_an_easier_world_does_not_count():
    points, _, said = found("chart", shift=100)
    assert points < 1 and "You changed the world" in said


# By keyboard


def test_desk_by_keyboard_alone(open_activity):
    page = open_activity("triage-desk")
    page.keyboard.press("Tab")
    for key in ("Space", "Tab", "Space", "Tab", "Tab", "Tab", "Space", "Tab", "Tab"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    for key in ("ArrowDown", "Tab", "Tab", "ArrowLeft", "ArrowLeft", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("300")
    for key in ("Tab", "Tab", "Space"):
        page.keyboard.press(key)
    assert stored(page, "triage-desk")["inputs"] == {
        "urgent_safety": True, "urgent_no_show": False, "urgent_conduct": False,
        "order": "urgent", "staff": 2, "authority": 300, "acknowledge": True,
    }  # fmt: skip
    page.wait_for_function(
        "document.querySelector('.csqm-frame > [role=status]').textContent.includes('20 months')"
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "Goals reached: 5 of 5." in page.locator(".csqm-feedback").inner_text()


def test_chart_by_keyboard_alone(open_activity):
    page = open_activity("control-chart-lab")
    for key in ("Tab", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("52")
    for key in ("Tab", "Tab", "ArrowDown", "Tab", "Tab", "Tab", "Tab"):
        page.keyboard.press(key)
    for key in ("Space", "Tab", "Space", "Tab", "Space"):
        page.keyboard.press(key)
    assert stored(page, "control-chart-lab")["inputs"] == {
        "baseline": 52, "limits": "laney", "eight_on_one_side": False, "six_trending": False,
        "fourteen_alternating": False,
    }  # fmt: skip
    page.wait_for_function(
        "document.querySelector('.csqm-frame > [role=status]').textContent.includes('200 series')"
    )
    for _ in range(7):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "Goals reached: 5 of 5." in page.locator(".csqm-feedback").inner_text()
