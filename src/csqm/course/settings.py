"""The settings that both nbgrader courses share, and the plug-ins they switch on."""

import math
import os
import sys
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from traitlets import Float

from csqm.course.checker import grade_id, source_digest
from csqm.course.errors import explain_error
from csqm.course.release import DATASETS
from csqm.grading import use
from csqm.grading.feedback import safe_markdown
from csqm.grading.marks import HideFlags
from csqm.text import language, say, set_language

__all__ = [
    "FeedbackExporter",
    "LateRule",
    "ListCells",
    "SendPageAlone",
    "TellWaiting",
    "configure",
]

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

    c.GenerateAssignment.preprocessors = [
        *GenerateAssignment().preprocessors,
        ListCells,
    ]
    c.AssignLatePenalties.plugin_class = LateRule
    use(c)
    c.WarmExecute.environment = {"CSQM_LANG": code}
    # In a checkout the data lie outside the package; their makers and pages stay out of sight.
    c.WarmExecute.readable = [
        str(path) for path in DATASETS.glob("*") if path.suffix in (".csv", ".json")
    ]
    c.Execute.timeout = 60
    c.Execute.extra_arguments = ["--Application.log_level=40"]  # one line of warning per kernel
    c.Execute.shutdown_kernel = "immediate"
    late = f"CellTimeoutError: {explain_error('CellTimeoutError')}"
    c.Execute.error_on_timeout = {
        "ename": "CellTimeoutError",
        "evalue": "",
        "traceback": [late],
    }

    c.GenerateFeedback.exporter_class = FeedbackExporter
    c.GenerateFeedback.preprocessors = [
        SendPageAlone,
        HideFlags,
        GetGrades,
        TellWaiting,
        ClearHiddenTests,
        CSSHTMLHeaderPreprocessor,
    ]
    c.FeedbackExporter.template_name = "csqm_feedback"
    c.FeedbackExporter.extra_template_basedirs = [str(Path(__file__).parent / "templates")]
    ours = {"say": say, "explain_error": explain_error, "markdown2html": safe_markdown}
    c.FeedbackExporter.filters = ours
    c.FeedbackExporter.exclude_anchor_links = True
    c.CSSHTMLHeaderPreprocessor.enabled = True
    c.CSSHTMLHeaderPreprocessor.style = "default"


class FeedbackExporter(HTMLExporter):
    """Writes feedback; a class of its own, so that its settings leave Formgrader's pages alone."""


class LateRule(LateSubmissionPlugin):
    """Take a share of the points off for every day begun after the due date.

    The share is counted from the points reached, and never exceeds `at_most`: late work is still
    worth handing in.
    """

    percent_per_day = Float(10.0, min=0, max=100, help="Percent of the points for each day").tag(
        config=True
    )
    at_most = Float(50.0, min=0, max=100, help="Percent of the points at most").tag(config=True)
    grace_minutes = Float(0.0, min=0, help="Minutes that are not counted").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the points to take off one notebook, or None."""
        days = math.ceil((total_seconds_late - 60 * self.grace_minutes) / 86400)
        if days <= 0:
            return None
        return score * min(self.percent_per_day * days, self.at_most) / 100


class ListCells(NbGraderPreprocessor):
    """Note in a released notebook which cells it has, so that its checker knows what is missing."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """List the cells of one notebook, and the answers as they were handed out."""
        known = [cell for cell in nb.cells if grade_id(cell)]
        nb.metadata["csqm"] = {
            "assignment": resources["nbgrader"]["assignment"],
            "language": language(),
            "cells": [grade_id(cell) for cell in known],
            "unanswered": {
                grade_id(cell): source_digest(cell.source)
                for cell in known
                if cell.metadata.nbgrader.solution
            },
        }
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
            if grade_id(cell) in told["waiting"]:
                cell.metadata["nbgrader"]["waiting"] = True
        return nb, resources
