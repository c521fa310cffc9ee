"""Checks explain what a trainee's function did, and never raise."""

import functools
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from csqm import stakeholders
from csqm.course import checks
from csqm.text import LANGUAGES, say, set_language


@pytest.fixture(autouse=True, params=LANGUAGES)
def lang(request):
    set_language(request.param)
    yield request.param
    set_language("en")


def tried(function, capsys, *, expect=4, hidden=False, library=None, mistakes=(), **options):
    """Return the score and the text of a check with one case, `answer(2)`, worth 2 points."""
    globals()["answer"] = function
    if function is None:
        del globals()["answer"]
    check = checks.Check("answer", hidden=hidden, library=library)
    argument = options.pop("argument", 2)
    check.case("about", argument, expect=expect, points=2, mistakes=mistakes, **options)
    score = check.score()
    return score, capsys.readouterr().out


def test_right_answer(capsys):
    score, out = tried(lambda x: 2 * x, capsys)
    assert score == 2.0
    assert type(score) is float
    assert out.startswith("✓ about")


def test_numpy_numbers_are_numbers_and_the_score_stays_a_plain_float(capsys):
    score, _ = tried(lambda x: np.float64(2 * x), capsys, expect=np.int64(4))
    assert score == 2.0
    assert type(score) is float


def test_a_table_is_tried_line_by_line(capsys):
    def tried_each(function, hidden=False):
        globals()["answer"] = function
        check = checks.Check("answer", hidden=hidden)
        squares = [([0, 1, 4, 9], "You squared.")]
        check.each("table", [0, 1, 2, 3], expect=[0, 2, 4, 6], points=2, mistakes=squares)
        return check.score(), capsys.readouterr().out

    assert tried_each(lambda x: 2 * x)[0] == 2
    score, out = tried_each(lambda x: x**2)
    assert score == 0 and "You squared." in out
    score, out = tried_each(lambda x: 2 * x if x < 3 else 6.5)
    assert score == 0 and "6.5" in out and "3" in out
    assert "6.5" not in tried_each(lambda x: 2 * x if x < 3 else 6.5, hidden=True)[1]
    assert say("checks.error_ZeroDivisionError") in tried_each(lambda x: 2 / x * x * x)[1]


def test_wrong_answer_tells_what_came_and_what_was_expected(capsys):
    score, out = tried(lambda x: 7.25, capsys)
    assert score == 0.0
    assert "7.25" in out and "4" in out


def test_typical_mistake_is_named(capsys):
    _, out = tried(lambda x: x + 3, capsys, mistakes=[(9, "no"), (5, "You added.")])
    assert "You added." in out and "no" not in out.split("You added.")[0].split()


def test_hint_is_for_mistakes_without_a_name(capsys):
    _, out = tried(lambda x: 9, capsys, mistakes=[(5, "named")], hint="the hint")
    assert "the hint" in out
    _, out = tried(lambda x: 5, capsys, mistakes=[(5, "named")], hint="the hint")
    assert "the hint" not in out


@pytest.mark.parametrize(
    "function, entry",
    [
        (lambda x: [][x], "error_IndexError"),
        (lambda x: x / 0, "error_ZeroDivisionError"),
        (lambda x: nowhere, "error_NameError"),  # noqa: F821
        (lambda x: {}["key"], "error_KeyError"),
        (lambda x: x.colour, "error_AttributeError"),
        (lambda x: x + "a", "error_TypeError"),
        (lambda x: sys.exit(1), "error_other"),
    ],
)
def test_errors_are_explained(capsys, function, entry):
    score, out = tried(function, capsys)
    assert score == 0.0
    assert say(f"checks.{entry}") in out
    assert "Traceback" not in out


@pytest.mark.parametrize("function", ["raise", "ellipsis"])
def test_function_that_is_not_written_yet_is_told_once(capsys, function):
    def unwritten(x):
        if function == "raise":
            raise NotImplementedError()
        return ...

    globals()["answer"] = unwritten
    check = checks.Check("answer")
    check.case("first", 1, expect=1, points=1)
    check.case("second", 1, expect=1, points=1)
    check.refuses("third", 1, points=1)
    check.keeps("fourth", 1, points=1)
    assert check.show(1) is None
    assert check.score() == 0.0
    out = capsys.readouterr().out
    assert out.count(say("checks.unwritten", name="answer")) == 1
    assert len(out.splitlines()) == 2


def test_absent_function(capsys):
    globals().pop("answer", None)
    score, out = tried(lambda x: x, capsys)
    del globals()["answer"]
    check = checks.Check("answer")
    check.case("about", 1, expect=1, points=1)
    assert check.score() == 0.0
    assert say("checks.absent", name="answer") in capsys.readouterr().out


def test_forgotten_return(capsys):
    _, out = tried(lambda x: None, capsys)
    assert say("checks.nothing") in out


@pytest.mark.parametrize(
    "answer, expect, same",
    [
        (1.0000001, 1.0, True),
        (1.001, 1.0, False),
        (True, 1.0, False),
        (float("nan"), float("nan"), True),
        (0.0, float("nan"), False),
        ("a", "a", True),
        ("A", "a", False),
        ([np.str_("a")], ["a"], True),
        (np.bool_(True), True, True),
        ([1.0, 2.0], [1, 2], True),
        ([1.0], [1, 2], False),
        ((1, 2), [1, 2], False),
        (np.array([1.0]), 1.0, False),
        (pd.Series([1, 2]), pd.Series([1.0, 2.0]), True),
        (pd.Series([1, 2]), pd.Series([1, 2], index=[5, 6]), False),
        (pd.Series([1, 2]), [1, 2], False),
        ([1, 2], pd.Series([1, 2]), False),
        (pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"b": [2]}), True),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), False),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1]}), False),
        (pd.DataFrame({"a": [None]}), pd.DataFrame({"a": [np.nan]}), True),
        (pd.DataFrame({"a": [1]}, index=["x"]), pd.DataFrame({"a": [1]}), True),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}, index=["x"]), False),
        (pd.Series([1]), pd.DataFrame({"a": [1]}), False),
    ],
)
def test_comparison(capsys, answer, expect, same):
    score, out = tried(lambda x: answer, capsys, expect=expect)
    assert score == (2.0 if same else 0.0), out


def test_tolerance(capsys):
    assert tried(lambda x: 4.01, capsys, tolerance=0.05)[0] == 2.0
    assert tried(lambda x: 4.1, capsys, tolerance=0.05)[0] == 0.0


def test_rounded_answer_is_recognised(capsys):
    _, out = tried(lambda x: 0.94, capsys, expect=0.941480149401)
    assert say("checks.rounded") in out


def test_frame_difference_names_column_and_row(capsys):
    expect = pd.DataFrame({"score": [1.0, 2.5]}, index=["Lin", "Wu"])
    _, out = tried(lambda x: expect.replace(2.5, 9.0), capsys, expect=expect)
    assert "score" in out and "Wu" in out and "9" in out and "2.5" in out
    _, out = tried(lambda x: expect.replace(2.5, 9.0), capsys, expect=expect, hidden=True)
    assert "score" in out and "Wu" not in out and "2.5" not in out


SECRET = 8675309


def secret_error(x):
    raise RuntimeError(f"secret {x}")


def secret_key(x):
    return {}[x]


def secret_print(x):
    print(x)
    print(x, file=sys.stderr)
    warnings.warn(f"secret {x}", stacklevel=1)
    return x + 1


@pytest.mark.parametrize(
    "function, expect",
    [
        (lambda x: x, 1.0),
        (lambda x: 1.0, SECRET),
        (lambda x: pd.Series([x]), pd.Series([1])),
        (lambda x: pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [SECRET]})),
        (lambda x: pd.DataFrame({"a": range(3)}), pd.DataFrame({"a": range(SECRET)})),
        (lambda x: str(x), SECRET),
        (secret_error, 1.0),
        (secret_key, 1.0),
        (secret_print, 1.0),
    ],
)
def test_hidden_checks_print_no_value(capsys, function, expect):
    score, out = tried(function, capsys, expect=expect, hidden=True, argument=SECRET)
    assert score == 0.0
    assert str(SECRET) not in out
    globals()["answer"] = function
    check = checks.Check("answer", hidden=True)
    check.refuses("about", SECRET, points=1)
    check.keeps("about", SECRET, points=1)
    captured = capsys.readouterr()
    assert str(SECRET) not in captured.out + captured.err


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (pd.DataFrame({"a": range(180), "b": 0}), ("180", "2")),
        (pd.Series(range(180)), ("180",)),
        (list(range(180)), ("[0, 1, 2,",)),
        ("long " * 180, ("long long",)),
        (np.zeros((60, 3)), ("[[0. 0. 0.]",)),
    ],
)
def test_a_large_answer_is_told_on_one_short_line(capsys, value, told):
    globals()["answer"] = lambda x: value
    checks.Check("answer").refuses("about", 1)
    (line,) = capsys.readouterr().out.splitlines()
    assert all(part in line for part in told)
    assert len(line) < 400


def test_output_of_the_function_is_swallowed(capsys):
    tried(secret_print, capsys, expect=3)
    globals()["answer"] = secret_print
    checks.Check("answer").case("about", SECRET, expect=SECRET + 1)
    captured = capsys.readouterr()
    assert captured.out == "✓ about\n"
    assert captured.err == ""


LIBRARY = "csqm.stakeholders"


def inside(yields):
    from csqm.stakeholders import rolled_throughput_yield as ready

    return ready(yields)


def hidden_in_a_try(yields):
    try:
        return stakeholders.rolled_throughput_yield(yields)
    except ValueError:
        return 0.0


class Callable:
    def __call__(self, yields):
        return stakeholders.rolled_throughput_yield(yields)


@pytest.mark.parametrize(
    "function",
    [
        stakeholders.rolled_throughput_yield,
        lambda yields: stakeholders.rolled_throughput_yield(yields),
        functools.partial(stakeholders.rolled_throughput_yield),
        inside,
        hidden_in_a_try,
        Callable(),
        lambda yields: 1.0 * getattr(stakeholders, "rolled_" + "throughput_yield")(yields),
    ],
)
def test_answer_that_calls_the_library_is_refused(capsys, function):
    globals()["answer"] = function
    check = checks.Check("answer", library=LIBRARY)
    check.case("one", (0.9, 0.8), expect=0.72, points=1)
    check.case("two", (0.5, 0.5), expect=0.25, points=1)
    check.refuses("three", (1.5,), points=1)
    check.keeps("four", (0.5, 0.25), points=1)
    assert check.score() == 0.0
    out = capsys.readouterr().out
    assert out.count(say("checks.borrowed", name="answer")) == 1
    assert "✓" not in out


def test_library_call_in_a_later_case_takes_all_points(capsys):
    def sometimes(yields):
        if len(yields) < 3:
            return yields[0] * yields[1]
        return stakeholders.rolled_throughput_yield(yields)

    globals()["answer"] = sometimes
    check = checks.Check("answer", library=LIBRARY)
    check.case("one", (0.9, 0.8), expect=0.72, points=1)
    check.case("two", (0.5, 0.5, 1.0), expect=0.25, points=1)
    assert check.score() == 0.0


def test_own_answer_is_not_taken_for_the_library(capsys):
    score, out = tried(
        lambda yields: np.prod(yields), capsys, expect=0.72, argument=[0.9, 0.8], library=LIBRARY
    )
    assert score == 2.0, out


def test_profiler_is_put_back(capsys):
    def profiler(*_):
        pass

    sys.setprofile(profiler)
    try:
        tried(lambda x: x, capsys, library=LIBRARY)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)


def test_refusal(capsys):
    def strict(x):
        raise ValueError("no")

    for function, points in ((strict, 1.0), (lambda x: x, 0.0), (lambda x: x / 0, 0.0)):
        globals()["answer"] = function
        check = checks.Check("answer")
        check.refuses("about", 5, points=1)
        assert check.score() == points
    out = capsys.readouterr().out
    assert say("checks.must_refuse") in out
    assert say("checks.error_ZeroDivisionError") in out


def test_changed_arguments_are_seen_and_do_not_reach_the_next_case(capsys):
    def careless(frame):
        frame["a"] = 0
        return frame

    frame = pd.DataFrame({"a": [1, 2]})
    globals()["answer"] = careless
    check = checks.Check("answer")
    check.case("about", frame, expect=pd.DataFrame({"a": [0, 0]}), points=1)
    check.keeps("kept", frame, points=1)
    assert check.score() == 1.0
    assert list(frame["a"]) == [1, 2]
    assert say("checks.changed") in capsys.readouterr().out


def test_show_returns_the_answer_or_explains(capsys):
    globals()["answer"] = lambda x: x + 1
    assert checks.Check("answer").show(1) == 2
    assert capsys.readouterr().out == ""
    globals()["answer"] = lambda x: x / 0
    assert checks.Check("answer").show(1) is None
    assert say("checks.error_ZeroDivisionError") in capsys.readouterr().out


def test_every_explained_error_exists():
    import builtins
    import tomllib
    from pathlib import Path

    catalogue = Path(checks.__file__).parents[1] / "messages" / "checks.toml"
    entries = tomllib.loads(catalogue.read_text(encoding="utf-8"))
    kinds = {key.removeprefix("error_") for key in entries if key.startswith("error_")}
    assert kinds - {"other", "CellTimeoutError", "DeadKernelError"} <= set(dir(builtins))


@pytest.mark.parametrize("saved", [None, "", "{", "[]", '{"schema": 99}'])
def test_missing_or_damaged_activity_answer_is_reported(tmp_path, monkeypatch, capsys, saved):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "answers" / "stakeholder-map.json"
    if saved is not None:
        file.parent.mkdir()
        file.write_text(saved, encoding="utf-8")
    for _ in range(2):
        score = checks.activity_points("stakeholder-map", points=4)
        assert score == 0.0 and type(score) is float
        out = capsys.readouterr().out
        entry = "answer_missing" if saved is None else "answer_damaged"
        assert say(f"checks.{entry}", file="answers/stakeholder-map.json") in out.replace("\\", "/")
    if saved is not None:
        assert (file.parent / "stakeholder-map.broken-1.json").read_text(encoding="utf-8") == saved


def test_activity_answer_gives_points_in_part(tmp_path, monkeypatch, capsys):
    import json

    from csqm.course.demo import saved_answers

    monkeypatch.chdir(tmp_path)
    file = tmp_path / "answers" / "stakeholder-map.json"
    file.parent.mkdir()
    text = saved_answers("1-customers")["stakeholder-map"]
    saved = json.loads(text)
    file.write_text(text, encoding="utf-8")
    assert checks.activity_points("stakeholder-map", points=4) == 4.0

    entries = saved["answer"]["actors"]
    half = dict(list(entries.items())[: len(entries) // 2])
    file.write_text(json.dumps(saved | {"answer": {"actors": half}}), encoding="utf-8")
    score = checks.activity_points("stakeholder-map", points=4)
    assert score == pytest.approx(4 * len(half) / len(entries), abs=0.01)
    assert type(score) is float

    other = {"closely": "monitor", "monitor": "closely", "satisfied": "informed"}
    against = {
        actor: entry | {"plan": other.get(entry["plan"], "satisfied")}
        for actor, entry in entries.items()
    }
    file.write_text(json.dumps(saved | {"answer": {"actors": against}}), encoding="utf-8")
    assert checks.activity_points("stakeholder-map", points=4) == 2.0

    file.write_text(json.dumps(saved | {"answer": {"actors": {}}}), encoding="utf-8")
    assert checks.activity_points("stakeholder-map", points=4) == 0.0


def test_two_mistakes_at_once_are_told_by_the_first(capsys):
    right = pd.DataFrame({"n": [5, np.nan], "share": [0.6, np.nan]})
    counted_people = pd.DataFrame({"n": [6, np.nan], "share": [0.6, np.nan]})
    both = pd.DataFrame({"n": [6, 4], "share": [0.5, 0.5]})
    mistakes = [(right * 100, "no"), (counted_people, "Count the answers.")]
    _, out = tried(lambda x: both, capsys, expect=right, mistakes=mistakes)
    assert "Count the answers." in out


def test_series_taken_for_one_flag_is_explained(capsys):
    flags = pd.Series([True, False])
    _, out = tried(lambda x: 4 if flags else 2, capsys)
    assert say("checks.series_as_flag") in out
