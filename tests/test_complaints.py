"""The complaints log against statsmodels, numpy and plain loops."""

import datetime as dt
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

from csqm import text
from csqm.complaints import pareto, resolution_times, sla_share

START = pd.Timestamp("2026-01-01")


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


# ---- Pareto --------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["late", "rude", "fare", "dirty", None]), max_size=40))
def test_pareto_agrees_with_a_loop(drawn):
    drawn = ["late", *drawn]
    table = pareto(pd.Series(drawn, dtype=object))
    counts = Counter(name for name in drawn if name is not None)
    order = sorted(counts, key=lambda name: (-counts[name], name))
    total, so_far = sum(counts.values()), 0
    assert table["category"].tolist() == order
    for row, name in zip(table.itertuples(), order, strict=True):
        assert row.vital == (5 * so_far < 4 * total)
        so_far += counts[name]
        assert row.n == row.weighted_n == counts[name]
        assert row.share == pytest.approx(counts[name] / total)
        assert row.cumulative == pytest.approx(so_far / total)
        assert row.missing == drawn.count(None)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1000)), max_size=20))
def test_whole_weights_are_repeated_complaints(drawn):
    names, times = zip(("a", 1), *drawn, strict=True)
    weighted = pareto(names, weights=times)
    repeated = pareto(np.repeat(names, times))
    present = weighted[weighted["weighted_n"] > 0]
    assert present["category"].tolist() == repeated["category"].tolist()
    assert present["weighted_n"].tolist() == repeated["n"].tolist()
    assert present["vital"].tolist() == repeated["vital"].tolist()
    # A category of no weight is shown, last, and never vital.
    assert not weighted.loc[weighted["weighted_n"] == 0, "vital"].any()
    pd.testing.assert_frame_equal(pareto(names), pareto(names, weights=np.ones(len(names))))


def test_a_table_of_counts_and_another_threshold():
    table = pareto(["rude", "late", "fare"], weights=[2, 7, 1], vital=0.7)
    assert table["category"].tolist() == ["late", "rude", "fare"]
    assert table["vital"].tolist() == [True, False, False]
    assert pareto([3, 3, "x"])["category"].tolist() == [3, "x"]


# ---- resolution times ----------------------------------------------------------------------------

# Days from the start to opening, days until closing or None.
cases = st.lists(
    st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 40))), min_size=1, max_size=40
)


def log(drawn):
    opened = [START + pd.Timedelta(days=day) for day, _ in drawn]
    closed = [
        None if days is None else START + pd.Timedelta(days=day + days) for day, days in drawn
    ]
    return pd.Series(opened), pd.Series(closed, dtype="datetime64[ns]")


@settings(deadline=None, max_examples=40)
@given(cases, st.integers(30, 75))
def test_quantiles_are_those_of_kaplan_and_meier(drawn, report):
    as_of = START + pd.Timedelta(days=report)
    table = resolution_times(*log(drawn), quantiles=(0.1, 0.5, 0.9), as_of=as_of)
    status = [days is not None and day + days <= report for day, days in drawn]
    days = [
        spent if done else report - day for (day, spent), done in zip(drawn, status, strict=True)
    ]
    assert table["n"].tolist() == [len(drawn)] * 3
    assert table["closed"].tolist() == [sum(status)] * 3
    assert table["open"].tolist() == [len(drawn) - sum(status)] * 3
    if not any(status):
        assert table["days"].isna().all()
        return
    curve = SurvfuncRight(np.array(days, dtype=float), np.array(status, dtype=int))
    for row in table.itertuples():
        reached = curve.surv_times[1 - curve.surv_prob >= row.quantile - 1e-9]
        if len(reached):
            assert row.days == reached[0] and row.note == ""
        else:
            assert np.isnan(row.days) and "too few complaints are closed" in row.note


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40)), min_size=1, max_size=40))
def test_with_all_closed_they_are_plain_quantiles(drawn):
    table = resolution_times(*log(drawn), quantiles=[0.25, 0.5, 0.9])
    spent = [days for _, days in drawn]
    expected = np.quantile(spent, [0.25, 0.5, 0.9], method="inverted_cdf")
    assert table["days"].tolist() == expected.tolist()
    assert (table["open"] == 0).all()


def test_leaving_open_cases_out_would_make_times_look_short():
    drawn = [(0, 2), (0, 4), (0, None), (0, None), (0, None)]
    table = resolution_times(*log(drawn), quantiles=0.4, as_of=START + pd.Timedelta(days=20))
    assert table["days"].tolist() == [4]


def test_missing_and_later_cases_are_counted_and_hours_count():
    opened = ["2026-03-01 08:00", None, "2026-04-01", "2026-03-02"]
    closed = ["2026-03-01 20:00", "2026-03-04", None, "2026-03-20"]
    row = resolution_times(opened, closed, quantiles=0.5, as_of="2026-03-10").iloc[0]
    assert row[["n", "closed", "open", "missing", "not_yet"]].tolist() == [2, 1, 1, 1, 1]
    assert row["days"] == 0.5
    assert row["as_of"] == pd.Timestamp("2026-03-10")


def test_the_latest_date_of_the_log_is_the_day_of_the_report():
    opened, closed = log([(0, 5), (1, None), (9, None)])
    assert set(resolution_times(opened, closed)["as_of"]) == {START + pd.Timedelta(days=9)}
    assert sla_share(opened, closed, limit_days=7).overdue == 1


def test_time_zones_are_respected():
    opened = pd.to_datetime(["2026-03-01 00:00"])
    taipei = pd.Series(opened).dt.tz_localize("Asia/Taipei")
    utc = pd.Series(pd.to_datetime(["2026-03-01 04:00"])).dt.tz_localize("UTC")
    assert resolution_times(taipei, utc, quantiles=0.5)["days"].tolist() == [0.5]


# ---- the promise ---------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(cases, st.integers(1, 20), st.integers(30, 75), st.sampled_from([0.9, 0.95]))
def test_sla_share_agrees_with_a_loop(drawn, limit, report, confidence):
    fates = Counter()
    for day, spent in drawn:
        if spent is not None and day + spent <= report:
            fates["on_time" if spent <= limit else "late"] += 1
        else:
            fates["pending" if report - day <= limit else "overdue"] += 1
    options = {"as_of": START + pd.Timedelta(days=report), "limit_days": limit}
    n = len(drawn) - fates["pending"]
    if not n:
        with pytest.raises(ValueError, match=f"{len(drawn)} are open and within the limit"):
            sla_share(*log(drawn), **options)
        return
    result = sla_share(*log(drawn), **options, confidence=confidence)
    assert {name: getattr(result, name) for name in ("on_time", "late", "overdue", "pending")} == {
        name: fates[name] for name in ("on_time", "late", "overdue", "pending")
    }
    ends = proportion_confint(fates["on_time"], n, alpha=1 - confidence, method="wilson")
    assert result.n == n
    assert result[:3] == pytest.approx((fates["on_time"] / n, *ends), abs=1e-12)
    assert 0 <= result.low <= result.value <= result.high <= 1


def test_the_limit_itself_is_within_it():
    opened, closed = log([(0, 15), (0, 16)])
    result = sla_share(opened, closed)
    assert (result.on_time, result.late) == (1, 1)


# ---- refusals ------------------------------------------------------------------------------------

OPENED, CLOSED = log([(0, 5), (1, 2)])
DATES = [
    (
        (OPENED, CLOSED.iloc[::-1].set_axis([0, 1]) - pd.Timedelta(days=4)),
        "Row 0 is closed on 2025",
    ),
    ((OPENED, CLOSED.iloc[:1]), "2 values of `opened` and 1"),
    ((OPENED, CLOSED.set_axis([1, 0])), "indexes differ"),
    (([20260301], ["2026-03-02"]), "`opened`, row 0: 20260301 is not a date"),
    ((["2026-03-01"], [3]), "`closed`, row 0: 3 is not a date"),
    ((["1 March, about"], ["2026-03-02"]), "`opened`, row 0: '1 March, about' is not a date"),
    (("2026-03-01", "2026-03-02"), "`opened` must be a Series or list"),
    (([], []), "No complaint has an opening date"),
    (([None], ["2026-03-02"]), "No complaint has an opening date"),
    ((OPENED.dt.tz_localize("UTC"), CLOSED), "have a time zone"),
]


@pytest.mark.parametrize(("arguments", "message"), DATES)
@pytest.mark.parametrize("function", [resolution_times, sla_share])
def test_bad_dates_are_refused_by_row(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (resolution_times, {"quantiles": 1}, "`quantiles` must lie between 0 and 1.*got 1"),
        (resolution_times, {"quantiles": []}, "`quantiles` is empty"),
        (resolution_times, {"as_of": "soon"}, "`as_of`, row 0: 'soon' is not a date"),
        (resolution_times, {"as_of": 2026}, "`as_of`, row 0: 2026 is not a date"),
        (resolution_times, {"as_of": pd.NaT}, "`as_of` must be a date.*NaT"),
        (resolution_times, {"as_of": dt.date(2025, 1, 1)}, "opening date up to the day"),
        (resolution_times, {"as_of": pd.Timestamp("2026-03-01", tz="UTC")}, "have a time zone"),
        (sla_share, {"limit_days": 0}, "`limit_days` must be a number of days above 0; got 0"),
        (sla_share, {"limit_days": "15"}, "`limit_days`.*'15'"),
        (sla_share, {"confidence": 95}, "`confidence`"),
    ],
)
def test_options_are_refused(function, options, message):
    with pytest.raises(ValueError, match=message):
        function(OPENED, CLOSED, **options)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((["a", "b"],), {"weights": [1, -1]}, "Weight of row 1 is -1"),
        ((["a", "b"],), {"weights": [1]}, "1 weights for 2 rows"),
        ((["a", None],), {"weights": [0, 1]}, "weights of all answers used are 0"),
        ((["a"],), {"weights": "w"}, "`weights` is the name 'w'"),
        (([None, None],), {}, "Every category is blank"),
        (([],), {}, "Every category is blank"),
        (("late",), {}, "`categories` must be a Series or list.*str"),
        ((pd.DataFrame({"a": [1]}),), {}, "`categories` must be.*DataFrame"),
        ((["a"],), {"vital": 80}, "`vital` must lie between"),
    ],
)
def test_pareto_refuses(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        pareto(*arguments, **options)
