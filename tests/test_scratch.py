"""What grading writes and throws away: it goes with its process, at the latest with the next run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fcntl")

HOLDER = """
from csqm.grading.scratch import scratch
(scratch() / "file").write_text("x")
print(scratch(), flush=True)
input()
"""


def holder(place):
    """Start a process that has its folder in a place; return both."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        env=os.environ | {"TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, Path(process.stdout.readline().strip())


def test_only_what_a_killed_process_left_is_swept(tmp_path):
    (stays, held), (killed, left) = holder(tmp_path), holder(tmp_path)
    killed.kill()
    killed.communicate()
    other = tmp_path / "csqm-grading-link"
    other.symlink_to(shutil.copytree(left, tmp_path / "not-ours"))
    ends, own = holder(tmp_path)
    assert not left.exists()
    assert (held / "file").exists()
    assert (other / "file").exists()
    for process in (stays, ends):
        process.communicate("\n")
    assert sorted(tmp_path.iterdir()) == [other, tmp_path / "not-ours"]
    assert own.parent == tmp_path
