"""A real survey through the scales: ABC's customer satisfaction survey, 266 customers, from mistat.

Its items run from 1 to 5. Blocks of items end in one on the block as a whole; a 0, off the scale, is
taken as no answer. (Kenett & Salini, 2012, Modern analysis of customer surveys.)
"""

import mistat
import numpy as np
import pingouin
import pytest
import statsmodels.api as sm
from scipy.stats import pearsonr

from csqm import text
from csqm.drivers import derived_importance, lmg
from csqm.linkage import icc1
from csqm.reliability import (
    bartlett_sphericity,
    cronbach_alpha,
    factor_loadings,
    item_total_correlations,
    kmo,
    mcdonald_omega,
    parallel_analysis,
)

BLOCKS = {
    "q6-q9": [f"q{j}" for j in range(6, 10)],
    "q12-q16": [f"q{j}" for j in range(12, 17)],
    "q18-q24": [f"q{j}" for j in range(18, 25)],
    "q26-q30": [f"q{j}" for j in range(26, 31)],
    "q50-q56": [f"q{j}" for j in range(50, 57)],
    "q58-q61": [f"q{j}" for j in range(58, 62)],
}
OPTIONS = {"scale": (1, 5), "missing": (0,)}


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


@pytest.fixture(scope="module")
def abc():
    data = mistat.load_data("ABC")
    assert data.shape == (266, 147)
    return data


def complete(data, columns):
    return data[columns].replace(0, np.nan).dropna()


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_is_a_scale(abc, block):
    items = BLOCKS[block]
    kept = complete(abc, items)
    alpha = cronbach_alpha(abc, items, **OPTIONS)
    assert alpha.value == pytest.approx(pingouin.cronbach_alpha(kept)[0], abs=1e-10)
    assert alpha.n == len(kept) > 100 and alpha.n + alpha.missing == 266
    omega = mcdonald_omega(abc, items, **OPTIONS)
    assert omega.low < alpha.value < omega.high and omega.value > 0.6
    table = item_total_correlations(abc, items, **OPTIONS)
    for row in table.itertuples():
        rest = kept.drop(columns=row.item).sum(axis=1)
        assert row.item_total_r == pytest.approx(kept[row.item].corr(rest))
        assert row.unanswered == 266 - complete(abc, [row.item]).shape[0]
    assert (table["item_total_r"] > 0.2).all() and (table["note"] == "").all()


def test_an_undeclared_code_is_refused_by_name(abc):
    with pytest.raises(ValueError, match="Column 'q6', row .*: code 0 is not on the scale"):
        cronbach_alpha(abc, BLOCKS["q6-q9"], scale=(1, 5))


def test_two_blocks_are_two_factors(abc):
    items = BLOCKS["q12-q16"] + BLOCKS["q18-q24"]
    kept = complete(abc, items)
    overall = kmo(abc, items, **OPTIONS)
    assert 0.7 < overall.overall < 0.95 and overall.n == len(kept)
    assert (overall.per_item["kmo"] > 0.6).all()
    test = bartlett_sphericity(abc, items, **OPTIONS)
    assert test.p < 1e-50 and test.df == 66
    assert parallel_analysis(abc, items, **OPTIONS)["keep"].sum() == 2
    table = factor_loadings(abc, items, 2, **OPTIONS).set_index("item")
    strongest = table[["factor_1", "factor_2"]].idxmax(axis=1)
    assert strongest[BLOCKS["q12-q16"]].nunique() == 1
    # All of the other block but q22 go together.
    other = [item for item in BLOCKS["q18-q24"] if item != "q22"]
    assert strongest[other].nunique() == 1 and strongest["q12"] != strongest["q18"]


def test_drivers_of_overall_satisfaction(abc):
    drivers = ["q11", "q17", "q25", "q49", "q57"]  # overall satisfaction with a block
    columns = ["q1", *drivers]
    kept = complete(abc, columns)
    table = lmg(abc, "q1", drivers, **OPTIONS)
    oracle = pingouin.linear_regression(kept[drivers], kept["q1"], relimp=True)
    np.testing.assert_allclose(table["importance"], oracle["relimp"][1:], atol=1e-10)
    fit = sm.OLS(kept["q1"], sm.add_constant(kept[drivers])).fit()
    assert table["importance"].sum() == pytest.approx(fit.rsquared)
    assert (table["n"] == len(kept)).all()
    found = derived_importance(abc, "q1", drivers, **OPTIONS)
    for row in found.itertuples():
        oracle = pearsonr(kept["q1"], kept[row.driver])
        assert row.importance == pytest.approx(oracle.statistic)
        assert (row.low, row.high) == pytest.approx(tuple(oracle.confidence_interval()))


def test_countries_hardly_differ_in_overall_satisfaction(abc):
    found = icc1(abc, "country", "q1", scale=(1, 5))
    kept = abc[["country", "q1"]].dropna()
    fit = sm.OLS.from_formula("q1 ~ C(country)", kept.astype({"country": str})).fit()
    sizes = kept["country"].value_counts()
    k0 = (len(kept) - (sizes**2).sum() / len(kept)) / (len(sizes) - 1)
    assert found.value == pytest.approx((fit.fvalue - 1) / (fit.fvalue + k0 - 1))
    assert found.n == len(kept) and found.low < 0.1
