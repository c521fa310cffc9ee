"""The one writer: puts graded submissions into the gradebook and the course folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import rmtree

from csqm.grading.flags import need_look
from csqm.grading.job import Assignment, Result, write_files
from csqm.grading.submission import Submission

__all__ = ["Recorder", "apply_late_penalty"]


class Recorder:
    """Writes results, each as a whole or not at all.

    A submission is recorded when its folder lies in ``autograded``; whatever stops the writer before,
    the next run grades it again and comes to the same.

    Parameters
    ----------
    gradebook : Gradebook
        The gradebook of the course.
    course : CourseDirectory
        The folders of the course.
    """

    def __init__(self, gradebook: Gradebook, course: CourseDirectory) -> None:
        self._gradebook = gradebook
        self._course = course
        self._settings = Autograde(course, parent=course)
        self._late = AssignLatePenalties(parent=self._settings)
        self._late.init_plugin()

    def is_recorded(self, assignment: str, student: str) -> bool:
        """Tell whether what was handed in last is graded.

        Parameters
        ----------
        assignment, student : str
            What, and whose.

        Returns
        -------
        bool
            Whether it is.
        """
        submitted, graded = (
            self._folder(step, assignment, student)
            for step in (self._course.submitted_directory, self._course.autograded_directory)
        )
        before = _beside(graded, "before")
        if before.exists():  # stopped in the middle the last time
            rmtree(before) if graded.exists() else before.rename(graded)
        names = [each.name for each in self._gradebook.find_assignment(assignment).notebooks]
        if not all((graded / f"{name}.ipynb").is_file() for name in names):
            return False
        stamps = [self._course.get_existing_timestamp(str(each)) for each in (submitted, graded)]
        return stamps[0] == stamps[1]

    def record(
        self, assignment: Assignment, student: str, submission: Submission, result: Result
    ) -> None:
        """Write a result.

        Parameters
        ----------
        assignment : Assignment
            What was to be done.
        student : str
            Whose work it is.
        submission : Submission
            What was handed in.
        result : Result
            What came of it.

        Raises
        ------
        OSError
            If the files cannot be written; then nothing is changed.
        sqlalchemy.exc.SQLAlchemyError
            If the gradebook cannot be written; then nothing is changed.
        """
        folder = self._folder(self._course.autograded_directory, assignment.name, student)
        new, before = _beside(folder, "new"), _beside(folder, "before")
        known = self._is_known(assignment.name, student)
        try:
            self._write_files(new, assignment, submission, result)
            self._write_marks(assignment.name, student, submission, result, folder)
        except BaseException:
            self._gradebook.db.rollback()
            if not known and self._is_known(assignment.name, student):
                self._gradebook.remove_submission(assignment.name, student)
            if new.exists():
                rmtree(new)
            raise
        if folder.exists():
            if before.exists():
                rmtree(before)
            folder.rename(before)
        new.rename(folder)
        if before.exists():
            rmtree(before)

    def _write_files(
        self, folder: Path, assignment: Assignment, submission: Submission, result: Result
    ) -> None:
        if folder.exists():
            rmtree(folder)
        notebooks = {f"{name}.ipynb": content for name, content in result.notebooks.items()}
        write_files(folder, {**assignment.beside(submission), **notebooks})
        rights = int(str(self._settings.permissions), 8)
        for path in folder.rglob("*"):
            if path.is_file():
                path.chmod(rights)

    def _write_marks(
        self, assignment: str, student: str, submission: Submission, result: Result, folder: Path
    ) -> None:
        gradebook = self._gradebook
        if self._settings.create_student:
            gradebook.update_or_create_student(student)
        told = {}
        if stamp := submission.files.get("timestamp.txt", b"").decode().strip():
            told["timestamp"] = stamp
        submitted = gradebook.update_or_create_submission(assignment, student, **told)
        for notebook in submitted.notebooks:
            same = _unchanged(folder, notebook.name, result.notebooks)
            for grade in notebook.grades:
                mark = result.marks[notebook.name][grade.name]
                judged = grade.manual_score is not None
                settled = judged and not grade.needs_manual_grade and same(grade.name)
                grade.auto_score = mark.points
                grade.needs_manual_grade = (mark.needs_look or judged) and not settled
            for comment in notebook.comments:
                comment.auto_comment = result.comments[notebook.name][comment.name]
            if need_look(result.flags):
                notebook.flagged = True
        gradebook.db.flush()
        apply_late_penalty(submitted, self._late)
        gradebook.db.commit()

    def _is_known(self, assignment: str, student: str) -> bool:
        try:
            self._gradebook.find_submission(assignment, student)
        except MissingEntry:
            return False
        return True

    def _folder(self, step: str, assignment: str, student: str) -> Path:
        return Path(self._course.format_path(step, student, assignment))


def apply_late_penalty(submission: SubmittedAssignment, step: AssignLatePenalties) -> None:
    """Take points off a late submission by the rule of the course.

    Parameters
    ----------
    submission : SubmittedAssignment
        A submission of a gradebook; nothing is committed.
    step : AssignLatePenalties
        nbgrader's step, with its plug-in.
    """
    seconds = submission.total_seconds_late
    for notebook in submission.notebooks:
        told = submission.student.id, notebook.score, seconds
        penalty = step.plugin_inst.late_submission_penalty(*told) if seconds else None
        if penalty is not None:
            penalty = min(max(penalty, 0.0), notebook.score)
        if notebook.late_submission_penalty != penalty:
            notebook.late_submission_penalty = penalty


def _unchanged(folder: Path, name: str, notebooks: Mapping[str, bytes]) -> Any:
    """Return a function that tells whether what a mark depends on is as it was."""
    file = folder / f"{name}.ipynb"
    old = _answers(file.read_bytes() if file.is_file() else None)
    new = _answers(notebooks.get(name))
    # The points of a check depend on all the answers, a judged answer on itself.
    return lambda cell: old[cell] == new.get(cell) if cell in old else old == new


def _answers(notebook: bytes | None) -> dict[str, str]:
    """Return the source of the answer cells of a notebook."""
    if notebook is None:
        return {}
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in json.loads(notebook)["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }


def _beside(folder: Path, what: str) -> Path:
    """Return the hidden folder in which a result waits, or the one before is kept."""
    return folder.with_name(f".{folder.name}.{what}")
