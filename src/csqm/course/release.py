"""A course for one class, and the release version of its assignments: no solutions, no hidden tests."""

import csv
import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from csqm.text import LANGUAGES, language, listed, say, set_language

__all__ = [
    "DATASETS",
    "EXERCISES",
    "CourseError",
    "Release",
    "assignments",
    "brief",
    "generate",
    "make_course",
    "make_release",
    "open_course",
    "parts",
    "read_calendar",
    "read_table",
    "release",
    "set_due_dates",
    "submission_folder",
    "zip_folder",
]

EXERCISES = Path(__file__).parents[3] / "exercises"
DATASETS = EXERCISES.parent / "datasets"
CONFIG = "nbgrader_config.py"

# Goes through a sequence; the command line gives one that draws a progress bar.
Track = Callable[[Sequence[Any]], Iterable[Any]]


class CourseError(Exception):
    """Something cannot be done; the text says what, why, and what to do."""


@dataclass(frozen=True)
class Release:
    """A zip file for trainees.

    Parameters
    ----------
    assignment : str
        Name of the assignment.
    file : Path
        The zip file.
    new : bool
        Whether it was written now; an unchanged one stays as it is.
    """

    assignment: str
    file: Path
    new: bool


def parts(lang: str = LANGUAGES[0]) -> list[str]:
    """Return the slugs of the parts that have an assignment, in order.

    Parameters
    ----------
    lang : {"en", "zh-Hant"}
        Language of the edition.

    Returns
    -------
    list of str
        As ``["1-customers", …]``.

    Raises
    ------
    CourseError
        If the assignments are not beside the package: an installed wheel does not have them.
    """
    source = EXERCISES / lang / "source"
    if not source.is_dir():
        raise CourseError(say("release.no_exercises", folder=EXERCISES))
    return sorted(path.name for path in source.iterdir() if path.is_dir())


def make_course(lang: str, folder: Path, chosen: Iterable[str] | None = None) -> Path:
    """Make an nbgrader course: assignments with their data and checker, rubrics, settings.

    Parameters
    ----------
    lang : {"en", "zh-Hant"}
        Language of the course.
    folder : Path
        The new course; it may exist if it is empty.
    chosen : iterable of str, optional
        Slugs of the parts; all if none are given.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CourseError
        If the folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(say("release.not_empty", folder=folder))
    edition = EXERCISES / lang
    for part in parts(lang) if chosen is None else chosen:
        source = folder / "source" / part
        shutil.copytree(
            edition / "source" / part, source, ignore=shutil.ignore_patterns(".ipynb_checkpoints")
        )
        shutil.copy(Path(__file__).parent / "templates" / "check.py", source)
        notebook = (source / f"{part}.ipynb").read_text(encoding="utf-8")
        for name in sorted(set(re.findall(r'\bload\(\\"(\w+)\\"', notebook))):
            (source / "data").mkdir(exist_ok=True)
            shutil.copy(DATASETS / f"{name}.csv", source / "data")
        (folder / "rubrics").mkdir(exist_ok=True)
        shutil.copy(edition / "rubrics" / f"{part}.md", folder / "rubrics")
    shutil.copy(edition / CONFIG, folder)
    return folder


@contextmanager
def open_course(folder: Path) -> Iterator[Any]:
    """Open a course through nbgrader's API, in its own language.

    Parameters
    ----------
    folder : Path
        The folder with ``nbgrader_config.py``.

    Yields
    ------
    NbGraderAPI
        What nbgrader's commands and Formgrader use as well.

    Raises
    ------
    CourseError
        If it is not the folder of a course.
    """
    from jupyter_core.application import JupyterApp
    from jupyter_core.paths import jupyter_config_path
    from nbgrader.apps import NbGrader
    from nbgrader.apps.api import NbGraderAPI
    from sqlalchemy.exc import SAWarning

    if not (folder / CONFIG).is_file():
        raise CourseError(say("release.no_course", folder=folder.resolve()))
    folder = folder.resolve()
    before = language(), os.environ.copy(), Path.cwd()
    app = NbGrader()
    app.raise_config_file_errors = True
    try:
        super(JupyterApp, app).load_config_file("nbgrader_config", [folder, *jupyter_config_path()])
        app.config.CourseDirectory.root = str(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own queries
            yield NbGraderAPI(config=app.config)
    finally:
        os.chdir(before[2])  # nbgrader changes it, and stays away when it fails
        set_language(before[0])
        for name in ("CSQM_LANG", "PATH"):
            os.environ.pop(name, None)
            if name in before[1]:
                os.environ[name] = before[1][name]


def assignments(api: Any, chosen: Sequence[str] = ()) -> list[str]:
    """Return the assignments of a course.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Those that are asked for; all if empty.

    Returns
    -------
    list of str
        Their names, in order.

    Raises
    ------
    CourseError
        If one that is asked for does not exist.
    """
    known = sorted(api.get_source_assignments())
    if unknown := [name for name in chosen if name not in known]:
        raise CourseError(
            say("release.unknown_assignment", names=listed(unknown), known=listed(known))
        )
    return [name for name in known if not chosen or name in chosen]


def generate(api: Any, assignment: str) -> None:
    """Write the release version of an assignment and put its points in the gradebook.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    assignment : str
        Name of the assignment.

    Raises
    ------
    CourseError
        If nbgrader refuses.
    """
    done = api.generate_assignment(assignment)
    if not done["success"]:
        raise CourseError(
            say("release.not_generated", assignment=assignment, reason=brief(done["error"]))
        )


def submission_folder(api: Any, step: str, part: str, student: str) -> Path:
    """Return the folder in which nbgrader keeps a submission.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    step : {"submitted", "autograded"}
        As it was handed in, or graded.
    part, student : str
        What, and whose.

    Returns
    -------
    Path
        The folder, which need not exist.
    """
    where = {
        "submitted": api.coursedir.submitted_directory,
        "autograded": api.coursedir.autograded_directory,
    }
    return Path(api.coursedir.format_path(where[step], student, part))


def brief(error: str) -> str:
    r"""Return the last line of a traceback, or all of another text.

    Parameters
    ----------
    error : str
        What nbgrader reported.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> brief("Traceback (most recent call last): …\nOSError: No space left on device")
    'OSError: No space left on device'
    """
    return error.strip().split("\n")[-1]


def read_table(file: Path, columns: dict[str, tuple[str, ...]]) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV file with a heading, line by line.

    Parameters
    ----------
    file : Path
        In UTF-8, as spreadsheets write it.
    columns : dict
        The columns that must be there, and other names that each may have.

    Returns
    -------
    list of (int, dict)
        For each line that is not empty its number in the file and its values.

    Raises
    ------
    CourseError
        If it cannot be read; the message names the line.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise CourseError(say("release.no_file", file=file, reason=error.strerror)) from None
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            raise CourseError(say("release.encoding", file=file.name, line=number)) from None
    reader = csv.reader(raw.decode("utf-8-sig").splitlines())
    heading = [name.strip() for name in next(reader, [])]
    place = {}
    for column, others in columns.items():
        found = [n for n, name in enumerate(heading) if name.lower() in (column, *others)]
        if len(found) != 1:
            raise CourseError(
                say("release.column", file=file.name, column=column, found=listed(heading))
            )
        place[column] = found[0]
    rows = []
    for values in reader:
        if any(value.strip() for value in values):
            if len(values) != len(heading):
                counts = {"found": len(values), "expected": len(heading)}
                raise CourseError(
                    say("release.width", file=file.name, line=reader.line_num, **counts)
                )
            rows.append((reader.line_num, {name: values[n].strip() for name, n in place.items()}))
    return rows


def read_calendar(file: Path, known: Sequence[str]) -> dict[str, datetime]:
    """Read the due dates of assignments.

    Parameters
    ----------
    file : Path
        A CSV file with the columns ``assignment`` and ``due``; a day alone means its end.
    known : sequence of str
        The assignments that exist.

    Returns
    -------
    dict of datetime
        When each is due, with its time zone: that of this computer if the file gives none.

    Raises
    ------
    CourseError
        If something cannot be read; the message names the line.
    """
    due: dict[str, datetime] = {}
    for line, row in read_table(file, {"assignment": ("作業",), "due": ("截止時間",)}):
        where = {"file": file.name, "line": line}
        name = row["assignment"]
        if name not in known:
            raise CourseError(say("release.calendar_name", **where, name=name, known=listed(known)))
        if name in due:
            raise CourseError(say("release.calendar_twice", **where, name=name))
        try:
            moment = datetime.fromisoformat(row["due"].replace("/", "-"))
        except ValueError:
            raise CourseError(say("release.calendar_date", **where, value=row["due"])) from None
        if len(row["due"]) <= 10:
            moment = datetime.combine(moment, time(23, 59, 59))
        due[name] = moment.astimezone()
    return due


def set_due_dates(api: Any, due: dict[str, datetime]) -> None:
    """Write due dates to the gradebook.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    due : dict of datetime
        When each assignment is due.
    """
    with api.gradebook as gradebook:
        for name, moment in due.items():
            naive = moment.astimezone(UTC).replace(tzinfo=None)
            gradebook.update_or_create_assignment(name, duedate=naive)


def release(api: Any, chosen: Sequence[str], track: Track = iter) -> list[Release]:
    """Generate assignments and pack each as a zip file for trainees.

    A release that differs from the last one gets a number, in the name of the file and of the
    folder inside: unpacking it never touches what a trainee has written in an earlier one.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments.
    track : callable
        Goes through them.

    Returns
    -------
    list of Release
        One for each assignment.
    """
    handouts = Path(api.coursedir.root) / "handouts"
    handouts.mkdir(exist_ok=True)
    done = []
    for name in track(chosen):
        generate(api, name)
        folder = Path(api.coursedir.root) / "release" / name
        earlier = sorted(
            handouts.glob(f"assignment-{name}*.zip"), key=lambda path: (len(path.name), path.name)
        )
        if earlier and _contents(earlier[-1]) == _files(folder):
            done.append(Release(name, earlier[-1], False))
            continue
        number = f"-v{len(earlier) + 1}" if earlier else ""
        file = handouts / f"assignment-{name}{number}.zip"
        done.append(Release(name, zip_folder(folder, file, f"{name}{number}"), True))
    return done


def make_release(lang: str, part: str, into: Path) -> Path:
    """Make the zip file of one assignment, as the book offers it.

    The same source gives the same bytes.

    Parameters
    ----------
    lang : {"en", "zh-Hant"}
        Language of the edition.
    part : str
        Slug of the part, as ``"1-customers"``.
    into : Path
        Folder for the zip file; it is made if it does not exist.

    Returns
    -------
    Path
        The file ``assignment-<part>.zip``, which holds the folder ``<part>``.
    """
    into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        course = make_course(lang, Path(temporary) / "course", [part])
        with open_course(course) as api:
            (made,) = release(api, [part])
        return Path(shutil.copy(made.file, into))


def zip_folder(folder: Path, file: Path, name: str = "") -> Path:
    """Pack a folder, always with the same bytes.

    Parameters
    ----------
    folder : Path
        What to pack.
    file : Path
        The zip file to write.
    name : str
        Name of the folder inside; its own if none is given.

    Returns
    -------
    Path
        The zip file.
    """
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for path, content in _files(folder).items():
            entry = ZipInfo(f"{name or folder.name}/{path}")
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return file


def _files(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _contents(file: Path) -> dict[str, bytes]:
    """Return the files of a zip file, without the folder that holds them."""
    with ZipFile(file) as archive:
        return {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
