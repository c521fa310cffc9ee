"""Quality function deployment: from what customers need to what is built."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csqm import validation
from csqm.text import listed
from csqm.validation import refuse, shown

__all__ = ["Priorities", "priorities"]


class Priorities(NamedTuple):
    """What a house of quality says about the technical characteristics.

    Attributes
    ----------
    table : DataFrame
        One row per technical characteristic: ``characteristic``, ``absolute``, ``relative`` (they
        sum to 1), ``rank`` (1 is first; ties share the better rank).
    unmet_needs : list
        Needs without any relation (empty rows): nothing in the design answers them.
    idle_characteristics : list
        Characteristics without any relation (empty columns): no need asks for them.
    """

    table: pd.DataFrame
    unmet_needs: list[Any]
    idle_characteristics: list[Any]


def priorities(
    relations: pd.DataFrame,
    importance: pd.Series | Mapping[Any, float] | Sequence[float],
    *,
    strengths: Sequence[float] = (0, 1, 3, 9),
) -> Priorities:
    r"""Rank technical characteristics by the house of quality.

    With the importance w of need i and its relation r with characteristic j,

    .. math:: a_j = \sum_i w_i r_{ij}, \qquad \text{relative}_j = a_j / \sum_l a_l

    A blank cell means no relation, as on paper, and counts as 0. There are no survey weights: weight
    the respondents when the importance is computed.

    Parameters
    ----------
    relations : DataFrame
        One row per need, one column per technical characteristic; 9 strong, 3 medium, 1 weak, 0 or
        blank none.
    importance : Series, mapping or sequence of float
        Importance of each need, 0 or more: by the name of the need, or in the order of the rows.
    strengths : sequence of float
        The values a relation may have.

    Returns
    -------
    Priorities
        ``table``, ``unmet_needs``, ``idle_characteristics``.

    Raises
    ------
    ValueError
        If a relation has another value, the importance does not fit the needs, or all priorities
        are 0.

    References
    ----------
    Hauser, J. R., & Clausing, D. (1988). The house of quality. *Harvard Business Review*, 66(3),
    63-73.

    Examples
    --------
    >>> relations = pd.DataFrame(
    ...     {"reply time": [9, 3], "driver training": [0, 9], "car colour": [0, 0]},
    ...     index=["short wait", "friendly driver"],
    ... )
    >>> result = priorities(relations, {"short wait": 5, "friendly driver": 3})
    >>> result.table.round(3)
        characteristic  absolute  relative  rank
    0       reply time      54.0     0.667     1
    1  driver training      27.0     0.333     2
    2       car colour       0.0     0.000     3
    >>> result.idle_characteristics
    ['car colour']
    """
    if not isinstance(relations, pd.DataFrame) or relations.empty:
        refuse("qfd.relations", value=type(relations).__name__)
    validation.check_columns(relations, relations.columns)
    if not relations.index.is_unique:
        refuse("qfd.need_twice", need=shown(relations.index[relations.index.duplicated()][0]))
    matrix = np.column_stack(
        [validation.numbers(relations[name]).fillna(0).to_numpy() for name in relations.columns]
    )
    wrong = ~np.isin(matrix, list(strengths))
    # A blank is no relation whatever the strengths are.
    wrong &= relations.notna().to_numpy()
    if wrong.any():
        row, position = np.argwhere(wrong)[0]
        refuse(
            "qfd.strength",
            need=shown(relations.index[row]),
            characteristic=shown(relations.columns[position]),
            value=f"{matrix[row, position]:g}",
            allowed=listed(strengths),
        )
    absolute = _importance(importance, relations.index) @ matrix
    if absolute.sum() == 0:
        refuse("qfd.nothing")
    table = pd.DataFrame({"characteristic": relations.columns.tolist(), "absolute": absolute})
    table["relative"] = absolute / absolute.sum()
    # Rounded first: 0.1 * 3 and 0.3 * 1 tie.
    table["rank"] = (-table["relative"].round(12)).rank(method="min").astype(int)
    related = matrix != 0
    return Priorities(
        table,
        relations.index[~related.any(axis=1)].tolist(),
        relations.columns[~related.any(axis=0)].tolist(),
    )


def _importance(importance: Any, needs: pd.Index) -> np.ndarray:
    if isinstance(importance, Mapping):
        importance = pd.Series(importance)
    if isinstance(importance, pd.Series):
        names = importance.index
        if not names.is_unique or set(names) != set(needs):
            refuse("qfd.needs", importance=listed(names), relations=listed(needs))
        importance = importance.loc[needs]
    result = validation.numbers(importance, "importance").to_numpy()
    if len(result) != len(needs):
        refuse("qfd.length", importance=len(result), needs=len(needs))
    wrong = ~(result >= 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        refuse("qfd.importance", need=shown(needs[row]), value=f"{result[row]:g}")
    return result
