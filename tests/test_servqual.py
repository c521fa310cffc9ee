"""SERVQUAL gaps against pingouin, statsmodels and plain loops."""

import math

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from csqm import text
from csqm.servqual import gaps

DIMENSIONS = {"tangibles": [("e1", "p1"), ("e2", "p2")], "empathy": [("e3", "p3"), ("e4", "p4")]}
COLUMNS = ["e1", "p1", "e2", "p2", "e3", "p3", "e4", "p4"]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


def survey(rows):
    return pd.DataFrame(rows, columns=COLUMNS, dtype=float)


rows = st.lists(
    st.lists(st.sampled_from([1, 2, 4, 7, 9, None]), min_size=8, max_size=8),
    min_size=4,
    max_size=25,
)
COMPLETE = [[7, 5, 6, 6, 5, 5, 7, 2], [6, 6, 7, 3, 4, 6, 5, 5], [5, 1, 4, 4, 7, 7, 6, 3]]


@settings(deadline=None, max_examples=40)
@given(rows)
def test_gaps_agree_with_pingouin_and_a_loop(drawn):
    data = survey(COMPLETE + drawn)
    importance = {"empathy": 0.7, "tangibles": 0.3}
    result = gaps(data, DIMENSIONS, importance=importance, missing=[9], confidence=0.9)

    overall = 0.0
    for (dimension, pairs), (_, row) in zip(
        DIMENSIONS.items(), result.dimensions.iterrows(), strict=True
    ):
        scores = []
        for _, answers in data.iterrows():
            differences = [answers[p] - answers[e] for e, p in pairs]
            codes = [answers[name] for pair in pairs for name in pair]
            if not any(math.isnan(code) or code == 9 for code in codes):
                scores.append(sum(differences) / len(differences))
        assert row["dimension"] == dimension
        assert row["n"] == len(scores) and row["missing"] == len(data) - len(scores)
        assert row["gap"] == pytest.approx(sum(scores) / len(scores))
        assert row["gap"] == pytest.approx(row["perception"] - row["expectation"])
        if len(set(scores)) > 1:
            low, high = DescrStatsW(scores).tconfint_mean(alpha=0.1)
            assert (row["low"], row["high"]) == pytest.approx((low, high))
        overall += importance[dimension] * row["gap"]
    assert result.overall.value == pytest.approx(overall)
    assert result.overall.low <= overall + 1e-12 and overall <= result.overall.high + 1e-12

    for _, item in result.items.iterrows():
        pair = data[[item["expectation_item"], item["perception_item"]]].replace(9, np.nan).dropna()
        x, y = pair.to_numpy().T
        assert item["n"] == len(pair) and item["missing"] == len(data) - len(pair)
        assert item["gap"] == pytest.approx((y - x).mean())
        if (y - x).std() > 0:
            test = pingouin.ttest(y, x, paired=True, confidence=0.9)
            ends = next(test[name].iloc[0] for name in test.columns if name.startswith("CI"))
            assert (item["low"], item["high"]) == pytest.approx(tuple(ends), abs=0.006)


def test_overall_interval_is_that_of_the_weighted_score_of_complete_respondents():
    generator = np.random.default_rng(3)
    data = survey(generator.integers(1, 8, (60, 8)))
    result = gaps(data, DIMENSIONS, importance={"tangibles": 0.25, "empathy": 0.75})
    difference = {k: data[f"p{k}"] - data[f"e{k}"] for k in range(1, 5)}
    score = 0.125 * (difference[1] + difference[2]) + 0.375 * (difference[3] + difference[4])
    low, high = DescrStatsW(score).tconfint_mean()
    assert result.overall[:3] == pytest.approx((score.mean(), low, high))
    assert result.overall[3:] == (60, 0, 60.0)


def test_overall_interval_covers_with_answers_missing_apart():
    """A dimension that only some answer has to widen the interval as simulation says."""
    generator = np.random.default_rng(7)
    hits, rounds = 0, 300
    for _ in range(rounds):
        data = survey(generator.integers(1, 8, (80, 8)))
        data.loc[generator.random(80) < 0.6, "p3"] = np.nan
        overall = gaps(data, DIMENSIONS, importance={"tangibles": 0.2, "empathy": 0.8}).overall
        hits += overall.low <= 0 <= overall.high
    assert 0.91 <= hits / rounds <= 0.985


@settings(deadline=None, max_examples=30)
@given(rows, st.data())
def test_whole_weights_are_repeated_rows(drawn, draw):
    data = survey(COMPLETE + drawn)
    times = [1, 2, 3] + draw.draw(
        st.lists(st.integers(0, 50), min_size=len(drawn), max_size=len(drawn))
    )
    weighted = gaps(data, DIMENSIONS, missing=[9], weights=np.array(times))
    repeated = gaps(data.loc[data.index.repeat(times)], DIMENSIONS, missing=[9])
    for name in ("items", "dimensions"):
        one, other = getattr(weighted, name), getattr(repeated, name)
        for column in ("expectation", "perception", "gap"):
            assert one[column].tolist() == pytest.approx(other[column].tolist())
    assert weighted.overall.value == pytest.approx(repeated.overall.value)


def test_weights_of_one_change_nothing_and_a_column_will_do():
    data = survey(COMPLETE * 2).assign(w=1.0)
    plain, weighted = gaps(data, DIMENSIONS), gaps(data, DIMENSIONS, weights="w")
    pd.testing.assert_frame_equal(plain.items, weighted.items)
    pd.testing.assert_frame_equal(plain.dimensions, weighted.dimensions)
    assert plain.overall == pytest.approx(weighted.overall)


def test_unequal_weights_widen_by_the_effective_n():
    data = survey(COMPLETE * 6)
    weights = np.tile([1.0, 1.0, 10.0], 6)
    row = gaps(data, DIMENSIONS, weights=weights).dimensions.iloc[0]
    assert row["n"] == 18
    assert row["effective_n"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert row["high"] - row["low"] > 0


def test_equal_importance_without_any():
    result = gaps(survey(COMPLETE), DIMENSIONS)
    assert result.dimensions["importance"].tolist() == [0.5, 0.5]
    assert result.overall.value == pytest.approx(result.dimensions["gap"].mean())


def test_everyone_with_the_same_gap_has_no_spread():
    row = gaps(survey([COMPLETE[0]] * 3), DIMENSIONS).dimensions.iloc[0]
    assert (row["gap"], row["low"], row["high"]) == (-1, -1, -1)


GOOD = survey(COMPLETE)
BAD = [
    ({"dimensions": {"empathy": [("e1", "p1")]}}, "'empathy' has 1 items; a dimension needs at"),
    ({"dimensions": {"empathy": []}}, "'empathy' has 0 items"),
    ({"dimensions": {}}, "`dimensions` must map"),
    ({"dimensions": [("e1", "p1")]}, "`dimensions` must map"),
    ({"dimensions": {"empathy": ["e1", "p1"]}}, "'empathy' must be a list of pairs"),
    ({"dimensions": {"a": [("e1", "p1", "e2"), ("e2", "p2")]}}, "'a' must be a list of pairs"),
    ({"dimensions": {"a": [("e1", "p1"), ("e9", "p2")]}}, "no column 'e9'"),
    ({"dimensions": {"a": [("e1", "p1"), ("e1", "p2")]}}, "'e1' occurs twice"),
    ({"importance": {"tangibles": 0.5, "empathy": 0.4}}, "sum to 0.9"),
    ({"importance": {"tangibles": 1}}, "one weight to each dimension.*tangibles, empathy"),
    ({"importance": {"tangibles": 1.2, "empathy": -0.2}}, "`importance` of 'tangibles'.*1.2"),
    ({"importance": {"tangibles": math.nan, "empathy": 1}}, "`importance` of 'tangibles'.*nan"),
    ({"scale": (1, 5)}, "'e1', row 0: code 7 is not on the scale"),
    ({"missing": [7]}, "`missing` holds 7"),
    ({"confidence": 95}, "`confidence` must lie between"),
    ({"weights": [1, 1, -1]}, "Weight of row 2 is -1"),
    ({"weights": [1, 0, 0]}, "Only one respondent counts for tangibles: e1, p1"),
    ({"data": GOOD.iloc[:1]}, "Only one respondent counts"),
    ({"data": GOOD.assign(p3=np.nan)}, "Nobody answered all of empathy: e3, p3"),
    ({"data": GOOD.assign(p3=[1, np.nan, 1], p4=[np.nan, 2, np.nan])}, "one respondent.*e4, p4"),
    ({"data": GOOD.assign(p1="5")}, "'p1', row 0: '5' is not a number"),
    ({"data": GOOD.to_numpy()}, "`data` must be a DataFrame"),
    ({"data": GOOD.iloc[:0]}, "no rows"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_refusals_name_what_is_wrong(change, message):
    options = {"data": GOOD, "dimensions": DIMENSIONS} | change
    with pytest.raises(ValueError, match=message):
        gaps(options.pop("data"), options.pop("dimensions"), **options)
