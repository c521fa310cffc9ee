"""A look at what decides over tests in a process, and what a submission changed of it.

The submission rules over its own process and could lie here. What is found is a hint for the person
who looks; the proof is in `csqm.grading.canaries`.
"""

import builtins
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["take"]

TESTING = ("unittest.case", "numpy.testing", "pandas.testing")
REDRAWN = ("matplotlib", "seaborn", "plotly")  # they change themselves with the way of drawing
OWN = ("__main__", "builtins")  # where what a notebook defines seems to lie
LONGEST = 60
Marks = dict[str, tuple[int, ...]]


def take(shell: Any, modules: Iterable[str]) -> Callable[[], list[str]]:
    """Note the state of this process before a submission runs in it.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        What runs the cells.
    modules : iterable of str
        The modules that the assignment imports, whose functions its tests use.

    Returns
    -------
    callable
        Returns the names of what has changed since, as ``"builtins.all"``.
    """
    names = [*TESTING, *(name for name in modules if not name.startswith(REDRAWN))]
    watched = [builtins, math, *(sys.modules[name] for name in names if name in sys.modules)]
    before = _functions(watched) | _of_shell(shell)
    callbacks = {id(each) for each in _callbacks(shell)}

    def changed() -> list[str]:
        shell.InteractiveTB.set_mode("Minimal")  # errors that come now are not shown to anybody
        now = _functions(watched) | _of_shell(shell)
        found = [name for name, mark in before.items() if now.get(name) != mark]
        added = [each for each in _callbacks(shell) if id(each) not in callbacks]
        found += [
            f"events.{getattr(each, '__name__', '')}"
            for each in added
            if getattr(each, "__module__", None) in OWN
        ]
        return sorted({re.sub(r"[^\w. ]", "?", name)[:LONGEST] for name in found})

    return changed


def _functions(modules: Iterable[ModuleType]) -> Marks:
    """Return what the functions and classes of modules are, and the methods of their classes."""
    marks = {}
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, ModuleType) or not callable(value):
                continue
            marks[f"{module.__name__}.{name}"] = _mark(value)
            if isinstance(value, type) and value.__module__ == module.__name__:
                for part, method in list(vars(value).items()):
                    if callable(method):
                        marks[f"{module.__name__}.{name}.{part}"] = _mark(method)
    for name in ("input", "exit", "quit", "get_ipython", "display"):
        marks.pop(f"builtins.{name}", None)  # the shell sets them
    return marks


def _of_shell(shell: Any) -> Marks:
    """Return what runs a cell, step by step."""
    manager = shell.input_transformer_manager
    lists = {
        "ast_transformers": shell.ast_transformers,
        "input_transformers_post": shell.input_transformers_post,
        "input_transformers_cleanup": manager.cleanup_transforms,
        "line_transforms": manager.line_transforms,
        "token_transformers": manager.token_transformers,
        "custom_exceptions": shell.custom_exceptions,
    }
    marks = {name: tuple(map(id, values)) for name, values in lists.items()}
    for kind in type(shell).__mro__:
        for name, value in list(vars(kind).items()):
            if isinstance(value, FunctionType):
                marks[f"{kind.__name__}.{name}"] = _mark(value)
                mine = vars(shell).get(name)  # a function that hides the method
                marks[f"shell.{name}"] = (id(getattr(mine, "__func__", mine)),)
    marks["sys.displayhook"] = (id(type(sys.displayhook)),)
    marks["sys.settrace"] = (id(sys.gettrace()),)
    marks["sys.setprofile"] = (id(sys.getprofile()),)
    marks["ast_node_interactivity"] = (int(shell.ast_node_interactivity == "none"),)
    return marks


def _callbacks(shell: Any) -> Iterator[Any]:
    for callbacks in shell.events.callbacks.values():
        yield from callbacks


def _mark(value: Any) -> tuple[int, ...]:
    """Return a mark that changes when a function is exchanged, or its code."""
    return id(value), id(getattr(value, "__code__", None)), id(getattr(value, "__defaults__", None))
