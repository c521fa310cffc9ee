"""Broken and hostile submissions: graded with the right marks, or refused with what to do."""

import copy
import json
import os
import socket
import subprocess
from pathlib import Path

import nbformat
import pytest
from grading_helpers import CONFIG, GOOD, WARM, english_in, make_course, marks, nbgrader
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from csqm.grading import run, use
from csqm.grading.submission import Unreadable, read_submission
from csqm.text import speaking

FULL = (1, 2, 3)
LONE = "\ud83d"  # half of an emoji
ZH = "# 客戶滿意與品質管理實務：問卷的信賴區間，程式與資料都在這裡。\n"


def cell(notebook, name):
    """Return the cell of that name."""
    return next(each for each in notebook["cells"] if each["id"] == name)


def changed(change):
    """Make a case of something done to the notebook before it is written."""

    def make(folder, notebook):
        done = change(notebook)
        text = json.dumps(notebook if done is None else done)
        (folder / "small.ipynb").write_text(text, encoding="utf-8")

    return make


def written(render):
    """Make a case of the bytes of the file."""
    return lambda folder, notebook: (folder / "small.ipynb").write_bytes(render(notebook))


def beside(put):
    """Make a case of what lies beside a notebook in which nothing is wrong."""

    def make(folder, notebook):
        save(folder / "small.ipynb", notebook)
        put(folder)

    return make


def save(file, notebook):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(notebook), encoding="utf-8")


def text(notebook):
    return json.dumps(notebook, ensure_ascii=False)


def in_chinese(notebook):
    for each in notebook["cells"]:
        if each["id"] in GOOD:
            each["source"] = ZH + each["source"]
    return text(notebook)


def version_3(notebook):
    cells = [
        {"cell_type": "code", "language": "python", "input": each["source"], "outputs": []}
        | {"metadata": each["metadata"], "collapsed": False}
        for each in notebook["cells"]
    ]
    sheet = {"cells": cells, "metadata": {}}
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [sheet]}


def each_cell(**values):
    def change(notebook):
        for each in notebook["cells"]:
            each.update(copy.deepcopy(values))

    return changed(change)


def one(name, **values):
    return changed(lambda notebook: cell(notebook, name).update(values))


def marked(name, **values):
    """Change what nbgrader noted in a cell."""
    return changed(lambda nb: cell(nb, name)["metadata"]["nbgrader"].update(values))


def without_ids(notebook):
    for each in notebook["cells"]:
        del each["id"]
    notebook["nbformat_minor"] = 4


def without_marks(notebook):
    for each in notebook["cells"]:
        each["metadata"] = {}


def without_both(notebook):
    without_ids(notebook)
    without_marks(notebook)


def odd_cells(notebook):
    notebook["cells"][1:1] = [None, 3, {}, {"cell_type": "code"}, {"source": 7, "metadata": []}]


def damaged_marks(notebook):
    cell(notebook, "setup")["metadata"] = ["nbgrader"]
    cell(notebook, "first")["metadata"]["nbgrader"] = "first"
    cell(notebook, "middle-test")["metadata"]["nbgrader"] = {}
    cell(notebook, "last-test")["metadata"]["nbgrader"]["grade_id"] = {"a": 1}


def deep(levels):
    return "[" * levels + "]" * levels


def swapped_marks(notebook):
    """Exchange the names of an answer and of another task's test."""
    one, other = cell(notebook, "middle")["metadata"], cell(notebook, "first-test")["metadata"]
    one["nbgrader"]["grade_id"], other["nbgrader"]["grade_id"] = "first-test", "middle"


def answer_wrong(notebook):
    cell(notebook, "middle")["source"] = "def middle():\n    return 0"


def untested(**values):
    """Answer wrongly, and change something about the test."""

    def change(notebook):
        answer_wrong(notebook)
        cell(notebook, "middle-test").update(values)

    return changed(change)


def skipped(notebook):
    answer_wrong(notebook)
    cell(notebook, "middle-test")["metadata"]["tags"] = ["skip-execution"]


def without(*names):
    def change(notebook):
        notebook["cells"] = [each for each in notebook["cells"] if each["id"] not in names]

    return changed(change)


def doubled(notebook):
    copied = copy.deepcopy(cell(notebook, "middle")) | {"id": "copied", "source": "# nothing yet"}
    notebook["cells"].insert(1, copied)
    again = copy.deepcopy(cell(notebook, "last-test"))
    notebook["cells"].append(again)


def pasted(notebook):
    """Paste the answer as it was handed out behind the real one."""
    stub = {"id": "pasted", "source": "# YOUR CODE HERE\nraise NotImplementedError()"}
    notebook["cells"].append(copy.deepcopy(cell(notebook, "middle")) | stub)


def attached(notebook):
    notebook["cells"].append(
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": "![x](attachment:x.png)",
            "attachments": {
                "x.png": {"image/png": "iVBORw0KGgo="},
                "y": 3,
                "z": {"text/html": "<script>"},
            },
        }
    )
    cell(notebook, "middle")["attachments"] = {"x": {"image/png": 7}}


def moved(folder, notebook):
    cell(notebook, "middle")["source"] = "from helper import middle"
    save(folder / "my work" / "small.ipynb", notebook)
    (folder / "my work" / "helper.py").write_text("def middle():\n    return 2")


def named(*names):
    def make(folder, notebook):
        for name in names:
            save(folder / name, notebook)

    return make


def two_versions(folder, notebook):
    save(folder / "small (1).ipynb", notebook)
    answer_wrong(notebook)
    save(folder / "small (2).ipynb", notebook)


def with_another(folder, notebook):
    save(folder / "mine.ipynb", notebook)
    without_marks(notebook)
    save(folder / "notes.ipynb", notebook)


def links(folder):
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "root").symlink_to("/")
    (folder / "loop").symlink_to(folder)
    (folder / "itself").symlink_to("itself")


def waiting(folder):
    os.mkfifo(folder / "pipe")
    place = os.getcwd()
    os.chdir(folder)  # the name of a socket must be short
    socket.socket(socket.AF_UNIX).bind("socket")
    os.chdir(place)


def odd_names(folder):
    for name in ("a\nb.csv", "answers\\x.json", "\x1b[2J", b"\xff\xfe.csv", "x" * 255, "..data"):
        where = os.path.join(
            os.fsencode(folder), name if isinstance(name, bytes) else name.encode()
        )
        Path(os.fsdecode(where)).write_text("x")


def deep_folders(folder):
    place = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("deep", dir_fd=place)
        inner = os.open("deep", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(os.open("end.txt", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)


def many_files(folder):
    (folder / "junk").mkdir()
    for number in range(3000):
        (folder / "junk" / str(number)).touch()
    (folder / "wanted.csv").touch()


def large_file(folder):
    with (folder / "film.mp4").open("wb") as file:
        file.truncate(1 << 40)
    (folder / "wanted.csv").touch()


def among_large_ones(folder, notebook):
    save(folder / "mine.ipynb", notebook)
    for number in range(100):
        with (folder / f"z-{number}.ipynb").open("wb") as file:
            file.truncate(49_000_000)


def left_behind(folder):
    save(folder / ".ipynb_checkpoints" / "small.ipynb", {})
    save(folder / "__MACOSX" / "._small.ipynb", {})


OUTPUT = {"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000}
FLIPPED = {"grade": False, "locked": False, "solution": False}
R = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}

# What is graded: how it came, the marks, and the kinds of flags.
GRADED = {
    "nothing-wrong": (named("small.ipynb"), FULL, []),
    "mark-of-windows": (written(lambda nb: text(nb).encode("utf-8-sig")), FULL, []),
    "utf-16": (written(lambda nb: in_chinese(nb).encode("utf-16")), FULL, ["encoding"]),
    "utf-16-unmarked": (written(lambda nb: text(nb).encode("utf-16-le")), FULL, ["encoding"]),
    "big5": (written(lambda nb: in_chinese(nb).encode("cp950")), FULL, ["encoding"]),
    "latin-1": (
        written(
            lambda nb: (
                text(nb).replace("def middle", "# \\n# caf\xe9\\ndef middle").encode("latin-1")
            )
        ),
        FULL,
        ["encoding"],
    ),
    "half-a-character": (one("middle", source=f"# {LONE}\n{GOOD['middle']}"), FULL, ["mended"]),
    "nan": (
        written(
            lambda nb: (
                text(nb).replace('"metadata"', '"a": NaN, "b": -Infinity, "metadata"').encode()
            )
        ),
        FULL,
        [],
    ),
    "infinite-points": (
        written(lambda nb: text(nb).replace('"points": 2', '"points": 1e999').encode()),
        FULL,
        ["metadata"],
    ),
    "key-twice": (
        written(lambda nb: text(nb).replace('"source":', '"source": "no(", "source":').encode()),
        FULL,
        [],
    ),
    "version-3": (changed(version_3), FULL, ["format"]),
    "odd-cells": (changed(odd_cells), FULL, ["mended"]),
    "source-in-lines": (one("middle", source=["def middle():\n", "    return 2"]), FULL, []),
    "source-of-numbers": (
        one("middle", source=["def middle():\n", 5, "    return 2"]),
        FULL,
        ["mended"],
    ),
    "without-source": (
        changed(lambda nb: cell(nb, "middle").pop("source") and None),
        (1, 0, 3),
        ["mended"],
    ),
    "unknown-type": (one("middle", cell_type="heading"), FULL, ["mended"]),
    "without-ids": (changed(without_ids), FULL, []),
    "one-id-for-all": (each_cell(id="same"), FULL, []),
    "ids-of-another-kind": (each_cell(id={"a": 1}), FULL, []),
    "long-id": (each_cell(id="x" * 999), FULL, []),
    "huge-output": (one("middle", outputs=[OUTPUT]), FULL, []),
    "damaged-outputs": (each_cell(outputs={"a": [None]}, execution_count="x"), FULL, []),
    "attachments": (changed(attached), FULL, []),
    "without-kernel": (changed(lambda nb: nb.update(metadata={})), FULL, []),
    "other-kernel": (changed(lambda nb: nb.update(metadata=R)), FULL, []),
    "metadata-a-list": (changed(lambda nb: nb.update(metadata=[1])), FULL, []),
    "deep-metadata": (
        written(
            lambda nb: (
                text(nb)
                .replace('"metadata": {', f'"metadata": {{"x": {deep(400)}, ')
                .replace(", }", "}")
                .encode()
            )
        ),
        FULL,
        [],
    ),
    "marks-stripped": (changed(without_marks), FULL, ["metadata"]),
    "marks-and-ids-stripped": (changed(without_both), FULL, ["missing-cells"]),
    "marks-damaged": (changed(damaged_marks), FULL, ["metadata"]),
    "marks-swapped": (changed(swapped_marks), FULL, ["metadata"]),
    "marks-of-nothing": (marked("middle-test", grade_id="no-such-cell"), FULL, ["metadata"]),
    "points-raised": (marked("middle-test", points=100), FULL, ["metadata"]),
    "points-below-zero": (marked("middle-test", points=-5), FULL, ["metadata"]),
    "grade-flipped": (marked("middle-test", **FLIPPED), FULL, ["metadata"]),
    "test-as-answer": (marked("middle-test", solution=True), FULL, ["metadata"]),
    "answer-locked": (marked("middle", solution=False, locked=True), FULL, ["metadata"]),
    "old-schema": (marked("middle-test", schema_version=0), FULL, []),
    "new-schema": (marked("middle-test", schema_version=99, more=1), FULL, []),
    "test-replaced": (untested(source="2"), (1, 0, 3), []),
    "test-as-text": (untested(cell_type="markdown", attachments={}), (1, 0, 3), []),
    "test-raw": (untested(cell_type="raw"), (1, 0, 3), []),
    "test-skipped": (changed(skipped), (1, 0, 3), []),
    "test-deleted": (without("first-test"), FULL, ["missing-cells"]),
    "answer-and-test-deleted": (without("middle", "middle-test"), (1, 0, 3), ["missing-cells"]),
    "all-deleted": (changed(lambda nb: nb.update(cells=[])), (0, 0, 0), ["missing-cells"]),
    "doubled": (changed(doubled), FULL, ["doubled"]),
    "pasted-unanswered": (changed(pasted), FULL, ["doubled"]),
    "reordered": (changed(lambda nb: nb["cells"].reverse()), FULL, ["reordered"]),
    "renamed": (named("小明 的作業.ipynb"), FULL, ["renamed"]),
    "among-large-ones": (among_large_ones, FULL, ["renamed", "large"]),
    "renamed-by-a-browser": (named("small.ipynb.txt"), FULL, ["renamed"]),
    "in-capitals": (named("Small.IPYNB"), FULL, ["renamed"]),
    "in-a-folder": (moved, FULL, ["renamed"]),
    "twice-the-same": (named("small (1).ipynb", "small (2).ipynb"), FULL, ["renamed"]),
    "right-name-in-a-folder": (named("a/small.ipynb", "old/small-1.ipynb"), FULL, ["renamed"]),
    "with-a-notebook-of-notes": (with_another, FULL, ["renamed"]),
    "links": (beside(links), FULL, ["left-out"] * 4),
    "pipe-and-socket": (beside(waiting), FULL, ["left-out"] * 2),
    "odd-names": (beside(odd_names), FULL, ["left-out"] * 4),
    "deep-folders": (beside(deep_folders), FULL, ["left-out"]),
    "many-files": (beside(many_files), FULL, ["large"]),
    "large-file": (beside(large_file), FULL, ["large"]),
    "left-behind": (beside(left_behind), FULL, []),
}


def nothing(folder, notebook):
    (folder / "letter.docx").write_bytes(b"PK")


def sparse(folder, notebook):
    with (folder / "small.ipynb").open("wb") as file:
        file.truncate(200_000_000)


def pipe(folder, notebook):
    os.mkfifo(folder / "small.ipynb")


def link(folder, notebook):
    save(folder.parent / "elsewhere.ipynb", notebook)
    (folder / "small.ipynb").symlink_to(folder.parent / "elsewhere.ipynb")


def whole_folder_linked(folder, notebook):
    save(folder.parent / "real" / "small.ipynb", notebook)
    folder.rmdir()
    folder.symlink_to(folder.parent / "real")


def foreign(notebook):
    without_ids(notebook)
    for number, each in enumerate(notebook["cells"]):
        each["metadata"]["nbgrader"]["grade_id"] = f"other-{number}"


def raw(content):
    return written(lambda _: content)


# What is refused: how it came, the kind, and what a person is told.
REFUSED = {
    "nothing": (nothing, "missing", "There is no notebook 'small.ipynb': ask for it"),
    "empty": (raw(b""), "damaged", "is empty: ask for it again"),
    "blank": (raw(b" \n"), "damaged", "is empty: ask for it again"),
    "zeros": (raw(bytes(5000)), "damaged", "is damaged near character 0: ask for it again"),
    "cut-off": (written(lambda nb: text(nb).encode()[:-99]), "damaged", "is cut off: ask for it again"),
    "cut-in-a-text": (written(lambda nb: text(nb).encode()[:40]), "damaged", "ask for it again"),
    "binary": (raw(b"PK\x03\x04" + os.urandom(500)), "damaged", "ask for it again"),
    "a-web-page": (raw(b"<!DOCTYPE html><title>Sign in"), "damaged", "ask for it again"),
    "deep": (raw(deep(200_000).encode()), "damaged", "nested too deep: ask for it again"),
    "long-number": (raw(b'{"nbformat": ' + b"4" * 9999 + b"}"), "damaged", "ask for it again"),
    "a-list": (raw(b"[1, 2]"), "format", "is not a notebook: ask for it again, saved by Jupyter"),
    "a-number": (raw(b"NaN"), "format", "is not a notebook"),
    "version-5": (changed(lambda nb: nb.update(nbformat=5)), "format", "has format 5: ask for it"),
    "no-version": (changed(lambda nb: nb.pop("nbformat") and None), "format", "is not a notebook"),
    "version-a-text": (changed(lambda nb: nb.update(nbformat="4")), "format", "is not a notebook"),
    "no-cells": (changed(lambda nb: nb.update(cells={"a": 1})), "format", "has no cells"),
    "version-3-damaged": (raw(b'{"nbformat": 3, "worksheets": [1]}'), "format", "old format and is"),
    "200-mb": (sparse, "large", "has 200 MB, more than the 50 MB allowed: ask for it again with its"),
    "many-values": (raw(b"[" + b"[]," * 4_000_000 + b"1]"), "large", "with its outputs cleared"),
    "many-cells": (changed(lambda nb: nb.update(cells=[{}] * 6000)), "large", "more than 5000 cells"),
    "long-cell": (one("first", source="x" * 1_200_000), "large", "1000000 characters: look at it"),
    "pipe": (pipe, "special", "'small.ipynb' is a pipe: ask for the notebook itself"),
    "link": (link, "special", "'small.ipynb' is a symbolic link: ask for the notebook itself"),
    "folder-a-link": (whole_folder_linked, "missing", "There is no folder 'folder-a-link'"),
    "two-versions": (two_versions, "ambiguous", "could be any of 'small (1).ipynb', 'small (2).ipynb'"),
    "other-assignment": (changed(foreign), "other", "cells of another assignment: ask for the right"),
    "other-renamed": (
        lambda folder, notebook: (foreign(notebook), save(folder / "big.ipynb", notebook)),
        "missing",
        "There is no notebook",
    ),
    "odd-name": (named("small\n.ipynb"), "missing", "its name has characters that files must not have"),
}  # fmt: skip


def read(folder):
    names = [name for task in GOOD for name in (task, f"{task}-test")]
    return read_submission(folder, ["small"], grade_ids={"small": [*names, "setup"]})


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("broken") / "course", CONFIG + WARM)


@pytest.fixture(scope="module")
def good(course):
    notebook = json.loads((course / "release" / "small" / "small.ipynb").read_text())
    for each in notebook["cells"]:
        each["source"] = GOOD.get(each["id"], "".join(each["source"]))
    return notebook


@pytest.fixture(scope="module")
def graded(course, good):
    """Read all that can be graded, let nbgrader grade it, and return what was read."""
    found = {}
    for name, (make, _, _) in GRADED.items():
        folder = course / "handed-in" / name
        folder.mkdir(parents=True)
        try:
            make(folder, copy.deepcopy(good))
            found[name] = read(folder)
        finally:  # some folders are deeper than pytest can remove
            subprocess.run(["rm", "-rf", folder], check=True)
        files = found[name].files | {"small.ipynb": found[name].notebooks["small"]}
        for path, content in files.items():
            file = course / "submitted" / name / "small" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    (course / "log").write_text(nbgrader(course, "autograde", "small"))
    return found


# Flags of `RestoreCells`, of which nbgrader's own commands show the words.
SAID = {
    "metadata": "metadata of cells had been changed",
    "doubled": "more than once",
    "reordered": "back in order",
    "missing-cells": "Missing cells were put back",
}


@pytest.mark.parametrize("name", GRADED)
def test_it_is_graded_and_flagged(course, graded, name):
    _, points, kinds = GRADED[name]
    assert marks(course, name) == points
    assert [flag.kind for flag in graded[name].flags] == [k for k in kinds if k not in SAID]
    with speaking("zh-Hant"):
        assert [flag.detail for flag in graded[name].flags if english_in(flag.detail)] == []
    log = (course / "log").read_text().partition(f"submitted/{name}/")[2].partition("Sanitizing")[0]
    assert [kind for kind, words in SAID.items() if words in log] == [k for k in kinds if k in SAID]


@pytest.mark.parametrize("name", GRADED)
def test_what_is_read_is_a_valid_notebook(graded, name):
    nbformat.validate(json.loads(graded[name].notebooks["small"].decode("utf-8")))
    assert all(".." not in Path(path).parts for path in graded[name].files)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_what_to_do(good, tmp_path, name):
    make, kind, said = REFUSED[name]
    folder = tmp_path / name
    folder.mkdir()
    make(folder, copy.deepcopy(good))
    with pytest.raises(Unreadable) as refusal:
        read(folder)
    flags = refusal.value.flags
    assert flags[0].kind == kind
    assert said in " ".join(flag.detail for flag in flags)
    assert all(flag.detail.isprintable() and len(flag.detail) < 500 for flag in flags)
    with speaking("zh-Hant"):
        assert [flag.detail for flag in flags if english_in(flag.detail)] == []


def test_only_what_is_there_is_read(graded):
    assert graded["links"].files == {} and graded["pipe-and-socket"].files == {}
    assert set(graded["odd-names"].files) == {"x" * 255, "..data"}
    assert set(graded["in-a-folder"].files) == {"helper.py"}
    assert set(graded["large-file"].files) == {"wanted.csv"}
    assert len(graded["many-files"].files) == 2000 and "wanted.csv" in graded["many-files"].files
    assert graded["left-behind"].files == {}
    assert "and lost" not in str(graded["big5"].flags)
    assert ZH.strip() in graded["big5"].notebooks["small"].decode()


def test_unreadable_files_are_named(good, tmp_path, monkeypatch):
    save(tmp_path / "small.ipynb", good)
    (tmp_path / "data.csv").touch()

    def refuse(name):
        opened = os.open

        def fake(path, *args, **kwargs):
            if str(path).endswith(name):
                raise PermissionError(13, "Permission denied")
            return opened(path, *args, **kwargs)

        monkeypatch.setattr(os, "open", fake)  # the system lets its administrator read everything

    refuse("data.csv")
    (flag,) = read(tmp_path).flags
    assert flag.detail == "Left out: 'data.csv', for it cannot be read (Permission denied)."
    refuse("small.ipynb")
    with pytest.raises(Unreadable, match="Permission denied.: change its permissions"):
        read(tmp_path)


def test_one_bad_notebook_does_not_cost_the_other(good, tmp_path):
    save(tmp_path / "one.ipynb", good)
    (tmp_path / "two.ipynb").write_text("{")
    found = read_submission(tmp_path, ["one", "two", "three"])
    assert list(found.notebooks) == ["one"]
    assert [flag.kind for flag in found.flags] == ["damaged", "missing"]


def test_size_is_what_is_allowed(good, tmp_path):
    save(tmp_path / "small.ipynb", good)
    for name in "abc":
        (tmp_path / name).write_bytes(bytes(400_000))
    found = read_submission(tmp_path, ["small"], most_mb=1)
    assert list(found.files) == ["a", "b"]
    assert found.flags[0].detail == "Left out, too large or too many files: 'c'."


def test_a_run_refuses_the_notebook_of_another_assignment(course, good):
    other = copy.deepcopy(good)
    foreign(other)
    save(course / "submitted" / "other" / "small" / "small.ipynb", other)
    config = Config()
    use(config)
    config.CourseDirectory.root = str(course)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_student("other")
        directory = CourseDirectory(config=config)
        (found,) = run.grade(gradebook, directory, [("small", "other")], workers=1)
    assert (found.status, [flag.kind for flag in found.flags]) == ("failed", ["other"])
