"""Gives the cells of a submission back what the assignment says about them."""

import json
from collections import defaultdict
from copy import deepcopy
from pathlib import Path
from typing import Any

from nbformat.notebooknode import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from csqm.grading.flags import Flag
from csqm.text import Message, say

__all__ = ["RestoreCells"]


class RestoreCells(NbGraderPreprocessor):
    """Put back what is missing, doubled, out of order or changed, and say so.

    A cell is known by its id in the released notebook, else by its ``grade_id``. All other metadata
    come from the assignment, so that nobody changes points, or skips a test by a tag. nbgrader
    itself takes grades from the submission, obeys its tags, and gives up a submission with damaged
    metadata, with a doubled cell, or without an answer and its test.
    """

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Restore the cells of one notebook."""
        told = resources["nbgrader"]
        released = self._released(told)
        with Gradebook(told["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(told["notebook"], told["assignment"])
            marks = _marks(notebook)
            sources = {each.name: each.source for each in notebook.source_cells}
        place = {_name(cell): number for number, cell in enumerate(released)}
        names = sorted(sources, key=lambda name: place.get(name, len(place)))

        changed = _recognise(nb.cells, released, marks)
        doubled = _take_copies_away(nb.cells, sources)
        moved = _put_in_order(nb.cells, names)
        missing = _put_missing_back(nb.cells, names, sources, marks)

        flags = resources.setdefault("csqm_flags", [])
        for kind, cells in (
            ("metadata", changed),
            ("doubled", doubled),
            ("reordered", moved),
            ("missing-cells", missing),
        ):
            if cells:
                flags.append(Flag(kind, Message(f"restore.flag_{kind}", cells=cells)))
                self.log.warning(flags[-1].detail)
        return nb, resources

    def _released(self, told: dict[str, Any]) -> list[Any]:
        """Return the cells as they were handed out, or none if the release is not there."""
        course = CourseDirectory(parent=self)
        folder = course.format_path(course.release_directory, ".", told["assignment"])
        try:
            text = (Path(folder) / f"{told['notebook']}.ipynb").read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return list(from_dict(json.loads(text)["cells"]))


def _name(cell: Any) -> str:
    """Return the name that nbgrader gave a cell."""
    marks = cell.metadata.get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""


def _marks(notebook: Any) -> dict[str, dict[str, Any]]:
    """Return nbgrader's metadata of the cells, by name, as the gradebook has them."""
    points = {each.name: each.max_score for each in [*notebook.grade_cells, *notebook.task_cells]}
    graded, answers, tasks = (
        {each.name for each in cells}
        for cells in (notebook.grade_cells, notebook.solution_cells, notebook.task_cells)
    )
    marks = {}
    for cell in notebook.source_cells:
        marks[cell.name] = {
            "grade_id": cell.name,
            "grade": cell.name in graded,
            "solution": cell.name in answers,
            "locked": cell.locked,
            "task": cell.name in tasks,
            "schema_version": 3,
            "checksum": cell.checksum,
            "cell_type": cell.cell_type,
        }
        if cell.name in points:
            marks[cell.name]["points"] = points[cell.name]
    return marks


def _recognise(
    cells: list[Any], released: list[Any], marks: dict[str, dict[str, Any]]
) -> list[str]:
    """Set the metadata of the cells; return the names of those that had others."""
    by_id = {cell["id"]: cell for cell in released if "id" in cell}
    by_name = {_name(cell): cell for cell in released}
    changed = {}
    for number, cell in enumerate(cells):
        twin = by_id.get(cell.get("id"))
        name = next((n for n in (twin and _name(twin), _name(cell)) if n in marks), "")
        told = cell.metadata.get("nbgrader")
        original = by_name.get(name) if name else twin
        cell.metadata = deepcopy(original.metadata) if original else from_dict({})
        cell.metadata.pop("nbgrader", None)
        if not name:
            continue
        right = marks[name]
        if cell.cell_type != right["cell_type"]:
            cells[number] = cell = _made(right["cell_type"], cell.source, cell.metadata)
        cell.metadata["nbgrader"] = from_dict(right)
        compared = [key for key in right if key in ("grade_id", "grade", "solution", "points")]
        if not isinstance(told, dict) or any(told.get(key) != right[key] for key in compared):
            changed[name] = True
    return list(changed)


def _take_copies_away(cells: list[Any], sources: dict[str, str]) -> list[str]:
    """Leave one of each cell: the last, or the last one that was answered; return the doubled."""
    copies = defaultdict(list)
    for cell in cells:
        if name := _name(cell):
            copies[name].append(cell)
    doubled = [name for name, found in copies.items() if len(found) > 1]
    for name in doubled:
        answered = [cell for cell in copies[name] if cell.source != sources[name]]
        kept = (answered or copies[name])[-1]
        for cell in copies[name]:
            if cell is not kept:
                del cell.metadata["nbgrader"]
                where = next(number for number, each in enumerate(cells) if each is cell)
                cells.insert(where, _notice("doubled"))
    return doubled


def _put_in_order(cells: list[Any], names: list[str]) -> list[str]:
    """Put the cells of the assignment in its order; return the names of those that moved."""
    places = [number for number, cell in enumerate(cells) if _name(cell)]
    found = [cells[place] for place in places]
    right = sorted(found, key=lambda cell: names.index(_name(cell)))
    moved = [_name(cell) for cell, other in zip(right, found, strict=True) if cell is not other]
    for place, cell in zip(places, right, strict=True):
        cells[place] = cell
    if moved:
        cells.insert(0, _notice("reordered"))
    return moved


def _put_missing_back(
    cells: list[Any], names: list[str], sources: dict[str, str], marks: dict[str, dict[str, Any]]
) -> list[str]:
    """Put back the cells that are missing; return their names."""
    missing = []
    for number, name in enumerate(names):
        place = {_name(cell): index for index, cell in enumerate(cells)}
        if name in place:
            continue
        missing.append(name)
        # An answer stands before its check, below the text of its task; points follow a check.
        earlier = [place[other] + 1 for other in names[:number] if other in place]
        later = [place[other] for other in names[number:] if other in place]
        if marks[name]["solution"]:
            where = later[0] if later else len(cells)
        else:
            where = earlier[-1] if earlier else 0
        cell = _made(marks[name]["cell_type"], sources[name], {"nbgrader": marks[name]})
        cells[where:where] = [_notice("missing"), cell]
    return missing


def _made(kind: str, source: str, metadata: dict[str, Any]) -> Any:
    make = new_code_cell if kind == "code" else new_markdown_cell
    return make(source, metadata=from_dict(metadata))


def _notice(key: str) -> Any:
    return new_markdown_cell(f"> {say(f'restore.{key}')}")
