"""Faster, safer autograding for any nbgrader course: plugged in by configuration, nothing patched.

In ``nbgrader_config.py``::

    from csqm.grading import use

    use(get_config())

What then differs from nbgrader alone, and the setting that brings nbgrader's way back:

==============================================  =====================  ===========================
What                                            nbgrader               here (setting)
==============================================  =====================  ===========================
Points printed as ``np.float64(0.5)``           all points             0.5
                                                                       (``read_typed_numbers``)
Points above the maximum                        submission not graded  the maximum (``bound_points``)
Points below 0, or ``nan``                      all points             0 (``bound_points``)
A warning on stderr in a test cell              0 points               no effect
                                                                       (``ignore_stderr``)
Notebook's process dies (crash, ``os._exit``)   submission not graded  earlier cells keep their marks,
                                                                       later ones get 0
A cell that cannot be interrupted               submission not graded  the same
An answer and its test deleted, a cell doubled  submission not graded  put back, one copy graded
Cells in another order                          graded as they stand   in the order of the assignment
``grade`` of a cell, its tags changed           no points, or all      as in the assignment
Script in an output or a text, on the pages of  runs, as the one who   taken away, with other active
feedback and of Formgrader                      looks at the page      content
A notebook with network, or with the course,    works                  does not (``sandbox``)
the gradebook or other submissions
A notebook that opens a notebook, even itself   works                  does not (``sandbox``)
Files that a notebook writes                    stay in autograded/    are thrown away (``sandbox``)
Variables of the environment                    all                    few (``environment``)
No sandbox to be had                            runs                   refused (``sandbox``)
Tests were made to pass that must fail          all points             the same, but flagged and to be
                                                                       looked at (``canaries``)
==============================================  =====================  ===========================

The first four are settings of `SaveMarks`, as ``c.SaveMarks.ignore_stderr = False``. The next two go
with `WarmExecute`; put ``nbgrader.preprocessors.Execute`` in its place to be without. The next three
go with `RestoreCells`; put ``DeduplicateIds`` in its place in ``c.Autograde.sanitize_preprocessors``.
Script goes with `SafeOutputs` and `safe_markdown`; set ``c.HTMLExporter.preprocessors = []`` and
``c.HTMLExporter.filters = {}`` to be without.
The last six are settings of `WarmExecute`, as ``c.WarmExecute.sandbox = False``.

What was found in a submission stands on top of the graded notebook, where trainees do not see it
(``c.SaveMarks.show_flags``).

The sandbox needs Linux, bubblewrap and user namespaces. Submissions see the system, this Python, this
package and what ``c.WarmExecute.readable`` names: a package that is installed in editable mode must be
named there. On macOS and Windows there is none; grade in a virtual machine with Linux, or set
``c.WarmExecute.sandbox = False`` where the submissions can be trusted.
"""

from typing import Any

__all__ = ["use"]


def use(c: Any, *, warm: bool = True) -> None:
    """Let nbgrader grade as described above.

    Parameters
    ----------
    c : traitlets.config.Config
        The configuration, as ``get_config()`` in ``nbgrader_config.py`` gives it.
    warm : bool
        Whether notebooks run warm and marks are read as here; else as nbgrader does.
    """
    from nbgrader.converters import Autograde, GenerateFeedback
    from nbgrader.preprocessors import (
        CheckCellMetadata,
        DeduplicateIds,
        Execute,
        SaveAutoGrades,
    )

    from csqm.grading.execute import WarmExecute
    from csqm.grading.feedback import SafeOutputs, safe_markdown
    from csqm.grading.marks import HideFlags, SaveMarks
    from csqm.grading.metadata import CheckMetadata
    from csqm.grading.restore import RestoreCells

    ours = {DeduplicateIds: RestoreCells, CheckCellMetadata: CheckMetadata}
    usual = Autograde.sanitize_preprocessors.default_args[0]
    c.Autograde.sanitize_preprocessors = [ours.get(each, each) for each in usual]
    c.HTMLExporter.preprocessors = [SafeOutputs]
    c.HTMLExporter.filters = {"markdown2html": safe_markdown}
    if warm:
        ours |= {Execute: WarmExecute, SaveAutoGrades: SaveMarks}
        usual = Autograde.autograde_preprocessors.default_args[0]
        c.Autograde.autograde_preprocessors = [ours.get(each, each) for each in usual]
        usual = GenerateFeedback.preprocessors.default_args[0]
        c.GenerateFeedback.preprocessors = [HideFlags, *usual]
