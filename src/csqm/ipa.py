"""Importance-performance analysis: where improvement is worth its cost."""

from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from csqm import validation
from csqm.text import listed
from csqm.validation import Weights, refuse, shown

__all__ = ["grid"]

# By (importance high, performance high).
_QUADRANTS = {
    (True, True): "keep_up",
    (True, False): "concentrate",
    (False, False): "low_priority",
    (False, True): "overkill",
}


def grid(
    data: pd.DataFrame,
    importance: str | Mapping[str, str] | Sequence[str] | pd.Series | pd.DataFrame,
    performance: str | Mapping[str, str] | Sequence[str],
    *,
    cross: str | tuple[float, float] = "mean",
    scale: tuple[int, int] = (1, 5),
    missing: Collection[int] = (),
    weights: Weights = None,
) -> pd.DataFrame:
    r"""Place attributes by importance and performance, and name their quadrants.

    The cross-hair lies at the grand means, the means over the attributes of their importance and
    performance; or at their medians, or at the midpoint of the scale:

    ============== ==================== =====================
    quadrant       importance           performance
    ============== ==================== =====================
    keep_up        at or above the line at or above the line
    concentrate    at or above the line below the line
    low_priority   below the line       below the line
    overkill       below the line       at or above the line
    ============== ==================== =====================

    An attribute on a line counts as high there, and ``on_line`` marks it: the data do not decide
    its quadrant. (With ``cross="median"`` and an odd number of attributes one always is.)

    Importance is stated (respondents rate it) or derived (from the relation of each attribute with
    overall satisfaction). Derived importance is on no rating scale, so it cannot be cut at the
    midpoint of one.

    A mean uses the respondents who answered that question; the others are counted. Weighted means
    are used with survey weights.

    Parameters
    ----------
    data : DataFrame
        One row per respondent; or one row per attribute, with its name as the index, if
        `importance` and `performance` name one column each.
    importance : str, mapping, sequence of str, DataFrame or Series of float
        Stated: the column of each attribute, as a mapping, or as a list in the order of
        `performance`. Derived: the table that `csqm.drivers.derived_importance` returns, or a
        Series of numbers with the attributes as its index. Or the column of a table.
    performance : str, mapping or sequence of str
        The column of each attribute; in a list the column is the attribute's name. Or the column
        of a table.
    cross : {"mean", "median", "midpoint"} or pair of float
        Where the lines lie; a pair gives importance and performance themselves.
    scale : tuple of int
        Lowest and highest answer code.
    missing : collection of int
        Codes that mean "no answer", outside the scale. Blank cells count as no answer too.
    weights : str, Series or array, optional
        Survey weights, one per respondent. A table of means has no respondents to weight.

    Returns
    -------
    DataFrame
        One row per attribute: ``attribute``, ``importance``, ``performance``, ``quadrant``,
        ``on_line``, ``cross``, ``cross_importance``, ``cross_performance`` and, from respondents,
        ``n`` and ``missing`` of performance, and of stated importance ``n_importance`` and
        ``missing_importance``.

    Raises
    ------
    ValueError
        If the attributes of the two do not match, an answer is not on the scale, nobody rated an
        attribute, or the cross cannot be drawn.

    References
    ----------
    Martilla, J. A., & James, J. C. (1977). Importance-performance analysis. *Journal of
    Marketing*, 41(1), 77-79.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"importance": [4.6, 4.4, 3.1, 2.9], "performance": [4.2, 2.8, 2.7, 4.5]},
    ...     index=["safety", "waiting time", "music", "car wash"],
    ... )
    >>> grid(table, "importance", "performance")[["attribute", "quadrant"]]
          attribute      quadrant
    0        safety       keep_up
    1  waiting time   concentrate
    2         music  low_priority
    3      car wash      overkill
    """
    if isinstance(performance, str):
        if not isinstance(importance, str):
            refuse("ipa.one_column")
        if weights is not None:
            refuse("ipa.table_weights")
        result, derived = _from_table(data, importance, performance), False
    else:
        result, derived = _from_answers(data, importance, performance, scale, missing, weights)
    lines = _lines(result, cross, scale, derived)
    high, on = {}, {}
    for side, line in lines.items():
        distance = result[side] - line
        # A mean of means carries a rounding error; it must not decide a quadrant.
        on[side] = distance.abs() <= 1e-9 * max(abs(line), float(result[side].abs().max()))
        high[side] = (distance > 0) | on[side]
    result["quadrant"] = [
        _QUADRANTS[pair] for pair in zip(high["importance"], high["performance"], strict=True)
    ]
    result["on_line"] = on["importance"] | on["performance"]
    result["cross"] = cross if isinstance(cross, str) else "given"
    result["cross_importance"], result["cross_performance"] = lines.values()
    front = ["attribute", "importance", "performance", "quadrant", "on_line"]
    front += ["cross", "cross_importance", "cross_performance"]
    return result[front + [name for name in result.columns if name not in front]]


def _from_table(data: pd.DataFrame, importance: str, performance: str) -> pd.DataFrame:
    validation.check_columns(data, [importance, performance])
    if not data.index.is_unique:
        refuse("ipa.twice", attribute=shown(data.index[data.index.duplicated()][0]))
    result = pd.DataFrame({"attribute": data.index.tolist()})
    for side, name in (("importance", importance), ("performance", performance)):
        values = validation.numbers(data[name])
        if values.isna().any():
            refuse("ipa.blank", column=shown(name), attribute=shown(values.index[values.isna()][0]))
        result[side] = values.to_numpy()
    return result


def _from_answers(
    data: pd.DataFrame,
    importance: Any,
    performance: Any,
    scale: tuple[int, int],
    missing: Collection[int],
    weights: Weights,
) -> tuple[pd.DataFrame, bool]:
    if isinstance(importance, pd.DataFrame):
        validation.check_columns(importance, ["driver", "importance"])
        importance = importance.set_index("driver")["importance"]
    rated = _columns("performance", performance)
    attributes = list(rated)
    validation.check_columns(data, rated.values())
    given = validation.survey_weights(weights, data)
    result = pd.DataFrame({"attribute": attributes})
    derived = isinstance(importance, pd.Series) and pd.api.types.is_numeric_dtype(importance.dtype)
    if derived:
        _check_names(importance.index.tolist(), attributes)
        numbers = validation.numbers(importance)
        if numbers.isna().any():
            blank = numbers.index[numbers.isna()][0]
            refuse("ipa.blank", column="`importance`", attribute=shown(blank))
        result["importance"] = numbers.loc[attributes].to_numpy()
    else:
        stated = _stated(importance, attributes)
        validation.check_columns(data, stated.values())
        result[["importance", "n_importance", "missing_importance"]] = pd.DataFrame(
            [_mean(data[stated[name]], scale, missing, given) for name in attributes]
        )
    result[["performance", "n", "missing"]] = pd.DataFrame(
        [_mean(data[rated[name]], scale, missing, given) for name in attributes]
    )
    return result, derived


def _mean(
    column: pd.Series,
    scale: tuple[int, int],
    missing: Collection[int],
    weights: np.ndarray | None,
) -> tuple[float, int, int]:
    answers = validation.answers(column, scale, missing).to_numpy()
    used = ~np.isnan(answers)
    n = int(used.sum())
    if n == 0:
        refuse("ipa.nobody", column=shown(column.name))
    validation.effective_size(weights, used)  # refuses answers that all have weight 0
    mean = np.average(answers[used], weights=None if weights is None else weights[used])
    return float(mean), n, len(answers) - n


def _lines(
    result: pd.DataFrame, cross: Any, scale: tuple[int, int], derived: bool
) -> dict[str, float]:
    sides = ["importance", "performance"]
    if cross in ("mean", "median") and isinstance(cross, str):
        if len(result) < 2:
            refuse("ipa.one_attribute", cross=shown(cross))
        return {side: float(getattr(result[side], cross)()) for side in sides}
    if isinstance(cross, str) and cross == "midpoint":
        if derived:
            refuse("ipa.midpoint_derived")
        # Means outside the scale show that the scale is not theirs.
        low, high = scale
        for side in sides:
            outside = ~result[side].between(low, high)
            if outside.any():
                row = result[outside].iloc[0]
                refuse(
                    "ipa.off_scale",
                    name=side,
                    attribute=shown(row["attribute"]),
                    value=f"{row[side]:g}",
                    low=low,
                    high=high,
                )
        return dict.fromkeys(sides, (low + high) / 2)
    pair = [] if isinstance(cross, str) or not isinstance(cross, Sequence) else list(cross)
    numbers = [isinstance(line, Real) and bool(np.isfinite(float(line))) for line in pair]
    if len(pair) != 2 or not all(numbers):
        refuse("ipa.cross", value=shown(cross))
    return dict(zip(sides, map(float, pair), strict=True))


def _columns(name: str, value: Any) -> dict[Any, str]:
    if isinstance(value, pd.Series):
        value = value.to_dict()
    if isinstance(value, str) or not isinstance(value, (Mapping, Sequence)) or not len(value):
        refuse("ipa.columns", name=name, value=shown(value))
    if isinstance(value, Mapping):
        return dict(value)
    twice = [column for column in value if list(value).count(column) > 1]
    if twice:
        refuse("ipa.twice", attribute=shown(twice[0]))
    return {column: column for column in value}


def _stated(importance: Any, attributes: list[Any]) -> dict[Any, str]:
    columns = _columns("importance", importance)
    if isinstance(importance, (Mapping, pd.Series)):
        _check_names(list(columns), attributes)
        return columns
    if len(columns) != len(attributes):
        refuse("ipa.lengths", importance=len(columns), performance=len(attributes))
    return dict(zip(attributes, columns, strict=True))


def _check_names(given: list[Any], attributes: list[Any]) -> None:
    if len(set(given)) != len(given):
        refuse("ipa.twice", attribute=shown(next(name for name in given if given.count(name) > 1)))
    if set(given) != set(attributes):
        refuse("ipa.names", importance=listed(given), performance=listed(attributes))
