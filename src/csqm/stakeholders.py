"""Who the customer is: chains of internal customers, stakeholders, and a short staff survey."""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from csqm import validation
from csqm.proportions import wilson_interval
from csqm.text import listed
from csqm.validation import refuse, shown

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
        refuse("stakeholders.yields_list", value=shown(yields))
    product, position = 1.0, 0
    for position, value in enumerate(yields, start=1):
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real) or pd.isna(value):
            refuse("stakeholders.yield_number", position=position, value=shown(value))
        if not 0 <= value <= 1:
            refuse("stakeholders.yield_range", position=position, value=shown(value))
        product *= float(value)
    if not position:
        refuse("stakeholders.yields_empty")
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
            refuse("stakeholders.flag", name=name, value=shown(flag))
    return _SALIENCE[4 * flags["power"] + 2 * flags["legitimacy"] + flags["urgency"]]


def score_items(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    reverse: Sequence[str] = (),
    scale: tuple[int, int] = (1, 5),
    missing: Sequence[int] = (9,),
) -> pd.DataFrame:
    r"""Score a short survey: missing codes out, reverse-worded items turned, mean per person.

    With :math:`x'_{ij} = \mathrm{low} + \mathrm{high} - x_{ij}` for reverse-worded items and
    :math:`x'_{ij} = x_{ij}` for others, the score of person :math:`i` is the mean of the items
    answered, :math:`A_i`, and is missing when fewer than half of the items are answered:

    .. math:: s_i = \frac{1}{|A_i|} \sum_{j \in A_i} x'_{ij}

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

    References
    ----------
    Likert, R. (1932). A technique for the measurement of attitudes. *Archives of Psychology*,
    140, 1-55: scores from several items. That half of the items suffice is this course's rule.

    Examples
    --------
    >>> answers = pd.DataFrame({"image": [4, 9, 9], "pay": [2, 3, 9], "leaving": [1, 5, 3]})
    >>> score_items(answers, ["image", "pay", "leaving"], reverse=["leaving"])
       image  pay  leaving     score
    0    4.0  2.0      5.0  3.666667
    1    NaN  3.0      1.0  2.000000
    2    NaN  NaN      3.0       NaN
    """
    items = validation.check_columns(data, items)
    turned = validation.check_columns(data, reverse, least=0)
    for item in turned:
        if item not in items:
            refuse("stakeholders.reverse_item", item=shown(item), items=listed(items))
    low, high = validation.check_scale(scale, missing)
    scored = pd.DataFrame({item: validation.answers(data[item], scale, missing) for item in items})
    scored[turned] = low + high - scored[turned]
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
    low, high = validation.check_scale(scale, missing)
    codes = list(top) if isinstance(top, Iterable) else []
    whole = [isinstance(code, Integral) and not isinstance(code, bool) for code in codes]
    if not codes or not all(whole) or not all(low <= code <= high for code in codes):
        refuse("stakeholders.top", low=low, high=high, value=shown(top))
    min_n = validation.whole_number("min_n", min_n, 1)
    confidence = validation.fraction("confidence", confidence)
    validation.check_columns(data, [department, item])
    blank = data[department].isna()
    if blank.any():
        refuse("stakeholders.department_blank", column=shown(department), row=shown(blank.idxmax()))

    answers = validation.answers(data[item], scale, missing)
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
    visible = table[["n", "mean", "satisfied"]].astype(float).where(~table["suppressed"])
    table[["n", "mean"]] = visible[["n", "mean"]]
    table["top_share"] = visible["satisfied"] / visible["n"]
    table["low"], table["high"] = wilson_interval(
        table["top_share"], visible["n"], confidence=confidence
    )
    columns = ["department", "n", "mean", "top_share", "low", "high", "suppressed"]
    return table.reset_index()[columns]


def _series_number(flags: dict[str, Any]) -> pd.Series:
    """Check three Series of True and False and return 4 * power + 2 * legitimacy + urgency."""
    first = next(flag for flag in flags.values() if isinstance(flag, pd.Series))
    for name, flag in flags.items():
        if not isinstance(flag, pd.Series) or not flag.index.equals(first.index):
            refuse("stakeholders.flags_mixed")
        if flag.empty:
            refuse("stakeholders.flags_empty", name=name)
        wrong = ~flag.map(lambda value: isinstance(value, (bool, np.bool_))).astype(bool)
        if wrong.any():
            row = int(np.argmax(wrong))
            value = flag.iloc[row]
            refuse(
                "stakeholders.flag_in_series",
                name=name,
                row=shown(flag.index[row]),
                value=shown(value),
            )
    power, legitimacy, urgency = (flag.astype(int) for flag in flags.values())
    number: pd.Series = 4 * power + 2 * legitimacy + urgency
    return number
