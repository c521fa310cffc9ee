"""The six branches of the capstone and their rides, as the survey's truth has them."""

from makers.capstone_survey import BRANCHES

HEADER = ["branch", "rides"]


def make() -> list[list]:
    """Return the header and one row per branch."""
    return [HEADER] + [[name, rides] for name, (rides, *_) in BRANCHES.items()]
