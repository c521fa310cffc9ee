"""The survey of ten attributes: an analysis finds the documented truth again."""

import re

import numpy as np
import pandas as pd
import pytest
from data_helpers import page_halves

from csqm import drivers, ipa, kano, servqual
from csqm.data import load


@pytest.fixture
def truth(maker):
    return maker("attribute_survey")


@pytest.fixture
def halves():
    return page_halves("attribute_survey")


def rows_of(half, name):
    """Return the cells of all rows that begin with a name in backticks."""
    found = re.findall(rf"^\| `{name}`[^|]*\|(.*)\|$", half, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in found]


def perceptions(table, attributes):
    """The ten perceptions under the names of the attributes, and overall satisfaction."""
    result = table[[f"p_{name}" for name in attributes]].set_axis(attributes, axis="columns")
    return result.assign(overall=table["overall"])


def gaps_of(table, attributes):
    """Gap, low and high of each attribute."""
    pairs = [(f"e_{name}", f"p_{name}") for name in attributes]
    found = servqual.gaps(table, {"all": pairs}, missing=[8, 9])
    return found.items[["gap", "low", "high"]].set_axis(attributes)


def kano_of(table, attributes, missing=(9,)):
    pairs = {name: (f"f_{name}", f"d_{name}") for name in attributes}
    return kano.summary(table, pairs, missing=missing).set_index("attribute")


def explained(table, outcome):
    """R squared of the columns of a table, in complete rows."""
    complete = table.assign(y=outcome).dropna()
    x = np.column_stack([np.ones(len(complete)), complete.drop(columns="y")])
    residuals = complete["y"] - x @ np.linalg.lstsq(x, complete["y"], rcond=None)[0]
    return 1 - residuals.var() / complete["y"].var()


def test_the_page_gives_the_true_values(truth, halves):
    for half in halves:
        for name, values in truth.ATTRIBUTES.items():
            first, *classes, _ = rows_of(half, name)
            assert [float(cell) for cell in first] == list(values)
            chances = truth.KANO[name]
            chances = chances.values() if isinstance(chances, dict) else [chances]
            for row, right in zip(classes, chances, strict=True):
                assert [float(cell) for cell in row] == list(right)
                assert sum(right) == pytest.approx(1)
        others = [truth.PASSENGERS, truth.APP, truth.HALO, truth.STYLE_SD, truth.EXPECTATION_SD]
        others += [truth.STATED_SD, truth.OVERALL, truth.OVERALL_SD, truth.LIMIT, truth.BLANK]
        for value in [*others, truth.CANNOT_SAY_HELP, *truth.PENALTY.values()]:
            assert str(value) in half


def test_the_sample_shows_the_documented_gaps_shares_and_classes(truth, halves):
    survey = load("attribute_survey")
    attributes = list(truth.ATTRIBUTES)
    gaps = gaps_of(load("attribute_survey", missing="keep"), attributes)
    answers = perceptions(survey, attributes)
    shares = drivers.lmg(answers, "overall", attributes).set_index("driver")["share"]
    classes = kano_of(survey, attributes)
    for half in halves:
        for name in attributes:
            gap, share, r, mode, berger = rows_of(half, name)[-1]
            assert gaps.loc[name, "low"] - 0.05 < float(gap) < gaps.loc[name, "high"] + 0.05
            assert shares[name] == pytest.approx(float(share), abs=0.04)
            assert answers[name].corr(answers["overall"]) == pytest.approx(float(r), abs=0.09)
            assert (classes.loc[name, "mode"], classes.loc[name, "berger"]) == (mode, berger)


def test_the_rules_of_kano_disagree_about_one_attribute_that_two_groups_see_differently(truth):
    survey, attributes = load("attribute_survey"), list(truth.ATTRIBUTES)
    classes = kano_of(survey, attributes)
    assert classes.index[classes["disagree"]].tolist() == ["tracking"]
    assert classes.index[~classes["fong_significant"]].tolist() == ["tracking", "seats"]
    by_channel = {
        channel: kano_of(part, ["tracking"]).loc["tracking"]
        for channel, part in survey.groupby("channel")
    }
    assert by_channel["app"]["mode"] == by_channel["app"]["berger"] == "A"
    assert by_channel["phone"]["mode"] == by_channel["phone"]["berger"] == "I"
    assert all(row["fong_significant"] for row in by_channel.values())


def test_an_attribute_is_stated_as_important_and_drives_nothing(truth):
    survey, attributes = load("attribute_survey"), list(truth.ATTRIBUTES)
    stated = survey[[f"s_{name}" for name in attributes]].mean().set_axis(attributes)
    assert stated.nlargest(3).index.tolist() == ["safe", "punctual", "clean"]
    answers = perceptions(survey, attributes)
    beta = drivers.derived_importance(answers, "overall", attributes, method="regression")
    beta = beta.set_index("driver")
    assert truth.ATTRIBUTES["clean"][-1] == 0
    assert beta.loc["clean", "low"] < 0 < beta.loc["clean", "high"]
    strongest = beta["importance"].nlargest(3).index
    assert set(strongest) == {"punctual", "courteous", "seats"}
    # Safe driving varies little and so drives little, but who feels unsafe is lost.
    unsafe = survey["p_safe"] <= 4
    assert survey["p_safe"].std() < 0.8 and 3 <= unsafe.sum() <= 12
    assert survey.loc[~unsafe, "overall"].mean() - survey.loc[unsafe, "overall"].mean() > 2


def test_the_gap_hides_the_worst_attribute(truth):
    survey, attributes = load("attribute_survey"), list(truth.ATTRIBUTES)
    gaps = gaps_of(load("attribute_survey", missing="keep"), attributes)
    answers = perceptions(survey, attributes)
    assert answers[attributes].mean().idxmin() == "seats"
    assert gaps["gap"].idxmax() == "seats"
    derived = drivers.derived_importance(answers, "overall", attributes)
    grid = ipa.grid(answers, derived, attributes, scale=(1, 7)).set_index("attribute")
    assert grid.loc["seats", "quadrant"] == "concentrate"


@pytest.mark.parametrize("half", [0, 1])
def test_perception_explains_more_than_the_difference(truth, halves, half):
    made = pd.DataFrame(truth.draw(np.random.default_rng(1), 40_000))
    for table, error in ((load("attribute_survey"), 0.08), (made, 0.02)):
        p = table[[f"p_{name}" for name in truth.ATTRIBUTES]]
        p = p.where(p < truth.CANNOT_SAY)
        e = table[[f"e_{name}" for name in truth.ATTRIBUTES]].set_axis(p.columns, axis="columns")
        e = e.where(e < truth.CANNOT_SAY)
        found = [
            explained(p, table["overall"]),
            explained(p - e, table["overall"]),
            explained(p.join(e.add_prefix("e")), table["overall"]),
        ]
        written = [float(x) for x in re.findall(r"0\.\d\d", halves[half].split("R²")[1])[:1]]
        written += [float(x) for x in re.findall(r"0\.\d\d", halves[half].split("R²")[2])[:2]]
        assert found == pytest.approx(written, abs=error)


def test_the_dictionary_knows_every_code(truth):
    survey = load("attribute_survey", missing="keep")
    assert truth.CANNOT_SAY in set(survey["p_help"]) <= {*range(1, 8), 8, 9}
    ratings = survey.filter(regex="^[eps]_").drop(columns="p_help")
    assert set(np.unique(ratings)) <= {*range(1, 8), truth.NO_ANSWER}
    assert set(np.unique(survey.filter(regex="^[fd]_"))) == {1, 2, 3, 4, 5, truth.NO_ANSWER}
