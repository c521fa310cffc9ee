"""The settings that both nbgrader courses share, and the two plug-ins they switch on."""

import os
import sys
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearOutput,
    DeduplicateIds,
    GetGrades,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
)

from csqm.course.checks import explain_error
from csqm.text import say, set_language

__all__ = ["FeedbackExporter", "RestoreCells", "SendPageAlone", "TellWaiting", "configure"]

# A submission is a zip file named after the trainee, holding the folder of the part. The file's
# identity is its name, with `answers/` before it where it lies in that folder.
SUBMITTED_FILE = (
    r".*[\\/]extracted[\\/](?P<student_id>[^\\/]+)[\\/]"
    r"(?!.*(?:\.ipynb_checkpoints|__MACOSX))(?:.*?[\\/])??(?P<file_id>(?:answers[\\/])?[^\\/]+)$"
)


def configure(c: Any, code: str) -> None:
    """Set up an nbgrader course in one language.

    Parameters
    ----------
    c : traitlets.config.Config
        The configuration, as ``get_config()`` in ``nbgrader_config.py`` gives it.
    code : {"en", "zh-Hant"}
        Language of the course.
    """
    set_language(code)
    os.environ["CSQM_LANG"] = code
    # nbgrader calls `alembic` by its name, also where the environment is not activated.
    programs = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])

    c.CourseDirectory.course_id = f"csqm-{code}"
    c.Exchange.path_includes_course = False
    c.ClearSolutions.code_stub = {"python": say("checks.code_stub")}
    c.ClearSolutions.text_stub = say("checks.text_stub")

    c.FileNameCollectorPlugin.named_regexp = SUBMITTED_FILE
    c.FileNameCollectorPlugin.valid_ext = [".ipynb", ".json"]

    c.Autograde.sanitize_preprocessors = [
        ClearOutput,
        DeduplicateIds,
        RestoreCells,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    c.Execute.timeout = 60
    c.Execute.shutdown_kernel = "immediate"

    c.GenerateFeedback.exporter_class = FeedbackExporter
    c.GenerateFeedback.preprocessors = [
        SendPageAlone,
        GetGrades,
        TellWaiting,
        ClearHiddenTests,
        CSSHTMLHeaderPreprocessor,
    ]
    c.FeedbackExporter.template_name = "csqm_feedback"
    c.FeedbackExporter.extra_template_basedirs = [str(Path(__file__).parent / "templates")]
    c.FeedbackExporter.filters = {"say": say, "explain_error": explain_error}
    c.FeedbackExporter.exclude_anchor_links = True
    c.CSSHTMLHeaderPreprocessor.enabled = True
    c.CSSHTMLHeaderPreprocessor.style = "default"


class FeedbackExporter(HTMLExporter):
    """Writes feedback; a class of its own, so that its settings leave Formgrader's pages alone."""


class RestoreCells(NbGraderPreprocessor):
    """Put back the cells of the assignment that are missing from a submission, and say so.

    nbgrader's own `add_missing_cells` gives up the whole submission when an answer and its test
    are both gone. It also refuses a notebook in which a cell was doubled: `DeduplicateIds` leaves
    the earlier copy with empty metadata, which is taken away here.
    """

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Restore the cells of one notebook."""
        where = resources["nbgrader"]["notebook"], resources["nbgrader"]["assignment"]
        with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(*where)
            points = {cell.name: cell.max_score for cell in notebook.grade_cells}
            answers = {cell.name for cell in notebook.solution_cells}
            sources = list(notebook.source_cells)

        cells = []
        for cell in nb.cells:
            if cell.metadata.get("nbgrader") == {}:
                del cell.metadata["nbgrader"]
                self.log.warning("An earlier copy of a doubled cell is not graded")
                cells.append(_notice("checks.cell_doubled"))
            cells.append(cell)
        nb.cells = cells

        for number, source in enumerate(sources):
            place = {_grade_id(cell): index for index, cell in enumerate(nb.cells)}
            if source.name in place:
                continue
            # An answer stands before its check, below the text of its task; points follow a check.
            earlier = [place[other.name] + 1 for other in sources[:number] if other.name in place]
            later = [place[other.name] for other in sources[number:] if other.name in place]
            if source.name in answers:
                where_to = later[0] if later else len(nb.cells)
            else:
                where_to = earlier[-1] if earlier else 0
            self.log.warning("Cell '%s' is missing; it is put back", source.name)
            make = new_code_cell if source.cell_type == "code" else new_markdown_cell
            marks = {
                "grade_id": source.name,
                "grade": source.name in points,
                "solution": source.name in answers,
                "locked": source.locked,
                "task": False,
                "schema_version": 3,
                "checksum": source.checksum,
                "cell_type": source.cell_type,
            }
            if source.name in points:
                marks["points"] = points[source.name]
            cell = make(source=source.source, metadata={"nbgrader": marks})
            nb.cells[where_to:where_to] = [_notice("checks.cell_missing"), cell]
        return nb, resources


class SendPageAlone(NbGraderPreprocessor):
    """Keep a submission's files out of its feedback: its code may have written hidden values there."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Leave nothing but pages in the feedback folder of one submission."""
        told = resources["nbgrader"]
        course = CourseDirectory(parent=self)
        where = course.feedback_directory, told["student"], told["assignment"]
        folder = Path(course.format_path(*where))
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir():
                path.rmdir()
            elif path.suffix != ".html":
                path.unlink()
        return nb, resources


class TellWaiting(NbGraderPreprocessor):
    """Mark the cells that a person still has to judge, so that feedback does not call them 0."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Mark the cells of one notebook."""
        told = resources["nbgrader"]
        where = told["notebook"], told["assignment"], told["student"]
        with Gradebook(told["db_url"]) as gradebook:
            grades = gradebook.find_submission_notebook(*where).grades
            told["waiting"] = {grade.name for grade in grades if grade.needs_manual_grade}
        for cell in nb.cells:
            if _grade_id(cell) in told["waiting"]:
                cell.metadata["nbgrader"]["waiting"] = True
        return nb, resources


def _grade_id(cell: Any) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _notice(key: str) -> Any:
    return new_markdown_cell(f"> {say(key)}")
