"""Checks that every method shares: columns, answer codes, weights, options.

Each check returns the value in the form that the methods compute with, or refuses it with a
ValueError that says what came, what is allowed and what to do. Respondents are never looped over.
"""

from collections.abc import Collection, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from csqm.text import listed, say

__all__ = [
    "Weights",
    "answers",
    "check_columns",
    "check_scale",
    "column",
    "effective_size",
    "fraction",
    "numbers",
    "refuse",
    "shown",
    "survey_weights",
    "whole_number",
]

# A column name, one weight per row, or None: every answer counts the same.
Weights = str | pd.Series | np.ndarray | Sequence[float] | None


def refuse(key: str, **values: Any) -> NoReturn:
    """Raise a ValueError with a message of the catalogue."""
    raise ValueError(say(key, **values))


def shown(value: Any) -> str:
    """Return a value as a message shows it: text in quotes, numbers plain."""
    return repr(value) if isinstance(value, str) else str(value)


def whole_number(name: str, value: Any, least: int) -> int:
    """Check an option that must be a whole number of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral) or value < least:
        refuse("validation.whole_number", name=name, least=least, value=shown(value))
    return int(value)


def fraction(name: str, value: Any) -> float:
    """Check an option that must lie strictly between 0 and 1, such as a confidence level."""
    is_number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    if not is_number or not 0 < value < 1:
        refuse("validation.fraction", name=name, value=shown(value))
    return float(value)


def check_columns(data: pd.DataFrame, columns: Iterable[str], least: int = 1) -> list[str]:
    """Check that the columns are there, once each, and at least `least` of them; list them."""
    if not isinstance(data, pd.DataFrame):
        refuse("validation.data_frame", kind=type(data).__name__)
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        refuse("validation.column_list", value=shown(columns))
    names = list(columns)
    if len(names) < least:
        refuse("validation.too_few_columns", least=least, columns=listed(names) or "0")
    for name in names:
        if name not in data.columns:
            refuse("validation.column_missing", column=shown(name), columns=listed(data.columns))
        if names.count(name) > 1 or list(data.columns).count(name) > 1:
            refuse("validation.column_twice", column=shown(name))
    if data.empty:
        refuse("validation.no_rows")
    return names


def column(data: pd.DataFrame, name: str) -> pd.Series:
    """Return one column that must be there."""
    check_columns(data, [name])
    return data[name]


def numbers(values: Any, name: str | None = None) -> pd.Series:
    """Return values as floats, missing ones as NaN; text, booleans and infinities are refused."""
    series = values if isinstance(values, pd.Series) else pd.Series(values, name=name)
    called = shown(name if series.name is None else series.name)
    if series.empty:
        refuse("validation.no_values", column=called)
    if pd.api.types.is_bool_dtype(series.dtype):
        refuse(
            "validation.not_a_number",
            column=called,
            row=shown(series.index[0]),
            value=shown(series.iloc[0]),
        )
    if pd.api.types.is_numeric_dtype(series.dtype):
        result = series.astype(float)
    else:
        # Text is not read as a number: "4" in a column of answers is a sign of a bad import.
        kinds = pd.Series(list(map(type, series)), index=series.index)
        is_text = kinds.isin([str, bool, np.bool_]) & series.notna()
        result = pd.to_numeric(series.mask(is_text), errors="coerce").astype(float)
        wrong = (is_text | (result.isna() & series.notna())).to_numpy()
        if wrong.any():
            _refuse_row("validation.not_a_number", called, series, wrong)
    wrong = np.isinf(result.to_numpy())
    if wrong.any():
        _refuse_row("validation.infinite", called, series, wrong)
    return result


def answers(
    values: Any,
    scale: tuple[int, int],
    missing: Collection[int] = (),
    name: str | None = None,
) -> pd.Series:
    """Return answer codes as floats: missing codes and blanks as NaN, anything off the scale refused."""
    low, high = check_scale(scale, missing)
    result = numbers(values, name)
    result = result.mask(result.isin(list(missing))) if len(missing) else result
    code = result.to_numpy()
    with np.errstate(invalid="ignore"):
        wrong = ~np.isnan(code) & ((code < low) | (code > high) | (code % 1 != 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        refuse(
            "validation.code",
            column=shown(name if result.name is None else result.name),
            row=shown(result.index[row]),
            value=f"{code[row]:g}",
            low=low,
            high=high,
            missing=listed(missing) or "–",
        )
    return result


def check_scale(scale: tuple[int, int], missing: Collection[int]) -> tuple[int, int]:
    """Check the ends of a scale and that no missing code lies on it; return the ends."""
    ends = tuple(scale) if isinstance(scale, Iterable) else ()
    whole = [isinstance(end, Integral) and not isinstance(end, bool) for end in ends]
    if len(ends) != 2 or not all(whole) or ends[0] >= ends[1]:
        refuse("validation.scale", value=shown(scale))
    low, high = ends
    if isinstance(missing, str) or not isinstance(missing, Collection):
        refuse("validation.missing_list", value=shown(missing))
    inside = [code for code in missing if low <= code <= high]
    if inside:
        refuse("validation.missing_in_scale", value=listed(inside), low=low, high=high)
    return low, high


def survey_weights(weights: Weights, data: pd.DataFrame | pd.Series) -> np.ndarray | None:
    """Return one weight per row of `data`, or None; negative, blank or all-zero ones are refused."""
    if weights is None:
        return None
    if isinstance(weights, str):
        if not isinstance(data, pd.DataFrame):
            refuse("validation.weights_name", value=shown(weights))
        weights = column(data, weights)
    elif isinstance(weights, pd.Series) and not weights.index.equals(data.index):
        refuse("validation.weights_index")
    result = numbers(weights, "weights")
    if len(result) != len(data):
        refuse("validation.weights_length", weights=len(result), rows=len(data))
    wrong = ~(result >= 0).to_numpy()  # NaN is not a weight either
    if wrong.any():
        _refuse_row("validation.weights_negative", "weights", result, wrong)
    if not result.to_numpy().any():
        refuse("validation.weights_zero")
    return result.to_numpy()


def effective_size(weights: np.ndarray | None, used: np.ndarray) -> float:
    """Return Kish's effective number of answers among the rows that are `used` (a mask)."""
    if weights is None:
        return float(np.count_nonzero(used))
    kept = weights[used]
    total = kept.sum()
    if total == 0:
        refuse("validation.weights_zero")
    return float(total**2 / (kept**2).sum())


def _refuse_row(key: str, called: str, series: pd.Series, wrong: np.ndarray) -> NoReturn:
    row = int(np.argmax(wrong))
    refuse(key, column=called, row=shown(series.index[row]), value=shown(series.iloc[row]))
