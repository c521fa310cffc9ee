"""Shares, NPS, effort and index against published values, other libraries and plain loops."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from csqm import text
from csqm.indicators import (
    customer_effort_score,
    net_promoter_score,
    satisfaction_index,
    top_box,
)
from csqm.results import Estimate

LIGHT = settings(deadline=None, max_examples=40)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


def blanked(codes, blank):
    """Return the answers with a code for no answer and blanks as NaN."""
    return [math.nan if code == blank else code for code in codes]


def size_of(weights):
    return sum(weights) ** 2 / sum(w * w for w in weights)


# ---- top box ----


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # Newcombe (1998), Table I.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(count, n, low, high):
    share = top_box([5] * count + [1] * (n - count))
    assert share.value == pytest.approx(count / n)
    assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)
    assert share[3:] == (n, 0, n)


@LIGHT
@given(
    codes=st.lists(st.sampled_from([1, 2, 3, 4, 5, 9, math.nan]), min_size=1, max_size=60),
    top=st.integers(1, 4),
    confidence=st.floats(0.5, 0.999),
)
def test_top_box_agrees_with_statsmodels(codes, top, confidence):
    answered = [code for code in codes if code in range(1, 6)]
    assume(answered)
    share = top_box(codes, top=top, missing=[9], confidence=confidence)
    count = sum(code > 5 - top for code in answered)
    ends = proportion_confint(count, len(answered), 1 - confidence, "wilson")
    assert share.value == pytest.approx(count / len(answered))
    assert (share.low, share.high) == pytest.approx(ends, abs=1e-12)
    assert share[3:] == (len(answered), len(codes) - len(answered), len(answered))
    named = top_box(codes, top=range(6 - top, 6), missing=[9], confidence=confidence)
    assert named == share


def test_the_ends_are_exact_and_one_respondent_is_enough():
    assert top_box([1]).low == 0 and top_box([5]).high == 1
    assert top_box([5]).value == 1


def test_best_answer_may_be_the_lowest_code():
    school_marks = [1, 2, 2, 3, 6]
    assert top_box(school_marks, top=[1, 2], scale=(1, 6)).value == pytest.approx(0.6)


# ---- NPS ----


def naive_nps(codes, weights):
    promoters = sum(w for c, w in zip(codes, weights, strict=True) if c >= 9) / sum(weights)
    detractors = sum(w for c, w in zip(codes, weights, strict=True) if c <= 6) / sum(weights)
    return promoters, detractors


@LIGHT
@given(
    answers=st.lists(
        st.tuples(st.sampled_from([*range(11), 11]), st.floats(0.01, 100)), min_size=1, max_size=40
    ),
    confidence=st.floats(0.5, 0.999),
    is_weighted=st.booleans(),
)
def test_nps_is_a_mean_of_minus_one_zero_and_one(answers, confidence, is_weighted):
    codes = [code for code, _ in answers]
    kept = [(c, w if is_weighted else 1) for c, w in answers if c != 11]
    assume(kept)
    points = np.array([(c >= 9) - (c <= 6) for c, _ in kept], dtype=float)
    weights = [w for _, w in kept]
    n = size_of(weights)
    options = {
        "missing": [11],
        "confidence": confidence,
        "weights": [w for _, w in answers] if is_weighted else None,
    }
    z = stats.norm.ppf(0.5 + confidence / 2)

    wald = net_promoter_score(codes, **options)
    plain = DescrStatsW(points, weights)
    half = z * math.sqrt(plain.var / n)
    assert wald.value == pytest.approx(100 * plain.mean, abs=1e-9)
    expected = np.clip([plain.mean - half, plain.mean + half], -1, 1) * 100
    assert (wald.low, wald.high) == pytest.approx(expected, abs=1e-6)
    assert wald[3:5] == (len(kept), len(answers) - len(kept))
    assert wald.effective_n == pytest.approx(n)

    adjusted = net_promoter_score(codes, method="adjusted_wald", **options)
    # Three answers more, shared out as Rocks does.
    promoters, detractors = naive_nps([c for c, _ in kept], weights)
    p, d = (promoters * n + 0.75) / (n + 3), (detractors * n + 0.75) / (n + 3)
    half = z * math.sqrt((p + d - (p - d) ** 2) / (n + 3))
    expected = np.clip([p - d - half, p - d + half], -1, 1) * 100
    assert adjusted.value == wald.value
    assert (adjusted.low, adjusted.high) == pytest.approx(expected)


def test_nps_by_hand_and_at_the_ends():
    # 50 promoters, 30 passives, 20 detractors: variance 0.7 - 0.09.
    score = net_promoter_score([9] * 50 + [7] * 30 + [0] * 20)
    half = 1.959964 * math.sqrt(0.61 / 100) * 100
    assert score[:3] == pytest.approx((30, 30 - half, 30 + half), abs=1e-4)
    assert net_promoter_score([10, 9, 10])[:3] == (100, 100, 100)
    adjusted = net_promoter_score([10, 9, 10], method="adjusted_wald")
    assert adjusted.value == adjusted.high == 100 and adjusted.low < 50


def test_a_coded_blank_is_never_a_promoter():
    codes = [10, 9, 8, 3, 11, 99]
    with pytest.raises(ValueError, match="row 4: code 11 is not on the scale from 0 to 10"):
        net_promoter_score(codes, missing=[99])
    score = net_promoter_score(codes, missing=[11, 99])
    assert (score.value, score.n, score.missing) == (25, 4, 2)


# ---- effort and index ----


@LIGHT
@given(
    codes=st.lists(st.sampled_from([*range(1, 8), 99]), min_size=2, max_size=50),
    confidence=st.floats(0.5, 0.999),
)
def test_effort_agrees_with_the_t_interval_of_scipy(codes, confidence):
    kept = [code for code in codes if code != 99]
    assume(len(kept) > 1)
    effort = customer_effort_score(codes, missing=[99], confidence=confidence)
    ends = (np.mean(kept), np.mean(kept))
    if len(set(kept)) > 1:
        ends = stats.t.interval(confidence, len(kept) - 1, np.mean(kept), stats.sem(kept))
    assert effort.value == pytest.approx(np.mean(kept))
    assert (effort.low, effort.high) == pytest.approx(np.clip(ends, 1, 7))
    assert effort[3:] == (len(kept), len(codes) - len(kept), len(kept))


@LIGHT
@given(
    rows=st.lists(
        st.tuples(*[st.sampled_from([1, 4, 9, 10, 99])] * 3, st.floats(0.1, 50)),
        min_size=2,
        max_size=40,
    ),
    item_weights=st.lists(st.floats(0.01, 10), min_size=3, max_size=3),
)
def test_index_is_the_formula_and_its_interval_a_regression_on_a_constant(rows, item_weights):
    items = ["overall", "expected", "ideal"]
    data = pd.DataFrame(rows, columns=[*items, "w"])
    complete = data[(data[items] != 99).all(axis="columns")]
    assume(len(complete) > 1)
    w = complete["w"]
    options = {"missing": [99], "item_weights": item_weights, "weights": "w", "confidence": 0.9}
    index = satisfaction_index(data, items, **options)

    means = [sum(w * complete[item]) / sum(w) for item in items]
    total = sum(item_weights)
    weighted = sum(v * mean for v, mean in zip(item_weights, means, strict=True))
    assert index.value == pytest.approx(100 * (weighted - total) / (9 * total), abs=1e-9)

    n = size_of(w)
    person = (100 / 9) * (complete[items] @ np.array(item_weights) / total - 1)
    # A regression on the constant gives the weighted spread; n is ours to put in.
    fit = sm.WLS(person, np.ones(len(person)), weights=w).fit()
    variance = fit.ssr / sum(w) * n / (n - 1)
    half = stats.t.ppf(0.95, n - 1) * math.sqrt(variance / n)
    ends = np.clip([index.value - half, index.value + half], 0, 100)
    assert (index.low, index.high) == pytest.approx(ends, abs=1e-6)
    assert index[3:5] == (len(complete), len(data) - len(complete))
    assert index.effective_n == pytest.approx(n)


def test_index_by_hand():
    data = pd.DataFrame({"a": [10, 10, 1, 7], "b": [10, 1, 1, math.nan]})
    assert satisfaction_index(data, ["a", "b"]).value == pytest.approx(50)
    assert satisfaction_index(data, ["a", "b"])[3:] == (3, 1, 3)
    named = satisfaction_index(data, ["a", "b"], item_weights={"b": 1, "a": 3})
    listed = satisfaction_index(data, ["a", "b"], item_weights=[3, 1])
    series = satisfaction_index(data, ["a", "b"], item_weights=pd.Series({"b": 2, "a": 6}))
    assert named == listed == series
    assert named.value == pytest.approx(100 * (0.75 * 2 / 3 + 0.25 / 3))
    only_a = satisfaction_index(data, ["a", "b"], item_weights=[1, 0])
    assert only_a.value == pytest.approx(200 / 3)
    five_points = pd.DataFrame({"a": [5, 4, 3]})
    assert satisfaction_index(five_points, ["a"], scale=(1, 5)).value == pytest.approx(75)
    same = satisfaction_index(pd.DataFrame({"a": [4, 4, 4]}), ["a"], scale=(1, 5))
    assert same[:3] == (75, 75, 75)


# ---- what all four share ----

METHODS = {
    "top_box": top_box,
    "wald": lambda a, **k: net_promoter_score(a, **k),
    "adjusted_wald": lambda a, **k: net_promoter_score(a, method="adjusted_wald", **k),
    "effort": lambda a, **k: customer_effort_score(a, scale=(1, 5), **k),
    "index": lambda a, **k: satisfaction_index(pd.DataFrame({"a": a}), ["a"], scale=(1, 5), **k),
}
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@each_method
@given(
    pairs=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 4)), min_size=2, max_size=20),
    factor=st.floats(1e-6, 1e6),
)
@LIGHT
def test_weights(method, pairs, factor):
    assume(sum(weight > 0 for _, weight in pairs) > 1)
    codes, weights = np.array(pairs).T
    weighted = method(codes, weights=weights)
    # The estimate is that of repeated rows; the interval is wider, as nobody was asked twice.
    repeated = method(np.repeat(codes, weights))
    assert weighted.value == pytest.approx(repeated.value, abs=1e-9)
    assert weighted.effective_n <= repeated.effective_n + 1e-9
    scaled = method(codes, weights=weights * factor)
    np.testing.assert_allclose(scaled, weighted, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(method(codes, weights=np.ones(len(codes))), method(codes), atol=1e-9)


@each_method
def test_one_huge_weight_leaves_little_to_go_by(method):
    result = method([5, 1, 1, 1], weights=[1e6, 1, 1, 1])
    assert result.n == 4 and result.effective_n == pytest.approx(1, abs=1e-4)
    assert all(map(math.isfinite, result))


@each_method
def test_series_lists_and_objects_are_the_same(method):
    codes = [1, 5, 4, None, 2]
    index = list("vwxyz")
    expected = method(codes)
    assert method(pd.Series(codes, index=index, dtype="Int64")) == expected
    assert method(np.array(codes, dtype=float)) == expected
    assert method(pd.Series(codes, dtype=object)) == expected
    assert isinstance(expected, Estimate) and expected[3:] == (4, 1, 4)


@each_method
@pytest.mark.parametrize(
    ("codes", "options", "part"),
    [
        ([], {}, "is empty|no rows"),
        ([math.nan, math.nan], {}, "'(answers|a)' holds no answer"),
        ([1, 12], {}, "row 1: code 12"),
        ([1, 2.5], {}, "code 2.5"),
        ([1, -1], {}, "code -1"),
        ([1, "5"], {}, "'5' is not a number"),
        ([1, math.inf], {}, "row 1 is infinite"),
        ([True, False], {}, "True is not a number"),
        ([1, 2], {"missing": [2]}, "`missing` holds 2"),
        ([1, 2], {"missing": 99}, "`missing` must be a list"),
        ([1, 2], {"confidence": 95}, "`confidence`.*95"),
        ([1, 2], {"weights": [1, -2]}, "row 1 is -2"),
        ([1, 2], {"weights": [1, math.nan]}, "row 1 is nan"),
        ([1, 2], {"weights": [1]}, "1 weights for 2 rows"),
        ([1, math.nan], {"weights": [0, 1]}, "weights of all answers used are 0"),
        ([1, 2], {"weights": pd.Series([1, 1], index=[1, 2])}, "another index"),
        ([1, 2], {"weights": "w"}, "'w'"),
    ],
)
def test_bad_answers_are_refused_by_name(method, codes, options, part):
    with pytest.raises(ValueError, match=part):
        method(codes, **options)


INDEX = pd.DataFrame({"a": [1, 2], "b": [3, 4]})


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: top_box([1, 2], top=0), "`top`.*from 1 to 4.*got 0"),
        (lambda: top_box([1, 2], top=5), "`top`.*got 5"),
        (lambda: top_box([1, 2], top=[5, 6]), r"`top`.*\[5, 6\]"),
        (lambda: top_box([1, 2], top=[]), r"`top`.*\[\]"),
        (lambda: top_box([1, 2], top=[1, 2, 3, 4, 5]), "not all of them"),
        (lambda: top_box([1, 2], top="45"), "`top`.*'45'"),
        (lambda: top_box([1, 2], top=True), "`top`.*True"),
        (lambda: top_box([1, 2], scale=(5, 1)), "`scale`"),
        (lambda: net_promoter_score([1, 2], method="wilson"), "`method`.*'wald'.*'wilson'"),
        (lambda: customer_effort_score([4]), "of the 1 answers used, only one"),
        (lambda: customer_effort_score([4, 5], weights=[1, 0]), "of the 2 answers used, only one"),
        (lambda: satisfaction_index(INDEX.iloc[:1], ["a"]), "only one"),
        (lambda: satisfaction_index(INDEX, []), "At least 1 columns"),
        (lambda: satisfaction_index(INDEX, "a"), "list of names; got 'a'"),
        (lambda: satisfaction_index(INDEX, ["a", "c"]), "no column 'c'"),
        (lambda: satisfaction_index(INDEX, ["a", "a"]), "'a' occurs twice"),
        (lambda: satisfaction_index(INDEX, ["a", "b"], scale=(1, 3)), "'b', row 1: code 4"),
        (lambda: satisfaction_index(INDEX, ["a"], item_weights={"b": 1}), "names b.*items are a"),
        (
            lambda: satisfaction_index(INDEX, ["a"], item_weights=[1, 2]),
            "2 weights for the items a",
        ),
        (lambda: satisfaction_index(INDEX, ["a"], item_weights=[0]), "not all 0; got 0"),
        (lambda: satisfaction_index(INDEX, ["a", "b"], item_weights=[1, -1]), "got 1.0, -1.0"),
        (lambda: satisfaction_index(INDEX, ["a"], item_weights=["x"]), "'x' is not a number"),
    ],
)
def test_bad_options_are_refused_by_name(call, part):
    with pytest.raises(ValueError, match=part):
        call()


def test_refusals_speak_chinese():
    text.set_language("zh-Hant")
    with pytest.raises(ValueError, match="'answers' 全是遺漏值"):
        top_box([math.nan])
