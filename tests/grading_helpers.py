"""A small nbgrader course of one notebook with three marked cells, for the tests of grading."""

import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook, MissingEntry

from csqm.course import demo

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "small"
c.Execute.timeout = 4
"""
WARM = """
from csqm.grading import use

use(c)
c.WarmExecute.memory_mb = 500
c.WarmExecute.submission_timeout = 30
"""
FIRST, MIDDLE, LAST = "def first():\n    return 1", "def middle():\n    return 2", "last = 3"
IMPORTS = "import numpy as np\nimport matplotlib.pyplot as plt"
LIGHT = "import statistics as np"
GOOD = {"first": FIRST, "middle": MIDDLE, "last": LAST}
# Submissions as there are in every class.
USUAL = {
    "perfect": GOOD,
    "blank": {},
    "wrong": GOOD | {"first": "def first():\n    return 0", "last": "last = 2"},
    "half": GOOD | {"middle": "def middle():\n    return 0.5"},
    "raises": GOOD | {"middle": "raise RuntimeError('no')"},
    "syntax": GOOD | {"middle": "def middle(:"},
    "patched": GOOD | {"middle": f"np.mean = lambda x: 0\n{MIDDLE}"},
    "own-numpy": GOOD,
}


def english_in(text):
    """Find an English phrase in a Chinese text: words in a row, but for code, names and addresses."""
    bare = re.sub(r"`[^`]*`|「[^」]*」|\S*[_./\\=]\S*", "·", text)
    return re.search(r"[A-Za-z]+(,? [A-Za-z]+){2,}", bare)


def cell(source, name="", points=None, solution=False):
    marks = {"grade_id": name, "schema_version": 3, "task": False, "solution": solution}
    marks |= {"locked": not solution, "grade": points is not None, "cell_type": "code"}
    if points is not None:
        marks["points"] = points
    return new_code_cell(
        source, metadata={"nbgrader": marks} if name else {}, **({"id": name} if name else {})
    )


def notebook(answers, imports=IMPORTS):
    """Return a notebook of the course, with other imports if it shall run in no time."""
    cells = [cell(imports, "setup")]
    tests = {
        "first": ("assert first() == 1\nassert np.mean([1, 3]) == 2", 1),
        "middle": ("middle()", 2),
        "last": ("assert last == 3", 3),
    }
    for name, (test, points) in tests.items():
        cells.append(cell(answers.get(name, ""), name, solution=True))
        cells.append(cell(test, f"{name}-test", points))
    meta = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=meta)


def nbgrader(course, *arguments, check=False):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command,
        cwd=course,
        check=check,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.stdout


def submit(course, student, answers, files=(), imports=IMPORTS):
    folder = course / "submitted" / student / "small"
    folder.mkdir(parents=True)
    nbformat.write(notebook(answers, imports), folder / "small.ipynb")
    for name, text in dict(files).items():
        (folder / name).write_text(text)


def marks(course, student):
    """Return the points of the three test cells, or None if the submission was not graded."""
    if not (course / "autograded" / student / "small" / "small.ipynb").exists():
        return None
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        try:
            grades = gradebook.find_submission_notebook("small", "small", student).grades
        except MissingEntry:
            return None
        found = {grade.name: grade.score for grade in grades}
    return tuple(found[f"{name}-test"] for name in ("first", "middle", "last"))


def outputs(course, student):
    file = course / "autograded" / student / "small" / "small.ipynb"
    cells = nbformat.read(file, 4).cells
    return {each.id: each.outputs for each in cells if each.cell_type == "code"}


def make_course(folder, config, imports=IMPORTS):
    (folder / "source" / "small").mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(config)
    nbformat.write(notebook(GOOD, imports), folder / "source" / "small" / "small.ipynb")
    nbgrader(folder, "generate_assignment", "small", check=True)
    return folder


@contextmanager
def jupyter_server(course, scratch):
    """Run Jupyter on a course as an instructor does; yield the address of a page by its name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    homes = {f"JUPYTER_{name}_DIR": str(scratch / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (scratch / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", f"--port={port}", "--port-retries=0"]
            + ["--no-browser", "--allow-root", f"--IdentityProvider.token={token}"],
            cwd=course,
            env=os.environ | homes,
            stdout=log,
            stderr=log,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(240):
                assert process.poll() is None, (scratch / "server.log").read_text()
                try:
                    urllib.request.urlopen(f"{address}/api?token={token}", timeout=2).read()
                    break
                except OSError:
                    time.sleep(0.5)
            yield lambda name: f"{address}/{name}?token={token}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def rounds(part):
    """Put the mistakes into as few submissions as possible, one for each function."""
    packed = []
    for mistake in demo.mistakes(part):
        place = next((each for each in packed if mistake["answer"] not in each), None)
        if place is None:
            packed.append(place := {})
        place[mistake["answer"]] = mistake
    return packed
