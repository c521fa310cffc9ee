"""Explains errors of Python to who meets them for the first time."""

from csqm.text import say

__all__ = ["explain_error"]


def explain_error(kind: str) -> str:
    """Explain a kind of error in the current language.

    Parameters
    ----------
    kind : str
        Name of the exception's class.

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> explain_error("ZeroDivisionError")
    'Something is divided by zero.'
    """
    try:
        return say(f"checks.error_{kind}")
    except KeyError:
        return say("checks.error_other")
