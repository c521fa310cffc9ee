"""The benchmarks still run, and each method agrees with its peer. Times are not judged."""

import importlib.util

import pytest


def script(root, name):
    spec = importlib.util.spec_from_file_location(
        f"benchmark_{name}", root / f"benchmarks/{name}.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def methods(root, monkeypatch):
    # The script holds numpy to one thread; that must not outlive this test.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    return script(root, "methods")


def test_methods_agree_with_their_peers(methods, capsys):
    assert methods.main(["--respondents", "2000", "--repeats", "1"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2,000 respondents, 24 items")
    for case in methods.CASES:
        assert case.method in printed and case.peer in printed
    assert "Peak memory of the run" in printed


def test_a_difference_is_reported(methods, capsys, monkeypatch):
    wrong = methods.Case("wrong", "peer", lambda survey: 1.0, lambda survey: 2.0)
    monkeypatch.setattr(methods, "CASES", [wrong])
    assert methods.main(["--respondents", "50"]) == 1
    assert "The results differ: 1.0 and 2.0" in capsys.readouterr().out


def test_activities_are_used_and_timed(root, browser):
    timed = script(root, "activities").timed
    for slug in ("sample-planner", "sipoc-builder"):
        *inputs, check = timed(browser, slug, 3)
        assert len(inputs) == 3 and min(inputs) > 0 and check > 0


def test_grading_gives_the_same_marks_both_ways(root, capsys):
    assert script(root, "grading").main(["--submissions", "3"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("3 submissions of 1-customers")
    assert "times as fast" in printed and "All marks are equal" in printed
