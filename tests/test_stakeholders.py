"""The methods of Part 1 against hand values, published values, other libraries and plain loops."""

import math
import tomllib
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from csqm import data, stakeholders, text
from csqm.stakeholders import (
    department_table,
    rolled_throughput_yield,
    salience_class,
    score_items,
)

ITEMS = ["q1_company", "q2_image", "q3_interest", "q4_supervisor", "q5_pay", "q6_future"]
ITEMS += ["q7_leaving"]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


# ---- rolled throughput yield ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yields", "expected"),
    [
        ([0.99] * 6, 0.94148),
        ([0.98, 0.95, 0.9], 0.8379),
        ((1, 1.0, np.float32(1)), 1),
        ([0.5, 0], 0),
        ([0.73], 0.73),
        (np.array([0.5, 0.5]), 0.25),
        (pd.Series([0.5, 0.4], index=["b", "a"]), 0.2),
        ((y for y in (0.5, 0.2)), 0.1),
        ([Fraction(1, 2), Fraction(1, 4)], 0.125),
    ],
)
def test_rolled_throughput_yield_by_hand(yields, expected):
    result = rolled_throughput_yield(yields)
    assert type(result) is float
    assert result == pytest.approx(expected, abs=5e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_chain_is_no_better_than_its_weakest_step(yields):
    result = rolled_throughput_yield(yields)
    assert 0 <= result <= min(yields)
    assert result == pytest.approx(math.prod(yields))
    assert rolled_throughput_yield([*yields, 1]) == result


# ---- salience class ------------------------------------------------------------------------------

CLASSES = {
    (True, True, True): "definitive",
    (True, True, False): "dominant",
    (True, False, True): "dangerous",
    (False, True, True): "dependent",
    (True, False, False): "dormant",
    (False, True, False): "discretionary",
    (False, False, True): "demanding",
    (False, False, False): "non-stakeholder",
}


@pytest.mark.parametrize("attributes", list(CLASSES))
def test_salience_class_of_every_combination(attributes):
    assert salience_class(*attributes) == CLASSES[attributes]
    assert salience_class(*map(np.bool_, attributes)) == CLASSES[attributes]


@pytest.mark.parametrize("dtype", [bool, "boolean", object])
def test_salience_class_of_series(dtype):
    table = pd.DataFrame(list(CLASSES), columns=["power", "legitimacy", "urgency"])
    table.index = [f"actor {number}" for number in range(8, 0, -1)]
    result = salience_class(*(table[column].astype(dtype) for column in table))
    assert result.tolist() == list(CLASSES.values())
    assert result.index.equals(table.index)


# ---- scoring -------------------------------------------------------------------------------------


def score_by_loop(row, items, reverse, low, high, missing):
    answers = []
    for item in items:
        value = row[item]
        if pd.isna(value) or value in missing:
            continue
        answers.append(low + high - value if item in reverse else value)
    return sum(answers) / len(answers) if len(answers) >= len(items) / 2 else math.nan


def test_scores_equal_a_loop_over_the_respondents():
    survey = data.load("employee_survey", missing="keep")
    scored = score_items(survey, ITEMS, reverse=["q7_leaving"])
    assert list(scored.columns) == [*ITEMS, "score"]
    assert scored.index.equals(survey.index)
    expected = [
        score_by_loop(row, ITEMS, ["q7_leaving"], 1, 5, [9]) for _, row in survey.iterrows()
    ]
    np.testing.assert_allclose(scored["score"], expected)
    assert scored["score"].isna().any(), "the survey has people who broke off"
    assert (scored["q7_leaving"] + survey["q7_leaving"]).dropna().isin([6, 9 + 1]).all()


def test_missing_codes_and_blank_cells_are_the_same():
    kept, blank = data.load("employee_survey", missing="keep"), data.load("employee_survey")
    pd.testing.assert_frame_equal(score_items(kept, ITEMS), score_items(blank, ITEMS))


def test_scoring_leaves_the_data_alone():
    survey = data.load("employee_survey", missing="keep")
    before = survey.copy()
    score_items(survey, ITEMS, reverse=["q7_leaving"])
    pd.testing.assert_frame_equal(survey, before)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([4, 2, 9, 9], 3.0),  # exactly half is enough
        ([4, 9, 9, 9], math.nan),
        ([9, 9, 9, 9], math.nan),
        ([5, 5, 5, 5], 5.0),
    ],
)
def test_half_of_the_items_must_be_answered(answers, expected):
    table = pd.DataFrame([answers], columns=list("abcd"))
    assert score_items(table, list("abcd"))["score"].tolist() == pytest.approx(
        [expected], nan_ok=True
    )


@given(
    st.lists(
        st.tuples(*[st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, -1, 88])] * 3), min_size=1, max_size=20
    )
)
def test_other_scales_and_missing_codes(rows):
    table = pd.DataFrame(rows, columns=list("abc"))
    scored = score_items(table, list("abc"), reverse=["b"], scale=(0, 7), missing=(-1, 88))
    expected = [
        score_by_loop(row, list("abc"), ["b"], 0, 7, [-1, 88]) for _, row in table.iterrows()
    ]
    np.testing.assert_allclose(scored["score"], expected)


def test_nullable_integers_are_read():
    table = pd.DataFrame({"a": pd.array([1, pd.NA, 9], dtype="Int64"), "b": [5, 5, 5]})
    assert score_items(table, ["a", "b"])["score"].tolist() == [3, 5, 5]


# ---- departments ---------------------------------------------------------------------------------


def answers(satisfied, n, department="all"):
    return pd.DataFrame({"unit": department, "q": [5] * satisfied + [2] * (n - satisfied)})


@pytest.mark.parametrize(
    ("satisfied", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_as_published_by_newcombe_1998(satisfied, n, low, high):
    table = department_table(answers(satisfied, n), "unit", "q")
    assert table.loc[0, "low"] == pytest.approx(low, abs=5e-5)
    assert table.loc[0, "high"] == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 300), st.data(), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_intervals_by_the_formula_and_by_statsmodels(n, draw, confidence):
    satisfied = draw.draw(st.integers(0, n))
    row = department_table(answers(satisfied, n), "unit", "q", min_n=1, confidence=confidence).loc[
        0
    ]
    expected = proportion_confint(satisfied, n, alpha=1 - confidence, method="wilson")
    assert (row["low"], row["high"]) == pytest.approx(expected)
    z, p = NormalDist().inv_cdf((1 + confidence) / 2), satisfied / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert row["low"] == pytest.approx((middle - half) / (1 + z * z / n), abs=1e-12)
    assert row["high"] == pytest.approx((middle + half) / (1 + z * z / n), abs=1e-12)
    assert 0 <= row["low"] <= p + 1e-12 and p - 1e-12 <= row["high"] <= 1


def test_nobody_and_everybody():
    nobody = department_table(answers(0, 12), "unit", "q").loc[0]
    everybody = department_table(answers(12, 12), "unit", "q").loc[0]
    assert (nobody["top_share"], nobody["low"]) == (0, 0)
    assert (everybody["top_share"], everybody["high"]) == (1, 1)
    assert nobody["high"] == pytest.approx(1 - everybody["low"])


def test_departments_equal_a_loop():
    survey = data.load("employee_survey", missing="keep")
    table = department_table(survey, "department", "q5_pay")
    assert list(table.columns) == [
        "department", "n", "mean", "top_share", "low", "high", "suppressed",
    ]  # fmt: skip
    assert table["department"].tolist() == sorted(survey["department"].unique())
    for _, row in table.iterrows():
        given_answers = [
            answer
            for department, answer in zip(survey["department"], survey["q5_pay"], strict=True)
            if department == row["department"] and answer != 9
        ]
        assert row["suppressed"] == (len(given_answers) < 5)
        if row["suppressed"]:
            assert row["department"] == "safety"
            assert row[["n", "mean", "top_share", "low", "high"]].isna().all()
        else:
            assert row["n"] == len(given_answers)
            assert row["mean"] == pytest.approx(sum(given_answers) / len(given_answers))
            top = sum(answer >= 4 for answer in given_answers)
            assert row["top_share"] == pytest.approx(top / len(given_answers))


@pytest.mark.parametrize(("n", "blank", "suppressed"), [(5, 0, False), (4, 0, True), (6, 2, True)])
def test_suppression_counts_answers_not_people(n, blank, suppressed):
    table = pd.DataFrame({"unit": "a", "q": [3] * (n - blank) + [9] * blank})
    assert department_table(table, "unit", "q")["suppressed"].tolist() == [suppressed]


def test_a_department_without_any_answer_keeps_its_name():
    table = pd.DataFrame({"unit": ["a"] * 5 + ["b"] * 5, "q": [9] * 5 + [4] * 5})
    result = department_table(table, "unit", "q", min_n=1)
    assert result["suppressed"].tolist() == [True, False]
    assert result["department"].tolist() == ["a", "b"]
    assert result.loc[0, ["n", "mean", "top_share", "low", "high"]].isna().all()


def test_the_truth_is_found_again():
    """Nights in the dispatch centre were made a full point worse; the survey shows it."""
    survey = data.load("employee_survey")
    dispatch = survey[survey["department"] == "dispatch"]
    day, night = department_table(dispatch, "shift", "q1_company").to_dict("records")
    assert night["high"] < day["low"]
    assert survey["q5_pay"].mean() < survey[ITEMS[:6]].drop(columns="q5_pay").mean().min()
    correlations = survey[ITEMS].corr()["q7_leaving"].drop("q7_leaving")
    assert (correlations < -0.2).all()


# ---- bad input -----------------------------------------------------------------------------------

TABLE = pd.DataFrame({"unit": list("aaabbb"), "q": [1, 2, 3, 4, 5, 9], "r": [1, 2, 3, 4, 5, 9]})
YES = pd.Series([True, False], index=["x", "y"])


def with_value(value, column="q"):
    changed = TABLE.astype(object)
    changed.loc[2, column] = value
    return changed


def rty(*args):
    return rolled_throughput_yield, args, {}


def salience(*args):
    return salience_class, args, {}


def score(*args, **options):
    return score_items, args, options


def table(*args, **options):
    return department_table, args, options


# What is called, the entry of the catalogue that answers, what the message must name.
BAD = [
    (rty([]), "yields_empty", ["`yields`"]),
    (rty(pd.Series(dtype=float)), "yields_empty", ["`yields`"]),
    (rty("0.99"), "yields_list", ["`yields`", "'0.99'"]),
    (rty(0.99), "yields_list", ["`yields`", "0.99"]),
    (rty({"a": 0.99}), "yields_list", ["`yields`"]),
    (rty([0.9, 1.2]), "yield_range", ["`yields`", "2", "1.2"]),
    (rty([0.9, 0.8, -0.01]), "yield_range", ["3", "-0.01"]),
    (rty([97, 99]), "yield_range", ["1", "97"]),
    (rty([0.9, math.inf]), "yield_range", ["2", "inf"]),
    (rty([0.9, math.nan]), "yield_number", ["2", "nan"]),
    (rty([0.9, None]), "yield_number", ["2", "None"]),
    (rty([0.9, "0.8"]), "yield_number", ["2", "'0.8'"]),
    (rty([True, 0.9]), "yield_number", ["1", "True"]),
    (rty([[0.9, 0.8]]), "yield_number", ["1", "[0.9, 0.8]"]),
    (salience(1, True, False), "flag", ["`power`", "1"]),
    (salience(True, "yes", False), "flag", ["`legitimacy`", "'yes'"]),
    (salience(True, True, math.nan), "flag", ["`urgency`", "nan"]),
    (salience(True, True, None), "flag", ["`urgency`", "None"]),
    (salience(np.array([True]), True, True), "flag", ["`power`"]),
    (salience(YES, True, YES), "flags_mixed", ["`legitimacy`"]),
    (salience(YES, YES, YES.rename({"y": "z"})), "flags_mixed", ["index"]),
    (salience(YES[:0], YES[:0], YES[:0]), "flags_empty", ["`power`"]),
    (salience(YES, YES, YES.astype(int)), "flag_in_series", ["`urgency`", "'x'", "1"]),
    (salience(YES, YES.astype(object).where(YES), YES), "flag_in_series", ["`legitimacy`", "'y'", "nan"]),
    (salience(YES, YES, YES.astype("boolean").where(YES)), "flag_in_series", ["`urgency`", "'y'"]),
    (score([1, 2], ["q"]), "validation.data_frame", ["`data`", "list"]),
    (score(TABLE[:0], ["q"]), "validation.no_rows", ["`data`"]),
    (score(TABLE, ["q", "s"]), "validation.column_missing", ["'s'", "unit, q, r"]),
    (score(TABLE, ["q", "q"]), "validation.column_twice", ["'q'"]),
    (score(TABLE.set_axis(["unit", "q", "q"], axis=1), ["q"]), "validation.column_twice", ["'q'"]),
    (score(TABLE, "q"), "validation.column_list", ["'q'"]),
    (score(TABLE, ["q"], reverse="q"), "validation.column_list", ["'q'"]),
    (score(TABLE, []), "validation.too_few_columns", ["1"]),
    (score(TABLE, ["q"], reverse=["r"]), "reverse_item", ["'r'", "q"]),
    (score(TABLE, ["q"], scale=(5, 1)), "validation.scale", ["(5, 1)"]),
    (score(TABLE, ["q"], scale=5), "validation.scale", ["`scale`", "5"]),
    (score(TABLE, ["q"], scale=(1, 2, 3)), "validation.scale", ["(1, 2, 3)"]),
    (score(TABLE, ["q"], scale=(0.5, 5)), "validation.scale", ["(0.5, 5)"]),
    (score(TABLE, ["q"], scale=(1, 10)), "validation.missing_in_scale", ["1 to 10", "9"]),
    (score(TABLE, ["q"], missing=9), "validation.missing_list", ["`missing`", "9"]),
    (score(with_value(6), ["q"]), "validation.code", ["'q'", "row 2", "6", "from 1 to 5", "9"]),
    (score(with_value(0), ["q"]), "validation.code", ["'q'", "row 2", "0"]),
    (score(with_value(2.5), ["q"]), "validation.code", ["2.5"]),
    (score(with_value("4"), ["q"]), "validation.not_a_number", ["'4'"]),
    (score(with_value(True), ["q"]), "validation.not_a_number", ["True"]),
    (score(with_value(math.inf), ["q"]), "validation.infinite", ["'q'", "row 2"]),
    (score(TABLE, ["q"], missing=()), "validation.code", ["row 5", "9"]),
    (table(TABLE, "team", "q"), "validation.column_missing", ["'team'"]),
    (table(TABLE, "unit", "s"), "validation.column_missing", ["'s'"]),
    (table(TABLE[:0], "unit", "q"), "validation.no_rows", ["`data`"]),
    (table(with_value(7), "unit", "q"), "validation.code", ["'q'", "row 2", "7"]),
    (table(with_value(None, "unit"), "unit", "q"), "department_blank", ["'unit'", "row 2"]),
    (table(TABLE, "unit", "q", top=()), "top", ["()"]),
    (table(TABLE, "unit", "q", top=(5, 6)), "top", ["(5, 6)", "1 to 5"]),
    (table(TABLE, "unit", "q", top=5), "top", ["5"]),
    (table(TABLE, "unit", "q", min_n=0), "validation.whole_number", ["0"]),
    (table(TABLE, "unit", "q", min_n=2.5), "validation.whole_number", ["2.5"]),
    (table(TABLE, "unit", "q", confidence=95), "validation.fraction", ["95"]),
    (table(TABLE, "unit", "q", confidence="0.95"), "validation.fraction", ["'0.95'"]),
    (table(TABLE, "unit", "q", confidence=math.nan), "validation.fraction", ["nan"]),
    (table(TABLE, "unit", "q", scale=(1, 9)), "validation.missing_in_scale", ["1 to 9"]),
]  # fmt: skip


@pytest.mark.parametrize("language", text.LANGUAGES)
@pytest.mark.parametrize(("call", "entry", "named"), BAD)
def test_bad_input_is_refused_by_name(call, entry, named, language):
    text.set_language(language)
    function, args, options = call
    with pytest.raises(ValueError) as caught:
        function(*args, **options)
    message = str(caught.value)
    catalogue, _, name = entry.rpartition(".")  # shared checks answer from their own catalogue
    pattern = text.catalogue(catalogue or "stakeholders")[name][language]
    assert message.startswith(pattern.partition("{")[0]), message
    assert pattern.rpartition("}")[2] in message
    if language == "en":
        assert not [part for part in named if part not in message], message


def test_every_message_of_the_module_is_met():
    path = Path(stakeholders.__file__).parent / "messages" / "stakeholders.toml"
    own = {entry for _, entry, _ in BAD if "." not in entry}
    assert own == set(tomllib.loads(path.read_text(encoding="utf-8")))
