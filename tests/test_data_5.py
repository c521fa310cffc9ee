"""The passenger questionnaire: an analysis finds the documented truth again."""

import re

import numpy as np
import pandas as pd
import pytest
from data_helpers import page_halves

from csqm import cleaning, comparison, reliability
from csqm.data import load

MISSING = [0, 6, 9]
REVERSED = ["q4_late", "q10_jerky"]
SCALES = {
    "booking": ["q1_easy", "q4_late", "q8_told", "q11_place"],
    "drive": ["q2_route", "q5_smooth", "q7_safe", "q10_jerky", "q12_respect"],
    "value": ["q3_fair", "q9_clear", "q13_worth"],
}


@pytest.fixture
def truth(maker):
    return maker("passenger_questionnaire")


@pytest.fixture
def halves():
    return page_halves("passenger_questionnaire")


def rows_of(half, name):
    """Return the numbers in the rows that begin with a name in backticks."""
    found = re.search(rf"^\| `{name}`[^|]*\|(.*)\|$", half, re.MULTILINE)
    return [float(cell) for cell in found[1].split("|")]


def flags_of(export, items):
    return cleaning.flag_careless(
        export,
        items,
        missing=MISSING,
        straight_line=10,
        id="code",
        seconds="seconds",
        fastest=30,
    )


def turned_scores(export):
    """Turn the reversed items; add the score of each dimension where half of it is answered."""
    table = cleaning.reverse_items(export, REVERSED)
    for name, items in SCALES.items():
        enough = table[items].notna().sum(axis="columns") >= len(items) / 2
        table[name] = table[items].mean(axis="columns").where(enough)
    return table


@pytest.fixture
def clean(truth):
    export, items = load("passenger_questionnaire", missing="keep"), list(truth.ITEMS)
    kept = ~flags_of(export, items).any(axis="columns")
    return turned_scores(load("passenger_questionnaire")[kept])


def test_the_page_gives_the_true_values(truth, halves):
    for half in halves:
        for item, (mean, loadings, dont_know) in truth.ITEMS.items():
            pattern = [loadings.get(name, 0) for name in truth.DIMENSIONS]
            assert rows_of(half, item) == [mean, *pattern, dont_know]
        shares = [*truth.AREAS.values(), *np.ravel(list(truth.CHANNELS.values()))]
        effects = [-value for value in truth.NIGHT_EFFECTS.values()]
        others = [truth.MOOD, truth.ACQUIESCENCE, truth.UNIQUE_SD, truth.CORRELATION, truth.BLANK]
        others += [truth.CAREFUL, truth.STRAIGHT, truth.HASTY, truth.RESENT, truth.ANGRY]
        others += [truth.DUPLICATES, truth.SECONDS, truth.SECONDS_SD, truth.NIGHT]
        for value in [*shares, *effects, *truth.AREA_EFFECTS.values(), *others]:
            assert f"{abs(value)}" in half


def test_the_dictionary_knows_every_code(truth):
    export = load("passenger_questionnaire", missing="keep")
    answers = export[list(truth.ITEMS)]
    assert set(np.unique(answers)) == {0, 1, 2, 3, 4, 5, 6, 9}
    street = export["channel"] == "street"
    booking = [name for name, (_, loadings, _) in truth.ITEMS.items() if "booking" in loadings]
    rest = answers.columns.difference(booking)
    assert not (answers[rest] == truth.DOES_NOT_APPLY).any(axis=None)
    assert not (answers.loc[~street, booking] == truth.DOES_NOT_APPLY).any(axis=None)
    assert (answers.loc[street, booking] == truth.DOES_NOT_APPLY).mean(axis=None) > 0.9


def test_the_rule_finds_exactly_what_is_dirty(truth):
    rows, kinds = truth.export()
    export = pd.DataFrame(rows[1:], columns=rows[0])
    flags = flags_of(export, list(truth.ITEMS))
    kinds = pd.Series(kinds)
    assert flags["straight_line"].equals(kinds == "straight")
    assert flags["duplicate"].equals(kinds == "duplicate")
    assert flags.loc[kinds == "hasty", "speed"].all()
    assert not flags.loc[kinds.isin(["careful", "angry"]), "speed"].any()
    counts = kinds.value_counts()
    assert counts["careful"] == truth.CAREFUL and counts["duplicate"] == truth.DUPLICATES
    assert len(export) == 601 and export["code"].nunique() == 586


def test_three_factors_are_found_and_one_item_belongs_to_none(truth, clean):
    items = list(truth.ITEMS)
    assert reliability.parallel_analysis(clean, items)["keep"].sum() == 3
    loadings = reliability.factor_loadings(clean, items, 3).set_index("item")
    loadings = loadings[["factor_1", "factor_2", "factor_3"]]
    main = loadings.idxmax(axis="columns")
    for scale in SCALES.values():
        assert main[scale].nunique() == 1
        for item in scale:
            second = loadings.loc[item].nlargest(2).iloc[1]
            assert loadings.loc[item].max() > 0.5 and second < 0.35, item
    assert loadings.loc["q6_easy_fair"].nlargest(2).iloc[1] > 0.35


def test_scores_show_the_expected_reliability_and_effects(clean, halves):
    night = comparison.compare_groups(clean, "period", list(SCALES)).set_index("outcome")
    for half in halves:
        for name, items in SCALES.items():
            effect, alpha, correlation = rows_of(half, name)
            found = reliability.cronbach_alpha(clean, items)
            assert found.low < alpha < found.high
            assert night.loc[name, "low"] < effect < night.loc[name, "high"]
            error = (1 - correlation**2) / np.sqrt(clean[name].count())
            assert abs(clean[name].corr(clean["drive"]) - correlation) <= 2.5 * error
    area = comparison.compare_groups(clean, "area", list(SCALES)).set_index("outcome")
    assert area.loc["drive", "low"] < 0.015 < area.loc["drive", "high"]
    assert (area.loc[["booking", "value"], "p"] > 0.05).all()


def test_the_page_gives_what_many_careful_passengers_would_show(truth, halves, monkeypatch):
    def many():
        columns = ["period", "area", "channel", "seconds", *truth.ITEMS]
        drawn = pd.DataFrame(truth.careful(np.random.default_rng(1), 20_000), columns=columns)
        items = list(truth.ITEMS)
        drawn[items] = drawn[items].mask(drawn[items].isin(MISSING))
        return turned_scores(drawn)

    table = many()
    night = comparison.compare_groups(table, "period", list(SCALES)).set_index("outcome")
    area = comparison.compare_groups(table, "area", ["drive"])
    assert area["effect"].iloc[0] == pytest.approx(0.015, abs=0.004)
    for half in halves:
        for name, items in SCALES.items():
            effect, alpha, correlation = rows_of(half, name)
            assert night.loc[name, "effect"] == pytest.approx(effect, abs=0.04)
            assert reliability.cronbach_alpha(table, items).value == pytest.approx(alpha, abs=0.01)
            assert table[name].corr(table["drive"]) == pytest.approx(correlation, abs=0.02)
        assert "0.25" in half and "0.35" in half
    monkeypatch.setattr(truth, "MOOD", 0.0)
    monkeypatch.setattr(truth, "ACQUIESCENCE", 0.0)
    without = many()
    assert without["drive"].corr(without["value"]) == pytest.approx(0.25, abs=0.02)


def test_codes_counted_as_answers_make_the_night_look_bad(truth):
    wrong = load("passenger_questionnaire", missing="keep")
    for name, items in SCALES.items():
        wrong[name] = wrong[items].mean(axis="columns")
    night = comparison.compare_groups(wrong, "period", list(SCALES)).set_index("outcome")
    # The booking, on which the night has no effect, seems to be the worst of all.
    assert night["effect"].idxmax() == "booking" and night.loc["booking", "low"] > 0.5
