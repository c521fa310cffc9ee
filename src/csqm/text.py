"""The two languages of the course: which one is spoken, and the catalogues of messages."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

__all__ = [
    "LANGUAGES",
    "Message",
    "catalogue",
    "language",
    "listed",
    "localise",
    "say",
    "set_language",
    "speaking",
]

LANGUAGES = ("en", "zh-Hant")

_MESSAGES = Path(__file__).parent / "messages"
_chosen: str | None = None
_for_now: ContextVar[str | None] = ContextVar("language", default=None)


def set_language(code: str) -> None:
    """Choose the language of messages, labels, charts and activities.

    Parameters
    ----------
    code : {"en", "zh-Hant"}
        English or Traditional Chinese.

    Examples
    --------
    >>> set_language("zh-Hant")
    >>> language()
    'zh-Hant'
    >>> set_language("en")
    """
    global _chosen
    _chosen = _checked(code)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language for a while, in this thread alone.

    Parameters
    ----------
    code : {"en", "zh-Hant"}
        English or Traditional Chinese.

    Examples
    --------
    >>> with speaking("zh-Hant"):
    ...     language()
    'zh-Hant'
    """
    before = _for_now.set(_checked(code))
    try:
        yield
    finally:
        _for_now.reset(before)


def language() -> str:
    """Return the current language.

    It is the one of `speaking`, else the one given to `set_language`, else the environment variable
    ``CSQM_LANG``, else English.

    Returns
    -------
    str
        ``"en"`` or ``"zh-Hant"``.
    """
    return _for_now.get() or _chosen or _checked(os.environ.get("CSQM_LANG") or "en")


def say(key: str, /, **values: Any) -> str:
    """Return a message of a catalogue in the current language.

    Parameters
    ----------
    key : str
        File and entry, as ``"stakeholders.yield_range"`` for the entry ``[yield_range]`` of
        ``messages/stakeholders.toml``.
    **values
        What the placeholders of the message stand for.

    Returns
    -------
    str
        The message, placeholders filled in.

    Raises
    ------
    KeyError
        If the catalogue, the entry or the language is missing.

    Examples
    --------
    >>> set_language("en")
    >>> say("text.unknown_language", code="fr")
    "The language must be 'en' or 'zh-Hant'; 'fr' is neither."
    """
    name, _, entry = key.partition(".")
    messages = catalogue(name).get(entry, {})
    if language() not in messages:
        raise KeyError(f"{key} ({language()})")
    return messages[language()].format(**values)


class Message:
    """A message that is said later, in the language that is then the current one.

    Parameters
    ----------
    key : str
        File and entry, as for `say`.
    **values
        What the placeholders of the message stand for; they can be messages, and lists of them.

    Examples
    --------
    >>> set_language("en")
    >>> str(Message("text.unknown_language", code="fr"))
    "The language must be 'en' or 'zh-Hant'; 'fr' is neither."
    """

    def __init__(self, key: str, /, **values: Any) -> None:
        self.key = key
        self.values = values

    def __str__(self) -> str:
        """Say it."""
        values = {
            name: listed(value) if isinstance(value, list) else value
            for name, value in self.values.items()
        }
        return say(self.key, **values)

    def __repr__(self) -> str:
        """Return what makes it."""
        told = [repr(self.key), *(f"{name}={value!r}" for name, value in self.values.items())]
        return f"Message({', '.join(told)})"

    def __eq__(self, other: object) -> bool:
        """Tell whether another says the same."""
        return isinstance(other, Message) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


def localise(value: Any) -> Any:
    """Pick the current language from a mapping by language; return anything else as it is.

    Parameters
    ----------
    value : mapping or object
        For instance ``{"en": "Pay", "zh-Hant": "薪資"}``.

    Returns
    -------
    object
        The value for the current language.

    Raises
    ------
    KeyError
        If the mapping lacks the current language.

    Examples
    --------
    >>> set_language("zh-Hant")
    >>> localise({"en": "Pay", "zh-Hant": "薪資"})
    '薪資'
    >>> localise(5)
    5
    >>> set_language("en")
    """
    return value[language()] if isinstance(value, Mapping) else value


def listed(values: Iterable[Any]) -> str:
    """Join values with the list mark of the current language.

    Parameters
    ----------
    values : iterable
        What to list.

    Returns
    -------
    str
        The values, joined by a comma or by 、.

    Examples
    --------
    >>> set_language("en")
    >>> listed([1, 2, 3])
    '1, 2, 3'
    """
    mark: str = localise({"en": ", ", "zh-Hant": "、"})
    return mark.join(map(str, values))


@cache
def catalogue(name: str) -> dict[str, dict[str, str]]:
    """Return all messages of a catalogue, by entry and language, placeholders unfilled.

    Parameters
    ----------
    name : str
        Its file in ``messages``, without the ending.

    Returns
    -------
    dict
        What is not to be changed.

    Raises
    ------
    KeyError
        If there is no such catalogue.

    Examples
    --------
    >>> catalogue("text")["unknown_language"]["en"]
    "The language must be 'en' or 'zh-Hant'; '{code}' is neither."
    """
    path = _MESSAGES / f"{name}.toml"
    if not path.is_file():
        raise KeyError(name)
    messages: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return messages


def _checked(code: str) -> str:
    if code not in LANGUAGES:
        # Said in the language in force; in both when it is the environment that is wrong.
        texts = catalogue("text")["unknown_language"]
        spoken = [_chosen] if _chosen else LANGUAGES
        raise ValueError("\n".join(texts[each].format(code=code) for each in spoken))
    return code
