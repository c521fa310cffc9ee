"""Driver analysis against relaimpo, pingouin, statsmodels and the definition by orders."""

from itertools import permutations

import numpy as np
import pandas as pd
import pingouin
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from csqm import text
from csqm.drivers import derived_importance, lmg

quick = settings(deadline=None, max_examples=25)

# Correlations of Swiss provinces about 1888, as R's data set `swiss` gives them (Mosteller & Tukey,
# 1977, Data analysis and regression, pp. 549-551): fertility, agriculture, examination, education,
# Catholic, infant mortality. Shares of explained variance depend on nothing else.
SWISS = [
    0.353079183620,
    -0.645882706457,
    -0.686542208617,
    -0.663788857035,
    -0.639522518948,
    0.698415296288,
    0.463684700652,
    0.401095053049,
    -0.572741806064,
    -0.153858917091,
    0.416556031435,
    -0.060858608417,
    -0.114021596482,
    -0.099321845821,
    0.175495907597,
]
NAMES = ["fertility", "agriculture", "examination", "education", "catholic", "infant_mortality"]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


@pytest.fixture
def swiss():
    """Make data that have exactly these correlations: white noise, whitened in the sample, mixed."""
    correlations = np.eye(len(NAMES))
    below = np.tril_indices(len(NAMES), -1)
    correlations[below] = SWISS
    correlations.T[below] = SWISS
    noise = np.random.default_rng(0).normal(size=(47, len(NAMES)))
    white = np.linalg.qr(noise - noise.mean(axis=0))[0]
    return pd.DataFrame(white @ np.linalg.cholesky(correlations).T, columns=NAMES)


def survey(seed, n=60, p=3, blank=0.0):
    """An overall score and p correlated drivers, 1 to 5."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, p)) + random.normal(size=(n, 1))
    overall = values @ np.linspace(1, 0.1, p) + 2 * random.normal(size=n)
    values = np.clip(np.round(3 + np.c_[overall, values]), 1, 5)
    names = ["overall", *(f"d{j}" for j in range(p))]
    return pd.DataFrame(values, columns=names).mask(random.random(values.shape) < blank)


@st.composite
def surveys(draw, most=5):
    p = draw(st.integers(1, most))
    n, seed = draw(st.integers(2 * p + 6, 80)), draw(st.integers(0, 10**6))
    data = survey(seed, n, p, draw(st.sampled_from([0, 0.05])))
    complete = data.dropna()
    assume(len(complete) > p + 3 and (complete.nunique() > 1).all())
    assume(np.linalg.eigvalsh(complete.iloc[:, 1:].corr())[0] > 1e-6)
    return data


def by_orders(data):
    """LMG by its definition: average what each driver adds, over all orders."""
    y, x = data.iloc[:, 0].to_numpy(), data.iloc[:, 1:].to_numpy()

    def explained(columns):
        design = np.c_[np.ones(len(x)), x[:, columns]]
        residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        return 1 - (residual**2).sum() / ((y - y.mean()) ** 2).sum()

    added = np.zeros(x.shape[1])
    orders = list(permutations(range(x.shape[1])))
    for order in orders:
        for place, driver in enumerate(order):
            added[driver] += explained(order[: place + 1]) - explained(order[:place])
    return added / len(orders)


# ---- LMG -----------------------------------------------------------------------------------------


def test_lmg_published_for_swiss(swiss):
    """relaimpo 2.2-7, calc.relimp(Fertility ~ ., swiss, type = "lmg")."""
    table = lmg(swiss, "fertility", NAMES[1:])
    published = [
        0.0570912207681,
        0.1711730289002,
        0.2601346786244,
        0.1055701503735,
        0.1127659229265,
    ]
    assert table["importance"].tolist() == pytest.approx(published, abs=1e-9)
    # lm(Fertility ~ ., swiss) explains 0.7067.
    assert table["importance"].sum() == pytest.approx(0.7067, abs=5e-5)
    assert table["share"].tolist() == pytest.approx(np.array(published) / sum(published))


@quick
@given(surveys(most=4))
def test_lmg_by_all_orders(data):
    complete = data.dropna()
    expected = by_orders(complete)
    assume(expected.sum() > 1e-6)
    table = lmg(data, "overall", list(data)[1:], scale=(1, 5))
    np.testing.assert_allclose(table["importance"], expected, atol=1e-8)
    assert table["share"].sum() == pytest.approx(1)
    assert (table["n"] == len(complete)).all()
    assert (table["n"] + table["missing"] == len(data)).all()


@settings(quick, max_examples=10)
@given(surveys(most=6))
def test_lmg_is_that_of_pingouin(data):
    complete = data.dropna()
    assume(len(data.columns) > 2)
    oracle = pingouin.linear_regression(complete.iloc[:, 1:], complete["overall"], relimp=True)
    table = lmg(data, "overall", list(data)[1:])
    np.testing.assert_allclose(table["importance"], oracle["relimp"][1:], atol=1e-8)
    np.testing.assert_allclose(100 * table["share"], oracle["relimp_perc"][1:], atol=1e-5)


def test_lmg_of_fifteen_drivers_adds_up():
    data = survey(1, n=300, p=15)
    drivers = list(data)[1:]
    fit = sm.OLS(data["overall"], sm.add_constant(data[drivers])).fit()
    assert lmg(data, "overall", drivers)["importance"].sum() == pytest.approx(fit.rsquared)


def test_lmg_of_uncorrelated_drivers_is_the_squared_correlation():
    cube = pd.DataFrame(
        [(a, b, c, 3 * a + 2 * b + c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)],
        columns=["a", "b", "c", "y"],
    )
    table = lmg(cube, "y", ["a", "b", "c"])
    assert table["importance"].tolist() == pytest.approx([9 / 14, 4 / 14, 1 / 14])


# ---- weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["lmg", "correlation", "regression"])
@pytest.mark.parametrize("seed", range(3))
def test_integer_weights_equal_repeated_rows(method, seed):
    data = survey(seed, blank=0.03)
    drivers = list(data)[1:]
    times = np.random.default_rng(seed).integers(0, 4, len(data))
    weighted = derived_importance(data, "overall", drivers, method=method, weights=times)
    repeated = derived_importance(
        data.loc[data.index.repeat(times)], "overall", drivers, method=method
    )
    np.testing.assert_allclose(weighted["importance"], repeated["importance"], atol=1e-10)
    plain = derived_importance(data, "overall", drivers, method=method)
    ones = derived_importance(data, "overall", drivers, method=method, weights=np.ones(len(data)))
    pd.testing.assert_frame_equal(plain, ones)


def test_weighted_intervals_rest_on_the_effective_number():
    data = survey(2, n=100)
    weights = np.r_[np.full(50, 9.0), np.full(50, 1.0)]
    table = derived_importance(data, "overall", ["d0"], weights=weights)
    r, effective = table["importance"][0], 500**2 / (50 * 82)
    z = np.arctanh(r) + np.array([-1, 1]) * 1.959964 / np.sqrt(effective - 3)
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx(np.tanh(z), abs=1e-6)


# ---- bootstrap -----------------------------------------------------------------------------------


def test_bootstrap_interval_is_that_of_a_plain_loop():
    data = survey(3, n=150, p=2)
    drivers = ["d0", "d1"]
    table = lmg(data, "overall", drivers, bootstrap=1000)
    random = np.random.default_rng(9)
    loop = [
        lmg(data.iloc[random.integers(0, 150, 150)].reset_index(drop=True), "overall", drivers)[
            "importance"
        ]
        for _ in range(300)
    ]
    np.testing.assert_allclose(table["low"], np.quantile(loop, 0.025, axis=0), atol=0.035)
    np.testing.assert_allclose(table["high"], np.quantile(loop, 0.975, axis=0), atol=0.035)
    pd.testing.assert_frame_equal(table, lmg(data, "overall", drivers, bootstrap=1000))
    assert not table.equals(lmg(data, "overall", drivers, bootstrap=1000, seed=1))
    narrow = lmg(data, "overall", drivers, bootstrap=1000, confidence=0.5)
    assert (narrow["high"] - narrow["low"] < table["high"] - table["low"]).all()


def test_bootstrap_of_weighted_respondents_centres_on_the_weighted_value():
    data = survey(3, n=400, p=2)
    weights = np.where(data["d0"] > 3, 5.0, 1.0)
    table = lmg(data, "overall", ["d0", "d1"], weights=weights, bootstrap=200)
    assert ((table["low"] < table["importance"]) & (table["importance"] < table["high"])).all()
    plain = lmg(data, "overall", ["d0", "d1"])
    assert abs(plain["importance"] - table["importance"]).max() > 0.01


# ---- derived importance --------------------------------------------------------------------------


@quick
@given(surveys())
def test_correlations_are_those_of_scipy(data):
    complete = data.dropna()
    table = derived_importance(data, "overall", list(data)[1:], scale=(1, 5), confidence=0.9)
    for row in table.itertuples():
        oracle = pearsonr(complete["overall"], complete[row.driver])
        assert row.importance == pytest.approx(oracle.statistic, abs=1e-10)
        interval = oracle.confidence_interval(0.9)
        assert (row.low, row.high) == pytest.approx(tuple(interval), abs=1e-9)
        assert (row.n, row.missing) == (len(complete), len(data) - len(complete))


@quick
@given(surveys())
def test_coefficients_are_those_of_statsmodels(data):
    complete = data.dropna()
    z = (complete - complete.mean()) / complete.std()
    fit = sm.OLS(z["overall"], sm.add_constant(z.iloc[:, 1:])).fit()
    table = derived_importance(data, "overall", list(data)[1:], method="regression")
    np.testing.assert_allclose(table["importance"], fit.params.iloc[1:], atol=1e-8)
    np.testing.assert_allclose(
        table[["low", "high"]], fit.conf_int().iloc[1:], atol=1e-6, rtol=1e-6
    )


def test_the_methods_can_disagree():
    # d1 goes with the outcome only because d0 does both.
    random = np.random.default_rng(0)
    cause = random.normal(size=2000)
    data = pd.DataFrame(
        {
            "y": cause + random.normal(size=2000),
            "d0": cause,
            "d1": cause + 0.3 * random.normal(size=2000),
        }
    )
    found = {
        method: derived_importance(data, "y", ["d0", "d1"], method=method)["importance"][1]
        for method in ("correlation", "regression", "lmg")
    }
    assert found["correlation"] > 0.6 and abs(found["regression"]) < 0.15
    assert 0.15 < found["lmg"] < 0.3


# ---- what is refused -----------------------------------------------------------------------------

GOOD = survey(0, n=40)
DRIVERS = ["d0", "d1", "d2"]


@pytest.mark.parametrize("method", ["lmg", "correlation", "regression"])
@pytest.mark.parametrize(
    ("data", "drivers", "options", "message"),
    [
        (GOOD.assign(d1=3), DRIVERS, {}, "Column 'd1' is constant"),
        (GOOD.assign(overall=3), DRIVERS, {}, "Column 'overall' is constant"),
        (GOOD.assign(d1="x"), DRIVERS, {}, "'d1', row 0: 'x' is not a number"),
        (GOOD.assign(d1=0), DRIVERS, {"scale": (1, 5)}, "'d1', row 0: code 0"),
        (GOOD, [*DRIVERS, "d9"], {}, "no column 'd9'"),
        (GOOD, [*DRIVERS, "d0"], {}, "'d0' occurs twice"),
        (GOOD, [*DRIVERS, "overall"], {}, "'overall' is the outcome and a driver at once"),
        (GOOD, [], {}, "At least 1 columns"),
        (GOOD, "d0", {}, "list of names; got 'd0'"),
        (GOOD[:1], DRIVERS, {}, "Only 1 rows"),
        (GOOD, DRIVERS, {"weights": -np.ones(40)}, "Weight of row 0 is -1"),
        (GOOD, DRIVERS, {"weights": np.r_[1, np.full(39, 1e-9)]}, "effective number of 1 of 40"),
        (GOOD, DRIVERS, {"confidence": 1}, "`confidence` must lie"),
    ],
)
def test_bad_input_is_refused_by_name(method, data, drivers, options, message):
    with pytest.raises(ValueError, match=message):
        derived_importance(data, "overall", drivers, method=method, **options)


@pytest.mark.parametrize("method", ["lmg", "regression"])
def test_collinear_drivers_are_named(method):
    data = GOOD.assign(sum=GOOD["d0"] + GOOD["d2"])
    with pytest.raises(ValueError, match="from the others: 'd0', 'd2', 'sum'. Leave one"):
        derived_importance(data, "overall", [*DRIVERS, "sum"], method=method)
    # A correlation takes each driver by itself.
    assert len(derived_importance(data, "overall", [*DRIVERS, "sum"])) == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lmg(GOOD[:4], "overall", DRIVERS), "4 complete rows is too small for 3 drivers"),
        (
            lambda: lmg(survey(0, p=16), "overall", [f"d{j}" for j in range(16)]),
            "16 drivers are too many",
        ),
        (lambda: lmg(GOOD, "overall", DRIVERS, bootstrap=50), "`bootstrap` must be 0"),
        (lambda: lmg(GOOD, "overall", DRIVERS, bootstrap=-1), "`bootstrap` must be"),
        (lambda: lmg(GOOD, "overall", DRIVERS, seed=0.5), "`seed` must be"),
        (lambda: lmg(GOOD, "nothing", DRIVERS), "no column 'nothing'"),
        (
            lambda: lmg(GOOD[:6].assign(d0=[1, 2, 2, 2, 2, 2]), "overall", ["d0"], bootstrap=100),
            "In a resample of the 6 rows some of 'overall', 'd0' were constant",
        ),
        (
            lambda: lmg(pd.DataFrame({"y": [1, 1, -1, -1], "x": [1, -1, 1, -1]}), "y", ["x"]),
            "explain nothing of 'y'",
        ),
        (lambda: derived_importance(GOOD, "overall", DRIVERS, method="beta"), "`method` must be"),
        (
            lambda: derived_importance(GOOD[:3].assign(d0=[1, 2, 3]), "overall", ["d0"]),
            "more than 3 pairs",
        ),
    ],
)
def test_bad_options_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
