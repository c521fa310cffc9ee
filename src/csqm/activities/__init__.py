"""Interactive exercises that run in JupyterLab and, without a kernel, in the book."""

from functools import cache
from pathlib import Path
from typing import Any

from csqm.activities.answers import export_answers, import_answers
from csqm.activities.base import Activity
from csqm.activities.content import ContentError, load, localised, paths
from csqm.activities.kinds import KINDS
from csqm.text import listed, say

__all__ = [
    "Activity",
    "ContentError",
    "activity",
    "book_script",
    "book_style",
    "export_answers",
    "import_answers",
]

_HERE = Path(__file__).parent
_EXPORT = "export default {"


def activity(slug: str, folder: Path | str = "answers") -> Activity:
    """Make one of the course's activities, in the current language, with its saved answer.

    Parameters
    ----------
    slug : str
        Name of the activity, for instance ``"stakeholder-map"``.
    folder : Path or str, optional
        Where answers are saved; ``answers`` beside the notebook unless told otherwise.

    Returns
    -------
    Activity
        A widget. ``answer`` is what the trainee has done, ``score()`` the feedback on it.

    Raises
    ------
    ValueError
        If there is no such activity.
    ContentError
        If its file breaks a rule.

    Examples
    --------
    >>> quiz = activity("quiz-1", folder="no-answers-here")
    >>> quiz.answer
    {'choices': {}}
    >>> quiz.score()["points"]
    0.0
    """
    if slug not in paths():
        raise ValueError(say("activities.unknown_activity", slug=slug, known=listed(paths())))
    content = _content(slug, paths()[slug].stat().st_mtime_ns)
    return KINDS[content["kind"]](localised(content), folder)


@cache
def _content(slug: str, changed: int) -> dict[str, Any]:
    """Return an activity's content, read again only when its file has changed."""
    return load(paths()[slug])


def book_script() -> str:
    """Return the script that brings the activities of a page of the book to life.

    It is a classic script made of the same files as the widgets, so that it also works from a
    folder without a server, and needs neither `eval` nor any other file.

    Returns
    -------
    str
        JavaScript.
    """
    kinds = [
        _as_entry(name, "\n".join(map(_read, [*kind.scripts, f"kinds/{name}.js"])))
        for name, kind in KINDS.items()
    ]
    parts = ["(() => {", '"use strict";', _read("common.js"), "const kinds = {};", *kinds]
    return "\n".join([*parts, _read("book.js"), "})();", ""])


def book_style() -> str:
    """Return the style sheet of the activities.

    Returns
    -------
    str
        CSS.
    """
    return "\n".join(map(_read, ["activities.css", *(f"kinds/{kind}.css" for kind in KINDS)]))


def _as_entry(kind: str, module: str) -> str:
    """Turn a kind's module into a block that enters it into `kinds`."""
    if module.count(_EXPORT) != 1 or module.count("export ") != 1 or "import " in module:
        raise RuntimeError(f"kinds/{kind}.js must have one `{_EXPORT}` and no other import/export")
    return "{\n" + module.replace(_EXPORT, f"kinds.{kind} = {{") + "\n}"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
