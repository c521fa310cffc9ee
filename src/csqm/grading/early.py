"""Starts at once what ran the submissions of a course last time, while all else is imported.

It is used if the settings are still the same. `csqm.grading.execute` says what it has started.
"""

import atexit
import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from csqm.grading.sandbox import NoSandbox
from csqm.grading.zygote import Zygote

__all__ = ["note", "start", "take"]

_waiting: list[tuple[dict[str, Any], Zygote]] = []  # one or none


def start(course: Path) -> None:
    """Start what ran the submissions of a course last time, if there was a last time.

    Parameters
    ----------
    course : Path
        The folder of the course.
    """
    _close()
    with suppress(OSError, ValueError, TypeError, NoSandbox):
        told = json.loads(_file(course).read_text(encoding="utf-8"))
        _waiting.append((told, Zygote(**told)))


def take(told: dict[str, Any]) -> Zygote | None:
    """Return what was started, once; if it has other settings than are wanted now, end it.

    Parameters
    ----------
    told : dict
        Arguments of `csqm.grading.zygote.Zygote` that JSON can hold.

    Returns
    -------
    Zygote or None
        None if there is none.
    """
    if _waiting and _waiting[0][0] == told and _waiting[0][1].alive:
        return _waiting.pop()[1]
    _close()
    return None


def note(course: Path, told: dict[str, Any]) -> None:
    """Note what to start next time.

    Parameters
    ----------
    course : Path
        The folder of the course.
    told : dict
        Arguments of `csqm.grading.zygote.Zygote` that JSON can hold.
    """
    with suppress(OSError):
        _file(course).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _file(course).write_text(json.dumps(told), encoding="utf-8")


def _file(course: Path) -> Path:
    name = hashlib.sha256(str(course.resolve()).encode()).hexdigest()
    return user_cache_path("csqm") / "grading" / f"{name}.json"


@atexit.register
def _close() -> None:
    while _waiting:
        _waiting.pop()[1].close()
