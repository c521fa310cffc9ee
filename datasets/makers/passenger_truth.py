"""What every passenger of the frame would have answered: the envelope that no survey can open."""

from makers import passenger_survey


def make() -> list[list]:
    """Return the truth: header and one row per passenger."""
    return passenger_survey.truth()
