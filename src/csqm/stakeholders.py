"""Who the customer is: chains of internal customers, stakeholders, and a short staff survey."""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from csqm.text import listed, say

__all__ = ["department_table", "rolled_throughput_yield", "salience_class", "score_items"]

# In the order of the number 4 * power + 2 * legitimacy + urgency.
_SALIENCE = (
    "non-stakeholder",
    "demanding",
    "discretionary",
    "dependent",
    "dormant",
    "dangerous",
    "dominant",
    "definitive",
)


def rolled_throughput_yield(yields: Iterable[float]) -> float:
    r"""Return the chance that a unit passes every step of a chain right first time.

    .. math:: \mathrm{RTY} = \prod_i y_i

    It takes the steps as independent: a unit that went wrong in one step is no likelier than
    others to go wrong in the next. Defects per unit are then about :math:`-\ln \mathrm{RTY}`.

    Parameters
    ----------
    yields : iterable of float
        Share of units right first time in each step, between 0 and 1.

    Returns
    -------
    float
        The product of the yields.

    Raises
    ------
    ValueError
        If there is no yield, or one is not a number between 0 and 1.

    References
    ----------
    Montgomery, D. C. (2019). *Introduction to statistical quality control* (8th ed.). Wiley:
    the product of the chances of many independent parts.

    Examples
    --------
    Six steps at 99 % each lose almost 6 % on the way:

    >>> round(rolled_throughput_yield([0.99] * 6), 5)
    0.94148
    """
    if isinstance(yields, (str, bytes, dict)) or not isinstance(yields, Iterable):
        _refuse("yields_list", value=_shown(yields))
    product, position = 1.0, 0
    for position, value in enumerate(yields, start=1):
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real) or pd.isna(value):
            _refuse("yield_number", position=position, value=_shown(value))
        if not 0 <= value <= 1:
            _refuse("yield_range", position=position, value=_shown(value))
        product *= float(value)
    if not position:
        _refuse("yields_empty")
    return product


def salience_class(
    power: bool | pd.Series, legitimacy: bool | pd.Series, urgency: bool | pd.Series
) -> str | pd.Series:
    """Classify stakeholders by the attributes that managers see in them.

    All three: definitive. Two: dominant (power, legitimacy), dangerous (power, urgency) or
    dependent (legitimacy, urgency). One: dormant (power), discretionary (legitimacy) or demanding
    (urgency). None: non-stakeholder.

    Parameters
    ----------
    power : bool or Series of bool
        Whether the stakeholder can impose its will.
    legitimacy : bool or Series of bool
        Whether its claim is held to be proper.
    urgency : bool or Series of bool
        Whether its claim calls for attention at once.

    Returns
    -------
    str or Series of str
        The class; a Series if the attributes are Series.

    Raises
    ------
    ValueError
        If an attribute is anything but True or False, or the three do not fit together.

    References
    ----------
    Mitchell, R. K., Agle, B. R., & Wood, D. J. (1997). Toward a theory of stakeholder
    identification and salience. *Academy of Management Review*, 22(4), 853-886.

    Examples
    --------
    >>> salience_class(power=True, legitimacy=True, urgency=False)
    'dominant'
    """
    flags: dict[str, Any] = {"power": power, "legitimacy": legitimacy, "urgency": urgency}
    if any(isinstance(flag, pd.Series) for flag in flags.values()):
        numbers = _series_number(flags)
        return pd.Series(np.take(_SALIENCE, numbers), index=numbers.index, name="salience")
    for name, flag in flags.items():
        if not isinstance(flag, (bool, np.bool_)):
            _refuse("flag", name=name, value=_shown(flag))
    return _SALIENCE[4 * flags["power"] + 2 * flags["legitimacy"] + flags["urgency"]]


def score_items(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    reverse: Sequence[str] = (),
    scale: tuple[int, int] = (1, 5),
    missing: Sequence[int] = (9,),
) -> pd.DataFrame:
    """Score a short survey: missing codes out, reverse-worded items turned, mean per person.

    A reverse-worded item is turned by low + high - x. The score of a person is the mean of the
    items answered, and is missing when fewer than half of the items are answered.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    items : sequence of str
        The columns that hold the answers.
    reverse : sequence of str
        Those of `items` whose wording is reversed.
    scale : tuple of int
        Lowest and highest answer code.
    missing : sequence of int
        Codes that mean "no answer", outside the scale. Blank cells count as no answer too.

    Returns
    -------
    DataFrame
        The items, cleaned, and the column ``score``; same index as `data`.

    Raises
    ------
    ValueError
        If a column is missing, or a cell holds something that is not a code.

    Examples
    --------
    >>> answers = pd.DataFrame({"image": [4, 9, 9], "pay": [2, 3, 9], "leaving": [1, 5, 3]})
    >>> score_items(answers, ["image", "pay", "leaving"], reverse=["leaving"])
       image  pay  leaving     score
    0    4.0  2.0      5.0  3.666667
    1    NaN  3.0      1.0  2.000000
    2    NaN  NaN      3.0       NaN
    """
    items, reverse = _names("items", items), _names("reverse", reverse)
    if not items:
        _refuse("items_empty")
    for item in reverse:
        if item not in items:
            _refuse("reverse_item", item=_shown(item), items=listed(items))
    low, high = _scale(scale, missing)
    _check_columns(data, items)
    scored = pd.DataFrame({item: _answers(data[item], low, high, missing) for item in items})
    scored[reverse] = low + high - scored[reverse]
    answered = scored.notna().sum(axis="columns")
    scored["score"] = scored.mean(axis="columns").where(2 * answered >= len(items))
    return scored


def department_table(
    data: pd.DataFrame,
    department: str,
    item: str,
    *,
    top: Sequence[int] = (4, 5),
    min_n: int = 5,
    confidence: float = 0.95,
    scale: tuple[int, int] = (1, 5),
    missing: Sequence[int] = (9,),
) -> pd.DataFrame:
    r"""Summarise one item by department, and hide departments too small to be shown.

    The share of top answers comes with Wilson's interval, without continuity correction:

    .. math::
        \frac{\hat p + z^2/2n \pm z\sqrt{\hat p(1-\hat p)/n + z^2/4n^2}}{1 + z^2/n}

    A department with fewer than `min_n` answers keeps its name and nothing else. If a total is
    published beside the table and only one department is hidden, it can still be worked out.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    department : str
        The column that holds the department.
    item : str
        The column that holds the answers to one item.
    top : sequence of int
        The answer codes that count as satisfied (top-2-box).
    min_n : int
        The least number of answers that may be shown.
    confidence : float
        Confidence level of the interval.
    scale : tuple of int
        Lowest and highest answer code.
    missing : sequence of int
        Codes that mean "no answer", outside the scale. Blank cells count as no answer too.

    Returns
    -------
    DataFrame
        One row per department, in the order of their names: ``department``, ``n`` (answers),
        ``mean``, ``top_share``, ``low``, ``high``, ``suppressed``.

    Raises
    ------
    ValueError
        If a column is missing, a cell holds something that is not a code, a department is blank,
        or an option is out of range.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    *Journal of the American Statistical Association*, 22(158), 209-212.

    Examples
    --------
    >>> answers = pd.DataFrame(
    ...     {"department": ["quality"] * 6 + ["safety"] * 4, "pay": [5, 4, 4, 2, 3, 9, 1, 2, 3, 4]}
    ... )
    >>> department_table(answers, "department", "pay").round(3)
      department    n  mean  top_share    low   high  suppressed
    0    quality  5.0   3.6        0.6  0.231  0.882       False
    1     safety  NaN   NaN        NaN    NaN    NaN        True
    """
    low, high = _scale(scale, missing)
    codes = list(top) if isinstance(top, Iterable) else []
    if not codes or not all(_is_whole(code) and low <= code <= high for code in codes):
        _refuse("top", low=low, high=high, value=_shown(top))
    if not _is_whole(min_n) or min_n < 1:
        _refuse("min_n", value=_shown(min_n))
    if not isinstance(confidence, Real) or not 0 < confidence < 1:
        _refuse("confidence", value=_shown(confidence))
    _check_columns(data, [department, item])
    blank = data[department].isna()
    if blank.any():
        _refuse("department_blank", column=_shown(department), row=_shown(blank.idxmax()))

    answers = _answers(data[item], low, high, missing)
    people = pd.DataFrame(
        {
            "department": data[department],
            "answer": answers,
            "satisfied": answers.isin(codes),
        }
    )
    table = people.groupby("department", observed=True).agg(
        n=("answer", "count"), mean=("answer", "mean"), satisfied=("satisfied", "sum")
    )
    table["suppressed"] = table["n"] < min_n
    shown = table[["n", "mean", "satisfied"]].astype(float).where(~table["suppressed"])
    table[["n", "mean"]] = shown[["n", "mean"]]
    table["top_share"] = shown["satisfied"] / shown["n"]
    table["low"], table["high"] = _wilson(shown["satisfied"], shown["n"], confidence)
    columns = ["department", "n", "mean", "top_share", "low", "high", "suppressed"]
    return table.reset_index()[columns]


def _wilson(count: pd.Series, n: pd.Series, confidence: float) -> tuple[pd.Series, pd.Series]:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    # Exact at the ends, where the formula leaves a rounding error.
    return low.where(count != 0, 0.0), high.where(count != n, 1.0)


def _answers(column: pd.Series, low: int, high: int, missing: Sequence[int]) -> pd.Series:
    """Return the answers as numbers, missing ones as NaN; refuse anything that is not a code."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    numbers = numbers.mask(column.map(lambda value: isinstance(value, (str, bool, np.bool_))))
    blank = column.isna() | numbers.isin(missing)
    wrong = ~blank & ~(numbers.between(low, high) & (numbers % 1 == 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        _refuse(
            "code",
            column=_shown(column.name),
            row=_shown(column.index[row]),
            value=_shown(column.iloc[row]),
            low=low,
            high=high,
            missing=listed(missing),
        )
    return numbers.mask(blank)


def _series_number(flags: dict[str, Any]) -> pd.Series:
    """Check three Series of True and False and return 4 * power + 2 * legitimacy + urgency."""
    first = next(flag for flag in flags.values() if isinstance(flag, pd.Series))
    for name, flag in flags.items():
        if not isinstance(flag, pd.Series) or not flag.index.equals(first.index):
            _refuse("flags_mixed")
        if flag.empty:
            _refuse("flags_empty", name=name)
        wrong = ~flag.map(lambda value: isinstance(value, (bool, np.bool_))).astype(bool)
        if wrong.any():
            row = int(np.argmax(wrong))
            value = flag.iloc[row]
            _refuse("flag_in_series", name=name, row=_shown(flag.index[row]), value=_shown(value))
    power, legitimacy, urgency = (flag.astype(int) for flag in flags.values())
    number: pd.Series = 4 * power + 2 * legitimacy + urgency
    return number


def _check_columns(data: pd.DataFrame, columns: Sequence[str]) -> None:
    if not isinstance(data, pd.DataFrame):
        _refuse("data_frame", kind=type(data).__name__)
    for column in columns:
        if column not in data.columns:
            _refuse("column_missing", column=_shown(column), columns=listed(data.columns))
        if list(columns).count(column) > 1 or list(data.columns).count(column) > 1:
            _refuse("column_twice", column=_shown(column))
    if data.empty:
        _refuse("data_empty")


def _names(name: str, value: Sequence[str]) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        _refuse("items_list", name=name, value=_shown(value))
    return list(value)


def _scale(scale: tuple[int, int], missing: Sequence[int]) -> tuple[int, int]:
    ends = tuple(scale) if isinstance(scale, Iterable) else ()
    if len(ends) != 2 or not all(map(_is_whole, ends)) or ends[0] >= ends[1]:
        _refuse("scale", value=_shown(scale))
    low, high = ends
    codes = tuple(missing) if isinstance(missing, Iterable) else (None,)
    if not all(_is_whole(code) and not low <= code <= high for code in codes):
        _refuse("missing_in_scale", low=low, high=high, value=_shown(missing))
    return low, high


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _refuse(entry: str, **values: Any) -> NoReturn:
    raise ValueError(say(f"stakeholders.{entry}", **values))
