"""Reliability and factors against published values, other libraries and plain definitions."""

import warnings

import numpy as np
import pandas as pd
import pingouin
import pytest
import semopy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from semopy.examples import holzinger39
from sklearn.decomposition import FactorAnalysis
from statsmodels.multivariate.factor import Factor

from csqm import reliability, text
from csqm.moments import correlation_interval, covariance, listwise_moments
from csqm.reliability import (
    bartlett_sphericity,
    cronbach_alpha,
    factor_loadings,
    item_total_correlations,
    kmo,
    mcdonald_omega,
    parallel_analysis,
)

HS39 = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
NINE = sum(HS39.values(), [])
quick = settings(deadline=None, max_examples=25)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


@pytest.fixture(scope="module")
def hs39():
    return holzinger39.get_data()


def one_factor(seed, n=60, k=4, blank=0.0, noise=1.0):
    """Answers 1 to 5 with one common factor, and some blanks."""
    random = np.random.default_rng(seed)
    values = 3 + random.normal(size=(n, 1)) + noise * random.normal(size=(n, k))
    answers = pd.DataFrame(np.clip(np.round(values), 1, 5), columns=[f"q{j}" for j in range(k)])
    return answers.mask(random.random((n, k)) < blank)


@st.composite
def surveys(draw, least_items=2):
    """Small surveys with ties, blanks, weak and strong scales; no constant item."""
    k = draw(st.integers(least_items, 6))
    answers = one_factor(
        draw(st.integers(0, 10**6)),
        n=draw(st.integers(k + 4, 60)),
        k=k,
        blank=draw(st.sampled_from([0, 0, 0.1])),
        noise=draw(st.sampled_from([0.5, 1.0, 3.0])),
    )
    complete = answers.dropna()
    assume(len(complete) > k + 2 and (complete.nunique() > 1).all())
    return answers


def others(scale):
    return [items for name, items in HS39.items() if name != scale]


# ---- alpha ---------------------------------------------------------------------------------------


@quick
@given(surveys())
def test_alpha_is_that_of_pingouin(answers):
    complete = answers.dropna()
    assume(complete.sum(axis=1).nunique() > 1)
    found = cronbach_alpha(answers, list(answers), scale=(1, 5))
    value, interval = pingouin.cronbach_alpha(complete)
    assert found.value == pytest.approx(value, abs=1e-10)
    assert [found.low, found.high] == pytest.approx(interval, abs=2e-3)  # it rounds
    assert (found.n, found.missing) == (len(complete), len(answers) - len(complete))


@quick
@given(surveys())
def test_standardised_alpha_is_raw_alpha_of_standardised_items(answers):
    complete = answers.dropna()
    z = (complete - complete.mean()) / complete.std()
    assume(z.sum(axis=1).std() > 1e-6)
    found = cronbach_alpha(answers, list(answers), standardised=True).value
    assert found == pytest.approx(cronbach_alpha(z, list(z)).value, abs=1e-9)
    k = len(z.columns)
    r = z.corr().to_numpy()[np.triu_indices(k, 1)].mean()
    assert found == pytest.approx(k * r / (1 + (k - 1) * r), abs=1e-9)


def test_alpha_by_hand():
    # Variances 1 and 4, sum with variance 9: 2 (1 - 5 / 9).
    answers = pd.DataFrame({"a": [1, 2, 3], "b": [2, 4, 6]})
    assert cronbach_alpha(answers, ["a", "b"]).value == pytest.approx(8 / 9)
    # Items against each other give a negative alpha, not an error.
    answers = pd.DataFrame({"a": [1, 2, 3], "b": [6, 4, 2]})
    assert cronbach_alpha(answers, ["a", "b"]).value == pytest.approx(2 * (1 - 5 / 1))


def test_alpha_of_the_nine_ability_tests(hs39):
    value, interval = pingouin.cronbach_alpha(hs39[NINE])
    found = cronbach_alpha(hs39, NINE)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.value == pytest.approx(0.7605, abs=5e-5)  # psych::alpha prints 0.76


def test_missing_codes_count_as_no_answer():
    answers = one_factor(1)
    coded = answers.copy()
    coded.iloc[3, 1] = 9
    coded.iloc[5, 0] = np.nan
    found = cronbach_alpha(coded, list(coded), scale=(1, 5), missing=(9,))
    kept = answers.drop(index=[3, 5])
    assert found.value == pytest.approx(cronbach_alpha(kept, list(kept)).value)
    assert (found.n, found.missing) == (58, 2)
    assert found == cronbach_alpha(coded, list(coded), missing=(9,))


# ---- weights -------------------------------------------------------------------------------------

METHODS = {
    "alpha": lambda *a, **k: cronbach_alpha(*a, **k).value,
    "alpha standardised": lambda *a, **k: cronbach_alpha(*a, standardised=True, **k).value,
    "omega": lambda *a, **k: mcdonald_omega(*a, **k).value,
    "item_total": lambda *a, **k: item_total_correlations(*a, **k)[
        ["mean", "item_total_r", "alpha_if_deleted"]
    ],
    "kmo": lambda *a, **k: kmo(*a, **k).per_item["kmo"],
    "factors": lambda *a, **k: factor_loadings(*a, 1, **k)[["factor_1", "uniqueness"]],
    "eigenvalues": lambda *a, **k: parallel_analysis(*a, draws=20, **k)["eigenvalue"],
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(3))
def test_integer_weights_equal_repeated_rows(method, seed):
    answers = one_factor(seed, n=80, blank=0.03)
    times = np.random.default_rng(seed).integers(0, 4, len(answers))
    answers["w"] = times
    repeated = answers.loc[answers.index.repeat(times)]
    items = ["q0", "q1", "q2", "q3"]
    weighted = METHODS[method](answers, items, weights="w")
    np.testing.assert_allclose(weighted, METHODS[method](repeated, items), atol=1e-7)
    # Only the ratio of the weights matters.
    np.testing.assert_allclose(
        weighted, METHODS[method](answers, items, weights=times / 7), atol=1e-7
    )


@pytest.mark.parametrize(
    "method",
    [cronbach_alpha, mcdonald_omega, item_total_correlations, bartlett_sphericity],
)
def test_weights_of_one_change_nothing(method):
    answers = one_factor(4, blank=0.03)
    plain = method(answers, list(answers))
    ones = method(answers, list(answers), weights=np.ones(len(answers)))
    if isinstance(plain, pd.DataFrame):
        pd.testing.assert_frame_equal(plain, ones)
    else:
        assert plain == pytest.approx(ones)


def test_intervals_rest_on_the_effective_number():
    answers = one_factor(4, n=100)
    weights = np.r_[np.full(50, 9.0), np.full(50, 1.0)]
    effective = 500**2 / (50 * 82)
    found = cronbach_alpha(answers, list(answers), weights=weights)
    assert (found.n, found.effective_n) == (100, pytest.approx(effective))
    assert found.low == pytest.approx(
        reliability._feldt_interval(found.value, 4, effective, 0.95)[0]
    )
    plain = cronbach_alpha(answers, list(answers))
    assert found.high - found.low > plain.high - plain.low
    test = bartlett_sphericity(answers, list(answers), weights=weights)
    log_det = np.linalg.slogdet(
        listwise_moments(answers, list(answers), weights=weights).correlation
    )
    assert test.statistic == pytest.approx(-(effective - 1 - 13 / 6) * log_det[1])


def test_one_respondent_with_all_the_weight_is_no_sample():
    answers = one_factor(4)
    weights = np.r_[1.0, np.full(len(answers) - 1, 1e-9)]
    with pytest.raises(ValueError, match="effective number of 1 of 60"):
        cronbach_alpha(answers, list(answers), weights=weights)


# ---- omega ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "published"), [("visual", 0.6253), ("textual", 0.8852), ("speed", 0.6878)]
)
def test_omega_published_for_holzinger_and_swineford(hs39, scale, published):
    """semTools::reliability of the three-factor model of HolzingerSwineford1939."""
    found = mcdonald_omega(hs39, HS39[scale], beside=others(scale))
    assert found.value == pytest.approx(published, abs=3e-4)
    assert found.low < published < found.high


def test_misfit_published_for_holzinger_and_swineford(hs39):
    """lavaan's chi-square, 85.306, is n times the misfit."""
    model = reliability._Simple(hs39[NINE].corr().to_numpy(), np.repeat([0, 1, 2], 3))
    misfit, slope = model.misfit(model.fit())
    assert 301 * misfit == pytest.approx(85.306, abs=6e-4)
    assert np.abs(slope).max() < 1e-8


@pytest.mark.parametrize("scale", HS39)
def test_omega_alone_in_closed_form(hs39, scale):
    # Three items and one factor: the loadings reproduce the covariances exactly.
    s = hs39[HS39[scale]].cov().to_numpy()
    loadings = np.sqrt(
        [s[0, 1] * s[0, 2] / s[1, 2], s[0, 1] * s[1, 2] / s[0, 2], s[0, 2] * s[1, 2] / s[0, 1]]
    )
    alone = mcdonald_omega(hs39, HS39[scale]).value
    assert alone == pytest.approx(loadings.sum() ** 2 / s.sum(), abs=1e-9)
    # It is not the value that the joint model gives: the docstring warns of it.
    assert abs(alone - mcdonald_omega(hs39, HS39[scale], beside=others(scale)).value) > 5e-4


def test_omega_of_a_joint_model_is_that_of_semopy(hs39):
    model = semopy.Model("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6")
    model.fit(hs39)
    table = model.inspect().set_index(["lval", "op", "rval"])["Estimate"].astype(float)
    loadings = sum(table[item, "~", "visual"] for item in HS39["visual"])
    common = loadings**2 * table["visual", "~~", "visual"]
    own = sum(table[item, "~~", item] for item in HS39["visual"])
    found = mcdonald_omega(hs39, HS39["visual"], beside=[HS39["textual"]]).value
    assert found == pytest.approx(common / (common + own), abs=1e-4)


@settings(quick, max_examples=12)
@given(st.integers(0, 10**6), st.integers(3, 7), st.booleans())
def test_omega_is_that_of_factor_analysis_in_statsmodels(seed, k, blanks):
    answers = one_factor(seed, n=150, k=k, blank=0.02 * blanks)
    complete = answers.dropna()
    fitted = Factor(endog=complete.to_numpy(), n_factor=1, method="ml").fit()
    loadings = fitted.loadings[:, 0]
    assume((1 - loadings**2).min() > 0.05)
    omega = loadings.sum() ** 2 / (loadings.sum() ** 2 + (1 - loadings**2).sum())
    found = mcdonald_omega(answers, list(answers), standardised=True)
    assert found.value == pytest.approx(omega, abs=2e-4)
    sd = complete.std().to_numpy()
    raw = (loadings * sd).sum() ** 2
    raw /= raw + ((1 - loadings**2) * sd**2).sum()
    assert mcdonald_omega(answers, list(answers)).value == pytest.approx(raw, abs=2e-4)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("standardised", "beside"), [(False, []), (True, []), (False, [["q3", "q4", "q5"]])]
)
def test_the_interval_of_omega_is_as_wide_as_a_bootstrap(standardised, beside):
    random = np.random.default_rng(5)
    common = random.normal(size=(400, 2)) @ np.linalg.cholesky([[1, 0.5], [0.5, 1]]).T
    # Skewed answers: an interval that assumes normal items would be too narrow.
    values = np.exp(0.5 * (np.repeat(common, 3, axis=1) + random.normal(size=(400, 6))))
    answers = pd.DataFrame(values, columns=[f"q{j}" for j in range(6)])

    def omega(sample):
        return mcdonald_omega(sample, ["q0", "q1", "q2"], beside=beside, standardised=standardised)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a resample may be a Heywood case
        values = [
            omega(answers.iloc[random.integers(0, 400, 400)].reset_index(drop=True)).value
            for _ in range(120)
        ]
    found = omega(answers)
    error = np.std(np.log(np.array(values) / (1 - np.array(values))))
    half = np.log(found.high / (1 - found.high)) - np.log(found.value / (1 - found.value))
    assert half / 1.96 == pytest.approx(error, rel=0.25)


def test_the_slopes_of_the_model_are_those_of_its_values():
    answers = one_factor(3, n=200, k=6)
    model = reliability._Simple(answers.corr().to_numpy(), np.repeat([0, 1], 3))
    theta = model.start()
    size = np.linspace(0.5, 2, 6)

    def slope(function):
        step = 1e-6
        shifts = np.eye(len(theta)) * step
        return [(function(theta + s) - function(theta - s)) / (2 * step) for s in shifts]

    np.testing.assert_allclose(
        slope(lambda t: model.misfit(t)[0]), model.misfit(theta)[1], atol=1e-6
    )
    for sizes in (size, None):
        np.testing.assert_allclose(
            slope(lambda t, sizes=sizes: model.omega(t, sizes)[0]),
            model.omega(theta, sizes)[1],
            atol=1e-6,
        )


def test_a_heywood_case_is_named():
    # r12 r13 > r23: the factor would explain more than all of a.
    r = np.array([[1, 0.8, 0.8], [0.8, 1, 0.4], [0.8, 0.4, 1]])
    with pytest.warns(UserWarning, match="Heywood case: the factor explains all of 'a'"):
        found = mcdonald_omega(exactly(r, 200, "abc"), ["a", "b", "c"])
    assert 0 < found.low < found.value < found.high < 1
    table = factor_loadings(exactly(r, 200, "abc"), list("abc"), 1)
    assert table["heywood"].tolist() == [True, False, False]
    assert table["uniqueness"][0] == pytest.approx(0.005)


def exactly(correlation, n, names, seed=0):
    """Data with exactly these correlations."""
    values = np.random.default_rng(seed).normal(size=(n, len(correlation)))
    values -= values.mean(axis=0)
    white = values @ np.linalg.inv(np.linalg.cholesky(np.cov(values.T))).T
    return pd.DataFrame(white @ np.linalg.cholesky(correlation).T, columns=list(names))


def test_omega_equals_alpha_when_all_items_are_alike():
    r = np.full((4, 4), 0.5) + np.eye(4) / 2
    answers = exactly(r, 50, "abcd")
    omega = mcdonald_omega(answers, list("abcd")).value
    assert omega == pytest.approx(cronbach_alpha(answers, list("abcd")).value, abs=1e-9)
    assert omega == pytest.approx(4 * 0.5 / 2.5, abs=1e-9)


# ---- item analysis -------------------------------------------------------------------------------


@quick
@given(surveys())
def test_item_total_by_definition(answers):
    complete = answers.dropna()
    table = item_total_correlations(answers, list(answers), scale=(1, 5)).set_index("item")
    assert (table["n"] == len(complete)).all()
    assert (table["n"] + table["missing"] == len(answers)).all()
    for item in answers:
        rest = complete.drop(columns=item)
        row = table.loc[item]
        assert row["unanswered"] == answers[item].isna().sum()
        assert row["mean"] == pytest.approx(complete[item].mean())
        assert row["sd"] == pytest.approx(complete[item].std())
        total = rest.sum(axis=1)
        if total.nunique() == 1:
            assert np.isnan(row["item_total_r"]) and "constant sum" in row["note"]
            continue
        expected = np.corrcoef(complete[item], total)[0, 1]
        assert row["item_total_r"] == pytest.approx(expected, abs=1e-9)
        if len(rest.columns) == 1:
            assert np.isnan(row["alpha_if_deleted"]) and "one item left" in row["note"]
        else:
            expected = pingouin.cronbach_alpha(rest)[0]
            assert row["alpha_if_deleted"] == pytest.approx(expected, abs=1e-9)
            assert row["note"] == ""


# ---- factorability -------------------------------------------------------------------------------


@quick
@given(surveys())
def test_kmo_by_regressions(answers):
    complete = answers.dropna().to_numpy()
    k = complete.shape[1]
    assume(np.linalg.eigvalsh(np.corrcoef(complete.T))[0] > 1e-6)
    squares = np.zeros((2, k, k))
    for i in range(k):
        for j in range(k):
            if i != j:
                pair = complete[:, [i, j]]
                rest = np.delete(complete, [i, j], axis=1)
                rest = np.c_[np.ones(len(rest)), rest]
                residual = pair - rest @ np.linalg.lstsq(rest, pair, rcond=None)[0]
                squares[0, i, j] = np.corrcoef(pair.T)[0, 1] ** 2
                squares[1, i, j] = np.corrcoef(residual.T)[0, 1] ** 2
    if squares.sum(axis=(0, 2)).min() < 1e-24:
        with pytest.raises(ValueError, match="uncorrelated"):
            kmo(answers, list(answers))
        return
    found = kmo(answers, list(answers))
    assert found.overall == pytest.approx(squares[0].sum() / squares.sum(), abs=1e-6)
    by_item = squares[0].sum(axis=1) / squares.sum(axis=(0, 2))
    np.testing.assert_allclose(found.per_item["kmo"], by_item, atol=1e-6)
    assert found.n == len(complete)


def test_kmo_refuses_an_item_without_any_correlation():
    answers = pd.DataFrame({"a": [1, 1, 3, 3, 2, 5], "b": [2, 1, 3, 4, 2, 5]})
    twice = pd.concat([answers, answers], ignore_index=True).assign(c=[1] * 6 + [4] * 6)
    with pytest.raises(ValueError, match="'c' is uncorrelated"):
        kmo(twice, ["a", "b", "c"])


def test_kmo_of_two_items_is_one_half():
    assert kmo(one_factor(1, k=2), ["q0", "q1"]).overall == pytest.approx(0.5)


@quick
@given(surveys())
def test_bartlett_by_formula(answers):
    complete = answers.dropna()
    determinant = np.linalg.det(complete.corr())
    assume(determinant > 1e-9)
    test = bartlett_sphericity(answers, list(answers))
    n, p = complete.shape
    assert test.statistic == pytest.approx(-(n - 1 - (2 * p + 5) / 6) * np.log(determinant))
    assert test.df == p * (p - 1) / 2
    assert test.p == pytest.approx(chi2.sf(test.statistic, test.df), abs=1e-12)


def test_bartlett_holds_its_level():
    random = np.random.default_rng(0)
    p = [
        bartlett_sphericity(pd.DataFrame(random.normal(size=(30, 4))), range(4)).p
        for _ in range(600)
    ]
    assert np.mean(np.array(p) < 0.1) == pytest.approx(0.1, abs=0.04)


# ---- number of factors ---------------------------------------------------------------------------


def test_random_eigenvalues_are_those_of_random_respondents():
    random = np.random.default_rng(1)
    plain = [
        np.linalg.eigvalsh(np.corrcoef(random.normal(size=(50, 6)).T))[::-1] for _ in range(4000)
    ]
    drawn = reliability._random_eigenvalues(6, 50, 4000, 2)
    np.testing.assert_allclose(drawn.mean(axis=0), np.mean(plain, axis=0), atol=0.01)
    np.testing.assert_allclose(
        np.quantile(drawn, 0.95, axis=0), np.quantile(plain, 0.95, axis=0), atol=0.03
    )


def test_parallel_analysis_finds_the_three_abilities(hs39):
    table = parallel_analysis(hs39, NINE)
    assert table["keep"].sum() == 3
    np.testing.assert_allclose(
        table["eigenvalue"], np.linalg.eigvalsh(hs39[NINE].corr())[::-1], atol=1e-12
    )
    assert (table["random_quantile"] > table["random_mean"]).all()
    pd.testing.assert_frame_equal(table, parallel_analysis(hs39, NINE))
    assert not table.equals(parallel_analysis(hs39, NINE, seed=1))


def test_parallel_analysis_keeps_nothing_of_noise_and_no_late_comers():
    random = np.random.default_rng(3)
    noise = pd.DataFrame(random.normal(size=(300, 8)))
    keep = parallel_analysis(noise, range(8))["keep"]
    assert not keep.any()
    one = noise.add(random.normal(size=300), axis=0)
    keep = parallel_analysis(one, range(8))["keep"]
    assert keep.tolist() == [True] + [False] * 7


def test_parallel_analysis_asks_more_of_weighted_data(hs39):
    weights = np.where(np.arange(301) % 4 == 0, 10.0, 1.0)
    plain, weighted = parallel_analysis(hs39, NINE), parallel_analysis(hs39, NINE, weights=weights)
    assert weighted["random_quantile"][0] > plain["random_quantile"][0] + 0.05


# ---- loadings ------------------------------------------------------------------------------------


def same_factors(found, expected, tolerance):
    """Compare loadings, whatever the order and sign of the factors."""
    match = np.argmax(np.abs(found.T @ expected), axis=1)
    expected = expected[:, match]
    expected = expected * np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found, expected, atol=tolerance)


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("rotation", ["varimax", None])
def test_loadings_are_those_of_scikit_learn(hs39, m, rotation):
    z = (hs39[NINE] - hs39[NINE].mean()) / hs39[NINE].std(ddof=0)
    oracle = FactorAnalysis(m, rotation=rotation, tol=1e-12, max_iter=20000, svd_method="lapack")
    oracle.fit(z)
    table = factor_loadings(hs39, NINE, m, rotation=rotation, normalise=False)
    found = table.filter(like="factor_").to_numpy()
    same_factors(found, oracle.components_.T, 2e-4)
    np.testing.assert_allclose(table["uniqueness"], oracle.noise_variance_, atol=2e-4)
    np.testing.assert_allclose(table["communality"], (found**2).sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(table["communality"] + table["uniqueness"], 1, atol=1e-5)
    assert not table["heywood"].any()


def test_loadings_are_those_of_statsmodels(hs39):
    fitted = Factor(endog=hs39[NINE].to_numpy(), n_factor=3, method="ml").fit()
    table = factor_loadings(hs39, NINE, 3, rotation=None)
    same_factors(table.filter(like="factor_").to_numpy(), fitted.loadings, 1e-3)


def criterion(loadings):
    length = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    return ((loadings / length) ** 2).var(axis=0).sum()


@settings(quick, max_examples=8)
@given(st.integers(0, 10**6))
def test_no_other_rotation_of_two_factors_beats_varimax(seed):
    random = np.random.default_rng(seed)
    values = random.normal(size=(200, 2)) @ random.normal(size=(2, 7)) + random.normal(
        size=(200, 7)
    )
    answers = pd.DataFrame(values, columns=list("abcdefg"))
    plain = factor_loadings(answers, list(answers), 2, rotation=None)
    turned = factor_loadings(answers, list(answers), 2)
    start, found = (t[["factor_1", "factor_2"]].to_numpy() for t in (plain, turned))
    angles = np.linspace(0, np.pi / 2, 500)
    best = max(
        criterion(start @ np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]))
        for a in angles
    )
    assert criterion(found) >= best - 1e-6
    np.testing.assert_allclose(found @ found.T, start @ start.T, atol=1e-9)
    for table in (start, found):
        strength = (table**2).sum(axis=0)
        assert strength[0] >= strength[1] and (table.sum(axis=0) >= 0).all()


# ---- what is refused -----------------------------------------------------------------------------

GOOD = one_factor(0, n=30).astype(float)
ITEMS = list(GOOD)
ALL = [
    cronbach_alpha,
    mcdonald_omega,
    item_total_correlations,
    kmo,
    bartlett_sphericity,
    parallel_analysis,
    lambda *a, **k: factor_loadings(*a, 1, **k),
]


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize(
    ("data", "items", "options", "message"),
    [
        (GOOD.assign(q1=3), ITEMS, {}, "Column 'q1' is constant: all 30 complete rows hold 3"),
        (GOOD.assign(q1=["x"] * 30), ITEMS, {}, "'q1', row 0: 'x' is not a number"),
        (GOOD.assign(q1=GOOD["q1"] > 3), ITEMS, {}, "'q1', row 0"),
        (GOOD.assign(q1=np.inf), ITEMS, {}, "'q1', row 0 is infinite"),
        (GOOD.assign(q1=7.0), ITEMS, {"scale": (1, 5)}, "'q1', row 0: code 7"),
        (GOOD, ITEMS, {"scale": (1, 5), "missing": (5,)}, "`missing` holds 5"),
        (GOOD, ITEMS, {"missing": "9"}, "`missing` must be a list"),
        (GOOD, ITEMS, {"scale": (5, 1)}, "`scale` must be two whole numbers"),
        (GOOD, [*ITEMS, "q9"], {}, "no column 'q9'"),
        (GOOD, [*ITEMS, "q1"], {}, "'q1' occurs twice"),
        (GOOD, ["q0"], {}, "at least"),
        (GOOD, "q0", {}, "list of names; got 'q0'"),
        (GOOD[:0], ITEMS, {}, "no rows"),
        (GOOD[:1], ITEMS, {}, "Only 1 rows are complete"),
        (GOOD.assign(q2=np.nan), ITEMS, {}, "Only 0 rows are complete .30 have"),
        (GOOD.to_numpy(), ITEMS, {}, "`data` must be a DataFrame"),
        (GOOD, ITEMS, {"weights": -np.ones(30)}, "Weight of row 0 is -1"),
        (GOOD, ITEMS, {"weights": np.zeros(30)}, "at least one must be positive"),
        (GOOD, ITEMS, {"weights": np.ones(29)}, "29 weights for 30 rows"),
        (GOOD, ITEMS, {"weights": "w"}, "no column 'w'"),
    ],
)
def test_bad_input_is_refused_by_name(method, data, items, options, message):
    with pytest.raises(ValueError, match="(?i)" + message):
        method(data, items, **options)


@pytest.mark.parametrize("method", [mcdonald_omega, *ALL[3:]])
def test_collinear_items_are_named(method):
    data = GOOD.assign(q3=GOOD["q0"] + 2 * GOOD["q1"])
    with pytest.raises(ValueError, match="follows exactly from the others: 'q0', 'q1', 'q3'"):
        method(data, ITEMS)
    with pytest.raises(ValueError, match="4 complete rows are too few for 4 columns"):
        method(one_factor(5, n=4, noise=3), ITEMS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cronbach_alpha(GOOD, ITEMS, confidence=95), "`confidence` must lie between"),
        (
            lambda: cronbach_alpha(GOOD.assign(q1=6 - GOOD["q0"]), ["q0", "q1"]),
            "sum of the items is constant .'q0', 'q1'",
        ),
        (lambda: mcdonald_omega(GOOD, ["q0", "q1"]), "at least 3 items; got 'q0', 'q1'"),
        (
            lambda: mcdonald_omega(GOOD, ["q0", "q1"], beside=[["q2"]]),
            "at least 2 items; got 'q2'",
        ),
        (lambda: mcdonald_omega(GOOD, ["q0", "q1"], beside=["q2", "q3"]), "`beside` must be"),
        (lambda: mcdonald_omega(GOOD, ["q0", "q1"], beside="q2"), "`beside` must be"),
        (lambda: mcdonald_omega(GOOD, ["q0", "q1"], beside=None), "`beside` must be"),
        (lambda: mcdonald_omega(GOOD, 5), "Columns must be given as a list of names; got 5"),
        (lambda: mcdonald_omega(GOOD, ITEMS, beside=[ITEMS]), "'q0' occurs twice"),
        (
            lambda: mcdonald_omega(exactly(np.eye(3), 50, "abc"), list("abc")),
            "'a', 'b', 'c' do not determine one common factor",
        ),
        (
            lambda: kmo(pd.DataFrame({"a": [1, 1, -1, -1], "b": [1, -1, 1, -1]}), ["a", "b"]),
            "Item 'a' is uncorrelated",
        ),
        (lambda: parallel_analysis(GOOD, ITEMS, draws=5), "`draws` must be"),
        (lambda: parallel_analysis(GOOD, ITEMS, quantile=95), "`quantile` must lie"),
        (lambda: parallel_analysis(GOOD, ITEMS, seed="a"), "`seed` must be"),
        (
            lambda: parallel_analysis(GOOD, ITEMS, weights=np.r_[1, 1, 1, np.full(27, 1e-6)]),
            "effective number of 3 respondents is too small for 4 items",
        ),
        (
            lambda: bartlett_sphericity(GOOD, ITEMS, weights=np.r_[1, 1, 1, np.full(27, 1e-6)]),
            "effective number of 3 respondents is too small for 4 items",
        ),
        (lambda: factor_loadings(GOOD, ITEMS, 0), "`n_factors` must be"),
        (lambda: factor_loadings(GOOD, ITEMS, 2), "2 factors are too many for 4 items"),
        (lambda: factor_loadings(GOOD, ITEMS, 1, rotation="oblimin"), "`rotation` must be"),
    ],
)
def test_bad_options_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- moments -------------------------------------------------------------------------------------


def test_moments_survive_a_far_origin_and_many_rows():
    random = np.random.default_rng(0)
    far = pd.DataFrame(random.normal(size=(10_000, 3)) + 1e6, columns=list("abc"))
    found = listwise_moments(far, list("abc"))
    np.testing.assert_allclose(found.covariance, far.cov(), rtol=1e-8, atol=1e-10)
    weights = random.random(10_000)
    found = listwise_moments(far, list("abc"), weights=weights)
    expected = np.cov(far.to_numpy().T, aweights=weights)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(covariance(found.centred, weights), expected, rtol=1e-8, atol=1e-10)


def test_fisher_interval():
    # artanh 0.5 = 0.549306, 1.959964 / sqrt 37 = 0.322215.
    assert correlation_interval(0.5, 40, 0.95) == pytest.approx((0.22327, 0.70215), abs=1e-5)
    expected = pingouin.compute_esci(0.5, 40, eftype="r", decimals=8)
    assert correlation_interval(0.5, 40, 0.95) == pytest.approx(tuple(expected), abs=1e-7)
    assert correlation_interval(1.0, 40, 0.95) == (1.0, 1.0)
    with pytest.raises(ValueError, match="more than 3 pairs; there are 3"):
        correlation_interval(0.5, 3, 0.95)
