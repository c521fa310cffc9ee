"""Notebooks are committed clean and run from top to bottom in a fresh kernel."""

import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
LABS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
ASSIGNMENTS = sorted((ROOT / "exercises").glob("*/source/*/*.ipynb"))
NAME = {path: str(path.relative_to(ROOT)) for path in LABS + ASSIGNMENTS}


@pytest.mark.parametrize("path", LABS + ASSIGNMENTS, ids=NAME.get)
def test_notebook_is_committed_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, f"clean cell {cell.id}"
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.mark.parametrize("path", LABS + ASSIGNMENTS, ids=NAME.get)
def test_code_cells_are_short(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            lines = [line for line in cell.source.split("\n") if line.strip()]
            assert len(lines) <= 15, f"cell {cell.id} has {len(lines)} lines: move them to csqm"


@pytest.mark.parametrize("path", LABS + ASSIGNMENTS, ids=NAME.get)
def test_notebook_runs_in_a_fresh_kernel(path, tmp_path):
    """It runs where a trainee would open it: in a folder of its own, with no answers yet."""
    shutil.copy(path, tmp_path)
    notebook = nbformat.read(tmp_path / path.name, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    warned = [
        (cell.id, output.text)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
    assert not warned


def test_no_notebook_hides_in_git_with_outputs():
    """The rule covers every notebook in the repository, wherever somebody puts one."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.ipynb"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tracked = {ROOT / name for name in listed.stdout.split("\0") if name}
    assert tracked <= set(LABS + ASSIGNMENTS)
