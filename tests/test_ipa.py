"""The importance-performance grid against a plain loop, by hand, and its ties."""

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csqm import text
from csqm.drivers import derived_importance
from csqm.ipa import grid

ATTRIBUTES = ["wait", "price", "safety"]
IMPORTANCE = {name: f"i_{name}" for name in ATTRIBUTES}
PERFORMANCE = {name: f"p_{name}" for name in ATTRIBUTES}
COLUMNS = [*IMPORTANCE.values(), *PERFORMANCE.values()]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


def quadrant(importance, performance, lines):
    high = importance > lines[0] or math.isclose(importance, lines[0], rel_tol=1e-9)
    well = performance > lines[1] or math.isclose(performance, lines[1], rel_tol=1e-9)
    return {(1, 1): "keep_up", (1, 0): "concentrate", (0, 0): "low_priority", (0, 1): "overkill"}[
        (int(high), int(well))
    ]


rows = st.lists(
    st.lists(st.sampled_from([1, 2, 4, 5, 9, None]), min_size=6, max_size=6), max_size=20
)


@settings(deadline=None, max_examples=40)
@given(rows, st.sampled_from(["mean", "median", "midpoint"]))
def test_stated_importance_agrees_with_a_loop(drawn, cross):
    data = pd.DataFrame([[5, 4, 3, 1, 3, 5], *drawn], columns=COLUMNS, dtype=float)
    result = grid(data, IMPORTANCE, PERFORMANCE, cross=cross, missing=[9])
    means, counts = {}, {}
    for column in COLUMNS:
        known = [code for code in data[column] if not math.isnan(code) and code != 9]
        means[column], counts[column] = statistics.fmean(known), len(known)
    lines = []
    for columns in (IMPORTANCE, PERFORMANCE):
        values = [means[column] for column in columns.values()]
        find = {"mean": statistics.fmean, "median": statistics.median, "midpoint": lambda _: 3}
        lines.append(find[cross](values))
    assert result["cross_importance"].tolist() == pytest.approx([lines[0]] * 3)
    assert result["cross_performance"].tolist() == pytest.approx([lines[1]] * 3)
    assert set(result["cross"]) == {cross}
    for row in result.itertuples():
        i, p = means[IMPORTANCE[row.attribute]], means[PERFORMANCE[row.attribute]]
        assert (row.importance, row.performance) == pytest.approx((i, p))
        assert row.quadrant == quadrant(i, p, lines)
        touching = math.isclose(i, lines[0], rel_tol=1e-9) or math.isclose(
            p, lines[1], rel_tol=1e-9
        )
        assert row.on_line == touching
        assert (row.n, row.n_importance) == (
            counts[PERFORMANCE[row.attribute]],
            counts[IMPORTANCE[row.attribute]],
        )
        assert row.n + row.missing == row.n_importance + row.missing_importance == len(data)


@settings(deadline=None, max_examples=25)
@given(rows, st.data())
def test_whole_weights_are_repeated_rows_and_ones_change_nothing(drawn, draw):
    data = pd.DataFrame([[5, 4, 3, 1, 3, 5], *drawn], columns=COLUMNS, dtype=float)
    times = [1] + draw.draw(st.lists(st.integers(0, 80), min_size=len(drawn), max_size=len(drawn)))
    weighted = grid(data, IMPORTANCE, PERFORMANCE, missing=[9], weights=times)
    repeated = grid(data.loc[data.index.repeat(times)], IMPORTANCE, PERFORMANCE, missing=[9])
    same = ["attribute", "importance", "performance", "quadrant", "cross_importance"]
    pd.testing.assert_frame_equal(weighted[same], repeated[same])
    plain = grid(data, IMPORTANCE, PERFORMANCE, missing=[9])
    ones = grid(data, IMPORTANCE, PERFORMANCE, missing=[9], weights=np.ones(len(data)))
    pd.testing.assert_frame_equal(plain, ones)


TABLE = pd.DataFrame(
    {"importance": [4.6, 4.4, 3.1, 2.9], "performance": [4.2, 2.8, 2.7, 4.5]}, index=list("abcd")
)


def test_a_published_table_of_means_needs_no_respondents():
    result = grid(TABLE, "importance", "performance")
    assert result["quadrant"].tolist() == ["keep_up", "concentrate", "low_priority", "overkill"]
    assert result.loc[0, "cross_importance"] == pytest.approx(3.75)
    assert result.loc[0, "cross_performance"] == pytest.approx(3.55)
    moved = grid(TABLE, "importance", "performance", cross=(4.5, 2.75))
    assert moved["quadrant"].tolist() == ["keep_up", "overkill", "low_priority", "overkill"]
    assert moved["cross"].tolist() == ["given"] * 4


def test_derived_importance_is_matched_by_name_and_can_change_quadrants():
    data = pd.DataFrame({"wait": [5, 4], "price": [2, 3], "safety": [3, 3]})
    derived = pd.Series({"safety": 0.1, "wait": 0.6, "price": 0.3})
    result = grid(data, derived, ATTRIBUTES)
    assert result["importance"].tolist() == [0.6, 0.3, 0.1]
    assert result["quadrant"].tolist() == ["keep_up", "low_priority", "low_priority"]
    assert "n_importance" not in result


def test_the_table_of_derived_importance_can_be_given_as_it_is():
    generator = np.random.default_rng(4)
    data = pd.DataFrame(generator.integers(1, 6, (80, 3)), columns=ATTRIBUTES)
    data["overall"] = data["price"] + generator.integers(0, 2, 80)
    derived = derived_importance(data, "overall", ATTRIBUTES)
    result = grid(data, derived, ATTRIBUTES)
    expected = [data[name].corr(data["overall"]) for name in ATTRIBUTES]
    assert result["importance"].tolist() == pytest.approx(expected)
    assert result.loc[result["importance"].idxmax(), "attribute"] == "price"
    with pytest.raises(ValueError, match="no column 'importance'"):
        grid(data, derived.drop(columns="importance"), ATTRIBUTES)


def test_lists_pair_in_order():
    data = pd.DataFrame([[5, 4, 3, 1, 3, 5]], columns=COLUMNS)
    listed = grid(data, list(IMPORTANCE.values()), list(PERFORMANCE.values()))
    mapped = grid(data, IMPORTANCE, PERFORMANCE)
    assert listed["attribute"].tolist() == list(PERFORMANCE.values())
    assert listed["quadrant"].tolist() == mapped["quadrant"].tolist()


def test_attributes_on_the_line_count_as_high_and_are_marked():
    # The mean of 0.1, 0.2, 0.3 is not 0.2 in floating point.
    table = pd.DataFrame({"i": [0.1, 0.2, 0.3], "p": [3.0, 2.0, 1.0]}, index=list("abc"))
    result = grid(table, "i", "p")
    assert result["on_line"].tolist() == [False, True, False]
    assert result["quadrant"].tolist() == ["overkill", "keep_up", "concentrate"]
    constant = grid(pd.DataFrame({"i": [3.0, 3.0], "p": [1.0, 2.0]}), "i", "p")
    assert constant["quadrant"].tolist() == ["concentrate", "keep_up"]
    assert constant["on_line"].all()


ANSWERS = pd.DataFrame([[5, 4, 3, 1, 3, 5], [1, 2, 3, 4, 5, 5]], columns=COLUMNS)
DERIVED = pd.Series([0.2, 0.3, 0.5], index=ATTRIBUTES)
BAD = [
    ((ANSWERS, IMPORTANCE, {**PERFORMANCE, "x": "p_x"}), {}, "no column 'p_x'"),
    ((ANSWERS, {"wait": "i_wait"}, PERFORMANCE), {}, "same attributes. Importance: wait. Perf"),
    ((ANSWERS, ["i_wait"], list(PERFORMANCE.values())), {}, "1 columns and `performance` 3"),
    ((ANSWERS, IMPORTANCE, []), {}, "`performance` must give the column"),
    ((ANSWERS, IMPORTANCE, ["p_wait", "p_wait"]), {}, "'p_wait' occurs twice"),
    ((ANSWERS, "i_wait", PERFORMANCE), {}, "`importance` must give the column.*'i_wait'"),
    ((ANSWERS, IMPORTANCE, "p_wait"), {}, "`importance` must name one too"),
    ((ANSWERS, DERIVED.iloc[:2], PERFORMANCE), {}, "same attributes"),
    ((ANSWERS, DERIVED.rename({"price": "wait"}), PERFORMANCE), {}, "'wait' occurs twice"),
    ((ANSWERS, DERIVED.replace(0.3, np.nan), PERFORMANCE), {}, "'price' has no value"),
    ((ANSWERS, DERIVED, PERFORMANCE), {"cross": "midpoint"}, "derived importance is on none"),
    ((ANSWERS, IMPORTANCE, PERFORMANCE), {"cross": "centre"}, "`cross` must be.*'centre'"),
    ((ANSWERS, IMPORTANCE, PERFORMANCE), {"cross": (3,)}, "`cross` must be"),
    ((ANSWERS, IMPORTANCE, PERFORMANCE), {"cross": (3, math.nan)}, "`cross` must be"),
    ((ANSWERS, IMPORTANCE, PERFORMANCE), {"scale": (1, 4)}, "'i_wait', row 0: code 5"),
    ((ANSWERS, IMPORTANCE, PERFORMANCE), {"weights": [-1, 1]}, "Weight of row 0 is -1"),
    ((ANSWERS.assign(p_price=np.nan), IMPORTANCE, PERFORMANCE), {}, "Nobody.*'p_price'"),
    ((ANSWERS.assign(p_price="3"), IMPORTANCE, PERFORMANCE), {}, "'p_price', row 0: '3' is not"),
    ((ANSWERS, {"wait": "i_wait"}, {"wait": "p_wait"}), {}, "'mean' needs at least 2 attributes"),
    ((TABLE, "importance", "performance"), {"weights": [1] * 4}, "`weights` cannot be used"),
    ((TABLE, "importance", "other"), {}, "no column 'other'"),
    ((TABLE.replace(3.1, np.nan), "importance", "performance"), {}, "'importance'.*'c' has no val"),
    ((TABLE.rename({"b": "a"}), "importance", "performance"), {}, "'a' occurs twice"),
    (
        (TABLE, "importance", "performance"),
        {"cross": "midpoint", "scale": (0, 4)},
        "importance of 'a' is 4.6, outside the `scale` from 0 to 4",
    ),
]


@pytest.mark.parametrize(("arguments", "options", "message"), BAD)
def test_refusals_name_what_is_wrong(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        grid(*arguments, **options)
