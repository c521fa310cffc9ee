"""ICC, links of branches and internal service by closed forms, pingouin, statsmodels, scipy, loops."""

import numpy as np
import pandas as pd
import pingouin
import pytest
import statsmodels.formula.api as smf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import f as f_distribution
from scipy.stats import pearsonr
from statsmodels.stats.anova import anova_lm

from csqm import text
from csqm.linkage import branch_link, icc1, icc2, indirect_effect, internal_service

quick = settings(deadline=None, max_examples=25)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


@st.composite
def members(draw):
    """Groups of unequal size, with ties and blanks."""
    seed = draw(st.integers(0, 10**6))
    random = np.random.default_rng(seed)
    sizes = draw(st.lists(st.integers(1, 8), min_size=2, max_size=8))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    shift = draw(st.sampled_from([0.0, 1.0])) * random.normal(size=len(sizes))
    score = np.clip(np.round(3 + shift[groups] + random.normal(size=len(groups))), 1, 5)
    data = pd.DataFrame({"branch": groups.astype(str), "score": score})
    data.loc[random.random(len(data)) < 0.1, "score"] = np.nan
    return data.sample(frac=1, random_state=seed)


# ---- ICC -----------------------------------------------------------------------------------------


def test_icc1_of_two_groups_in_closed_form():
    # Means 2 and 4, within variance 1, k = 3: MSB = 3 * 2 = 6, MSW = 1.
    staff = pd.DataFrame({"branch": list("aaabbb"), "score": [1, 2, 3, 3, 4, 5]})
    found = icc1(staff, "branch", "score")
    assert found.value == pytest.approx((6 - 1) / (6 + 2 * 1))
    assert icc2(staff, "branch", "score").value == pytest.approx(5 / 6)
    q = f_distribution.ppf([0.975, 0.025], 1, 4)
    assert (found.low, found.high) == pytest.approx(tuple((6 / q - 1) / (6 / q + 2)))
    assert (found.n, found.missing, found.effective_n) == (6, 0, 6.0)


def test_icc1_of_two_unequal_groups_in_closed_form():
    # Sizes 2 and 4, k0 = 6 - 20 / 6 = 8 / 3; means 1 and 4, grand mean 3: MSB = 2 * 4 + 4 * 1 = 12;
    # squares within: 2 + 10, on 4 degrees of freedom: MSW = 3.
    staff = pd.DataFrame({"branch": list("aabbbb"), "score": [0, 2, 2, 3, 5, 6]})
    assert icc1(staff, "branch", "score").value == pytest.approx(9 / (12 + (8 / 3 - 1) * 3))


def test_icc1_can_be_negative():
    staff = pd.DataFrame({"branch": list("aabb"), "score": [1, 5, 1, 5]})
    found = icc1(staff, "branch", "score")
    assert found.value == pytest.approx(-1)  # -1 / (k - 1) is the least
    assert found.low == pytest.approx(-1)


def test_icc1_of_perfect_agreement_is_one():
    staff = pd.DataFrame({"branch": list("aabb"), "score": [1, 1, 5, 5]})
    assert icc1(staff, "branch", "score")[:3] == (1.0, 1.0, 1.0)


@quick
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 8))
def test_icc_of_equal_groups_is_that_of_pingouin(seed, k, groups):
    random = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "branch": np.repeat(np.arange(groups), k),
            "member": np.tile(np.arange(k), groups),
            "score": random.normal(size=groups * k) + np.repeat(random.normal(size=groups), k),
        }
    )
    if groups < 5:
        data["branch"] *= 10  # the names do not matter
    assume(groups * k >= 5)
    oracle = pingouin.intraclass_corr(data, "branch", "member", "score").set_index("Type")
    interval = "CI95%" if "CI95%" in oracle else "CI95"
    types = list(oracle.index)
    for found, kind in (
        (icc1(data, "branch", "score"), types[0]),
        (icc2(data, "branch", "score"), types[3]),
    ):
        assert found.value == pytest.approx(oracle.loc[kind, "ICC"], abs=1e-8)
        assert [found.low, found.high] == pytest.approx(
            list(oracle.loc[kind, interval]), abs=0.0051
        )


@quick
@given(members())
def test_icc_of_unequal_groups_by_an_analysis_of_variance(data):
    answered = data.dropna()
    sizes = answered["branch"].value_counts()
    assume(len(sizes) > 1 and len(answered) > len(sizes) and answered["score"].nunique() > 1)
    table = anova_lm(smf.ols("score ~ branch", answered).fit())
    between, within = table["mean_sq"]
    n, g = len(answered), len(sizes)
    k0 = (n - sum(size**2 for size in sizes) / n) / (g - 1)
    found = icc1(data, "branch", "score", scale=(1, 5))
    assert found.value == pytest.approx(
        (between - within) / (between + (k0 - 1) * within), abs=1e-9
    )
    assert (found.n, found.missing) == (n, len(data) - n)
    assert found.low <= found.value + 1e-12 and found.value <= found.high + 1e-12
    if between > 1e-9:
        assert icc2(data, "branch", "score").value == pytest.approx(1 - within / between, rel=1e-6)


def test_the_interval_of_icc1_holds_what_it_says():
    random = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        values = np.sqrt(0.2) * random.normal(size=(15, 1)) + np.sqrt(0.8) * random.normal(
            size=(15, 6)
        )
        data = pd.DataFrame({"branch": np.repeat(np.arange(15), 6), "score": values.ravel()})
        found = icc1(data, "branch", "score", confidence=0.9)
        hits += found.low <= 0.2 <= found.high
    assert hits / 300 == pytest.approx(0.9, abs=0.05)


def test_rows_without_group_or_answer_are_counted():
    staff = pd.DataFrame(
        {"branch": ["a", "a", "b", "b", None, "b", "c"], "score": [1, 2, 4, 5, 3, 9, np.nan]}
    )
    found = icc1(staff, "branch", "score", scale=(1, 5), missing=(9,))
    assert found == icc1(staff[:4], "branch", "score")._replace(missing=3)


# ---- the link of branches ------------------------------------------------------------------------


def two_sides(seed, branches=12):
    random = np.random.default_rng(seed)
    level = random.normal(size=branches)
    sides = []
    for mean_size in (4, 9):
        size = random.poisson(mean_size, branches)
        branch = np.repeat([f"b{j:02}" for j in range(branches)], size)
        score = np.round(3 + np.repeat(level, size) + random.normal(size=size.sum()))
        score = np.where(random.random(len(score)) < 0.1, np.nan, np.clip(score, 1, 5))
        sides.append(pd.DataFrame({"branch": branch, "score": score}))
    return sides


@quick
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_branch_link_is_pearson_of_branch_means(seed, min_n):
    staff, riders = two_sides(seed)
    means = []
    for side in (staff, riders):
        groups = {
            name: [score for score in part["score"] if score == score]
            for name, part in side.groupby("branch")
        }
        means.append({name: np.mean(s) for name, s in groups.items() if len(s) >= min_n})
    both = sorted(set(means[0]) & set(means[1]))
    assume(len(both) >= 4)
    x, y = ([side[name] for name in both] for side in means)
    assume(np.ptp(x) > 1e-9 and np.ptp(y) > 1e-9)
    estimate, table = branch_link(staff, riders, "branch", "score", "score", min_n=min_n)
    oracle = pearsonr(x, y)
    assert estimate.value == pytest.approx(oracle.statistic, abs=1e-9)
    assert estimate[1:3] == pytest.approx(tuple(oracle.confidence_interval(0.95)), abs=1e-9)
    everywhere = sorted(set(staff["branch"]) | set(riders["branch"]))
    assert table["branch"].tolist() == everywhere
    assert (estimate.n, estimate.missing) == (len(both), len(everywhere) - len(both))
    assert table.loc[table["used"], "branch"].tolist() == both
    assert ((table["note"] == "") == table["used"]).all()


def test_fisher_interval_of_forty_branches():
    # Forty branches with r = 0.5 exactly: tanh(0.549306 -+ 1.959964 / sqrt 37).
    random = np.random.default_rng(0)
    x, e = np.linalg.qr(np.c_[np.ones(40), random.normal(size=(40, 2))])[0][:, 1:].T
    staff = pd.DataFrame({"branch": range(40), "score": x})
    riders = pd.DataFrame({"branch": range(40), "score": 0.5 * x + np.sqrt(0.75) * e})
    estimate = branch_link(staff, riders, "branch", "score", "score").estimate
    assert estimate[:3] == pytest.approx((0.5, 0.22327, 0.70215), abs=1e-5)


def test_branches_of_one_side_stay_in_the_table():
    staff = pd.DataFrame({"branch": list("aabbccddef"), "pay": [1, 3, 3, 4, 2, 2, 5, 4, 3, 9]})
    riders = pd.DataFrame({"branch": list("abcdfgg"), "overall": [2, 3, 3, 5, 4, 1, np.nan]})
    estimate, table = branch_link(
        staff, riders, "branch", "pay", "overall", scale=(1, 5), missing=(9,)
    )
    table = table.set_index("branch")
    assert list(table.index) == list("abcdefg")
    assert (estimate.n, estimate.missing) == (4, 3)
    assert np.isnan(table.loc["e", "customer_mean"]) and table.loc["e", "customer_n"] == 0
    assert table.loc["e", "note"] == "no customers answered"
    assert table.loc["f", "note"] == table.loc["g", "note"] == "no employees answered"
    assert table.loc["g", ["employee_n", "customer_n", "customer_mean"]].tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match="Only 0 branches have at least 2 answers"):
        branch_link(staff, riders, "branch", "pay", "overall", min_n=2, missing=(9,))


@pytest.mark.parametrize("seed", range(3))
def test_weights_enter_the_branch_means(seed):
    staff, riders = two_sides(seed)
    times = np.random.default_rng(seed).integers(0, 4, len(riders))
    options = ("branch", "score", "score")
    weighted = branch_link(staff, riders, *options, customer_weights=times)
    repeated = branch_link(staff, riders.loc[riders.index.repeat(times)], *options)
    both = weighted.branches.merge(repeated.branches, on="branch", how="left")
    np.testing.assert_allclose(both["customer_mean_x"], both["customer_mean_y"], atol=1e-12)
    assert weighted.estimate.value == pytest.approx(repeated.estimate.value)
    ones = branch_link(staff, riders, *options, employee_weights=np.ones(len(staff)))
    plain = branch_link(staff, riders, *options)
    assert ones.estimate == pytest.approx(plain.estimate)
    pd.testing.assert_frame_equal(ones.branches, plain.branches)


def test_branches_of_a_category_that_nobody_is_in_are_not_made_up():
    staff, riders = two_sides(1)
    for side in (staff, riders):
        side["branch"] = side["branch"].astype(pd.CategoricalDtype([f"b{j:02}" for j in range(50)]))
    assert len(branch_link(staff, riders, "branch", "score", "score").branches) <= 12


# ---- by way of a mediator ------------------------------------------------------------------------


def chain(seed, n=40):
    random = np.random.default_rng(seed)
    other = random.integers(0, 2, n)
    support = random.normal(size=n)
    staff = 0.5 * support + 0.8 * other + random.normal(size=n)
    riders = 0.4 * staff + 0.6 * other + random.normal(size=n)
    table = {"support": support, "staff": staff, "riders": riders, "other": other}
    return pd.DataFrame(table)


@pytest.mark.parametrize("controls", [[], ["other"]])
def test_indirect_effect_is_the_product_of_two_regressions(controls):
    data = chain(1)
    more = "".join(f" + {name}" for name in controls)
    first = smf.ols(f"staff ~ support{more}", data).fit().params
    second = smf.ols(f"riders ~ staff + support{more}", data).fit().params
    found = indirect_effect(data, "support", "staff", "riders", controls=controls)
    assert found.a == pytest.approx(first["support"])
    assert found.b == pytest.approx(second["staff"])
    assert found.direct == pytest.approx(second["support"])
    assert found.estimate.value == pytest.approx(first["support"] * second["staff"])
    assert found.estimate.low < found.estimate.value < found.estimate.high


def test_bootstrap_interval_of_the_indirect_effect_by_a_loop():
    data = chain(2)
    rows = np.random.default_rng(7).integers(len(data), size=(200, len(data)))
    products = []
    for row in rows:
        part = data.iloc[row]
        first = smf.ols("staff ~ support", part).fit().params
        second = smf.ols("riders ~ staff + support", part).fit().params
        products.append(first["support"] * second["staff"])
    found = indirect_effect(data, "support", "staff", "riders", bootstrap=200, seed=7)
    assert found.estimate[1:3] == pytest.approx(tuple(np.quantile(products, [0.025, 0.975])))


def test_the_interval_of_the_indirect_effect_holds_what_it_says():
    hits = [
        low <= 0.2 <= high
        for low, high in (
            indirect_effect(
                chain(seed, 60),
                "support",
                "staff",
                "riders",
                controls=["other"],
                bootstrap=400,
                confidence=0.9,
            ).estimate[1:3]
            for seed in range(200)
        )
    ]
    assert np.mean(hits) == pytest.approx(0.9, abs=0.06)


def test_rows_with_a_blank_stay_out_of_the_indirect_effect():
    data = chain(3)
    holed = pd.concat([data, data[:2].assign(riders=np.nan), data[:1].assign(staff=99)])
    found = indirect_effect(holed, "support", "staff", "riders", missing=(99,))
    assert found.estimate == indirect_effect(data, "support", "staff", "riders").estimate._replace(
        missing=3
    )


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (chain(1), {"bootstrap": 50}, "at least 100 resamples"),
        (chain(1), {"controls": ["staff"]}, "'staff'"),
        (chain(1).assign(staff=lambda table: 2 * table["support"]), {}, "'support'"),
        (chain(1).assign(riders=3.0), {}, "'riders'"),
        (chain(1)[:3], {}, "3"),
        (chain(1), {"confidence": 95}, "`confidence` must lie"),
    ],
)
def test_bad_chains_are_refused_by_name(data, options, message):
    with pytest.raises(ValueError, match=message):
        indirect_effect(data, "support", "staff", "riders", **options)


# ---- internal service ----------------------------------------------------------------------------


def marks(*pairs):
    """Ratings as (customer, provider, ratings)."""
    rows = [(by, of, mark) for by, of, given in pairs for mark in given]
    return pd.DataFrame(rows, columns=["by", "of", "mark"])


def test_every_internal_customer_counts_once():
    # b is rated 4 by a crowd and 1 by a small unit: 2.5, and not 3.5.
    found = internal_service(
        marks(("a", "b", [4] * 10), ("c", "b", [1, 1]), ("a", "c", [3, 3]), ("b", "a", [4, 2])),
        "by",
        "of",
        "mark",
        min_n=2,
    )
    assert found.weakest == "b"
    assert found.providers.set_index("provider")["mean"].to_dict() == {"b": 2.5, "a": 3, "c": 3}
    assert found.providers["n"].tolist() == [12, 2, 2]
    assert found.matrix.loc["c", "b"] == 1 and np.isnan(found.matrix.loc["b", "c"])


def test_interval_of_a_provider_in_closed_form():
    # Cells of (1, 3) and (4, 4, 4, 5): variances 2 and 0.25; SE = sqrt(2 / 2 + 0.25 / 4) / 2.
    found = internal_service(
        marks(("a", "b", [1, 3]), ("c", "b", [4, 4, 4, 5])), "by", "of", "mark", min_n=2
    )
    row = found.providers.iloc[0]
    assert (row["mean"], row["customers"], row["n"]) == (3.125, 2, 6)
    half = 1.959963985 * np.sqrt(1 + 0.0625) / 2
    assert (row["low"], row["high"]) == pytest.approx((3.125 - half, 3.125 + half))


def test_self_praise_small_groups_and_missing_codes_stay_out():
    found = internal_service(
        marks(
            ("a", "a", [1] * 5),
            ("a", "b", [4, 3, 9, 9, 4]),
            ("c", "b", [1]),
            ("b", "a", [4, 5]),
            ("b", "c", [1, 9, np.nan]),
        ),
        "by",
        "of",
        "mark",
        min_n=2,
        scale=(1, 5),
        missing=(9,),
    )
    assert found.weakest == "b"
    assert found.providers["provider"].tolist() == ["b", "a", "c"]
    assert found.providers["n"].tolist() == [3, 2, 0]
    assert np.isnan(found.providers["mean"].iloc[-1])
    assert np.isnan(np.diag(found.matrix)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_n": 1}, "`min_n` must be"),
        ({"min_n": 3}, "No pair of units has at least 3"),
        ({"scale": (1, 3)}, "code 4 is not on the scale"),
        ({"confidence": 0}, "`confidence` must lie"),
    ],
)
def test_bad_ratings_are_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        internal_service(marks(("a", "b", [4, 2])), "by", "of", "mark", **{"min_n": 2} | options)


# ---- what is refused -----------------------------------------------------------------------------

STAFF, RIDERS = two_sides(0)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (STAFF.assign(branch="a"), {}, "'branch' has 1 groups with an answer"),
        (STAFF.assign(score=np.nan), {}, "'branch' has 0 groups"),
        (STAFF.drop_duplicates("branch").dropna(), {}, "Every group of 'branch' has one answer"),
        (STAFF.assign(score=3), {}, "All answers to 'score' are 3"),
        (STAFF.assign(score="x"), {}, "'score', row 0: 'x' is not a number"),
        (STAFF.assign(score=7), {"scale": (1, 5)}, "code 7"),
        (STAFF.rename(columns={"branch": "b"}), {}, "no column 'branch'"),
        (STAFF[:0], {}, "no rows"),
        (STAFF, {"confidence": 95}, "`confidence` must lie"),
    ],
)
@pytest.mark.parametrize("method", [icc1, icc2])
def test_bad_input_is_refused_by_name(method, data, options, message):
    with pytest.raises(ValueError, match=message):
        method(data, "branch", "score", **options)


def test_icc2_of_equal_means_is_refused():
    staff = pd.DataFrame({"branch": list("aabb"), "score": [1, 5, 1, 5]})
    with pytest.raises(ValueError, match="same mean of 'score'"):
        icc2(staff, "branch", "score")


@pytest.mark.parametrize(
    ("staff", "riders", "options", "message"),
    [
        (STAFF.assign(branch=None), RIDERS, {}, "'branch' is blank in .* first in row 0"),
        (STAFF, RIDERS.replace({"branch": {"b03": None}}), {}, "'branch' is blank in"),
        (STAFF[:3], RIDERS, {}, "at least 4 are needed"),
        (STAFF, RIDERS.assign(branch="x" + RIDERS["branch"]), {}, "write branches alike"),
        (STAFF, RIDERS.assign(branch=np.arange(len(RIDERS))), {}, "write branches alike"),
        (STAFF.assign(score=4), RIDERS, {}, "means of 'score' are equal in all"),
        (STAFF, RIDERS.assign(score="x"), {}, "'x' is not a number"),
        (STAFF, RIDERS, {"min_n": 0}, "`min_n` must be"),
        (STAFF, RIDERS, {"scale": (1, 4)}, "code 5 is not on the scale"),
        (STAFF, RIDERS, {"customer_weights": [1.0]}, "1 weights for"),
        (STAFF, RIDERS, {"confidence": 0}, "`confidence` must lie"),
        (STAFF["score"], RIDERS, {}, "must be a DataFrame"),
    ],
)
def test_bad_sides_are_refused_by_name(staff, riders, options, message):
    with pytest.raises(ValueError, match=message):
        branch_link(staff, riders, "branch", "score", "score", **options)
