"""Checks for the test cells of assignments: they explain, and give points in parts."""

import builtins
import copy
import cProfile
import importlib
import inspect
import io
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from numbers import Real
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import pandas as pd

from csqm.course.errors import explain_error
from csqm.text import localise, say

__all__ = ["Check", "activity_points"]

# An answer and what it shows about how it was reached: (wrong answer, text for the trainee).
Mistakes = Iterable[tuple[Any, str]]
# Letters of an answer that a message shows: three lines or so.
LONGEST_SHOWN = 200


class Check:
    """Try a function that a trainee wrote, and say what came of it.

    The function is looked up by its name where the check is made, so that a missing one is
    reported like everything else. Its own output is swallowed and its arguments are copies. Every
    case prints one line; nothing is raised.

    Parameters
    ----------
    name : str
        Name of the function.
    library : str, optional
        Module that has a function for the same purpose. If any of its code runs while the
        trainee's function is called, the answer is not the trainee's own: it gets no points.
    hidden : bool
        Whether values are kept from the messages, because the trainee shall not see them.

    Examples
    --------
    >>> from csqm.text import set_language
    >>> set_language("en")
    >>> def double(x):
    ...     return x + 2
    >>> check = Check("double")
    >>> check.case("`double(2)`", 2, expect=4, points=1)
    ✓ `double(2)` (1 of 1 points)
    >>> mistakes = [(7, "You added 2: multiply by 2.")]
    >>> check.case("`double(5)`", 5, expect=10, points=1, mistakes=mistakes)
    ✗ `double(5)`: it gave 7; expected 10. You added 2: multiply by 2. (0 of 1 points)
    >>> check.score()
    Points for `double`: 1 of 2
    1.0
    """

    def __init__(self, name: str, *, library: str | None = None, hidden: bool = False) -> None:
        self.name = name
        self.hidden = hidden
        self._library = importlib.import_module(library).__file__ if library else None
        self._points = 0.0
        self._maximum = 0.0
        self._told: set[str] = set()
        frame = inspect.currentframe()
        self._function = frame.f_back.f_globals.get(name) if frame and frame.f_back else None

    def case(
        self,
        about: str,
        *args: Any,
        expect: Any,
        points: float = 0.0,
        mistakes: Mistakes = (),
        hint: str = "",
        tolerance: float = 1e-6,
        **kwargs: Any,
    ) -> None:
        """Call the function and compare its answer.

        Parameters
        ----------
        about : str
            What is tried, in words that a trainee may read.
        *args, **kwargs
            Arguments of the function.
        expect : float, str, bool, Series or DataFrame
            The right answer. Of a DataFrame, only the columns given here are compared; its index
            is compared unless it is the default one.
        points : float
            Points for a right answer.
        mistakes : iterable of (answer, str)
            Answers that typical mistakes lead to, and what to say then.
        hint : str
            What to say when the answer is wrong in another way.
        tolerance : float
            Largest difference allowed between numbers.
        """
        self._compare(
            about,
            lambda: self._call(args, kwargs),
            expect,
            points=points,
            mistakes=mistakes,
            hint=hint,
            tolerance=tolerance,
        )

    def each(
        self,
        about: str,
        values: Sequence[Any],
        *,
        expect: Sequence[Any],
        points: float = 0.0,
        mistakes: Iterable[tuple[Sequence[Any], str]] = (),
        hint: str = "",
        tolerance: float = 1e-6,
        **kwargs: Any,
    ) -> None:
        """Call the function once for each value, as for the lines of a published table.

        Parameters
        ----------
        about : str
            What is tried, in words that a trainee may read.
        values : sequence
            First argument of each call.
        expect : sequence
            The right answer of each call.
        points : float
            Points if all answers are right.
        mistakes, hint, tolerance
            As in `case`; a mistake gives the answers of all calls.
        **kwargs
            Further arguments, the same in every call.
        """
        self._compare(
            about,
            lambda: pd.Series([self._call((value,), kwargs) for value in values], index=values),
            pd.Series(expect, index=values),
            points=points,
            mistakes=[(pd.Series(wrong, index=values), text) for wrong, text in mistakes],
            hint=hint,
            tolerance=tolerance,
        )

    def _compare(
        self,
        about: str,
        call: Callable[[], Any],
        expect: Any,
        *,
        points: float,
        mistakes: Mistakes,
        hint: str,
        tolerance: float,
    ) -> None:
        """Make the call, compare its answer, and print the line."""
        self._maximum += points
        try:
            answer = call()
        except _Trouble as trouble:
            self._fail(about, points, str(trouble), str(trouble) and hint)
            return
        difference = _difference(answer, expect, tolerance, self.hidden)
        if not difference:
            self._pass(about, points)
            return
        same = (text for wrong, text in mistakes if not _difference(answer, wrong, tolerance))
        begun = (text for wrong, text in mistakes if _goes_wrong(answer, expect, wrong, tolerance))
        advice = next(same, "") or next(begun, "") or _rounding_advice(answer, expect) or hint
        self._fail(about, points, difference, advice)

    def refuses(self, about: str, *args: Any, points: float = 0.0, **kwargs: Any) -> None:
        """Call the function with something it must refuse by a ValueError.

        Parameters
        ----------
        about : str
            What is tried, in words that a trainee may read.
        *args, **kwargs
            Arguments of the function.
        points : float
            Points if it refuses.
        """
        self._maximum += points
        try:
            answer = self._call(args, kwargs, refusal=True)
        except _Refusal:
            self._pass(about, points)
        except _Trouble as trouble:
            self._fail(about, points, str(trouble), str(trouble) and say("checks.must_refuse"))
        else:
            shown = "" if self.hidden else say("checks.it_gave", answer=_shown(answer))
            self._fail(about, points, shown, say("checks.must_refuse"))

    def keeps(self, about: str, *args: Any, points: float = 0.0, **kwargs: Any) -> None:
        """Call the function and see that it leaves its arguments as they were.

        Parameters
        ----------
        about : str
            What is tried, in words that a trainee may read.
        *args, **kwargs
            Arguments of the function.
        points : float
            Points if they are unchanged.
        """
        self._maximum += points
        given = copy.deepcopy(args)
        try:
            self._call(given, kwargs, copied=False)
        except _Trouble as trouble:
            self._fail(about, points, str(trouble))
            return
        pairs = zip(given, args, strict=True)
        if any(_difference(now, before, 0.0) for now, before in pairs):
            self._fail(about, points, say("checks.changed"))
        else:
            self._pass(about, points)

    def show(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function and return its answer; explain if there is none.

        Parameters
        ----------
        *args, **kwargs
            Arguments of the function.

        Returns
        -------
        object
            What the function returned, or None.
        """
        try:
            return self._call(args, kwargs)
        except _Trouble as trouble:
            if str(trouble):
                print(trouble)
            return None

    def score(self) -> float:
        """Print and return the points.

        Returns
        -------
        float
            A plain float, as nbgrader needs it for points in part. It is 0 for an answer that is
            not the trainee's own.
        """
        score = 0.0 if "borrowed" in self._told else round(self._points, 6)
        print(say("checks.total", name=self.name, score=score, maximum=self._maximum))
        return float(score)

    def _call(
        self,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        *,
        refusal: bool = False,
        copied: bool = True,
    ) -> Any:
        """Return the function's answer, or raise _Trouble with a text; empty if told before."""
        if not callable(self._function):
            raise _Trouble(self._once("absent"))
        if "borrowed" in self._told:
            raise _Trouble("")
        if copied:
            args, kwargs = copy.deepcopy((args, kwargs))
        try:
            with _quiet(), _files_of_calls() if self._library else nullcontext(()) as files:
                answer = self._function(*args, **kwargs)
        except NotImplementedError:
            raise _Trouble(self._once("unwritten")) from None
        except (Exception, SystemExit) as error:
            if self._library in files:
                raise _Trouble(self._once("borrowed")) from None
            if refusal and isinstance(error, ValueError):
                raise _Refusal from None
            raise _Trouble(self._explain(error)) from None
        if self._library in files:
            raise _Trouble(self._once("borrowed"))
        if answer is Ellipsis:
            raise _Trouble(self._once("unwritten"))
        if answer is None:
            raise _Trouble(say("checks.nothing"))
        return answer

    def _once(self, entry: str) -> str:
        """Return the message the first time, an empty string later."""
        if entry in self._told:
            return ""
        self._told.add(entry)
        return say(f"checks.{entry}", name=self.name)

    def _explain(self, error: BaseException) -> str:
        """Tell where the trainee's code stopped, and why."""
        kind = type(error).__name__
        if self.hidden and getattr(builtins, kind, None) is not type(error):
            kind = "Exception"  # a name of the trainee's own could hold hidden values
        code = inspect.unwrap(self._function)
        file = getattr(getattr(code, "__code__", None), "co_filename", None)
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == file
        ]
        if not lines:
            return _joined(say("checks.stopped", kind=kind), explain_error(kind))
        text = linecache.getline(file, lines[-1]).strip()
        texts = [say("checks.stopped_at", kind=kind, line=lines[-1], code=text)]
        ambiguous = isinstance(error, ValueError) and str(error).startswith("The truth value of a")
        texts.append(say("checks.series_as_flag") if ambiguous else explain_error(kind))
        name = getattr(error, "name", None)
        if isinstance(error, KeyError) and error.args:
            name = error.args[0]
        if name and not self.hidden:
            texts.append(say("checks.about_name", name=name))
        return _joined(*texts)

    def _pass(self, about: str, points: float) -> None:
        self._points += points
        print(_joined(f"✓ {about}", _points_text(points, points)))

    def _fail(self, about: str, points: float, *texts: str) -> None:
        if not any(texts):  # told before
            return
        line = say("checks.failed", about=about, texts=_joined(*texts))
        print(_joined(line, _points_text(0.0, points)))


def activity_points(slug: str, points: float) -> float:
    """Give points for an activity's saved answer, read from ``answers/`` beside the notebook.

    The activity's own feedback is printed. A missing or damaged answer is reported and gives 0.

    Parameters
    ----------
    slug : str
        The activity, as ``"stakeholder-map"``.
    points : float
        Points for a full answer.

    Returns
    -------
    float
        A plain float, as nbgrader needs it for points in part.
    """
    from csqm.activities import activity

    file = Path("answers") / f"{slug}.json"
    with _quiet():
        widget = activity(slug)  # sets a damaged file aside
    if not file.is_file():
        damaged = any(file.parent.glob(f"{slug}.broken-*.json"))
        print(say("checks.answer_damaged" if damaged else "checks.answer_missing", file=file))
        return 0.0
    result = widget.score()
    print("\n".join(result["lines"]))
    score = round(points * result["points"], 2)
    print(say("checks.total", name=slug, score=score, maximum=points))
    return float(score)


class _Trouble(Exception):
    """No answer came; the text says why, and is empty if that was said before."""


class _Refusal(Exception):
    """The function refused its arguments, as it should."""


@contextmanager
def _quiet():
    """Swallow what the trainee's code prints, displays and warns of: it could hold hidden values."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if InteractiveShell.initialized():
            with capture_output():
                yield
        else:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                yield


@contextmanager
def _files_of_calls() -> Iterator[set[str]]:
    """Yield a set that has, in the end, the files of the Python functions that were called."""
    before = sys.getprofile()
    files: set[str] = set()
    # A function of sys.setprofile would see the same calls at nearly twice the cost.
    profile = cProfile.Profile(subcalls=False, builtins=False)
    try:
        with profile:
            yield files
    finally:
        sys.setprofile(before)
        called = (each.code for each in profile.getstats())
        files.update(code.co_filename for code in called if isinstance(code, CodeType))


def _difference(answer: Any, expect: Any, tolerance: float, hidden: bool = False) -> str:
    """Say how an answer differs from the expected one; an empty string if it does not."""
    if isinstance(expect, pd.DataFrame):
        return _frame_difference(answer, expect, tolerance, hidden)
    if isinstance(expect, pd.Series):
        if not isinstance(answer, pd.Series):
            return _kind_difference(answer, expect)
        frames = answer.rename("").to_frame(), expect.rename("").to_frame()
        return _frame_difference(*frames, tolerance, hidden)
    if _equal(answer, expect, tolerance):
        return ""
    if _kind(answer) != _kind(expect):
        return _kind_difference(answer, expect)
    if hidden:
        return say("checks.not_expected")
    return say("checks.gave_expected", answer=_shown(answer), expected=_shown(expect))


def _frame_difference(answer: Any, expect: pd.DataFrame, tolerance: float, hidden: bool) -> str:
    if not isinstance(answer, pd.DataFrame):
        return _kind_difference(answer, expect)
    for column in expect.columns:
        if list(answer.columns).count(column) != 1:
            return say("checks.column_absent", column=column)
    if len(answer) != len(expect):
        if hidden:
            return say("checks.rows_differ")
        return say("checks.rows", answer=len(answer), expected=len(expect))
    named = not isinstance(expect.index, pd.RangeIndex)
    if named and list(answer.index) != list(expect.index):
        return say("checks.index_differs")
    gap = _first_gap(answer, expect, tolerance)
    if not gap:
        return ""
    column, row, came, right = gap
    if hidden:
        return say("checks.column_differs", column=column) if column else say("checks.not_expected")
    return say(
        "checks.cell" if column else "checks.series_cell",
        column=column,
        row=expect.index[row],
        answer=_shown(came),
        expected=_shown(right),
    )


def _first_gap(
    answer: pd.DataFrame, expect: pd.DataFrame, tolerance: float
) -> tuple[str, int, Any, Any] | None:
    """Return column, position, answer and right value of the first cell that differs."""
    for column in expect.columns:
        pairs = zip(answer[column], expect[column], strict=True)
        for row, (came, right) in enumerate(pairs):
            if not _equal(came, right, tolerance):
                return column, row, came, right
    return None


def _goes_wrong(answer: Any, expect: Any, wrong: Any, tolerance: float) -> bool:
    """Tell whether a table first goes wrong where, and as, a typical mistake does.

    Who made two mistakes at once is told of the first.
    """
    tables = [answer, expect, wrong]
    if not all(isinstance(table, pd.DataFrame) for table in tables):
        return False
    if not set(expect.columns) <= set(answer.columns) & set(wrong.columns):
        return False
    if not len(answer) == len(expect) == len(wrong):
        return False
    gap = _first_gap(answer, expect, tolerance)
    return bool(gap) and _equal(gap[2], wrong[gap[0]].iloc[gap[1]], tolerance)


def _equal(answer: Any, expect: Any, tolerance: float) -> bool:
    if not np.ndim(answer) == np.ndim(expect) == 0:
        same_kind = type(answer) is type(expect)
        return (
            same_kind
            and len(answer) == len(expect)
            and all(_equal(*pair, tolerance) for pair in zip(answer, expect, strict=True))
        )
    if pd.isna(expect) or pd.isna(answer):
        return bool(pd.isna(expect) and pd.isna(answer))
    if _kind(expect) == "number" == _kind(answer):
        return bool(abs(answer - expect) <= tolerance)
    return _kind(expect) == _kind(answer) and bool(answer == expect)


def _kind(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "bool"
    if isinstance(value, str):
        return "str"  # numpy's strings too
    return "number" if isinstance(value, Real) else type(value).__name__


def _kind_difference(answer: Any, expect: Any) -> str:
    return say("checks.kind", answer=type(answer).__name__, expected=type(expect).__name__)


def _rounding_advice(answer: Any, expect: Any) -> str:
    if _kind(answer) != "number" or _kind(expect) != "number" or not np.isfinite(expect):
        return ""
    rounded = any(abs(answer - round(expect, digits)) < 1e-9 for digits in (1, 2, 3, 4))
    return say("checks.rounded") if rounded else ""


def _shown(value: Any) -> str:
    """Return a value as it stands within a line: a large one by its size or its beginning."""
    if _kind(value) == "number":
        return "NaN" if np.isnan(value) else f"{value:.6g}"
    if isinstance(value, pd.DataFrame):
        return say("checks.table", rows=len(value), columns=value.shape[1])
    if isinstance(value, pd.Series):
        return say("checks.series", values=len(value))
    text = repr(value) if isinstance(value, str) else " ".join(str(value).split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _points_text(points: float, maximum: float) -> str:
    return say("checks.points", points=points, maximum=maximum) if maximum else ""


def _joined(*texts: str) -> str:
    """Join sentences: a space between them in English, none in Chinese."""
    return localise({"en": " ", "zh-Hant": ""}).join(filter(None, texts))
