"""One list from several methods: what to do, what to look into, and who disagrees."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from csqm import validation
from csqm.text import listed
from csqm.validation import refuse, shown

__all__ = ["action_list"]


def action_list(votes: pd.DataFrame, share: pd.Series | Mapping[Any, float]) -> pd.DataFrame:
    """Join the votes of several methods to one list that reports where they disagree.

    The rule is the course's own. Each method votes on each attribute, by a rule written down before
    looking: act or not. Nothing is averaged; there are three groups:

    ========== ================================
    group      methods that vote to act
    ========== ================================
    ``act``    all
    ``check``  some: find out why they disagree
    ``leave``  none
    ========== ================================

    Within a group the larger share comes first; the number of votes plays no part.

    Parameters
    ----------
    votes : DataFrame of bool
        One row per attribute, its name as the index; one column per method.
    share : Series or mapping of float
        By the name of the attribute: what orders a group, such as the share of `csqm.drivers.lmg`.

    Returns
    -------
    DataFrame
        One row per attribute, in order: ``attribute``, ``group``, ``for`` and ``against`` (names of
        the methods), ``share``.

    Raises
    ------
    ValueError
        If `votes` is empty or holds something else than true and false, or `share` does not give
        one number to each attribute.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> votes = pd.DataFrame(
    ...     {"gap": [False, True, False], "derived": [True, True, False]},
    ...     index=["seats", "on time", "clean car"],
    ... )
    >>> action_list(votes, {"seats": 0.5, "on time": 0.4, "clean car": 0.1})
       attribute  group           for       against  share
    0    on time    act  gap, derived                  0.4
    1      seats  check       derived           gap    0.5
    2  clean car  leave                gap, derived    0.1
    """
    if not isinstance(votes, pd.DataFrame) or votes.empty:
        refuse("actions.votes", value=type(votes).__name__)
    validation.check_columns(votes, votes.columns)
    if not votes.index.is_unique:
        refuse("actions.twice", attribute=shown(votes.index[votes.index.duplicated()][0]))
    for method in votes.columns:
        # Blanks turn a column of votes into one of objects.
        if not pd.api.types.is_bool_dtype(votes[method].dtype) or votes[method].isna().any():
            refuse("actions.vote", method=shown(method))
    shares = pd.Series(share)
    if not shares.index.is_unique or set(shares.index) != set(votes.index):
        refuse("actions.shares", share=listed(shares.index), votes=listed(votes.index))
    numbers = validation.numbers(shares.loc[votes.index], "share")
    if numbers.isna().any():
        refuse("actions.blank", attribute=shown(numbers.index[numbers.isna()][0]))
    said = votes.to_numpy(dtype=bool)
    rank = np.where(said.all(axis=1), 0, np.where(said.any(axis=1), 1, 2))
    table = pd.DataFrame(
        {
            "attribute": votes.index.tolist(),
            "group": np.array(["act", "check", "leave"])[rank],
            "for": [listed(votes.columns[row]) for row in said],
            "against": [listed(votes.columns[~row]) for row in said],
            "share": numbers.to_numpy(),
        }
    )
    order = np.lexsort((-table["share"].to_numpy(), rank))
    return table.iloc[order].reset_index(drop=True)
