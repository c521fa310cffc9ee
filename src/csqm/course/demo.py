"""The whole life of an assignment with invented trainees: `python -m csqm.course.demo`."""

import json
import os
import re
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width
from zipfile import BadZipFile, ZipFile

from csqm.course.release import EXERCISES, make_course, run_nbgrader, zip_folder
from csqm.text import LANGUAGES, listed, localise, say, set_language

__all__ = [
    "Mark",
    "grade",
    "main",
    "mistakes",
    "parts",
    "put_aside",
    "read_marks",
    "saved_answers",
    "solutions",
    "submit",
    "submit_broken",
    "table",
]

BUILD = EXERCISES.parent / "_build" / "grading"


@dataclass(frozen=True)
class Mark:
    """What the gradebook holds about one trainee, and what an instructor should know.

    Parameters
    ----------
    student : str
        The trainee, as the zip file is named.
    score, maximum : float
        Points so far, and of the whole assignment.
    cells : dict
        Points of each graded cell; None where a person has to judge.
    remarks : tuple of str
        Cells that were missing or doubled, files that could not be read.
    """

    student: str
    score: float
    maximum: float
    cells: dict[str, float | None]
    remarks: tuple[str, ...]


def main() -> None:
    """Grade the demonstration submissions of both editions and print the marks."""
    for lang in LANGUAGES:
        set_language(lang)
        for part in parts():
            course = make_course(lang, part, BUILD / lang / part)
            print(say("demo.start", part=part, course=_shown(course)))
            run_nbgrader(course, "generate_assignment", part)
            _submit_everybody(course, part)
            marks = grade(course, part)
            print(table(marks))
            print(say("demo.marks", file=_shown(course / "marks.csv")))
            print(say("demo.feedback", folder=_shown(course / "feedback")), end="\n\n")


def parts() -> list[str]:
    """Return the slugs of the parts that have an assignment, in order."""
    return sorted(path.name for path in (EXERCISES / LANGUAGES[0] / "source").iterdir())


def grade(course: Path, part: str) -> list[Mark]:
    """Collect the zip files of a course, grade them, write feedback and ``marks.csv``.

    Nothing that one of them holds stops the others: nbgrader skips what it cannot read, and a
    zip file that would stop the collecting is left out.

    Parameters
    ----------
    course : Path
        An nbgrader course whose assignment was generated, with the submissions, named after
        the trainees, in ``downloaded/<part>/archive``.
    part : str
        Slug of the part.

    Returns
    -------
    list of Mark
        One for each zip file, by name.
    """
    archive = course / "downloaded" / part / "archive"
    students = sorted(path.stem for path in archive.glob("*.zip"))
    refused = put_aside(archive, part)
    run_nbgrader(course, "zip_collect", part, "--force")
    run_nbgrader(course, "autograde", part, check=False)
    run_nbgrader(course, "export", "--to", "marks.csv")
    run_nbgrader(course, "generate_feedback", part, "--force")
    return read_marks(course, part, students, refused)


def put_aside(archive: Path, part: str) -> dict[str, str]:
    """Put aside, in ``refused`` beside the archive, the zip files that cannot be collected.

    Parameters
    ----------
    archive : Path
        Folder of zip files.
    part : str
        Slug of the part.

    Returns
    -------
    dict of str
        The trainees concerned, and why.
    """
    from csqm.course.settings import SUBMITTED_FILE

    refused = {}
    for path in sorted(archive.glob("*.zip")):
        try:
            with ZipFile(path) as file:
                broken = file.testzip() is not None
                names = file.namelist()
        except (BadZipFile, OSError):
            broken, names = True, []
        matches = [re.match(SUBMITTED_FILE, f"/extracted/x/{name}") for name in names]
        files = Counter(match["file_id"] for match in matches if match)
        if broken:
            refused[path.stem] = say("demo.zip_broken")
        elif f"{part}.ipynb" not in files:
            refused[path.stem] = say("demo.zip_no_notebook", file=f"{part}.ipynb")
        elif twice := [name for name, count in files.items() if count > 1]:
            refused[path.stem] = say("demo.zip_twice", files=listed(twice))
        else:
            continue
        aside = archive.parent / "refused"
        aside.mkdir(exist_ok=True)
        os.replace(path, aside / path.name)
    return refused


def read_marks(course: Path, part: str, students: list[str], refused: dict[str, str]) -> list[Mark]:
    """Read the marks from the gradebook.

    Parameters
    ----------
    course : Path
        The nbgrader course.
    part : str
        Slug of the part.
    students : list of str
        Everybody who handed in.
    refused : dict of str
        Those whose file was not collected, and why.

    Returns
    -------
    list of Mark
        One for each of `students`.
    """
    from nbgrader.api import Gradebook, MissingEntry

    marks = []
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        maximum = gradebook.find_assignment(part).max_score
        names = {cell.name for cell in gradebook.find_notebook(part, part).source_cells}
        for student in students:
            remarks = [refused[student]] if student in refused else []
            try:
                graded = gradebook.find_submission_notebook(part, part, student)
                autograded = (course / "autograded" / student / part / f"{part}.ipynb").exists()
            except MissingEntry:
                autograded = False
            if not autograded:
                remarks = remarks or [say("demo.unreadable")]
                marks.append(Mark(student, 0.0, maximum, {}, tuple(remarks)))
                continue
            cells = {
                each.name: None if each.needs_manual_grade else each.score for each in graded.grades
            }
            submitted = course / "submitted" / student / part / f"{part}.ipynb"
            remarks += _cell_remarks(_read(submitted), names)
            marks.append(Mark(student, graded.score, maximum, cells, tuple(remarks)))
    return marks


def submit(
    course: Path,
    part: str,
    student: str,
    answers: dict[str, str],
    *,
    saved: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
    doubled: tuple[str, ...] = (),
) -> Path:
    """Fill in a release notebook and hand it in as a zip file.

    Parameters
    ----------
    course : Path
        A course whose assignment was generated.
    part : str
        Slug of the part.
    student : str
        Who hands in.
    answers : dict of str
        Source of answer cells, by id.
    saved : dict of str, optional
        Text of the saved answers of activities, by slug.
    without, doubled : tuple of str
        Cells that the trainee deleted, and cells that the trainee copied.

    Returns
    -------
    Path
        The zip file.
    """
    notebook = _read(course / "release" / part / f"{part}.ipynb")
    cells = []
    for cell in notebook["cells"]:
        name = _grade_id(cell)
        if name in without:
            continue
        if name in doubled:
            cells.append(cell | {"id": f"{cell['id']}-copy"})
        cells.append(cell | {"source": answers.get(name, cell["source"])})
    notebook["cells"] = cells

    folder = course / "handed-in" / student / part
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "answers").mkdir(parents=True)
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    (folder / f"{part}.ipynb").write_text(text, encoding="utf-8")
    for slug, text in (saved or {}).items():
        (folder / "answers" / f"{slug}.json").write_text(text, encoding="utf-8")
    archive = course / "downloaded" / part / "archive"
    archive.mkdir(parents=True, exist_ok=True)
    return zip_folder(folder, archive / f"{student}.zip")


def submit_broken(course: Path, part: str, answers: dict[str, str]) -> None:
    """Hand in a notebook that breaks off in the middle, and a file that is no zip file.

    Parameters
    ----------
    course : Path
        A course whose assignment was generated.
    part : str
        Slug of the part.
    answers : dict of str
        Source of answer cells, by id.
    """
    file = submit(course, part, "not-json", answers)
    notebook = course / "handed-in" / "not-json" / part / f"{part}.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8")[:5000], encoding="utf-8")
    zip_folder(notebook.parent, file)
    (file.parent / "not-a-zip.zip").write_bytes(b"PK")


def solutions(course: Path, part: str) -> dict[str, str]:
    """Return the right answers of an assignment, by cell.

    Parameters
    ----------
    course : Path
        A course with the source of the assignment.
    part : str
        Slug of the part.

    Returns
    -------
    dict of str
        Source of the answer cells, by id.
    """
    cells = _read(course / "source" / part / f"{part}.ipynb")["cells"]
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(
            line for line in cell["source"] if "### " not in line
        )
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }


def mistakes(part: str) -> list[dict[str, Any]]:
    """Return the typical mistakes of an assignment.

    Parameters
    ----------
    part : str
        Slug of the part.

    Returns
    -------
    list of dict
        As ``exercises/mistakes/<part>.yaml`` has them.
    """
    return _catalogue(part)["mistakes"]


def saved_answers(part: str) -> dict[str, str]:
    """Return the saved answers of the graded activities that get all points.

    Parameters
    ----------
    part : str
        Slug of the part.

    Returns
    -------
    dict of str
        Text of each file, by the slug of the activity.
    """
    from csqm.activities.content import load, paths

    return {
        slug: json.dumps(
            {"schema": 1, "activity": slug, "kind": load(paths()[slug])["kind"], "answer": answer}
        )
        for slug, answer in _catalogue(part)["saved"].items()
    }


def table(marks: list[Mark]) -> str:
    """Return the marks as a table for the terminal.

    Parameters
    ----------
    marks : list of Mark
        One for each line.

    Returns
    -------
    str
        A heading and the lines; ``?`` where a person has to judge.
    """
    cells = max((list(mark.cells) for mark in marks), key=len)
    rows = [[say("demo.student"), *cells, say("demo.total"), say("demo.remarks")]]
    for mark in marks:
        points = [_points(mark.cells, name) for name in cells]
        remarks = localise({"en": "; ", "zh-Hant": "；"}).join(mark.remarks)
        rows.append([mark.student, *points, f"{mark.score:g}/{mark.maximum:g}", remarks])
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _submit_everybody(course: Path, part: str) -> None:
    right, saved = solutions(course, part), saved_answers(part)
    known = mistakes(part)
    wrong = {each["answer"]: each["code"] for each in known if each.get("demo")}
    submit(course, part, "perfect", right, saved=saved)
    submit(course, part, "empty", {})
    submit(course, part, "mistakes", right | wrong, saved=saved)
    first, *_, last = known
    submit(
        course,
        part,
        "damaged",
        right,
        saved=dict.fromkeys(saved, "{"),
        without=(first["points"], last["answer"], last["points"]),
        doubled=(first["answer"],),
    )
    submit_broken(course, part, right)


def _catalogue(part: str) -> dict[str, Any]:
    import yaml

    return yaml.safe_load((EXERCISES / "mistakes" / f"{part}.yaml").read_text(encoding="utf-8"))


def _cell_remarks(notebook: dict[str, Any], names: set[str]) -> list[str]:
    found = Counter(_grade_id(cell) for cell in notebook["cells"])
    missing = sorted(names - found.keys())
    doubled = sorted(name for name in names if found[name] > 1)
    remarks = []
    if missing:
        remarks.append(say("demo.cells_missing", cells=listed(missing)))
    if doubled:
        remarks.append(say("demo.cells_doubled", cells=listed(doubled)))
    return remarks


def _points(cells: dict[str, float | None], name: str) -> str:
    if name not in cells:
        return "-"
    return "?" if cells[name] is None else f"{cells[name]:g}"


def _width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _grade_id(cell: dict[str, Any]) -> str | None:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _shown(path: Path) -> Path:
    return path.relative_to(EXERCISES.parent)


if __name__ == "__main__":
    sys.exit(main())
