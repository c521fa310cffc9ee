"""Wilson's interval against published values and statsmodels."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from csqm.proportions import wilson_interval


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_by_newcombe_1998(count, n, low, high):
    assert wilson_interval(count / n, n) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1), st.floats(0.5, 0.999)
)
def test_agrees_with_statsmodels(drawn, confidence):
    count, n = (np.array(values) for values in zip(*drawn, strict=True))
    count = np.minimum(count, n)
    low, high = wilson_interval(count / n, n, confidence=confidence)
    expected = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    np.testing.assert_allclose([low, high], expected, atol=1e-12)


def test_ends_are_exact_and_missing_shares_stay_missing():
    low, high = wilson_interval([0, 1, math.nan], [7, 7, 0])
    assert low[0] == 0 and high[1] == 1
    assert np.isnan([low[2], high[2]]).all()


@pytest.mark.parametrize(
    ("share", "n", "confidence", "named"),
    [
        (97, 100, 0.95, "`share` must lie between 0 and 1; got 97"),
        (0.5, 0, 0.95, "`n` must be above 0"),
        ([0.5, 0.5], [3, -1], 0.95, "`n` must be above 0"),
        (0.5, 10, 95, "`confidence` must lie between 0 and 1"),
    ],
)
def test_bad_input_is_refused_by_name(share, n, confidence, named):
    with pytest.raises(ValueError, match=named):
        wilson_interval(share, n, confidence=confidence)
