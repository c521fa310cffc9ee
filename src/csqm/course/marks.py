"""The marks of a class, from the gradebook: as a table to look at, and as files."""

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from csqm.course.checker import grade_id
from csqm.course.grading import apply_late_rule
from csqm.course.release import submission_folder
from csqm.text import listed, localise, say

__all__ = ["COLUMNS", "Mark", "read_marks", "rows", "table", "write_marks"]

# The columns of `nbgrader export`, and how many cells a person still has to judge.
COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "waiting",
)


@dataclass(frozen=True)
class Mark:
    """What the gradebook holds about one trainee, and what an instructor should know.

    Parameters
    ----------
    student : str
        The trainee.
    score, maximum : float
        Points so far, less what is taken off for being late, and of the whole assignment.
    cells : dict
        Points of each graded cell; None where a person has to judge. Empty if nothing is graded.
    remarks : tuple of str
        Lateness, cells that were missing or doubled, what could not be graded.
    """

    student: str
    score: float
    maximum: float
    cells: dict[str, float | None]
    remarks: tuple[str, ...]


def read_marks(api: Any, part: str, told: dict[str, str] | None = None) -> list[Mark]:
    """Read the marks of an assignment.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    part : str
        Name of the assignment.
    told : dict of str, optional
        Why something of a trainee could not be collected or graded, by trainee.

    Returns
    -------
    list of Mark
        One for each trainee, by name.
    """
    told = told or {}
    marks = []
    with api.gradebook as gradebook:
        maximum = gradebook.find_assignment(part).max_score
        names = {cell.name for cell in gradebook.find_notebook(part, part).source_cells}
        submissions = {each.student.id: each for each in gradebook.assignment_submissions(part)}
        for student in sorted({each.id for each in gradebook.students} | told.keys()):
            remarks = [told[student]] if student in told else []
            if student not in submissions:
                remarks = remarks or [say("marks.nothing")]
                marks.append(Mark(student, 0.0, maximum, {}, tuple(remarks)))
                continue
            (graded,) = submissions[student].notebooks
            cells = {
                each.name: None if each.needs_manual_grade else each.score for each in graded.grades
            }
            penalty = graded.late_submission_penalty or 0.0
            if submissions[student].total_seconds_late:
                remarks.append(say("marks.late", points=penalty))
            submitted = submission_folder(api, "submitted", part, student) / f"{part}.ipynb"
            if submitted.is_file():
                remarks += _cell_remarks(json.loads(submitted.read_text(encoding="utf-8")), names)
            marks.append(Mark(student, graded.score - penalty, maximum, cells, tuple(remarks)))
    return marks


def table(marks: Sequence[Mark]) -> str:
    """Return the marks as a table for the terminal.

    Parameters
    ----------
    marks : sequence of Mark
        One for each line.

    Returns
    -------
    str
        A heading and the lines; ``?`` where a person has to judge.
    """
    cells = max((list(mark.cells) for mark in marks), key=len, default=[])
    lines = [[say("marks.student"), *cells, say("marks.total"), say("marks.remarks")]]
    for mark in marks:
        points = [_points(mark.cells, name) for name in cells]
        remarks = localise({"en": "; ", "zh-Hant": "；"}).join(mark.remarks)
        lines.append([mark.student, *points, f"{mark.score:g}/{mark.maximum:g}", remarks])
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(
            text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)
        )
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def rows(api: Any, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Return the marks of everybody in the gradebook, as it holds them.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments; those that were never released are left out.

    Returns
    -------
    list of dict
        The values of `COLUMNS`, one for each assignment and trainee. Who handed in nothing has 0
        points and no timestamp.
    """
    with api.gradebook as gradebook:
        released = [each for each in gradebook.assignments if each.name in chosen]
        apply_late_rule(api, [each.name for each in released])
        told = []
        for assignment in sorted(released, key=lambda each: each.name):
            submissions = {
                each.student.id: each for each in gradebook.assignment_submissions(assignment.name)
            }
            for student in sorted(gradebook.students, key=lambda each: each.id):
                row = dict.fromkeys(COLUMNS, None) | {
                    "assignment": assignment.name,
                    "duedate": assignment.duedate,
                    "student_id": student.id,
                    "last_name": student.last_name,
                    "first_name": student.first_name,
                    "email": student.email,
                    "raw_score": 0.0,
                    "late_submission_penalty": 0.0,
                    "score": 0.0,
                    "max_score": assignment.max_score,
                    "waiting": 0,
                }
                if submission := submissions.get(student.id):
                    penalty = submission.late_submission_penalty or 0.0
                    row["timestamp"] = submission.timestamp
                    row["raw_score"] = submission.score
                    row["late_submission_penalty"] = penalty
                    row["score"] = max(0.0, submission.score - penalty)
                    row["waiting"] = sum(
                        bool(each.needs_manual_grade)
                        for notebook in submission.notebooks
                        for each in notebook.grades
                    )
                told.append(row)
    return told


def write_marks(told: Sequence[dict[str, Any]], form: str, file: Path) -> None:
    """Write marks to a file.

    Parameters
    ----------
    told : sequence of dict
        As `rows` gives them.
    form : {"csv", "moodle", "xlsx"}
        One line for each trainee and assignment, as nbgrader has it; one line for each trainee, to
        import into Moodle's gradebook, blank where a person still has to judge; a workbook.
    file : Path
        What to write.
    """
    if form == "xlsx":
        _write_workbook(told, file)
        return
    # Spreadsheets read UTF-8 only with this mark at the beginning; Moodle takes it too.
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        if form == "csv":
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(told)
        else:
            csv.writer(stream).writerows(_wide(told, ("ID number", "Email address"), blank=True))


def _wide(
    told: Sequence[dict[str, Any]], heading: Sequence[str], *, blank: bool
) -> list[list[Any]]:
    """Return one line for each trainee, with a column for each assignment."""
    parts = list(dict.fromkeys(row["assignment"] for row in told))
    people: dict[str, list[Any]] = {}
    for row in told:
        line = people.setdefault(row["student_id"], [row["student_id"], row["email"]])
        line.append(None if blank and row["waiting"] else row["score"])
    return [[*heading, *parts], *people.values()]


def _write_workbook(told: Sequence[dict[str, Any]], file: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    heading = [say("marks.student"), say("marks.email")]
    lines = {
        say("marks.overview"): _wide(told, heading, blank=False),
        say("marks.details"): [list(COLUMNS), *([row[name] for name in COLUMNS] for row in told)],
    }
    book = Workbook()
    book.remove(book.active)
    for title, values in lines.items():
        sheet = book.create_sheet(title)
        for line in values:
            sheet.append(line)
        for cell in (cell for line in sheet.iter_rows() for cell in line):
            if isinstance(cell.value, float):  # else openpyxl cuts the last digit off
                cell.value = repr(cell.value)
                cell.data_type = "n"
            elif cell.data_type == "f":  # a name is no formula
                cell.data_type = "s"
        for number, column in enumerate(zip(*values, strict=True), start=1):
            width = max(len(str(value or "")) for value in column) + 2
            sheet.column_dimensions[get_column_letter(number)].width = min(width, 40)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "B2"
    book.save(file)


def _cell_remarks(notebook: dict[str, Any], names: set[str]) -> list[str]:
    found = Counter(map(grade_id, notebook["cells"]))
    missing = sorted(names - found.keys())
    doubled = sorted(name for name in names if found[name] > 1)
    remarks = []
    if missing:
        remarks.append(say("marks.cells_missing", cells=listed(missing)))
    if doubled:
        remarks.append(say("marks.cells_doubled", cells=listed(doubled)))
    return remarks


def _points(cells: dict[str, float | None], name: str) -> str:
    if name not in cells:
        return "-"
    return "?" if cells[name] is None else f"{cells[name]:g}"


def _width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
