"""Every assignment through nbgrader itself: release, collect, autograde, feedback, marks."""

import csv
import html
import json
import re
from pathlib import Path
from zipfile import ZipFile

import pytest
from grading_helpers import rounds

from csqm.course import demo, grading
from csqm.course.marks import read_marks, table
from csqm.course.release import (
    EXERCISES,
    generate,
    make_course,
    make_release,
    open_course,
    parts,
)
from csqm.text import LANGUAGES, say, set_language

PARTS = parts()
EDITIONS = [(lang, part) for lang in LANGUAGES for part in PARTS]
MISTAKES = [(part, mistake) for part in PARTS for mistake in demo.mistakes(part)]
CAPSTONE = "9-summary"  # its pipeline may use csqm
FIRST = "1-customers"  # what is not peculiar to an assignment is tried with this one

# Tries in every way it knows to bring the hidden values to the feedback page.
NOSY = """
import sys
import warnings

SEEN = []


def rolled_throughput_yield(yields):
    SEEN.append(yields)
    with open("answers/seen.txt", "a") as file:
        file.write(str(yields))
    print(yields)
    print(yields, file=sys.stderr)
    display(yields)
    warnings.warn(str(yields))
    raise type(f"Error{yields}", (Exception,), {})(str(yields))
"""
NOSY_LATER = """
def salience_class(power, legitimacy, urgency):
    print(SEEN)
    return {}[SEEN[-1]]


print(SEEN)
display(SEEN)
raise RuntimeError(str(SEEN))
"""
SYNTAX = "def score_items(data, items:\n    return data"
NO_COLUMN = "def department_table(*args, **kwargs):\n    return {}['no such column']"


class Cohort:
    """An assignment in one language, released, handed in and graded."""

    def __init__(self, lang, part, course):
        self.lang, self.part, self.course = lang, part, make_course(lang, course, [part])
        with open_course(course) as api:
            generate(api, part)
        self.source = self.read("source")
        self.release = self.read("release")
        right, saved = demo.solutions(course, part), demo.saved_answers(part)
        demo.submit(course, part, "perfect", right, saved=saved)
        demo.submit(course, part, "empty", {})
        for number, mistakes in enumerate(rounds(part)):
            wrong = {answer: mistake["code"] for answer, mistake in mistakes.items()}
            demo.submit(course, part, f"round-{number}", right | wrong, saved=saved)
        if part == FIRST:
            self.submit_odd_ones(right)
        self.marks = {mark.student: mark for mark in demo.grade(course, part)}

    def submit_odd_ones(self, right):
        demo.submit(
            self.course,
            self.part,
            "damaged",
            right,
            saved={"stakeholder-map": '{"schema": 1, '},
            without=("setup", "rty-answer", "rty-points", "salience-points"),
            doubled=("score-answer", "table-points", "judge-answer"),
        )
        demo.submit(self.course, self.part, "all-gone", {}, without=tuple(self.sources()))
        odd = {"rty-answer": NOSY, "salience-answer": NOSY_LATER}
        odd |= {"score-answer": SYNTAX, "table-answer": NO_COLUMN}
        other = {"stakeholder-map": '{"schema": 99}'}
        demo.submit(self.course, self.part, "odd", odd, saved=other)
        demo.submit_broken(self.course, self.part, right)

    def read(self, step, student=""):
        file = self.course / step / student / self.part / f"{self.part}.ipynb"
        return json.loads(file.read_text(encoding="utf-8"))["cells"]

    def sources(self):
        """Return the source of the cells that nbgrader knows, by id."""
        return {
            cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
            for cell in self.source
            if "nbgrader" in cell["metadata"]
        }

    @property
    def points(self):
        """The points of the graded cells."""
        marks = [cell["metadata"].get("nbgrader", {}) for cell in self.source]
        return {each["grade_id"]: each["points"] for each in marks if each.get("grade")}

    @property
    def judged(self):
        """The cells that a person judges."""
        marks = [cell["metadata"].get("nbgrader", {}) for cell in self.source]
        return [each["grade_id"] for each in marks if each.get("grade") and each["solution"]]

    @property
    def automatic(self):
        return {name: points for name, points in self.points.items() if name not in self.judged}

    def feedback(self, student):
        """Return the page, without its styles."""
        file = self.course / "feedback" / student / self.part / f"{self.part}.html"
        page = html.unescape(file.read_text(encoding="utf-8"))
        return re.sub(r"<style>.*?</style>", "", page, flags=re.S)

    def section(self, student, name):
        """Return the part of the feedback that belongs to a graded cell."""
        found = re.search(rf'<section[^>]*id="{name}".*?</section>', self.feedback(student), re.S)
        return found.group()


@pytest.fixture(scope="session")
def cohorts(tmp_path_factory):
    made = {}

    def get(lang, part):
        set_language(lang)
        if (lang, part) not in made:
            folder = tmp_path_factory.mktemp("course") / lang / part
            made[lang, part] = Cohort(lang, part, folder)
        return made[lang, part]

    yield get
    set_language("en")


@pytest.fixture(params=EDITIONS, ids="/".join)
def cohort(request, cohorts):
    return cohorts(*request.param)


@pytest.fixture(params=LANGUAGES)
def first(request, cohorts):
    return cohorts(request.param, FIRST)


def hidden_lines(cohort):
    """Return the lines of hidden tests and solutions that stand nowhere else."""
    inside, outside = set(), set()
    for name, source in cohort.sources().items():
        hidden = name in cohort.judged
        for line in source.splitlines():
            if "### BEGIN" in line:
                hidden = True
            (inside if hidden else outside).add(line.strip())
            if "### END" in line:
                hidden = False
    return {line for line in inside - outside if len(line) > 15}


def test_points_are_those_of_the_table_in_the_introduction(cohort):
    table = "".join(cohort.source[0]["source"])
    assert re.findall(r"\| (\d+) \|$", table, re.M) == [str(n) for n in cohort.points.values()]
    assert f"**{sum(cohort.points.values())}**" in table


def test_perfect_submission_gets_all_automatic_points(cohort):
    mark = cohort.marks["perfect"]
    assert mark.cells == cohort.automatic | dict.fromkeys(cohort.judged)
    assert mark.score == sum(cohort.automatic.values())
    assert mark.maximum == sum(cohort.points.values())
    assert mark.remarks == ()


def test_perfect_notebook_runs_without_errors_or_warnings(cohort):
    cells = cohort.read("autograded", "perfect")
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out["output_type"] == "error"]
    assert not [out for out in outputs if out.get("name") == "stderr"]
    said = "".join("".join(out.get("text", "")) for out in outputs)
    assert "✓" in said and "✗" not in said


def test_release_version_gets_nothing_and_stops_nowhere(cohort):
    mark = cohort.marks["empty"]
    assert mark.cells == dict.fromkeys(cohort.points, 0)
    assert mark.score == 0
    cells = cohort.read("autograded", "empty")
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out["output_type"] == "error"]
    for source in demo.solutions(cohort.course, cohort.part).values():
        for name in re.findall(r"^def (\w+)", source, re.M)[:1]:
            assert say("checks.unwritten", name=name) in cohort.feedback("empty")
    for name in cohort.judged:
        assert say("checks.feedback_no_answer") in cohort.section("empty", name)
        assert say("checks.feedback_no_answer") not in cohort.section("perfect", name)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("part, mistake", MISTAKES, ids=[mistake["id"] for _, mistake in MISTAKES])
def test_mistake_loses_its_points_and_is_named(cohorts, lang, part, mistake):
    cohort = cohorts(lang, part)
    number = next(n for n, packed in enumerate(rounds(part)) if mistake in packed.values())
    student, cell = f"round-{number}", mistake["points"]
    lost = cohort.points[cell] - cohort.marks[student].cells[cell]
    assert lost == pytest.approx(mistake["lost"], abs=1e-9)
    assert mistake["message"][lang] in cohort.section(student, cell)


@pytest.mark.parametrize("part", PARTS)
def test_enough_mistakes_are_known_for_each_function(cohorts, part):
    cohort = cohorts("en", part)
    answers = [name for name in demo.solutions(cohort.course, part) if name not in cohort.judged]
    for answer in answers:
        ids = [each["id"] for each in demo.mistakes(part) if each["answer"] == answer]
        assert len([name for name in ids if not name.endswith("-library")]) >= 3, answer
        assert any(name.endswith("-library") for name in ids) == (part != CAPSTONE), answer


def test_other_tasks_keep_their_points(cohort):
    for number, packed in enumerate(rounds(cohort.part)):
        wrong = {mistake["points"] for mistake in packed.values()}
        right = {name: each for name, each in cohort.automatic.items() if name not in wrong}
        cells = cohort.marks[f"round-{number}"].cells
        assert {name: cells[name] for name in right} == right


def test_nothing_secret_is_released(cohort):
    text = "\n".join("".join(cell["source"]) for cell in cohort.release)
    lines = hidden_lines(cohort)
    assert len(lines) > 20
    assert [line for line in lines if line in text] == []
    for word in ("BEGIN HIDDEN", "BEGIN SOLUTION", "hidden=True"):
        assert word not in text


def test_feedback_shows_no_hidden_test_and_no_solution(cohort):
    lines = hidden_lines(cohort)
    for student, mark in cohort.marks.items():
        if not mark.cells:
            continue
        page = re.sub(r"<[^>]+>", "", cohort.feedback(student))
        assert not re.search("HIDDEN TESTS|hidden=True|Traceback", page)
        if student in ("empty", "all-gone", "odd"):
            assert [line for line in lines if line in page] == []


def test_nosy_answer_learns_no_hidden_value(first):
    page = first.feedback("odd")
    assert "`Exception`" in first.section("odd", "rty-points")
    for value in ("0.97", "0.93", "1.04"):
        assert value not in page
    sent = [path for path in (first.course / "feedback" / "odd").rglob("*") if path.is_file()]
    assert [path.suffix for path in sent] == [".html"]
    assert not (first.course / "autograded" / "odd" / FIRST / "answers" / "seen.txt").exists()


def test_answer_that_python_cannot_read_costs_only_its_own_points(first):
    mark = first.marks["odd"]
    assert mark.cells["score-points"] == 0
    assert say("checks.error_SyntaxError") in first.feedback("odd")
    assert say("checks.error_KeyError") in first.section("odd", "table-points")


def test_saved_answer_that_cannot_be_read_is_reported_and_kept(first):
    for student in ("damaged", "odd"):
        assert first.marks[student].cells["map-points"] == 0
        damaged = say("checks.answer_damaged", file="answers/stakeholder-map.json")
        assert damaged in first.section(student, "map-points")
        kept = first.course / "submitted" / student / FIRST / "answers" / "stakeholder-map.json"
        assert kept.exists()
    missing = say("checks.answer_missing", file="answers/stakeholder-map.json")
    assert missing in first.section("empty", "map-points")


def test_deleted_and_doubled_cells_are_graded_as_far_as_possible_and_reported(first):
    mark = first.marks["damaged"]
    assert mark.cells == {
        "rty-points": 0,  # the answer itself is gone
        "salience-points": 5,
        "score-points": 6,
        "table-points": 7,
        "map-points": 0,
        "said-points": 0,
        "judge-answer": None,
    }
    missing, doubled = mark.remarks
    assert "rty-answer" in missing and "salience-points" in missing and "setup" in missing
    assert "score-answer" in doubled and "table-points" in doubled and "judge-answer" in doubled
    page = first.feedback("damaged")
    assert page.count(say("restore.missing")) == 4
    ids = [
        cell["metadata"].get("nbgrader", {}).get("grade_id")
        for cell in first.read("autograded", "damaged")
    ]
    text = [cell["id"] for cell in first.read("autograded", "damaged")]
    assert text.index("rty-task") < ids.index("rty-answer") < ids.index("rty-check")
    assert page.count(say("restore.doubled")) == 3


def test_notebook_without_any_cell_of_the_assignment_gets_nothing(first):
    mark = first.marks["all-gone"]
    assert mark.score == 0
    assert all(name in mark.remarks[0] for name in first.points)


def test_broken_submissions_are_reported_and_stop_nobody(first):
    unreadable = say("collect.unreadable", file=f"{FIRST}.ipynb")
    for student, said in (("not-json", unreadable), ("not-a-zip", say("collect.zip_broken"))):
        assert first.marks[student].remarks == (said,)
        assert first.marks[student].cells == {}
    assert first.marks["perfect"].score == 28
    assert (first.course / demo.HANDED_IN / "not-a-zip.zip").exists()


def test_marks_file_equals_the_gradebook(cohort):
    with (cohort.course / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    graded = {name: mark for name, mark in cohort.marks.items() if mark.cells}
    assert rows.keys() == graded.keys()
    for name, mark in graded.items():
        assert float(rows[name]["score"]) == mark.score
        assert float(rows[name]["max_score"]) == mark.maximum


def test_grading_again_gives_the_same_marks(first):
    with open_course(first.course) as api:
        again = {mark.student: mark for mark in read_marks(api, FIRST)}
        grading.grade(api, [FIRST], again=True)
        assert {mark.student: mark for mark in read_marks(api, FIRST)} == again
    assert again == {name: mark for name, mark in first.marks.items() if mark.cells}


def test_feedback_waits_for_the_person_who_judges(cohort):
    for name in cohort.judged:
        assert say("checks.feedback_waiting") in cohort.section("perfect", name)
    assert say("checks.feedback_incomplete") in cohort.feedback("perfect")
    assert say("checks.feedback_incomplete") not in cohort.feedback("empty")


def test_feedback_page_asks_no_other_host(cohort):
    page = cohort.feedback("perfect")
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//|@import|<script""", page)
    assert f'<html lang="{cohort.lang}">' in page


@pytest.mark.parametrize("part", PARTS)
def test_chinese_feedback_has_no_english(cohorts, part):
    cohort = cohorts("zh-Hant", part)
    for student, mark in cohort.marks.items():
        if not mark.cells:
            continue
        page = cohort.feedback(student)
        page = re.sub(r"<code>.*?</code>", "", page, flags=re.S)
        page = re.sub(r'<div class="highlight.*?</pre></div>', "", page, flags=re.S)
        page = re.sub(r"<[^>]+>", " ", page)
        page = re.sub(r"`[^`]*`", "", page)
        english = re.findall(r"[A-Za-z]{3,}[ ,]+[A-Za-z]{2,}(?:[ ,]+[A-Za-z]+)*", page)
        allowed = {"Mitchell, Agle", "Fornell et al", "numpy, pandas", "pandas Series"}
        allowed |= {"False, None, None"}  # what a function of Part 8 returns
        assert set(english) <= allowed, (student, english)


@pytest.mark.parametrize("lang, part", EDITIONS)
def test_release_zip_is_reproducible_and_holds_notebook_data_and_checker(
    lang, part, tmp_path, cohorts
):
    first = make_release(lang, part, tmp_path / "a")
    second = make_release(lang, part, tmp_path / "b")
    assert first.name == f"assignment-{part}.zip"
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as file:
        names = set(file.namelist())
        data = {name for name in names if re.fullmatch(rf"{part}/data/\w+\.csv", name)}
        assert names - data == {f"{part}/{part}.ipynb", f"{part}/check.py"}
        cells = json.loads(file.read(f"{part}/{part}.ipynb"))["cells"]
    assert cells == cohorts(lang, part).release


def test_rubrics_are_with_the_instructor_only(cohort):
    assert (EXERCISES / cohort.lang / "rubrics" / f"{cohort.part}.md").exists()
    rubrics = [path.relative_to(cohort.course) for path in cohort.course.rglob("*.md")]
    assert rubrics == [Path("rubrics") / f"{cohort.part}.md"]


def test_table_is_aligned_and_tells_what_waits(first):
    lines = table(list(first.marks.values())).splitlines()
    assert len(lines) == 1 + len(first.marks)
    perfect = next(line for line in lines if line.startswith("perfect"))
    assert "?" in perfect and "28/32" in perfect
