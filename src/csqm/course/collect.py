"""Collect what a class hands in: zip files of a mail, of Moodle, of a shared folder, an exchange.

Nothing is unpacked as it comes: of each hand-in the notebook and the saved answers are read, and
nothing else. What came earlier is kept in ``downloaded/<assignment>/archive/<trainee>/``.
"""

import json
import re
import stat
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from csqm.course.release import CourseError, Track, assignments, brief, submission_folder
from csqm.text import listed, say

__all__ = ["Collected", "collect", "collect_exchange"]

# Far more than an assignment needs, far less than fills a disk or the memory.
MOST_FILES = 2_000
MOST_BYTES = 100_000_000
MOST_BYTES_OF_A_CLASS = 2_000_000_000

# The folder that Moodle makes for each person, or the beginning of the file's name.
MOODLE = re.compile(r"(?P<name>.+?)_\d+_assignsubmission_(?:file|onlinetext)_?")
STAMP = "%Y-%m-%dT%H-%M-%SZ"


@dataclass(frozen=True)
class Collected:
    """What came of one thing that was handed in.

    Parameters
    ----------
    source : str
        The file or folder.
    status : {"new", "newer", "earlier", "same", "refused"}
        Collected; collected and counts from now on; kept, but a later one counts; there already;
        not collected.
    student, assignment : str
        Whose, and what; empty if that is not known.
    time : datetime or None
        When it was handed in.
    late : bool
        Whether that was after the due date.
    text : str
        Why it was refused, or a remark.
    """

    source: str
    status: str
    student: str = ""
    assignment: str = ""
    time: datetime | None = None
    late: bool = False
    text: str = ""


class _Refused(Exception):
    """A hand-in cannot be collected; the text says why and what to do."""


@dataclass(frozen=True)
class _Entry:
    """A file in a folder or in a zip file."""

    path: PurePosixPath
    time: datetime
    read: Callable[[], bytes]


@dataclass(frozen=True)
class _HandIn:
    """What one person handed in; `hints` are names that may tell who that is, the nearest first."""

    source: str
    hints: Sequence[str]
    time: datetime
    entries: Callable[[], list[_Entry]]


def collect(
    api: Any, paths: Sequence[Path], received: datetime | None = None, track: Track = iter
) -> list[Collected]:
    """Collect zip files and folders.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    paths : sequence of Path
        Zip files, folders with zip files or with one folder for each trainee, downloads of Moodle.
    received : datetime, optional
        When all of it was handed in; else the time of each file.
    track : callable
        Goes through what was handed in.

    Returns
    -------
    list of Collected
        One for each notebook or refusal. One that is refused does not stop the others.
    """
    known = assignments(api)
    with api.gradebook as gradebook:
        people = {each.id: _names(each) for each in gradebook.students}
    due = _due_dates(api)
    done = []
    for hand_in in track([each for path in paths for each in _hand_ins(path, people)]):
        moment = received or hand_in.time
        student = ""
        try:
            student = _owner(hand_in.hints, people, known)
            for part, files, remark in _submissions(hand_in.entries(), known):
                if not part:
                    done.append(Collected(hand_in.source, "refused", student, text=remark))
                    continue
                status = _store(api, part, student, files, moment)
                late = _is_late(moment, due.get(part))
                told = (hand_in.source, status, student, part, moment, late, remark)
                done.append(Collected(*told))
        except _Refused as refusal:
            done.append(Collected(hand_in.source, "refused", student, text=str(refusal)))
        except OSError as error:
            told = say("collect.not_written", reason=error.strerror or error)
            done.append(Collected(hand_in.source, "refused", student, text=told))
    return done


def collect_exchange(api: Any, chosen: Sequence[str], track: Track = iter) -> list[Collected]:
    """Collect from nbgrader's exchange, and keep what came earlier.

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
    list of Collected
        One for each submission that was not there before.

    Raises
    ------
    CourseError
        If there is no exchange.
    """
    if not api.exchange_is_functional:
        raise CourseError(say("collect.no_exchange", folder=api.exchange_root))
    done = []
    for part in track(chosen):
        before = {name: _keep_submitted(api, part, name) for name in _submitted(api, part)}
        told = api.collect(part)
        if not told["success"]:
            raise CourseError(brief(told["error"]))
        due = _due_dates(api).get(part)
        for student in _submitted(api, part):
            moment = _keep_submitted(api, part, student)
            if moment == before.get(student):
                continue
            status = "newer" if student in before else "new"
            late = _is_late(moment, due)
            done.append(Collected(say("collect.exchange"), status, student, part, moment, late))
    return done


def _due_dates(api: Any) -> dict[str, datetime | None]:
    with api.gradebook as gradebook:
        return {each.name: each.duedate for each in gradebook.assignments}


def _is_late(moment: datetime | None, due: datetime | None) -> bool:
    """Tell whether a time is after a due date of the gradebook, which is in UTC."""
    return bool(moment and due) and moment > due.replace(tzinfo=UTC)


# ---- what was handed in


def _hand_ins(path: Path, people: dict[str, set[str]]) -> Iterator[_HandIn]:
    """Take a path apart into what single persons handed in."""
    if path.is_dir():
        yield from _split(_folder_entries(path), str(path), people)
        return
    moment = _time(path) if path.is_file() else datetime.now(UTC)
    alone = _HandIn(str(path), [path.stem, path.parent.name], moment, lambda: _open(path, moment))
    try:
        entries = _open(path, moment, MOST_BYTES_OF_A_CLASS)
    except _Refused:
        yield alone  # says so when it is opened
        return
    names = [entry.path for entry in entries if not _hidden(entry.path)]
    of_class = any(MOODLE.match(name.parts[0]) for name in names) or (
        any(name.suffix == ".zip" for name in names)
        and not any(name.suffix == ".ipynb" for name in names)
    )
    if of_class:
        yield from _split(entries, str(path), people)
    else:
        yield alone


def _open(path: Path, moment: datetime, most: int = MOST_BYTES) -> list[_Entry]:
    """Return the entries of a zip file on disk."""
    if not path.is_file():
        raise _Refused(say("collect.absent"))
    if path.suffix.lower() != ".zip":
        raise _Refused(say("collect.no_zip"))
    return _zip_entries(path, moment, most)


def _split(entries: list[_Entry], source: str, people: dict[str, set[str]]) -> Iterator[_HandIn]:
    """Take apart what a class handed in: zip files, and notebooks in one folder per person."""
    loose = defaultdict(list)
    ids = {each.casefold() for each in people}
    for entry in entries:
        if _hidden(entry.path):
            continue
        *folders, _ = entry.path.parts
        if entry.path.suffix.lower() == ".zip":
            yield _HandIn(
                f"{source}/{entry.path}",
                [entry.path.stem, *reversed(folders), Path(source).name],
                entry.time,
                lambda entry=entry: _zip_entries(BytesIO(entry.read()), entry.time),
            )
        elif entry.path.suffix in (".ipynb", ".json"):
            moodle = MOODLE.match(entry.path.parts[0])
            owner = next((name for name in folders if name.casefold() in ids), "")
            loose[owner or (moodle and moodle[0]) or "".join(folders[:1])].append(entry)
    for owner, files in loose.items():
        if any(entry.path.suffix == ".ipynb" for entry in files):
            moment = max(entry.time for entry in files)
            hints = [owner] if owner else [Path(source).resolve().name]
            label = f"{source}/{owner}".rstrip("/")
            yield _HandIn(label, hints, moment, lambda files=files: files)


def _folder_entries(folder: Path) -> list[_Entry]:
    return [
        _Entry(PurePosixPath(path.relative_to(folder).as_posix()), _time(path), path.read_bytes)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= MOST_BYTES
    ]


def _zip_entries(file: Any, moment: datetime, most: int = MOST_BYTES) -> list[_Entry]:
    """Return the files in a zip file, after looking at all that it says of itself."""
    try:
        archive = ZipFile(file)
    except (BadZipFile, OSError, ValueError):
        raise _Refused(say("collect.zip_broken")) from None
    infos = [info for info in archive.infolist() if not info.is_dir()]
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        outside = path.is_absolute() or ".." in path.parts or ":" in path.parts[0]
        if outside or stat.S_ISLNK(info.external_attr >> 16):
            raise _Refused(say("collect.zip_outside", file=info.filename))
        if info.flag_bits & 1:
            raise _Refused(say("collect.zip_password"))
    if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > most:
        raise _Refused(say("collect.zip_bomb", most=most // 1_000_000))
    return [
        _Entry(
            PurePosixPath(info.filename.replace("\\", "/")),
            _time_in_zip(info, moment),
            lambda info=info: _read(archive, info),
        )
        for info in infos
    ]


def _read(archive: ZipFile, info: ZipInfo) -> bytes:
    """Read one file, and not more than is allowed, whatever its size is said to be."""
    try:
        with archive.open(info) as file:
            content = file.read(MOST_BYTES + 1)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError):
        raise _Refused(say("collect.zip_broken")) from None
    if len(content) > MOST_BYTES:
        raise _Refused(say("collect.zip_bomb", most=MOST_BYTES // 1_000_000))
    return content


def _submissions(
    entries: list[_Entry], known: Sequence[str]
) -> Iterator[tuple[str, dict[str, bytes], str]]:
    """Find the assignments in a hand-in: name, files and a remark; no name where it is refused."""
    entries = [entry for entry in entries if not _hidden(entry.path)]
    notebooks = [entry for entry in entries if entry.path.suffix == ".ipynb"]
    if not notebooks:
        raise _Refused(say("collect.zip_no_notebook"))
    found = defaultdict(list)
    others = []
    for entry in notebooks:
        content = entry.read()
        name = MOODLE.sub("", entry.path.name)
        try:
            notebook = json.loads(content)
            told = notebook["metadata"].get("csqm", {}).get("assignment")
            notebook["cells"][0]["cell_type"]
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            yield "", {}, say("collect.unreadable", file=name)
            continue
        stem = name.removesuffix(".ipynb")
        part = told or stem
        if told and stem in known and stem != told:
            yield "", {}, say("collect.other_cells", file=name, assignment=told)
        elif part in known:
            found[part].append((name, entry.path.parent, content))
        else:
            others.append(name)
    if others and not found:
        yield "", {}, say("collect.wrong_name", files=listed(others), known=listed(known))
    for part, copies in found.items():
        right = [copy for copy in copies if copy[0] == f"{part}.ipynb"] or copies
        if len(right) > 1:
            files = listed(str(folder / name) for name, folder, _ in right)
            yield "", {}, say("collect.zip_twice", files=files)
            continue
        ((name, folder, content),) = right
        files = {f"{part}.ipynb": content}
        for entry in entries:
            if entry.path.parent == folder / "answers" and entry.path.suffix == ".json":
                files[f"answers/{entry.path.name}"] = entry.read()
        renamed = name != f"{part}.ipynb"
        yield part, files, say("collect.renamed", file=name) if renamed else ""


def _owner(hints: Sequence[str], people: dict[str, set[str]], known: Sequence[str]) -> str:
    """Find out who handed something in."""
    from csqm.course.roster import ID

    if not people:  # a class without a roster: the file is named after the person
        if ID.fullmatch(hints[0]):
            return hints[0]
        raise _Refused(say("collect.no_id", name=hints[0]))
    by_id = {student.casefold(): student for student in people}
    for hint in hints:
        if hint.casefold() in by_id:
            return by_id[hint.casefold()]
        if moodle := MOODLE.match(hint):
            same = [each for each, names in people.items() if _plain(moodle["name"]) in names]
            if len(same) > 1:
                raise _Refused(say("collect.same_name", name=moodle["name"], ids=listed(same)))
            if same:
                return same[0]
    for hint in hints:
        rest = hint.casefold()
        for part in known:
            rest = rest.replace(part, " ")
        inside = [
            each for each in by_id if re.search(rf"(?<![^\W_]){re.escape(each)}(?![^\W_])", rest)
        ]
        longest = max(inside, key=len, default="")
        if longest and all(each in longest for each in inside):
            return by_id[longest]
    raise _Refused(say("collect.not_on_roster", name=hints[0]))


def _names(student: Any) -> set[str]:
    """Return the ways in which Moodle may write a name."""
    first, last = student.first_name or "", student.last_name or ""
    return {_plain(first + last), _plain(last + first)} - {""}


def _plain(name: str) -> str:
    return re.sub(r"[\s,，]+", "", name).casefold()


def _hidden(path: PurePosixPath) -> bool:
    """Tell whether a file is one that programs leave behind."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _time(path: Path) -> datetime:
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


def _time_in_zip(info: ZipInfo, otherwise: datetime) -> datetime:
    """Return when a file in a zip file was written, by the clock of this computer."""
    try:
        moment = datetime(*info.date_time).astimezone(UTC)
    except ValueError:
        return otherwise
    return otherwise if moment.year < 2000 else moment


# ---- what is kept


def _store(api: Any, part: str, student: str, files: dict[str, bytes], moment: datetime) -> str:
    """Keep a submission; let it count if it is the latest. Return the status."""
    archive = _archive(api, part, student)
    archive.mkdir(parents=True, exist_ok=True)
    content = _pack(part, files)
    earlier = _kept(archive)
    moment = moment.astimezone(UTC)
    while (file := archive / f"{moment.strftime(STAMP)}.zip") in earlier:
        if file.read_bytes() == content:
            return "same"
        moment += timedelta(seconds=1)  # another one at the same time: the order stays
    if earlier and earlier[-1].read_bytes() == content:
        return "same"
    _write(file, content)
    if _kept(archive)[-1] != file:
        return "earlier"
    _submit(submission_folder(api, "submitted", part, student), files, moment)
    return "newer" if earlier else "new"


def _submit(folder: Path, files: dict[str, bytes], moment: datetime) -> None:
    """Put a submission where nbgrader looks for it, in one step."""
    from nbgrader.utils import rmtree

    new = folder.with_name(f".{folder.name}.new")
    if new.exists():
        rmtree(new)
    stamp = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC".encode()
    for name, content in {**files, "timestamp.txt": stamp}.items():
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).write_bytes(content)
    if folder.exists():
        rmtree(folder)
    new.rename(folder)


def _keep_submitted(api: Any, part: str, student: str) -> datetime | None:
    """Keep a copy of what nbgrader collected itself; return when it was handed in."""
    folder = submission_folder(api, "submitted", part, student)
    moment = api.coursedir.get_existing_timestamp(str(folder))
    if moment is None:
        return None
    archive = _archive(api, part, student)
    archive.mkdir(parents=True, exist_ok=True)
    names = [f"{part}.ipynb", *(f"answers/{path.name}" for path in folder.glob("answers/*.json"))]
    files = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    file = archive / f"{moment.strftime(STAMP)}.zip"
    if not file.exists():
        _write(file, _pack(part, files))
    return moment.replace(tzinfo=UTC)


def _pack(part: str, files: dict[str, bytes]) -> bytes:
    """Return a zip file that is the same for the same files."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(ZipInfo(f"{part}/{name}"), content, ZIP_DEFLATED)
    return buffer.getvalue()


def _write(file: Path, content: bytes) -> None:
    """Write a file wholly or not at all."""
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_bytes(content)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def _kept(archive: Path) -> list[Path]:
    """Return what was handed in, in the order of time."""
    return sorted(archive.glob("[!.]*.zip"))


def _submitted(api: Any, part: str) -> list[str]:
    """Return those whose work lies where nbgrader looks for it."""
    return sorted(api.get_submitted_students(part))


def _archive(api: Any, part: str, student: str) -> Path:
    return Path(api.coursedir.root) / "downloaded" / part / "archive" / student
