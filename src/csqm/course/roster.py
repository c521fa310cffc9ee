"""The people of a class: read from a CSV file into the gradebook, all or none."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from csqm.course.release import CourseError, read_table
from csqm.text import say

__all__ = ["Trainee", "import_roster", "read_roster"]

# Other headings under which each column is understood.
COLUMNS = {
    "id": ("學號", "員工編號"),
    "first_name": ("名", "名字"),
    "last_name": ("姓", "姓氏"),
    "email": ("電子郵件",),
}

# An id is the name of a folder and part of a pattern of nbgrader.
ID = re.compile(r"[^\W_][\w.@-]*")


@dataclass(frozen=True)
class Trainee:
    """One person of the class.

    Parameters
    ----------
    id : str
        What the person's zip files and folders are named after.
    first_name, last_name, email : str
        May be empty.
    """

    id: str
    first_name: str
    last_name: str
    email: str


def read_roster(file: Path) -> list[Trainee]:
    """Read a roster.

    Parameters
    ----------
    file : Path
        A CSV file in UTF-8 with the columns ``id``, ``first_name``, ``last_name``, ``email``.

    Returns
    -------
    list of Trainee
        In the order of the file.

    Raises
    ------
    CourseError
        If a column is missing, an id is missing, not possible, or there twice, or the file cannot
        be read; the message names the line.
    """
    seen: dict[str, int] = {}
    trainees = []
    for line, row in read_table(file, COLUMNS):
        where = {"file": file.name, "line": line}
        # Windows does not tell folders apart by capital letters.
        key = row["id"].casefold()
        if not ID.fullmatch(row["id"]):
            raise CourseError(say("roster.id", **where, id=row["id"]))
        if key in seen:
            raise CourseError(say("roster.twice", **where, id=row["id"], first=seen[key]))
        for column in ("first_name", "last_name", "email"):
            if row[column][:1] in ("=", "+", "@"):  # a spreadsheet would run it
                raise CourseError(say("roster.formula", **where, column=column))
        seen[key] = line
        trainees.append(Trainee(**row))
    if not trainees:
        raise CourseError(say("roster.empty", file=file.name))
    return trainees


def import_roster(api: Any, trainees: Sequence[Trainee]) -> dict[str, list[str]]:
    """Write a roster to the gradebook: everybody in one step, or nobody.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    trainees : sequence of Trainee
        Those whose names and addresses are taken over; nobody is removed.

    Returns
    -------
    dict of list of str
        The ids that are ``"new"``, ``"changed"``, ``"same"``, and those that are in the gradebook
        but not on this roster: ``"others"``.
    """
    from nbgrader.api import Student

    told: dict[str, list[str]] = {"new": [], "changed": [], "same": [], "others": []}
    with api.gradebook as gradebook:
        present = {student.id: student for student in gradebook.students}
        for trainee in trainees:
            values = asdict(trainee)
            student = present.pop(trainee.id, None)
            if student is None:
                told["new"].append(trainee.id)
                gradebook.db.add(Student(**values))
                continue
            changed = {
                name: each for name, each in values.items() if getattr(student, name) != each
            }
            told["changed" if changed else "same"].append(trainee.id)
            for name, each in changed.items():
                setattr(student, name, each)
        told["others"] = sorted(present)
        gradebook.db.commit()
    return told
