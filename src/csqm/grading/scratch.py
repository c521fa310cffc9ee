"""Folders for what grading writes and throws away, of which none outlasts the next run.

A process has one in each place and keeps it locked as long as it lives. Those that nobody holds are
what a process left behind that was killed.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing tells whether a folder is still in use
    fcntl = None

__all__ = ["MEMORY", "scratch", "sweep"]

# Where no disk has to follow what is written.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
PREFIX = "csqm-grading-"


@cache
def scratch(place: str | None = None) -> Path:
    """Return this process's folder, which goes when the process ends.

    Parameters
    ----------
    place : str, optional
        Where it lies, as `MEMORY`; by default where temporary files do.

    Returns
    -------
    Path
        The folder.
    """
    sweep()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        _lock(folder, wait=True)
        if folder.exists():  # else another process took it for one that was left
            break
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def sweep() -> None:
    """Remove the folders of this user that no process holds."""
    for place in {MEMORY, tempfile.gettempdir()} - {None}:
        for folder in Path(place).glob(f"{PREFIX}*"):
            lock = _lock(folder, wait=False)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _lock(folder: Path, *, wait: bool) -> int | None:
    """Lock a folder of this user; return what has to be closed to let go of it.

    There is no lock if another process has it, or where the system or the disk knows none.
    """
    if fcntl is None:
        return None
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(lock).st_uid == os.getuid():
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
    except OSError:
        pass
    os.close(lock)
    return None
