"""Control charts and run rules against published limits, mistat and plain loops."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mistat.qcc.qualityControlChart import QualityControlChart

from csqm import text
from csqm.spc import c_chart, laney_p_chart, p_chart, run_rules, u_chart

# Counts made to have what fixes the published limits of Montgomery's orange juice cans: 347
# nonconforming in 30 samples of 50, of which 46 in the two samples that are out, 15 and 23.
ORANGE_JUICE = [7, 15, 10, 11] * 3 + [11, 8, 22] + [12, 9, 13, 10, 11, 9, 12, 24]
ORANGE_JUICE += [11, 10, 12, 11, 9, 13, 11]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


# ---- limits --------------------------------------------------------------------------------------


def test_published_orange_juice():
    chart = p_chart(ORANGE_JUICE, 50)
    ends = chart.loc[0, ["centre", "lower", "upper"]].tolist()
    assert ends == pytest.approx([0.2313333, 0.05242755, 0.4102391], abs=1e-6)
    assert chart.loc[chart["signal"], "sample"].tolist() == [15, 23]
    kept = [sample for sample in chart["sample"] if sample not in (15, 23)]
    again = p_chart(ORANGE_JUICE, 50, baseline=kept)
    assert again.loc[0, "centre"] == pytest.approx(0.215, abs=1e-6)
    assert len(again) == 30
    pd.testing.assert_frame_equal(again, p_chart(ORANGE_JUICE, 50, baseline=~chart["signal"]))


pairs = st.lists(
    st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=25,
)


@settings(deadline=None, max_examples=40)
@given(pairs)
def test_p_chart_agrees_with_mistat(drawn):
    drawn = [(1, 3), *drawn]
    count, size = (np.array(values) for values in zip(*drawn, strict=True))
    ours = p_chart(count, size)
    theirs = QualityControlChart(count, qcc_type="p", sizes=size)
    limits = np.broadcast_to(
        np.column_stack([theirs.limits["LCL"], theirs.limits["UCL"]]), (len(size), 2)
    )
    assert ours["value"].tolist() == pytest.approx(theirs.stats.statistics.tolist())
    assert ours["centre"].tolist() == pytest.approx([theirs.center] * len(size))
    assert ours["lower"].tolist() == pytest.approx(np.maximum(limits[:, 0], 0).tolist(), abs=1e-12)
    assert ours["upper"].tolist() == pytest.approx(np.minimum(limits[:, 1], 1).tolist())


@settings(deadline=None, max_examples=40)
@given(pairs, st.data())
def test_charts_agree_with_loops(drawn, draw):
    drawn = [(1, 3), (2, 3), *drawn]
    count, size = (list(values) for values in zip(*drawn, strict=True))
    n = len(drawn)
    extra = draw.draw(st.lists(st.integers(1, n), max_size=n))
    baseline = sorted({1, 2, *extra})
    charts = {
        "p": p_chart(count, size, baseline=baseline),
        "u": u_chart(count, size, baseline=baseline),
        "c": c_chart(count, baseline=baseline),
        "laney": laney_p_chart(count, size, baseline=baseline),
    }
    inside = [k - 1 for k in baseline]
    share = sum(count[k] for k in inside) / sum(size[k] for k in inside)
    mean = sum(count[k] for k in inside) / len(inside)
    scores = [
        (count[k] / size[k] - share) / math.sqrt(share * (1 - share) / size[k]) for k in inside
    ]
    ranges = [abs(one - other) for one, other in zip(scores[1:], scores, strict=False)]
    factor = sum(ranges) / len(ranges) / 1.128
    assert charts["laney"]["sigma_z"].tolist() == pytest.approx([factor] * n)
    for k in range(n):
        binomial = math.sqrt(share * (1 - share) / size[k])
        expected = {
            "p": (count[k] / size[k], share, binomial, 1),
            "u": (count[k] / size[k], share, math.sqrt(share / size[k]), math.inf),
            "c": (count[k], mean, math.sqrt(mean), math.inf),
            "laney": (count[k] / size[k], share, factor * binomial, 1),
        }
        for name, (value, centre, sigma, top) in expected.items():
            row = charts[name].iloc[k]
            lower, upper = max(centre - 3 * sigma, 0), min(centre + 3 * sigma, top)
            assert row["sample"] == k + 1
            got = [row[column] for column in ("value", "centre", "sigma", "lower", "upper")]
            assert got == pytest.approx([value, centre, sigma, lower, upper], abs=1e-12)
            assert row["signal"] == (row["value"] < row["lower"] or row["value"] > row["upper"])


def test_overdispersed_days_signal_on_p_and_not_on_laney():
    generator = np.random.default_rng(5)
    share = np.clip(generator.normal(0.1, 0.02, 60), 0.01, 0.99)
    late = generator.binomial(5000, share)
    assert p_chart(late, 5000)["signal"].sum() > 10
    laney = laney_p_chart(late, 5000)
    assert not laney["signal"].any()
    assert laney.loc[0, "sigma_z"] > 3


def test_laney_is_the_p_chart_where_nothing_is_overdispersed():
    generator = np.random.default_rng(6)
    laney = laney_p_chart(generator.binomial(500, 0.2, 3000), 500)
    assert laney.loc[0, "sigma_z"] == pytest.approx(1, abs=0.04)


def test_samples_are_called_by_the_index_of_a_series():
    months = pd.Index(["Jan", "Feb", "Mar"])
    chart = p_chart(pd.Series([4, 5, 30], index=months), 50, baseline=["Jan", "Feb"])
    assert chart["sample"].tolist() == list(months)
    assert chart["signal"].tolist() == [False, False, True]
    assert p_chart(pd.Series([4, 5]), pd.Series([50, 60]))["sample"].tolist() == [1, 2]


def test_a_point_on_a_limit_does_not_signal():
    # c = 9 gives 0 and 18.
    chart = c_chart([9, 18, 19, 0], baseline=[1])
    assert chart["signal"].tolist() == [False, False, True, False]


def test_one_sample_is_its_own_baseline():
    assert p_chart([5], [50]).loc[0, ["value", "centre"]].tolist() == [0.1, 0.1]


# ---- run rules -----------------------------------------------------------------------------------


def naive_rules(z):
    """The rules in words: look back from each point."""

    def last(k, length):
        return z[k - length + 1 : k + 1] if k >= length - 1 else []

    def most(k, least, span, line):
        recent = z[max(0, k - span + 1) : k + 1]
        up, down = sum(x > line for x in recent), sum(x < -line for x in recent)
        return (z[k] > line and up >= least) or (z[k] < -line and down >= least)

    def side(points):
        return bool(points) and (all(x > 0 for x in points) or all(x < 0 for x in points))

    def trend(points):
        steps = [b - a for a, b in zip(points, points[1:], strict=False)]
        return bool(points) and (all(s > 0 for s in steps) or all(s < 0 for s in steps))

    def alternate(points):
        steps = [b - a for a, b in zip(points, points[1:], strict=False)]
        return bool(points) and all(s * t < 0 for s, t in zip(steps, steps[1:], strict=False))

    return {
        "beyond_limits": [abs(x) > 3 for x in z],
        "two_of_three": [most(k, 2, 3, 2) for k in range(len(z))],
        "four_of_five": [most(k, 4, 5, 1) for k in range(len(z))],
        "eight_on_one_side": [side(last(k, 8)) for k in range(len(z))],
        "nine_on_one_side": [side(last(k, 9)) for k in range(len(z))],
        "six_trending": [trend(last(k, 6)) for k in range(len(z))],
        "fourteen_alternating": [alternate(last(k, 14)) for k in range(len(z))],
        "fifteen_within": [
            bool(last(k, 15)) and all(abs(x) < 1 for x in last(k, 15)) for k in range(len(z))
        ],
        "eight_outside": [
            bool(last(k, 8)) and all(abs(x) > 1 for x in last(k, 8)) for k in range(len(z))
        ],
    }


RULES = list(naive_rules([0]))


def chart_of(z, sigma=0.5, centre=10.0):
    value = centre + sigma * np.asarray(z, dtype=float)
    frame = pd.DataFrame({"sample": range(1, len(z) + 1), "value": value, "centre": centre})
    frame["lower"], frame["upper"] = centre - 3 * sigma, centre + 3 * sigma
    frame["signal"] = (value < frame["lower"]) | (value > frame["upper"])
    return frame.assign(sigma=sigma)


level = st.sampled_from([-3.5, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4])
# Long quiet, one-sided, trending and alternating stretches, which free draws would never make.
stretch = st.one_of(
    st.lists(level, max_size=6),
    st.integers(1, 20).flatmap(lambda n: st.lists(level, min_size=n, max_size=n).map(sorted)),
    st.lists(st.sampled_from([0.25, 0.5, 1.5, 2.5]), max_size=18),
    st.lists(st.sampled_from([-0.5, 0, 0.5]), max_size=18),
    st.lists(st.sampled_from([0.5, 1.5, 2.5]), max_size=18).map(
        lambda steps: [x if k % 2 else -x for k, x in enumerate(steps)]
    ),
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(stretch, min_size=1, max_size=5).map(
        lambda parts: [x for p in parts for x in p] or [0]
    )
)
def test_rules_agree_with_a_loop(z):
    result = run_rules(chart_of(z), rules=RULES)
    expected = naive_rules(z)
    for rule in RULES:
        assert result[rule].tolist() == expected[rule], rule
    assert result["signal"].tolist() == [any(expected[r][k] for r in RULES) for k in range(len(z))]


PATTERNS = {
    "beyond_limits": [0, 3.1],
    "two_of_three": [0, 2.1, 0, 2.1],
    "four_of_five": [0, 1.1, 1.1, 0, 1.1, 1.1],
    "eight_on_one_side": [0] + [0.5] * 8,
    "nine_on_one_side": [0] + [-0.5] * 9,
    "six_trending": [1, -1, -0.5, 0, 0.5, 1, 1.5],
    "fourteen_alternating": [0, 0] + [0.3, -0.3] * 6 + [0.3],
    "fifteen_within": [1.5] + [0.5, 0.4, -0.5] * 5,
    "eight_outside": [0] + [1.5, -1.5] * 4,
}


@pytest.mark.parametrize("rule", PATTERNS)
def test_a_pattern_is_marked_where_it_is_complete_and_only_there(rule):
    assert set(PATTERNS) == set(RULES)
    z = PATTERNS[rule]
    marks = run_rules(chart_of(z), rules=[rule])[rule].tolist()
    assert marks == [False] * (len(z) - 1) + [True]


def test_sets_of_rules():
    chart = p_chart(ORANGE_JUICE, 50)
    western, nelson = run_rules(chart), run_rules(chart, rules="nelson")
    assert western.columns[2:-1].tolist() == [
        "beyond_limits",
        "two_of_three",
        "four_of_five",
        "eight_on_one_side",
    ]
    assert len(nelson.columns) == 2 + 8 + 1 and "eight_on_one_side" not in nelson
    assert western["beyond_limits"].equals(chart["signal"])
    assert run_rules(chart, rules="six_trending").columns.tolist()[2:] == ["six_trending", "signal"]


def test_unequal_samples_are_judged_in_their_own_sigma():
    # Eight shares above the centre, whatever their sizes; the cut limit does not shrink a sigma.
    chart = p_chart([1] + [3] * 8, [100] + [10, 20, 30] * 2 + [10, 20], baseline=[1, 2])
    assert run_rules(chart)["eight_on_one_side"].tolist() == [False] * 8 + [True]
    assert chart["lower"].eq(0).all()


# ---- refusals ------------------------------------------------------------------------------------

BAD = [
    (p_chart, ([1, 60], 50), {}, "Sample 2 has 60 defectives among 50"),
    (p_chart, ([1, -2], 50), {}, "`defectives` of sample 2 is -2"),
    (p_chart, ([1, 2.5], 50), {}, "`defectives` of sample 2 is 2.5"),
    (p_chart, ([1, math.nan], 50), {}, "`defectives` of sample 2 is nan"),
    (p_chart, ([1, 2], [50, 0]), {}, "size of sample 2 is 0"),
    (p_chart, ([1, 2], [50, math.nan]), {}, "size of sample 2 is nan"),
    (p_chart, ([1, 2], [50, 50.5]), {}, "size of sample 2 is 50.5"),
    (p_chart, ([1, 2], [50]), {}, "2 values of `defectives` and 1 sizes"),
    (p_chart, ([1, 2], "50"), {}, "'sizes', row 0: '50' is not a number"),
    (p_chart, ([], 50), {}, "'defectives' is empty"),
    (p_chart, ([0, 0], 50), {}, "No unit of the baseline is defective"),
    (p_chart, ([0, 9], 50), {"baseline": [1]}, "No unit of the baseline is defective"),
    (p_chart, ([5, 5], 5), {}, "Every unit of the baseline is defective"),
    (p_chart, ([1, 2], 50), {"baseline": [3]}, "`baseline` names sample 3"),
    (p_chart, ([1, 2], 50), {"baseline": []}, "`baseline` must list"),
    (p_chart, ([1, 2], 50), {"baseline": [False, False]}, "`baseline` must list"),
    (p_chart, ([1, 2], 50), {"baseline": [True]}, "1 True or False for 2 samples"),
    (p_chart, ([1, 2], 50), {"baseline": 2}, "`baseline` must list.*2"),
    (p_chart, (pd.Series([1, 2], index=["a", "a"]), 50), {}, "Sample 'a' occurs twice"),
    (p_chart, (pd.Series([1, 2]), pd.Series([5, 5], index=[1, 0])), {}, "indexes differ"),
    (u_chart, ([0, 0], 1), {}, "baseline has no defects"),
    (u_chart, ([1, 2], [1, -1]), {}, "size of sample 2 is -1"),
    (u_chart, ([1, "2"], 1), {}, "'defects', row 1: '2' is not a number"),
    (c_chart, ([1, 0.5],), {}, "`defects` of sample 2 is 0.5"),
    (laney_p_chart, ([1], 50), {}, "at least 2 samples"),
    (laney_p_chart, ([1, 2], 50), {"baseline": [2]}, "at least 2 samples"),
    (laney_p_chart, ([2, 2, 2], 50), {}, "Laney's limits have no width"),
    (run_rules, (chart_of([0, 1]),), {"rules": ["two_of_four"]}, "does not know 'two_of_four'"),
    (run_rules, (chart_of([0, 1]),), {"rules": []}, "does not know"),
    (run_rules, (chart_of([0, 1]).drop(columns="sigma"),), {}, "no column 'sigma'"),
    (run_rules, (chart_of([0, 1], sigma=0),), {}, "sigma above 0"),
    (run_rules, (chart_of([0, math.nan]),), {}, "no blanks"),
]


@pytest.mark.parametrize(("function", "arguments", "options", "message"), BAD)
def test_refusals_name_the_sample(function, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments, **options)
