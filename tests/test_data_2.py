"""The trial of two promises and the accounts: an analysis finds the documented truth again."""

import re

import numpy as np
import pytest
import statsmodels.api as sm
from data_helpers import page_halves

from csqm.data import load
from csqm.loyalty import fit_disconfirmation


@pytest.fixture
def trial():
    return load("promise_trial")


@pytest.fixture
def accounts():
    return load("accounts")


def halves(name):
    """Return the English and the Chinese half of a page, each with the numbers of its table."""
    for half in page_halves(name):
        rows = re.findall(r"^\| `(\w+)`[^|]*\| (.+) \|$", half, re.MULTILINE)
        yield half, {key: tuple(map(float, cells.split(" | "))) for key, cells in rows}


def test_the_pages_give_the_true_values(maker):
    truth = maker("promise_trial")
    for half, rows in halves("promise_trial"):
        assert rows == {str(promise): values for promise, values in truth.PROMISES.items()}
        numbers = {float(each) for each in re.findall(r"\d+(?:\.\d+)?", half)}
        assert {
            *(truth.QUOTES, truth.EXPECTED_SD, truth.WAIT_MEDIAN, truth.WAIT_SD, truth.PERFECT),
            *(truth.PER_MINUTE, truth.PERCEIVED_SD, truth.CONSTANT, truth.BETTER, truth.WORSE),
            *(truth.SATISFACTION_SD, truth.RETURN_SLOPE, truth.NO_ANSWER),
            truth.WORSE / truth.BETTER,
        } <= numbers
    truth = maker("accounts")
    for half, rows in halves("accounts"):
        assert rows == truth.KINDS
        numbers = {float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", half)}
        assert {
            *(*truth.ON_TIME, *truth.SATISFACTION, *truth.VALUE, truth.CHOICE_LOW),
            *(truth.CHOICE_SATISFACTION, truth.CHOICE_VALUE, truth.CHOICE_TOP, truth.NO_CHOICE),
            *(-truth.FIRST_YEAR, truth.MARGIN_SD, truth.LEAVING, truth.NO_ANSWER),
        } <= numbers


def test_only_who_ordered_has_a_ride(trial):
    after = ["waited", "expected", "perceived", "satisfaction", "rode_again"]
    kept = load("promise_trial", missing="keep")
    assert (kept.loc[kept["ordered"] == 0, after] == 98).all(axis=None)
    assert trial.loc[trial["ordered"] == 1, ["waited", "rode_again"]].notna().all(axis=None)


def test_the_slopes_are_found_within_two_standard_errors(maker, trial):
    truth = maker("promise_trial")
    terms = fit_disconfirmation(trial, "expected", "perceived", "satisfaction").terms
    true = [truth.CONSTANT, truth.BETTER, truth.WORSE]
    assert (abs(terms["estimate"] - true) < 2 * terms["se"]).all()


def test_the_promise_changes_orders_and_expectation_but_not_the_waiting(maker, trial):
    truth = maker("promise_trial")
    for promise, (chance, mean) in truth.PROMISES.items():
        group = trial[trial["promise"] == promise]
        share = group["ordered"].mean()
        assert abs(share - chance) < 2 * np.sqrt(chance * (1 - chance) / len(group))
        answers = group["expected"].dropna()
        assert abs(answers.mean() - mean) < 2 * truth.EXPECTED_SD / np.sqrt(len(answers)) + 0.02
    rides = trial[trial["ordered"] == 1]
    logs = np.log(rides["waited"])
    assert abs(logs.mean() - np.log(truth.WAIT_MEDIAN)) < 3 * truth.WAIT_SD / np.sqrt(len(rides))
    arms = [logs[rides["promise"] == promise] for promise in (5, 8)]
    error = np.sqrt(sum(arm.var() / len(arm) for arm in arms))
    assert abs(arms[0].mean() - arms[1].mean()) < 2 * error


def test_riding_again_follows_satisfaction_alone(maker, trial):
    rides = trial.dropna(subset=["satisfaction", "rode_again"])
    design = np.column_stack(
        [np.ones(len(rides)), rides["satisfaction"], rides["promise"] == 8]
    ).astype(float)
    fit = sm.OLS(rides["rode_again"].to_numpy(), design).fit(cov_type="HC1")
    true = [maker("promise_trial").RETURN_LOW, maker("promise_trial").RETURN_SLOPE, 0]
    assert (abs(fit.params - true) < 2 * fit.bse).all()


def test_accounts_stay_for_a_reason_only_where_they_can_choose(maker, accounts):
    truth = maker("accounts")
    known = accounts.dropna(subset=["satisfaction", "value"])
    wanted = {
        "yes": [truth.CHOICE_LOW, truth.CHOICE_SATISFACTION, truth.CHOICE_VALUE, truth.FIRST_YEAR],
        "no": [truth.NO_CHOICE, 0, 0, truth.FIRST_YEAR],
    }
    for other, true in wanted.items():
        group = known[known["other_fleet"] == other]
        design = np.column_stack(
            [np.ones(len(group)), group[["satisfaction", "value"]], group["contract_year"] == 1]
        ).astype(float)
        fit = sm.OLS(group["renewed"].to_numpy(), design).fit(cov_type="HC1")
        assert (abs(fit.params - true) < 2.5 * fit.bse).all(), other


def test_kinds_differ_in_margin_and_in_choice(maker, accounts):
    truth = maker("accounts")
    assert accounts["kind"].value_counts().to_dict() == {
        kind: count for kind, (count, *_) in truth.KINDS.items()
    }
    for kind, (count, median, other, _) in truth.KINDS.items():
        group = accounts[accounts["kind"] == kind]
        logs = np.log(group["margin"])
        assert abs(logs.mean() - np.log(median)) < 2.5 * truth.MARGIN_SD / np.sqrt(count)
        share = (group["other_fleet"] == "yes").mean()
        assert abs(share - other) < 2.5 * np.sqrt(other * (1 - other) / count)
    known = accounts["satisfaction"].notna()
    slope, _ = np.polyfit(accounts["on_time"][known], accounts["satisfaction"][known], 1)
    error = truth.SATISFACTION[2] / (truth.ON_TIME[1] * np.sqrt(known.sum()))
    assert abs(slope - truth.SATISFACTION[1]) < 2.5 * error
