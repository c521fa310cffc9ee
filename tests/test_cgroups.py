"""Control groups hold the memory and the processes of a submission as a whole."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from csqm.grading import cgroups, sandbox
from csqm.grading.limits import MB, Limits
from csqm.grading.zygote import Died, Zygote

PLACE = cgroups.find()
needs_groups = pytest.mark.skipif(PLACE is None, reason="this user can make no control groups here")
BY_MANY = (
    "import os, time\nfor _ in range(9):\n    if os.fork() == 0:\n"
    "        kept = bytearray(b'x') * (100 << 20)\n        time.sleep(60)\n        os._exit(0)\n"
)
GROWS = "kept = []\nwhile True: kept.append(bytearray(b'x') * (4 << 20))"
SLEEPER = "import subprocess\nsubprocess.Popen(['sleep', '{}'], start_new_session=True)\n"


@pytest.fixture(scope="module", params=["sandbox", "open"])
def zygote(request):
    try:
        made = Zygote(("numpy",), sandboxed=request.param == "sandbox")
        made.wait()
    except sandbox.NoSandbox as error:
        pytest.skip(str(error))
    yield made
    made.close()


def run(zygote, folder, *cells, **limits):
    """Return what came of the cells, and the job."""
    told = []
    with zygote.job(folder, Limits(memory_mb=300, **limits), 120) as job:
        try:
            for cell in cells:
                told.append(job.run(cell, 60)[0])
        except Died as death:
            told.append(death)
    return told, job


def groups():
    """Return the groups of this process."""
    found = {PLACE.memory, PLACE.pids} if PLACE else set()
    return [each for top in found for each in top.glob(f"csqm-*-{os.getpid()}-*")]


@pytest.mark.parametrize("wanted", [pytest.param(True, marks=needs_groups), False])
def test_memory_ends_the_same_way_with_and_without_a_group(zygote, tmp_path, wanted):
    (died,), job = run(zygote, tmp_path, BY_MANY + "time.sleep(60)", cgroups=wanted)
    assert (died.kind, str(died)) == ("memory", "its processes took too much memory")
    assert job.used["limits"] == (f"cgroup v{PLACE.version}" if wanted else "rlimits")
    # A single process is told, and so keeps the marks of the cells that follow.
    (grown, after), job = run(zygote, tmp_path, GROWS, "1 + 1", cgroups=wanted)
    assert grown["error"][0] == "MemoryError" and after["error"] is None
    assert 300 < job.used["memory_mb"] < 300 + 3 * zygote.memory / MB
    assert groups() == []


@needs_groups
def test_memory_is_noticed_when_the_cell_goes_on(zygote, tmp_path):
    # Its parent outlives what took the memory, where version 1 kills only that.
    one = "import os\nif os.fork() == 0:\n    kept = [bytearray(b'x') * (99 << 20) for _ in range(2)]\n"
    two = one + "    import time\n    time.sleep(60)\nos.wait()"
    (died,), _ = run(zygote, tmp_path, two.replace("os.fork() == 0", "0 in [os.fork(), os.fork()]"))
    assert died.kind == "memory"


@needs_groups
def test_processes_are_held_by_the_kernel(tmp_path):
    zygote = Zygote(())
    zygote.wait()
    forks = "import os, time\nfor _ in range(99):\n    if os.fork() == 0: time.sleep(60)"
    (died,), _ = run(zygote, tmp_path, forks, processes=8)
    zygote.close()
    assert died.kind == "processes"


@needs_groups
def test_nothing_outlives_a_submission_that_kills_what_watches_over_it(tmp_path):
    zygote = Zygote(())
    zygote.wait()
    kill = SLEEPER.format(987651) + "import os\nos.kill(os.getppid(), 9)\nwhile True: pass"
    with zygote.job(tmp_path, Limits(memory_mb=300), 60) as job, pytest.raises(Died):
        job.run(kill, 1)
    zygote.close()
    assert running("987651") == [] and groups() == []


@needs_groups
def test_a_killed_run_is_cleared_away_by_the_next(tmp_path):
    code = f"""
import os, subprocess
from csqm.grading import cgroups
group = cgroups.make({64 << 20}, 9)
subprocess.Popen(["sleep", "987652"], preexec_fn=lambda: cgroups.join(group.doors))
os.kill(os.getpid(), 9)
"""
    gone = subprocess.Popen([sys.executable, "-c", code])
    assert gone.wait() == -signal.SIGKILL
    left = [*PLACE.memory.glob(f"csqm-*-{gone.pid}-*")]
    mine = cgroups.make(64 << 20, 9)
    assert len(left) == 1 and running("987652")
    cgroups.find.cache_clear()
    assert cgroups.find() == PLACE
    assert not left[0].exists() and running("987652") == []
    assert groups(), "a run that goes on keeps its own"
    mine.close()


def running(argument):
    """Return the processes with an argument that have not ended."""
    time.sleep(0.2)
    found = psutil.process_iter(["cmdline", "status"])
    told = [each.info for each in found]
    return [
        each
        for each in told
        if argument in (each["cmdline"] or []) and each["status"] != psutil.STATUS_ZOMBIE
    ]


# ---- A folder that stands in for the system


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Return a function that makes the files of a system, and lets the folders behave like groups."""

    def make(own, mounts, handed=()):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(own)
        (tmp_path / "proc/self/mountinfo").write_text(mounts)
        for path, controllers in dict(handed).items():
            folder = tmp_path / path
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cgroup.subtree_control").write_text(controllers)
            (folder / "cgroup.procs").write_text("")
        usual = Path.mkdir

        def mkdir(self, *args, **kwargs):
            usual(self, *args, **kwargs)
            for name in ("cgroup.procs", "tasks"):
                (self / name).write_text("")

        monkeypatch.setattr(Path, "mkdir", mkdir)
        monkeypatch.setattr(Path, "rmdir", shutil.rmtree)
        return tmp_path

    return make


V2 = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"
USER = "sys/fs/cgroup/user.slice/user-1.slice/user@1.service"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")


@on_linux
def test_version_2_is_found_above_the_own_group(system):
    root = system(
        f"0::/{USER.removeprefix('sys/fs/cgroup/')}/app.slice/shell.scope\n",
        V2,
        {f"{USER}/app.slice/shell.scope": "", f"{USER}/app.slice": "cpu memory pids", USER: ""},
    )
    place, slice_ = cgroups.find(root), root / USER / "app.slice"
    assert place == cgroups.Place(2, slice_, slice_, slice_ / "shell.scope")
    group = cgroups.Group(place, 5 << 20, 7)
    (folder,) = place.memory.glob("csqm-*")
    written = {each.name: each.read_text() for each in folder.iterdir() if each.read_text()}
    assert written == {
        "memory.max": str(5 << 20),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": "7",
    }
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 0\noom_group_kill 0\n")
    assert not group.has_met_limit() and group.peak() == 0
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 3\noom_group_kill 1\n")
    (folder / "memory.peak").write_text("5000000\n")
    assert group.has_met_limit() and group.peak() == 5_000_000
    group.close()
    assert not folder.exists()


@on_linux
@pytest.mark.parametrize(
    "own, mounts, handed",
    [
        ("0::/a.scope\n", V2, {"sys/fs/cgroup/a.scope": "", "sys/fs/cgroup": "cpu io"}),
        ("0::/../other\n", V2, {}),
        ("4:memory:/\n0::/\n", V2, {"sys/fs/cgroup": ""}),
        ("4:memory:/a\n8:pids:/a\n", "33 25 0:29 /b /m rw - cgroup cgroup rw,memory\n", {}),
        ("nonsense\n", "nonsense\n", {}),
        ("", "", {}),
    ],
)
def test_where_no_group_can_be_made_there_is_none(system, own, mounts, handed):
    assert cgroups.find(system(own, mounts, handed)) is None


@on_linux
def test_version_1_is_found_in_a_container_that_sees_a_part_of_it(system):
    mounts = (
        "33 25 0:29 /docker/ab /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
        "34 25 0:30 / /sys/fs/cgroup/pids,cpu rw - cgroup cgroup rw,cpu,pids\n"
    )
    own = "4:memory:/docker/ab/in\n8:cpu,pids:/docker/ab\n1:name=systemd:/x\n0::/\n"
    top = "sys/fs/cgroup"
    root = system(own, mounts, {f"{top}/memory/in": "", f"{top}/pids,cpu/docker/ab": ""})
    place = cgroups.find(root)
    memory, pids = root / top / "memory/in", root / top / "pids,cpu/docker/ab"
    assert place == cgroups.Place(1, memory, pids, memory)
    group = cgroups.Group(place, 5 << 20, 7)
    (folder,), (other,) = memory.glob("csqm-*"), pids.glob("csqm-*")
    assert (folder / "memory.limit_in_bytes").read_text() == str(5 << 20)
    assert (folder / "memory.memsw.limit_in_bytes").read_text() == str(5 << 20)
    assert (other / "pids.max").read_text() == "7"
    group.close()
    assert not folder.exists() and not other.exists()
