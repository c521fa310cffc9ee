"""Control groups of Linux: they hold the memory and the processes of a submission as a whole.

Limits of single processes (`csqm.grading.limits`) say nothing of many together. Where this user may
make groups, the kernel counts them all, and nothing leaves a group: not even what was started by a
process that is gone. Version 2 is used below a group that hands its controllers on, as those of
systemd do; version 1 below the own group of this process, which mostly takes root.
"""

import itertools
import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["CONTROLLERS", "Group", "Place", "find", "join", "make"]

CONTROLLERS = ("memory", "pids")
PREFIX = "csqm"
PATIENCE = 2.0  # seconds that killed processes have to be gone
_number = itertools.count()


@dataclass(frozen=True)
class Place:
    """Where groups can be made.

    Parameters
    ----------
    version : {1, 2}
        The version of control groups.
    memory, pids : Path
        Folders below which memory and processes are counted; in version 2 they are the same.
    own : Path
        The folder of the group that counts the memory of this process.
    """

    version: int
    memory: Path
    pids: Path
    own: Path


class Group:
    """A new group without processes; the first enters by `join`, with the group's `doors`.

    Parameters
    ----------
    place : Place
        Where it is made.
    memory : int
        Bytes that all its processes may take together, with the files that they keep in memory.
    processes : int
        Processes, and threads, that it may have at once.

    Raises
    ------
    OSError
        If it cannot be made.
    """

    def __init__(self, place: Place, memory: int, processes: int) -> None:
        self._version, self._own = place.version, place.own
        self.kind = f"cgroup v{place.version}"
        self.doors: list[int] = []  # descriptors, as nobody in a sandbox sees the folders
        name = f"{PREFIX}-{_namespace()}-{os.getpid()}-{next(_number)}"
        self._memory, self._pids = place.memory / name, place.pids / name
        try:
            for folder in self._folders():
                folder.mkdir()
            if place.version == 2:
                (self._memory / "memory.max").write_text(str(memory))
                with suppress(OSError):  # of a kernel without swap, or that cannot end all at once
                    (self._memory / "memory.swap.max").write_text("0")
                    (self._memory / "memory.oom.group").write_text("1")
            else:
                (self._memory / "memory.limit_in_bytes").write_text(str(memory))
                with suppress(OSError):  # of a kernel that does not count swap
                    (self._memory / "memory.memsw.limit_in_bytes").write_text(str(memory))
            (self._pids / "pids.max").write_text(str(processes))
            # By its `tasks` a process with one thread enters version 1 without the wait for all
            # processors, see `hurry`.
            name = "cgroup.procs" if place.version == 2 else "tasks"
            for folder in self._folders():
                self.doors.append(os.open(folder / name, os.O_WRONLY))
        except OSError:
            self.close()
            raise

    def hurry(self) -> None:
        """Let the one that is about to enter do so at once, if it is still busy with something else."""
        # In version 2 whoever moves a process waits for all processors, often more than ten
        # milliseconds, unless one has just been moved; here it is this one, to where it is.
        if self._version == 2:
            with suppress(OSError):
                (self._own / "cgroup.procs").write_text("0")

    def has_met_limit(self) -> bool:
        """Return whether a process was killed because the memory was used up."""
        name = "memory.events" if self._version == 2 else "memory.oom_control"
        try:
            words = (self._memory / name).read_text().split()
            return int(words[words.index("oom_kill") + 1]) > 0
        except (OSError, ValueError):  # as of a kernel that does not count this
            return False

    def peak(self) -> int:
        """Return the most bytes that were taken at once, or 0 where the kernel does not tell."""
        name = "memory.peak" if self._version == 2 else "memory.max_usage_in_bytes"
        try:
            return int((self._memory / name).read_text())
        except OSError:
            return 0

    def close(self) -> None:
        """Kill all that is in it, and remove it."""
        while self.doors:
            os.close(self.doors.pop())
        for folder in self._folders():
            _remove(folder)

    def _folders(self) -> Iterable[Path]:
        return dict.fromkeys((self._memory, self._pids))


def join(doors: Iterable[int]) -> bool:
    """Enter a group with this process, which must have one thread.

    Parameters
    ----------
    doors : iterable of int
        The `Group.doors`; they are closed.

    Returns
    -------
    bool
        Whether it is in the group.
    """
    entered = True
    for door in doors:
        try:
            os.write(door, b"0")
        except OSError:
            entered = False
        os.close(door)
    return entered


def make(memory: int, processes: int) -> Group | None:
    """Make a group where that is possible.

    Parameters
    ----------
    memory, processes : int
        As for `Group`.

    Returns
    -------
    Group or None
        None where none can be made.
    """
    place = find()
    with suppress(OSError):
        return None if place is None else Group(place, memory, processes)
    return None


@cache
def find(root: Path = Path("/")) -> Place | None:
    """Find where this user can make groups, and remove there what killed runs have left.

    Parameters
    ----------
    root : Path
        What the paths of the system begin with.

    Returns
    -------
    Place or None
        None where no group can be made.
    """
    if sys.platform != "linux":
        return None
    for place in _places(root):
        _sweep(place)
        try:
            Group(place, 1 << 20, 1).close()
        except OSError:
            continue
        return place
    return None


def _places(root: Path) -> list[Place]:
    """Return where groups may be made, the best first."""
    try:
        own = _own_folders(root)
    except (OSError, ValueError, IndexError):
        return []
    places = []
    if "" in own:
        point, folder = own[""]
        above = [each for each in (folder, *folder.parents) if each.is_relative_to(point)]
        # A group with processes hands nothing on to groups below it, but the one above does.
        places += [Place(2, each, each, folder) for each in above if _hands_on(each)][:1]
    if all(each in own for each in CONTROLLERS):
        memory, pids = (own[each][1] for each in CONTROLLERS)
        places.append(Place(1, memory, pids, memory))
    return places


def _own_folders(root: Path) -> dict[str, tuple[Path, Path]]:
    """Return the mount point and the folder of this process's group, by controller; "" is version 2."""
    own = {}
    for line in (root / "proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    found = {}
    for line in (root / "proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        (top, point), (kind, _, options) = before.split()[3:5], after.split()[:3]
        names = {"cgroup": options.split(","), "cgroup2": [""]}.get(kind, [])
        for name in set(names) & set(own):
            # In a container a part of the hierarchy may be mounted, and the path be that outside.
            if Path(own[name]).is_relative_to(top):
                below = root / point.lstrip("/")
                found[name] = below, below / Path(own[name]).relative_to(top)
    return found


def _hands_on(folder: Path) -> bool:
    """Return whether groups with memory and pids can be made here, and processes brought into them."""
    try:
        handed = (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False
    return set(CONTROLLERS) <= set(handed) and all(
        os.access(each, os.W_OK) for each in (folder, folder / "cgroup.procs")
    )


def _sweep(place: Place) -> None:
    """Remove the groups of runs that are gone."""
    for parent in {place.memory, place.pids}:
        # Where several containers share a parent, only those of this one can be told to be gone.
        for folder in parent.glob(f"{PREFIX}-{_namespace()}-*"):
            if not Path("/proc", folder.name.split("-")[2]).exists():
                _remove(folder)


def _namespace() -> int:
    """Return what tells apart containers, in which processes have equal numbers."""
    return os.stat("/proc/self/ns/pid").st_ino


def _remove(folder: Path) -> None:
    """Kill all that is in a group, and remove it; what resists is left to the next run's sweep."""
    end = time.monotonic() + PATIENCE
    while folder.exists():
        with suppress(OSError):
            folder.rmdir()
            return
        if time.monotonic() > end:
            return
        for name, text in (("pids.max", "0"), ("cgroup.kill", "1")):
            with suppress(OSError):  # only version 2 has the second, and only one folder the first
                (folder / name).write_text(text)
        with suppress(OSError):
            for pid in map(int, (folder / "cgroup.procs").read_text().split()):
                if pid > 0:  # 0 is one of another namespace
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)
