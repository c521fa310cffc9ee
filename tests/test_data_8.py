"""The supplier negotiation: the data agree with each other, with the truth, and the role-play."""

import re

import numpy as np
import pandas as pd
import pytest
from data_helpers import DATASETS, page_halves

from csqm import negotiation
from csqm.activities.content import load as load_content
from csqm.activities.content import localised, paths
from csqm.activities.kinds.roleplay import replay
from csqm.data import load

BATNA, THEIRS = 515, 508  # NT$ a set at today's other terms
ISSUES = ["price", "lead_time", "payment", "forecast", "inspection"]


@pytest.fixture
def worth():
    return load("supplier_issues").set_index(["issue", "level"])


@pytest.fixture
def moves():
    return load("supplier_moves").pivot(index="decision", columns="issue", values="level")


@pytest.fixture
def talk():
    return localised(load_content(paths()["supplier-negotiation"]))


def cells(half):
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", half, re.MULTILINE)
    return {name: tuple(rest.split(" | ")) for name, rest in rows}


def conversations(content):
    """Walk the role-play to every ending; of several ways to one state of the talk, take one."""
    waiting, seen = [[]], set()
    while waiting:
        trace = waiting.pop()
        run = replay(content, trace)
        state = (run["node"]["id"], *run["scales"].values(), *sorted(run["chosen"]))
        if state in seen:
            continue
        seen.add(state)
        if "ending" in run["node"]:
            yield trace, run
            continue
        for choice in run["node"]["choices"]:
            if replay(content, [*trace, choice["id"]]):
                waiting.append([*trace, choice["id"]])


def gains(terms, worth):
    levels = pd.MultiIndex.from_tuples(list(terms.items()))
    us, them = worth.loc[levels].sum()
    return us - (480 - BATNA), them - (THEIRS - 480)


@pytest.mark.parametrize(
    ("name", "constant"),
    [
        ("supplier_issues", lambda m: [v for i, v in m.ISSUES.items() if i != "price"]),
        ("supplier_offers", lambda m: [{n: (*o[:2], *o[3:]) for n, o in m.OFFERS.items()}]),
        ("supplier_approvals", lambda m: [m.RESULTS]),
        ("supplier_orders", lambda m: [m.KINDS]),
    ],
)
def test_the_pages_give_the_true_values(maker, name, constant):
    for half in page_halves(name):
        given = cells(half)
        for table in constant(maker(name)):
            for key, values in table.items():
                assert given[key] == tuple(map(str, values))


def test_the_pages_give_the_chances_of_the_orders(maker):
    module = maker("supplier_orders")
    for half in page_halves("supplier_orders"):
        for value in (module.NEED, module.NEED_SD, module.RUSH, *module.RUSH_SETS, module.RETURNED):
            assert str(value) in half


def test_past_approvals_give_the_alternative(maker):
    results = maker("supplier_approvals").RESULTS
    approvals = load("supplier_approvals")
    cost = sum(chance * mean for chance, mean in results.values())
    error = approvals["cost"].std() / np.sqrt(len(approvals))
    assert abs(approvals["cost"].mean() - cost) < 2 * error

    found = approvals.groupby("result")["cost"].agg(["size", "mean"])
    offers = load("supplier_offers").set_index("offer_id")
    ours = offers[offers["side"] == "us"]
    full = ours["price"] + ours["tests"] * negotiation.batna_value(
        found["mean"], found["size"] / len(approvals)
    )
    # The role-play says 515; the price on the paper would mislead by the cost of the tests.
    assert full.idxmin() == "A1" and round(full.min()) == BATNA
    assert offers.loc[offers["side"] == "supplier", "price"].max() == THEIRS


def test_orders_follow_the_stated_truth(maker):
    module, orders = maker("supplier_orders"), load("supplier_orders")
    month = orders["ordered"].str[:7]
    need = orders.groupby(month)["sets"].sum()
    assert len(need) == module.MONTHS
    assert need.mean() == pytest.approx(module.NEED, abs=3 * module.NEED_SD / np.sqrt(24))
    assert need.std() == pytest.approx(module.NEED_SD, rel=0.4)
    assert (orders[orders["kind"] == "rush"].groupby(month)["order_id"].size() == module.RUSH).all()
    for kind, (wanted, mean, deviation) in module.KINDS.items():
        mine = orders[orders["kind"] == kind]
        assert (mine["wanted"] == wanted).all()
        assert abs(mine["took"].mean() - mean) < 3 * deviation / np.sqrt(len(mine))
    share = orders["returned"].sum() / orders["sets"].sum()
    assert share == pytest.approx(module.RETURNED, abs=3 * np.sqrt(0.03 * 0.97 / 7200))


def test_today_is_the_zero_of_both_sides(maker, worth):
    today = maker("supplier_issues").TODAY
    assert (worth.loc[pd.MultiIndex.from_tuples(list(today.items()))] == 0).all(axis=None)


def test_every_move_is_one_of_the_role_play(moves, talk, worth):
    choices = {each["id"] for node in talk["nodes"] for each in node.get("choices", [])}
    assert set(moves.index) - choices == {"announced"}
    terms = moves[ISSUES].stack().dropna()
    assert set(zip(terms.index.get_level_values(1), terms, strict=True)) <= set(worth.index)


def test_every_conversation_has_the_value_that_the_role_play_says(moves, talk, worth):
    met = {}
    for trace, run in conversations(talk):
        path = moves.reindex(["announced", *trace]).ffill()
        last = path.iloc[-1]
        ending = run["node"]["id"]
        assert last["agreement"] == ("none" if ending == "end-impasse" else "signed"), trace
        if ending == "end-impasse":
            continue
        ours, theirs = gains(last[ISSUES], worth)
        met.setdefault(ending, []).append(ours)
        assert (ours < 0) == (ending == "end-below"), trace
        assert theirs > 0, trace
    assert set(met) == {"end-good", "end-table", "end-below", "end-mediated"}
    assert max(met["end-good"]) > max(met["end-mediated"])


def test_the_best_conversation_ends_on_the_frontier(moves, talk, worth):
    tables = [worth.loc[issue].add_prefix(f"{issue} ") for issue in ISSUES]
    deals = tables[0]
    for table in tables[1:]:
        deals = deals.merge(table, how="cross")
    sums = pd.DataFrame(
        {side: deals.filter(like=f" {side}").sum(axis=1) for side in ("us", "supplier")}
    ).round(1)
    frontier = negotiation.pareto_frontier(sums)
    best = gains(
        {
            "price": "499",
            "lead_time": "3w",
            "payment": "30d",
            "forecast": "firm",
            "inspection": "shared",
        },
        worth,
    )
    on_it = {tuple(row) for row in (frontier - [480 - BATNA, THEIRS - 480]).round(1).to_numpy()}
    assert tuple(round(value, 1) for value in best) in on_it
    # Without a trade only a narrow space is left: the price between the two alternatives.
    assert negotiation.zopa(THEIRS, BATNA).surplus == 7


def test_the_sample_conversation_can_be_held(talk, moves):
    run = replay(talk, load("supplier_trace")["decision"].tolist())
    assert run and "ending" in run["node"]


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
@pytest.mark.parametrize(
    ("part", "slug"),
    [("7-complaints", "angry-customer"), ("8-negotiation", "supplier-negotiation")],
)
def test_the_anchor_answers_belong_to_conversations_that_can_be_held(part, slug, language):
    rubric = DATASETS.parent / "exercises" / language / "rubrics" / f"{part}.md"
    traces = re.findall(r"^\S+[:：] ?`([a-z0-9, -]+)`", rubric.read_text("utf-8"), re.MULTILINE)
    content = localised(load_content(paths()[slug]))
    assert len(traces) == 2, "a full answer and a half one, each with its trace"
    for trace in traces:
        run = replay(content, trace.split(", "))
        assert run and "ending" in run["node"], trace
