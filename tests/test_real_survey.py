"""The ABC customer satisfaction survey of mistat (266 × 147), which nobody here made, end to end.

Kenett, R. S., Zacks, S., & Gedeck, P. (2023). *Industrial statistics: A computer-based approach
with Python*. Birkhäuser. Answers run from 1 to 5; 0, off that scale, is taken as no answer.
"""

import math

import mistat
import numpy as np
import pingouin
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from csqm.cleaning import cleaning_report, flag_careless, recode, reverse_items
from csqm.comparison import compare_groups
from csqm.indicators import satisfaction_index, top_box
from csqm.sampling import design_effect, margin_of_error, rake

EQUIPMENT = [f"q{number}" for number in range(6, 11)]
SUPPORT = [f"q{number}" for number in range(18, 25)]
OVERALL = ["q1", "q4", "q5"]


@pytest.fixture(scope="module")
def survey():
    data = mistat.load_data("ABC")
    assert data.shape == (266, 147)
    return data


@pytest.fixture(scope="module")
def cleaned(survey):
    """Turn 0 into a blank, and refuse anything else but 1 to 5."""
    mapping = {0: None} | {code: code for code in range(1, 6)}
    return recode(survey, OVERALL + EQUIPMENT + SUPPORT, mapping)


def test_cleaning(survey, cleaned):
    with pytest.raises(ValueError, match="'q6', row .* code 0 is not on the scale from 1 to 5"):
        flag_careless(survey, EQUIPMENT)
    flags = flag_careless(cleaned, SUPPORT, id="ID")
    block = survey[SUPPORT].replace(0, np.nan)
    same = block.eq(block["q18"], axis="rows").all(axis="columns")
    assert flags["straight_line"].tolist() == same.tolist()
    assert not flags["duplicate"].any()
    report = cleaning_report(cleaned, flags).set_index("step")["rows"]
    assert report["before"] == 266 and report["after"] == 266 - same.sum()
    turned = reverse_items(cleaned, ["q1"])
    assert (turned["q1"] + cleaned["q1"]).dropna().eq(6).all()


def test_indicators(survey, cleaned):
    satisfied = top_box(cleaned["q1"])
    # 118 gave a 4, 38 a 5, 4 nothing.
    assert satisfied.value == pytest.approx(156 / 262)
    ends = proportion_confint(156, 262, method="wilson")
    assert (satisfied.low, satisfied.high) == pytest.approx(ends)
    assert satisfied[3:] == (262, 4, 262)

    index = satisfaction_index(cleaned, OVERALL, scale=(1, 5))
    person = survey[OVERALL].dropna().mean(axis="columns")
    expected = stats.t.interval(0.95, len(person) - 1, person.mean(), stats.sem(person))
    assert index.value == pytest.approx((person.mean() - 1) * 25)
    assert (index.low, index.high) == pytest.approx([(end - 1) * 25 for end in expected])
    assert (index.n, index.missing) == (len(person), 266 - len(person))


def test_comparison(cleaned):
    table = compare_groups(cleaned, "country", OVERALL)
    assert table["method"].eq("welch_anova").all()
    for row in table.itertuples():
        answered = cleaned[["country", row.outcome]].dropna()
        peer = pingouin.welch_anova(answered, dv=row.outcome, between="country").iloc[0]
        assert (row.statistic, row.p) == pytest.approx((peer["F"], peer["p_unc"]))
        assert row.n == len(answered) and 0 <= row.low <= row.effect <= row.high < 1
    adjusted = multipletests(table["p"], method="holm")[1]
    assert table["p_adjusted"].tolist() == pytest.approx(adjusted.tolist())

    ranks = compare_groups(cleaned, "country", OVERALL, method="rank")
    for row in ranks.itertuples():
        samples = [part.dropna() for _, part in cleaned.groupby("country")[row.outcome]]
        assert (row.statistic, row.p) == pytest.approx(tuple(stats.kruskal(*samples)))

    two = cleaned[cleaned["country"].isin(["Germany", "UK"])]
    row = compare_groups(two, "country", ["q1"]).iloc[0]
    samples = [part.dropna() for _, part in two.groupby("country")["q1"]]
    peer = stats.ttest_ind(*samples, equal_var=False)
    assert (row["statistic"], row["p"]) == pytest.approx((peer.statistic, peer.pvalue))


def test_raking(cleaned):
    # Invented targets: the customers' true distribution was not published.
    size = "customer seniority (years)"
    data = cleaned.dropna(subset=[size])
    margins = {
        "country": dict(zip(sorted(set(data["country"])), [60, 60, 80, 40, 80, 80], strict=True)),
        size: {1: 60, 2: 100, 3: 80, 4: 60, 5: 100},
    }
    raked = rake(data, margins)
    for column, targets in margins.items():
        totals = raked.weights.groupby(data[column]).sum() / len(data) * 400
        assert totals.to_dict() == pytest.approx(targets, rel=1e-6)
    effect = design_effect(raked.weights)
    assert (raked.design_effect, raked.effective_n) == (effect.value, effect.effective_n)
    assert 1 < effect.value < 2 and effect.effective_n < len(data) == 265

    satisfied = top_box(data["q1"], weights=raked.weights)
    used = data["q1"].notna()
    expected = (raked.weights * (data["q1"] >= 4))[used].sum() / raked.weights[used].sum()
    assert satisfied.value == pytest.approx(expected)
    assert satisfied.effective_n < satisfied.n == used.sum()
    margin = margin_of_error(satisfied.n, design_effect=effect.value, share=satisfied.value)
    assert (satisfied.high - satisfied.low) / 2 == pytest.approx(margin, rel=0.02)
    weighted = compare_groups(data, "country", ["q1"], weights=raked.weights)
    assert math.isfinite(weighted["p"].iloc[0])
    with pytest.raises(ValueError, match="is blank in row"):
        rake(cleaned, margins)
