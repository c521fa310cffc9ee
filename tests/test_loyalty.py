"""Lifetime value and disconfirmation against published values, statsmodels and plain sums."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

from csqm import text
from csqm.loyalty import fit_disconfirmation, lifetime_value


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


# ---- lifetime value ------------------------------------------------------------------------------

# Gupta & Lehmann 2003: retention, discount, multiple of the margin.
MULTIPLES = [
    (0.6, 0.1, 1.2),
    (0.7, 0.1, 1.75),
    (0.8, 0.1, 2.67),
    (0.9, 0.1, 4.5),
    (0.8, 0.12, 2.5),
    (0.9, 0.12, 4.09),
    (0.8, 0.14, 2.35),
    (0.9, 0.16, 3.46),
]


@pytest.mark.parametrize(("retention", "discount", "multiple"), MULTIPLES)
def test_published_multiples(retention, discount, multiple):
    result = lifetime_value(1, retention, discount)
    assert type(result) is float
    assert result == pytest.approx(multiple, abs=0.0051)


@settings(deadline=None, max_examples=40)
@given(st.floats(-500, 500), st.floats(0, 0.95), st.floats(0.01, 1), st.booleans())
def test_it_is_the_sum_of_discounted_margins(margin, retention, discount, first):
    value, left = 0.0, 1.0
    for period in range(2000):
        if period or first:
            value += margin * left
        left *= retention / (1 + discount)
    result = lifetime_value(margin, retention, discount, first_margin=first)
    assert result == pytest.approx(value, abs=1e-9)


def test_series_and_arrays_keep_their_form():
    retention = pd.Series([0.6, 0.9], index=["a", "b"])
    result = lifetime_value(100, retention, 0.1)
    assert result.index.tolist() == ["a", "b"]
    assert result.tolist() == pytest.approx([120, 450])
    both = lifetime_value(np.array([1, 2]), [0.6, 0.9], np.float64(0.1))
    assert isinstance(both, np.ndarray) and both.tolist() == pytest.approx([1.2, 9])
    assert lifetime_value(5, 0, 0) == 0
    assert lifetime_value(5, 1, 0.1) == pytest.approx(50)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((100, 1.1, 0.2), "`retention` must lie between 0 and 1; item 0 is 1.1"),
        ((100, 80, 0.2), "`retention`.*80. Write 80 % as 0.8"),
        ((100, -0.1, 0.2), "`retention`.*-0.1"),
        ((100, [0.5, math.nan], 0.2), "`retention`.*item 1 is nan"),
        ((100, 0.8, 10), "`discount`.*item 0 is 10"),
        ((100, 0.8, -0.1), "`discount`.*-0.1"),
        ((math.nan, 0.8, 0.1), "`margin` has no value in item 0"),
        ((math.inf, 0.8, 0.1), "'margin', row 0 is infinite"),
        (("100", 0.8, 0.1), "'margin', row 0: '100' is not a number"),
        ((True, 0.8, 0.1), "'margin', row 0"),
        ((100, 1, 0), "`retention` minus `discount` must be less than 1"),
        ((100, [0.5, 1], [0.1, 0]), "less than 1"),
        ((100, [0.5, 0.6], [0.1, 0.1, 0.1]), "1, 2, 3 values"),
        ((pd.Series([1, 2]), pd.Series([0.5, 0.5], index=[1, 2]), 0.1), "`retention` has another"),
        ((100, [], 0.1), "'retention' is empty"),
    ],
)
def test_lifetime_value_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        lifetime_value(*arguments)


# ---- disconfirmation -----------------------------------------------------------------------------

code = st.sampled_from([1, 2, 3, 4, 5, 6, 7, None])
ROWS = [(4, 2, 2), (4, 6, 6), (4, 4, 5), (5, 2, 1), (3, 6, 7)]
rows = st.lists(st.tuples(code, code, code), max_size=30)


def survey(drawn):
    return pd.DataFrame(drawn, columns=["e", "p", "s"], dtype=float)


def split(data):
    known = data.dropna()
    d = known["p"] - known["e"]
    return known.assign(up=d.clip(lower=0), down=d.clip(upper=0))


@settings(deadline=None, max_examples=40)
@given(rows, st.sampled_from([0.9, 0.95]))
def test_fit_agrees_with_a_formula_of_statsmodels(drawn, confidence):
    data = survey(ROWS + drawn)
    fit = fit_disconfirmation(data, "e", "p", "s", confidence=confidence)
    known = split(data)
    theirs = smf.ols("s ~ up + down", known).fit()
    assert fit.terms["term"].tolist() == ["constant", "better", "worse"]
    assert fit.terms["estimate"].tolist() == pytest.approx(theirs.params.tolist())
    assert fit.terms["se"].tolist() == pytest.approx(theirs.bse.tolist())
    ends = theirs.conf_int(1 - confidence)
    assert fit.terms["low"].tolist() == pytest.approx(ends[0].tolist())
    assert fit.terms["high"].tolist() == pytest.approx(ends[1].tolist())
    test = theirs.t_test("down - up = 0")
    assert fit.asymmetry.value == pytest.approx(test.effect.item(), abs=1e-9)
    assert list(fit.asymmetry[1:3]) == pytest.approx(test.conf_int(1 - confidence)[0].tolist())
    one_sided = test.pvalue.item() / 2
    expected = one_sided if fit.asymmetry.value > 0 else 1 - one_sided
    assert fit.p_value == pytest.approx(expected)
    assert fit.r_squared == pytest.approx(theirs.rsquared)
    assert (fit.n, fit.missing) == (len(known), len(data) - len(known))
    assert (fit.asymmetry.n, fit.asymmetry.effective_n) == (fit.n, fit.n)


@settings(deadline=None, max_examples=30)
@given(rows, st.data())
def test_weights_are_repeated_rows_with_robust_errors(drawn, draw):
    data = survey(ROWS + drawn)
    extra = draw.draw(st.lists(st.integers(0, 60), min_size=len(drawn), max_size=len(drawn)))
    times = np.array([1, 2, 3, 4, 5, *extra])
    weighted = fit_disconfirmation(data, "e", "p", "s", weights=times)
    repeated = fit_disconfirmation(data.loc[data.index.repeat(times)], "e", "p", "s")
    assert weighted.terms["estimate"].tolist() == pytest.approx(repeated.terms["estimate"].tolist())
    assert weighted.asymmetry.value == pytest.approx(repeated.asymmetry.value, abs=1e-9)
    assert weighted.r_squared == pytest.approx(repeated.r_squared)

    kept = split(data.assign(w=times).query("w > 0"))
    x = np.column_stack([np.ones(len(kept)), kept["up"], kept["down"]])
    bread = np.linalg.inv(x.T @ (x * kept["w"].to_numpy()[:, None]))
    residual = kept["s"].to_numpy() - x @ weighted.terms["estimate"].to_numpy()
    score = x * (kept["w"].to_numpy() * residual)[:, None]
    hc1 = bread @ score.T @ score @ bread * len(kept) / (len(kept) - 3)
    assert weighted.terms["se"].tolist() == pytest.approx(np.sqrt(np.diag(hc1)), abs=1e-9)


def test_weights_of_one_give_the_same_estimates():
    data = survey(ROWS)
    plain, ones = (fit_disconfirmation(data, "e", "p", "s", weights=w) for w in (None, [1.0] * 5))
    assert plain.terms["estimate"].tolist() == pytest.approx(ones.terms["estimate"].tolist())
    assert ones.asymmetry.effective_n == 5


def test_known_slopes_are_recovered():
    generator = np.random.default_rng(11)
    e, p = generator.integers(1, 11, (2, 4000))
    d = p - e
    s = 6 + 0.4 * np.maximum(d, 0) + 0.9 * np.minimum(d, 0) + generator.normal(size=4000)
    fit = fit_disconfirmation(pd.DataFrame({"e": e, "p": p, "s": s}), "e", "p", "s")
    for estimate, se, truth in zip(
        fit.terms["estimate"], fit.terms["se"], (6, 0.4, 0.9), strict=True
    ):
        assert abs(estimate - truth) < 3 * se
    assert fit.p_value < 1e-6
    assert fit.asymmetry.low < 0.5 < fit.asymmetry.high


def test_answers_exactly_on_the_lines():
    d = np.array([-2, -1, 0, 1, 2])
    data = pd.DataFrame({"e": 4, "p": 4 + d, "s": np.where(d > 0, 5 + d, 5 + 2 * d)})
    fit = fit_disconfirmation(data, "e", "p", "s")
    assert fit.terms["estimate"].tolist() == pytest.approx([5, 1, 2])
    assert fit.p_value == pytest.approx(0, abs=1e-9)


GOOD = survey(ROWS)
BAD = [
    (
        {"data": survey([(4, 5, 1), (4, 6, 2), (4, 4, 3), (4, 7, 4)])},
        "3 respondents are above and 0",
    ),
    (
        {"data": survey([(4, 3, 1), (4, 2, 2), (4, 4, 3), (4, 1, 4)])},
        "0 respondents are above and 3",
    ),
    ({"data": survey(ROWS[:3])}, "3 complete respondents"),
    ({"data": survey([(4, 3, 1), (4, 6, 2), (4, 3, 3), (4, 6, 4)])}, "only two values"),
    ({"data": GOOD.assign(s=4)}, "'s' is 4 for everyone"),
    ({"data": GOOD.assign(s="4")}, "'s', row 0: '4' is not a number"),
    ({"data": GOOD.assign(e=np.nan)}, "0 respondents are above and 0"),
    ({"data": GOOD.drop(columns="e")}, "no column 'e'"),
    ({"weights": [1, 1, 1, 1, -1]}, "Weight of row 4 is -1"),
    ({"weights": [1, 0, 1, 1, 0]}, "0 respondents are above"),
    ({"confidence": 1}, "`confidence`"),
    ({"perception": "e"}, "'e' occurs twice"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_fit_refuses(change, message):
    options = {"data": GOOD, "expectation": "e", "perception": "p", "satisfaction": "s"} | change
    with pytest.raises(ValueError, match=message):
        fit_disconfirmation(**options)
