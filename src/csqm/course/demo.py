"""The whole life of an assignment with invented trainees: `python -m csqm.course.demo`."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from csqm.course import grading
from csqm.course.checker import grade_id
from csqm.course.collect import collect
from csqm.course.marks import Mark, read_marks, rows, table, write_marks
from csqm.course.release import EXERCISES, generate, make_course, open_course, parts, zip_folder
from csqm.grading.sandbox import NoSandbox, check
from csqm.text import LANGUAGES, say, set_language

__all__ = [
    "grade",
    "main",
    "mistakes",
    "saved_answers",
    "solutions",
    "submit",
    "submit_broken",
]

BUILD = EXERCISES.parent / "_build" / "grading"
HANDED_IN = "handed-in"


def main() -> None:
    """Grade the demonstration submissions of both editions and print the marks."""
    for lang in LANGUAGES:
        set_language(lang)
        for part in parts():
            course = BUILD / lang / part
            shutil.rmtree(course, ignore_errors=True)
            make_course(lang, course, [part])
            print(say("demo.start", part=part, course=_shown(course)))
            with open_course(course) as api:
                generate(api, part)
            _submit_everybody(course, part)
            marks = grade(course, part)
            print(table(marks))
            print(say("demo.marks", file=_shown(course / "marks.csv")))
            print(say("demo.feedback", folder=_shown(course / "feedback")), end="\n\n")


def grade(course: Path, part: str) -> list[Mark]:
    """Collect what was handed in, grade it, write feedback and ``marks.csv``.

    Parameters
    ----------
    course : Path
        A course whose assignment was released, with the submissions in ``handed-in``.
    part : str
        Slug of the part.

    Returns
    -------
    list of Mark
        One for each who handed in, by name.
    """
    with open_course(course) as api:
        try:
            check()
        except NoSandbox:
            api.config.WarmExecute.sandbox = False  # these answers are our own
        collected = collect(api, [course / HANDED_IN])
        graded = grading.grade(api, [part])
        grading.give_feedback(api, [part])
        write_marks(rows(api, [part]), "csv", course / "marks.csv")
        told = {each.student: each.text for each in graded if each.status == "failed"}
        told |= {
            each.student or Path(each.source).stem: each.text
            for each in collected
            if each.status == "refused"
        }
        return read_marks(api, part, told)


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
        name = grade_id(cell)
        if name in without:
            continue
        if name in doubled:
            cells.append(cell | {"id": f"{cell['id']}-copy"})
        cells.append(cell | {"source": answers.get(name, cell["source"])})
    notebook["cells"] = cells

    folder = course / ".work" / student / part
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "answers").mkdir(parents=True)
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    (folder / f"{part}.ipynb").write_text(text, encoding="utf-8")
    for slug, text in (saved or {}).items():
        (folder / "answers" / f"{slug}.json").write_text(text, encoding="utf-8")
    (course / HANDED_IN).mkdir(exist_ok=True)
    return zip_folder(folder, course / HANDED_IN / f"{student}.zip")


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
    notebook = course / ".work" / "not-json" / part / f"{part}.ipynb"
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


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _shown(path: Path) -> Path:
    return path.relative_to(EXERCISES.parent)


if __name__ == "__main__":
    sys.exit(main())
