"""Runs of grading: the same marks whichever way, nothing lost when processes are, one run at a time."""

import json
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import nbformat
import psutil
import pytest
from grading_helpers import (
    CONFIG,
    GOOD,
    LIGHT,
    MIDDLE,
    USUAL,
    WARM,
    make_course,
    nbgrader,
    submit,
)
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, text

from csqm.course import grading, marks
from csqm.course.release import open_course
from csqm.grading import job, run
from csqm.grading.report import explain
from csqm.grading.submission import read_submission
from csqm.text import say, speaking

if not hasattr(os, "fork"):
    pytest.skip("warm execution needs fork", allow_module_level=True)

if not shutil.which("bwrap"):
    WARM += "c.WarmExecute.sandbox = False\n"

VARIED = USUAL | {
    "crashes": GOOD | {"middle": "import os\nos._exit(0)"},
    "warns": GOOD
    | {"middle": "import warnings\ndef middle():\n    warnings.warn('old')\n    return 2"},
    "writes": GOOD | {"middle": f"open('kept.txt', 'w').write('x')\n{MIDDLE}"},
    "late": GOOD,
}
FILES = {
    "own-numpy": {"numpy.py": "pi = 3"},
    "late": {"timestamp.txt": "2026-12-03 10:00:00 UTC"},
}
# What a copy of a submission is worth in the light course, in turn.
LIGHT_ONES = [
    (GOOD, (1, 2, 3)),
    ({}, (0, 0, 0)),
    (GOOD | {"middle": "def middle():\n    return 0.5"}, (1, 0.5, 3)),
    (GOOD | {"first": "def first():\n    return 0"}, (0, 2, 3)),
]


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    """A course with varied submissions; tests work on copies of it."""
    course = tmp_path_factory.mktemp("varied") / "course"
    make_course(course, CONFIG + WARM)
    for student, answers in VARIED.items():
        submit(course, student, answers, FILES.get(student, {}))
    return course


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """A course without submissions whose notebook imports nothing that takes time."""
    return make_course(tmp_path_factory.mktemp("light") / "course", CONFIG + WARM, LIGHT)


def hand_in(course, count):
    """Hand in copies of a few light submissions; return the marks that each must get."""
    expected = {}
    for number in range(count):
        answers, points = LIGHT_ONES[number % len(LIGHT_ONES)]
        student = f"s{number:04}"
        if number < len(LIGHT_ONES):
            submit(course, student, answers, imports=LIGHT)
        else:
            first = course / "submitted" / f"s{number % len(LIGHT_ONES):04}"
            shutil.copytree(first, course / "submitted" / student)
        expected[student] = points
    return expected


def grade(course, students=None, **options):
    """Grade a course in this process; return the outcomes by student."""
    with open_course(course) as api, api.gradebook as gradebook:
        work = [("small", student) for student in students or sorted(VARIED)]
        return {each.student: each for each in run.grade(gradebook, api.coursedir, work, **options)}


def state(course, url=None):
    """Return all that grading writes, by student, but for what tells time and place."""
    found = {}
    with Gradebook(url or f"sqlite:///{course / 'gradebook.db'}", "small") as gradebook:
        for table, columns in (("submitted_assignment", "assignment_id, student_id"),):
            rows = gradebook.db.execute(text(f"SELECT {columns} FROM {table}")).all()
            assert len(rows) == len(set(rows)), "a row is there twice"
        for submission in gradebook.assignment_submissions("small"):
            (graded,) = submission.notebooks
            assert len({each.cell_id for each in graded.grades}) == len(graded.grades) == 3
            folder = course / "autograded" / submission.student.id / "small"
            found[submission.student.id] = {
                "grades": {
                    each.name: (each.auto_score, each.manual_score, bool(each.needs_manual_grade))
                    for each in graded.grades
                },
                "comments": {each.name: each.comment for each in graded.comments},
                "late": (submission.timestamp, graded.late_submission_penalty),
                "files": sorted(path.name for path in folder.iterdir()),
                "notebook": plain(folder / "small.ipynb"),
            }
    return found


def plain(file):
    """Return a notebook without what tells time and place."""
    cells = nbformat.read(file, 4).cells
    for each in cells:
        each.metadata.pop("execution", None)
        if each.cell_type == "markdown":  # nbgrader gives what was added a name by chance
            each.pop("id")
        for output in each.get("outputs", ()):
            output.pop("traceback", None)  # names temporary files, at lengths by chance
        each.source = re.sub(r"\d+ &#45; \d+", "", each.source)  # a canary's numbers, by chance
    return json.loads(re.sub(r"/(tmp|scratch)/[^\s\"\\]*/", "", json.dumps(cells)))


def points(course, url=None):
    """Return the points of the three cells of everybody."""
    with Gradebook(url or f"sqlite:///{course / 'gradebook.db'}", "small") as gradebook:
        return {
            submission.student.id: tuple(
                {each.name: each.score for each in submission.notebooks[0].grades}[f"{name}-test"]
                for name in ("first", "middle", "last")
            )
            for submission in gradebook.assignment_submissions("small")
        }


def left(mark):
    """Return the processes of a test that are still there after a while."""
    for _ in range(100):
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            if (process.info["environ"] or {}).get("CSQM_RUN") == mark:
                found.append(process.info["cmdline"])
        if not found:
            break
        time.sleep(0.1)
    return found


@pytest.fixture
def mark(tmp_path):
    """Mark what a test starts, to find it again."""
    return str(tmp_path)


def marked(course, mark):
    """Let what runs for a course carry a mark."""
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"c.WarmExecute.environment = {{'CSQM_RUN': {mark!r}}}\n")
    return course


@contextmanager
def cluster(folder, mark, workers, *, protocol="tcp", environment=None):
    """Start a scheduler and workers as processes of their own; yield its address, it and them."""
    told = folder / "scheduler.json"
    environment = os.environ | {"CSQM_RUN": mark} | (environment or {})
    log = (folder / "cluster.log").open("w")

    def start(*arguments):
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    started = [
        start(
            *("scheduler", f"--protocol={protocol}", "--host=127.0.0.1", "--port=0"),
            f"--scheduler-file={told}",
        ),
        *(
            start("worker", f"--scheduler-file={told}", "--nthreads=1", "--host=127.0.0.1")
            for _ in range(workers)
        ),
    ]
    try:
        for _ in range(300):
            if told.exists() and told.stat().st_size:
                break
            time.sleep(0.1)
        yield json.loads(told.read_text())["address"], started[0], started[1:]
    finally:
        for process in started[::-1]:
            if process.returncode is None:
                kill_all(process)
        log.close()


@pytest.fixture(scope="module")
def inline(varied, tmp_path_factory):
    course = shutil.copytree(varied, tmp_path_factory.mktemp("inline") / "course")
    outcomes = grade(course, workers=1)
    return outcomes, state(course)


def test_a_job_speaks_the_language_of_its_course_wherever_it_runs(varied):
    with open_course(varied) as api, api.gradebook as gradebook, speaking("zh-Hant"):
        assignment = job.read_assignment(gradebook, api.coursedir, "small")
    submission = read_submission(varied / "submitted" / "crashes" / "small", ["small"])
    graded = job.run(pickle.loads(pickle.dumps(assignment)), submission)
    notebook = graded.notebooks["small"].decode()
    for entry in ("grading.not_run", "tampering.notice"):
        assert say(entry) not in notebook
        with speaking("zh-Hant"):
            assert say(entry) in notebook


def test_marks_are_right_and_come_with_their_flags(inline):
    outcomes, graded = inline
    assert {student for student in VARIED if outcomes[student].status == "failed"} == set()
    assert {name: score for name, (score, *_) in graded["half"]["grades"].items()} == {
        "first-test": 1,
        "middle-test": 0.5,
        "last-test": 3,
    }


def encrypted(folder):
    """Do what the guide says about TLS; return the variable that tells Dask where."""
    guide = Path(__file__).parents[1].joinpath("exercises", "README.md").read_text("utf-8")
    (command,) = re.findall(r"^openssl .*", guide, re.M)
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    (settings,) = re.findall(r"```yaml\n(.*?)```", guide, re.S)
    (folder / "csqm.yaml").write_text(settings.replace("/home/me/.config/dask", str(folder)))
    return {"DASK_CONFIG": str(folder / "csqm.yaml")}


@pytest.mark.parametrize("way", ["local", "encrypted", "reversed"])
def test_results_are_the_same_whichever_way(way, varied, inline, tmp_path, mark):
    course = shutil.copytree(varied, tmp_path / "course")
    if way == "local":
        outcomes = told(csqm_grade(course, mark, "--workers=2", "--json", cluster=True))
    elif way == "reversed":
        outcomes = grade(course, sorted(VARIED, reverse=True), workers=1)
        outcomes = {student: asdict(each) for student, each in outcomes.items()}
    else:
        tls = encrypted(tmp_path)
        with cluster(tmp_path, mark, 1, protocol="tls", environment=tls) as (address, _, _):
            with pytest.raises(run.NoScheduler, match="TLS"):
                grade(course, scheduler=address)
            outcomes = told(
                csqm_grade(course, mark, "--scheduler", address, "--json", environment=tls)
            )
    assert state(course) == inline[1]
    for student, outcome in outcomes.items():
        expected = inline[0][student]
        assert outcome["status"] == expected.status
        assert [each["kind"] for each in outcome["flags"]] == [each.kind for each in expected.flags]


def told(process):
    """Return what `csqm grade --json` tells of each student."""
    said, errors = process.communicate()
    assert process.returncode in (0, 1), errors
    return {each["student"]: each for each in json.loads(said)}


def test_nbgraders_own_command_gives_the_same(varied, inline, tmp_path):
    course = shutil.copytree(varied, tmp_path / "course")
    nbgrader(course, "autograde", "small")
    found = state(course)
    for student, expected in inline[1].items():
        assert found[student]["grades"] == expected["grades"], student
        assert found[student]["late"] == expected["late"]
        assert found[student]["notebook"] == expected["notebook"], student


def test_a_run_survives_the_loss_of_two_of_three_workers(light, tmp_path, mark):
    course = marked(shutil.copytree(light, tmp_path / "course"), mark)
    expected = hand_in(course, 200)
    with cluster(tmp_path, mark, 3) as (address, _, workers):
        with open_course(course) as api, api.gradebook as gradebook:
            work = [("small", student) for student in expected]
            outcomes = []
            for outcome in run.grade(gradebook, api.coursedir, work, scheduler=address):
                outcomes.append(outcome)
                if len(outcomes) in (20, 60):
                    kill_all(workers.pop())
        assert len(workers) == 1
    assert sorted(each.student for each in outcomes) == sorted(expected)
    assert {each.status for each in outcomes} == {"done"}
    assert points(course) == expected
    assert len(state(course)) == 200
    assert left(mark) == []


def kill_all(process):
    """Kill a worker with its nanny, as when its machine stops; what it started is left to itself."""
    found = [process.pid, *(each.pid for each in psutil.Process(process.pid).children())]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    process.wait()


KILLER = """
import os
from nbgrader.preprocessors import NbGraderPreprocessor
class Kill(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        if any("# kill" in cell.source for cell in nb.cells):
            os.kill(os.getpid(), 9)
        return nb, resources
"""


def test_what_kills_every_worker_is_given_up_and_the_others_are_graded(
    light, tmp_path, mark, monkeypatch
):
    course = marked(shutil.copytree(light, tmp_path / "course"), mark)
    (tmp_path / "killer.py").write_text(KILLER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("import killer\nc.Autograde.sanitize_preprocessors.append(killer.Kill)\n")
    expected = hand_in(course, 12)
    submit(course, "killer", {"first": "# kill"}, imports=LIGHT)
    patience = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}  # each costs a new worker
    with cluster(tmp_path, mark, 2, environment=patience) as (address, _, _):
        outcomes = grade(course, ["s0000", "killer", *sorted(expected)[1:]], scheduler=address)
    assert (outcomes["killer"].status, outcomes["killer"].flags[0].kind) == ("failed", "lost")
    assert {each.status for student, each in outcomes.items() if student in expected} == {"done"}
    assert points(course) == expected
    assert left(mark) == []


def test_without_more_processes_one_grades(light, tmp_path, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("no memory")

    monkeypatch.setattr(run, "_connect", fail)
    monkeypatch.setattr(run, "WORTH", -1.0)
    course = shutil.copytree(light, tmp_path / "course")
    expected = hand_in(course, 4)
    grade(course, sorted(expected), workers=2)
    assert points(course) == expected
    assert "no memory" in caplog.text


def test_a_run_without_any_worker_ends_and_the_next_one_goes_on(light, tmp_path, mark, monkeypatch):
    course = marked(shutil.copytree(light, tmp_path / "course"), mark)
    expected = hand_in(course, 12)
    work = [("small", student) for student in expected]
    with cluster(tmp_path, mark, 1) as (address, _, (worker,)):
        with open_course(course) as api, api.gradebook as gradebook:
            outcomes = []
            for outcome in run.grade(gradebook, api.coursedir, work, scheduler=address):
                outcomes.append(outcome)
                if len(outcomes) == 3:
                    monkeypatch.setattr(run, "PATIENCE", 1.0)
                    kill_all(worker)
        again = grade(course, sorted(expected), scheduler=address)
    assert sorted(each.student for each in outcomes) == sorted(expected)
    assert {each.status for each in outcomes} == {"done", "failed"}
    failed = {each.student: each.flags for each in outcomes if each.status == "failed"}
    assert {student for student, each in again.items() if each.status == "failed"} == set(failed)
    for (flag,) in failed.values():
        assert flag.kind == "no-workers"
        assert f"No worker of {address} has been there for 1 seconds." in explain(flag)
    assert left(mark) == []
    grade(course, sorted(expected), workers=1)
    assert points(course) == expected


def test_a_run_that_loses_its_scheduler_ends_and_the_next_one_goes_on(light, tmp_path, mark):
    course = marked(shutil.copytree(light, tmp_path / "course"), mark)
    expected = hand_in(course, 16)
    with cluster(tmp_path, mark, 1) as (address, scheduler, _):
        stopped = csqm_grade(course, mark, "--scheduler", address)
        while len(list(course.glob("autograded/*/small"))) < 3:
            assert stopped.poll() is None, stopped.communicate()
            time.sleep(0.05)
        scheduler.kill()
        scheduler.wait()
        _, said = stopped.communicate()
    assert stopped.returncode == 1
    why = f"The connection to the Dask scheduler {address} was lost."
    assert why in said
    assert [line for line in said.splitlines() if why not in line] == []
    assert left(mark) == []
    outcomes = grade(course, sorted(expected), workers=1)
    assert {each.status for each in outcomes.values()} == {"same", "done"}
    assert points(course) == expected


# ---- the command is stopped


# Where a run is killed: what it is about to do, and for the how manieth time.
MOMENTS = {
    "start": ("csqm.grading.job:read_assignment", 1),
    "run": ("csqm.grading.job:run", 3),
    "files": ("csqm.grading.record:Recorder._write_files", 2),
    "half the files": ("pathlib:Path.chmod", 3),
    "marks": ("csqm.grading.record:Recorder._write_marks", 2),
    "late": ("csqm.grading.record:apply_late_penalty", 2),
    "rename": ("pathlib:Path.rename", 2),
    "clean": ("csqm.grading.record:rmtree", 2),
}
DRIVER = """
import importlib, os, sys
from csqm.course.cli import app
from csqm.grading import record, run
where, turn, cluster, *arguments = sys.argv[1:]
if cluster == "True":  # does all but the first two, for which one does not start a cluster
    class Waiting(run.ThreadPoolExecutor):
        def submit(self, *task):
            started = super().submit(*task)
            started.exception()
            return started
    run.ThreadPoolExecutor, run.WORTH = Waiting, -1.0
if where != "-":
    module, _, path = where.partition(":")
    owner = importlib.import_module(module)
    *names, last = path.split(".")
    for name in names:
        owner = getattr(owner, name)
    real, calls = getattr(owner, last), []
    def deadly(*args, **options):
        calls.append(1)
        if len(calls) == int(turn):
            os.kill(os.getpid(), 9)
        return real(*args, **options)
    setattr(owner, last, deadly)
    for each in (record, run):
        if getattr(each, last, None) is real:
            setattr(each, last, deadly)
app(arguments)
"""


def csqm_grade(course, mark, *options, where="-", turn=0, cluster=False, environment=None):
    """Start `csqm grade`, which kills itself where it shall, and on a cluster if it shall."""
    command = [sys.executable, "-c", DRIVER, where, str(turn), str(cluster)]
    return subprocess.Popen(
        [*command, "grade", "--course", str(course), *options],
        env=os.environ | {"CSQM_RUN": mark} | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def graded(light, tmp_path_factory):
    """A course with 4 submissions, graded once and collected anew with other answers."""
    course = shutil.copytree(light, tmp_path_factory.mktemp("graded") / "course")
    expected = hand_in(course, 4)
    grade(course, sorted(expected), workers=1)
    for number, student in enumerate(sorted(expected)):
        shutil.rmtree(course / "submitted" / student)
        answers, expected[student] = LIGHT_ONES[(number + 1) % len(LIGHT_ONES)]
        files = {"timestamp.txt": "2026-12-03 10:00:00 UTC"}
        submit(course, student, answers, files, imports=LIGHT)
    undisturbed = shutil.copytree(course, course.with_name("undisturbed"))
    grade(undisturbed, sorted(expected), workers=1)
    assert points(undisturbed) == expected
    return course, state(undisturbed)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_after_a_killed_one_gives_complete_equal_marks(moment, graded, tmp_path, mark):
    course = marked(shutil.copytree(graded[0], tmp_path / "course"), mark)
    where, turn = MOMENTS[moment]
    killed = csqm_grade(course, mark, "--workers=1", where=where, turn=turn)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert left(mark) == []
    grade(course, sorted(graded[1]), workers=1)
    assert state(course) == graded[1]
    assert not list(course.glob("autograded/*/.*")), "nothing half done is left"


def held(mark):
    """Return the folders for what is thrown away that the processes of a test hold, by process."""
    found = {}
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get("CSQM_RUN") == mark:
            with suppress(OSError):
                files = [each.readlink() for each in Path(f"/proc/{process.pid}/fd").iterdir()]
                if folders := {each for each in files if each.name.startswith("csqm-grading-")}:
                    found[process.pid] = folders
    return found


@pytest.mark.skipif(not Path("/proc").exists(), reason="it looks into /proc")
@pytest.mark.parametrize("victim", ["run", "worker"])
def test_kill_9_of_a_run_or_of_a_worker_leaves_no_process_folder_or_mark_behind(
    victim, light, tmp_path, mark
):
    course = marked(shutil.copytree(light, tmp_path / "course"), mark)
    expected = hand_in(course, 12)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    place = {"TMPDIR": str(temporary)}
    killed = csqm_grade(course, mark, "--workers=2", cluster=True, environment=place)
    while len(folders := held(mark)) < 3:
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.05)
    workers = sorted(folders.keys() - {killed.pid})
    os.kill(workers[0] if victim == "worker" else killed.pid, signal.SIGKILL)
    _, said = killed.communicate()
    assert killed.returncode == (0 if victim == "worker" else -signal.SIGKILL), said
    assert left(mark) == []
    outcomes = told(csqm_grade(course, mark, "--workers=1", "--json", environment=place))
    assert {each["status"] for each in outcomes.values()} <= {"same", "done"}
    assert points(course) == expected
    assert [each for each in set().union(*folders.values()) if each.exists()] == []
    assert list(temporary.iterdir()) == []
    assert left(mark) == []


def test_ctrl_c_stops_a_run_soon_and_the_next_one_goes_on(light, tmp_path, mark):
    course = marked(shutil.copytree(light, tmp_path / "course"), mark)
    expected = hand_in(course, 30)
    stopped = csqm_grade(course, mark, "--workers=2", cluster=True)
    done = course / "autograded"
    while len(list(done.glob("*/small"))) < 5:
        assert stopped.poll() is None, stopped.communicate()
        time.sleep(0.05)
    os.killpg(stopped.pid, signal.SIGINT)  # as a terminal does
    _, said = stopped.communicate(timeout=30)
    assert stopped.returncode == 130
    assert said.strip() == say("cli.grading_stopped")
    assert left(mark) == []
    before = points(course)
    assert before.items() <= expected.items()
    outcomes = grade(course, sorted(expected))
    assert {each.status for each in outcomes.values()} == {"same", "done"}
    assert points(course) == expected


def test_a_second_run_on_the_same_course_says_so_and_stops(light, tmp_path, mark):
    course = shutil.copytree(light, tmp_path / "course")
    students = sorted(hand_in(course, 4))
    with open_course(course) as api, api.gradebook as gradebook:
        work = [("small", student) for student in students]
        first = run.grade(gradebook, api.coursedir, work, workers=1)
        next(first)
        second = csqm_grade(course, mark)
        _, said = second.communicate()
        assert second.returncode == 2
        assert "is being graded already" in said and str(os.getpid()) in said
        assert len(list(first)) == 3
    third = csqm_grade(course, mark, "--json")
    assert "same" in third.communicate()[0]
    assert third.returncode == 0


# ---- PostgreSQL


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """Start a PostgreSQL of our own; yield a function that makes a database and tells its URL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = found[-1].parent if found else Path(shutil.which("initdb") or "none").parent
    if not (programs / "initdb").exists():
        assert not shutil.which("apt-get"), (
            "No PostgreSQL: run `python scripts/setup.py --browser`."
        )
        pytest.skip("PostgreSQL is not installed")
    # It refuses to run as root, and its user cannot see root's temporary folders.
    user = {"user": "postgres", "cwd": "/"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, log = folder / "data", folder / "log"
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "csqm", "-A", "trust", "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            **user,
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
        subprocess.run(
            [programs / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            **user,
        )
        server = f"postgresql+pg8000://csqm@127.0.0.1:{port}"

        def database(name):
            with create_engine(
                f"{server}/postgres", isolation_level="AUTOCOMMIT"
            ).connect() as link:
                link.execute(text(f"CREATE DATABASE {name}"))
            return f"{server}/{name}"

        yield database
    finally:
        subprocess.run(
            [programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"],
            stdout=subprocess.DEVNULL,
            **user,
        )
        shutil.rmtree(folder, ignore_errors=True)


def untimed(done):
    return [(each.student, each.status) for each in done]


def life(course, url):
    """Grade, judge by hand, grade again with other work, write feedback; return what came of it."""
    with open_course(course) as api:
        told = [untimed(grading.grade(api, ["small"], workers=1))]
        with api.gradebook as gradebook:
            for student in ("half", "wrong"):
                grades = gradebook.find_submission_notebook("small", "small", student).grades
                (judged,) = (each for each in grades if each.name == "middle-test")
                judged.manual_score, judged.needs_manual_grade = 1.5, False
            gradebook.db.commit()
        shutil.rmtree(course / "submitted" / "wrong")
        submit(course, "wrong", GOOD)
        told.append(untimed(grading.grade(api, ["small"], again=True, workers=1)))
        told.append(grading.give_feedback(api, ["small"]))
        told.append(marks.rows(api, ["small"]))
        told.append([vars(each) for each in marks.read_marks(api, "small")])
    return told, state(course, url)


def test_postgresql_gives_the_same_as_sqlite(postgres, varied, tmp_path):
    lives, chosen = [], {"crashes", "half", "late", "wrong"}
    for name in ("sqlite", "postgresql"):
        course = shutil.copytree(
            varied, tmp_path / name, ignore=shutil.ignore_patterns(*VARIED.keys() - chosen)
        )
        url = postgres("small") if name == "postgresql" else f"sqlite:///{course}/gradebook.db"
        if name == "postgresql":
            (course / "gradebook.db").unlink()
            with (course / "nbgrader_config.py").open("a") as file:
                file.write(f"c.CourseDirectory.db_url = {url!r}\n")
            nbgrader(course, "generate_assignment", "small", "--force", check=True)
        lives.append(life(course, url))
        assert (course / "gradebook.db").exists() == (name == "sqlite")
    assert lives[0] == lives[1]
    assert {each["student_id"] for each in lives[1][0][3]} == chosen
