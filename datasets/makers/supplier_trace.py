"""A conversation of the role-play `supplier-negotiation`, for those who have not held theirs."""

# It begins with haggling and comes to a trade; it stops before quality is spoken of.
DECISIONS = (
    "prep-full",
    "tea",
    "counter-five",
    "stop-haggle",
    "own-interests",
    "link-2",
    "accept-trade",
    "write-full",
)


def make() -> list[list]:
    """List the decisions: header and one row per decision, in the order of the talk."""
    return [["step", "decision"], *map(list, enumerate(DECISIONS, start=1))]
