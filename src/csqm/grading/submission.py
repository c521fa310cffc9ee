"""Reads what somebody handed in: nothing in the folder is followed, run, or trusted.

What can be mended is mended, what cannot be used is left out, and each has its flag. Where no
notebook can be graded, `Unreadable` says what a person can do.
"""

import errno
import json
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat

from csqm.grading.flags import Flag
from csqm.text import Message

__all__ = ["Submission", "Unreadable", "read_submission"]

# Far more than an assignment needs, far less than fills the memory or an hour.
MOST_SEEN = 200_000  # files and folders that are looked at
MOST_FILES = 2_000
MOST_CELLS = 5_000
MOST_TEXT = 1_000_000  # characters of all the cells of a notebook
MOST_VALUES = 3_000_000  # values of a notebook's JSON, each of which takes memory

NOTEBOOK = re.compile(r"\.ipynb(\.json|\.txt)?$", re.IGNORECASE)  # browsers add .json or .txt
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# What programs leave behind; nobody hands it in on purpose.
ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029\ud800-\udfff]")  # in a name
LEFT_BEHIND = {".ipynb_checkpoints", ".pytest_cache", "__MACOSX", "__pycache__"}
KINDS = (
    (stat.S_ISLNK, Message("submission.a_link")),
    (stat.S_ISFIFO, Message("submission.a_pipe")),
    (stat.S_ISSOCK, Message("submission.a_socket")),
    (stat.S_ISBLK, Message("submission.a_device")),
    (stat.S_ISCHR, Message("submission.a_device")),
)
ERRORS = {errno.EACCES: "no_right", errno.ENAMETOOLONG: "long_name", errno.EINVAL: "replaced"}


@dataclass(frozen=True)
class Submission:
    """What somebody handed in, read into memory.

    Parameters
    ----------
    notebooks : dict of str to bytes
        By the name in the assignment, without ``.ipynb``: a valid notebook of format 4 in UTF-8,
        without outputs, and of the cells' metadata with nothing but nbgrader's.
    files : dict of str to bytes
        Everything else by its path in the folder, with ``/`` between the parts.
    flags : tuple of Flag
        What was mended or left out.
    """

    notebooks: dict[str, bytes]
    files: dict[str, bytes]
    flags: tuple[Flag, ...]


class Unreadable(Exception):
    """Nothing of a submission can be graded; its flags say why, and what to do.

    Parameters
    ----------
    kind : {"missing", "ambiguous", "other", "large", "forbidden", "special", "damaged", "format"}
        What is wrong.
    found : Message
        The same, and what a person can do about it, in one sentence.
    """

    def __init__(self, kind: str, found: Message) -> None:
        super().__init__(found)
        self.flags = (Flag(kind, found),)


def read_submission(
    folder: Path,
    notebooks: Sequence[str],
    *,
    most_mb: float = 50,
    grade_ids: Mapping[str, Collection[str]] | None = None,
) -> Submission:
    """Read a submission; it may be broken, or hostile.

    A notebook that was renamed, or lies in a folder of its own, is recognised if no other could be
    meant. Where one of several notebooks cannot be read, the others are graded without it.

    Parameters
    ----------
    folder : Path
        Where the submission lies.
    notebooks : sequence of str
        Names of the notebooks of the assignment, without ``.ipynb``.
    most_mb : float
        Size in megabytes that is read; files beyond it are left out.
    grade_ids : mapping of str to collection of str, optional
        The names of the cells of each notebook, to tell those of another assignment.

    Returns
    -------
    Submission
        What can be graded.

    Raises
    ------
    Unreadable
        If no notebook can be.
    """
    room = int(most_mb * 1_000_000)
    flags: list[Flag] = []
    sizes, special = _look(folder, flags)
    known = {f"{name}.ipynb" for name in notebooks}
    spare = _spare_notebooks(folder, sizes, known, room)
    taken: set[str] = set()
    ready: dict[str, bytes] = {}
    refusals = []
    for name in notebooks:
        try:
            path = _choose(name, spare, special, known | taken, (grade_ids or {}).get(name))
            ready[name] = json.dumps(
                spare[path].notebook, ensure_ascii=False, allow_nan=False
            ).encode()
            taken.add(path)
            flags += spare[path].flags
            if path != f"{name}.ipynb":
                taken_for = _shown(f"{name}.ipynb")
                told = Message("submission.renamed", path=_shown(path), name=taken_for)
                flags.append(Flag("renamed", told))
        except Unreadable as refusal:
            refusals.append(refusal)
    if not ready:
        refusals[0].flags += tuple(flags[:3])  # what was left out may be what is missing
        raise refusals[0]
    flags += [flag for refusal in refusals for flag in refusal.flags]
    room -= sum(sizes[path] for path in taken)
    files = _read_files(folder, {p: n for p, n in sizes.items() if p not in taken}, room, flags)
    return Submission(ready, _moved(files, taken), tuple(flags))


# ---- the folder


def _look(folder: Path, flags: list[Flag]) -> tuple[dict[str, int], dict[str, Message]]:
    """Return the sizes of the files, the nearest first, and what is no file."""
    sizes: dict[str, int] = {}
    special: dict[str, Message] = {}
    if folder.is_symlink() or not folder.is_dir():
        raise Unreadable("missing", Message("submission.no_folder", path=_shown(folder.name)))
    waiting = [PurePosixPath()]
    seen = 0
    for where in waiting:  # grows while it is gone through
        try:
            with os.scandir(folder / where) as entries:
                found = sorted(islice(entries, MOST_SEEN - seen), key=lambda entry: entry.name)
        except OSError as error:
            if not where.name:
                raise _forbidden("submission.forbidden_folder", folder.name, error) from None
            flags.append(_left_out(str(where), _unreadable(error)))
            continue
        seen += len(found)
        for entry in found:
            path = where / entry.name
            if entry.name in LEFT_BEHIND:
                continue
            if ODD.search(entry.name):
                flags.append(_left_out(str(path), Message("submission.odd_name")))
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                flags.append(_left_out(str(path), _unreadable(error)))
                continue
            if stat.S_ISDIR(status.st_mode):
                waiting.append(path)
            elif stat.S_ISREG(status.st_mode):
                sizes[str(path)] = status.st_size
            else:
                special[str(path)] = next(
                    (name for test, name in KINDS if test(status.st_mode)),
                    Message("submission.no_file"),
                )
                why = Message("submission.is_special", kind=special[str(path)])
                flags.append(_left_out(str(path), why))
        if seen >= MOST_SEEN:
            flags.append(Flag("large", Message("submission.many_files", most=MOST_SEEN)))
            break
    return sizes, special


def _read_files(
    folder: Path, sizes: dict[str, int], room: int, flags: list[Flag]
) -> dict[str, bytes]:
    """Read what there is room for."""
    files: dict[str, bytes] = {}
    beyond = []
    for path, size in sizes.items():
        if size > room or len(files) >= MOST_FILES:
            beyond.append(path)
            continue
        try:
            files[path] = _read(folder / path, size)
        except OSError as error:
            flags.append(_left_out(path, _unreadable(error)))
        else:
            room -= size
    if beyond:
        entry = "submission.beyond_many" if beyond[1:] else "submission.beyond"
        told = Message(entry, path=_shown(beyond[0]), more=len(beyond) - 1)
        flags.append(Flag("large", told))
    return files


def _read(path: Path, size: int) -> bytes:
    """Read a regular file, no more of it than there was; never wait, never follow a link."""
    how = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, how | getattr(os, "O_BINARY", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return file.read(size)


def _moved(files: dict[str, bytes], taken: Collection[str]) -> dict[str, bytes]:
    """Let the files that lie with a notebook in a folder of its own lie beside it again."""
    homes = [f"{parent}/" for path in taken if (parent := PurePosixPath(path).parent).name]
    for home in homes:
        files = {path.removeprefix(home): content for path, content in files.items()}
    return files


def _left_out(path: str, why: Message) -> Flag:
    return Flag("left-out", Message("submission.left_out", path=_shown(path), why=why))


def _forbidden(entry: str, path: str, error: OSError) -> Unreadable:
    return Unreadable("forbidden", Message(entry, path=_shown(path), reason=_reason(error)))


def _shown(path: str) -> Message:
    """Return a path as it can be shown to a person, whatever is in it."""
    short = path if len(path) <= 80 else f"{path[:40]}...{path[-37:]}"
    plain = "".join(letter if letter.isprintable() else "?" for letter in short)
    return Message("submission.path", path=plain)


def _unreadable(error: OSError) -> Message:
    return Message("submission.unreadable", reason=_reason(error))


def _reason(error: OSError) -> Message | str:
    """Return what the system says; seldom errors have no translation."""
    entry = ERRORS.get(error.errno or 0)
    return Message(f"submission.{entry}") if entry else error.strerror or type(error).__name__


# ---- which notebook is meant


class _Spare:
    """A notebook that lies in the folder, read when it is needed."""

    def __init__(self, folder: Path, path: str, room: int) -> None:
        self.path, self.folder, self.room = path, folder, room
        self.flags: list[Flag] = []

    @cached_property
    def content(self) -> bytes:
        """The file as it is."""
        try:
            size = (self.folder / self.path).lstat().st_size
            if size > self.room:
                told = {"path": _shown(self.path), "size": size / 1e6, "most": self.room / 1e6}
                raise Unreadable("large", Message("submission.large", **told))
            return _read(self.folder / self.path, size)
        except OSError as error:
            raise _forbidden("submission.forbidden", self.path, error) from None

    @cached_property
    def notebook(self) -> dict[str, Any]:
        """The notebook, mended."""
        found: list[Flag] = []
        notebook = _mended(_parse(self.content, self.path, found), self.path, found)
        self.flags = found
        return notebook

    @cached_property
    def grade_ids(self) -> set[str]:
        """The names of the cells, as far as they can be found."""
        try:
            cells = self.notebook["cells"]
        except Unreadable:
            return set()
        return {cell["metadata"]["nbgrader"]["grade_id"] for cell in cells if cell["metadata"]}


def _spare_notebooks(
    folder: Path, sizes: Mapping[str, int], known: Collection[str], room: int
) -> dict[str, _Spare]:
    """Return the notebooks by path: those of the right names, and others that there is room for."""
    spare = {}
    left = room
    for path, size in sizes.items():
        if NOTEBOOK.search(path) and (path in known or left > 0):
            spare[path] = _Spare(folder, path, room)
            left -= 0 if path in known else size
    return spare


def _choose(
    name: str,
    spare: Mapping[str, _Spare],
    special: Mapping[str, Message],
    known: Collection[str],
    wanted: Collection[str] | None,
) -> str:
    """Return the path of the notebook that is meant by a name."""
    expected = f"{name}.ipynb"
    told = {"path": _shown(expected)}
    if expected in special:
        raise Unreadable("special", Message("submission.special", kind=special[expected], **told))

    def foreign(each: _Spare) -> bool:
        return bool(wanted and each.grade_ids) and each.grade_ids.isdisjoint(wanted or ())

    if expected in spare:
        if foreign(spare[expected]):
            raise Unreadable("other", Message("submission.other", **told))
        return expected
    others = [each for path, each in spare.items() if path not in known and not foreign(each)]
    carrying = [each for each in others if each.grade_ids]
    found = _same(name, carrying or others)
    if len(found) == 1:
        return found[0].path
    if found:
        paths = [_shown(each.path) for each in found[:5]]
        raise Unreadable("ambiguous", Message("submission.ambiguous", paths=paths, **told))
    raise Unreadable("missing", Message("submission.missing", **told))


def _same(name: str, found: list[_Spare]) -> list[_Spare]:
    """Narrow a choice to those of the right name, and count equal ones once."""

    def base(each: _Spare) -> str:
        return NOTEBOOK.sub("", PurePosixPath(each.path).name).casefold()

    named = [each for each in found if base(each) == name.casefold()] or found
    try:
        return list({each.content: each for each in reversed(named)}.values())[::-1]
    except Unreadable:
        return named


# ---- the notebook


def _parse(content: bytes, path: str, flags: list[Flag]) -> dict[str, Any]:
    """Return the notebook in a file, as format 4, its cells not yet looked at."""
    shown = _shown(path)
    text = _decode(content, shown, flags)
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        raise Unreadable("large", Message("submission.many_values", path=shown))
    try:
        found = json.loads(text, parse_constant=lambda _: None)
    except RecursionError:
        raise Unreadable("damaged", Message("submission.deep", path=shown)) from None
    except ValueError as error:
        at = getattr(error, "pos", 0)
        cut = at >= len(text.rstrip()) or "Unterminated" in str(error)
        entry = "empty" if not text.strip() else "cut" if cut else "damaged"
        told = Message(f"submission.{entry}", path=shown, at=at)
        raise Unreadable("damaged", told) from None
    if isinstance(found, dict) and found.get("nbformat") in (1, 2, 3):
        found = _upgraded(found, shown)
        flags.append(Flag("format", Message("submission.upgraded", path=shown)))
    if not (isinstance(found, dict) and found.get("nbformat") == 4):
        version = found.get("nbformat") if isinstance(found, dict) else None
        entry = "other_format" if isinstance(version, int) else "no_notebook"
        raise Unreadable("format", Message(f"submission.{entry}", path=shown, version=version))
    if not isinstance(found.get("cells"), list):
        raise Unreadable("format", Message("submission.no_cells", path=shown))
    return found


def _decode(content: bytes, shown: Message, flags: list[Flag]) -> str:
    """Return the text of a file, which should be UTF-8."""
    encoding: str = json.detect_encoding(content)  # UTF-8, -16 or -32
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp950" if _is_big5(content) else encoding
        text = content.decode(encoding, "replace")
    if encoding not in ("utf-8", "utf-8-sig") or "\ufffd" in text:
        entry = "submission.encoding_lost" if "\ufffd" in text else "submission.encoding"
        flags.append(Flag("encoding", Message(entry, path=shown, encoding=encoding)))
    return text


def _is_big5(content: bytes) -> bool:
    """Tell whether text is surely in Big5: nearly all of it common characters of that code."""
    try:
        content.decode("cp950")
    except UnicodeDecodeError:
        return False
    pairs = re.findall(rb"[\x81-\xfe][\x40-\xfe]", content)
    common = sum(b"\xa1\x40" <= pair <= b"\xc6\x7e" for pair in pairs)  # Big5, level 1 and signs
    return bool(common > 0.9 * len(pairs))


def _upgraded(found: dict[str, Any], shown: Message) -> dict[str, Any]:
    try:
        return dict(nbformat.reads(json.dumps(found), as_version=4))  # type: ignore[no-untyped-call]
    except Exception:  # whatever is wrong with it, the reader of old formats did not expect it
        raise Unreadable("format", Message("submission.old_damaged", path=shown)) from None


def _mended(found: dict[str, Any], path: str, flags: list[Flag]) -> dict[str, Any]:
    """Return a notebook of what can be used of another: its cells, and which kernel runs it."""
    shown = _shown(path)
    if len(found["cells"]) > MOST_CELLS:
        raise Unreadable("large", Message("submission.many_cells", path=shown, most=MOST_CELLS))
    damaged: list[int] = []
    used: set[str] = set()
    cells = [_cell(cell, number, damaged, used) for number, cell in enumerate(found["cells"], 1)]
    if damaged:
        which = [*damaged[:9], *(["..."] if damaged[9:] else [])]
        flags.append(Flag("mended", Message("submission.mended", path=shown, cells=which)))
    if sum(len(cell["source"]) for cell in cells) > MOST_TEXT:
        raise Unreadable("large", Message("submission.long", path=shown, most=MOST_TEXT))
    metadata = found.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    kernel = kernel if isinstance(kernel, dict) else {}
    names = {
        key: _plain(kernel[key])
        for key in ("name", "display_name")
        if isinstance(kernel.get(key), str)
    }
    return {
        "cells": cells,
        "metadata": {"kernelspec": names} if len(names) == 2 else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(cell: Any, number: int, damaged: list[int], used: set[str]) -> dict[str, Any]:
    """Return a valid cell; where that took more than leaving out, note its number."""
    wrong = not isinstance(cell, dict)
    cell = {} if wrong else cell
    source = cell.get("source")
    if isinstance(source, list):
        wrong |= not all(isinstance(line, str) for line in source)
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        wrong, source = True, ""
    kind = cell.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        wrong, kind = True, "raw"
    text = _plain(source)
    if wrong or text != source:
        damaged.append(number)
    name = cell.get("id")
    if not (isinstance(name, str) and CELL_ID.fullmatch(name) and name not in used):
        name = next(name for name in _names(number) if name not in used)
    used.add(name)
    marks = _marks(cell)
    made: dict[str, Any] = {
        "cell_type": kind,
        "id": name,
        "metadata": {"nbgrader": marks} if marks else {},
        "source": text,
    }
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    elif attachments := _attachments(cell.get("attachments")):
        made["attachments"] = attachments
    return made


def _names(number: int) -> Iterator[str]:
    """Return names for a cell without one: always the same, as marks must not depend on chance."""
    yield f"cell-{number}"
    yield from (f"cell-{number}-{turn}" for turn in range(1, MOST_CELLS + 2))


def _marks(cell: dict[str, Any]) -> dict[str, Any]:
    """Return what nbgrader noted in a cell; only its name counts, the rest may show tampering."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not (isinstance(marks, dict) and isinstance(marks.get("grade_id"), str)):
        return {}
    kept = {
        key: marks[key]
        for key in ("grade", "solution", "locked", "task", "points")
        if isinstance(marks.get(key), int | float) and abs(marks[key]) < 1e6
    }
    return kept | {"grade_id": _plain(marks["grade_id"])}


def _attachments(found: Any) -> dict[str, dict[str, str]]:
    """Return the pictures that were put into a text."""
    if not isinstance(found, dict):
        return {}
    kept = {
        _plain(name): {
            kind: content
            for kind, content in data.items()
            if kind.startswith("image/") and isinstance(content, str) and content.isascii()
        }
        for name, data in found.items()
        if isinstance(data, dict)
    }
    return {name: data for name, data in kept.items() if data}


def _plain(text: str) -> str:
    """Replace halves of characters, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
