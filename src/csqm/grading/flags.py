"""What was found in a submission that was graded, or could not be."""

from collections.abc import Iterable
from dataclasses import dataclass

from csqm.text import Message

__all__ = ["MENDED", "Flag", "need_look"]

# What was put right with certainty: it is told, but nobody has to look at the submission.
MENDED = frozenset(
    {"doubled", "encoding", "format", "left-out", "mended", "metadata", "missing-cells"}
    | {"renamed", "reordered"}
)


@dataclass(frozen=True)
class Flag:
    """What was found, and often a reason to look at the submission.

    Parameters
    ----------
    kind : str
        A short word that stays the same, by which flags are counted and translated.
    found : Message or str
        What was found, in one sentence; a text for what no language has, as an error of Python.

    Examples
    --------
    >>> Flag("error", "KeyError: 'x'").detail
    "KeyError: 'x'"
    """

    kind: str
    found: Message | str

    @property
    def detail(self) -> str:
        """What was found, in the current language."""
        return str(self.found)

    @property
    def needs_look(self) -> bool:
        """Whether a person should look at the submission."""
        return self.kind not in MENDED


def need_look(flags: Iterable[Flag]) -> bool:
    """Tell whether a person should look at a submission.

    Parameters
    ----------
    flags : iterable of Flag
        What was found in it.

    Returns
    -------
    bool
        Whether any flag asks for it.

    Examples
    --------
    >>> need_look([Flag("renamed", "'a.ipynb' was taken for 'b.ipynb'.")])
    False
    """
    return any(flag.needs_look for flag in flags)
