"""The marks of a notebook that was run: what the outputs of its test cells are worth."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from logging import Logger
from typing import Any

from nbformat.v4 import new_markdown_cell
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Bool

from csqm.grading.flags import Flag, need_look
from csqm.grading.report import explain
from csqm.text import say

__all__ = ["HideFlags", "SaveMarks", "is_test"]

NOTICE = "csqm_flags"  # marks the cell that shows the flags

# What numpy and others print for a single number: np.float64(0.5), np.int64(2), Decimal('0.5').
TYPED = re.compile(r"[A-Za-z_][\w.]*\(\s*['\"]?([^()'\"]+?)['\"]?\s*\)")


class SaveMarks(SaveAutoGrades):
    """Saves the marks as nbgrader does, but for four differences, each with its switch."""

    read_typed_numbers = Bool(
        True, help="Read points printed as np.float64(0.5) as 0.5; nbgrader gives all points."
    ).tag(config=True)
    bound_points = Bool(
        True,
        help="Hold points between 0 and the maximum of the cell. nbgrader gives up a submission "
        "with more, and gives all points for less than 0 and for nan.",
    ).tag(config=True)
    ignore_stderr = Bool(
        True, help="Let a warning on stderr cost nothing; nbgrader gives 0 points."
    ).tag(config=True)

    show_flags = Bool(
        True,
        help="Show on top of a graded notebook what was found; if a person should look, flag it in "
        "Formgrader and let its tests need a manual grade.",
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the marks of one notebook."""
        nb.cells = _without_notice(nb.cells)
        nb, resources = super().preprocess(nb, resources)
        flags = resources.get("csqm_flags", [])
        if flags and self.show_flags:
            doubtful = need_look(flags)
            tests = {cell.metadata.nbgrader["grade_id"] for cell in nb.cells if is_test(cell)}
            where = self.notebook_id, self.assignment_id, self.student_id
            with Gradebook(self.db_url) as gradebook:
                notebook = gradebook.find_submission_notebook(*where)
                notebook.flagged = notebook.flagged or doubtful
                for grade in notebook.grades:
                    if doubtful and grade.name in tests:
                        grade.needs_manual_grade = True
                gradebook.db.commit()
            nb.cells.insert(0, _notice(flags, "notice" if doubtful else "remark"))
        return nb, resources

    def points(self, cell: Any) -> float:
        """Return the points of a test cell that was run, as they are saved.

        Parameters
        ----------
        cell : NotebookNode
            The cell with its outputs.

        Returns
        -------
        float
            Its points.
        """
        with self._readable(cell):
            return float(utils.determine_grade(cell)[0])

    def _add_score(self, cell: Any, resources: Any) -> None:
        if is_test(cell):
            with self._readable(cell):
                super()._add_score(cell, resources)
        else:
            super()._add_score(cell, resources)

    @contextmanager
    def _readable(self, cell: Any) -> Iterator[None]:
        """Give a test cell outputs that nbgrader reads as is said above, for a while."""
        kept = cell.outputs
        cell.outputs = self._as_nbgrader_reads(kept, float(cell.metadata.nbgrader["points"]))
        try:
            yield
        finally:
            cell.outputs = kept

    def _as_nbgrader_reads(self, outputs: list[Any], maximum: float) -> list[Any]:
        """Return the outputs in the form in which nbgrader finds the right points in them."""
        read = []
        for output in outputs:
            if output.output_type == "stream" and output.name == "stderr" and self.ignore_stderr:
                continue
            if output.output_type == "execute_result":
                text = output.data.get("text/plain", "")
                output = output | {"data": {"text/plain": self._points(text, maximum)}}
                output = type(outputs[0])(output)
            read.append(output)
        return read

    def _points(self, text: str, maximum: float) -> str:
        log: Logger = self.log
        typed = TYPED.fullmatch(text.strip()) if self.read_typed_numbers else None
        try:
            points = float(typed[1] if typed else text)
        except ValueError:
            return text
        if self.bound_points and not 0 <= points <= maximum:
            log.warning("%s points printed for a cell of 0 to %s points", text, maximum)
            points = 0.0 if math.isnan(points) else min(max(points, 0.0), maximum)
        return repr(points)


class HideFlags(NbGraderPreprocessor):
    """Keeps what graders are shown by `SaveMarks` out of a trainee's feedback."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Take the notice out of one notebook."""
        nb.cells = _without_notice(nb.cells)
        return nb, resources


def is_test(cell: Any) -> bool:
    """Return whether a cell is a test that gives points by its outputs."""
    return cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)


def _without_notice(cells: list[Any]) -> list[Any]:
    return [
        cell for cell in cells if not (cell.cell_type == "markdown" and NOTICE in cell.metadata)
    ]


def _notice(flags: list[Flag], heading: str) -> Any:
    """Return a cell that shows flags; of what a submission chose, nothing is Markdown or HTML."""
    lines = [say(f"tampering.{heading}"), ""]
    for flag in flags:
        told = re.sub(r"[\\$]", "?", explain(flag))
        lines.append("- " + re.sub(r"[!-/:-@\[-`{-~]", lambda sign: f"&#{ord(sign[0])};", told))
    return new_markdown_cell("\n".join(lines), metadata={NOTICE: True})
