"""Making answers fit for use by a written rule: codes, reversed items, careless respondents.

Cleaning comes before weighting, so no function here takes weights: they treat or count rows as
they came in.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from csqm import validation
from csqm.text import listed
from csqm.validation import refuse, shown

__all__ = ["cleaning_report", "flag_careless", "recode", "reverse_items"]


def recode(
    data: pd.DataFrame, columns: Sequence[str], mapping: Mapping[Hashable, Any]
) -> pd.DataFrame:
    """Replace codes by others, and refuse any code that the mapping does not name.

    Each value :math:`x` becomes ``mapping[x]``. Name the codes that stay as they are too: a
    typing error then never passes as an answer. Blanks stay blank; a code mapped to None becomes
    blank.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    columns : sequence of str
        The columns to recode.
    mapping : mapping
        The new value of every code that may occur.

    Returns
    -------
    DataFrame
        A copy of `data` with the columns recoded.

    Raises
    ------
    ValueError
        If a column is missing, or holds a code that is not in the mapping.

    References
    ----------
    Groves, R. M., Fowler, F. J., Couper, M. P., Lepkowski, J. M., Singer, E., & Tourangeau, R.
    (2009). *Survey methodology* (2nd ed.). Wiley: the chapter on postcollection processing.

    Examples
    --------
    >>> answers = pd.DataFrame({"pay": [4, 9, 1], "age": [30, 40, 50]})
    >>> recode(answers, ["pay"], {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 9: None})
       pay  age
    0  4.0   30
    1  NaN   40
    2  1.0   50
    """
    columns = validation.check_columns(data, columns)
    if not isinstance(mapping, Mapping) or not mapping:
        refuse("cleaning.mapping", value=shown(mapping))
    recoded = data.copy()
    for column in columns:
        unknown = (data[column].notna() & ~data[column].isin(list(mapping))).to_numpy()
        if unknown.any():
            row = int(np.argmax(unknown))
            refuse(
                "cleaning.unknown_code",
                column=shown(column),
                row=shown(data.index[row]),
                value=shown(data[column].iloc[row]),
                codes=listed(map(shown, mapping)),
            )
        recoded[column] = data[column].map(mapping)
    return recoded


def reverse_items(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    scale: tuple[int, int] = (1, 5),
    missing: Collection[int] = (),
) -> pd.DataFrame:
    r"""Turn items worded the other way, so that high answers mean the same everywhere.

    .. math:: x' = \mathrm{low} + \mathrm{high} - x

    Look for straight-lining first: `flag_careless` needs the answers as they were given.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        The columns to turn.
    scale : tuple of int
        Lowest and highest answer code.
    missing : collection of int
        Codes that mean "no answer", outside the scale; they become NaN in these columns. Blanks
        stay blank.

    Returns
    -------
    DataFrame
        A copy of `data` with the items turned.

    Raises
    ------
    ValueError
        If a column is missing, or a code is off the scale.

    References
    ----------
    DeVellis, R. F. (2017). *Scale development: Theory and applications* (4th ed.). Sage.

    Examples
    --------
    >>> answers = pd.DataFrame({"pay": [4, 2, 1], "leaving": [1, 5, 9]})
    >>> reverse_items(answers, ["leaving"], missing=[9])
       pay  leaving
    0    4      5.0
    1    2      1.0
    2    1      NaN
    """
    items = validation.check_columns(data, items)
    turned = data.copy()
    for item in items:
        answers = validation.answers(data[item], scale, missing)
        turned[item] = scale[0] + scale[1] - answers
    return turned


def flag_careless(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    scale: tuple[int, int] = (1, 5),
    missing: Collection[int] = (),
    straight_line: int | None = None,
    id: str | None = None,
    seconds: str | None = None,
    fastest: float | None = None,
) -> pd.DataFrame:
    r"""Flag rows that look careless: straight-lining, duplicates, answers given too fast.

    ``straight_line``: the longest run of one and the same answer, in the order of `items`, is at
    least `straight_line` items long. Items without an answer are passed over: they neither count
    nor end a run, so a row with fewer answers is never flagged.

    ``duplicate``: an earlier row has the same `id`, whatever its answers; a blank `id` is like no
    other. Without `id`, an earlier row has the same answers to all items (blank equals blank; rows
    without any answer are not flagged). With few items many people agree by chance: give `id`.
    The first of the rows is not flagged.

    ``speed``: the time is shorter than `fastest`; a blank time is not flagged.

    A flag is a reason to look, not proof: satisfied people do tick 5 all along. Write down the rule
    before the results are known, and give the items as they were asked, reversed ones not yet
    turned.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    items : sequence of str
        Columns of one block, in the order in which they were asked.
    scale : tuple of int
        Lowest and highest answer code.
    missing : collection of int
        Codes that mean "no answer", outside the scale. Blanks count as no answer too.
    straight_line : int, optional
        Length of a run that is flagged; all items if not given.
    id : str, optional
        Column that names the person or the device.
    seconds : str, optional
        Column with the time taken; without it there is no ``speed``.
    fastest : float, optional
        Shortest time that is believed, in the unit of `seconds`; half the median time if not given.

    Returns
    -------
    DataFrame
        True and False per row, index of `data`: ``straight_line``, ``duplicate`` and, with
        `seconds`, ``speed``.

    Raises
    ------
    ValueError
        If a column is missing, a code is off the scale, a time is negative, or an option is out of
        range.

    References
    ----------
    Johnson, J. A. (2005). Ascertaining the validity of individual protocols from Web-based
    personality inventories. *Journal of Research in Personality*, 39(1), 103-129: the longest run.

    Meade, A. W., & Craig, S. B. (2012). Identifying careless responses in survey data.
    *Psychological Methods*, 17(3), 437-455.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {"q1": [4, 3, 4, 2], "q2": [5, 3, 5, 1], "q3": [4, 3, 4, 9], "time": [60, 50, 70, 12]}
    ... )
    >>> flag_careless(answers, ["q1", "q2", "q3"], missing=[9], seconds="time")
       straight_line  duplicate  speed
    0          False      False  False
    1           True      False  False
    2          False       True  False
    3          False      False   True
    """
    items = validation.check_columns(data, items, least=2)
    run = len(items)
    if straight_line is not None:
        run = validation.whole_number("straight_line", straight_line, 2)
        if run > len(items):
            refuse("cleaning.straight_line", value=run, items=len(items))
    answers = {item: validation.answers(data[item], scale, missing) for item in items}
    flags = pd.DataFrame({"straight_line": _longest_run(answers) >= run}, index=data.index)
    if id is None:
        block = pd.DataFrame(answers)
        flags["duplicate"] = block.duplicated() & block.notna().any(axis="columns")
    else:
        person = validation.column(data, id)
        flags["duplicate"] = person.duplicated() & person.notna()
    if seconds is not None:
        flags["speed"] = _too_fast(validation.column(data, seconds), fastest)
    elif fastest is not None:
        refuse("cleaning.no_seconds", value=shown(fastest))
    return flags


def cleaning_report(data: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    """Count what cleaning takes away: rows before and after, and rows by reason.

    A row flagged for several reasons is counted under each of them, but only once under
    ``flagged``, so the reasons may add up to more. With :math:`f` rows flagged at least once, of
    :math:`n`, there remain :math:`n - f`. Nothing is removed: ``data[~flags.any(axis=1)]`` does
    that.

    Parameters
    ----------
    data : DataFrame
        The rows before cleaning.
    flags : DataFrame
        One column of True and False per reason, with the index of `data`: what `flag_careless`
        returns, and columns of your own.

    Returns
    -------
    DataFrame
        ``step``, ``rows`` and ``share`` of all rows: first ``before``, then each reason by its
        name, ``several`` (flagged for two reasons or more), ``flagged`` (for at least one), and
        ``after``.

    Raises
    ------
    ValueError
        If the flags do not belong to the data, or hold anything but True and False.

    References
    ----------
    American Association for Public Opinion Research. (2021). *AAPOR code of professional ethics
    and practices*: how the data were processed is to be disclosed.

    Examples
    --------
    >>> answers = pd.DataFrame({"q1": [4, 3, 3, 2], "q2": [5, 3, 3, 1]})
    >>> cleaning_report(answers, flag_careless(answers, ["q1", "q2"]))
                step  rows  share
    0         before     4   1.00
    1  straight_line     2   0.50
    2      duplicate     1   0.25
    3        several     1   0.25
    4        flagged     2   0.50
    5          after     2   0.50
    """
    validation.check_columns(data, [], least=0)
    if not isinstance(flags, pd.DataFrame) or not flags.index.equals(data.index):
        refuse("cleaning.flags_index")
    reasons = validation.check_columns(flags, flags.columns)
    for reason in reasons:
        if not pd.api.types.is_bool_dtype(flags[reason].dtype) or flags[reason].isna().any():
            refuse("cleaning.flag", reason=shown(reason))
    times = flags.sum(axis="columns").to_numpy()
    steps = ["before", *reasons, "several", "flagged", "after"]
    several, flagged = int((times > 1).sum()), int((times > 0).sum())
    rows = [len(data), *flags.sum(), several, flagged, len(data) - flagged]
    report = pd.DataFrame({"step": steps, "rows": rows})
    report["share"] = report["rows"] / len(data)
    return report


def _longest_run(answers: Mapping[str, pd.Series]) -> np.ndarray:
    """Return per row how often at most the same answer was given in succession."""
    columns = [answer.to_numpy() for answer in answers.values()]
    last = np.full(len(columns[0]), np.nan)
    run = np.zeros(len(last), dtype=np.int64)
    longest = run.copy()
    for column in columns:
        answered = ~np.isnan(column)
        run = np.where(answered, np.where(column == last, run + 1, 1), run)
        last = np.where(answered, column, last)
        np.maximum(longest, run, out=longest)
    return longest


def _too_fast(times: pd.Series, fastest: float | None) -> pd.Series:
    numbers = validation.numbers(times)
    negative = (numbers < 0).to_numpy()
    if negative.any():
        row = int(np.argmax(negative))
        refuse(
            "cleaning.seconds",
            column=shown(times.name),
            row=shown(times.index[row]),
            value=shown(times.iloc[row]),
        )
    if fastest is None:
        if numbers.isna().all():
            refuse("cleaning.no_times", column=shown(times.name))
        fastest = numbers.median() / 2
    elif not isinstance(fastest, Real) or isinstance(fastest, bool) or not fastest > 0:
        refuse("cleaning.fastest", value=shown(fastest))
    return numbers < fastest
