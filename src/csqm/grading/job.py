"""The pure part of grading: an assignment and a submission in, a graded submission out.

A job opens no gradebook but its own and needs no course folder, so that it can run in any process on
any machine, again if need be, and always gives the same.
"""

import hashlib
import logging
import shutil
import threading
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import nbformat
from nbgrader import api, utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import create_engine, select
from traitlets.config import Config, LoggingConfigurable

from csqm.grading.execute import WarmExecute
from csqm.grading.flags import Flag
from csqm.grading.scratch import MEMORY, scratch
from csqm.grading.submission import Submission
from csqm.text import language, speaking

__all__ = ["Assignment", "Mark", "Result", "read_assignment", "run", "warm_up", "write_files"]

SOURCE = ("cell_type", "source", "checksum", "locked")
MOST_BENCHES = 3
logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())  # nbgrader's warnings are for who asks for them

NOBODY = "submission"  # whose work it is stays with the gradebook


@dataclass(frozen=True)
class Assignment:
    """All that grading an assignment needs besides the submissions.

    Parameters
    ----------
    name : str
        Its name.
    config : Config
        The configuration of the course.
    files : mapping of str to bytes
        What lies in its source folder, by relative path.
    released : mapping of str to bytes
        The notebooks as they were handed out.
    overwritten : sequence of str
        Those of the files that take the place of a submission's.
    gradebook : bytes
        An SQLite gradebook of this assignment, with one empty submission.
    notebooks : sequence of str
        Names of its notebooks.
    language : str
        What graders and trainees are told in, also where this process speaks another one.
    """

    name: str
    config: Config
    files: Mapping[str, bytes]
    released: Mapping[str, bytes]
    overwritten: Sequence[str]
    gradebook: bytes
    notebooks: Sequence[str]
    language: str

    @cached_property
    def key(self) -> str:
        """A text that is the same for equal assignments."""
        digest = hashlib.sha256(repr((self.name, self.config, self.language)).encode())
        for name, content in sorted([*self.files.items(), *self.released.items()]):
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        digest.update(self.gradebook)
        return digest.hexdigest()

    @cached_property
    def grade_ids(self) -> dict[str, set[str]]:
        """The names of the cells of each notebook as it was released."""
        found = {}
        for file, content in self.released.items():
            cells = nbformat.reads(content.decode(), as_version=4).cells
            marks = [cell.metadata.get("nbgrader", {}) for cell in cells]
            found[file.removesuffix(".ipynb")] = {m["grade_id"] for m in marks if "grade_id" in m}
        return found

    def beside(self, submission: Submission) -> dict[str, bytes]:
        """Return the files that lie beside the notebooks of a submission when it is graded."""
        return {**submission.files, **{name: self.files[name] for name in self.overwritten}}


@dataclass(frozen=True)
class Mark:
    """The automatic mark of one cell.

    Parameters
    ----------
    points : float or None
        None where a person gives the points.
    needs_look : bool
        Whether a person has to look.
    """

    points: float | None
    needs_look: bool


@dataclass(frozen=True)
class Result:
    """A graded submission.

    Parameters
    ----------
    notebooks : dict of str to bytes
        The notebooks that were run.
    marks : dict of str to dict of str to Mark
        The marks by notebook and cell.
    comments : dict of str to dict of str to str or None
        The automatic comments by notebook and cell.
    flags : tuple of Flag
        What a person should look at.
    usage : dict of str to dict
        What each notebook took: seconds, memory.
    """

    notebooks: dict[str, bytes] = field(default_factory=dict)
    marks: dict[str, dict[str, Mark]] = field(default_factory=dict)
    comments: dict[str, dict[str, str | None]] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    usage: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_assignment(gradebook: Gradebook, course: CourseDirectory, name: str) -> Assignment:
    """Collect what grading an assignment needs.

    Parameters
    ----------
    gradebook : Gradebook
        The gradebook of the course.
    course : CourseDirectory
        The folders of the course.
    name : str
        Name of the assignment.

    Returns
    -------
    Assignment
        What can be sent to where the jobs run.

    Raises
    ------
    nbgrader.api.MissingEntry
        If the gradebook does not know the assignment.
    """
    source = Path(course.format_path(course.source_directory, ".", name))
    released = Path(course.format_path(course.release_directory, ".", name))
    kept = Autograde(course, parent=course).exclude_overwriting.get(name, [])
    copied = utils.find_all_files(str(source), [*course.ignore, "*.ipynb"])
    overwritten = [Path(file).relative_to(source).as_posix() for file in copied]
    files = [file for pattern in ("*.ipynb", "*/*.ipynb") for file in source.glob(pattern)]
    config = deepcopy(course.config)  # sections of a mere copy would be shared
    config.CourseDirectory.pop("root", None)
    config.WarmExecute.hidden = [*config.WarmExecute.get("hidden", []), course.root]
    return Assignment(
        name,
        config,
        {
            path.relative_to(source).as_posix(): path.read_bytes()
            for path in {*files, *map(Path, copied)}
            if ".ipynb_checkpoints" not in path.parts
        },
        {file.name: file.read_bytes() for file in released.glob("*.ipynb")},
        [file for file in overwritten if file not in kept],
        _structure(gradebook, name),
        [each.name for each in gradebook.find_assignment(name).notebooks],
        language(),
    )


def warm_up(course: CourseDirectory, name: str) -> None:
    """Start what will run the submissions of an assignment in this process, without waiting for it.

    Parameters
    ----------
    course : CourseDirectory
        The folders of the course.
    name : str
        Name of the assignment.
    """
    converter = Autograde(course, parent=course)
    source = Path(course.format_path(course.source_directory, ".", name))
    for step in converter.autograde_preprocessors:
        if issubclass(step, WarmExecute):
            for notebook in source.glob("*.ipynb"):
                step(parent=converter).start(notebook)


def _structure(gradebook: Gradebook, name: str) -> bytes:
    """Copy an assignment out of a gradebook, without anybody's marks."""
    assignment = gradebook.find_assignment(name)
    with TemporaryDirectory(dir=scratch()) as folder:
        file = Path(folder, "gradebook.db")
        url = f"sqlite:///{file}"
        # With its tables there, nbgrader does not start alembic, which takes a second.
        engine = create_engine(url)
        api.Base.metadata.create_all(engine)
        engine.dispose()
        with Gradebook(url) as copy:
            empty = api.Assignment(name=name, course_id=copy.course_id)
            for notebook in assignment.notebooks:
                twin = api.Notebook(name=notebook.name, assignment=empty)
                for kind, cells, columns in (
                    (api.GradeCell, notebook.grade_cells, ("cell_type", "max_score")),
                    (api.SolutionCell, notebook.solution_cells, ()),
                    (api.TaskCell, notebook.task_cells, ("cell_type", "max_score")),
                    (api.SourceCell, notebook.source_cells, SOURCE),
                ):
                    for cell in cells:
                        told = {each: getattr(cell, each) for each in ("name", *columns)}
                        kind(notebook=twin, **told)
            copy.db.add_all([empty, api.Student(id=NOBODY)])
            copy.db.commit()
            copy.add_submission(name, NOBODY)
        return file.read_bytes()


class _Bench(LoggingConfigurable):
    """Where an assignment lies unpacked, with its preprocessors, for as long as this process lives."""

    def __init__(self, assignment: Assignment) -> None:
        self.root = Path(mkdtemp(dir=scratch()))
        config = deepcopy(assignment.config)
        config.CourseDirectory.root = str(self.root)
        super().__init__(config=config, log=logger)
        self.assignment = assignment
        course = CourseDirectory(parent=self)
        source = Path(course.format_path(course.source_directory, ".", assignment.name))
        write_files(source, assignment.files)
        released = Path(course.format_path(course.release_directory, ".", assignment.name))
        write_files(released, assignment.released)
        self.gradebook = self.root / "empty.db"
        self.gradebook.write_bytes(assignment.gradebook)
        converter = Autograde(course, parent=self)
        # nbgrader makes them anew for every notebook; they keep nothing from one to the next but logs.
        self.sanitize = [each(parent=converter) for each in converter.sanitize_preprocessors]
        self.autograde = [
            each(parent=converter)
            for each in converter.autograde_preprocessors
            if not issubclass(each, AssignLatePenalties)  # depends on when, and on others' marks
        ]

    def close(self) -> None:
        """Remove what was unpacked."""
        shutil.rmtree(self.root, ignore_errors=True)


# One for each thread, as preprocessors are not made for several.
_benches: dict[tuple[str, int], _Bench] = {}


def _bench(assignment: Assignment) -> _Bench:
    """Return where an assignment lies unpacked; only the latest are kept."""
    key = assignment.key, threading.get_ident()
    if key not in _benches:
        mine = [each for each in list(_benches) if each[1] == key[1]]
        for old in mine[: 1 - MOST_BENCHES]:
            _benches.pop(old).close()
        _benches[key] = _Bench(assignment)
    return _benches[key]


def run(assignment: Assignment, submission: Submission) -> Result:
    """Grade a submission.

    Parameters
    ----------
    assignment : Assignment
        What was to be done.
    submission : Submission
        What was handed in.

    Returns
    -------
    Result
        The graded submission. A notebook that is missing gets 0 points.
    """
    bench = _bench(assignment)
    told = {"notebooks": {}, "usage": {}, "flags": list(submission.flags)}
    # nbgrader commits after every cell, which costs nothing in memory.
    memory = scratch(MEMORY)
    with (
        speaking(assignment.language),
        TemporaryDirectory(dir=bench.root) as folder,
        TemporaryDirectory(dir=memory) as memory,
    ):
        folder = Path(folder, assignment.name)  # as nbgrader calls it, where notebooks can see it
        write_files(folder, assignment.beside(submission))
        gradebook = Path(memory, "gradebook.db")
        shutil.copyfile(bench.gradebook, gradebook)
        url = f"sqlite:///{gradebook}"
        for name, content in submission.notebooks.items():
            resources = {
                "nbgrader": {
                    "student": NOBODY,
                    "assignment": assignment.name,
                    "notebook": name,
                    "db_url": url,
                },
                "metadata": {"name": name, "path": str(folder), "modified_date": ""},
                "unique_key": name,
                "output_files_dir": f"{name}_files",
            }
            notebook = nbformat.reads(content.decode(), as_version=4)
            with utils.setenv(NBGRADER_EXECUTION="autograde"):
                for step in (*bench.sanitize, *bench.autograde):
                    notebook, resources = step(notebook, resources)
            told["notebooks"][name] = nbformat.writes(notebook).encode()
            told["usage"][name] = resources.get("csqm_usage", {})
            told["flags"] += resources.get("csqm_flags", [])
        marks, comments = _read_marks(url, told["notebooks"])
    return Result(told["notebooks"], marks, comments, tuple(told["flags"]), told["usage"])


def _read_marks(url: str, run: Collection[str]) -> tuple[dict, dict]:
    """Return the marks and comments of a job's gradebook, in which there is but one submission."""
    marks: dict[str, dict[str, Mark]] = defaultdict(dict)
    comments: dict[str, dict[str, str | None]] = defaultdict(dict)
    where = api.Notebook.name, api.BaseCell.name
    grades = select(*where, api.Grade.auto_score, api.Grade.needs_manual_grade)
    texts = select(*where, api.Comment.auto_comment)
    with Gradebook(url) as gradebook:
        found = grades.join(api.Grade.cell).join(api.BaseCell.notebook)
        for notebook, cell, points, needs_look in gradebook.db.execute(found):
            there = notebook in run
            marks[notebook][cell] = Mark(points, needs_look) if there else Mark(0.0, False)
        found = texts.join(api.Comment.cell).join(api.BaseCell.notebook)
        for notebook, cell, text in gradebook.db.execute(found):
            comments[notebook][cell] = text
    return dict(marks), dict(comments)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder.

    Parameters
    ----------
    folder : Path
        The folder, which must not exist.
    files : mapping of str to bytes
        Contents by relative path.
    """
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
