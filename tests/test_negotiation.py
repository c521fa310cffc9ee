"""Alternatives, the space for agreement and good deals, against brute force."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csqm import text
from csqm.negotiation import batna_value, nash_solution, pareto_frontier, zopa


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


# ---- alternatives and prices ---------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(-100, 100), st.integers(0, 20)), min_size=1, max_size=8))
def test_batna_is_the_expected_value(drawn):
    drawn = [(7, 1), *drawn]
    total = sum(weight for _, weight in drawn)
    values, chances = zip(*[(value, weight / total) for value, weight in drawn], strict=True)
    expected = sum(value * chance for value, chance in zip(values, chances, strict=True))
    assert batna_value(values, chances) == pytest.approx(expected)
    assert batna_value(pd.Series(values), pd.Series(chances)) == pytest.approx(expected)


@settings(deadline=None, max_examples=40)
@given(st.integers(-20, 20), st.integers(-20, 20))
def test_zopa_holds_the_prices_that_both_accept(seller, buyer):
    result = zopa(seller, buyer)
    prices = [price for price in range(-20, 21) if seller <= price <= buyer]
    assert result.exists is bool(prices)
    assert result.surplus == buyer - seller
    assert (result.low, result.high) == ((prices[0], prices[-1]) if prices else (None, None))


def test_one_price_is_a_zopa():
    assert zopa(900, 900) == (True, 900, 900, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: batna_value([1, 2], [0.5, 0.4]), "sum to 0.9"),
        (lambda: batna_value([1, 2], [30, 70]), "item 0 is 30. Write 30 % as 0.3"),
        (lambda: batna_value([1, 2], [1.5, -0.5]), "item 0 is 1.5"),
        (lambda: batna_value([1, 2], [1]), "2 `values` and 1 `probabilities`"),
        (lambda: batna_value(pd.Series([1, 2]), pd.Series([0.5, 0.5], index=[1, 0])), "differ"),
        (lambda: batna_value([1, math.nan], [0.5, 0.5]), "`values` has no value in item 1"),
        (lambda: batna_value([1, 2], [0.5, None]), "`probabilities` has no value in item 1"),
        (lambda: batna_value([1, "2"], [0.5, 0.5]), "'values', row 1: '2' is not a number"),
        (lambda: batna_value([], []), "'values' is empty"),
        (lambda: batna_value(5, 1), "`values` must be a list of numbers; got 5"),
        (lambda: zopa("800", 900), "`seller_reservation` must be a number; got '800'"),
        (lambda: zopa(800, math.nan), "`buyer_reservation` must be a number; got nan"),
        (lambda: zopa(True, 900), "`seller_reservation`"),
    ],
)
def test_prices_and_chances_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- deals ---------------------------------------------------------------------------------------


def brute_force_frontier(points):
    def dominated(one, other):
        return all(o >= p for p, o in zip(one, other, strict=True)) and other != one

    return [k for k, one in enumerate(points) if not any(dominated(one, other) for other in points)]


def deals_of(parties):
    # Few levels, so that deals often tie.
    return st.lists(
        st.tuples(*[st.sampled_from([0, 0.1, 0.2, 0.3, 1, 2, 3])] * parties),
        min_size=1,
        max_size=25,
    )


@settings(deadline=None, max_examples=40)
@given(st.one_of(deals_of(2), deals_of(3)))
def test_frontier_and_nash_agree_with_brute_force(points):
    names = ["us", "them", "city"][: len(points[0])]
    utilities = pd.DataFrame(points, columns=names, index=[f"d{k}" for k in range(len(points))])
    frontier = pareto_frontier(utilities)
    expected = brute_force_frontier(points)
    assert frontier.index.tolist() == [f"d{k}" for k in expected]
    pd.testing.assert_frame_equal(frontier, utilities.iloc[expected])

    without = [0.15] * len(names)
    gains = [[u - 0.15 for u in point] for point in points]
    products = {k: math.prod(gain) for k, gain in enumerate(gains) if min(gain) > 0}
    if not products:
        with pytest.raises(ValueError, match=f"None of the {len(points)} deals"):
            nash_solution(utilities, without)
        return
    solution = nash_solution(utilities, without)
    top = max(products.values())
    best = [k for k, product in products.items() if math.isclose(product, top, rel_tol=1e-9)]
    assert solution.deals.index.tolist() == [f"d{k}" for k in best]
    assert solution.product == pytest.approx(top)
    assert solution.gains.to_numpy() == pytest.approx(np.array([gains[k] for k in best]))
    assert set(solution.deals.index) <= set(frontier.index)


def three_issues(ours, theirs):
    """Return the utilities of all 3 x 3 x 3 deals; the parties want opposite levels."""
    deals = list(itertools.product(range(3), repeat=3))
    return pd.DataFrame(
        {
            "us": [sum(w * level for w, level in zip(ours, deal, strict=True)) for deal in deals],
            "them": [
                sum(w * (2 - level) for w, level in zip(theirs, deal, strict=True))
                for deal in deals
            ],
        },
        index=pd.MultiIndex.from_tuples(deals),
    )


def test_equal_weights_leave_no_gain_from_trading_issues():
    utilities = three_issues((1, 1, 1), (1, 1, 1))
    assert len(pareto_frontier(utilities)) == 27
    assert utilities.sum(axis=1).nunique() == 1


def test_trading_issues_that_the_parties_value_differently_pays():
    utilities = three_issues((5, 3, 1), (1, 3, 5))
    frontier = pareto_frontier(utilities)
    assert len(frontier) < 27
    split = utilities.loc[(1, 1, 1)]
    best = nash_solution(utilities, [0, 0])
    assert best.deals.index.tolist() == [(2, 1, 0)]
    assert (best.deals.iloc[0] > split).all()
    assert (1, 1, 1) not in frontier.index


def test_ties_are_all_returned():
    utilities = pd.DataFrame({"us": [1, 2, 1, 0], "them": [2, 1, 2, 9]})
    solution = nash_solution(utilities, pd.Series({"them": 0, "us": 0}))
    assert solution.deals.index.tolist() == [0, 1, 2] and solution.product == 2
    assert pareto_frontier(utilities).index.tolist() == [0, 1, 2, 3]


def test_two_losses_do_not_make_a_gain():
    utilities = pd.DataFrame({"us": [-5, 1], "them": [-5, 1]})
    assert nash_solution(utilities, [0, 0]).deals.index.tolist() == [1]


def test_a_difference_lost_in_the_sum_still_dominates():
    utilities = pd.DataFrame({"us": [1e16, 1e16], "them": [0.1, 0.2]}, index=["worse", "better"])
    assert pareto_frontier(utilities).index.tolist() == ["better"]


def test_many_deals_are_quick():
    points = np.random.default_rng(0).random((50_000, 2))
    frontier = pareto_frontier(pd.DataFrame(points, columns=["us", "them"]))
    order = points[np.argsort(-points[:, 0])]
    assert len(frontier) == (order[:, 1] >= np.maximum.accumulate(order[:, 1])).sum()


DEALS = pd.DataFrame({"us": [1, 2], "them": [2, 1]}, index=["a", "b"], dtype=float)
BAD = [
    (DEALS.to_numpy(), [0, 0], "`utilities` must be a DataFrame.*ndarray"),
    (DEALS[["us"]], [0], "at least 2 parties; it has: us"),
    (DEALS.iloc[:0], [0, 0], "no rows"),
    (DEALS.replace(1, np.nan), [0, 0], "Deal 'a' has no utility for 'us'"),
    (DEALS.astype(object).replace(1, "x"), [0, 0], "'us', row 'a': 'x' is not a number"),
    (DEALS.set_axis(["us", "us"], axis=1), [0, 0], "'us' occurs twice"),
    (DEALS, [0], "1 values for 2 parties"),
    (DEALS, [0, None], "`disagreement` has no value in item 1"),
    (DEALS, {"us": 0, "city": 0}, "It names: us, city. Parties: us, them"),
    (DEALS, [1, 1], "None of the 2 deals is better"),
    (DEALS, 0, "`disagreement` must be a list"),
]


@pytest.mark.parametrize(("utilities", "disagreement", "message"), BAD)
def test_deals_are_refused(utilities, disagreement, message):
    with pytest.raises(ValueError, match=message):
        nash_solution(utilities, disagreement)


@pytest.mark.parametrize(("utilities", "disagreement", "message"), BAD[:6])
def test_frontier_refuses(utilities, disagreement, message):
    with pytest.raises(ValueError, match=message):
        pareto_frontier(utilities)
