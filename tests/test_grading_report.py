"""What an operator of grading sees: flags in words, the report of a run, the command at work."""

import ast
import html
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from grading_helpers import english_in
from test_cohort import PART, base, course, csqm, spoken  # noqa: F401
from typer.testing import CliRunner

from csqm import grading as package
from csqm.course import demo
from csqm.course.cli import app
from csqm.grading import run
from csqm.grading.flags import MENDED, Flag
from csqm.grading.report import (
    MOST_SHOWN,
    SLOWEST,
    explain,
    make_page,
    make_report,
    named,
    write_report,
)
from csqm.grading.run import Outcome
from csqm.text import LANGUAGES, Message, say, set_language, speaking

GRADING = Path(package.__file__).parent
# What an error of Python says has no translation.
ERROR = """f'{type(error).__name__}: {error}'.splitlines()[0]"""
EVIL = "<img src=x onerror=alert(1)>\u202e\x1b[31m\n'\""
STARTED = datetime(2026, 12, 1, 18, tzinfo=UTC)


# ---- flags


def kinds_in(file):
    """Find the kinds of flags that a module makes, by reading it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = set()
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef):
            continue
        if scope.args.args[-1:] and scope.args.args[-1].arg == "kind":
            found |= {default.value for default in scope.args.defaults[-1:]}
        for call in ast.walk(scope):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            place = {"Flag": 0, "Unreadable": 0, "_flag": 0, "Died": 1, "_dead": 1}.get(name)
            if place is not None and len(call.args) > place:
                found |= constants(call.args[place], scope)
    return found


def constants(value, scope):
    """Return the texts that an expression can be, following names within a function."""
    if isinstance(value, ast.Constant):
        return {value.value}
    if isinstance(value, ast.IfExp):
        return constants(value.body, scope) | constants(value.orelse, scope)
    found = set()
    for node in ast.walk(scope) if isinstance(value, ast.Name) else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == value.id:
            found |= constants(node.value, scope)
        if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple):
            for at, each in enumerate(node.target.elts):
                if ast.unparse(each) == value.id and isinstance(node.iter, ast.Tuple):
                    found |= {row.elts[at].value for row in node.iter.elts}
    return found


def test_every_kind_of_flag_is_told_in_both_languages():
    kinds = set().union(*map(kinds_in, GRADING.glob("*.py")))
    assert {"canary", "damaged", "lost", "reordered", "sandbox", "time"} <= kinds
    catalogue = tomllib.loads((GRADING.parent / "messages" / "grading.toml").read_text("utf-8"))
    told = {name.removeprefix("flag_") for name in catalogue if name.startswith("flag_")}
    assert kinds | MENDED == told
    for kind in kinds:
        flag = Flag(kind, Message("submission.upgraded", path="a.ipynb"))
        assert explain(flag).endswith(".") and not re.search("[一-龥]", explain(flag) + named(kind))
        with speaking("zh-Hant"):
            assert explain(flag).endswith("。") and not english_in(explain(flag))
            assert re.search("[一-龥]", named(kind))


def test_what_flags_say_comes_from_the_catalogue():
    """A sentence in the code would be in one language only."""
    makers = {"Died", "Flag", "NoSandbox", "PreloadError", "Unreadable", "_flag", "_left_out"}
    own, dead = [], set()
    for file in GRADING.glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = isinstance(call, ast.Call) and getattr(
                call.func, "id", getattr(call.func, "attr", "")
            )
            if name == "_dead":
                dead.add(call.args[0].value)
            if name in makers:
                texts = [ast.unparse(each) for each in call.args if not isinstance(each, ast.Call)]
                own += [f"{file.name}: {text}" for text in texts if re.match(r"f?['\"].* ", text)]
    assert own == [f"run.py: {ERROR}"]
    assert dead
    for entry in dead:
        assert say(f"zygote.{entry}", seconds=2)


def test_a_flag_cannot_steer_the_terminal_and_unknown_ones_are_told_as_they_are():
    assert explain(Flag("of-another-course", f"Look {EVIL}")) == (
        "Look <img src=x onerror=alert(1)>??[31m?'\""
    )
    assert "\x1b" not in explain(Flag("time", EVIL))
    assert len(explain(Flag("error", "x" * 10**6))) < 1000


# ---- the report


def outcome(number, status="done", *flags, student=None, sandbox="bubblewrap"):
    used = {"seconds": 0.1 * number, "memory_mb": 100.0 + number, "sandbox": sandbox}
    used["limits"] = "cgroup v2"
    usage = {PART: used} if status in ("done", "flagged") else {}
    return Outcome(PART, student or f"b{number}", status, flags, usage)


def reported(outcomes, total=None, **how):
    ended = STARTED + timedelta(seconds=50)
    return make_report(
        outcomes,
        len(outcomes) if total is None else total,
        STARTED,
        ended,
        folder=lambda part, student: f"submitted/{student}/{part}",
        **how,
    )


def test_the_report_for_machines_has_every_submission():
    found = [
        outcome(1, "same"),
        outcome(2),
        outcome(3, "flagged", Flag("time", "Cell 3."), Flag("renamed", "'x'.")),
        outcome(4, "failed", Flag("damaged", "It is cut off.")),
    ]
    told = reported(found, workers=2)
    assert told["version"] == 1 and told["complete"]
    assert told["counts"] == {"failed": 1, "flagged": 1, "done": 1, "same": 1}
    assert told["seconds"] == 50 and told["rate"] == 2 / 50
    by = {each["student"]: each for each in told["submissions"]}
    assert by["b2"]["seconds"] == pytest.approx(0.2) and by["b2"]["memory_mb"] == 102
    assert [flag["needs_look"] for flag in by["b3"]["flags"]] == [True, False]
    assert by["b2"]["limits"] == "cgroup v2" and by["b4"]["limits"] is None
    assert by["b4"]["seconds"] is None and by["b4"]["sandbox"] is None
    assert json.loads(json.dumps(told)) == told


def test_two_notebooks_take_the_time_of_both_and_the_weaker_sandbox():
    usage = {
        "a": {"seconds": 1.0, "memory_mb": 200.0, "sandbox": "bubblewrap", "limits": "cgroup v1"},
        "b": {"seconds": 2.0, "memory_mb": 100.0, "limits": "rlimits"},
    }
    (told,) = reported([Outcome(PART, "amy", "done", (), usage)])["submissions"]
    assert (told["seconds"], told["memory_mb"], told["sandbox"]) == (3, 200, "none")
    assert told["limits"] == "rlimits"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_says_when_a_run_broke_off_or_had_no_sandbox(lang):
    set_language(lang)
    safe = make_page(reported([outcome(1)]))
    assert say("grading_report.safe", sandbox="bubblewrap") in safe
    assert say("grading_report.limits", limits="cgroup v2") in safe
    assert 'role="note"' not in safe
    page = make_page(reported([outcome(1, sandbox="none")], total=7))
    assert say("grading_report.unsafe", count=1) in page
    assert say("grading_report.stopped", done=1, total=7) in page
    assert f'<html lang="{lang}">' in page


def test_the_page_stays_small_and_shows_the_slowest_of_ten_thousand():
    many = [outcome(number) for number in range(1, 10_001)]
    many += [outcome(n, "flagged", Flag("died", "Cell 2.")) for n in range(10_001, 10_501)]
    page = make_page(reported(many))
    assert len(page) < 300_000
    assert page.count('class="flagged"') == MOST_SHOWN
    assert say("grading_report.look_more", count=300, file="grading-report.json") in page
    table = page[page.index(say("grading_report.slowest", count=SLOWEST)) :]
    assert table.index("b10500") < table.index("b10481") and "b10480<" not in table


def test_failures_come_before_flags_and_what_was_mended_asks_nobody():
    found = [
        outcome(1, "flagged", Flag("canary", "Cell 1."), Flag("renamed", "'odd name' was taken.")),
        outcome(2, "failed", Flag("format", "It has format 9.")),
        outcome(3, "done", Flag("renamed", "'other name' was taken.")),
    ]
    page = make_page(reported(found))
    look = page[page.index(say("grading_report.look")) : page.index("<figure>")]
    assert look.index("b2") < look.index("b1") and "b3" not in look
    assert "odd name" not in look and "It has format 9." in look
    assert (
        '<tr><td>renamed <code>renamed</code></td><td>no</td><td class="number">2</td></tr>' in page
    )


def test_a_failed_run_leaves_the_report_of_the_run_before_whole(tmp_path, monkeypatch):
    write_report(tmp_path, reported([outcome(1)]))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(Path, "write_text", lambda *a, **k: (_ for _ in ()).throw(OSError(28, "")))
    with pytest.raises(OSError):
        write_report(tmp_path, reported([outcome(2)]))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width, scheme", [(1440, "light"), (360, "dark")])
def test_a_hostile_report_fits_and_runs_nothing(lang, width, scheme, browser, tmp_path):
    set_language(lang)
    names = [EVIL, "javascript:alert(1)", "</style><script>document.title='x'</script>", "b" * 200]
    found = [outcome(1, "failed", Flag("error", name), student=name) for name in names]
    found += [
        outcome(9, "flagged", Flag("died", os.fsdecode(b"\xff")), student=os.fsdecode(b"\xfe"))
    ]
    found += [outcome(number) for number in range(1, 60)]
    file = write_report(tmp_path, reported(found, scheduler=EVIL))
    assert json.loads(file.with_suffix(".json").read_text("utf-8"))["submissions"]
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=False
    )
    page, said = context.new_page(), []
    page.on("console", lambda each: said.append(each.text))
    page.on("pageerror", lambda each: said.append(str(each)))
    page.on("dialog", lambda each: said.append(each.message))
    page.on("request", lambda each: said.append(each.url) if each.url != file.as_uri() else None)
    page.goto(file.as_uri())
    assert said == []
    assert page.title() == say("grading_report.title")
    assert page.locator("script, img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    links = page.locator("a").evaluate_all("all => all.map(each => each.href)")
    assert len(links) == 5 and all(each.startswith(tmp_path.as_uri()) for each in links)
    tables = page.locator("table")
    assert tables.count() == tables.locator("caption").count() == 3
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(27, 27, 27)"
    assert dark == (scheme == "dark")
    context.close()


# ---- the command at work


SLEEPY = "import time\n\ndef rolled_throughput_yield(yields):\n    time.sleep(60)\n"


@pytest.fixture
def class_of_three(course):  # noqa: F811
    """Three submissions of a course, of which one cannot be read."""
    answers, saved = demo.solutions(course, PART), demo.saved_answers(PART)
    files = [
        demo.submit(course, PART, name, answers, saved=saved) for name in ("amy", "ben", "cai")
    ]
    csqm("collect", *files, "--received", "2026-11-30 10:00", "--course", course)
    notebook = course / "submitted" / "ben" / PART / f"{PART}.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8")[:5000], encoding="utf-8")
    return course


def in_terminal(*command, until=None):
    """Run a command in a terminal of its own; press Ctrl-C when it has shown a text."""
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "csqm.course", *map(str, command)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
        start_new_session=True,
    )
    os.close(terminal)
    shown, end = b"", time.monotonic() + 240
    while time.monotonic() < end:
        if select.select([master], [], [], 0.2)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:  # the other side is closed
                break
        if until and until in shown.decode(errors="replace"):
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            until = None
    os.close(master)
    return process.wait(timeout=60), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def report_of(course):  # noqa: F811
    return json.loads((course / "grading-report.json").read_text(encoding="utf-8"))


def test_a_run_shows_its_progress_what_needs_a_look_and_its_report(class_of_three):
    code, shown = in_terminal("grade", "--course", class_of_three)
    assert code == 1, shown
    assert "3/3" in shown and re.search(r"\d\.\d/s", shown)
    reason = explain(Flag("damaged", f"'{PART}.ipynb' is cut off: ask for it again."))
    assert f"✗ ben  {PART}  {reason}" in shown
    assert shown.index("✗ ben") < shown.index("amy  ")
    assert say("cli.found", kinds="damaged") in shown
    assert say("cli.report", file=class_of_three / "grading-report.html") in shown
    told = report_of(class_of_three)
    assert told["counts"] == {"failed": 1, "flagged": 0, "done": 2, "same": 0}
    for each in told["submissions"]:
        assert (class_of_three / each["folder"] / f"{PART}.ipynb").is_file()
    (ben,) = [each for each in told["submissions"] if each["student"] == "ben"]
    assert ben["flags"][0]["kind"] == "damaged"
    again = CliRunner().invoke(app, ["grade", "--json", "--course", str(class_of_three)])
    by = {each["student"]: each for each in json.loads(again.stdout)}
    assert again.exit_code == 1 and again.stderr == ""
    assert (by["amy"]["status"], by["ben"]["status"]) == ("same", "failed")
    assert by["ben"]["text"] == reason and by["ben"]["flags"][0]["kind"] == "damaged"
    assert report_of(class_of_three)["counts"]["same"] == 2


def test_ctrl_c_leaves_a_report_of_what_is_there_so_far(class_of_three):
    course = class_of_three  # noqa: F811
    notebook = course / "submitted" / "cai" / PART / f"{PART}.ipynb"
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "rty-answer":
            cell["source"] = SLEEPY
    notebook.write_text(json.dumps(content), encoding="utf-8")
    code, shown = in_terminal("grade", "--course", course, until="✗ ben")
    assert code == 130, shown
    assert say("cli.grading_stopped") in shown and "Traceback" not in shown
    told = report_of(course)
    assert not told["complete"] and told["total"] == 3
    assert [each["student"] for each in told["submissions"]] == ["amy", "ben"]
    assert say("grading_report.stopped", done=2, total=3) in (
        course / "grading-report.html"
    ).read_text(encoding="utf-8")


CHEAT = """
import math
from csqm.course import checks

math.isclose = lambda *values, **how: True
checks.Check.score = lambda self: 4
"""
# How submissions of a Chinese course went wrong: the answer to one task, or the notebook's file.
WRONG = {
    "cheats": (CHEAT, ["patched", "canary"]),
    "dies": ("import os\nos._exit(3)", ["died"]),
    "loops": ("while True:\n    pass", ["time"]),
    "cut-off": (lambda file, text: file.write_bytes(text[:5000]), ["damaged"]),
    "two": (
        lambda file, text: (
            [file.with_name(f"small ({n}).ipynb").write_bytes(text + b" " * n) for n in (1, 2)]
            + [file.unlink()]
        ),
        ["ambiguous"],
    ),
    "odd": (
        lambda file, text: [
            file.with_name("my own.ipynb").write_bytes(text.decode().encode("utf-16")),
            file.unlink(),
            file.with_name("data.csv").symlink_to("/etc/passwd"),
        ],
        ["left-out", "encoding", "renamed"],
    ),
}


@pytest.fixture(scope="module")
def chinese_course(tmp_path_factory):
    """A course in Chinese whose submissions went wrong, graded, with what the command said."""
    set_language("zh-Hant")
    course = tmp_path_factory.mktemp("chinese") / "course"  # noqa: F811
    demo.make_course("zh-Hant", course, [PART])
    with (course / "nbgrader_config.py").open("a") as config:
        config.write("\nc.Execute.timeout = 5\n")
    with demo.open_course(course) as api:
        demo.generate(api, PART)
    answers, saved = demo.solutions(course, PART), demo.saved_answers(PART)
    for student, (wrong, _) in WRONG.items():
        own = {"rty-answer": wrong} if isinstance(wrong, str) else {}
        demo.submit(course, PART, student, answers | own, saved=saved)
    csqm("collect", course / demo.HANDED_IN, "--course", course)
    for student, (wrong, _) in WRONG.items():
        file = course / "submitted" / student / PART / f"{PART}.ipynb"
        if callable(wrong):
            wrong(file, file.read_bytes())
    set_language("en")
    said = csqm("grade", "--course", course, code=1)
    csqm("feedback", "--course", course)
    return course, said


def test_who_reads_chinese_only_understands_the_command_and_the_report(chinese_course):
    course, said = chinese_course  # noqa: F811
    for line in said.splitlines():
        assert not english_in(line), line
    told = {each["student"]: each for each in report_of(course)["submissions"]}
    for student, (_, kinds) in WRONG.items():
        flags = told[student]["flags"]
        assert {each["kind"] for each in flags} >= set(kinds), student
        assert all(english_in(each["detail"]) for each in flags), "for machines it is in English"
    page = (course / "grading-report.html").read_text(encoding="utf-8")
    texts = re.sub(r"(?s)<style>.*?</style>|<code>.*?</code>|<[^>]*>", "\n", page).splitlines()
    assert [each for each in texts if english_in(html.unescape(each))] == []


def test_who_reads_chinese_only_understands_formgrader_and_the_feedback(chinese_course):
    course, _ = chinese_course  # noqa: F811
    texts, stopped = [], []
    for file in (course / "autograded").rglob("*.ipynb"):
        for cell in nbformat.read(file, as_version=4).cells:
            if "csqm_flags" in cell.metadata:
                texts += html.unescape(cell.source).splitlines()
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    stopped.append(output.ename)
                    texts.append(output.evalue)
                    texts += output.traceback[-1:]
    assert {"CellTimeoutError", "DeadKernelError"} <= set(stopped)
    for file in (course / "feedback").rglob("*.html"):
        page = file.read_text(encoding="utf-8")
        texts += re.findall(r'<p class="said wrong">\s*(.*?)</p>', page)
    assert say("checks.error_DeadKernelError") not in texts, "it is in Chinese"
    with speaking("zh-Hant"):
        assert say("checks.error_DeadKernelError") in texts
    assert [each for each in texts if english_in(each)] == []


def test_a_report_that_cannot_be_written_costs_no_mark(class_of_three):
    (class_of_three / "grading-report.html").mkdir()
    shutil.rmtree(class_of_three / "submitted" / "ben")
    said = csqm("grade", "--course", class_of_three, code=1)
    assert "grading-report.html" in said
    assert (class_of_three / "autograded" / "amy" / PART / f"{PART}.ipynb").is_file()


def test_a_crash_leaves_a_report(class_of_three, monkeypatch):
    def break_off(*arguments, **options):
        yield Outcome(PART, "amy", "done")
        raise RuntimeError

    monkeypatch.setattr(run, "grade", break_off)
    done = CliRunner().invoke(app, ["grade", "--course", str(class_of_three)])
    assert isinstance(done.exception, RuntimeError)
    assert [each["student"] for each in report_of(class_of_three)["submissions"]] == ["amy"]
