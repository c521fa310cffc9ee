"""What all activities share: content, the saved answer, what a page without a kernel gets."""

import json
from collections.abc import Container
from html import escape
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakSet

import anywidget
import traitlets

from csqm.activities import answers
from csqm.activities.content import Fault, words
from csqm.text import language, say

__all__ = ["Activity"]

HERE = Path(__file__).parent


class Activity(anywidget.AnyWidget):
    """A widget that computes feedback on the trainee's own answer.

    The answer is saved on every change and comes back when the activity is made again. A saved
    answer that cannot be used is renamed, reported in `notice`, and never overwritten.

    Parameters
    ----------
    content : dict
        Content in one language.
    folder : Path or str
        Where the answer is saved.

    Attributes
    ----------
    answer : dict
        The answer: ids and numbers.
    """

    kind: ClassVar[str]
    empty: ClassVar[dict[str, Any]]
    scripts: ClassVar[tuple[str, ...]] = ()  # files that the kind's script builds on
    _alive: ClassVar[WeakSet["Activity"]] = WeakSet()

    content = traitlets.Dict().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    lang = traitlets.Unicode().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)
    kept = traitlets.Unicode().tag(sync=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "kind" in vars(cls):  # not when traits are added to an instance
            cls._esm = _joined("common.js", *cls.scripts, f"kinds/{cls.kind}.js")
            cls._css = _joined("activities.css", f"kinds/{cls.kind}.css")
        super().__init_subclass__(**kwargs)

    def __init__(self, content: dict[str, Any], folder: Path | str = "answers") -> None:
        self._file = Path(folder) / f"{content['slug']}.json"
        self._saves = True
        super().__init__(
            content=content, words=words(content["kind"]), lang=language(), answer=self.empty
        )
        self.kept = say("activities.kept_in_file", file=self._file.as_posix())
        self._restore()
        self.observe(self._save, names="answer")
        self._alive.add(self)

    @classmethod
    def faults(cls, content: dict[str, Any]) -> list[Fault]:
        """Return the rules of this kind, beyond the schema, that the content breaks."""
        raise NotImplementedError

    @staticmethod
    def valid(content: dict[str, Any], answer: Any) -> bool:
        """Tell whether this can be an answer to the activity."""
        raise NotImplementedError

    @staticmethod
    def mark(content: dict[str, Any], answer: dict[str, Any], words: dict[str, str]) -> dict:
        """Compute points, groups of feedback lines and the state of each item.

        The kind's ``score`` in JavaScript computes the same.
        """
        raise NotImplementedError

    @staticmethod
    def printed(content: dict[str, Any], words: dict[str, str]) -> str:
        """Return the activity as HTML to read and print where no script runs."""
        raise NotImplementedError

    def score(self) -> dict[str, Any]:
        """Compute the points and the feedback for the present answer.

        Returns
        -------
        dict
            ``points``, from 0 to 1, and ``lines``, the feedback in the activity's language.
        """
        result = self.mark(self.content, self.answer, self.words)
        lines = [line for group in result["groups"] for line in group["lines"]]
        wrong = [item["line"] for item in result["items"].values() if item.get("state") == "wrong"]
        return {"points": result["points"], "lines": lines + wrong}

    @traitlets.validate("answer")
    def _validate_answer(self, proposal: Any) -> dict[str, Any]:
        if not self.valid(self.content, proposal["value"]):
            raise traitlets.TraitError(
                say(
                    "activities.bad_answer",
                    slug=self.content["slug"],
                    answer=proposal["value"],
                    empty=self.empty,
                )
            )
        return proposal["value"]

    @classmethod
    def unusable(cls, content: dict[str, Any], saved: Any) -> str | None:
        """Return why what was saved is no answer to the activity, ``None`` if it is one."""
        if not isinstance(saved, dict) or saved.get("schema") != answers.VERSION:
            return "version"
        mine = (saved.get("activity"), saved.get("kind")) == (content["slug"], cls.kind)
        return None if mine and cls.valid(content, saved.get("answer")) else "other"

    @classmethod
    def show_saved(cls, files: Container[Path]) -> None:
        """Let the widgets that save in these files show what is there now."""
        for widget in list(cls._alive):
            if widget._file.resolve() in files:
                widget._restore()

    def _restore(self) -> None:
        if not self._file.exists():
            return
        saved, reason = answers.read(self._file, lambda saved: self.unusable(self.content, saved))
        if reason:
            self._set_aside(say(f"activities.reason_{reason}"))
        else:
            self.answer = saved["answer"]

    def _set_aside(self, reason: str) -> None:
        aside = answers.spare(self._file, "broken")
        told = {"file": self._file.as_posix(), "reason": reason}
        try:
            self._file.rename(aside)
            self.notice = say("activities.broken_answer", aside=aside.as_posix(), **told)
        except OSError:
            self._saves = False
            self.notice = say("activities.stuck_answer", **told)
        print(self.notice)

    def _save(self, change: Any) -> None:
        if not self._saves:
            return
        saved = answers.envelope(self.content["slug"], self.kind, self.answer)
        try:
            answers.write(self._file, saved)
        except OSError:
            self.notice = say("activities.not_saved", file=self._file.as_posix())
        else:
            self.notice = ""

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"text/plain": self.content["title"], "text/html": self._html()}, metadata

    def _html(self) -> str:
        given = {"content": self.content, "words": self.words}
        script = json.dumps(given, ensure_ascii=False).replace("<", "\\u003c")
        title, task = escape(self.content["title"]), escape(self.content["task"])
        slug = self.content["slug"]
        return (
            f'<div class="csqm-activity" id="activity-{slug}" data-activity="{slug}"'
            f' data-kind="{self.kind}" data-lang="{self.lang}">'
            f'<script type="application/json">{script}</script>'
            f'<div class="csqm-activity-static" lang="{self.lang}">'
            f'<p class="csqm-title">{title}</p><p>{task}</p>'
            f"{self.printed(self.content, self.words)}</div></div>"
        )


def _joined(*names: str) -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
