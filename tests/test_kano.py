"""Kano's classes against published tables, scipy, statsmodels and plain loops."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from statsmodels.stats.proportion import proportion_confint

from csqm import text
from csqm.kano import better_worse, classify, summary

CLASSES = list("AOMIRQ")


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


# ---- published values ----------------------------------------------------------------------------

# stp4/stp25kano README: A, M, O, I, R, Q of 296 answers; better, worse; Fong's difference and
# critical value; chi-square; category and total strength in whole percent; mode, Berger's rule.
PUBLISHED = {
    "Service app": ([45, 95, 123, 33, 0, 0], 0.568, -0.736, 28, 19.4, 72.49, 9, 89, "O", "O"),
    "Excellent service": ([54, 101, 54, 81, 3, 3], 0.372, -0.534, 20, 18.5, 21.64, 7, 71, "M", "M"),
    "Hotline": ([121, 15, 24, 124, 6, 6], 0.511, -0.137, 3, 19.8, 150.06, 1, 54, "I", "A"),
    "Loan machine": ([93, 65, 87, 51, 0, 0], 0.608, -0.514, 6, 18.5, 15.41, 2, 83, "A", "A"),
    "Ready-to-use return": (
        [83, 9, 18, 177, 6, 3],
        0.352,
        -0.094,
        94,
        19.9,
        251.3,
        32,
        37,
        "I",
        "I",
    ),
}


def counts_frame(rows, order="AMOIRQ"):
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(order))


def respondents(counts, order="AMOIRQ"):
    """Return one classified answer per respondent."""
    return [name for name, count in zip(order, counts, strict=True) for _ in range(count)]


@pytest.mark.parametrize("attribute", PUBLISHED)
@pytest.mark.parametrize("source", ["counts", "respondents"])
def test_published_attributes(attribute, source):
    counts, better, worse, difference, critical, fit, category, total, mode, rule = PUBLISHED[
        attribute
    ]
    if source == "counts":
        arguments = (counts_frame({attribute: counts}),)
    else:
        arguments = (pd.DataFrame({"x": respondents(counts)}), {attribute: "x"})
    row = summary(*arguments).iloc[0]
    assert row["attribute"] == attribute
    assert [row[name] for name in "AMOIRQ"] == counts
    assert row["n"] == 296 and row["missing"] == 0 and row["effective_n"] == 296
    assert row["fong_difference"] == difference
    assert row["fong_critical"] == pytest.approx(critical, abs=0.0999)
    assert row["fong_significant"] == (difference >= critical)
    assert row["chi_square"] == pytest.approx(fit, abs=0.006)
    assert 100 * row["category_strength"] == pytest.approx(category, abs=0.5)
    assert 100 * row["total_strength"] == pytest.approx(total, abs=0.5)
    assert (row["mode"], row["berger"]) == (mode, rule)
    assert row["disagree"] == (mode != rule)
    assert row["note"] == ""
    point = better_worse(*arguments).iloc[0]
    assert point["better"] == pytest.approx(better, abs=0.0006)
    assert point["worse"] == pytest.approx(worse, abs=0.0006)
    assert point["n"] == sum(counts[:4]) and point["left_out"] == sum(counts[4:])


def test_published_skis_in_percent():
    """Sauerwein et al. 1996, Matzler & Hinterhuber 1998: percentages of the answers."""
    skis = counts_frame(
        {
            "Edge grip": [7, 32.3, 49.3, 9.5, 0.3, 1.5],
            "Ease of turn": [10.4, 45.1, 30.5, 11.5, 1.2, 1.2],
            "Service": [63.8, 21.6, 2.9, 8.5, 0.7, 2.5],
        },
        order="AOMIRQ",
    ).assign(n=1000)
    points = better_worse(skis)
    assert points["better"].tolist() == pytest.approx([0.40, 0.57, 0.88], abs=0.0051)
    assert points["worse"].tolist() == pytest.approx([-0.83, -0.78, -0.25], abs=0.0051)
    assert summary(skis)["mode"].tolist() == ["M", "O", "A"]
    assert summary(skis)["n"].tolist() == [1000, 1000, 1000]


def test_shares_of_n_answers_give_what_counts_give():
    counts = counts_frame({name: row[0] for name, row in PUBLISHED.items()})
    shares = counts.div(counts.sum(axis="columns"), axis="index").assign(n=296)
    for method in (summary, better_worse):
        pd.testing.assert_frame_equal(method(counts), method(shares), check_dtype=False)


# ---- the evaluation table ------------------------------------------------------------------------


def by_definition(functional, dysfunctional):
    """Berger et al.'s table in words, written apart from the module."""
    if functional == dysfunctional and functional in (1, 5):
        return "Q"
    if functional == 1:
        return "O" if dysfunctional == 5 else "A"
    if dysfunctional == 5:
        return "M"
    if functional == 5 or dysfunctional == 1:
        return "R"
    return "I"


def test_every_cell_of_the_table():
    pairs = [(f, d) for f in range(1, 6) for d in range(1, 6)]
    result = classify([f for f, _ in pairs], [d for _, d in pairs])
    assert result.tolist() == [by_definition(*pair) for pair in pairs]
    assert Counter(result) == {"A": 3, "O": 1, "M": 3, "I": 9, "R": 7, "Q": 2}


def test_missing_stays_missing_and_the_index_is_kept():
    index = ["a", "b", "c", "d"]
    result = classify(
        pd.Series([1, 9, np.nan, 2], index=index), pd.Series([9, 5, 1, 5], index=index), missing=[9]
    )
    assert result.isna().tolist() == [True, True, True, False]
    assert result["d"] == "M" and result.index.tolist() == index


# ---- summaries of drawn answers ------------------------------------------------------------------

answer = st.sampled_from([1, 2, 3, 4, 5, 9, None])
pairs = st.lists(st.tuples(answer, answer), min_size=1, max_size=40)


@settings(deadline=None, max_examples=40)
@given(pairs, st.sampled_from([0.8, 0.95]))
def test_summary_and_better_worse_agree_with_loops(drawn, confidence):
    data = pd.DataFrame([(1, 2), *drawn], columns=["yes", "no"], dtype=float)
    options = {"attributes": {"meter": ("yes", "no")}, "missing": [9]}
    row = summary(data, **options).iloc[0]
    known = [(f, d) for f, d in [(1, 2), *drawn] if f in range(1, 6) and d in range(1, 6)]
    counts = Counter(by_definition(f, d) for f, d in known)
    n = len(known)
    assert {name: row[name] for name in CLASSES} == {name: counts[name] for name in CLASSES}
    assert (row["n"], row["missing"]) == (n, len(data) - n)

    top = max(counts.values())
    assert row["mode"] == "/".join(name for name in CLASSES if counts[name] == top)
    upper = counts["M"] + counts["O"] + counts["A"] > counts["I"] + counts["R"] + counts["Q"]
    among = "AOM" if upper else "IRQ"
    best = max(counts[name] for name in among)
    assert row["berger"] == "/".join(name for name in among if counts[name] == best)
    assert row["disagree"] == (row["mode"] != row["berger"])

    a, b = sorted((counts[name] for name in CLASSES), reverse=True)[:2]
    assert row["category_strength"] == pytest.approx((a - b) / n)
    critical = 1.65 * math.sqrt((a + b) * (2 * n - a - b) / (2 * n))
    assert row["fong_critical"] == pytest.approx(critical)
    assert row["fong_significant"] == (a - b >= critical)
    four = [counts[name] for name in "MOAI"]
    expected = chisquare(four)
    assert row["chi_square"] == pytest.approx(expected.statistic)
    assert row["chi_square_p"] == pytest.approx(expected.pvalue)

    point = better_worse(data, **options, confidence=confidence).iloc[0]
    assert 0 <= point["better_low"] <= point["better"] <= point["better_high"] <= 1
    assert -1 <= point["worse_low"] <= point["worse"] <= point["worse_high"] <= 0
    for name, part, sign in (("better", "AO", 1), ("worse", "OM", -1)):
        count = sum(counts[each] for each in part)
        ends = proportion_confint(count, sum(four), alpha=1 - confidence, method="wilson")
        got = sorted(sign * point[f"{name}_{end}"] for end in ("low", "high"))
        assert point[name] == pytest.approx(sign * count / sum(four))
        assert got == pytest.approx(list(ends), abs=1e-12)
    assert point["n"] + point["left_out"] + point["missing"] == len(data)


@settings(deadline=None, max_examples=30)
@given(pairs, st.data())
def test_whole_weights_are_repeated_rows(drawn, draw):
    data = pd.DataFrame([(1, 5), *drawn], columns=["yes", "no"], dtype=float)
    times = [1] + draw.draw(st.lists(st.integers(0, 90), min_size=len(drawn), max_size=len(drawn)))
    options = {"attributes": {"meter": ("yes", "no")}, "missing": [9]}
    weighted = summary(data, **options, weights=times).iloc[0]
    repeated = summary(data.loc[data.index.repeat(times)], **options).iloc[0]
    for name in [*CLASSES, "mode", "berger", "disagree", "category_strength", "total_strength"]:
        assert weighted[name] == repeated[name]
    ours = better_worse(data, **options, weights=times).iloc[0]
    theirs = better_worse(data.loc[data.index.repeat(times)], **options).iloc[0]
    assert (ours["better"], ours["worse"]) == pytest.approx((theirs["better"], theirs["worse"]))
    assert ours["effective_n"] <= ours["n"] + 1e-9


def test_weights_of_one_change_nothing_but_the_tests():
    data = pd.DataFrame({"yes": [1, 1, 2, 5, 3], "no": [5, 2, 5, 1, 3]})
    options = {"attributes": {"meter": ("yes", "no")}}
    plain, weighted = (summary(data, **options, weights=w) for w in (None, np.ones(5)))
    kept = [name for name in plain if not name.startswith(("fong", "chi")) and name != "note"]
    pd.testing.assert_frame_equal(plain[kept], weighted[kept], check_dtype=False)
    left = ["fong_difference", "fong_critical", "fong_significant", "chi_square", "chi_square_p"]
    assert weighted[left].isna().all(axis=None)
    assert "need unweighted counts" in weighted["note"].iloc[0]
    pd.testing.assert_frame_equal(
        better_worse(data, **options), better_worse(data, **options, weights=np.ones(5))
    )


def test_weighted_interval_rests_on_the_effective_n_of_the_four_classes():
    data = pd.DataFrame({"x": list("AAOMIIRQ")})
    weights = np.array([1, 2, 3, 4, 5, 6, 70, 80.0])
    row = better_worse(data, ["x"], weights=weights).iloc[0]
    four = weights[:6]
    effective = four.sum() ** 2 / (four**2).sum()
    assert row["effective_n"] == pytest.approx(effective)
    ends = proportion_confint(6 / 21 * effective, effective, method="wilson")
    assert (row["better_low"], row["better_high"]) == pytest.approx(ends)


def test_attributes_nobody_places_among_the_four_say_why():
    data = pd.DataFrame({"x": ["R", "Q", "R"], "y": ["A", None, None]})
    table, points = summary(data, ["x", "y"]), better_worse(data, ["x", "y"])
    assert table["berger"].tolist() == ["R", "A"]
    assert (
        math.isnan(table["chi_square"].iloc[0]) and points.loc[0, ["better", "worse"]].isna().all()
    )
    assert table["note"].tolist() == points["note"].tolist() == ["no answer is A, O, M or I", ""]
    assert table["missing"].tolist() == [0, 2]
    # One respondent: a class, and no test that calls it significant.
    assert table["n"].iloc[1] == 1 and not table["fong_significant"].iloc[1]


def test_ties_are_reported():
    table = summary(counts_frame({"t": [5, 5, 5, 15, 0, 0], "u": [4, 4, 1, 2, 0, 0]}))
    # 15 against 15: not more, so the rule looks among I, R and Q.
    assert table["mode"].tolist() == ["I", "A/M"]
    assert table["berger"].tolist() == ["I", "A/M"]


def test_a_summary_can_be_read_back():
    table = summary(pd.DataFrame({"x": list("AAOMI") + [None]}), ["x"])
    pd.testing.assert_frame_equal(summary(table), table)


# ---- refusals ------------------------------------------------------------------------------------

ANSWERS = pd.DataFrame({"yes": [1, 2], "no": [5, 5], "x": ["A", "?"], "none": [np.nan, np.nan]})
COUNTS = counts_frame({"meter": [1, 2, 3, 4, 0, 0]})
BAD = [
    ({"attributes": {"a": ("yes", "other")}}, "no column 'other'"),
    ({"attributes": {"a": ("yes", "yes")}}, "'a' needs a pair of different columns"),
    ({"attributes": {"a": ("yes", "no", "x")}}, "'a' needs a pair"),
    ({"attributes": "x"}, "`attributes` must map.*'x'"),
    ({"attributes": {}}, "`attributes` must map"),
    ({"attributes": ["x"]}, r"'x', row 1: '\?' is not a Kano class"),
    ({"attributes": ["yes"]}, "'yes', row 0: 1 is not a Kano class"),
    ({"attributes": {"a": ("yes", "none")}}, "Nobody answered.*'a'"),
    ({"attributes": {"a": ("yes", "no")}, "missing": [5]}, "`missing` holds 5"),
    ({"attributes": {"a": ("yes", "no")}, "weights": [1, -2]}, "Weight of row 1 is -2"),
    ({"attributes": {"a": ("yes", "no")}, "weights": "w"}, "no column 'w'"),
    (
        {"data": ANSWERS.assign(no=[5, 6]), "attributes": {"a": ("yes", "no")}},
        "'no', row 1: code 6",
    ),
    ({"data": ANSWERS.assign(no=[5, 2.5]), "attributes": {"a": ("yes", "no")}}, "'no'.*code 2.5"),
    ({"data": COUNTS.drop(columns="Q")}, "no column 'Q'"),
    ({"data": COUNTS, "weights": [1]}, "`weights` cannot be used with counts"),
    ({"data": COUNTS.assign(R=-1)}, "'meter': the count of R is -1"),
    ({"data": COUNTS.assign(R=np.nan)}, "'meter': the count of R is nan"),
    ({"data": COUNTS.assign(R=0.5)}, "'meter': R is 0.5, not a whole number"),
    ({"data": COUNTS.assign(n=0.5)}, "'meter': n is 0.5"),
    ({"data": COUNTS.assign(missing=-1)}, "Column missing must hold"),
    ({"data": COUNTS * 0}, "Nobody answered.*'meter'"),
    ({"data": {"A": 1}}, "`data` must be a DataFrame"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
@pytest.mark.parametrize("method", [summary, better_worse])
def test_refusals_name_what_is_wrong(method, change, message):
    options = {"data": ANSWERS} | change
    with pytest.raises(ValueError, match=message):
        method(options.pop("data"), **options)


@pytest.mark.parametrize(
    ("functional", "dysfunctional", "message"),
    [
        ([1, 2], [1], "2 to the functional and 1 to the dysfunctional"),
        (pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0]), "another index"),
        ([0], [1], "'functional', row 0: code 0"),
        ([1], ["like"], "'dysfunctional', row 0: 'like' is not a number"),
        ([], [], "functional"),
    ],
)
def test_classify_refuses(functional, dysfunctional, message):
    with pytest.raises(ValueError, match=message):
        classify(functional, dysfunctional)


def test_confidence_is_a_fraction():
    with pytest.raises(ValueError, match="`confidence`"):
        better_worse(COUNTS, confidence=95)
