"""Keeps the canaries of an assignment from one run to the next: it takes a second to find them."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile

from platformdirs import user_cache_path

from csqm.grading.canaries import Mutant

__all__ = ["folder", "key", "read", "write"]

Mutants = Mapping[str, Sequence[Mutant]]


def folder() -> Path:
    """Return where they are kept, which a sandbox must not show: they tell hidden tests."""
    return user_cache_path("csqm") / "canaries"


def key(source: Path, settings: Iterable[object]) -> str:
    """Return a text that is the same as long as the canaries of a notebook are.

    Parameters
    ----------
    source : Path
        The source notebook; all that lies beside it counts.
    settings : iterable
        What else they depend on.

    Returns
    -------
    str
        A digest.
    """
    digest = hashlib.sha256(repr([source.name, *settings]).encode())
    for path in sorted(source.parent.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).digest()
            digest.update(path.relative_to(source.parent).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()


def read(key: str) -> Mutants | None:
    """Return the mutants kept under a key, by test cell, or None if there are none to be read."""
    try:
        kept = json.loads((folder() / f"{key}.json").read_text(encoding="utf-8"))
        return {name: [Mutant(**each) for each in made] for name, made in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def write(key: str, found: Mutants) -> None:
    """Keep mutants under a key; where that cannot be done, they are found anew next time."""
    told = {name: [asdict(each) for each in made] for name, made in found.items()}
    with suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile("w", dir=folder(), delete=False, encoding="utf-8") as file:
            json.dump(told, file)
        os.replace(file.name, folder() / f"{key}.json")
