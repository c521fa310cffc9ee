"""The life of a class through the command line `csqm`: from enrolment to marks."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import nbformat
import numpy as np
import pytest
from grading_helpers import jupyter_server
from nbclient import NotebookClient
from typer.testing import CliRunner

from csqm.course import checker, demo
from csqm.course import collect as collecting
from csqm.course.cli import app
from csqm.course.release import parts
from csqm.grading import record
from csqm.text import LANGUAGES, listed, say, set_language

PART = "1-customers"
ROSTER = [
    ("amy", "Amy", "Wu"),
    ("ben", "Ben", "Lin"),
    ("cai", "大文", "蔡"),
    ("dan", "Dan", "Ho"),
    ("eva", "Eva", "Kao"),
    ("fay", "Fay", "Liu"),
    ("gus", "Gus", "Su"),
    ("hao", "小豪", "陳"),
    ("ida", "Ida", "Yeh"),
    ("jay", "Jay", "Chou"),
    ("kim", "Kim", "Tsai"),
    ("leo", "Leo", "Hsu"),
]


def csqm(*arguments, code=0):
    """Run the command in this process; return what it printed."""
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def table(path, heading, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
    return path


@pytest.fixture(autouse=True)
def spoken():
    """Begin and end in English."""
    set_language("en")
    yield
    set_language("en")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A course with its roster, released; tests work on copies of it."""
    set_language("en")
    folder = tmp_path_factory.mktemp("cohort")
    dates = table(folder / "calendar.csv", ["assignment", "due"], [(PART, "2026-12-01 18:00")])
    course = folder / "course"
    csqm("course", "init", course, "--lang", "en", "--dates", dates)
    people = [(*each, f"{each[0]}@example.org") for each in ROSTER]
    roster = table(folder / "roster.csv", ["id", "first_name", "last_name", "email"], people)
    csqm("roster", "import", roster, "--course", course)
    csqm("release", PART, "--course", course)
    return course


@pytest.fixture
def course(base, tmp_path):
    return shutil.copytree(base, tmp_path / "course")


# ---- course and roster


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_new_course_has_every_assignment_with_points_and_due_dates(lang, tmp_path):
    dates = table(tmp_path / "d.csv", ["assignment", "due"], [(PART, "2026-12-01T18:00+08:00")])
    course = tmp_path / "course"
    told = json.loads(csqm("course", "init", course, "--lang", lang, "--dates", dates, "--json"))
    assert [each["assignment"] for each in told["assignments"]] == parts(lang)
    points = {}
    for part in parts(lang):
        text = (course / "source" / part / f"{part}.ipynb").read_text(encoding="utf-8")
        cells = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(text)["cells"]]
        points[part] = sum(cell.get("points", 0) for cell in cells if cell.get("grade"))
        assert (course / "rubrics" / f"{part}.md").is_file()
    assert {each["assignment"]: each["points"] for each in told["assignments"]} == points
    due = {each["assignment"]: each["due"] for each in told["assignments"]}
    assert due.pop(PART)
    assert set(due.values()) == {None}


def test_init_touches_no_folder_that_holds_something(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    assert "is not empty" in csqm("course", "init", tmp_path, "--lang", "en", code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "row, said",
    [
        (("9-nothing", "2026-12-01"), "line 2: there is no assignment 9-nothing"),
        ((PART, "1 December"), "line 2: “1 December” is not a date"),
    ],
)
def test_a_calendar_that_cannot_be_read_makes_no_course(row, said, tmp_path):
    dates = table(tmp_path / "d.csv", ["assignment", "due"], [row])
    course = tmp_path / "course"
    assert said in csqm("course", "init", course, "--lang", "en", "--dates", dates, code=2)
    assert not course.exists()


def big5(path):
    path.write_bytes("id,first_name,last_name,email\nnew,Xin,Wu,\nwang,大明,王,\n".encode("big5"))
    return path


BAD_ROSTERS = {
    "twice": (["new,Xin,Wu,", "amy,Amy,Wu,", "AMY,Amy,Wu,"], "line 4: the id AMY is in line 3"),
    "no id": (["new,Xin,Wu,", ",Amy,Wu,"], "line 3: “” cannot be an id"),
    "path": (["new,Xin,Wu,", "../amy,Amy,Wu,"], "line 3: “../amy” cannot be an id"),
    "width": (["new,Xin,Wu,", "amy,Amy"], "line 3: 2 values, but the heading has 4 columns"),
    "formula": (["new,Xin,Wu,", "amy,=1+1,Wu,"], "line 3: the first_name begins like a formula"),
}


@pytest.mark.parametrize("lines, said", BAD_ROSTERS.values(), ids=BAD_ROSTERS.keys())
def test_a_bad_roster_names_its_line_and_imports_nobody(lines, said, base, tmp_path):
    file = tmp_path / "roster.csv"
    heading = "id,first_name,last_name,email"
    file.write_text("\n".join([heading, *lines]), encoding="utf-8")
    assert said in csqm("roster", "import", file, "--course", base, code=2)
    assert students(base) == [each[0] for each in ROSTER]


def test_a_roster_without_a_column_or_in_another_encoding_imports_nobody(base, tmp_path):
    file = table(tmp_path / "roster.csv", ["id", "first_name"], [("new", "Xin")])
    assert "the column last_name" in csqm("roster", "import", file, "--course", base, code=2)
    said = csqm("roster", "import", big5(file), "--course", base, code=2)
    assert "line 3: this is not UTF-8" in said
    assert students(base) == [each[0] for each in ROSTER]


def students(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return sorted(student.id for student in gradebook.students)


def test_a_roster_with_chinese_headings_and_a_mark_of_excel_is_read(course, tmp_path):
    file = tmp_path / "roster.csv"
    file.write_text("姓,名,學號,電子郵件\n王,小明,b10,\n", encoding="utf-8-sig")
    told = json.loads(csqm("roster", "import", file, "--course", course, "--json"))
    assert told["new"] == ["b10"] and len(told["others"]) == 12
    assert json.loads(csqm("roster", "import", file, "--course", course, "--json"))["same"] == [
        "b10"
    ]


# ---- release and checker


def unpack(course, folder, name=f"assignment-{PART}.zip"):
    with ZipFile(course / "handouts" / name) as file:
        file.extractall(folder)
    return folder / PART


def fill(folder, answers, saved=()):
    """Write answers into a trainee's notebook."""
    path = folder / f"{PART}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(name, cell["source"])
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    (folder / "answers").mkdir(exist_ok=True)
    for slug, text in dict(saved).items():
        (folder / "answers" / f"{slug}.json").write_text(text, encoding="utf-8")
    return notebook


def test_a_new_release_never_lands_on_a_trainees_work(course, tmp_path):
    said = csqm("release", PART, "--course", course)
    assert "Unchanged" in said
    source = course / "source" / PART / f"{PART}.ipynb"
    source.write_text(source.read_text(encoding="utf-8").replace("Allow about 90", "Allow 95"))
    assert "New" in csqm("release", PART, "--course", course)
    first, second = sorted((course / "handouts").glob("*.zip"), key=lambda path: len(path.name))
    with ZipFile(first) as one, ZipFile(second) as two:
        assert not set(one.namelist()) & set(two.namelist())
        assert {Path(name).name for name in one.namelist()} == {
            Path(name).name for name in two.namelist()
        }


def test_release_names_an_assignment_that_does_not_exist(base):
    said = csqm("release", "10-more", "--course", base, code=2)
    assert "No such assignment: 10-more" in said and PART in said


def test_the_checker_of_the_zip_runs_as_a_program_and_finds_nothing_to_lose(course, tmp_path):
    folder = unpack(course, tmp_path)
    fill(folder, demo.solutions(course, PART), demo.saved_answers(PART))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = subprocess.run(
        [sys.executable, "check.py"], cwd=folder, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert say("checker.nothing_lost", folder=PART) in done.stdout
    assert done.stderr == ""
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_checker_says_what_would_be_lost(course, tmp_path):
    folder = unpack(course, tmp_path)
    notebook = fill(folder, demo.solutions(course, PART) | {"rty-answer": "1 / 0"})
    blank = next(
        c
        for c in json.loads((course / "release" / PART / f"{PART}.ipynb").read_text())["cells"]
        if c["id"] == "score-answer"
    )
    cells = []
    for cell in notebook["cells"]:
        if cell["id"] in ("salience-points",):
            continue
        if cell["id"] == "table-check":
            cells.append(cell | {"id": "copy"})
        cells.append(blank if cell["id"] == "score-answer" else cell)
    notebook["cells"] = cells
    (folder / f"{PART}.ipynb").unlink()
    (folder / "homework.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    finding = checker.examine(folder)
    said = "\n".join(finding.problems)
    assert say("checker.renamed", file="homework.ipynb", name=f"{PART}.ipynb") in said
    assert say("checker.missing", cells="salience-points") in said
    assert say("checker.doubled", cells="table-check") in said
    assert "Not answered yet: 3 Scores of the employee survey" in said
    assert "answers/stakeholder-map.json is missing" in said
    assert "1 Rolled throughput yield” stops with ZeroDivisionError" in said
    assert len(finding.problems) == 7  # two activities
    assert any("power and urgency" in line for line in finding.passed)
    assert any("rolled_throughput_yield" in line for line in finding.failed)


def test_the_checker_runs_in_a_notebook_beside_the_assignment(course, tmp_path):
    folder = unpack(course, tmp_path)
    fill(folder, demo.solutions(course, PART) | {"rty-answer": "1 / 0"}, demo.saved_answers(PART))
    scratch = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%run check.py")])
    nbformat.write(scratch, folder / "scratch.ipynb")
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(scratch, kernel_name="python3", resources=resources).execute()
    assert {each.output_type for each in scratch.cells[0].outputs} == {"stream"}
    said = "".join(each.text for each in scratch.cells[0].outputs)
    assert say("checker.lost") in said
    assert said.count("\n- ") == 1, "the scratch notebook is no problem, the error is one"


def test_the_checker_speaks_of_a_notebook_that_cannot_be_read(course, tmp_path, capsys):
    folder = unpack(course, tmp_path)
    notebook = folder / f"{PART}.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8")[:3000], encoding="utf-8")
    assert checker.main(folder) == 1
    assert say("checker.unreadable", file=notebook.name) in capsys.readouterr().out


# ---- collect, grade, feedback, marks

DUE = datetime(2026, 12, 1, 18).astimezone()
RIGHT = {
    "rty-points": 4,
    "salience-points": 5,
    "score-points": 6,
    "table-points": 7,
    "map-points": 4,
    "said-points": 2,
}
# Worked out by hand: points reached, points off for being late, marks. Late: a tenth for each day
# begun, at most half.
BY_HAND = {
    "amy": (28, 0, 28),
    "ben": (28, 5.6, 22.4),  # 26 hours late: two days begun
    "cai": (25.5, 0, 25.5),  # the mean of the yields instead of their product
    "dan": (28, 14, 14),  # nine days late
    "eva": (0, 0, 0),  # nothing handed in
    "fay": (0, 0, 0),  # a notebook that breaks off
    "gus": (28, 0, 28),  # renamed
    "hao": (28, 0, 28),  # first the empty notebook, then this one
    "ida": (0, 0, 0),  # the empty notebook
    "jay": (22, 0, 22),  # a syntax error in task 3
    "kim": (22, 0, 22),  # without the two activities; 10 minutes late: within the grace
    "leo": (24, 0, 24),  # deleted the answer of task 1
}
MEAN = "def rolled_throughput_yield(yields):\n    return sum(yields) / len(yields)"


def at(file, **late):
    moment = (DUE + timedelta(**late)).timestamp()
    os.utime(file, (moment, moment))
    return file


def hand_in(course, student, answers, saved, **options):
    """Return what a trainee hands in, as a zip file that was written before the due date."""
    file = demo.submit(course, PART, student, answers, saved=saved, **options)
    return at(file, days=-1)


def repack(file, target, rename=lambda name: name, before=None):
    """Copy what is in one zip file to another, under other names."""
    with ZipFile(file) as old, ZipFile(target, "a") as new:
        for info in old.infolist():
            entry = ZipInfo(rename(info.filename), before or (2026, 11, 30, 9, 0, 0))
            new.writestr(entry, old.read(info))


@pytest.fixture(scope="module")
def handed_in(base, tmp_path_factory):
    """What comes back: zip files of a mail, a download of Moodle, a shared folder."""
    folder = tmp_path_factory.mktemp("handed-in")
    course = shutil.copytree(base, folder / "desk")
    right, saved = demo.solutions(course, PART), demo.saved_answers(PART)
    mean = next(each["code"] for each in demo.mistakes(PART) if each["id"] == "rty-mean")
    mail, shared = folder / "mail", folder / "shared"
    mail.mkdir()
    (shared / "kim").mkdir(parents=True)
    for student in ("amy", "ben", "dan"):
        shutil.copy2(hand_in(course, student, right, saved), mail)
    at(mail / "ben.zip", hours=26)
    at(mail / "dan.zip", days=8, minutes=30)
    demo.submit_broken(course, PART, right)
    shutil.copy2(course / demo.HANDED_IN / "not-json.zip", mail / "fay.zip")
    (mail / "amy.zip").rename(mail / f"amy_{PART} (1).zip")
    with ZipFile(hand_in(course, "kim", right, {})) as file:
        file.extractall(shared / "kim")
    for path in shared.rglob("*.ipynb"):
        at(path, minutes=10)
    leo = hand_in(course, "leo", right, saved, without=("rty-answer",))
    shutil.copy2(leo, shared / "leo.zip")
    jay = hand_in(course, "jay", right | {"score-answer": "def score_items(data, items:"}, saved)
    (shared / "Jay").mkdir()
    shutil.copy2(jay, shared / "Jay" / "homework.zip")
    moodle = folder / "Course-Assignment 1-4711.zip"
    for student, name, answers in (
        ("cai", "大文 蔡", right | {"rty-answer": mean}),
        ("gus", "Gus Su", right),
        ("ida", "Ida Yeh", {}),
    ):
        file = hand_in(course, student, answers, saved if answers else {})
        where = f"{name}_{len(name)}1234_assignsubmission_file_/"
        if student == "gus":
            gus = ".ipynb", " (final).ipynb"
            repack(file, moodle, lambda each, where=where, gus=gus: where + each.replace(*gus))
            continue
        with ZipFile(moodle, "a") as archive:
            entry = ZipInfo(f"{where}work.zip", (2026, 11, 30, 9, 0, 0))
            archive.writestr(entry, file.read_bytes())
    first, second = folder / "first", folder / "second"
    for each, answers, days in ((first, {}, -3), (second, right, -2)):
        each.mkdir()
        file = hand_in(course, "hao", answers, saved if answers else {})
        shutil.copy2(at(file, days=days), each)
    return [mail, moodle, shared, first, second]


@pytest.fixture(scope="module")
def graded(base, handed_in, tmp_path_factory):
    """The whole life: collected, graded, with feedback; tests work on copies of it."""
    set_language("en")
    course = shutil.copytree(base, tmp_path_factory.mktemp("graded") / "course")
    told = json.loads(csqm("collect", *handed_in, "--course", course, "--json", code=1))
    csqm("grade", "--course", course)
    csqm("feedback", "--course", course)
    return course, told


@pytest.fixture
def life(graded, tmp_path):
    return shutil.copytree(graded[0], tmp_path / "life")


def marks(course):
    told = json.loads(csqm("marks", PART, "--course", course, "--json"))
    return {row["student_id"]: row for row in told}


def test_everything_is_collected_or_refused_with_its_reason(graded):
    _, told = graded
    by = {each["student"]: each for each in told if each["status"] != "newer"}
    assert by.keys() == BY_HAND.keys() - {"eva"}
    refused = [each for each in told if each["status"] == "refused"]
    assert [each["student"] for each in refused] == ["fay"]
    assert "is not a notebook that can be read" in refused[0]["text"]
    assert by["gus"]["text"] == say("collect.renamed", file=f"{PART} (final).ipynb")
    assert {each["student"] for each in told if each["late"]} == {"ben", "dan", "kim"}
    assert [each["status"] for each in told if each["student"] == "hao"] == ["new", "newer"]


def test_marks_are_those_worked_out_by_hand(graded):
    course, _ = graded
    told = {
        student: (row["raw_score"], row["late_submission_penalty"], row["score"])
        for student, row in marks(course).items()
    }
    assert told.keys() == BY_HAND.keys()
    for student, values in BY_HAND.items():
        assert told[student] == pytest.approx(values, abs=1e-9), student
    assert {row["max_score"] for row in marks(course).values()} == {32}


def test_earlier_submissions_are_kept_and_collecting_again_changes_nothing(life, handed_in):
    kept = sorted((life / "downloaded" / PART / "archive" / "hao").glob("*.zip"))
    assert len(kept) == 2
    told = json.loads(csqm("collect", *handed_in, "--course", life, "--json", code=1))
    assert {each["status"] for each in told} == {"same", "refused"}
    graded_again = json.loads(csqm("grade", "--course", life, "--json"))
    assert {each["status"] for each in graded_again} == {"same"}
    late_first = json.loads(
        csqm("collect", handed_in[-2], "--received", "2026-11-20 10:00", "--course", life, "--json")
    )
    assert [each["status"] for each in late_first] == ["earlier"]
    assert marks(life)["hao"]["score"] == 28


def gradebook_of(course):
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{course / 'gradebook.db'}")


def judge(course, student, points):
    """Give points for the written answer, as Formgrader does."""
    with gradebook_of(course) as gradebook:
        grade = gradebook.find_grade("judge-answer", PART, PART, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def test_grading_again_keeps_the_marks_a_person_gave(life, handed_in, tmp_path):
    judge(life, "amy", 3)
    judge(life, "ben", 4)
    only = [path for path in handed_in[0].iterdir() if path.name.startswith(("amy", "ben"))]
    for student in BY_HAND.keys() - {"amy", "ben"}:
        shutil.rmtree(life / "submitted" / student, ignore_errors=True)
    told = json.loads(csqm("grade", "--again", "--course", life, "--json"))
    assert [(each["student"], each["status"]) for each in told] == [
        ("amy", "done"),
        ("ben", "done"),
    ]
    after = marks(life)
    assert (after["amy"]["score"], after["amy"]["waiting"]) == (31, 0)
    # the rule takes its fifth of what the person gave as well
    assert after["ben"]["score"] == pytest.approx(32 * 0.8)
    # another answer keeps its mark, but wants a second look
    answers = demo.solutions(life, PART) | {"judge-answer": "Something else."}
    again = demo.submit(life, PART, "amy", answers, saved=demo.saved_answers(PART))
    csqm("collect", again, "--received", "2026-12-01 17:00", "--course", life)
    csqm("grade", "--course", life)
    after = marks(life)
    assert (after["amy"]["score"], after["amy"]["waiting"]) == (31, 1)
    assert len(only) == 2


def test_files_of_marks_equal_the_gradebook(life, tmp_path):
    from openpyxl import load_workbook

    judge(life, "ben", 10 / 3)
    csqm("marks", "--course", life)
    csqm("marks", "--format", "moodle", "--course", life)
    csqm("marks", "--format", "xlsx", "--course", life)
    with gradebook_of(life) as gradebook:
        held, waiting = {}, set()
        for submission in gradebook.assignment_submissions(PART):
            penalty = submission.late_submission_penalty
            held[submission.student.id] = submission.score - penalty
            if submission.needs_manual_grade:
                waiting.add(submission.student.id)
    held |= dict.fromkeys(BY_HAND.keys() - held.keys(), 0.0)
    with (life / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["assignment"] == PART]
    assert {row["student_id"]: float(row["score"]) for row in rows} == held
    book = load_workbook(life / "marks.xlsx")
    heading, *lines = book["Marks"].iter_rows(values_only=True)
    place = heading.index(PART)
    assert {line[0]: line[place] for line in lines} == held
    with (life / "marks-moodle.csv").open(encoding="utf-8-sig", newline="") as file:
        moodle = {row["ID number"]: row for row in csv.DictReader(file)}
    assert {name for name, row in moodle.items() if row[PART] == ""} == waiting
    assert float(moodle["ben"][PART]) == held["ben"] == pytest.approx((28 + 10 / 3) * 0.8)
    assert moodle["amy"]["Email address"] == "amy@example.org"
    assert "Nothing was done" in csqm("marks", "--course", life, code=2)
    csqm("marks", "--course", life, "--yes")


def test_feedback_is_there_for_everybody_who_was_graded(graded):
    course, _ = graded
    pages = {path.parts[-3] for path in course.glob(f"feedback/*/{PART}/{PART}.html")}
    assert pages == BY_HAND.keys() - {"eva", "fay"}
    ben = (course / "feedback" / "ben" / PART / f"{PART}.html").read_text(encoding="utf-8")
    assert say("checks.feedback_late", points=5.6) in ben


def test_a_full_disk_stops_one_submission_and_loses_no_mark(life, monkeypatch):
    judge(life, "amy", 3)
    for student in BY_HAND.keys() - {"amy", "ben", "cai"}:
        shutil.rmtree(life / "submitted" / student, ignore_errors=True)
    before = marks(life)
    page = life / "autograded" / "amy" / PART / f"{PART}.ipynb"
    content = page.read_bytes()
    write, full = Path.write_bytes, OSError(28, "No space left on device")
    save = record.Recorder._write_marks

    def write_bytes(path, content):
        if "amy" in path.parts and path.suffix == ".ipynb":
            write(path, content[:100])
            raise full
        return write(path, content)

    def write_marks(self, assignment, student, *args):
        save(self, assignment, student, *args)
        if student == "ben":  # the marks are in, the folder is not
            raise full

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    monkeypatch.setattr(record.Recorder, "_write_marks", write_marks)
    told = json.loads(csqm("grade", "--again", "--course", life, "--json", code=1))
    by = {each["student"]: each for each in told}
    assert by["amy"]["text"] == by["ben"]["text"] == say("grading.flag_disk")
    assert by["cai"]["status"] == "done"
    monkeypatch.undo()
    assert marks(life) == before
    assert page.read_bytes() == content
    told = json.loads(csqm("grade", "--course", life, "--json"))
    assert {each["status"] for each in told} == {"same"}
    assert marks(life) == before


# ---- the report


def test_the_report_tells_difficulty_mistakes_and_who_may_need_help(graded, tmp_path):
    course, _ = graded
    told = json.loads(csqm("report", "--course", course, "--json"))
    items = {each["item"]: each for each in told["items"]}
    # of ten people graded: cai has 1.5 of 4, ida and leo have nothing
    assert items["rty-points"]["n"] == 10
    assert items["rty-points"]["difficulty"] == pytest.approx((7 + 1.5 / 4) / 10)
    assert items["rty-points"]["objectives"] == ["LO1.3"]
    ten = ["amy", "ben", "cai", "dan", "gus", "hao", "ida", "jay", "kim", "leo"]
    item = [4, 4, 1.5, 4, 4, 4, 0, 4, 4, 0]
    rest = [BY_HAND[student][0] - points for student, points in zip(ten, item, strict=True)]
    assert items["rty-points"]["discrimination"] == pytest.approx(np.corrcoef(item, rest)[0, 1])
    assert items["judge-answer"]["n"] == 1  # the empty one; the others wait for a person
    task, message, people = told["mistakes"][0]
    assert (task, people) == (f"{PART}: 5 Your stakeholder map", 2)
    assert any("This is the mean of the yields" in message for _, message, _ in told["mistakes"])
    assert [student for student, _ in told["help"]] == ["eva", "fay", "ida"]


@pytest.mark.parametrize("width", [1280, 375])
def test_the_report_is_one_page_that_fits(graded, browser, tmp_path, width):
    course, _ = graded
    file = tmp_path / "report.html"
    csqm("report", "--course", course, "--to", file)
    text = file.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!data:)|@import|<script', text)
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(file.as_uri())
    assert page.locator("img").count() == 3
    assert all(page.locator("img").evaluate_all("all => all.map(each => each.alt)"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert "Nothing was done" in csqm("report", "--course", course, "--to", file, code=2)


# ---- bad hand-ins


def zipped(file, **contents):
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file


def test_bad_hand_ins_have_their_message_and_the_rest_goes_on(course, tmp_path, monkeypatch):
    folder = tmp_path / "in"
    folder.mkdir()
    good = (course / "release" / PART / f"{PART}.ipynb").read_text(encoding="utf-8")
    other = json.dumps({**json.loads(good), "metadata": {}})
    name = f"{PART}.ipynb"
    with ZipFile(folder / "amy.zip", "w") as archive:
        archive.writestr("../../gradebook.db", "gone")
        archive.writestr(name, good)
    with ZipFile(folder / "ben.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr(name, good)
        archive.writestr("zeros", bytes(101_000_000))
    zipped(folder / "cai.zip", **{name: "{ not json"})
    zipped(folder / "dan.zip", **{"9-nothing.ipynb": other})
    zipped(folder / "eva.zip", **{"2-satisfaction.ipynb": good})
    zipped(folder / "fay.zip", **{"notes.txt": "hello"})
    zipped(folder / "gus.zip", **{f"a/{name}": good, f"b/{name}": good})
    (folder / "hao.zip").write_bytes(b"PK")
    zipped(folder / "nobody.zip", **{name: good})
    with ZipFile(folder / "ida.zip", "w") as archive:
        link = ZipInfo("answers")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc")
    zipped(folder / "jay.zip", **{"C:/x.ipynb": good})
    zipped(folder / "kim.zip", **{f"deep/er/{name}": good, f"__MACOSX/._{name}": "junk"})
    zipped(folder / "leo.zip", **{name: good, f".ipynb_checkpoints/{name}": "old"})
    (folder / "readme.txt").write_text("hello")
    before = (course / "gradebook.db").read_bytes()
    told = json.loads(csqm("collect", folder, "--course", course, "--json", code=1))
    text = {Path(each["source"]).stem: each["text"] for each in told if each["status"] == "refused"}
    assert {each["student"] for each in told if each["status"] == "new"} == {"kim", "leo"}
    known = listed(parts())
    assert text == {
        "amy": say("collect.zip_outside", file="../../gradebook.db"),
        "ben": say("collect.zip_bomb", most=100),
        "cai": say("collect.unreadable", file=name),
        "dan": say("collect.wrong_name", files="9-nothing.ipynb", known=known),
        "eva": say("collect.other_cells", file="2-satisfaction.ipynb", assignment=PART),
        "fay": say("collect.zip_no_notebook"),
        "gus": say("collect.zip_twice", files=f"a/{name}, b/{name}"),
        "hao": say("collect.zip_broken"),
        "ida": say("collect.zip_outside", file="answers"),
        "jay": say("collect.zip_outside", file="C:/x.ipynb"),
        "nobody": say("collect.not_on_roster", name="nobody"),
    }
    assert (course / "gradebook.db").read_bytes() == before
    assert len(list(folder.iterdir())) == 14, "what was handed in stays where it is"


def test_a_zip_file_that_lies_about_its_size_is_read_no_further(course, tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "MOST_BYTES", 1000)
    file = zipped(tmp_path / "amy.zip", **{f"{PART}.ipynb": "x" * 5000})
    raw = file.read_bytes().replace((5000).to_bytes(4, "little"), (500).to_bytes(4, "little"))
    file.write_bytes(raw)
    told = json.loads(csqm("collect", file, "--course", course, "--json", code=1))
    assert [each["status"] for each in told] == ["refused"]


def test_two_people_of_one_name_are_not_confused(course, tmp_path):
    people = [("wu1", "Mei", "Wu", ""), ("wu2", "Mei", "Wu", "")]
    file = table(tmp_path / "r.csv", ["id", "first_name", "last_name", "email"], people)
    csqm("roster", "import", file, "--course", course)
    release = (course / "release" / PART / f"{PART}.ipynb").read_bytes()
    moodle = tmp_path / "moodle.zip"
    zipped(moodle, **{f"Mei Wu_12_assignsubmission_file_/{PART}.ipynb": release})
    said = csqm("collect", moodle, "--course", course, code=1)
    assert say("collect.same_name", name="Mei Wu", ids="wu1, wu2") in said


def test_commands_outside_a_course_say_so(tmp_path):
    for command in ("release", "grade", "feedback", "marks"):
        said = csqm(command, "--course", tmp_path, code=2)
        assert "is not a course" in said
    assert "error" in json.loads(csqm("grade", "--course", tmp_path, "--json", code=2))


# ---- it stays a course of nbgrader


def nbgrader(course, *arguments):
    """Run a command of nbgrader as an instructor does."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_nbgraders_own_commands_work(course, tmp_path):
    nbgrader(course, "generate_assignment", PART, "--force")
    hidden = "BEGIN SOLUTION", "BEGIN HIDDEN"
    text = (course / "release" / PART / f"{PART}.ipynb").read_text(encoding="utf-8")
    assert not any(mark in text for mark in hidden)
    folder = unpack(course, tmp_path)
    said = nbgrader(folder, "validate", f"{PART}.ipynb")
    assert "VALIDATION FAILED" in said
    fill(folder, demo.solutions(course, PART), demo.saved_answers(PART))
    assert "Success! Your notebook passes all the tests." in nbgrader(
        folder, "validate", f"{PART}.ipynb"
    )


def test_the_exchange_of_nbgrader_is_collected(course, tmp_path):
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
    nbgrader(course, "release_assignment", PART)
    assert (exchange / "csqm-en" / "outbound" / PART / f"{PART}.ipynb").exists()
    release = course / "release" / PART / f"{PART}.ipynb"
    inbound = exchange / "csqm-en" / "inbound"
    for moment in ("2026-11-30 10:00:00 UTC", "2026-12-02 10:00:00 UTC"):
        folder = inbound / f"amy+{PART}+{moment}+x"
        folder.mkdir()
        shutil.copy(release, folder)
        (folder / "timestamp.txt").write_text(moment)
        told = json.loads(csqm("collect", "--exchange", "--course", course, "--json"))
        assert [(each["student"], each["late"]) for each in told] == [("amy", "12-02" in moment)]
    assert json.loads(csqm("collect", "--exchange", "--course", course, "--json")) == []
    assert len(list((course / "downloaded" / PART / "archive" / "amy").glob("*.zip"))) == 2


@pytest.fixture
def server(life, tmp_path):
    with jupyter_server(life, tmp_path) as address:
        yield address


FORGED = """
from csqm.course import checks

checks.Check.score = lambda self: 4


def rolled_throughput_yield(yields):
    return 1
"""


def test_formgrader_shows_marks_and_flags_hides_names_and_takes_points(life, server, browser):
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(server("formgrader/manage_students"))
    # the sum over all assignments, of which only one was handed in, before points off for lateness
    for student, (reached, _, _) in BY_HAND.items():
        row = page.locator("tbody tr", has_text=f"{student}@")
        row.wait_for()
        assert f"\t{reached:g} /" in row.inner_text(), student
    page.goto(server(f"formgrader/gradebook/{PART}/{PART}"))
    page.get_by_text("Submission #10").wait_for()
    text = page.locator("tbody").inner_text()
    assert text.count("Submission #") == 10
    assert not any(f"{first} {last}" in text for _, first, last in ROSTER)
    assert page.locator("tbody .glyphicon-flag").count() == 0

    answers = demo.solutions(life, PART) | {"rty-answer": FORGED}
    file = demo.submit(life, PART, "amy", answers, saved=demo.saved_answers(PART))
    csqm("collect", file, "--received", "2026-12-01 17:00", "--course", life)
    (told,) = [
        each
        for each in json.loads(csqm("grade", "--course", life, "--json", code=1))
        if each["status"] == "flagged"
    ]
    assert told["student"] == "amy" and told["flags"][0]["kind"] in ("canary", "patched")
    page.reload()
    row = page.locator("tbody tr", has=page.locator(".glyphicon-flag"))
    row.wait_for()
    assert row.count() == 1
    row.get_by_role("link").first.click()
    page.get_by_text(told["flags"][0]["detail"][:40]).wait_for()
    given = page.locator("#rty-points")
    page.locator("#rty-points.needs_manual_grade").wait_for()
    with page.expect_response(lambda each: "/api/grade/" in each.url and each.ok):
        given.fill("1.5")
        given.press("Tab")
    for student in BY_HAND.keys() - {"amy"}:
        shutil.rmtree(life / "submitted" / student, ignore_errors=True)
    csqm("grade", "--again", "--course", life, code=1)
    page.reload()
    page.wait_for_function("document.getElementById('rty-points').value == '1.5'")
    assert "needs_manual_grade" not in given.get_attribute("class")
    page.close()
    with gradebook_of(life) as gradebook:
        assert gradebook.find_grade("rty-points", PART, PART, "amy").score == 1.5
