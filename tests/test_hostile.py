"""Hostile submissions in the sandbox, each as root and as an ordinary user: nothing gets out, nothing stays."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from grading_helpers import english_in
from hostile_helpers import FLAGGED, HOSTILE, SYSCALL

from csqm.grading import cgroups, sandbox

USER = 4321
FOR_X86 = {name for name, (code, _) in HOSTILE.items() if SYSCALL in code} | {"other-architecture"}
try:
    sandbox.check()
except sandbox.NoSandbox as error:
    pytest.skip(str(error), allow_module_level=True)


def as_user(command: list[str]) -> list[str]:
    """Return a command that runs another one as an ordinary user, for whom this Python can be read."""
    home = Path.home()
    shown = [str(path) for path in map(Path, (sys.base_prefix, sys.prefix)) if home in path.parents]
    binds = [part for path in shown for part in ("--ro-bind", path, path)]
    above = {str(each) for path in shown for each in Path(path).parents if home in each.parents}
    folders = [part for path in sorted(above) for part in ("--dir", path)]
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    return [
        "bwrap",
        "--dev-bind",
        "/",
        "/",
        "--tmpfs",
        str(home),
        *folders,
        *binds,
        *user,
        *command,
    ]


USERS = ["root", "user"] if os.getuid() == 0 else ["user"]


@pytest.fixture(scope="module")
def runs():
    """Run all submissions as every user at once; return what came of each."""
    program = Path(__file__).with_name("hostile_helpers.py")
    with ExitStack() as stack:
        running = {}
        for user in USERS:
            # Not in pytest's own folder, which is closed to other users.
            folder = stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
            command = [sys.executable, str(program), folder]
            if user == "user" and os.getuid() == 0:
                os.chown(folder, USER, USER)
                command = as_user(command)
            running[user] = subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE)
        told = {user: each.communicate()[0] for user, each in running.items()}
    return {user: json.loads(text) for user, text in told.items()}


@pytest.fixture(params=USERS)
def found(request, runs):
    """Return what came of each submission run by a user."""
    return runs[request.param]


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_submission(found, case):
    if case in FOR_X86 and os.uname().machine != "x86_64":
        pytest.skip("its numbers of system calls are those of x86-64")
    told = found[case]
    first, hostile, last = told["texts"]
    everything = json.dumps([told["texts"], told["next"]])
    assert "SECRET" not in everything, "nothing of the machine is read"
    assert HOSTILE[case][1] in hostile
    assert '"99"' not in last, "no cell answers for another"
    assert "first cell" in first, "earlier cells keep their results"
    assert len(hostile) < 2_000_000, "output is limited"
    assert told["left"] == [], "no process is left"
    assert not told["changed"] and told["reached"] == [], (
        "nothing of the machine is changed or reached"
    )
    assert "2.0" in told["next"][0], "the next one gets its marks"
    assert told["same_zygote"]
    assert told["usage"]["sandbox"] == "bubblewrap"
    assert [each for each in told["chinese"] if english_in(each)] == []
    if case in FLAGGED:
        assert FLAGGED[case] in told["flags"]


def test_the_kernel_holds_memory_and_processes_where_it_can(runs):
    place = cgroups.find()
    limits = {each["usage"]["limits"] for each in runs[USERS[0]].values()}
    assert limits == {f"cgroup v{place.version}" if place else "rlimits"}
    assert USERS == ["user"] or runs["user"]["loop"]["usage"]["limits"] == "rlimits"
