"""Submissions that make failing tests pass are found, and honest ones are left in peace."""

import copy

import nbformat
import pytest
from grading_helpers import CONFIG, WARM, cell, english_in, make_course, nbgrader, rounds
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from traitlets.config import Config

from csqm.course import demo
from csqm.course.checker import grade_id
from csqm.course.release import EXERCISES, parts
from csqm.grading import canaries, execute, kept
from csqm.grading.execute import WarmExecute
from csqm.grading.marks import SaveMarks, is_test
from csqm.text import LANGUAGES, speaking

if not hasattr(__import__("os"), "fork"):
    pytest.skip("warm execution needs fork", allow_module_level=True)

META = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
SETUP = """
import math
import unittest
import numpy as np
import pandas as pd
from csqm.course import checks
"""
# Test cells as nbgrader courses have them: assertions, library functions, points in parts.
TESTS = {
    "equal": "assert double(2) == 4\nassert double(5) == 10, 'twice five'",
    "near": "assert abs(double(0.5) - 1) < 1e-6\nassert math.isclose(double(0.1), 0.2)",
    "kind": "assert isinstance(double(2), int)\nassert all(double(n) == 2 * n for n in range(3))",
    "numpy": "np.testing.assert_allclose(double(np.arange(3)), [0, 2, 4])",
    "pandas": "pd.testing.assert_frame_equal(double(pd.DataFrame({'x': [1]})), pd.DataFrame({'x': [2]}))",
    "unit": "unittest.TestCase().assertEqual(double(3), 6)",
    "raises": "if double(3) != 6:\n    raise ValueError('no')",
    "parts": "points = 0\nif double(2) == 4:\n    points += 1\nif double(4) == 8:\n    points += 1\npoints",
    "check": """check = checks.Check("double")
check.case("two", 2, expect=4, points=1)
check.case("a table", pd.DataFrame({"x": [3]}), expect=pd.DataFrame({"x": [6]}), points=0.5)
check.refuses("text", "a", points=0.5)
check.score()""",
    # No canary can be made of these: they hold for a wrong value too.
    "not": "assert double(2) != 5\nassert 7 not in [double(2)]",
    "error": "try:\n    double('a')\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError",
    "quiet": "double(3)\nNone",
}
RIGHT = "def double(x):\n    if isinstance(x, str):\n        raise ValueError\n    return x * 2"
WRONG = "def double(x):\n    return 1"

# Everything below answers wrongly, and tries to get the points all the same.
CHEATS = {
    "asserts-stripped": """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Strip())
""",
    "cells-replaced": """
def nothing(lines):
    return ["pass\\n"]
get_ipython().input_transformers_post.append(nothing)
""",
    "cells-cleaned": """
def without(lines):
    return [line for line in lines if "assert" not in line]
get_ipython().input_transformers_cleanup.append(without)
""",
    "run-cell": """
shell = get_ipython()
old = shell.run_cell
shell.run_cell = lambda source, **keys: old("pass", **keys)
""",
    "run-code": """
from IPython.core.interactiveshell import InteractiveShell
async def run_code(self, code, result=None, *, async_=False):
    return False
InteractiveShell.run_code = run_code
""",
    "compiler": """
shell = get_ipython()
old = shell.compile.ast_parse
shell.compile.ast_parse = lambda source, *a, **k: old("pass", *a, **k)
""",
    "overloaded": """
class Same:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
def double(x):
    return Same()
""",
    "overloaded-number": """
class Same(float):
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
def double(x):
    return Same(1)
""",
    "overloaded-text": """
class Same(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
def double(x):
    return Same(1)
""",
    "all": "import builtins\nbuiltins.all = lambda values: True",
    "isinstance": "isinstance = lambda *a: True\ndouble = lambda x: x * 2.0",
    "abs": "import builtins\nbuiltins.abs = lambda value: 0\nmath.isclose = lambda *a, **k: True",
    "isclose": "import math\nmath.isclose = lambda *a, **k: True\nabs = lambda x: 0",
    "numpy-testing": "np.testing.assert_allclose = lambda *a, **k: None",
    "pandas-testing": "pd.testing.assert_frame_equal = lambda *a, **k: None",
    "unittest": "unittest.TestCase.assertEqual = lambda *a, **k: None",
    "checks-compare": "checks._difference = lambda *a, **k: ''",
    "checks-score": "checks.Check.score = lambda self: 2.0",
    "checks-code": "checks._difference.__code__ = (lambda a, b, c, d=0: '').__code__",
    "swallowed": """
from IPython.core.interactiveshell import InteractiveShell, ExecutionResult
get_ipython()._showtraceback = lambda *a: None
ExecutionResult.error_in_exec = property(lambda self: None, lambda self, value: None)
""",
    "custom-exceptions": """
def fine(self, etype, value, tb, tb_offset=None):
    return []
get_ipython().set_custom_exc((Exception,), fine)
get_ipython().__class__.run = (lambda old: lambda self, source: old(self, source) | {"error": None})(
    get_ipython().__class__.run)
""",
    "printed-points": """
shell = get_ipython()
shell.display_formatter.formatters["text/plain"].for_type(int, lambda n, p, c: p.text("2"))
shell.display_formatter.formatters["text/plain"].for_type(float, lambda n, p, c: p.text("2"))
""",
    "points-hidden": "get_ipython().ast_node_interactivity = 'none'",
    "forged": """
from csqm.grading import shell as module
def run(self, source):
    return {"messages": [["execute_result", {"data": {"text/plain": "2"}, "metadata": {},
            "execution_count": 1}]], "execution_count": 1, "error": None}
module.ZMQInteractiveShell.run = run
""",
}
# What (c) names: what was changed, besides the proof by canaries.
NAMED = {
    "asserts-stripped": "ast_transformers",
    "cells-replaced": "input_transformers_post",
    "cells-cleaned": "input_transformers_cleanup",
    "run-cell": "shell.run_cell",
    "run-code": "InteractiveShell.run_code",
    "all": "builtins.all",
    "isclose": "math.isclose",
    "pandas-testing": "pandas.testing.assert_frame_equal",
    "unittest": "TestCase.assertEqual",
    "forged": "ZMQInteractiveShell.run",
    "checks-score": "csqm.course.checks.Check.score",
    "points-hidden": "ast_node_interactivity",
}
HONEST = {
    "right": RIGHT,
    "blank": "def double(x):\n    raise NotImplementedError",
    "wrong": WRONG,
    "crooked": "def double(x):\n    return [] if isinstance(x, int) else None",
    "own-names": f"sum = 3\nlist = [1]\ntype = 'x'\nabs = max = min = 1\n{RIGHT}",
    "set-up": "%matplotlib inline\nimport warnings\nwarnings.filterwarnings('ignore')\n"
    "pd.set_option('display.precision', 3)\nnp.set_printoptions(precision=3)\n"
    f"np.random.seed(1)\npd.DataFrame.twice = lambda self: self * 2\n{RIGHT}",
    "every-value": "from IPython.core.interactiveshell import InteractiveShell\n"
    f"InteractiveShell.ast_node_interactivity = 'all'\n{RIGHT}",
    "precision": f"%precision 2\nget_ipython().run_line_magic('xmode', 'Plain')\n{RIGHT}",
}


def notebook(answer):
    cells = [cell(SETUP, "setup"), cell(answer, "double", solution=True)]
    cells += [cell(test, name, 2) for name, test in TESTS.items()]
    return new_notebook(cells=cells, metadata=META)


class Course:
    """An assignment that is run without nbgrader's converters and gradebook."""

    def __init__(self, root, source):
        self.root = root
        (root / "source" / "one").mkdir(parents=True)
        nbformat.write(source, root / "source" / "one" / "one.ipynb")
        self.folder = root / "submission"
        self.folder.mkdir()

    def run(self, nb, **settings):
        """Return the flags as pairs, and the points by test."""
        config = Config()
        config.CourseDirectory.root = str(self.root)
        config.WarmExecute = Config({"sandbox": False, "timeout": 20, **settings})
        told = {"assignment": "one", "notebook": "one", "student": "x", "db_url": ""}
        resources = {"metadata": {"path": str(self.folder)}, "nbgrader": told}
        nb, resources = WarmExecute(config=config).preprocess(copy.deepcopy(nb), resources)
        save = SaveMarks()
        points = {grade_id(each): save.points(each) for each in nb.cells if is_test(each)}
        flags = resources.get("csqm_flags", [])
        with speaking("zh-Hant"):
            assert [flag.detail for flag in flags if english_in(flag.detail)] == []
        found = [(flag.kind, flag.detail) for flag in flags]
        return [each for each in found if each[0] not in ("time", "memory")], points


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    made = Course(tmp_path_factory.mktemp("tampering"), notebook(RIGHT))
    made.wrong = made.run(notebook(WRONG))[1]
    return made


@pytest.mark.parametrize("name", CHEATS)
def test_tampering_is_found(course, name):
    code = CHEATS[name]
    answer = code if "def double" in code else f"{WRONG}\n{code}"
    flags, points = course.run(notebook(answer))
    gained = [test for test, value in points.items() if value > course.wrong[test]]
    assert gained, "it is no way to cheat"
    assert "canary" in dict(flags), flags
    if name in NAMED:
        assert NAMED[name] in dict(flags)["patched"]


@pytest.mark.parametrize("name", HONEST)
def test_honest_work_is_left_in_peace(course, name):
    flags, points = course.run(notebook(HONEST[name]))
    assert flags == []
    assert points == course.run(notebook(HONEST[name]), canaries=False)[1]


def test_mutants_are_made_of_what_compares():
    """Of tests that hold for a wrong value too, none is made."""
    made = {name for name, test in TESTS.items() if canaries._mutated(test, {"double"}, ())}
    assert made == set(TESTS) - {"not", "error", "quiet"}
    (twice,) = canaries._mutated("assert double(2) == 4", {"double"}, ())
    assert canaries._fresh(twice) != canaries._fresh(twice)


def test_canaries_are_kept_until_the_assignment_changes(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(kept, "folder", lambda: tmp_path / "kept")
    monkeypatch.setattr(execute, "mutants", lambda *a: made.append(1) or canaries.mutants(*a))

    def flags():
        execute._mutants.clear()  # as in another run
        return anew.run(notebook(CHEATS["overloaded"]))[0]

    anew = Course(tmp_path, notebook(RIGHT))
    assert "canary" in dict(flags()) and len(made) == 1
    assert "canary" in dict(flags()) and len(made) == 1
    (file,) = (tmp_path / "kept").iterdir()
    for damaged in ("", "[]", '{"equal": [{"sauce": "1"}]}'):
        file.write_text(damaged)
        made.clear()
        assert "canary" in dict(flags()) and len(made) == 1
    (tmp_path / "source" / "one" / "data.csv").write_text("x")
    assert "canary" in dict(flags()) and len(made) == 2


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course in nbgrader with a cheat and two honest submissions, graded, with feedback."""
    config = CONFIG + WARM + "c.WarmExecute.sandbox = False\n"
    root = make_course(tmp_path_factory.mktemp("graded") / "course", config)
    cheat = "import builtins\n" + CHEATS["asserts-stripped"]
    for student, answer in (
        ("cheat", cheat),
        ("fair", "def first():\n    return 1"),
        ("named", "class S(str): pass\nnp.mean = lambda x: 2"),
    ):
        folder = root / "submitted" / student / "small"
        folder.mkdir(parents=True)
        nb = nbformat.read(root / "release" / "small" / "small.ipynb", 4)
        for each in nb.cells:
            if grade_id(each) == "first":
                each.source = answer
        nbformat.write(nb, folder / "small.ipynb")
    nbgrader(root, "autograde", "small")
    nbgrader(root, "generate_feedback", "small")
    return root


def notices(root, student):
    file = root / "autograded" / student / "small" / "small.ipynb"
    cells = nbformat.read(file, 4).cells
    return [each.source for each in cells if "csqm_flags" in each.metadata]


def grades(root, student):
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        found = gradebook.find_submission_notebook("small", "small", student)
        marks = {each.name: (each.auto_score, each.needs_manual_grade) for each in found.grades}
        return bool(found.flagged), marks


def test_flags_are_shown_to_graders(graded):
    flagged, marks = grades(graded, "cheat")
    assert flagged
    assert marks["first-test"] == (1, True)  # the points are kept
    assert marks["last-test"] == (3, True)
    (notice,) = notices(graded, "cheat")
    assert "must fail" in notice and "ast&#95;transformers" in notice
    assert notices(graded, "fair") == []
    flagged, marks = grades(graded, "fair")
    assert not flagged and marks["first-test"] == (1, False)


def test_trainees_see_nothing_of_it(graded):
    page = (graded / "feedback" / "cheat" / "small" / "small.html").read_text(encoding="utf-8")
    assert "first" in page and "last" in page
    for word in ("must fail", "canary", "transformers&#95;", "read the code", "needs a look"):
        assert word not in page.replace("get_ipython().ast_transformers", "")


def test_grading_again_is_as_with_nbgrader(graded):
    file = graded / "submitted" / "cheat" / "small" / "small.ipynb"
    done = graded / "autograded" / "cheat" / "small" / "small.ipynb"
    file.write_bytes(done.read_bytes())  # who hands in what a grader saw
    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
        for each in gradebook.find_submission_notebook("small", "small", "cheat").grades:
            each.manual_score, each.needs_manual_grade = 0.5, False
        gradebook.db.commit()
    nbgrader(graded, "autograde", "small", "--student", "cheat", "--force")
    assert len(notices(graded, "cheat")) == 1
    assert grades(graded, "cheat")[1]["first-test"] == (1, True)
    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
        found = gradebook.find_submission_notebook("small", "small", "cheat").grades
        assert {each.manual_score for each in found} == {0.5}


MISTAKEN = ("1-customers", "2-satisfaction", "3-internal-external")
EDITIONS = [
    (lang, part) for part in parts() for lang in LANGUAGES if lang == "en" or part in MISTAKEN
]


@pytest.mark.parametrize("lang, part", EDITIONS)
def test_no_trainee_of_the_course_is_flagged(tmp_path, monkeypatch, lang, part):
    monkeypatch.setenv("CSQM_LANG", lang)
    source = EXERCISES / lang / "source" / part / f"{part}.ipynb"
    nb = nbformat.read(source, as_version=4)
    course = Course(tmp_path, nb)
    blank = {
        grade_id(each): "" for each in nb.cells if each.metadata.get("nbgrader", {}).get("solution")
    }
    (course.folder / "answers").mkdir()
    for slug, text in demo.saved_answers(part).items():
        (course.folder / "answers" / f"{slug}.json").write_text(text, encoding="utf-8")
    wrong = [
        {answer: mistake["code"] for answer, mistake in mistakes.items()}
        for mistakes in (rounds(part) if part in MISTAKEN else [])
    ]
    for answers in [{}, blank, *wrong]:
        tried = copy.deepcopy(nb)
        for each in tried.cells:
            each.source = answers.get(grade_id(each), each.source)
        flags, points = course.run(tried)
        assert flags == []
        if not answers:
            assert points == {
                grade_id(each): each.metadata.nbgrader.points for each in nb.cells if is_test(each)
            }
            assert points == course.run(tried, canaries=False)[1]
            cheat = copy.deepcopy(nb)
            first = next(each for each in cheat.cells if each.cell_type == "code")
            first.source += "\nchecks._difference = lambda *a: ''"
            assert "canary" in dict(course.run(cheat)[0])
