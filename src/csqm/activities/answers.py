"""Saved answers: one file for each activity, and all of them in one file that can travel."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from csqm.activities.content import load, localised, paths
from csqm.text import listed, say

__all__ = ["export_answers", "import_answers"]

VERSION = 1
FORMAT = "csqm-answers"  # what a file of all answers says it is


def envelope(slug: str, kind: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer in the form in which it is saved, here and in the book."""
    return {"schema": VERSION, "activity": slug, "kind": kind, "answer": answer}


def read(file: Path, unusable: Callable[[Any], str | None]) -> tuple[Any, str | None]:
    """Return what a file holds, and why it cannot be used: ``None`` if it can."""
    try:
        saved = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError:
        return None, "unreadable"
    except (ValueError, RecursionError):
        return None, "not_json"
    return saved, unusable(saved)


def write(file: Path, saved: Any) -> None:
    """Write a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(_bytes(saved))
    os.replace(part, file)


def spare(file: Path, why: str) -> Path:
    """Return the next free name beside a file: ``quiz-1.broken-1.json``."""
    number = 1
    while (free := file.with_suffix(f".{why}-{number}.json")).exists():
        number += 1
    return free


def export_answers(file: Path | str = "csqm-answers.json", folder: Path | str = "answers") -> None:
    """Save all answers of a folder in one file, which the book's page "Your progress" can load.

    Says which answers the file holds, and which could not be used; those stay where they are.

    Parameters
    ----------
    file : Path or str, optional
        The file to write. One of that name is replaced.
    folder : Path or str, optional
        Where the answers are; ``answers`` beside the notebook unless told otherwise.

    Raises
    ------
    ValueError
        If the folder holds no answer.

    Examples
    --------
    >>> export_answers(folder="no-answers-here")
    Traceback (most recent call last):
        ...
    ValueError: There is no answer in the folder `no-answers-here`. Name the folder ...
    """
    from csqm.activities.kinds import KINDS

    file, folder = Path(file), Path(folder)
    found, lines = {}, []
    for slug in paths():
        place = folder / f"{slug}.json"
        if not place.exists():
            continue
        saved, reason = read(place, _check_for(slug))
        if reason:
            lines.append(_say("left_out", file=place.as_posix(), reason=_reason(reason)))
        elif saved["answer"] != KINDS[saved["kind"]].empty:
            found[slug] = saved
    if not found:
        raise ValueError("\n".join([_say("nothing", folder=folder.as_posix()), *lines]))
    write(file, {"file": FORMAT, "schema": VERSION, "answers": list(found.values())})
    print("\n".join([_say("saved", file=file.as_posix(), **_counted(found)), *lines]))


def import_answers(file: Path | str = "csqm-answers.json", folder: Path | str = "answers") -> None:
    """Load answers from one file, as the book's page "Your progress" or `export_answers` saves it.

    Nothing is lost: an answer that differs from that of the file is kept under another name, and so
    is an entry of the file that cannot be used. Exercises that are open show what was loaded.

    Parameters
    ----------
    file : Path or str, optional
        The file to load.
    folder : Path or str, optional
        Where the answers go; ``answers`` beside the notebook unless told otherwise.

    Raises
    ------
    ValueError
        If it is not a file of answers, or was written by another version of the course. Then nothing
        has changed.

    Examples
    --------
    >>> import_answers("no-such-file.json")
    Traceback (most recent call last):
        ...
    ValueError: No answers were loaded from `no-such-file.json`: it cannot be read...
    """
    from csqm.activities.base import Activity

    file, folder = Path(file), Path(folder)
    holds, reason = read(file, _unusable_file)
    if reason:
        raise ValueError(_say("refused", file=file.as_posix(), reason=_reason(reason)))
    found: dict[str, list[str]] = {"loaded": [], "same": []}
    lines = []
    seen: set[str] = set()
    for entry in holds["answers"]:
        slug, reason = _name(entry), _unusable_entry(entry, seen)
        if reason:
            aside = _keep_entry(folder / f"{slug}.json", entry).as_posix()
            told = {"name": slug, "reason": _reason(reason), "aside": aside}
            lines.append(_say("broken", **told))
            continue
        seen.add(slug)
        outcome, line = _take(entry, folder / f"{slug}.json")
        found.get(outcome, []).append(slug)
        lines += [line] if line else []
    Activity.show_saved({(folder / f"{slug}.json").resolve() for slug in found["loaded"]})
    told = [
        _say(outcome, file=file.as_posix(), **_counted(slugs))
        for outcome, slugs in found.items()
        if slugs
    ]
    print("\n".join([*told, *lines]) or _say("empty", file=file.as_posix()))


def _take(entry: dict[str, Any], place: Path) -> tuple[str, str]:
    """Write an answer where it belongs; return what came of it, and what there is to say."""
    from csqm.activities.kinds import KINDS

    slug, empty, aside = entry["activity"], KINDS[entry["kind"]].empty, None
    if place.exists():
        mine, reason = read(place, _check_for(slug))
        if not reason and mine["answer"] == entry["answer"]:
            return "same", ""
        if entry["answer"] == empty:
            return "nothing", ""
        if reason or mine["answer"] != empty:
            aside = spare(place, "broken" if reason else "before")
    try:
        if aside:
            shutil.copyfile(place, aside)
        write(place, envelope(slug, entry["kind"], entry["answer"]))
    except OSError:
        return "failed", _say("failed", name=slug, file=place.as_posix())
    kept = _say("kept", name=slug, aside=aside.as_posix()) if aside else ""
    return "loaded", kept


def _unusable_file(holds: Any) -> str | None:
    if not isinstance(holds, dict) or holds.get("file") != FORMAT:
        return "not_answers"
    if holds.get("schema") != VERSION:
        return "version"
    return None if isinstance(holds.get("answers"), list) else "not_answers"


def _unusable_entry(entry: Any, seen: set[str]) -> str | None:
    """Return why an entry of a file of answers cannot be used."""
    slug = entry.get("activity") if isinstance(entry, dict) else None
    if not isinstance(slug, str) or slug not in paths():
        return "unknown"
    return "twice" if slug in seen else _check_for(slug)(entry)


def _check_for(slug: str) -> Callable[[Any], str | None]:
    from csqm.activities.kinds import KINDS

    content = localised(load(paths()[slug]))
    return lambda saved: KINDS[content["kind"]].unusable(content, saved)


def _name(entry: Any) -> str:
    """Return the name of an entry's activity, if it can be part of a file's name."""
    slug = entry.get("activity") if isinstance(entry, dict) else None
    fits = isinstance(slug, str) and re.fullmatch(r"[a-z0-9-]{1,60}", slug)
    return str(slug) if fits else "unnamed"


def _keep_entry(place: Path, entry: Any) -> Path:
    """Keep an entry that cannot be used beside the answers, once."""
    for kept in place.parent.glob(f"{place.stem}.broken-*.json"):
        if kept.read_bytes() == _bytes(entry):
            return kept
    aside = spare(place, "broken")
    write(aside, entry)
    return aside


def _bytes(saved: Any) -> bytes:
    # half of a character, which a tampered file may hold, becomes the escape that JSON has for it
    return json.dumps(saved, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _counted(slugs: Any) -> dict[str, Any]:
    return {"number": len(slugs), "names": listed(slugs)}


def _reason(key: str) -> str:
    return say(f"activities.reason_{key}")


def _say(key: str, **values: Any) -> str:
    return say(f"activities.answers_{key}", **values)
