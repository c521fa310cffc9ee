"""Assignment 1 through nbgrader itself: release, collect, autograde, feedback, marks."""

import csv
import html
import json
import re
from zipfile import ZipFile

import pytest
import yaml

from csqm.course import demo
from csqm.course.release import EXERCISES, make_course, make_release, run_nbgrader
from csqm.text import LANGUAGES, say, set_language

PART = "1-customers"
POINTS = {
    "rty-points": 4,
    "salience-points": 5,
    "score-points": 6,
    "table-points": 7,
    "map-points": 4,
    "judge-answer": 4,
}
AUTOMATIC = {name: points for name, points in POINTS.items() if name != "judge-answer"}
MISTAKES = yaml.safe_load((EXERCISES / "mistakes" / f"{PART}.yaml").read_text(encoding="utf-8"))

# Tries in every way it knows to bring the hidden values to the feedback page.
NOSY = """
import sys
import warnings

SEEN = []


def rolled_throughput_yield(yields):
    SEEN.append(yields)
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
SLOW = "def department_table(*args, **kwargs):\n    return {}['no such column']"


def rounds():
    """Put the mistakes into as few submissions as possible, one for each function."""
    packed = []
    for mistake in MISTAKES:
        place = next((each for each in packed if mistake["answer"] not in each), None)
        if place is None:
            packed.append(place := {})
        place[mistake["answer"]] = mistake
    return packed


class Cohort:
    def __init__(self, lang, course):
        set_language(lang)
        self.lang = lang
        self.course = make_course(lang, PART, course)
        run_nbgrader(course, "generate_assignment", PART)
        right, saved = demo.solutions(course), demo.full_map()
        names = list(self.source_cells())

        def submit(student, answers, **options):
            return demo.submit(course, student, answers, **options)

        submit("perfect", right, saved=saved)
        submit("empty", {})
        for number, mistakes in enumerate(rounds()):
            wrong = {answer: mistake["code"] for answer, mistake in mistakes.items()}
            submit(f"round-{number}", right | wrong, saved=saved)
        submit(
            "damaged",
            right,
            saved='{"schema": 1, ',
            without=("setup", "rty-answer", "rty-points", "salience-points"),
            doubled=("score-answer", "table-points", "judge-answer"),
        )
        submit("all-gone", {}, without=tuple(names))
        odd = {"rty-answer": NOSY, "salience-answer": NOSY_LATER}
        odd |= {"score-answer": SYNTAX, "table-answer": SLOW}
        submit("odd", odd, saved=demo.full_map() | {"schema": 99})
        demo.add_broken(course, right)
        self.marks = {mark.student: mark for mark in demo.grade(course, PART)}

    def source_cells(self):
        cells = json.loads(self.source.read_text(encoding="utf-8"))["cells"]
        return {
            cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
            for cell in cells
            if "nbgrader" in cell["metadata"]
        }

    @property
    def source(self):
        return self.course / "source" / PART / f"{PART}.ipynb"

    @property
    def release(self):
        return self.course / "release" / PART / f"{PART}.ipynb"

    def autograded(self, student):
        file = self.course / "autograded" / student / PART / f"{PART}.ipynb"
        return json.loads(file.read_text(encoding="utf-8"))["cells"]

    def feedback(self, student):
        file = self.course / "feedback" / student / PART / f"{PART}.html"
        return html.unescape(file.read_text(encoding="utf-8"))

    def section(self, student, name):
        """Return the part of the feedback that belongs to a graded cell."""
        found = re.search(rf'<section[^>]*id="{name}".*?</section>', self.feedback(student), re.S)
        return found.group()


@pytest.fixture(scope="session")
def cohorts(tmp_path_factory):
    made = {}

    def get(lang):
        if lang not in made:
            made[lang] = Cohort(lang, tmp_path_factory.mktemp("course") / lang)
        set_language(lang)
        return made[lang]

    yield get
    set_language("en")


@pytest.fixture(params=LANGUAGES)
def cohort(request, cohorts):
    return cohorts(request.param)


def hidden_lines(cohort):
    """Return the lines of hidden tests and solutions that stand nowhere else."""
    inside, outside = set(), set()
    for name, source in cohort.source_cells().items():
        hidden = name == "judge-answer"
        for line in source.splitlines():
            if "### BEGIN" in line:
                hidden = True
            (inside if hidden else outside).add(line.strip())
            if "### END" in line:
                hidden = False
    return {line for line in inside - outside if len(line) > 15}


def test_points_of_the_cells(cohort):
    cells = json.loads(cohort.source.read_text(encoding="utf-8"))["cells"]
    marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    assert {each["grade_id"]: each["points"] for each in marks if each.get("grade")} == POINTS
    table = "".join(cells[0]["source"])
    assert re.findall(r"\| (\d) \|$", table, re.M) == [str(each) for each in POINTS.values()]
    assert f"**{sum(POINTS.values())}**" in table


def test_perfect_submission_gets_all_automatic_points(cohort):
    mark = cohort.marks["perfect"]
    assert mark.cells == AUTOMATIC | {"judge-answer": None}
    assert (mark.score, mark.maximum, mark.remarks) == (26, 30, ())


def test_perfect_notebook_runs_without_errors_or_warnings(cohort):
    outputs = [out for cell in cohort.autograded("perfect") for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out["output_type"] == "error"]
    assert not [out for out in outputs if out.get("name") == "stderr"]
    said = "".join("".join(out.get("text", "")) for out in outputs)
    assert "✓" in said and "✗" not in said


def test_release_version_gets_nothing_and_stops_nowhere(cohort):
    mark = cohort.marks["empty"]
    assert mark.cells == dict.fromkeys(POINTS, 0)
    assert mark.score == 0
    cells = cohort.autograded("empty")
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out["output_type"] == "error"]
    for name in ("rolled_throughput_yield", "salience_class", "score_items", "department_table"):
        assert say("checks.unwritten", name=name) in cohort.feedback("empty")
    assert say("checks.feedback_no_answer") not in cohort.section("perfect", "judge-answer")
    assert say("checks.feedback_no_answer") in cohort.section("empty", "judge-answer")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake["id"] for mistake in MISTAKES])
def test_mistake_loses_its_points_and_is_named(cohorts, lang, mistake):
    cohort = cohorts(lang)
    number = next(n for n, packed in enumerate(rounds()) if mistake in packed.values())
    student, cell = f"round-{number}", mistake["points"]
    lost = POINTS[cell] - cohort.marks[student].cells[cell]
    assert lost == pytest.approx(mistake["lost"], abs=1e-9)
    assert mistake["message"][lang] in cohort.section(student, cell)


def test_enough_mistakes_are_known_for_each_function():
    for answer in ("rty-answer", "salience-answer", "score-answer", "table-answer"):
        ids = [mistake["id"] for mistake in MISTAKES if mistake["answer"] == answer]
        assert len([name for name in ids if not name.endswith("-library")]) >= 3
        assert any(name.endswith("-library") for name in ids)


def test_other_tasks_keep_their_points(cohort):
    for number, packed in enumerate(rounds()):
        wrong = {mistake["points"] for mistake in packed.values()}
        cells = cohort.marks[f"round-{number}"].cells
        assert {name: cells[name] for name in AUTOMATIC if name not in wrong} == {
            name: points for name, points in AUTOMATIC.items() if name not in wrong
        }


def test_nothing_secret_is_released(cohort):
    release = html.unescape(cohort.release.read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in json.loads(release)["cells"])
    lines = hidden_lines(cohort)
    assert len(lines) > 100
    assert [line for line in lines if line in text] == []
    for word in ("BEGIN HIDDEN", "BEGIN SOLUTION", "hidden=True"):
        assert word not in text


def test_feedback_shows_no_hidden_test_and_no_solution(cohort):
    lines = hidden_lines(cohort)
    for student in ("empty", "all-gone", "odd"):
        page = re.sub(r"<[^>]+>", "", cohort.feedback(student))
        assert [line for line in lines if line in page] == []
        assert "HIDDEN TESTS" not in page
    for student in cohort.marks:
        if cohort.marks[student].cells:
            page = re.sub(r"<style>.*?</style>", "", cohort.feedback(student), flags=re.S)
            page = re.sub(r"<[^>]+>", "", page)
            assert "HIDDEN TESTS" not in page
            assert "hidden=True" not in page
            assert "Traceback" not in page


def test_nosy_answer_learns_no_hidden_value(cohort):
    page = cohort.feedback("odd")
    assert "`Exception`" in cohort.section("odd", "rty-points")
    for value in ("0.97,", "0.88", "0.93", "1.04", "0.95]"):
        assert value not in page


def test_answer_that_python_cannot_read_costs_only_its_own_points(cohort):
    mark = cohort.marks["odd"]
    assert mark.cells["score-points"] == 0
    assert say("checks.error_SyntaxError") in cohort.feedback("odd")
    assert say("checks.error_KeyError") in cohort.section("odd", "table-points")


def test_saved_answer_that_cannot_be_read_is_reported_and_kept(cohort):
    for student in ("damaged", "odd"):
        assert cohort.marks[student].cells["map-points"] == 0
        damaged = say("checks.answer_damaged", file="answers/stakeholder-map.json")
        assert damaged in cohort.section(student, "map-points")
        kept = cohort.course / "submitted" / student / PART / "answers" / "stakeholder-map.json"
        assert kept.exists()
    missing = say("checks.answer_missing", file="answers/stakeholder-map.json")
    assert missing in cohort.section("empty", "map-points")


def test_deleted_and_doubled_cells_are_graded_as_far_as_possible_and_reported(cohort):
    mark = cohort.marks["damaged"]
    assert mark.cells == {
        "rty-points": 0,  # the answer itself is gone
        "salience-points": 5,
        "score-points": 6,
        "table-points": 7,
        "map-points": 0,
        "judge-answer": None,
    }
    missing, doubled = mark.remarks
    assert "rty-answer" in missing and "salience-points" in missing and "setup" in missing
    assert "score-answer" in doubled and "table-points" in doubled and "judge-answer" in doubled
    page = cohort.feedback("damaged")
    assert page.count(say("checks.cell_missing")) == 4
    assert page.count(say("checks.cell_doubled")) == 3


def test_notebook_without_any_cell_of_the_assignment_gets_nothing(cohort):
    mark = cohort.marks["all-gone"]
    assert mark.score == 0
    assert all(name in mark.remarks[0] for name in POINTS)


def test_broken_submissions_are_reported_and_stop_nobody(cohort):
    for student, entry in (("not-json", "unreadable"), ("not-a-zip", "zip_broken")):
        assert cohort.marks[student].remarks == (say(f"demo.{entry}"),)
        assert cohort.marks[student].cells == {}
    assert cohort.marks["perfect"].score == 26
    assert (cohort.course / "downloaded" / PART / "refused" / "not-a-zip.zip").exists()


def test_marks_file_equals_the_gradebook(cohort):
    with (cohort.course / "marks.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    graded = {name: mark for name, mark in cohort.marks.items() if name != "not-a-zip"}
    assert rows.keys() == graded.keys()
    for name, mark in graded.items():
        assert float(rows[name]["score"]) == mark.score
        assert float(rows[name]["max_score"]) == mark.maximum == 30


def test_grading_again_gives_the_same_marks(cohort):
    archive = cohort.course / "downloaded" / PART / "archive"
    students = sorted(path.stem for path in archive.glob("*.zip"))
    again = demo.read_marks(cohort.course, PART, students, {})
    assert {mark.student: mark for mark in again} == {
        name: mark for name, mark in cohort.marks.items() if name in students
    }


def test_feedback_waits_for_the_person_who_judges(cohort):
    assert say("checks.feedback_waiting") in cohort.section("perfect", "judge-answer")
    assert say("checks.feedback_incomplete") in cohort.feedback("perfect")
    assert say("checks.feedback_incomplete") not in cohort.feedback("empty")


def test_feedback_page_asks_no_other_host(cohort):
    page = cohort.feedback("perfect")
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//|@import|<script""", page)
    assert f'<html lang="{cohort.lang}">' in page


def test_chinese_feedback_has_no_english(cohorts):
    cohort = cohorts("zh-Hant")
    for student, mark in cohort.marks.items():
        if not mark.cells:
            continue
        page = cohort.feedback(student)
        page = re.sub(r"<style>.*?</style>|<code>.*?</code>", "", page, flags=re.S)
        page = re.sub(r'<div class="highlight.*?</pre></div>', "", page, flags=re.S)
        page = re.sub(r"<[^>]+>", " ", page)
        page = re.sub(r"`[^`]*`", "", page)
        english = re.findall(r"[A-Za-z]{3,}[ ,]+[A-Za-z]{2,}(?:[ ,]+[A-Za-z]+)*", page)
        allowed = {"Mitchell, Agle", "numpy, pandas", "pandas Series"}
        assert set(english) <= allowed, (student, english)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_release_zip_is_reproducible_and_holds_the_notebook_only(lang, tmp_path, cohorts):
    first = make_release(lang, PART, tmp_path / "a")
    second = make_release(lang, PART, tmp_path / "b")
    assert first.name == f"assignment-{PART}.zip"
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as file:
        assert file.namelist() == [f"{PART}/{PART}.ipynb"]
        assert file.read(f"{PART}/{PART}.ipynb") == cohorts(lang).release.read_bytes()


def test_zip_files_that_would_stop_the_collecting_are_put_aside(tmp_path):
    set_language("en")
    archive = tmp_path / "archive"
    archive.mkdir()

    def write(student, *names):
        with ZipFile(archive / f"{student}.zip", "w") as file:
            for name in names:
                file.writestr(name, "{}")

    write("good", f"{PART}/{PART}.ipynb", f"{PART}/answers/stakeholder-map.json")
    write("flat", f"{PART}.ipynb", "answers/stakeholder-map.json")
    write("nested", f"work/home/{PART}/{PART}.ipynb", "__MACOSX/x/._1-customers.ipynb")
    write("autosave", f"{PART}/{PART}.ipynb", f"{PART}/.ipynb_checkpoints/{PART}.ipynb")
    write("renamed", f"{PART}/my-homework.ipynb")
    write("two", f"{PART}/{PART}.ipynb", f"copy/{PART}.ipynb")
    (archive / "text.zip").write_text("hello")
    refused = demo.put_aside(archive, PART)
    assert refused.keys() == {"renamed", "two", "text"}
    assert f"{PART}.ipynb" in refused["renamed"]
    assert {path.stem for path in archive.glob("*.zip")} == {"good", "flat", "nested", "autosave"}
    assert len(list((tmp_path / "refused").glob("*.zip"))) == 3


def test_zip_layouts_are_collected(tmp_path):
    """A folder, no folder, a folder in a folder: the files end in the same place."""
    course = make_course("en", PART, tmp_path / "course")
    run_nbgrader(course, "generate_assignment", PART)
    archive = course / "downloaded" / PART / "archive"
    archive.mkdir(parents=True)
    release = (course / "release" / PART / f"{PART}.ipynb").read_text(encoding="utf-8")
    for student, before in (("folder", f"{PART}/"), ("flat", ""), ("deep", "my work/homework/")):
        with ZipFile(archive / f"{student}.zip", "w") as file:
            file.writestr(f"{before}{PART}.ipynb", release)
            file.writestr(f"{before}answers/stakeholder-map.json", "{}")
            file.writestr(f"{before}.ipynb_checkpoints/{PART}.ipynb", "old")
            file.writestr("__MACOSX/._x.ipynb", "junk")
    assert demo.put_aside(archive, PART) == {}
    run_nbgrader(course, "zip_collect", PART, "--force")
    for student in ("folder", "flat", "deep"):
        folder = course / "submitted" / student / PART
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
        assert files == [f"{PART}.ipynb", "answers/stakeholder-map.json"], student
        assert (folder / f"{PART}.ipynb").read_text(encoding="utf-8") == release


def test_rubrics_are_no_part_of_a_course(cohort):
    rubric = EXERCISES / cohort.lang / "rubrics" / f"{PART}.md"
    assert rubric.exists()
    assert not list(cohort.course.rglob("*.md"))


def test_table_is_aligned_and_tells_what_waits(cohort):
    lines = demo._table(list(cohort.marks.values())).splitlines()
    assert len(lines) == 1 + len(cohort.marks)
    perfect = next(line for line in lines if line.startswith("perfect"))
    assert "?" in perfect and "26/30" in perfect
