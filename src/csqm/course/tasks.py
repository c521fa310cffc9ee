"""The tasks of an assignment's notebook: what each is called and what it is worth."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Task", "graded_tasks", "with_tasks"]


class Task(NamedTuple):
    """The task that a graded cell belongs to.

    Parameters
    ----------
    title : str
        Its heading.
    objectives : list of str
        Codes of the learning objectives that its marker names.
    points : float
        Points of the graded cell.
    """

    title: str
    objectives: list[str]
    points: float


def with_tasks(cells: Iterable[Any]) -> Iterator[tuple[str, list[str], Any]]:
    r"""Go through the cells of a notebook, each with the task that it belongs to.

    Parameters
    ----------
    cells : iterable
        The cells, as dictionaries or nodes of nbformat.

    Yields
    ------
    tuple of (str, list of str, cell)
        The last heading of a task (empty before the first), the objectives that its marker names,
        and the cell.

    Examples
    --------
    >>> text = {"cell_type": "markdown", "source": "<!-- treats: S1.1 LO1.1 -->\n## 1 Yield"}
    >>> code = {"cell_type": "code", "source": "1"}
    >>> [task[:2] for task in with_tasks([code, text, code])]
    [('', []), ('1 Yield', ['LO1.1']), ('1 Yield', ['LO1.1'])]
    """
    title: str = ""
    objectives: list[str] = []
    for cell in cells:
        source = "".join(cell["source"])
        heading = re.search(r"^## (.+)$", source, re.M)
        if cell["cell_type"] == "markdown" and heading:
            title = heading[1]
            marker = re.search(r"<!-- treats: (.*?) -->", source)
            objectives = re.findall(r"LO\d+\.\d+", marker[1]) if marker else []
        yield title, objectives, cell


def graded_tasks(notebook: Path) -> dict[str, Task]:
    """Return the task of each graded cell of an assignment.

    Parameters
    ----------
    notebook : Path
        File of the notebook.

    Returns
    -------
    dict of str to Task
        By nbgrader's name of the cell.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tasks = {}
    for title, objectives, cell in with_tasks(cells):
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade"):
            tasks[marks["grade_id"]] = Task(title, objectives, marks["points"])
    return tasks
