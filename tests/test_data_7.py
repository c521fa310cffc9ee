"""The complaint log: an analysis finds the documented truth again."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from data_helpers import page_halves

from csqm import complaints, spc
from csqm.data import load


@pytest.fixture
def truth(maker):
    return maker("complaint_log")


@pytest.fixture
def log():
    return load("complaint_log")


@pytest.fixture
def weeks():
    return load("complaint_weeks").set_index("week")


def test_the_page_gives_the_true_values(truth):
    for half in page_halves("complaint_log"):
        rows = re.findall(r"^\| `(\w+)`[^|]*\| (.+) \|$", half, re.MULTILINE)
        found = [(name, tuple(map(float, cells.split(" | ")))) for name, cells in rows]
        assert found == [*truth.CATEGORIES.items(), *truth.CHANNELS.items()]
        factor = sum(share * factor for share, factor, *_ in truth.CATEGORIES.values())
        for value in (truth.SHIFT_WEEK, truth.WEEK_SD, truth.DAYS_SD, truth.REOPENED, truth.RATED):
            assert str(value) in half
        assert f"{factor:.3f}" in half


def test_the_weeks_are_counted_from_the_log(truth, log, weeks):
    assert len(log) == weeks["complaints"].sum() == truth.COMPLAINTS
    assert log["week"].value_counts().sort_index().tolist() == weeks["complaints"].tolist()
    gate = log[log["category"].isin(["late", "no_show"])]
    assert (
        gate.groupby("week")
        .size()
        .reindex(weeks.index, fill_value=0)
        .equals(weeks["gate_complaints"])
    )
    days = pd.to_datetime(log["received"])
    assert ((days - pd.Timestamp(truth.FIRST_DAY)).dt.days // 7 + 1).tolist() == log[
        "week"
    ].tolist()
    assert days.is_monotonic_increasing


def test_weeks_vary_more_than_chance(truth, weeks):
    before = weeks.loc[: truth.SHIFT_WEEK - 1]
    rate = before["complaints"].sum() / before["rides"].sum()
    expected = rate * before["rides"]
    dispersion = ((before["complaints"] - expected) ** 2 / expected).mean()
    # Poisson noise and the luck of the week, whose coefficient of variation is about its deviation
    assert dispersion == pytest.approx(1 + expected.mean() * truth.WEEK_SD**2, rel=0.35)
    ordinary = spc.p_chart(before["complaints"], before["rides"])["signal"].sum()
    laney = spc.laney_p_chart(before["complaints"], before["rides"])["signal"].sum()
    assert ordinary >= 3 and laney <= 1


def test_only_the_kinds_of_the_gate_shift(truth, log, weeks):
    after = log["week"] >= truth.SHIFT_WEEK
    rides_after = weeks.loc[truth.SHIFT_WEEK :, "rides"].sum()
    rides_before = weeks["rides"].sum() - rides_after
    for name, (_, factor, *_) in truth.CATEGORIES.items():
        kind = log["category"] == name
        found = ((kind & after).sum() / rides_after) / ((kind & ~after).sum() / rides_before)
        error = np.sqrt(1 / (kind & after).sum() + 1 / (kind & ~after).sum() + 0.3**2 / 24)
        assert abs(np.log(found / factor)) < 3 * error, name


def test_a_chart_of_the_first_year_sees_the_shift(truth, weeks):
    chart = spc.laney_p_chart(weeks["gate_complaints"], weeks["rides"], baseline=range(1, 53))
    signals = chart.loc[chart["signal"], "sample"]
    assert (signals >= truth.SHIFT_WEEK).sum() >= 4
    assert (signals < truth.SHIFT_WEEK).sum() <= 2


def test_times_follow_kind_and_channel(truth, log):
    closed = log[log["closed"] != "open"]
    days = (pd.to_datetime(closed["closed"]) - pd.to_datetime(closed["received"])).dt.days
    assert days.min() >= 1
    for name, (_, _, median, _) in truth.CATEGORIES.items():
        mine = days[(closed["category"] == name) & closed["channel"].isin(["phone", "app"])]
        assert mine.median() == pytest.approx(median, abs=2), name
    times = complaints.resolution_times(
        log["received"], log["closed"].where(log["closed"] != "open"), as_of="2026-11-01"
    )
    assert (times["open"] == (log["closed"] == "open").sum()).all()


def test_justice_explains_satisfaction_with_the_stated_weights(truth, log):
    rated = log.dropna(subset=["satisfied"])
    closed = (log["closed"] != "open").sum()
    assert len(rated) == pytest.approx(closed * truth.RATED, abs=3.5 * np.sqrt(closed * 0.25))
    fit = sm.OLS(rated["satisfied"], sm.add_constant(rated[list(truth.JUSTICE)])).fit()
    for name, weight in zip(truth.JUSTICE, truth.SATISFACTION[1], strict=True):
        assert abs(fit.params[name] - weight) < 3 * fit.bse[name] + 0.02, name
    paid = rated["compensation"] > 0
    assert abs(rated.loc[paid, "satisfied"].mean() - rated.loc[~paid, "satisfied"].mean()) < 0.2
