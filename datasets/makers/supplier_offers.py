"""The offers that each side of the supplier negotiation could fall back on."""

# Number: whose alternative it is, from or to whom, when, NT$ a set, whether tests must come first.
OFFERS = {
    "A1": ("us", "second_supplier", "2026-10-12", 485, 1),
    "A2": ("us", "dealer", "2026-10-20", 560, 0),
    "A3": ("us", "imported", "2026-09-28", 531, 1),
    "B1": ("supplier", "bus_company", "2026-10-05", 508, 0),
    "B2": ("supplier", "dealer", "2026-09-15", 470, 0),
}


def make() -> list[list]:
    """List the offers: header and one row per offer."""
    header = ["offer_id", "side", "partner", "date", "price", "tests"]
    return [header, *([number, *offer] for number, offer in OFFERS.items())]
