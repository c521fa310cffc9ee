"""The data of Part 3 hold the truth that their pages tell."""

import re

import numpy as np
import pandas as pd
import pytest
from data_helpers import page_halves

from csqm.data import load
from csqm.linkage import branch_link, icc1, indirect_effect, internal_service


def halves(name):
    """Return the English and the Chinese half of a page, and the rows of its tables."""
    for half in page_halves(name):
        rows = re.findall(r"^\| `(\w+)`[^|]*\|(.*)\|$", half, re.MULTILINE)
        yield half, {name: [float(cell) for cell in cells.split("|")] for name, cells in rows}


def link(**options):
    sides = load("branch_employees"), load("branch_passengers")
    return branch_link(*sides, "branch", "overall", "overall", min_n=5, **options)


def test_pages_give_the_true_values(maker):
    truth, staff = maker("branches"), maker("branch_employees")
    riders, service = maker("branch_passengers"), maker("internal_service")
    correlation = truth.DISTRICT_TO_MORALE
    ride_and_suburb = truth.MORALE_TO_RIDE * correlation + truth.DISTRICT_TO_RIDE
    within = (truth.TRUE_LINK - correlation * ride_and_suburb) / np.sqrt(
        (1 - correlation**2) * (1 - ride_and_suburb**2)
    )
    left = 1 - truth.SUPPORT_TO_MORALE**2
    support_and_ride = truth.SUPPORT_TO_MORALE * truth.MORALE_TO_RIDE
    slope = (truth.TRUE_LINK - truth.SUPPORT_TO_MORALE * support_and_ride) / left
    for half, rows in halves("branches"):
        assert rows["link"] == [pytest.approx(truth.TRUE_LINK)]
        assert rows["within"] == [pytest.approx(within, abs=5e-4)]
        assert rows["indirect"] == [pytest.approx(truth.TRUE_INDIRECT)]
        assert rows["unadjusted"] == [pytest.approx(truth.SUPPORT_TO_MORALE * slope, abs=5e-4)]
        for value in (truth.CENTRE, truth.SUPPORT_MEAN, truth.SUPPORT_SD):
            assert str(value) in half
    for half, rows in halves("branch_employees"):
        assert rows == {
            k: list(v) for k, v in (staff.HYGIENE_ITEMS | staff.MOTIVATOR_ITEMS).items()
        }
        for value in (*staff.PEOPLE, staff.BETWEEN, staff.TENURE, staff.TENURE_MORALE):
            assert str(value) in half
        for value in (staff.TENURE_WITHIN, staff.OVERALL_MEAN, staff.OVERALL_SD, staff.HYGIENE):
            assert str(value) in half
    for half, rows in halves("branch_passengers"):
        assert rows == {
            age: [riders.AGES[age], *shares.values()] for age, shares in riders.PURPOSES.items()
        }
        for value in (*riders.PASSENGERS, riders.BETWEEN, riders.JUST_OPENED, *riders.NOBODY):
            assert str(value) in half
    for half, rows in halves("internal_service"):
        assert rows == {unit: list(values) for unit, values in service.UNITS.items()}
        for value in (service.USUAL_SELF_PRAISE, service.SELF_PRAISE["admin"], service.SD):
            assert str(value) in half


def test_branches_hang_together():
    branches, staff, riders = (
        load(name) for name in ("branches", "branch_employees", "branch_passengers")
    )
    assert len(branches) == 40 and branches["district"].value_counts()["centre"] == 16
    assert set(staff["branch"]) == set(branches["branch"])
    assert staff.groupby("branch").size().between(8, 20).all()
    asked = riders.groupby("branch").size()
    assert set(branches["branch"]) - set(asked.index) == {"B07", "B19", "B33"}
    assert asked.drop("B26").between(20, 55).all() and asked["B26"] == 3


def test_branch_means_show_the_true_link_within_the_interval():
    found = link()
    assert found.estimate.low < 0.6 < found.estimate.high
    assert found.estimate.low > 0, "the link is there"
    assert (found.estimate.n, found.estimate.missing) == (36, 4)
    left_out = found.branches[~found.branches["used"]].set_index("branch")
    assert list(left_out.index) == ["B07", "B19", "B26", "B33"]
    assert left_out["customer_mean"].isna().tolist() == [True, True, False, True]


def test_employees_and_passengers_share_what_the_pages_say(maker):
    for name in ("branch_employees", "branch_passengers"):
        found = icc1(load(name), "branch", "overall", scale=(1, 10))
        assert found.low < maker(name).BETWEEN < found.high


def test_the_true_indirect_effect_is_in_its_interval():
    table = link().branches.merge(load("branches"), on="branch")
    table = table[table["used"]]
    table["suburb"] = (table["district"] == "suburb").astype(int)
    columns = ["support_pct", "employee_mean", "customer_mean"]
    table[columns] = (table[columns] - table[columns].mean()) / table[columns].std()
    plain = indirect_effect(table, *columns).estimate
    adjusted = indirect_effect(table, *columns, controls=["suburb"]).estimate
    assert adjusted.low < 0.2 < adjusted.high
    assert plain.value > adjusted.value, "the district makes the chain look stronger"
    assert adjusted.low < 0 < plain.low


def test_length_of_service_turns_round_between_and_within_branches():
    staff = load("branch_employees").dropna(subset=["overall"])
    pair = staff[["tenure_years", "overall"]]
    means = pair.groupby(staff["branch"]).transform("mean")
    between = pair.groupby(staff["branch"]).mean().corr().iloc[0, 1]
    within = (pair - means).corr().iloc[0, 1]
    assert between > 0.6 and within < -0.15 and abs(pair.corr().iloc[0, 1]) < 0.12


def test_neither_group_of_items_is_closer_to_satisfaction():
    staff = load("branch_employees")
    hygiene = staff.filter(regex="^h").mean(axis=1)
    motivator = staff.filter(regex="^m").mean(axis=1)
    assert hygiene.corr(staff["overall"]) == pytest.approx(
        motivator.corr(staff["overall"]), abs=0.08
    )


def test_no_answer_is_as_frequent_as_stated(maker):
    truth = maker("branch_employees")
    staff, riders = load("branch_employees"), load("branch_passengers")
    chances = {
        item: chance for item, (_, chance) in (truth.HYGIENE_ITEMS | truth.MOTIVATOR_ITEMS).items()
    }
    counts = [(staff[item].isna().sum(), len(staff), chance) for item, chance in chances.items()]
    counts += [
        (staff["overall"].isna().sum(), len(staff), truth.OVERALL_UNANSWERED),
        (riders["overall"].isna().sum(), len(riders), maker("branch_passengers").UNANSWERED),
    ]
    for count, n, chance in counts:
        assert abs(count - n * chance) < 3.5 * np.sqrt(n * chance * (1 - chance))


def test_ages_and_purposes_are_as_stated_and_do_not_matter(maker):
    truth, riders = maker("branch_passengers"), load("branch_passengers")
    shares = pd.crosstab(riders["age_band"], riders["purpose"], normalize="index")
    for age, purposes in truth.PURPOSES.items():
        n = (riders["age_band"] == age).sum()
        assert n / len(riders) == pytest.approx(truth.AGES[age], abs=0.04)
        for purpose, share in purposes.items():
            assert abs(shares.loc[age, purpose] - share) < 3.5 * np.sqrt(share * (1 - share) / n)
    for column in ("age_band", "purpose"):
        means = riders.groupby(column)["overall"].agg(["mean", "sem"])
        assert (abs(means["mean"] - riders["overall"].mean()) < 3.5 * means["sem"]).all()


def test_the_weakest_internal_link_is_found_and_the_traps_mislead(maker):
    truth = maker("internal_service")
    ratings = load("internal_service")
    found = internal_service(ratings, "customer", "provider", "rating", scale=(1, 5))
    assert found.weakest == truth.WEAKEST
    providers = found.providers.set_index("provider")
    assert providers.loc["admin", "high"] < providers.loc["workshop", "low"]
    assert np.isnan(providers.loc["safety", "mean"]) and found.matrix.loc["safety"].isna().all()
    by_rater = found.matrix.mean(axis=1)
    assert by_rater.idxmin() == "maintenance", "who rates strictly is not who is rated low"
    raw = load("internal_service", missing="keep")
    others = raw[raw["customer"] != raw["provider"]]
    assert others.groupby("provider")["rating"].mean().idxmin() != truth.WEAKEST
