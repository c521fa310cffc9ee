"""What a trainee runs before handing in: what would be lost, and what the checks say."""

import hashlib
import json
import re
import shutil
import sys
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from csqm.course.errors import explain_error
from csqm.course.tasks import with_tasks
from csqm.text import language, listed, say, set_language

__all__ = ["Finding", "examine", "grade_id", "main", "source_digest"]

# Longer than an assignment takes as a whole, shorter than anybody's patience.
SECONDS_FOR_A_CELL = 120


@dataclass
class Finding:
    """What came of an examination.

    Parameters
    ----------
    problems : list of str
        What would be lost, most important first.
    passed, failed : list of str
        The lines of the checks that stand in the notebook.
    """

    problems: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def main(folder: Path) -> int:
    """Examine the notebook of an assignment and print what would be lost.

    Parameters
    ----------
    folder : Path
        The folder of the assignment.

    Returns
    -------
    int
        Exit status: 0 when nothing would be lost.
    """
    # A console or a file that cannot show a letter shall not stop the check.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    for notebook in _notebooks(folder)[0].values():
        set_language(notebook["metadata"].get("csqm", {}).get("language", language()))
    print(say("checker.start"), flush=True)
    finding = examine(folder)
    for line in finding.failed:
        print(line)
    print(say("checker.checks", passed=len(finding.passed), failed=len(finding.failed)), end="\n\n")
    if not finding.problems:
        print(say("checker.nothing_lost", folder=folder.resolve().name))
        return 0
    print(say("checker.lost"))
    for problem in finding.problems:
        print(f"- {problem}")
    return 1


def examine(folder: Path) -> Finding:
    """Examine the notebook of an assignment in a copy of its folder.

    Parameters
    ----------
    folder : Path
        The folder of the assignment.

    Returns
    -------
    Finding
        What would be lost, and what the checks say.
    """
    notebooks, unreadable = _notebooks(folder)
    ours = {path: nb for path, nb in notebooks.items() if "csqm" in nb["metadata"]}
    if not ours:
        if unreadable:
            return Finding([say("checker.unreadable", file=listed(unreadable))])
        return Finding([say("checker.absent")])
    path, notebook = next(
        (
            (path, nb)
            for path, nb in ours.items()
            if path.stem == nb["metadata"]["csqm"]["assignment"]
        ),
        next(iter(ours.items())),
    )
    told = notebook["metadata"]["csqm"]
    finding = Finding()
    if path.stem != told["assignment"]:
        name = f"{told['assignment']}.ipynb"
        finding.problems.append(say("checker.renamed", file=path.name, name=name))
    others = [other.name for other in ours if other != path]
    if others:
        finding.problems.append(say("checker.others", files=listed(others), file=path.name))
    finding.problems += _cell_problems(notebook["cells"], told)
    finding.problems += _answer_problems(notebook["cells"], folder)
    _run(path, finding)
    return finding


def source_digest(source: str) -> str:
    """Return a short code that is the same for the same source.

    Parameters
    ----------
    source : str
        Text of a cell.

    Returns
    -------
    str
        Hexadecimal digits.

    Examples
    --------
    >>> source_digest("a = 1 ") == source_digest("a = 1")
    True
    """
    return hashlib.sha256(source.strip().encode()).hexdigest()[:16]


def grade_id(cell: Mapping[str, Any]) -> str | None:
    """Return nbgrader's name of a cell.

    Parameters
    ----------
    cell : mapping
        A cell of a notebook.

    Returns
    -------
    str or None
        None if nbgrader does not know the cell.

    Examples
    --------
    >>> grade_id({"metadata": {"nbgrader": {"grade_id": "yield-answer"}}})
    'yield-answer'
    """
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _notebooks(folder: Path) -> tuple[dict[Path, dict[str, Any]], list[str]]:
    """Return the notebooks of a folder, and the names of those that cannot be read."""
    notebooks, unreadable = {}, []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            notebook["cells"], notebook["metadata"]  # noqa: B018, both must be there
        except (ValueError, KeyError, TypeError):
            unreadable.append(path.name)
        else:
            notebooks[path] = notebook
    return notebooks, unreadable


def _cell_problems(cells: list[dict[str, Any]], told: dict[str, Any]) -> list[str]:
    """Say which cells are missing or doubled, and which answers are not written."""
    found = Counter(grade_id(cell) for cell in cells)
    problems = []
    if missing := [name for name in told["cells"] if not found[name]]:
        problems.append(say("checker.missing", cells=listed(missing)))
    if doubled := [name for name in told["cells"] if found[name] > 1]:
        problems.append(say("checker.doubled", cells=listed(doubled)))
    empty = []
    for task, _, cell in with_tasks(cells):
        source = "".join(cell["source"])
        name = grade_id(cell)
        blank = cell["cell_type"] == "code" and "raise NotImplementedError()" in source
        if name in told["unanswered"] and (
            blank or told["unanswered"][name] == source_digest(source)
        ):
            empty.append(task or name)
    problems += [say("checker.unanswered", task=task) for task in dict.fromkeys(empty)]
    return problems


def _answer_problems(cells: list[dict[str, Any]], folder: Path) -> list[str]:
    """Say which activities have no saved answer."""
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    slugs = dict.fromkeys(re.findall(r"""activity(?:_points)?\(\s*["']([\w-]+)["']""", code))
    return [
        say("checker.no_saved_answer", file=f"answers/{slug}.json")
        for slug in slugs
        if not (folder / "answers" / f"{slug}.json").is_file()
    ]


def _run(path: Path, finding: Finding) -> None:
    """Run a notebook from top to bottom in a fresh kernel, and note what comes of it."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        copy = Path(temporary) / "work"
        hidden = shutil.ignore_patterns(".*", "*.zip")
        shutil.copytree(path.parent, copy, ignore=hidden)
        client = NotebookClient(
            notebook,
            timeout=SECONDS_FOR_A_CELL,
            kernel_name="python3",
            allow_errors=True,
            extra_arguments=["--Application.log_level=40"],
            resources={"metadata": {"path": str(copy)}},
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the event loop on Windows
            try:
                client.execute()
            except CellTimeoutError:
                finding.problems.append(explain_error("CellTimeoutError"))
            except DeadKernelError:
                finding.problems.append(say("checker.kernel_died"))
    for task, _, cell in with_tasks(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                about = {"task": task or "1", "kind": output.ename}
                about["code"] = cell.source.strip().split("\n")[0]
                advice = explain_error(output.ename)
                finding.problems.append(say("checker.stopped", **about, advice=advice))
        if grade_id(cell):
            said = [each.text for each in cell.get("outputs", []) if each.get("name") == "stdout"]
            lines = "".join(said).split("\n")  # what is printed comes in pieces
            finding.passed += [line for line in lines if line.startswith("✓")]
            finding.failed += [line for line in lines if line.startswith("✗")]
