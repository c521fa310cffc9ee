"""Cleaning against plain loops over the rows."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csqm import text
from csqm.cleaning import cleaning_report, flag_careless, recode, reverse_items
from csqm.stakeholders import score_items

LIGHT = settings(deadline=None, max_examples=40)
ITEMS = ["q1", "q2", "q3", "q4"]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


codes = st.sampled_from([1, 2, 3, 9, None])
blocks = st.lists(st.tuples(*[codes] * 4), min_size=1, max_size=25).map(
    lambda rows: pd.DataFrame(rows, columns=ITEMS, index=range(7, 7 + len(rows)), dtype=object)
)


# ---- recode and reverse ----


@LIGHT
@given(blocks)
def test_recode_agrees_with_a_loop(data):
    mapping = {1: "low", 2: "low", 3: "high", 9: None}
    recoded = recode(data, ITEMS[:3], mapping)
    for item in ITEMS[:3]:
        for row in data.index:
            expected = mapping.get(data.loc[row, item])
            value = recoded.loc[row, item]
            assert value == expected or (pd.isna(value) and expected is None)
    pd.testing.assert_series_equal(recoded["q4"], data["q4"])


def test_recode_takes_numbers_text_and_categories():
    data = pd.DataFrame({"a": [1.0, math.nan, 2.0], "b": ["x", "y", None]})
    assert recode(data, ["a"], {1: 5, 2: 4})["a"].tolist()[::2] == [5, 4]
    assert recode(data, ["b"], {"x": 0, "y": 1})["b"].tolist()[:2] == [0, 1]
    category = data.astype({"b": "category"})
    assert recode(category, ["b"], {"x": "same", "y": "same"})["b"].tolist()[:2] == ["same"] * 2
    assert recode(data, ["b"], {"x": 0, "y": 1})["b"].isna().tolist() == [False, False, True]


@LIGHT
@given(blocks)
def test_reversing_agrees_with_score_items_and_undoes_itself(data):
    options = {"scale": (1, 3), "missing": [9]}
    turned = reverse_items(data, ["q2", "q4"], **options)
    scored = score_items(data, ITEMS, reverse=["q2", "q4"], **options)
    pd.testing.assert_frame_equal(turned[["q2", "q4"]], scored[["q2", "q4"]])
    pd.testing.assert_frame_equal(turned[["q1", "q3"]], data[["q1", "q3"]])
    back = reverse_items(turned, ["q2", "q4"], scale=(1, 3))
    original = data[["q2", "q4"]].astype(float).replace(9, math.nan)
    pd.testing.assert_frame_equal(back[["q2", "q4"]], original)


# ---- careless respondents ----


@LIGHT
@given(blocks, st.integers(2, 4))
def test_flags_agree_with_loops(data, run):
    flags = flag_careless(data, ITEMS, scale=(1, 3), missing=[9], straight_line=run)
    seen = set()
    for row, answers in zip(data.index, data.to_numpy().tolist(), strict=True):
        given = [a for a in answers if a in (1, 2, 3)]
        longest = max((len(list(same)) for _, same in itertools.groupby(given)), default=0)
        assert flags.loc[row, "straight_line"] == (longest >= run)
        pattern = tuple(a if a in (1, 2, 3) else None for a in answers)
        assert flags.loc[row, "duplicate"] == (pattern in seen and bool(given))
        seen.add(pattern)
    assert list(flags) == ["straight_line", "duplicate"]
    assert flags.dtypes.eq(bool).all() and flags.index.equals(data.index)


def test_the_whole_block_must_be_the_same_unless_said_otherwise():
    data = pd.DataFrame([[3, 3, 3, 3], [3, 3, 3, 2], [3, 3, 3, None], [1, 1, 3, 1]], columns=ITEMS)
    assert flag_careless(data, ITEMS)["straight_line"].tolist() == [True, False, False, False]
    shorter = flag_careless(data, ITEMS, straight_line=3)
    assert shorter["straight_line"].tolist() == [True, True, True, False]


def test_one_person_counts_once_whatever_the_answers():
    data = pd.DataFrame({"q1": [1, 2, 1, 1, 1], "q2": [1, 3, 1, 2, 2]})
    data["person"] = ["a", "a", None, None, "b"]
    by_id = flag_careless(data, ["q1", "q2"], id="person")
    assert by_id["duplicate"].tolist() == [False, True, False, False, False]
    by_answers = flag_careless(data, ["q1", "q2"])
    assert by_answers["duplicate"].tolist() == [False, False, True, False, True]


def test_speed():
    data = pd.DataFrame({"q1": [1, 2, 3, 4], "q2": 1, "time": [100, 49, 100, math.nan]})
    flags = flag_careless(data, ["q1", "q2"], seconds="time")
    assert flags["speed"].tolist() == [False, True, False, False]
    flags = flag_careless(data, ["q1", "q2"], seconds="time", fastest=101)
    assert flags["speed"].tolist() == [True, True, True, False]
    flags = flag_careless(data, ["q1", "q2"], seconds="time", fastest=49)
    assert not flags["speed"].any()


# ---- report ----


@LIGHT
@given(st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=30))
def test_report_counts_every_row_once(rows):
    flags = pd.DataFrame(rows, columns=["line", "twin", "fast"], index=range(3, 3 + len(rows)))
    data = pd.DataFrame({"q1": 1}, index=flags.index)
    report = cleaning_report(data, flags)
    expected = {"before": len(rows)}
    for position, reason in enumerate(flags):
        expected[reason] = sum(row[position] for row in rows)
    expected["several"] = sum(sum(row) > 1 for row in rows)
    expected["flagged"] = sum(any(row) for row in rows)
    expected["after"] = sum(not any(row) for row in rows)
    assert dict(zip(report["step"], report["rows"], strict=True)) == expected
    assert report["share"].tolist() == pytest.approx([n / len(rows) for n in expected.values()])
    assert len(data[~flags.any(axis=1)]) == expected["after"]


def test_a_reason_may_have_any_name():
    data = pd.DataFrame({"q1": [1, 2]})
    report = cleaning_report(data, pd.DataFrame({"after": [True, False]}))
    assert report["step"].tolist() == ["before", "after", "several", "flagged", "after"]
    assert report["rows"].tolist() == [2, 1, 0, 1, 1]


# ---- refusals ----

GOOD = pd.DataFrame({"q1": [1, 2], "q2": [3, 4], "time": [9.0, -1.0], "blank": [None, None]})
FLAGS = pd.DataFrame({"line": [True, False]})


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: recode(GOOD, ["q1"], {1: 5}), "'q1', row 1: code 2 is not in `mapping`.*names 1"),
        (lambda: recode(GOOD, ["q1"], {"1": 5}), "row 0: code 1 is not.*names '1'"),
        (lambda: recode(GOOD, ["q1"], {}), "`mapping`.*got {}"),
        (lambda: recode(GOOD, ["q1"], [1, 2]), "`mapping`.*{1: 5, 2: 4}"),
        (lambda: recode(GOOD, ["q7"], {1: 5}), "no column 'q7'"),
        (lambda: recode(GOOD, "q1", {1: 5}), "list of names"),
        (lambda: recode(GOOD.iloc[:0], ["q1"], {1: 5}), "no rows"),
        (lambda: reverse_items(GOOD, ["q2"], scale=(1, 3)), "'q2', row 1: code 4"),
        (lambda: reverse_items(GOOD, ["q2"], missing=[3]), "`missing` holds 3"),
        (lambda: reverse_items(GOOD, ["q2", "q2"]), "'q2' occurs twice"),
        (lambda: reverse_items([1], ["q2"]), "DataFrame; got list"),
        (lambda: reverse_items(GOOD.astype(str), ["q2"]), "'q2', row 0: '3' is not a number"),
        (lambda: flag_careless(GOOD, ["q1"]), "At least 2 columns.*got q1"),
        (lambda: flag_careless(GOOD, ["q1", "q2"], scale=(1, 3)), "'q2', row 1: code 4"),
        (lambda: flag_careless(GOOD, ["q1", "q2"], straight_line=1), "`straight_line`.*got 1"),
        (lambda: flag_careless(GOOD, ["q1", "q2"], straight_line=3), "is 3, but.*only 2 items"),
        (lambda: flag_careless(GOOD, ["q1", "q2"], id="who"), "no column 'who'"),
        (lambda: flag_careless(GOOD, ["q1", "q2"], seconds="when"), "no column 'when'"),
        (lambda: flag_careless(GOOD, ["q1", "q2"], seconds="time"), "'time', row 1.*-1.0 is neg"),
        (lambda: flag_careless(GOOD, ["q1", "q2"], seconds="blank"), "'blank' holds no time"),
        (lambda: flag_careless(GOOD, ["q1", "q2"], fastest=30), "`fastest` is 30, but `seconds`"),
        (
            lambda: flag_careless(GOOD, ["q1", "q2"], seconds="q2", fastest=0),
            "`fastest` must be a positive time; got 0",
        ),
        (lambda: cleaning_report(GOOD, FLAGS.iloc[:1]), "`flags`.*index of `data`"),
        (lambda: cleaning_report(GOOD, [True, False]), "`flags` must be a DataFrame"),
        (lambda: cleaning_report(GOOD, FLAGS[[]]), "At least 1 columns"),
        (
            lambda: cleaning_report(GOOD, FLAGS.astype(int)),
            "`flags`, column 'line'.*True and False",
        ),
        (
            lambda: cleaning_report(GOOD, pd.DataFrame({"line": pd.array([True, None])})),
            "without blanks",
        ),
        (lambda: cleaning_report(None, FLAGS), "DataFrame; got NoneType"),
    ],
)
def test_bad_input_is_refused_by_name(call, part):
    with pytest.raises(ValueError, match=part):
        call()


def test_refusals_speak_chinese():
    text.set_language("zh-Hant")
    with pytest.raises(ValueError, match="欄位 'q1' 索引 1 的代碼 2 不在 `mapping` 中"):
        recode(GOOD, ["q1"], {1: 5})


def test_the_data_are_left_as_they_were():
    data = GOOD.copy()
    recode(data, ["q1"], {1: 2, 2: 1})
    reverse_items(data, ["q1"])
    flag_careless(data, ["q1", "q2"])
    pd.testing.assert_frame_equal(data, GOOD)


def test_a_large_survey_takes_no_loop_over_rows():
    draw = np.random.default_rng(5)
    data = pd.DataFrame(draw.integers(1, 6, (200_000, 24)), columns=[f"q{i}" for i in range(24)])
    data.iloc[10] = 4
    flags = flag_careless(data, list(data))
    assert flags["straight_line"].to_numpy().nonzero()[0].tolist() == [10]
