"""Sample sizes, margins of error and weights against published tables, plain loops and algebra."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from csqm import text
from csqm.sampling import DesignEffect, design_effect, margin_of_error, rake, sample_size

LIGHT = settings(deadline=None, max_examples=40)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


# ---- sample size and margin of error ----

# Krejcie & Morgan (1970), Table 1.
POPULATIONS = [*range(10, 100, 5), *range(100, 301, 10), *range(320, 501, 20)]
POPULATIONS += [*range(550, 1001, 50), *range(1100, 2001, 100), *range(2200, 3001, 200)]
POPULATIONS += [3500, 4000, 4500, 5000, 6000, 7000, 8000, 9000, 10000, 15000, 20000, 30000, 40000]
POPULATIONS += [50000, 75000, 1000000]
# fmt: off
SIZES = [
    10, 14, 19, 24, 28, 32, 36, 40, 44, 48, 52, 56, 59, 63, 66, 70, 73, 76, 80, 86, 92, 97, 103,
    108, 113, 118, 123, 127, 132, 136, 140, 144, 148, 152, 155, 159, 162, 165, 169, 175, 181, 186,
    191, 196, 201, 205, 210, 214, 217, 226, 234, 242, 248, 254, 260, 265, 269, 274, 278, 285, 291,
    297, 302, 306, 310, 313, 317, 320, 322, 327, 331, 335, 338, 341, 346, 351, 354, 357, 361, 364,
    367, 368, 370, 375, 377, 379, 380, 381, 382, 384,
]
# fmt: on


def test_the_table_of_krejcie_and_morgan():
    assert len(POPULATIONS) == 90
    assert [sample_size(n, rounding="nearest") for n in POPULATIONS] == SIZES


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        (200, 131.749497),
        (500, 217.487218),
        (1000, 277.733453),
        (2300, 329.290902),
        (10000, 369.97061),
    ],
)
def test_cochran_with_finite_population(population, expected):
    assert sample_size(population, rounding="none") == pytest.approx(expected, abs=1e-6)
    assert sample_size(population) == math.ceil(expected)


def test_sizes_everybody_quotes():
    assert sample_size() == 385 and type(sample_size()) is int
    assert sample_size(margin=0.03) == 1068
    assert sample_size(confidence=0.99) == 664
    assert sample_size(1) == 1
    assert sample_size(margin=0.9, share=0.01) == 1
    assert sample_size(np.int64(620)) == 238


def test_rounding_up_is_not_moved_by_the_last_bit():
    # z**2 * 0.25 / d**2 is 100 but for rounding errors.
    margin = norm.ppf(0.975) / 20
    assert sample_size(margin=margin) == 100


@LIGHT
@given(
    population=st.integers(2, 10**7),
    margin=st.floats(0.005, 0.4),
    share=st.floats(0.01, 0.99),
    confidence=st.floats(0.5, 0.999),
)
def test_the_margin_of_a_sample_size_is_the_one_asked_for(population, margin, share, confidence):
    options = {"share": share, "confidence": confidence}
    n = sample_size(population, margin=margin, rounding="none", **options)
    z = norm.ppf(0.5 + confidence / 2)
    # The formula of Krejcie and Morgan, written as they did.
    spread = z**2 * share * (1 - share)
    assert n == pytest.approx(spread * population / (margin**2 * (population - 1) + spread))
    up = sample_size(population, margin=margin, **options)
    assert up <= population
    assert margin_of_error(up, population=population, **options) <= margin * (1 + 1e-8)


def test_margin_of_error_by_hand():
    assert margin_of_error(400) == pytest.approx(1.959964 * 0.5 / 20, abs=1e-7)
    finite = margin_of_error(100, population=500, share=0.3, confidence=0.9)
    assert finite == pytest.approx(
        1.644854 * math.sqrt(0.21 / 100) * math.sqrt(400 / 499), abs=1e-7
    )
    assert margin_of_error(400, design_effect=4) == pytest.approx(2 * margin_of_error(400))
    assert margin_of_error(180, population=180) == 0
    assert margin_of_error(1, population=1) == 0


# ---- design effect ----


@LIGHT
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_design_effect_is_one_plus_cv_squared(weights):
    assume(sum(weights) > 1e-3)
    effect = design_effect(weights)
    cv = np.std(weights) / np.mean(weights)
    assert effect.value == pytest.approx(1 + cv**2)
    assert effect.effective_n == pytest.approx(sum(weights) ** 2 / sum(w * w for w in weights))
    assert effect.n == len(weights)


def test_design_effect_of_equal_and_extreme_weights():
    assert design_effect(np.full(7, 2.5)) == DesignEffect(1.0, 7, 7.0)
    assert design_effect(pd.Series([0, 0, 1e-9, 0])) == DesignEffect(4.0, 4, 1.0)


# ---- raking ----


def naive_rake(rows, margins, start, rounds):
    """Rake row by row, as the definition says, a fixed number of rounds."""
    weights = list(start)
    for _ in range(rounds):
        for column, targets in margins.items():
            total = sum(weights)
            whole = sum(targets.values())
            for category, target in targets.items():
                members = [i for i, row in enumerate(rows) if row[column] == category]
                factor = target / whole / (sum(weights[i] for i in members) / total)
                for i in members:
                    weights[i] *= factor
    mean = sum(weights) / len(weights)
    return [weight / mean for weight in weights]


@st.composite
def samples(draw):
    """Draw a sample in which every cell of three margins occurs, with targets and weights."""
    categories = {"shift": ["day", "night"], "zone": [1, 2, 3], "member": [True, False]}
    full = pd.MultiIndex.from_product(categories.values(), names=categories).to_frame(index=False)
    more = draw(st.lists(st.integers(0, len(full) - 1), max_size=30))
    data = pd.concat([full, full.iloc[more]])
    data.index = draw(st.permutations(range(100, 100 + len(data))))
    margins = {}
    for column, names in categories.items():
        parts = draw(st.lists(st.integers(1, 20), min_size=len(names), max_size=len(names)))
        margins[column] = {n: p / sum(parts) for n, p in zip(names, parts, strict=True)}
    count = len(data)
    weights = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    return data, margins, np.array(weights, dtype=float)


@LIGHT
@given(samples())
def test_raking_agrees_with_plain_loops_and_meets_the_margins(sample):
    data, margins, start = sample
    raked = rake(data, margins, weights=start, tolerance=1e-10)
    expected = naive_rake(data.to_dict("records"), margins, start, raked.iterations)
    np.testing.assert_allclose(raked.weights, expected, rtol=1e-8)
    assert raked.weights.index.equals(data.index)
    assert raked.weights.mean() == pytest.approx(1)
    for column, targets in margins.items():
        shares = raked.weights.groupby(data[column]).sum() / len(data)
        for category, target in targets.items():
            assert shares[category] == pytest.approx(target, rel=1e-9)
    assert raked[2:] == (
        design_effect(raked.weights).value,
        design_effect(raked.weights).effective_n,
    )


@LIGHT
@given(samples())
def test_raking_keeps_the_odds_ratios(sample):
    data, margins, start = sample
    raked = rake(data, {k: margins[k] for k in ("shift", "zone")}, weights=start)

    def odds(weights):
        table = pd.crosstab(data["shift"], data["zone"], weights, aggfunc="sum").to_numpy()
        return table[0, :-1] * table[1, 1:] / (table[0, 1:] * table[1, :-1])

    np.testing.assert_allclose(odds(raked.weights), odds(start), rtol=1e-8)


def test_counts_shares_percentages_and_series_of_targets_are_the_same():
    data = pd.DataFrame({"shift": list("ddnnn"), "zone": [1.0, 2.0, 1.0, 2.0, 2.0]})
    shares = {"shift": {"d": 0.6, "n": 0.4}, "zone": {1: 0.3, 2: 0.7}}
    expected = rake(data, shares).weights
    for total in (100, 620):
        counts = {c: {k: t * total for k, t in each.items()} for c, each in shares.items()}
        np.testing.assert_allclose(rake(data, counts).weights, expected)
    series = {column: pd.Series(each) for column, each in shares.items()}
    np.testing.assert_allclose(rake(data, series).weights, expected)
    ones = rake(data, shares, weights=np.full(5, 3.0)).weights
    np.testing.assert_allclose(ones, expected)
    np.testing.assert_allclose(rake(data.astype("category"), shares).weights, expected)


def test_one_margin_is_post_stratification_in_one_round():
    data = pd.DataFrame({"shift": ["d", "d", "d", "n"]})
    raked = rake(data, {"shift": {"d": 0.5, "n": 0.5}})
    assert raked.weights.tolist() == pytest.approx([2 / 3] * 3 + [2])
    assert raked.iterations == 1
    assert raked.design_effect == pytest.approx(4 / 3)


def test_integer_weights_are_repeated_rows_and_rows_of_weight_zero_stay_at_zero():
    data = pd.DataFrame({"shift": list("ddnnd"), "zone": [1, 2, 1, 2, 1]})
    margins = {"shift": {"d": 0.7, "n": 0.3}, "zone": {1: 0.5, 2: 0.5}}
    repeats = np.array([3, 1, 2, 1, 0])
    weighted = rake(data, margins, weights=repeats).weights
    repeated = rake(data.loc[data.index.repeat(repeats)].reset_index(drop=True), margins).weights
    # Only the mean is fixed by the number of rows.
    totals = repeated.groupby(data.index.repeat(repeats)).sum() * 5 / 7
    np.testing.assert_allclose(weighted[:4], totals, rtol=1e-9)
    assert weighted[4] == 0


# ---- refusals ----

GOOD = pd.DataFrame({"shift": ["d", "d", "n"], "zone": ["a", "b", "b"]})
HALF = {"d": 0.5, "n": 0.5}


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: sample_size(0), "`population`.*at least 1; got 0"),
        (lambda: sample_size(10.5), "`population`.*got 10.5"),
        (lambda: sample_size(margin=5), "`margin`.*got 5"),
        (lambda: sample_size(confidence=95), "`confidence`.*got 95"),
        (lambda: sample_size(share=0), "`share`.*got 0"),
        (lambda: sample_size(rounding="down"), "`rounding`.*'up', 'nearest', 'none'.*'down'"),
        (lambda: margin_of_error(0), "`n`.*got 0"),
        (lambda: margin_of_error(11, population=10), "`n` is 11, more than.*10"),
        (lambda: margin_of_error(10, design_effect=0), "`design_effect`.*got 0"),
        (lambda: margin_of_error(10, design_effect=math.nan), "`design_effect`.*got nan"),
        (lambda: margin_of_error(10, design_effect=True), "`design_effect`.*got True"),
        (lambda: design_effect(None), "`weights`.*got None"),
        (lambda: design_effect("w"), "`weights`.*got 'w'"),
        (lambda: design_effect([]), "is empty"),
        (lambda: design_effect([1, -1]), "Weight of row 1 is -1"),
        (lambda: design_effect([1, math.nan]), "Weight of row 1 is nan"),
        (lambda: design_effect([0, 0]), "all answers used are 0"),
        (lambda: design_effect(["1"]), "weights.*'1' is not a number"),
        (lambda: rake(GOOD, {}), "`margins`.*got {}"),
        (lambda: rake(GOOD, "shift"), "`margins`.*got 'shift'"),
        (lambda: rake(GOOD, {"age": HALF}), "no column 'age'"),
        (lambda: rake(GOOD.iloc[:0], {"shift": HALF}), "no rows"),
        (lambda: rake([1], {"shift": HALF}), "DataFrame; got list"),
        (lambda: rake(GOOD, {"shift": {}}), "column 'shift'.*got {}"),
        (lambda: rake(GOOD, {"shift": [0.5, 0.5]}), r"column 'shift'.*\[0.5, 0.5\]"),
        (lambda: rake(GOOD, {"shift": {"d": 1, "n": 0}}), "'shift', category 'n'.*positive.*got 0"),
        (lambda: rake(GOOD, {"shift": {"d": 1, "n": -1}}), "category 'n'.*got -1"),
        (lambda: rake(GOOD, {"shift": {"d": "half", "n": 1}}), "category 'd'.*'half'"),
        (lambda: rake(GOOD, {"shift": {"d": 0.5, "n": 0.4}}), "'shift'.*sum to 1.*0.9"),
        (
            lambda: rake(GOOD, {"shift": {"d": 50, "n": 50}, "zone": {"a": 60, "b": 50}}),
            "different totals: 100 for 'shift', 110 for 'zone'",
        ),
        (lambda: rake(GOOD, {"shift": {"d": 1.0}}), "'shift': category 'n' has no target"),
        (
            lambda: rake(GOOD, {"shift": {"d": 0.5, "n": 0.3, "x": 0.2}}),
            "'shift': there is a target for 'x', but no respondent",
        ),
        (
            lambda: rake(GOOD, {"shift": HALF}, weights=[1, 1, 0]),
            "'shift': there is a target for 'n', but no respondent",
        ),
        (
            lambda: rake(GOOD.replace({"n": None}), {"shift": {"d": 1.0}}),
            "Column 'shift' is blank in row 2",
        ),
        # Every night person is in zone b, so zone b cannot be rarer than the night.
        (
            lambda: rake(GOOD, {"shift": HALF, "zone": {"a": 0.7, "b": 0.3}}),
            "cannot be met together: column '(shift|zone)', category '[dnab]'",
        ),
        (lambda: rake(GOOD, {"shift": HALF}, weights="w"), "no column 'w'"),
        (lambda: rake(GOOD, {"shift": HALF}, weights=[1, -1, 1]), "row 1 is -1"),
        (lambda: rake(GOOD, {"shift": HALF}, tolerance=0), "`tolerance`.*got 0"),
        (lambda: rake(GOOD, {"shift": HALF}, max_iterations=0), "`max_iterations`.*got 0"),
    ],
)
def test_bad_input_is_refused_by_name(call, part):
    with pytest.raises(ValueError, match=part):
        call()


def test_refusals_speak_chinese():
    text.set_language("zh-Hant")
    with pytest.raises(ValueError, match="'shift' 欄的類別 'n' 沒有目標值"):
        rake(GOOD, {"shift": {"d": 1.0}})
    with pytest.raises(ValueError, match='例如 {"shift": {"day": 0.6'):
        rake(GOOD, {})


def test_the_data_are_left_as_they_were():
    data = GOOD.copy()
    rake(data, {"shift": HALF}, weights=np.ones(3))
    pd.testing.assert_frame_equal(data, GOOD)
