"""What each decision of the role-play `supplier-negotiation` puts on the table."""

# The terms that Honglei announced; the talk begins with them.
OPENING = {
    "price": "538",
    "lead_time": "6w",
    "payment": "60d",
    "forecast": "none",
    "inspection": "both",
}
# Hsu's answer once forecast, firm month and payment are linked to price and weeks.
TRADE = {"price": "504", "lead_time": "4w", "payment": "30d", "forecast": "firm"}
NINE = {"price": "523"}
EIGHT = {"price": "518"}
SIGNED, NONE = {"agreement": "signed"}, {"agreement": "none"}

# Decision: the terms that it changes. Decisions that change none are not listed.
MOVES = {
    "anchor-low": {"price": "552"},
    "counter-five": NINE,
    "split-mid": NINE,
    "price-back": NINE,
    "shared-price": NINE,
    "give-forecast": {"price": "523", "forecast": "rolling"},
    "split-again": EIGHT,
    "nine-weeks": EIGHT,
    "take-nine": EIGHT,
    "use-club": EIGHT,
    "show-quote": {"price": "538"},
    "link-issues": TRADE,
    "link-2": TRADE,
    "link-after": TRADE,
    "index-clause": TRADE,
    "check-batna": TRADE,
    "honest-rank": TRADE | SIGNED,
    "data-share": {"price": "499", "lead_time": "3w", "inspection": "shared"},
    "face-way": {"price": "499", "forecast": "framework"},
    "sign-six": {"price": "509", "lead_time": "4w"} | SIGNED,
    "sign-eight": SIGNED,
    "give-in": SIGNED,
    "write-full": SIGNED,
    "write-penalty": SIGNED,
    "write-handshake": SIGNED,
    "walk-out": NONE,
    "hold-bluff": NONE,
    "refuse-mediator": NONE,
    "hide-rank": NONE,
    "blame-them": NONE,
}


def make() -> list[list]:
    """List the moves: header and one row per term that a decision changes."""
    rows = [["decision", "issue", "level"]]
    for decision, terms in ({"announced": OPENING} | MOVES).items():
        rows += [[decision, issue, level] for issue, level in terms.items()]
    return rows
