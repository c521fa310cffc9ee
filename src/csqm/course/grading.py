"""Grade what was collected, apply the late rule, and write feedback."""

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csqm.course.release import CourseError, Track, brief, submission_folder
from csqm.grading.flags import Flag
from csqm.grading.report import explain, make_report, write_report
from csqm.text import localise, say

if TYPE_CHECKING:
    from csqm.grading.run import Outcome

__all__ = ["Graded", "apply_late_rule", "give_feedback", "grade", "handed_in", "report"]


@dataclass(frozen=True)
class Graded:
    """What came of grading, or of writing feedback for, one submission.

    Parameters
    ----------
    assignment, student : str
        What, and whose.
    status : {"done", "flagged", "failed", "same"}
        Done now, done but a person should look, not done, or not needed because nothing changed.
    text : str
        What was found, and what a person can do; why it failed.
    flags : tuple of Flag
        The same for machines.
    usage : dict of str to dict
        What running each notebook took.
    """

    assignment: str
    student: str
    status: str
    text: str = ""
    flags: tuple[Flag, ...] = ()
    usage: dict[str, dict[str, Any]] = field(default_factory=dict)


def grade(
    api: Any,
    chosen: Sequence[str],
    *,
    again: bool = False,
    track: Track = iter,
    scheduler: str | None = None,
    workers: int | None = None,
    tell: Callable[[Graded], None] = lambda _: None,
) -> list[Graded]:
    """Grade submissions that are new or changed, and apply the late rule.

    Marks that a person gave stay. Those of answers that are still the same stay settled; the others
    ask for a second look.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments.
    again : bool
        Whether to grade those too that are graded already.
    track : callable
        Goes through the submissions.
    scheduler : str, optional
        Address of a Dask scheduler; otherwise the work is done on this machine.
    workers : int, optional
        Number of processes on this machine; one for each processor unless given.
    tell : callable
        Is told of each submission when it is done.

    Returns
    -------
    list of Graded
        One for each submission, by assignment and student.

    Raises
    ------
    CourseError
        If another run grades the course, or the scheduler does not answer.
    """
    from csqm.grading import run

    work = handed_in(api, chosen)
    done = {}
    with api.gradebook as gradebook:
        outcomes = run.grade(
            gradebook, api.coursedir, work, again=again, scheduler=scheduler, workers=workers
        )
        try:
            with closing(outcomes):
                # One is drawn for each piece of work, in the order in which they are done.
                for _ in track(work):
                    each = _graded(next(outcomes))
                    done[each.assignment, each.student] = each
                    tell(each)
        except run.Busy as error:
            raise CourseError(say("grading.busy", process=error)) from None
        except run.NoScheduler as error:
            raise CourseError(say("grading.no_scheduler", reason=error)) from None
    apply_late_rule(api, chosen)
    return [done[each] for each in work]


def handed_in(api: Any, chosen: Sequence[str]) -> list[tuple[str, str]]:
    """Return what was collected.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments.

    Returns
    -------
    list of (str, str)
        Assignments and students.
    """
    return [
        (part, student) for part in chosen for student in sorted(api.get_submitted_students(part))
    ]


def report(
    api: Any,
    done: Sequence[Graded],
    total: int,
    started: datetime,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
) -> Path:
    """Write the report of a run to the course folder, in place of the one before.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    done : sequence of Graded
        What came of each submission so far.
    total : int
        The number of submissions that were to be graded.
    started : datetime
        When the run began.
    scheduler, workers : optional
        As for `grade`.

    Returns
    -------
    Path
        The page, ``grading-report.html``; ``grading-report.json`` lies beside it.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    root = Path(api.coursedir.root)
    told = make_report(
        done,
        total,
        started,
        datetime.now().astimezone(),
        folder=lambda *each: (
            submission_folder(api, "submitted", *each).relative_to(root).as_posix()
        ),
        scheduler=scheduler,
        workers=workers,
    )
    return write_report(root, told)


def _graded(each: "Outcome") -> Graded:
    text = localise({"en": " ", "zh-Hant": ""}).join(map(explain, each.flags))
    return Graded(each.assignment, each.student, each.status, text, each.flags, each.usage)


def apply_late_rule(api: Any, chosen: Sequence[str]) -> None:
    """Take points off late work by the rule of the course, also for marks a person gave since.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments.
    """
    from nbgrader.preprocessors import AssignLatePenalties

    from csqm.grading.record import apply_late_penalty

    step = AssignLatePenalties(parent=api)
    step.init_plugin()
    with api.gradebook as gradebook:
        for part in chosen:
            for submission in gradebook.assignment_submissions(part):
                apply_late_penalty(submission, step)
        gradebook.db.commit()


def give_feedback(api: Any, chosen: Sequence[str], track: Track = iter) -> list[Graded]:
    """Write a page for everybody whose work is graded.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments.
    track : callable
        Goes through the submissions.

    Returns
    -------
    list of Graded
        One for each page.
    """
    apply_late_rule(api, chosen)
    work = [
        (part, student)
        for part, student in handed_in(api, chosen)
        if _notebook(submission_folder(api, "autograded", part, student)).is_file()
    ]
    done = []
    for part, student in track(work):
        told = api.generate_feedback(part, student)
        if told["success"]:
            done.append(Graded(part, student, "done"))
        else:
            done.append(Graded(part, student, "failed", _reason(told)))
    return done


def _reason(told: dict[str, Any]) -> str:
    """Say in one sentence why nbgrader gave up."""
    text = told.get("log", "") + told["error"]
    if re.search(r"No space left|disk is full|Errno 28|Disk quota exceeded", text):
        return explain(Flag("disk", ""))
    found = re.findall(r"^\s*((?:\w+\.)*\w*(?:Error|Exception)\b.*)$", text, re.M)
    causes = [line for line in found if "NbGraderException" not in line]
    return str((causes or found or [brief(text)])[-1])


def _notebook(folder: Path) -> Path:
    return folder / f"{folder.name}.ipynb"
