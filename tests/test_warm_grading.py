"""Warm grading of a small course of its own: marks as nbgrader's, and nothing stops the others."""

import gc
import json
import os
import shutil
import time
import warnings
from pathlib import Path

import nbformat
import psutil
import pytest
from grading_helpers import (
    CONFIG,
    GOOD,
    MIDDLE,
    USUAL,
    WARM,
    cell,
    make_course,
    marks,
    nbgrader,
    notebook,
    outputs,
    submit,
)
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader import utils
from nbgrader.preprocessors import CheckCellMetadata
from traitlets.config import Config

from csqm.course.settings import configure
from csqm.grading import early, sandbox
from csqm.grading.execute import WarmExecute, imports_of
from csqm.grading.limits import Limits
from csqm.grading.marks import SaveMarks
from csqm.grading.metadata import CheckMetadata
from csqm.grading.sandbox import NoSandbox
from csqm.grading.zygote import Died, Zygote
from csqm.text import set_language

if not hasattr(__import__("os"), "fork"):
    pytest.skip("warm execution needs fork", allow_module_level=True)

# What nbgrader by itself grades too, with the same marks.
COMMON = USUAL | {
    "exits": GOOD | {"middle": "import sys\nsys.exit(0)"},
    "asks": GOOD | {"middle": "n = input('n? ')"},
    "moves": GOOD | {"middle": f"import os\nos.chdir('/')\n{MIDDLE}"},
    "awaits": GOOD | {"middle": f"import asyncio\nawait asyncio.sleep(0.01)\n{MIDDLE}"},
    "nested-loop": GOOD | {"middle": f"import asyncio\nasyncio.run(asyncio.sleep(0))\n{MIDDLE}"},
    "own-helper": GOOD | {"middle": "from helper import middle"},
}
KILL_PARENT = "import os\nos.kill(os.getppid(), 9)"
STOP_PARENT = "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)"
# What a process survives, or not: the marks of the three cells.
HOSTILE = {
    "loops": ("while True: pass", (1, 0, 3)),
    "loops-on": (
        "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
        (1, 0, 0),
    ),
    "exits-hard": ("import os\nos._exit(0)", (1, 0, 0)),
    "killed": ("import os\nos.kill(os.getpid(), 9)", (1, 0, 0)),
    "segfault": ("import ctypes\nctypes.string_at(0)", (1, 0, 0)),
    "kills-parent": (f"{KILL_PARENT}\nwhile True: pass", (1, 0, 0)),
    "stops-parent": (f"{STOP_PARENT}\nwhile True: pass", (1, 0, 0)),
    "drips": (
        "import os\nwhile True:\n    for n in range(3, 9):\n"
        "        try: os.write(n, b' ')\n        except OSError: pass",
        (1, 0, 3),
    ),
    "long-line": (f"print('x' * 60_000_000)\n{MIDDLE}", (1, 2, 3)),
    "many-bytes": (f"import os\nos.system('yes | head -c 60000000')\n{MIDDLE}", (1, 2, 3)),
    "display-flood": (f"for n in range(999): display('x' * 100_000)\n{MIDDLE}", (1, 2, 3)),
    "long-value": ("def middle():\n    print('x' * 60_000_000)\n    return 0.5", (1, 0.5, 3)),
    "fork-returns": (f"import os\nos.fork()\n{MIDDLE}", (1, 2, 3)),
    "memory": ("kept = bytearray(3 << 30)", (1, 0, 3)),
    "big-file": ("with open('big', 'wb') as file: file.write(bytes(200 << 20))", (1, 0, 3)),
    "many-files": ("kept = [open('/dev/null') for _ in range(9999)]", (1, 0, 3)),
    "daemon": (
        "import subprocess\n"
        "subprocess.Popen(['sleep', '987654'], start_new_session=True)\n"
        f"subprocess.Popen('(sleep 987654 &) ; exit', shell=True)\n{MIDDLE}",
        (1, 2, 3),
    ),
    "scribbles": (
        "import os\nfor n in range(3, 99):\n"
        '    try: os.write(n, b\'{"messages": [[1]], "error": 1}\\n\')\n'
        f"    except OSError: pass\n{MIDDLE}",
        (1, 0, 0),
    ),
    "closes": ("import os\nos.closerange(0, 99)", (1, 0, 0)),
    # Marks that differ from nbgrader's on purpose.
    "typed": ("def middle():\n    return np.float64(0.5)", (1, 0.5, 3)),
    "too-many": ("def middle():\n    return 99", (1, 2, 3)),
    "negative": ("def middle():\n    return -3", (1, 0, 3)),
    "nan": ("def middle():\n    return float('nan')", (1, 0, 3)),
    "warns": ("import warnings\ndef middle():\n    warnings.warn('old')\n    return 2", (1, 2, 3)),
}
SUBMISSIONS = COMMON | {name: GOOD | {"middle": code} for name, (code, _) in HOSTILE.items()}
SUBMISSIONS["fork-bomb"] = GOOD | {"middle": "import os\nwhile True: os.fork()"}
FILES = {"own-numpy": {"numpy.py": "pi = 3"}, "own-helper": {"helper.py": MIDDLE}}


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    course = tmp_path_factory.mktemp("warm") / "course"
    marked = f"c.WarmExecute.environment = {{'CSQM_RUN': {str(course)!r}}}\n"
    make_course(course, CONFIG + WARM + marked)
    for student, answers in SUBMISSIONS.items():
        submit(course, student, answers, FILES.get(student, {}))
    (course / "log").write_text(nbgrader(course, "autograde", "small"))
    return course


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("stock") / "course", CONFIG)
    for student, answers in COMMON.items():
        submit(course, student, answers, FILES.get(student, {}))
    nbgrader(course, "autograde", "small")
    return course


@pytest.mark.parametrize("student", COMMON)
def test_marks_are_those_of_nbgrader(warm, stock, student):
    assert marks(warm, student) == marks(stock, student) is not None


@pytest.mark.parametrize("student", ["perfect", "wrong", "half", "raises", "syntax", "exits"])
def test_outputs_are_those_of_a_kernel(warm, stock, student):
    def plain(found):
        return json.loads(json.dumps(found).replace(str(warm), "").replace(str(stock), ""))

    assert plain(outputs(warm, student)) == plain(outputs(stock, student))


def test_a_fork_bomb_ends(warm):
    # Its forks are gone so soon that the cell may fail alone, or be seen to have too many.
    assert marks(warm, "fork-bomb") in [(1, 0, 0), (1, 0, 3)]


@pytest.mark.parametrize("student", HOSTILE)
def test_hostile_code_costs_no_earlier_marks(warm, student):
    assert marks(warm, student) == HOSTILE[student][1]


def test_output_is_limited(warm):
    for student in ("long-line", "many-bytes", "display-flood", "long-value"):
        file = warm / "autograded" / student / "small" / "small.ipynb"
        assert file.stat().st_size < 10 << 20
        assert "Output truncated" in file.read_text(encoding="utf-8")


def test_what_happened_stands_in_the_notebook_and_in_the_log(warm):
    log = (warm / "log").read_text()
    for student, words in (
        ("segfault", "SIGSEGV"),
        ("exits-hard", "exit status 0"),
        ("loops-on", "did not stop"),
    ):
        assert words in outputs(warm, student)["middle"][-1].evalue
        assert words in log
        assert "was not run" in outputs(warm, student)["last-test"][-1].evalue
    assert outputs(warm, "loops")["middle"][-1].ename == "CellTimeoutError"


def test_nothing_is_left_running(warm):
    time.sleep(0.2)
    assert started_by(str(warm)) == []


def started_by(run):
    """Return the processes that have the variable CSQM_RUN in their environment."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        if (process.info["environ"] or {}).get("CSQM_RUN") == run:
            found.append(process.info["cmdline"])
    return found


def run_alone(tmp_path, cells, config="", files=None):
    """Grade one submission whose cells are also those of the source; return its outputs."""
    course = tmp_path / "course"
    (course / "source" / "small").mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(CONFIG + WARM + config)
    meta = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = new_notebook(cells=cells, metadata=meta)
    nbformat.write(made, course / "source" / "small" / "small.ipynb")
    nbgrader(course, "generate_assignment", "small", check=True)
    folder = course / "submitted" / "one" / "small"
    shutil.copytree(course / "release" / "small", folder)
    for name, text in (files or {}).items():
        if isinstance(text, Path):
            (folder / name).symlink_to(text)
        else:
            (folder / name).write_text(text)
    log = nbgrader(course, "autograde", "small")
    cells = nbformat.read(course / "autograded" / "one" / "small" / "small.ipynb", 4).cells
    return log, [each.outputs for each in cells if each.cell_type == "code"]


def test_pictures_widgets_streams_and_random_numbers(tmp_path):
    sources = [
        "import random\nimport numpy as np\nimport matplotlib.pyplot as plt\nimport pandas as pd",
        "plt.plot([1, 2]);",
        "import os, sys\nprint('a')\nprint('b', file=sys.stderr)\nos.system('echo c')\nprint('d')",
        "handle = display('old', display_id=True)\nhandle.update('new')",
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')",
        "random.random(), np.random.random()",
        "pd.DataFrame({'x': [1]})",
        "%%bash\necho from bash",
        "_, In[1]",
    ]
    cells = [cell(source) for source in sources]
    cells.append(cell("1", "only", 1))
    _, found = run_alone(tmp_path, cells)
    assert found[1][0].data["image/png"].startswith("iVBOR")
    said = [(each.name, each.text) for each in found[2] if each.output_type == "stream"]
    assert said == [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\nd\n")]
    assert found[3][0].data["text/plain"] == "'new'"
    assert [each.text for each in found[4]] == ["kept\n"]
    assert "<table" in found[6][0].data["text/html"]
    assert found[7][0].text == "from bash\n"
    assert "plt.plot([1, 2]);" not in str(found[8]) and "import random" in str(found[8])
    again = run_alone(tmp_path / "again", cells)[1]
    assert found[5] != again[5]


def test_failing_import_falls_back_to_a_kernel_and_the_log_says_so(tmp_path):
    cells = [cell("try:\n    import no_such_module\nexcept ImportError:\n    print('none')")]
    cells.append(cell("1", "only", 1))
    log, found = run_alone(tmp_path, cells, "c.WarmExecute.sandbox = False\n")
    assert "own execution: ModuleNotFoundError" in log and "no_such_module" in log
    assert found[0][0].text == "none\n"


def test_imports_are_found(tmp_path):
    (tmp_path / "helper.py").write_text("")
    sources = ["%matplotlib inline\nimport a.b as c, d\nfrom e.f import g", "import (", "!ls"]
    sources.append("import helper\nfrom . import x\ndef f():\n    import late")
    cells = [new_code_cell(source) for source in sources]
    nbformat.write(new_notebook(cells=cells), tmp_path / "x.ipynb")
    assert imports_of(tmp_path / "x.ipynb") == ["a.b", "d", "e.f:g", "late"]
    assert imports_of(Path("nowhere.ipynb")) == []


@pytest.mark.parametrize(
    "text, points",
    [
        ("0.5", 0.5),
        ("np.float64(0.5)", 0.5),
        ("numpy.float32(1e0)", 1),
        ("np.int64(1)", 1),
        ("Decimal('0.25')", 0.25),
        ("7", 2),
        ("inf", 2),
        ("-1", 0),
        ("np.float64(nan)", 0),
        ("'done'", 2),
        ("Fraction(1, 2)", 2),
        ("(0.5)", 2),
    ],
)
def test_points_are_read(text, points):
    assert graded([new_output("execute_result", data={"text/plain": text})]) == points


def test_every_difference_has_a_switch():
    value = [new_output("execute_result", data={"text/plain": "np.float64(0.5)"})]
    assert graded(value, read_typed_numbers=False) == 2
    value[0].data["text/plain"] = "-1"
    assert graded(value, bound_points=False) == 2
    warned = [new_output("stream", name="stderr", text="old")]
    assert graded(warned) == 2
    assert graded(warned, ignore_stderr=False) == 0
    failed = [*warned, new_output("error", ename="E", evalue="", traceback=[])]
    assert graded(failed) == 0


def graded(found, **switches):
    test = cell("", "x-test", 2)
    test.outputs = SaveMarks(**switches)._as_nbgrader_reads(found, 2.0)
    return utils.determine_grade(test)[0]


@pytest.mark.parametrize("source", [KILL_PARENT, STOP_PARENT])
def test_without_a_sandbox_a_lost_parent_ends_the_submission_in_time(tmp_path, source):
    zygote = Zygote(())
    zygote.wait()
    with pytest.raises(Died):
        run(zygote, tmp_path, f"{source}\nwhile True: pass", seconds=1)
    zygote.close()


needs_bwrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")


@pytest.fixture(scope="module")
def sandboxed():
    zygote = Zygote(("numpy",), sandboxed=True, environment={"CSQM_RUN": "sandboxed"})
    zygote.wait()
    yield zygote
    assert zygote.alive, "no submission could reach it"
    zygote.close()


def run(zygote, folder, source, seconds=5):
    with zygote.job(folder, Limits(memory_mb=500), 20) as job:
        reply, _ = job.run(source, seconds)
    return str(reply["messages"])


@needs_bwrap
@pytest.mark.parametrize(
    "source, shown",
    [
        ("import socket\nsocket.create_connection(('192.0.2.1', 80), 2)", "unreachable"),
        ("import socket\nsocket.gethostbyname('example.org')", "gaierror"),
        ("open('/usr/x', 'w')", "Read-only file system"),
        ("import sys\nopen(sys.prefix + '/x', 'w')", "Read-only file system"),
        ("open({secret!r}).read()", "FileNotFoundError"),
        ("open('link').read()", "FileNotFoundError"),
        ("import os\nos.kill(-1, 9)", "ProcessLookupError"),
        (
            "import os\nfor pid in filter(str.isdigit, os.listdir('/proc')):\n"
            "    try: name = open(f'/proc/{{pid}}/cmdline').read()\n"
            "    except OSError: continue\n"
            "    if 'zygote' in name and int(pid) < 9: open(f'/proc/{{pid}}/mem', 'r+b')",
            "PermissionError",
        ),
        ("import os\nos.setuid(0)", "Invalid argument"),
        ("import os\nprint(os.system('mount -t tmpfs x /usr'))", "superuser"),
        ("import os\nos.mknod('/scratch/x', 0o20666, os.makedev(1, 3))", "PermissionError"),
    ],
)
def test_sandbox_lets_nothing_out(sandboxed, tmp_path, source, shown):
    secret = tmp_path / "gradebook.db"
    secret.write_text("marks")
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "link").symlink_to(secret)
    assert shown in run(sandboxed, folder, source.format(secret=str(secret)))


@needs_bwrap
def test_sandbox_keeps_nothing_of_a_submission(sandboxed, tmp_path):
    write = """
import os, tempfile
for place in (os.getcwd(), tempfile.gettempdir(), "/dev/shm"):
    open(os.path.join(place, "left"), "w").write("x")
print("written")
"""
    look = write.replace(
        'open(os.path.join(place, "left"), "w").write("x")', "print(os.listdir(place))"
    )
    (tmp_path / "own.txt").write_text("mine")
    assert "written" in run(sandboxed, tmp_path, write)
    assert "left" not in run(sandboxed, tmp_path, look)
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]
    assert (tmp_path / "own.txt").read_text() == "mine"


@needs_bwrap
@pytest.mark.parametrize(
    "source, why",
    [
        ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
        ("import os\nos._exit(3)", "exit status 3"),
        (
            "import os\nfor _ in range(99):\n    if not os.fork(): os.execvp('sleep', ['', '99'])",
            "too many processes",
        ),
    ],
)
def test_sandbox_ends_with_what_ran_in_it(sandboxed, tmp_path, source, why):
    with pytest.raises(Died, match=why):
        run(sandboxed, tmp_path, source)
    daemon = "import subprocess\nsubprocess.Popen(['sleep', '987654'], start_new_session=True)"
    run(sandboxed, tmp_path, daemon)
    assert not [line for line in started_by("sandboxed") if "987654" in line]


def test_without_a_sandbox_nothing_is_run_if_one_is_wanted(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoSandbox, match="bubblewrap"):
        Zygote((), sandboxed=True).wait()


def test_without_namespaces_nothing_is_run_and_the_reason_is_told(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    sandbox.check.cache_clear()
    with pytest.raises(NoSandbox, match=r"new namespace.*apt install bubblewrap.*sandbox = False"):
        sandbox.check()


def preprocessed(course, **settings):
    """Run a notebook without nbgrader's command; return the resources."""
    made = notebook(GOOD)
    folder = course / "work"
    folder.mkdir(exist_ok=True)
    told = {"student": "one", "assignment": "small", "notebook": "small"}
    config = Config({"CourseDirectory": {"root": str(course)}, "WarmExecute": settings})
    given = {"metadata": {"path": str(folder)}, "nbgrader": told}
    return WarmExecute(config=config).preprocess(made, given)[1]


def test_a_run_tells_what_it_used_and_whether_there_was_a_sandbox(tmp_path):
    used = preprocessed(tmp_path, sandbox=False)["csqm_usage"]
    assert used["sandbox"] == "none"
    assert used["seconds"] > 0 and used["cpu_seconds"] > 0 and used["memory_mb"] > 10


def test_a_lost_process_is_replaced_and_leaves_no_file_open(tmp_path):
    settings = {"sandbox": False, "environment": {"CSQM_RUN": str(tmp_path)}}
    preprocessed(tmp_path, **settings)
    (lost,) = (
        each
        for each in psutil.Process().children()
        if each.environ().get("CSQM_RUN") == str(tmp_path)
    )
    lost.kill()
    lost.wait()
    gc.collect()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        used = preprocessed(tmp_path, **settings)["csqm_usage"]
        gc.collect()
    assert used["cpu_seconds"] > 0
    assert [each for each in told if each.category is ResourceWarning] == []


@needs_bwrap
def test_a_course_that_the_sandbox_shows_is_refused(tmp_path):
    with pytest.raises(NoSandbox, match="which the sandbox shows"):
        preprocessed(tmp_path, readable=[str(tmp_path)])


@needs_bwrap
def test_settings_of_the_course_show_the_data_and_neither_truth_nor_tests(
    root, monkeypatch, tmp_path
):
    for name in ("PATH", "CSQM_LANG"):
        monkeypatch.setenv(name, os.environ.get(name, "en"))
    config = Config()
    configure(config, "zh-Hant")
    set_language("en")
    settings = config.WarmExecute
    zygote = Zygote(
        (), sandboxed=True, readable=settings.readable, environment=settings.environment
    )
    zygote.wait()
    look = f"""
import os
from csqm.data import load
from csqm.text import language
print(language(), len(load("capstone_survey")) > 9)
print(sorted(os.listdir({str(root)!r})), os.listdir({str(root / "src")!r}))
print([n for n in os.listdir({str(root / "datasets")!r}) if not n.endswith((".csv", ".json"))])
"""
    said = run(zygote, tmp_path, look, seconds=30)
    zygote.close()
    assert "zh-Hant True\\n" in said
    assert "'csqm'" in said and "exercises" not in said and "makers" not in said
    assert "\\n[]\\n" in said


@needs_bwrap
def test_nbgrader_uses_the_sandbox(tmp_path):
    cells = [
        cell("import os\nprint(os.path.exists('../../../gradebook.db'), sorted(os.listdir()))")
    ]
    cells.append(cell("1", "only", 1))
    (tmp_path / "secret").write_text("x")
    files = {"a.txt": "x", "link.txt": tmp_path / "secret"}  # nbgrader follows the link
    log, found = run_alone(tmp_path, cells, files=files)
    assert found[0][0].text == "False ['a.txt']\n", log


@needs_bwrap
def test_what_ran_submissions_last_time_starts_at_once_the_next_time(tmp_path, monkeypatch):
    monkeypatch.setattr(early, "user_cache_path", lambda _: tmp_path / "cache")
    course = make_course(tmp_path / "course", CONFIG + WARM)
    config = Config({"CourseDirectory": {"root": str(course)}})
    source = course / "source" / "small" / "small.ipynb"

    early.start(course)  # there was no last time
    WarmExecute(config=config).start(source)
    early.start(course)
    ((told, other),) = early._waiting
    assert "numpy" in told["preload"] and told["sandboxed"]
    assert early.take(told | {"sandboxed": False}) is None and not other.alive
    early.start(course)
    ((told, zygote),) = early._waiting
    assert early.take(told) is zygote and early.take(told) is None
    zygote.wait()
    with zygote.job(tmp_path, Limits(), 20) as job:
        assert job.run("2 + 2", 9)[0]["messages"][0][1]["data"]["text/plain"] == "4"
    zygote.close()

    (kept,) = (tmp_path / "cache" / "grading").iterdir()
    for damaged in ("", "[]", "{}"):
        kept.write_text(damaged)
        early.start(course)
        assert early._waiting == []


# ---- metadata ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"grade_id": ""},
        {"grade_id": "Name with spaces"},
        {"points": -1},
        {"points": "two"},
        {"locked": None},
        {"solution": False},
        {"schema_version": 2},
        {"schema_version": 4},
        {"unknown": 1},
        {"grade_id": "b"},
    ],
    ids=str,
)
def test_metadata_are_checked_as_by_nbgrader(change):
    def said(step, marks):
        """Return what a step says of a notebook with two cells, the second always the same."""
        cells = [new_markdown_cell(metadata={"nbgrader": each}) for each in marks]
        try:
            step().preprocess(new_notebook(cells=cells), {})
        except Exception as error:
            return type(error), str(error)
        return None

    good = {
        "grade": True,
        "solution": True,
        "locked": False,
        "task": False,
        "grade_id": "a",
        "points": 2,
        "schema_version": 3,
    }
    marks = [good | change, good | {"grade_id": "b"}]
    expected = said(CheckCellMetadata, marks)
    assert (expected is None) == (not change)
    assert [said(CheckMetadata, marks) for _ in range(2)] == [expected] * 2
