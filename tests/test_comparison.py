"""Group comparisons against scipy, statsmodels, pingouin, published values and plain loops."""

import math

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.oneway import anova_oneway
from statsmodels.stats.weightstats import DescrStatsW

from csqm import text
from csqm.comparison import compare_groups

LIGHT = settings(deadline=None, max_examples=40)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


def survey(groups, answers):
    return pd.DataFrame({"group": groups, "answer": answers})


def one(data, **options):
    """Compare one outcome and return its row."""
    table = compare_groups(data, "group", ["answer"], **options)
    assert len(table) == 1
    return table.iloc[0]


def answers_of(*names):
    """Draw 2 to 12 answers with ties for each group, some blank, rows in any order."""
    codes = st.lists(st.sampled_from([1, 2, 3, 4, 5]), min_size=2, max_size=12)
    blanks = st.lists(st.sampled_from([*names, None]), max_size=4)
    samples = st.tuples(*[codes] * len(names))
    return st.tuples(st.just(names), samples, blanks, st.integers(0, 99))


def frame(drawn):
    names, samples, blanks, seed = drawn
    rows = [(name, code) for name, codes in zip(names, samples, strict=True) for code in codes]
    rows += [(name, math.nan if name else 3) for name in blanks]
    data = survey(*zip(*rows, strict=True)).sample(frac=1, random_state=seed)
    return data, samples, len(blanks)


# ---- two groups, means ----


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy, when one group is constant
@LIGHT
@given(answers_of("b", "a"), st.floats(0.5, 0.999))
@example((("b", "a"), ([1, 4], [1, 5]), [], 0), 0.999)  # where scipy's inverse is 7 % off
def test_welch_t(drawn, confidence):
    data, (b, a), blanks = frame(drawn)
    assume(len(set(a)) > 1 or len(set(b)) > 1)
    row = one(data, confidence=confidence)
    expected = stats.ttest_ind(a, b, equal_var=False)
    assert row["method"] == "welch_t" and row["groups"] == 2
    assert row[["statistic", "df", "p"]].tolist() == pytest.approx(
        [expected.statistic, expected.df, expected.pvalue], abs=1e-12
    )
    assert (row["n"], row["missing"]) == (len(a) + len(b), blanks)
    assert math.isnan(row["df_error"])
    g = pingouin.compute_effsize(np.array(a), np.array(b), eftype="hedges")
    assert row["effect_name"] == "hedges_g"
    assert row["effect"] == pytest.approx(g, abs=1e-12)
    # The ends are where the t found would be in the tails, in units of g.
    if abs(expected.statistic) > 1e-9:
        unit = g / expected.statistic
        tails = stats.nct.sf(expected.statistic, expected.df, row["low"] / unit)
        assert tails == pytest.approx((1 - confidence) / 2, abs=1e-6)
        tails = stats.nct.cdf(expected.statistic, expected.df, row["high"] / unit)
        assert tails == pytest.approx((1 - confidence) / 2, abs=1e-6)
    if abs(expected.pvalue - (1 - confidence)) > 1e-6:
        outside = row["low"] > 0 or row["high"] < 0
        assert outside == (expected.pvalue < 1 - confidence)


def test_an_extreme_difference_still_has_an_interval():
    data = survey(list("aaabbb"), [1, 1 + 1e-9, 1, 5, 5, 5 + 1e-9])
    row = one(data)
    assert row["low"] < row["effect"] < row["high"] < -1e6


# ---- more groups, means ----


@LIGHT
@given(answers_of("a", "b", "c"), st.floats(0.5, 0.999))
def test_welch_anova(drawn, confidence):
    data, samples, blanks = frame(drawn)
    assume(all(len(set(sample)) > 1 for sample in samples))
    row = one(data, confidence=confidence)
    expected = pingouin.welch_anova(data.dropna(), dv="answer", between="group").iloc[0]
    also = anova_oneway([np.array(s, float) for s in samples], use_var="unequal")
    f = expected["F"]
    found = row[["statistic", "df", "df_error", "p"]].tolist()
    assert found == pytest.approx([f, 2, expected["ddof2"], expected["p_unc"]], abs=1e-9)
    assert found == pytest.approx([also.statistic, *also.df, also.pvalue], abs=1e-9)
    n = sum(map(len, samples))
    assert (row["n"], row["missing"]) == (n, blanks)
    assert row["effect_name"] == "omega_squared"
    assert row["effect"] == pytest.approx(max(0, 2 * (f - 1) / (2 * (f - 1) + n)), abs=1e-12)
    tail = (1 - confidence) / 2
    for end, probability in ((row["low"], 1 - tail), (row["high"], tail)):
        centre = n * end / (1 - end)
        if end > 0:
            assert stats.ncf.cdf(f, 2, found[2], centre) == pytest.approx(probability, abs=1e-6)
        else:
            assert stats.f.cdf(f, 2, found[2]) <= probability + 1e-9


# ---- ranks ----


@LIGHT
@given(answers_of("a", "b"), st.floats(0.5, 0.999))
def test_mann_whitney(drawn, confidence):
    data, (a, b), blanks = frame(drawn)
    assume(len({*a, *b}) > 1)
    row = one(data, method="rank", confidence=confidence)
    u, p = stats.mannwhitneyu(a, b)
    assert row[["statistic", "p"]].tolist() == pytest.approx([u, p])
    assert (row["n"], row["missing"]) == (len(a) + len(b), blanks)

    n, m = len(a), len(b)
    signs = np.array([[(x > y) - (x < y) for y in b] for x in a], dtype=float)
    d = signs.mean()
    assert row["effect"] == pytest.approx(d, abs=1e-12)
    assert row["effect_name"] == "rank_biserial"
    z = stats.norm.ppf(0.5 + confidence / 2)
    if abs(d) == 1:
        end = (min(n, m) - z**2) / (min(n, m) + z**2)
        expected = (end, 1) if d > 0 else (-1, -end)
    else:
        rows = sum((signs[i].mean() - d) ** 2 for i in range(n))
        columns = sum((signs[:, j].mean() - d) ** 2 for j in range(m))
        each = sum((signs[i, j] - d) ** 2 for i in range(n) for j in range(m))
        variance = (m**2 * rows + n**2 * columns - each) / (n * m * (n - 1) * (m - 1))
        s2 = z**2 * max(variance, (1 - d**2) / (n * m - 1))
        half = math.sqrt(s2) * math.sqrt((1 - d**2) ** 2 + s2)
        expected = [(d - d**3 + side * half) / (1 - d**2 + s2) for side in (-1, 1)]
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected), abs=1e-9)
    assert -1 <= row["low"] <= row["effect"] <= row["high"] <= 1


@LIGHT
@given(answers_of("a", "b", "c", "d"))
def test_kruskal_wallis(drawn):
    data, samples, blanks = frame(drawn)
    assume(len({code for sample in samples for code in sample}) > 1)
    row = one(data, method="rank")
    h, p = stats.kruskal(*samples)
    n = sum(map(len, samples))
    assert row[["statistic", "df", "p"]].tolist() == pytest.approx([h, 3, p])
    assert (row["n"], row["missing"]) == (n, blanks)
    # The share of the variance of the ranks that lies between the groups.
    answered = data.dropna()
    ranks = answered["answer"].rank()
    means = ranks.groupby(answered["group"]).transform("mean")
    assert row["effect"] == pytest.approx(means.var(ddof=0) / ranks.var(ddof=0), abs=1e-9)
    assert row["effect_name"] == "epsilon_squared"
    assert 0 <= row["low"] <= row["effect"] <= row["high"] <= 1


def test_the_interval_of_epsilon_squared_is_that_of_an_analysis_of_variance_of_ranks():
    draw = np.random.default_rng(8)
    data = survey(np.repeat(list("abc"), 30), draw.normal(np.repeat([0, 0.4, 1], 30)))
    row = one(data, method="rank", confidence=0.9)
    ranks = data["answer"].rank()
    f = stats.f_oneway(*(ranks[data["group"] == name] for name in "abc")).statistic
    for end, probability in ((row["low"], 0.95), (row["high"], 0.05)):
        assert stats.ncf.cdf(f, 2, 87, 90 * end / (1 - end)) == pytest.approx(probability)


def test_groups_apart_by_rank_reach_the_end():
    row = one(survey(list("aabbcc"), [1, 1, 3, 3, 5, 5]), method="rank")
    assert row[["effect", "low", "high"]].tolist() == pytest.approx([1, 1, 1])


def test_ordered_categories_are_ranked_in_their_order():
    words = pd.CategoricalDtype(["poor", "fair", "good"], ordered=True)
    data = survey(
        list("aaabbbb"), pd.Series(["good", "good", "fair", "poor", "fair", "poor", None])
    )
    row = one(data.astype({"answer": words}))
    u, p = stats.mannwhitneyu([3, 3, 2], [1, 2, 1])
    assert row["method"] == "mann_whitney"
    assert (row["statistic"], row["p"], row["missing"]) == (u, p, 1)


# ---- categories ----


@LIGHT
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "z", None])),
        min_size=2,
        max_size=60,
    ),
    st.floats(0.5, 0.999),
)
def test_chi_square(pairs, confidence):
    data = pd.DataFrame(pairs, columns=["group", "answer"])
    answered = data.dropna()
    assume(answered["group"].nunique() > 1 and answered["answer"].nunique() > 1)
    assume(answered["group"].nunique() == data["group"].nunique())
    table = pd.crosstab(answered["group"], answered["answer"])
    expected = stats.chi2_contingency(table, correction=False)
    row = one(data, method="chi_square", confidence=confidence)
    x2, df = expected.statistic, expected.dof
    found = row[["statistic", "df", "p"]].tolist()
    assert found == pytest.approx([x2, df, expected.pvalue], abs=1e-9)
    v = stats.contingency.association(table, method="cramer", correction=False)
    assert row["effect"] == pytest.approx(v, abs=1e-9) and row["effect_name"] == "cramers_v"
    assert (row["n"], row["missing"]) == (len(answered), len(data) - len(answered))
    most = len(answered) * (min(table.shape) - 1)
    tail = (1 - confidence) / 2
    assert 0 <= row["low"] <= v + 1e-12 and v - 1e-12 <= row["high"] <= 1
    if 0 < row["low"] < v - 1e-9:
        assert stats.ncx2.cdf(x2, df, most * row["low"] ** 2) == pytest.approx(1 - tail, abs=1e-6)
    if v + 1e-9 < row["high"] < 1:
        assert stats.ncx2.cdf(x2, df, most * row["high"] ** 2) == pytest.approx(tail, abs=1e-6)


def test_job_satisfaction_by_income():
    # Agresti (2002), Table 2.8.
    table = [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]]
    pairs = [
        (f"income {i}", f"satisfied {j}")
        for i, counts in enumerate(table)
        for j, count in enumerate(counts)
        for _ in range(count)
    ]
    row = one(pd.DataFrame(pairs, columns=["group", "answer"]))
    assert row["method"] == "chi_square" and row["n"] == 96
    assert row["statistic"] == pytest.approx(5.97, abs=0.005)
    assert row["statistic"] == pytest.approx(5.965515, abs=1e-6)
    assert (row["df"], row["p"]) == pytest.approx((9, 0.743365), abs=1e-6)
    assert row["low"] == 0


# ---- several outcomes ----


def test_methods_by_data_and_holm_over_outcomes():
    draw = np.random.default_rng(3)
    size = 60
    data = pd.DataFrame({"group": np.repeat(["a", "b", "c"], 20)})
    data["number"] = draw.normal(np.repeat([0, 0.4, 0.9], 20))
    data["object"] = data["number"].round().astype(object)
    data.loc[3, "object"] = None
    data["word"] = draw.choice(["x", "y"], size)
    data["flag"] = draw.random(size) < np.repeat([0.2, 0.5, 0.8], 20)
    data["step"] = pd.Categorical(draw.choice(["lo", "hi"], size), ["lo", "hi"], ordered=True)
    data["kind"] = pd.Categorical(draw.choice(["p", "q", "r"], size))
    outcomes = ["number", "object", "word", "flag", "step", "kind"]
    table = compare_groups(data, "group", outcomes)
    assert table["outcome"].tolist() == outcomes
    expected = ["welch_anova"] * 2 + ["chi_square"] * 2 + ["kruskal_wallis", "chi_square"]
    assert table["method"].tolist() == expected
    assert table["missing"].tolist() == [0, 1, 0, 0, 0, 0]
    assert table["p_adjusted"].tolist() == pytest.approx(
        multipletests(table["p"], method="holm")[1].tolist()
    )
    plain = compare_groups(data, "group", outcomes, correction="none")
    assert plain["p_adjusted"].tolist() == table["p"].tolist()
    assert " ".join(table) == (
        "outcome method groups n missing statistic df df_error p p_adjusted effect effect_name "
        "low high"
    )
    without = ["df", "df_error"]
    assert table.drop(columns=without).notna().all(axis=None)


# ---- weights ----


@LIGHT
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 5), st.floats(0.1, 20)),
        min_size=8,
        max_size=40,
    )
)
def test_weighted_welch_t_by_its_definition(rows):
    data = pd.DataFrame(rows, columns=["group", "answer", "w"])
    parts = []
    for name in "ab":
        part = data[data["group"] == name]
        assume(len(part) > 1 and part["answer"].nunique() > 1)
        described = DescrStatsW(part["answer"], part["w"])
        n = part["w"].sum() ** 2 / (part["w"] ** 2).sum()
        parts.append((described.mean, described.var * n / (n - 1), n))
    (m1, v1, n1), (m2, v2, n2) = parts
    t = (m1 - m2) / math.sqrt(v1 / n1 + v2 / n2)
    df = (v1 / n1 + v2 / n2) ** 2 / ((v1 / n1) ** 2 / (n1 - 1) + (v2 / n2) ** 2 / (n2 - 1))
    pooled = math.sqrt(((n1 - 1) * v1 + (n2 - 1) * v2) / (n1 + n2 - 2))
    g = (m1 - m2) / pooled * (1 - 3 / (4 * (n1 + n2) - 9))
    row = one(data, weights="w")
    found = row[["statistic", "df", "p", "effect"]].tolist()
    assert found == pytest.approx([t, df, 2 * stats.t.sf(abs(t), df), g], abs=1e-9)


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_weights_of_one_scaled_weights_and_rows_of_weight_zero(names):
    draw = np.random.default_rng(6)
    data = survey(draw.choice(list(names), 90), draw.integers(1, 6, 90).astype(float))
    plain = one(data)
    numbers = ["statistic", "df", "p", "effect", "low", "high"]
    for weights in (np.ones(90), np.full(90, 1e-6)):
        weighted = one(data, weights=weights)
        np.testing.assert_allclose(weighted[numbers].astype(float), plain[numbers].astype(float))
    more = pd.concat([data, survey(list(names), [math.pi] * len(names))], ignore_index=True)
    weighted = one(more, weights=np.r_[np.ones(90), np.zeros(len(names))])
    np.testing.assert_allclose(weighted[numbers].astype(float), plain[numbers].astype(float))
    # One person who counts for thousands leaves little to go by.
    extreme = one(data, weights=np.r_[1e6, np.ones(89)])
    assert math.isfinite(extreme["effect"]) and extreme["p"] > 0.05


# ---- the intervals cover ----


@pytest.mark.parametrize(
    ("method", "truth"),
    # Two normal groups one apart, with standard deviations 1 and 1.
    [("welch", 1.0), ("rank", 2 * stats.norm.cdf(1 / math.sqrt(2)) - 1)],
)
def test_intervals_hold_the_true_effect_as_often_as_they_say(method, truth):
    draw = np.random.default_rng(2024)
    outcomes = [f"x{i}" for i in range(400)]
    groups = np.repeat(["a", "b"], [25, 40])
    values = draw.normal(np.where(groups == "a", 1.0, 0.0)[:, None], 1.0, (65, 400))
    data = pd.DataFrame(values, columns=outcomes).assign(group=groups)
    table = compare_groups(data, "group", outcomes, method=method)
    covered = ((table["low"] < truth) & (truth < table["high"])).mean()
    assert 0.92 < covered < 0.98


# ---- refusals ----

GOOD = pd.DataFrame(
    {
        "group": list("aabb"),
        "pay": [1, 2, 3, 5],
        "word": list("xyxy"),
        "same": [3, 3, 3, 3],
        "apart": [1, 1, 2, 2],
        "half": [1, 2, math.nan, math.nan],
        "single": [1, 2, 3, math.nan],
        "mixed": [1, "2", 3, 4],
        "w": [1, 2, 1, 2],
    }
)
THREE = pd.DataFrame({"group": list("aabbcc"), "pay": [1, 2, 3, 5, 4, 4]})


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: compare_groups(GOOD, "team", ["pay"]), "no column 'team'"),
        (lambda: compare_groups(GOOD, "group", ["wage"]), "no column 'wage'"),
        (lambda: compare_groups(GOOD, "group", "pay"), "list of names; got 'pay'"),
        (lambda: compare_groups(GOOD, "group", []), "At least 1 columns"),
        (lambda: compare_groups(GOOD, "group", ["pay", "pay"]), "'pay' occurs twice"),
        (lambda: compare_groups(GOOD.iloc[:0], "group", ["pay"]), "no rows"),
        (lambda: compare_groups([1], "group", ["pay"]), "DataFrame; got list"),
        (lambda: compare_groups(GOOD.iloc[:2], "group", ["pay"]), "'group'.*two groups.*'a'"),
        (lambda: compare_groups(GOOD, "same", ["pay"]), "'same'.*two groups.*holds 3"),
        (lambda: compare_groups(GOOD, "group", ["half"]), "group 'b' has 0 answers to 'half'"),
        (lambda: compare_groups(GOOD, "group", ["single"]), "group 'b' has 1 answers to 'single'"),
        (
            lambda: compare_groups(GOOD, "group", ["single"], method="rank"),
            "group 'b' has 1 answers to 'single'",
        ),
        (
            lambda: compare_groups(GOOD, "group", ["half"], method="chi_square"),
            "group 'b' has 0 answers to 'half'",
        ),
        (lambda: compare_groups(GOOD, "group", ["same"]), "same answer to 'same'"),
        (lambda: compare_groups(GOOD, "group", ["same"], method="rank"), "same answer to 'same'"),
        (
            lambda: compare_groups(GOOD, "group", ["same"], method="chi_square"),
            "same answer to 'same'",
        ),
        (lambda: compare_groups(GOOD, "group", ["apart"]), "'apart'.*same within 'a', 'b'"),
        (lambda: compare_groups(THREE, "group", ["pay"]), "'pay'.*same within 'c'"),
        (lambda: compare_groups(GOOD, "group", ["mixed"]), "'mixed', row 1: '2' is not a number"),
        (
            lambda: compare_groups(GOOD, "group", ["word"], method="welch"),
            "'word', row 0: 'x' is not a number",
        ),
        (
            lambda: compare_groups(GOOD, "group", ["word"], method="rank"),
            "'word', row 0: 'x' is not a number",
        ),
        (lambda: compare_groups(GOOD, "group", ["pay"], method="t"), "`method`.*'welch'.*got 't'"),
        (lambda: compare_groups(GOOD, "group", ["pay"], correction="x"), "`correction`.*'holm'"),
        (lambda: compare_groups(GOOD, "group", ["pay"], confidence=1), "`confidence`.*got 1"),
        (
            lambda: compare_groups(GOOD, "group", ["pay"], weights="w", method="rank"),
            "'pay' is compared by ranks.*weights",
        ),
        (
            lambda: compare_groups(GOOD, "group", ["pay", "word"], weights="w"),
            "'word' is compared by the chi-square test.*counts of people",
        ),
        (lambda: compare_groups(GOOD, "group", ["pay"], weights=[1, -1, 1, 1]), "row 1 is -1"),
        (lambda: compare_groups(GOOD, "group", ["pay"], weights=[1, 1, 1]), "3 weights for 4"),
        (lambda: compare_groups(GOOD, "group", ["pay"], weights=[0, 0, 0, 0]), "used are 0"),
        (
            lambda: compare_groups(GOOD, "group", ["pay"], weights=[1, 1, 1, 0]),
            r"group 'b' has 1 answers to 'pay' \(with weights",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call, part):
    with pytest.raises(ValueError, match=part):
        call()


def test_refusals_speak_chinese():
    text.set_language("zh-Hant")
    with pytest.raises(ValueError, match="'group' 欄的 'b' 組對 'half' 有 0 筆回答"):
        compare_groups(GOOD, "group", ["half"])
