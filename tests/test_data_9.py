"""The data of Part 9 and its capstone: an analysis finds the documented truth again."""

import re

import numpy as np
import pandas as pd
import pytest
from data_helpers import page_halves

from csqm import cleaning, comparison, complaints, drivers, indicators, reliability, spc
from csqm.activities import content
from csqm.data import load, read

SCALES = {
    "booking": ["q1_easy", "q2_wait", "q3_told"],
    "drive": ["q4_safe", "q5_polite", "q6_jerky"],
    "value": ["q7_fare", "q8_clear", "q9_worth"],
}
ITEMS = [item for items in SCALES.values() for item in items]
INDEX = ["overall", "expected", "ideal"]
COURSE = {
    "content": ["q1_relevant", "q2_clear", "q3_lost"],
    "practice": ["q4_exercises", "q5_feedback", "q6_setup"],
    "use": ["q7_apply", "q8_cases", "q9_time"],
}


def halves(name):
    """Return, for both languages, the page and the numbers in the rows of its tables."""
    for half in page_halves(name):
        rows = re.findall(r"^\| `(\w+)`[^|]*\|(.*)\|$", half, re.MULTILINE)
        yield half, {row: [cell.strip() for cell in cells.split("|")] for row, cells in rows}


def numbers(cells):
    return tuple(float(cell) for cell in cells if re.fullmatch(r"-?[0-9.]+", cell))


def cleaned():
    """Clean the survey of the capstone by the rule of the assignment."""
    forms = load("capstone_survey").drop_duplicates("code")
    flags = cleaning.flag_careless(forms, ITEMS, missing=[], id="code", seconds="seconds")
    answers = cleaning.reverse_items(forms[~flags.any(axis="columns")], ["q2_wait", "q6_jerky"])
    for scale, items in SCALES.items():
        answers[scale] = answers[items].mean(axis="columns")
    return answers


def counts(kinds):
    """Return the cases of some kinds per week, and the rides."""
    weeks = load("capstone_weeks").set_index("week")["rides"]
    cases = load("capstone_log").drop_duplicates("case")
    found = cases[cases["category"].isin(kinds)].groupby("week").size()
    return found.reindex(weeks.index, fill_value=0), weeks


# ---- the pages -----------------------------------------------------------------------------------


def test_the_pages_give_the_true_values_of_the_capstone(maker):
    survey, log = maker("capstone_survey"), maker("capstone_log")
    for half, rows in halves("capstone_survey"):
        for table in (survey.BRANCHES, survey.INDEX):
            assert {name: numbers(rows[name]) for name in table} == table
        assert {name: numbers(rows[name]) for name in survey.ITEMS} == {
            name: values[:2] for name, values in survey.ITEMS.items()
        }
        for value in (*survey.WEIGHTS.values(), survey.STRAIGHT, survey.HASTY, survey.AGAIN):
            assert str(value) in half
    for half, rows in halves("capstone_log"):
        assert {name: numbers(rows[name]) for name in log.KINDS} == log.KINDS
        for value in (log.CASES, log.FIX_WEEK, log.FARE_WEEK, log.AGAIN, log.WEEK_SD, log.DAYS_SD):
            assert str(value) in half


def test_the_pages_give_the_true_values_of_the_rides_and_the_course(maker):
    rides, course = maker("hospital_rides"), maker("course_survey")
    for _, rows in halves("hospital_rides"):
        assert {name: numbers(cells) for name, cells in rows.items()} == rides.LATE
    for half, rows in halves("course_survey"):
        assert {name: numbers(cells) for name, cells in rows.items()} == {
            name: values[:2] for name, values in course.ITEMS.items()
        }
        for constant, weights, spread in (course.OVERALL, course.RECOMMEND):
            assert all(str(value) in half for value in (constant, spread, *weights.values()))


# ---- the truth found again -----------------------------------------------------------------------


def test_the_form_helped_by_about_what_was_put_in(maker):
    late = maker("hospital_rides").LATE
    rides = load("hospital_rides").query("week != 9")
    cells = rides.groupby([rides["hospital"], rides["week"] > 9])[["booked", "late"]].sum()
    share = cells["late"] / cells["booked"]
    fall = share.xs(True, level=1) - share.xs(False, level=1)
    error = np.sqrt((share * (1 - share) / cells["booked"]).sum())
    truth = np.subtract(*late["changed"][::-1]) - np.subtract(*late["unchanged"][::-1])
    effect = fall["changed"] - fall["unchanged"]
    assert abs(effect - truth) < 1.96 * error
    assert effect + 1.96 * error < 0


def test_managers_rate_the_practice_lower_and_use_drives_the_course():
    answers = cleaning.reverse_items(load("course_survey"), ["q3_lost", "q6_setup"])
    for scale, items in COURSE.items():
        answers[scale] = answers[items].mean(axis="columns")
    table = comparison.compare_groups(answers, "path", list(COURSE)).set_index("outcome")
    assert table["p_adjusted"].lt(0.05).to_dict() == {
        "content": False,
        "practice": True,
        "use": False,
    }
    assert table.loc["practice", "effect"] > 0  # analysts come first in the alphabet
    shares = drivers.lmg(answers, "overall", list(COURSE)).set_index("driver")["share"]
    assert shares.idxmax() == "use"


def test_answers_to_the_activity_have_the_columns_and_codes_of_the_data(tmp_path):
    survey = content.load(content.paths()["course-survey"])
    fields = [field for section in survey["sections"] for field in section["fields"]]
    codes = {}
    for field in fields:
        options = field.get("options", [])
        options = survey["lists"][options] if isinstance(options, str) else options
        codes[field["id"].replace("-", "_")] = [option["id"] for option in options]
    assert codes.pop("comment") == []
    table = load("course_survey", missing="keep").astype(str)
    assert set(table) - set(codes) == {"response_id", "class", "theme"}
    for column, options in codes.items():  # what can be chosen is in the dictionary
        rows = pd.concat([table.head(1)] * len(options), ignore_index=True)
        rows[column] = options
        rows["response_id"] = [f"R{number:02d}" for number in rows.index]
        rows.to_csv(tmp_path / "class.csv", index=False)
        assert len(read(tmp_path / "class.csv", "course_survey")) == len(options)


def test_cleaning_finds_what_was_put_into_the_survey(maker):
    survey = maker("capstone_survey")
    rows, kinds = survey.export()
    kind = pd.Series(kinds, index=[row[0] for row in rows[1:]])
    kept = cleaned()["response_id"]
    gone = kind.drop(kept)
    assert (gone == "again").sum() == survey.AGAIN
    assert (kind[kept] == "again").sum() == (kind[kept] == "straight").sum() == 0
    assert (kind[kept] == "hasty").sum() <= 2  # half the median is a rule of thumb
    assert (gone == "careful").mean() < 0.15


def test_the_index_needs_the_rides_as_weights(maker):
    survey = maker("capstone_survey")
    answers = cleaned().dropna(subset=INDEX)
    rides = {name: values[0] for name, values in survey.BRANCHES.items()}
    weights = answers["branch"].map(rides) / answers.groupby("branch")["branch"].transform("size")
    weighted = indicators.satisfaction_index(answers, INDEX, weights=weights)
    shift = sum(n * effect for n, _, effect in survey.BRANCHES.values()) / sum(rides.values())
    centre = np.mean([constant for constant, _ in survey.INDEX.values()]) + shift
    # answers are rounded and limited to 1 to 10, which pulls the mean a little to the middle
    assert weighted.value == pytest.approx(100 * (centre - 1) / 9, abs=2.5)
    plain = indicators.satisfaction_index(answers, INDEX)
    assert plain.value > weighted.value and plain.effective_n > weighted.effective_n


def test_the_survey_points_to_the_booking_of_two_branches():
    answers = cleaned()
    for items in SCALES.values():
        assert 0.65 < reliability.cronbach_alpha(answers, items).value < 0.8
    shares = drivers.lmg(answers, "overall", list(SCALES)).set_index("driver")["share"]
    assert list(shares.sort_values().index) == ["drive", "value", "booking"]
    assert answers[list(SCALES)].mean().idxmin() == "booking"
    for branch in answers["branch"].unique():
        rest = answers.assign(here=answers["branch"] == branch)
        p = comparison.compare_groups(rest, "here", ["booking"])["p"].iloc[0]
        effect = answers.loc[rest["here"], "booking"].mean() - answers["booking"].mean()
        assert (p < 0.01 and effect < 0) == (branch in ("shalu", "fengyuan"))


def test_the_log_points_to_the_fares(maker):
    log = maker("capstone_log")
    ordinary = range(log.FIX_WEEK, log.FARE_WEEK)
    signals = {}
    for name, kinds in (
        ("gate", ["late", "no_show"]),
        ("fare", ["fare"]),
        ("drive", ["conduct", "vehicle"]),
    ):
        chart = spc.laney_p_chart(*counts(kinds), baseline=ordinary)
        signals[name] = set(chart.loc[chart["signal"], "sample"])
    assert len(signals["gate"]) >= 3 and max(signals["gate"]) < log.FIX_WEEK
    assert len(signals["fare"]) >= 6 and min(signals["fare"]) >= log.FARE_WEEK
    assert not signals["drive"]
    loose = spc.laney_p_chart(*counts(["fare"]))
    assert loose["signal"].sum() < len(signals["fare"])


def test_cases_written_down_twice_are_in_the_log(maker):
    log = load("capstone_log")
    cases = log.drop_duplicates("case")
    assert len(cases) == maker("capstone_log").CASES
    assert 0 < len(log) - len(cases) <= maker("capstone_log").AGAIN
    assert (log.loc[log["case"].duplicated(), "channel"] == "hotline").all()
    closed = cases["closed"].where(cases["closed"] != "open")
    share = complaints.sla_share(cases["received"], closed, as_of="2027-05-02")
    assert 0.85 < share.value < 0.97 and share.pending > 20


def test_capstone_dates_are_those_of_its_weeks(maker):
    first = pd.Timestamp(maker("capstone_log").FIRST_DAY)
    log, weeks = load("capstone_log"), load("capstone_weeks")
    days = pd.to_datetime(log["received"])
    assert ((days - first).dt.days // 7 + 1).equals(log["week"])
    assert (pd.to_datetime(weeks["monday"]) == first + pd.to_timedelta(7 * weeks.index, "D")).all()
