"""The passenger survey and the survey after each ride: an analysis finds the documented truth."""

import re

import numpy as np
import pytest
import statsmodels.api as sm
from data_helpers import page_halves

from csqm import indicators, sampling
from csqm.data import load


@pytest.fixture
def survey():
    return load("passenger_survey")


@pytest.fixture
def truth():
    return load("passenger_truth")["csat"]


@pytest.fixture
def pulse():
    return load("ride_pulse")


def tables(half):
    """Return the rows of numbers, by what stands in front of them."""
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\| (.+) \|$", half, re.MULTILINE)
    return [
        (tuple(re.findall(r"\w+", names)), tuple(map(float, cells.split(" | "))))
        for names, cells in rows
    ]


def test_the_page_of_the_survey_gives_the_true_values(maker, truth):
    made = maker("passenger_survey")
    wanted = [*made.CELLS.items(), *(((item,), row) for item, row in made.ITEMS.items())]
    for half in page_halves("passenger_survey"):
        assert tables(half) == wanted
        for value in (made.ANSWER, made.ANSWER_DAY, made.ANSWER_APP, made.ANSWER_CSAT):
            assert f"{value:g}" in half
        for count in (made.INVITED, made.CALLED, (truth >= 4).sum()):
            assert f"{count:,}" in half
        assert f"{(truth >= 4).mean():.1%}" in half and str(made.CALL_REACHED) in half


def test_the_page_of_the_pulse_gives_the_true_values(maker):
    made = maker("ride_pulse")
    for half in page_halves("ride_pulse"):
        assert tables(half) == [((item,), row) for item, row in made.ITEMS.items()]
        for value in (made.ANSWERS, made.WEEKS, made.CHANGE_WEEK, *made.LATE.values()):
            assert str(value) in half


def test_only_those_who_were_reached_have_answers(maker, survey, truth):
    made = maker("passenger_survey")
    count = survey["status"].value_counts()
    assert count["not_invited"] == len(survey) - made.INVITED
    assert count["follow_up"] + count["not_reached"] == made.CALLED
    answered, called = survey["status"] == "answered", survey["status"] == "follow_up"
    assert survey.loc[~answered, list(made.ITEMS)].drop(columns="csat").isna().all(axis=None)
    assert survey.loc[~answered & ~called, "csat"].isna().all()
    given = survey["csat"].notna()
    assert (survey.loc[given, "csat"] == truth[given]).all()
    assert load("passenger_truth")["passenger_id"].equals(survey["passenger_id"])


def test_the_frame_has_the_stated_cells(maker, survey):
    sizes = survey.groupby(["time", "area", "channel"]).size().to_dict()
    assert sizes == {cell: size for cell, (size, _) in maker("passenger_survey").CELLS.items()}


def test_answering_depends_on_time_channel_and_satisfaction_alone(maker, survey, truth):
    made = maker("passenger_survey")
    invited = survey["status"] != "not_invited"
    design = sm.add_constant(
        np.column_stack(
            [
                survey["time"] == "day",
                survey["channel"] == "app",
                truth - 3,
                survey["area"] == "city",
            ]
        )[invited].astype(float)
    )
    fit = sm.Logit((survey["status"] == "answered")[invited], design).fit(disp=False)
    stated = [made.ANSWER, made.ANSWER_DAY, made.ANSWER_APP, made.ANSWER_CSAT, 0]
    assert (np.abs(fit.params - stated) < 3 * fit.bse).all()


def test_raking_repairs_a_part_and_the_follow_up_the_rest(survey, truth):
    true = (truth >= 4).mean()
    answered = survey[survey["status"] == "answered"]
    plain = indicators.top_box(answered["csat"])
    margins = {name: survey[name].value_counts() for name in ("time", "channel")}
    raked = sampling.rake(answered, margins)
    weighted = indicators.top_box(answered["csat"], weights=raked.weights)
    assert plain.low > true and weighted.low > true, "both intervals miss the truth"
    assert 0.2 < (plain.value - weighted.value) / (plain.value - true) < 0.5
    area = sampling.rake(answered, {"area": survey["area"].value_counts()})
    by_area = indicators.top_box(answered["csat"], weights=area.weights)
    assert abs(by_area.value - plain.value) < 0.01, "the area explains nothing"

    silent = indicators.top_box(survey.loc[survey["status"] == "follow_up", "csat"])
    share = len(answered) / (survey["status"] != "not_invited").sum()
    both = share * plain.value + (1 - share) * silent.value
    error = np.sqrt(
        share**2 * plain.value * (1 - plain.value) / plain.n
        + (1 - share) ** 2 * silent.value * (1 - silent.value) / silent.n
    )
    assert abs(both - true) < 1.96 * error


def test_a_coded_blank_would_flatter_the_net_promoter_score(survey):
    answered = load("passenger_survey", missing="keep")[survey["status"] == "answered"]
    right = indicators.net_promoter_score(answered["recommend"], missing=[11])
    promoters = (answered["recommend"] >= 9).mean()
    wrong = 100 * (promoters - (answered["recommend"] <= 6).mean())
    assert right.missing >= 15 and wrong > right.value + 3


def test_the_pick_up_shows_the_change_and_the_recommendation_does_not(maker, pulse):
    made = maker("ride_pulse")
    after = pulse["week"] >= made.CHANGE_WEEK
    for name, part in (("before", ~after), ("after", after)):
        chance, count = made.LATE[name], part.sum()
        assert abs(pulse.loc[part, "late"].mean() - chance) < 3 * np.sqrt(chance / count)
    pick = [indicators.top_box(pulse.loc[part, "pickup"]) for part in (~after, after)]
    assert pick[0].high < pick[1].low
    nps = [
        indicators.net_promoter_score(pulse.loc[part, "recommend"], method="adjusted_wald")
        for part in (~after, after)
    ]
    assert nps[0].low < nps[1].value < nps[0].high
    rated = pulse.dropna(subset=["pickup"])
    fit = sm.OLS(rated["pickup"], sm.add_constant(rated["late"])).fit()
    assert abs(fit.params["late"] - made.ITEMS["pickup"][3]) < 3 * fit.bse["late"] + 0.1
