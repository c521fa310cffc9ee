"""The data sets of the course: loaded, checked against the data dictionary, and labelled."""

import csv
import io
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from csqm.text import language, listed, localise, say

__all__ = ["DataError", "dictionary", "labels", "load", "read"]

_SHOWN_PROBLEMS = 10
_NUMBERS = {"integer": r"-?[0-9]{1,15}", "number": r"-?[0-9]{1,15}(\.[0-9]{1,9})?"}
_Field = dict[str, Any]  # of the data dictionary


class DataError(ValueError):
    """A data file that does not match the data dictionary, or is not there.

    The message names the file, and for each of the first ten problems the row (as in the file: the
    header is row 1), the column, the value and what is allowed; then the next step.
    """


def load(name: str, missing: Literal["na", "keep"] = "na") -> pd.DataFrame:
    """Load a data set of the course.

    Parameters
    ----------
    name : str
        The data set, as ``"employee_survey"``; ``datasets/README.md`` lists them.
    missing : {"na", "keep"}
        Turn the codes for "no answer" into NaN, or leave them as they are.

    Returns
    -------
    DataFrame
        One column per field of the data dictionary, in its order.

    Raises
    ------
    DataError
        If there is no such data set, or its file was changed and no longer matches the dictionary.

    Examples
    --------
    >>> load("process_steps").loc[0, ["process", "task", "received_by"]].tolist()
    ['ride', 'take_booking', 'dispatch']
    """
    return read(_folder() / _resource(name)["path"], name, missing)


def read(path: str | Path, name: str, missing: Literal["na", "keep"] = "na") -> pd.DataFrame:
    """Read a file of your own that has the columns and codes of a data set of the course.

    Parameters
    ----------
    path : str or Path
        The CSV file, in UTF-8.
    name : str
        The data set whose dictionary it must match.
    missing : {"na", "keep"}
        Turn the codes for "no answer" into NaN, or leave them as they are.

    Returns
    -------
    DataFrame
        One column per field of the data dictionary, in its order.

    Raises
    ------
    DataError
        If the file is missing or does not match the dictionary.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> read("survey-of-my-own.csv", "employee_survey")
    Traceback (most recent call last):
    csqm.data.DataError: survey-of-my-own.csv cannot be opened. Check the folder, ...
    """
    if missing not in ("na", "keep"):
        raise ValueError(say("data.missing_option", value=repr(missing)))
    path, schema = Path(path), _resource(name)["schema"]
    fields = schema["fields"]
    cells, rows = _parse(path, name, [field["name"] for field in fields])
    found = [problem for field in fields for problem in _wrong_cells(cells[field["name"]], field)]
    found += _repeated_keys(cells, schema["primaryKey"])
    if found:
        found.sort(key=lambda problem: problem[0])
        lines = [
            say(f"data.{entry}", row=rows[position], **values)
            for position, entry, values in found[:_SHOWN_PROBLEMS]
        ]
        _refuse(path, name, lines, len(found))
    return pd.DataFrame({field["name"]: _typed(cells, field, missing) for field in fields})


def dictionary(name: str) -> pd.DataFrame:
    """Return the data dictionary of a data set in the current language.

    Parameters
    ----------
    name : str
        The data set.

    Returns
    -------
    DataFrame
        One row per column of the data set: ``column``, ``title``, ``meaning``, ``codes``,
        ``unit``.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> dictionary("process_steps").loc[5, ["column", "title", "unit"]].tolist()
    ['units_in', 'Units in', 'units']
    """
    return pd.DataFrame(
        {
            "column": field["name"],
            "title": _text(field, "title"),
            "meaning": _text(field, "description"),
            "codes": listed(
                f"{code} = {localise(label)}"
                for key in ("labels", "missingLabels")
                for code, label in field.get(key, {}).items()
            ),
            "unit": _text(field, "unit"),
        }
        for field in _resource(name)["schema"]["fields"]
    )


def labels(name: str, column: str) -> dict[int | str, str]:
    """Return what the codes of a column mean, in the current language.

    Parameters
    ----------
    name : str
        The data set.
    column : str
        A column that holds codes. The codes for "no answer" are left out.

    Returns
    -------
    dict
        Label by code, in the order of the dictionary.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> labels("employee_survey", "shift")
    {'day': 'Day shift', 'night': 'Night shift'}
    """
    fields = {field["name"]: field for field in _resource(name)["schema"]["fields"]}
    if column not in fields:
        columns = listed(fields)
        raise DataError(say("data.unknown_column", name=name, column=column, columns=columns))
    if "labels" not in fields[column]:
        raise DataError(say("data.no_labels", column=column))
    whole = fields[column]["type"] == "integer"
    return {
        int(code) if whole else code: localise(label)
        for code, label in fields[column]["labels"].items()
    }


def _folder() -> Path:
    """Return the folder of the data sets: in the wheel, else in the repository."""
    here = Path(__file__).parent
    inside = here / "datasets"
    return inside if inside.is_dir() else here.parents[1] / "datasets"


@cache
def _resources() -> dict[str, dict[str, Any]]:
    package = json.loads((_folder() / "datapackage.json").read_text(encoding="utf-8"))
    return {resource["name"]: resource for resource in package["resources"]}


def _resource(name: str) -> dict[str, Any]:
    if name not in _resources():
        raise DataError(say("data.unknown_name", name=name, names=listed(_resources())))
    return _resources()[name]


def _text(field: _Field, key: str) -> str:
    text: str = field.get(key if language() == "en" else f"{key}_{language()}", "")
    return text


def _parse(path: Path, name: str, columns: list[str]) -> tuple[pd.DataFrame, list[int]]:
    """Return the cells as text and the number of each row in the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        raise DataError(say("data.no_file", file=path.name)) from None
    except UnicodeDecodeError:
        raise DataError(say("data.not_utf8", file=path.name)) from None
    table = []
    try:
        for line in csv.reader(io.StringIO(text), strict=True):
            table.append(line)
    except csv.Error:
        raise DataError(say("data.not_csv", file=path.name, row=len(table) + 1)) from None

    # A blank line counts as a row of the file but holds no data.
    numbered = [(number, cells) for number, cells in enumerate(table[1:], start=2) if cells]
    if not numbered:
        raise DataError(say("data.no_rows", file=path.name))
    header = table[0]
    lines = [say("data.column_absent", column=each) for each in columns if each not in header]
    for column in dict.fromkeys(header):
        if column not in columns:
            allowed = listed(columns)
            lines.append(say("data.column_unknown", column=repr(column), columns=allowed))
        elif header.count(column) > 1:
            lines.append(say("data.column_twice", column=column))
    lines += [
        say("data.width", row=number, count=len(cells), allowed=len(header))
        for number, cells in numbered
        if len(cells) != len(header)
    ]
    if lines:
        _refuse(path, name, lines, len(lines))
    rows, cells = zip(*numbered, strict=True)
    return pd.DataFrame(list(cells), columns=header, dtype=str), list(rows)


def _wrong_cells(cells: pd.Series, field: _Field) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield position, message and values of each cell that the field does not allow."""
    limits = field["constraints"]
    missing = cells.isin(field.get("missingValues", []))
    if "enum" in limits:
        right = cells.isin(map(str, limits["enum"]))
    elif field["type"] in _NUMBERS:
        right = cells.str.fullmatch(_NUMBERS[field["type"]])
        right &= (
            cells.where(right, "0")
            .astype(float)
            .between(limits.get("minimum", -np.inf), limits.get("maximum", np.inf))
        )
    else:
        right = cells.str.fullmatch(limits.get("pattern", ".+"))
    for position in np.flatnonzero(~(right | missing)):
        value = cells.iloc[position]
        values = {"column": field["name"], "value": repr(value), "allowed": _allowed(field)}
        yield int(position), "cell" if value else "cell_blank", values


def _repeated_keys(
    cells: pd.DataFrame, key: list[str]
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for position in np.flatnonzero(cells.duplicated(key)):
        value = repr(" ".join(cells.iloc[position][key]))
        yield int(position), "cell_repeated", {"column": " + ".join(key), "value": value}


def _allowed(field: _Field) -> str:
    limits = field["constraints"]
    if "enum" in limits:
        codes = [say("data.missing_code", code=code) for code in field.get("missingValues", [])]
        return listed([*limits["enum"], *codes])
    if field["type"] == "string":
        return say("data.pattern", pattern=limits["pattern"])
    whole = field["type"] == "integer"
    if "maximum" in limits:
        entry = "data.whole_between" if whole else "data.number_between"
        return say(entry, low=limits["minimum"], high=limits["maximum"])
    return say("data.whole_from" if whole else "data.number_from", low=limits["minimum"])


def _typed(cells: pd.DataFrame, field: _Field, missing: str) -> pd.Series:
    name: str = field["name"]
    column = cells[name]
    if field["type"] == "string":
        return column
    codes = column.isin(field.get("missingValues", []))
    if missing == "na" and "missingValues" in field:
        return column.astype(float).mask(codes)
    return column.astype(int if field["type"] == "integer" else float)


def _refuse(path: Path, name: str, lines: list[str], count: int) -> None:
    shown = lines[:_SHOWN_PROBLEMS]
    more = [say("data.more", count=count - len(shown))] if count > len(shown) else []
    head = say("data.head", file=path.name, count=count)
    raise DataError("\n".join([head, *shown, *more, say("data.next_step", name=name)]))
