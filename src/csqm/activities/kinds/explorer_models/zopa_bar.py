"""Two sides haggle over a price: whether their limits overlap, and where their offers meet."""

from typing import Any

__all__ = ["INPUTS", "LABELS", "VALUES", "compute"]

INPUTS = (
    "buyer_reservation", "buyer_target", "buyer_first", "buyer_pace",
    "seller_reservation", "seller_target", "seller_first", "seller_pace",
)  # fmt: skip
VALUES = (
    "surplus", "gap", "price", "rounds", "share", "buyer_gain", "seller_gain", "above_limit",
    "given_away", "seller_given_away", "target_room", "changed", "case_share", "tough_deal",
)  # fmt: skip
LABELS = ("title", "x", "you", "seller", "overlap", "first", "target", "deal")
LABELS += ("talk", "rounds", "price")
ROUNDS = 8  # offers that each side may make
EXTREME = 0.2  # a first offer this far beyond one's limit ends the talk


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Let the two talk as set; judge your side by the supplier of the case, and by a tougher one."""
    buyer, seller = (
        {name: inputs[f"{side}_{name}"] for name in ("reservation", "target", "first", "pace")}
        for side in ("buyer", "seller")
    )
    case, alternative = settings["seller"], settings["alternative"]
    tough = {**case, "reservation": case["reservation"] + settings["tougher"]}
    end, price, rounds = talk(buyer, seller)
    case_end, case_price, _ = talk(buyer, case)
    surplus = buyer["reservation"] - seller["reservation"]
    is_deal = end == "deal"
    values = {
        "surplus": max(0, surplus),
        "gap": max(0, -surplus),
        "price": price,
        "rounds": rounds,
        "share": 100 * (buyer["reservation"] - price) / surplus if is_deal and surplus else 0,
        "buyer_gain": alternative - price if is_deal else 0,
        "seller_gain": price - seller["reservation"] if is_deal else 0,
        "above_limit": max(0, buyer["first"] - buyer["reservation"]),
        "given_away": max(0, buyer["first"] - seller["reservation"]),
        "seller_given_away": max(0, buyer["reservation"] - seller["first"]),
        "target_room": buyer["target"] - buyer["first"],
        "changed": int(seller != case),
        "case_share": 100 * (alternative - case_price) / (alternative - case["reservation"])
        if case_end == "deal"
        else 0,
        "tough_deal": int(talk(buyer, tough)[0] == "deal"),
    }
    if surplus < 0:
        return values, "gap"
    return values, "worse" if is_deal and price > alternative + 1e-9 else end


def talk(buyer: dict[str, float], seller: dict[str, float]) -> tuple[str, float, int]:
    """Return how a talk ends, at which price (0 without a deal), and after how many rounds.

    In each round the seller speaks first. A side gives up a part of what separates its last offer
    from its limit, half as much once the offer is past its target, and accepts what meets its
    target or is no worse than its own next offer.
    """
    if buyer["first"] < (1 - EXTREME) * seller["reservation"] - 1e-9:
        return "too_low", 0, 1
    if seller["first"] > (1 + EXTREME) * buyer["reservation"] + 1e-9:
        return "too_high", 0, 1
    bid = min(buyer["first"], buyer["reservation"])  # nobody offers what is beyond the own limit
    ask = max(seller["first"], seller["reservation"])
    for spoken in range(1, ROUNDS + 1):
        if ask <= min(buyer["reservation"], max(bid, buyer["target"])) + 1e-9:
            return "deal", ask, spoken
        step = (ask - seller["reservation"]) * seller["pace"] / 100
        ask -= step if ask > seller["target"] else step / 2
        if bid >= max(seller["reservation"], min(ask, seller["target"])) - 1e-9:
            return "deal", bid, spoken
        step = (buyer["reservation"] - bid) * buyer["pace"] / 100
        bid += step if bid < buyer["target"] else step / 2
    return "no_time", 0, ROUNDS
