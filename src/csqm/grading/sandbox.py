"""A place without network and without anything of the host to write, by bubblewrap and Linux namespaces.

The zygote runs in it and sees the system, this Python and nothing of the course. Each submission
then gets namespaces of its own: it cannot see or signal the zygote, leaves nothing to the next one
in temporary files or in shared memory, and all that it starts ends with it. It works on a copy of its
files in memory, which is thrown away.

For root too it is an ordinary user: the zygote becomes nobody before it imports anything.
"""

import ctypes
import fnmatch
import os
import shutil
import signal
import site
import subprocess
import sys
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from csqm.grading.seccomp import restrict
from csqm.text import Message

__all__ = [
    "COPIES",
    "NoSandbox",
    "check",
    "environment",
    "isolate",
    "protect",
    "read_files",
    "wrap",
]

SYSTEM = [
    *("/usr", "/bin", "/lib", "/lib32", "/lib64"),
    *("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime"),
]
# What a program needs of the environment; anything else may be a password.
VARIABLES = ["PATH", "TZ", "LANG", "LANGUAGE", "LC_*", "PYTHON*", "OPENBLAS_*", "MKL_*", "OMP_*"]
USER = "1000"  # by any number but 0 it is nobody special in there
NOBODY = 65534
SCRATCH = "/scratch"  # all that a submission can write to
COPIES = f"{SCRATCH}/submission"
FILES = 20_000  # that a submission may have in there
# From the headers of Linux: sched.h, mount.h, prctl.h, capability.h.
NEW_NAMESPACES = 0x00020000 | 0x08000000 | 0x10000000 | 0x20000000  # mounts, ipc, user, processes
NOSUID_NODEV = 2 | 4
BIND = 4096
SET_DUMPABLE, SET_NO_NEW_PRIVS = 4, 38
CAPABILITY_VERSION = 0x20080522


class NoSandbox(Exception):
    """A sandbox was wanted and cannot be had here.

    Parameters
    ----------
    why : Message
        What is missing, and what to do.
    """

    def __init__(self, why: Message) -> None:
        super().__init__(why)
        self.why = why


def wrap(command: list[str], readable: list[str]) -> list[str]:
    """Return a command that runs another one in the sandbox.

    Parameters
    ----------
    command : list of str
        The command.
    readable : list of str
        Files and folders to show besides the system, this Python and this package.

    Returns
    -------
    list of str
        The command with bubblewrap before it.

    Raises
    ------
    NoSandbox
        If there is no bubblewrap.
    """
    bwrap = shutil.which("bwrap") if sys.platform == "linux" else None
    if bwrap is None:
        raise NoSandbox(Message("sandbox.missing"))
    paths = shown(readable)
    # Without being told bubblewrap makes the folders above a path for its own user alone.
    above = dict.fromkeys(str(each) for path in paths for each in [*Path(path).parents][-2::-1])
    places = [part for path in above for part in ("--dir", path)]
    places += [part for path in paths for part in ("--ro-bind-try", path, path)]
    if os.getuid() == 0:  # the zygote becomes nobody, see `protect`
        kinds = ["ipc", "pid", "net", "uts", "cgroup-try"]
        user = [f"--unshare-{kind}" for kind in kinds]
        user += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        user = ["--unshare-all", "--cap-drop", "ALL", "--uid", USER, "--gid", USER]
    return [
        *(bwrap, *user, "--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *("--tmpfs", SCRATCH, "--proc", "/proc", "--dev", "/dev", *places),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", *command),
    ]


def shown(readable: list[str]) -> list[str]:
    """Return what a sandbox shows of this machine.

    Parameters
    ----------
    readable : list of str
        Files and folders to show besides the system, this Python and this package.

    Returns
    -------
    list of str
        Files and folders.
    """
    paths = [*SYSTEM, sys.base_prefix, sys.prefix, str(Path(sys.executable).resolve().parents[1])]
    if site.ENABLE_USER_SITE:
        paths.append(site.getusersitepackages())
    package = str(Path(__file__).parents[1])
    return list(dict.fromkeys([*paths, package, *readable]))


def environment() -> dict[str, str]:
    """Return the environment of what runs in the sandbox: nothing that may be secret."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if any(fnmatch.fnmatchcase(name, each) for each in VARIABLES)
    }
    return kept | {"HOME": SCRATCH, "TMPDIR": SCRATCH, "USER": "nobody"}


@cache
def check() -> None:
    """See whether the sandbox works on this machine.

    Raises
    ------
    NoSandbox
        If it does not; the text says what to do.
    """
    code = "import sys; sys.path.append(sys.argv[1]); from csqm.grading import sandbox as s; "
    code += "s.protect(); s.isolate(1, 32)"
    package = str(Path(__file__).parents[2])
    command = wrap([sys.executable, "-I", "-S", "-c", code, package], [])
    done = subprocess.run(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = (done.stderr.strip() or f"exit status {done.returncode}").rpartition("\n")[2]
        raise NoSandbox(Message("sandbox.broken", said=said))


def protect() -> None:
    """Become an ordinary user, and keep this process's memory from other processes."""
    if os.getuid() == 0:
        os.chmod(SCRATCH, 0o1777)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _call("prctl", SET_DUMPABLE, 0, 0, 0, 0)


def isolate(disk_mb: int, processes: int) -> None:
    """Continue in namespaces of its own, without any privilege.

    Parameters
    ----------
    disk_mb : int
        Size of all that can be written.
    processes : int
        Processes that there may be at once, with the two that watch over the submission.
    """
    import resource

    _call("prctl", SET_DUMPABLE, 1, 0, 0, 0)
    # Where the machine runs out of memory, this goes first.
    Path("/proc/self/oom_score_adj").write_text("1000")
    user, group = os.getuid(), os.getgid()
    _call("unshare", NEW_NAMESPACES)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path("/proc/self", name).write_text(text)
    size = f"size={disk_mb}m,nr_inodes={FILES}".encode()
    _call("mount", b"tmpfs", SCRATCH.encode(), b"tmpfs", NOSUID_NODEV, size)
    shared = Path(SCRATCH, ".shm")
    shared.mkdir()
    _call("mount", str(shared).encode(), b"/dev/shm", None, BIND, None)
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (5, 14):
        # Before that Linux counted all processes of the user, not those of these namespaces.
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    _fork_beside_an_init()
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    restrict()


def read_files(folder: Path, without: Collection[str] = ()) -> list[tuple[str, bytes]]:
    """Return the files that a submission may see of its folder.

    These are no notebooks, as the one that is graded holds the hidden tests; no links, which may lead
    elsewhere; and no devices.

    Parameters
    ----------
    folder : Path
        The folder of a submission.
    without : collection of str
        Names of files to leave out.

    Returns
    -------
    list of tuple
        Name from the folder on, and content.
    """
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix != ".ipynb" and path.is_file() and not path.is_symlink()
    ]
    named = [(path.relative_to(folder).as_posix(), path) for path in paths]
    return [(name, path.read_bytes()) for name, path in named if name not in without]


def _fork_beside_an_init() -> None:
    """Go on in the second process of the new namespaces; the first would not feel its own signals."""
    # The first takes in the orphans; while this signal is ignored, they leave no zombies.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    first = os.posix_spawn("/bin/sleep", ["sleep", str(2**31 - 1)], {})
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    second = os.fork()
    if second:
        _follow(first, second)


def _follow(first: int, second: int) -> None:
    """Pass interrupts on to the second process, end it when told to, and end as it ended."""
    signal.signal(signal.SIGINT, lambda *_: os.kill(second, signal.SIGINT))
    signal.signal(signal.SIGTERM, lambda *_: os.kill(second, signal.SIGKILL))
    _, status = os.waitpid(second, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.kill(first, signal.SIGKILL)  # with the first process all others end
    os.waitpid(first, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _call(name: str, *arguments: Any) -> None:
    """Call a function of the C library that returns 0 when it succeeds."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
