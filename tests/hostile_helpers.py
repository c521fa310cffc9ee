"""Hostile submissions, and a program that runs them all through `WarmExecute` and tells what came of it.

``python hostile_helpers.py FOLDER`` makes a small course with secrets in FOLDER, runs each submission and
after it an honest one, and prints JSON: for each the text of its cells, flags, processes that were left,
what changed on the machine, and what the honest one got.
"""

import hashlib
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

# Says of each attempt what it gave, or why it failed.
TRY = """
import os, sys
def attempt(act, *given):
    try: print(given, "gave", repr(act(*given))[:2000])
    except BaseException as error: print(given, "failed", type(error).__name__, error)
"""
READ = TRY + "def read(path): return open(path, errors='replace').read(5000)\n"
SYSCALL = (
    TRY + "import ctypes\ndef call(*given):\n    libc = ctypes.CDLL(None, use_errno=True)\n"
    "    if libc.syscall(*given) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\n"
)
FORGED = (
    "{'messages': [['execute_result', {'data': {'text/plain': '99'}, 'metadata': {}, "
    "'execution_count': 3}]], 'execution_count': 3, 'error': None}"
)

# What each submission runs, and what must be seen then: "failed" where an attempt was refused.
# In the text {course} is the folder of the course, {port} and {name} are sockets that listen on the machine.
HOSTILE = {
    # Reads.
    "hidden-test-by-path": (READ + "attempt(read, '{course}/source/small/small.ipynb')", "failed"),
    "own-notebook": (READ + "attempt(read, 'small.ipynb')", "failed FileNotFoundError"),
    "gradebook-read": (READ + "attempt(read, '{course}/gradebook.db')", "failed"),
    "gradebook-write": (
        TRY + "import sqlite3\ndef write(path):\n"
        "    with sqlite3.connect(path) as db: db.execute('create table x (y)')\n"
        "attempt(write, '{course}/gradebook.db')",
        "failed",
    ),
    "other-submission": (READ + "attempt(read, '{course}/submitted/other/small/a.txt')", "failed"),
    "course-by-listing": (TRY + "attempt(os.listdir, '{course}')", "failed"),
    "parents-by-dots": (
        READ + "for n in range(9): attempt(read, '../' * n + 'source/small/small.ipynb')",
        "failed",
    ),
    "walk-the-disk": (
        "import os, sys\nfound = []\nfor folder, below, names in os.walk('/'):\n"
        "    if folder in ('/usr', '/lib', '/proc', sys.prefix, sys.base_prefix): below.clear()\n"
        "    found += [n for n in names if n.endswith(('.db', '.ipynb', '_3.md', 'capstone_log.py'))]\n"
        "print('found', found)",
        "found []",
    ),
    "symlink-to-the-course": (
        READ + "os.symlink('{course}/gradebook.db', 'l')\nattempt(read, 'l')",
        "failed",
    ),
    "submitted-link": (READ + "attempt(read, 'link')", "failed FileNotFoundError"),
    "system-secrets": (
        READ + "for p in ('/etc/shadow', '/etc/passwd', '/root/.ssh/id_rsa', '/etc/hostname',"
        " '/var/log/dpkg.log'): attempt(read, p)",
        "failed",
    ),
    "environment": (
        "import os\nprint('secret' if 'CSQM_TOKEN' in os.environ else 'none', dict(os.environ))",
        "none",
    ),
    "next-cell-in-memory": (
        "import gc\nmark = 'SEC' + 'RET'\nfound = [v for o in gc.get_objects() if type(o) is dict\n"
        "    for v in list(o.values()) if type(v) is str and mark in v]\nprint('found', found)",
        "found []",
    ),
    "frames": (
        "import sys\nframe, names = sys._getframe(), []\nwhile frame:\n"
        "    names.append(sorted(frame.f_locals)); frame = frame.f_back\n"
        "print('frames', len(names), [n for n in names if 'token' in n])",
        "frames",
    ),
    # /proc.
    "proc-root": (
        READ + "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    if pid != str(os.readlink('/proc/self')): attempt(os.listdir, '/proc/' + pid + '/root/')",
        "failed PermissionError",
    ),
    "proc-root-of-init": (READ + "attempt(read, '/proc/1/root{course}/gradebook.db')", "failed"),
    "proc-environ": (
        READ + "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    attempt(read, '/proc/' + pid + '/environ')",
        "failed PermissionError",
    ),
    "proc-memory-of-the-zygote": (
        TRY + "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    if pid != str(os.readlink('/proc/self')): attempt(open, '/proc/' + pid + '/mem', 'r+b')",
        "failed PermissionError",
    ),
    "proc-descriptors-of-others": (
        TRY + "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    if pid != str(os.readlink('/proc/self')): attempt(os.listdir, '/proc/' + pid + '/fd')",
        "failed PermissionError",
    ),
    "kernel-settings": (
        TRY + "for p in ('kernel/core_pattern', 'kernel/hostname', 'vm/drop_caches'):\n"
        "    attempt(open, '/proc/sys/' + p, 'w')\nattempt(open, '/proc/sysrq-trigger', 'w')",
        "failed",
    ),
    "inherited-descriptors": (
        "import os\nfor n in os.listdir('/proc/self/fd'):\n"
        "    try: print(n, os.readlink('/proc/self/fd/' + n), os.listdir(int(n)))\n"
        "    except OSError as error: print(n, 'failed', error)",
        "failed",
    ),
    # Network.
    "tcp": (
        TRY + "import socket\nattempt(socket.create_connection, ('127.0.0.1', {port}), 1)\n"
        "attempt(socket.create_connection, ('192.0.2.1', 80), 1)",
        "failed",
    ),
    "udp": (
        TRY + "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "attempt(s.sendto, b'x', ('192.0.2.1', 53))\nattempt(s.sendto, b'x', ('127.0.0.1', {port}))",
        "failed OSError",
    ),
    "dns": (
        TRY + "import socket\nattempt(socket.gethostbyname, 'example.org')",
        "failed gaierror",
    ),
    "abstract-socket": (
        TRY + "import socket\nattempt(socket.socket(socket.AF_UNIX).connect, chr(0) + '{name}')",
        "failed ConnectionRefusedError",
    ),
    "unix-socket": (
        TRY + "import socket\nattempt(socket.socket(socket.AF_UNIX).connect, '{course}/socket')",
        "failed",
    ),
    "vsock-packet-alg": (
        TRY + "import socket\nfor family in (40, 17, 38): attempt(socket.socket, family, 3)\n",
        "failed PermissionError",
    ),
    "program-with-network": (
        "import subprocess\nprint(subprocess.run(['python3', '-c', 'import urllib.request as u; "
        'u.urlopen("http://127.0.0.1:{port}", timeout=1)\'], capture_output=True).stderr[-99:])',
        "rror",
    ),
    # Bombs.
    "fork-bomb": ("import os\nwhile True: os.fork()", "Error"),  # under load, BlockingIOError
    "many-programs": (
        "import subprocess\nkept = [subprocess.Popen(['sleep', '99']) for _ in range(99)]",
        "too many processes",
    ),
    "shell-fork-bomb": ("import os\nos.system('b() {{ b | b & }}; b; sleep 5')", ""),
    "thread-bomb": (
        "import threading, time\nfor _ in range(999): threading.Thread(target=time.sleep, args=(9,)).start()",
        "can't start new thread",
    ),
    "memory-bomb": ("kept = bytearray(3 << 30)", "MemoryError"),
    "memory-bomb-by-many": (
        "import os, time\nfor _ in range(9):\n    if os.fork() == 0:\n"
        "        kept = bytearray(b'x') * (100 << 20)\n        time.sleep(9)\n        os._exit(0)\n"
        "time.sleep(9)",
        "too much memory",
    ),
    "memory-bomb-behind-a-flood-of-output": (
        "import os, time\nfor _ in range(9):\n    if os.fork() == 0:\n"
        "        kept = bytearray(b'x') * (100 << 20)\n        while True:\n"
        "            for n in range(3, 9):\n                try: os.write(n, b' ')\n"
        "                except OSError: pass\ntime.sleep(9)",
        "stopped in this cell",
    ),
    "memory-bomb-in-shared-memory": (
        "import mmap\nkept = [mmap.mmap(-1, 200 << 20) for _ in range(9)]",
        "Error",
    ),
    "disk-filling": (
        "for n in range(99):\n    with open(f'f{{n}}', 'wb') as file: file.write(bytes(9 << 20))",
        "No space left",
    ),
    "disk-filling-in-many-places": (
        "for n in range(99):\n    for place in ('/scratch', '/dev/shm', '/tmp', '/dev'):\n"
        "        try: open(f'{{place}}/f{{n}}', 'wb').write(bytes(5 << 20))\n"
        "        except OSError as error: last = error\nprint(last)\nopen('x', 'w').write('x' * 10000)",
        "No space left",
    ),
    "large-file": ("open('big', 'wb').truncate(9 << 30)", "File too large"),
    "million-files": ("for n in range(10**6): open(str(n), 'w').close()", "No space left"),
    "deep-folders": (
        "import os\nfor n in range(10**6):\n    os.mkdir('d')\n    os.chdir('d')",
        "rror",
    ),
    "open-files": ("kept = [open('/dev/null') for _ in range(9999)]", "Too many open files"),
    "long-line": ("print('x' * 60_000_000)", "Output truncated"),
    "long-line-from-a-program": ("!yes | head -c 60000000", "Output truncated"),
    "endless-output-of-a-program": ("import os\nos.system('yes')", "Output truncated"),
    "displays": ("for n in range(999): display('x' * 100_000)", "Output truncated"),
    "million-displays": ("for n in range(10**7): display(n)", "CellTimeoutError"),
    "many-errors": (
        "for _ in range(60): get_ipython().run_cell('raise ValueError(\"x\" * 9000)')",
        "Output truncated",
    ),
    "long-value": ("'x' * 60_000_000", "x"),
    "huge-exception": ("raise ValueError('x' * 60_000_000)", "Error"),
    "huge-picture": (
        "from IPython.display import display\ndisplay({{'image/png': 'A' * 60_000_000}}, raw=True)",
        "Output truncated",
    ),
    # What does not end, or ends too early.
    "loop": ("while True: pass", "CellTimeoutError"),
    "loop-that-catches": (
        "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
        "did not stop",
    ),
    "loop-in-c": ("10 ** 10 ** 9", "CellTimeoutError"),
    "loop-in-c-that-cannot-be-interrupted": ("sum(iter(int, 1))", "did not stop"),
    "masked-signals": (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "while True: pass",
        "did not stop",
    ),
    "ignored-interrupt": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "did not stop",
    ),
    "regular-expression": ("import re\nre.match('(a*)*b', 'a' * 40)", "TimeoutError"),
    "exit-hard": ("import os\nos._exit(0)", "exit status 0"),
    "abort": ("import os\nos.abort()", "SIGABRT"),
    "segfault": ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
    "sys-exit": ("import sys\nsys.exit(3)", "SystemExit"),
    "kill-itself": ("import os\nos.kill(os.getpid(), 9)", "SIGKILL"),
    "stop-itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "did not stop"),
    "kill-parent": (
        TRY + "attempt(os.kill, os.getppid() or 99999, 9)",
        "failed ProcessLookupError",
    ),
    "kill-the-first": (TRY + "attempt(os.kill, 1, 9)\nprint('still here')", "still here"),
    "kill-all": (TRY + "import signal\nattempt(os.kill, -1, 9)\nprint('still here')", "still here"),
    "kill-the-zygote": (
        TRY
        + "for pid in os.listdir('/proc'):\n    if pid.isdigit() and pid != os.readlink('/proc/self'):"
        "\n        attempt(os.kill, int(pid), 0 if pid in ('1', '2') else 9)\nprint('still here')",
        "still here",
    ),
    "input": ("input('? ')", "StdinNotImplementedError"),
    "read-standard-input": ("import sys, os\nprint(repr(os.read(0, 9)))", "b''"),
    "deep-recursion": ("def f(): f()\nf()", "Error"),
    "deep-recursion-in-c": (
        "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)",
        "Error",
    ),
    "recursive-repr": (
        "class R:\n    def __repr__(self): return repr(self)\nR()",
        "Error",
    ),
    "endless-repr": ("class R:\n    def __repr__(self):\n        while True: pass\nR()", "Timeout"),
    "exception-without-text": (
        "class E(Exception):\n    def __str__(self): raise self\nraise E",
        "",
    ),
    # What lies beside the notebook, and what it leaves.
    "shadowed-seaborn": ("import seaborn\nprint(seaborn.who)", "mine"),
    "shadowed-launcher": ("import ipykernel_launcher\nprint(ipykernel_launcher.who)", "mine"),
    "shadowed-random": ("import random\nprint(random.random())", "0."),
    "shadowed-csqm": ("import csqm\nprint(csqm.__file__)", "csqm"),
    "shadowed-sitecustomize": (
        "import sys\nprint('sitecustomize' in sys.modules)",
        "",
    ),
    "write-outside": (
        TRY
        + "for path in ('../../../x', '/usr/x', '/etc/x', '/x', '{course}/x', '/tmp/x', '/var/x',"
        " sys.prefix + '/x', os.path.dirname(os.__file__) + '/x'): attempt(open, path, 'w')",
        "failed",
    ),
    "write-into-the-package": (
        TRY
        + "import numpy, csqm\nattempt(open, numpy.__file__, 'a')\nattempt(open, csqm.__file__, 'a')"
        "\nattempt(os.chmod, csqm.__file__, 0o777)\nattempt(os.unlink, csqm.__file__)",
        "failed OSError [Errno 30]",
    ),
    "change-folder": ("import os\nos.chdir('/')", ""),
    "remove-its-folder": ("import os, shutil\nshutil.rmtree(os.getcwd())", ""),
    "daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        for n in range(3, 64):\n            try: os.close(n)\n            except OSError: pass\n"
        "        time.sleep(999)\n    os._exit(0)\nprint('left')",
        "left",
    ),
    "nohup": ("import os\nprint(os.system('nohup setsid sleep 999 >/dev/null 2>&1 &'))", "0"),
    "thread-that-goes-on": (
        "import threading, time\ndef go():\n    while True: time.sleep(0.01); print('more')\n"
        "threading.Thread(target=go).start()\nprint('left')",
        "left",
    ),
    "atexit": ("import atexit, time\natexit.register(time.sleep, 99)\nprint('left')", "left"),
    "fifo": ("import os\nos.mkfifo('f')\nopen('f').read()", "CellTimeoutError"),
    "device": (
        TRY + "for kind, dev in ((0o60666, (8, 0)), (0o20666, (1, 1))):\n"
        "    attempt(os.mknod, 'd' + str(dev[1]), kind, os.makedev(*dev))",
        "failed PermissionError",
    ),
    "left-for-the-next": (
        TRY
        + "for p in ('/scratch/l', '/dev/shm/l', '/tmp/l', '/var/tmp/l'): attempt(open, p, 'w')",
        "failed",
    ),
    "found-from-the-last": (
        "import os\nprint('found', [p for p in ('/scratch/l', '/dev/shm/l', '/tmp/l') if os.path.exists(p)])",
        "found []",
    ),
    # Calls of the system.
    "ptrace": (SYSCALL + "attempt(call, 101, 16, 1, 0, 0)", "failed PermissionError"),
    "memory-of-another": (
        SYSCALL + "attempt(call, 310, 1, 0, 0, 0, 0, 0)",
        "failed PermissionError",
    ),
    "mount": (
        SYSCALL + "attempt(call, 165, b't', b'/scratch', b'tmpfs', 0, 0)",
        "failed Permission",
    ),
    "unmount": (SYSCALL + "attempt(call, 166, b'/dev/shm', 2)", "failed PermissionError"),
    "unshare": (SYSCALL + "attempt(call, 272, 0x10000000)", "failed PermissionError"),
    "clone-with-namespaces": (
        SYSCALL + "attempt(call, 56, 0x10000011, 0, 0, 0, 0)\nattempt(call, 435, 0, 0)",
        "failed PermissionError",
    ),
    "chroot": (TRY + "attempt(os.chroot, '/scratch')", "failed PermissionError"),
    "setuid": (TRY + "attempt(os.setuid, 0)\nattempt(os.setgid, 0)", "failed"),
    "setuid-program": (
        "import os, shutil\nshutil.copy('/bin/sleep', 's')\nos.chmod('s', 0o6755)\n"
        "print(os.system('su -c id </dev/null'), open('/proc/self/status').read())",
        "NoNewPrivs:\\t1",
    ),
    "clock": (TRY + "import time\nattempt(time.clock_settime, 0, 0)", "failed PermissionError"),
    "hostname": (TRY + "import socket\nattempt(socket.sethostname, 'x')", "failed PermissionError"),
    "bpf-keys-uring": (
        SYSCALL + "for n in (321, 298, 250, 248, 323, 425, 246, 175, 169, 167, 103): "
        "attempt(call, n, 0, 0, 0, 0, 0)",
        "failed PermissionError",
    ),
    "other-architecture": (
        # mov eax, 20 (getpid of 32-bit programs); int 0x80; ret
        "import ctypes, mmap\nm = mmap.mmap(-1, 4096, prot=7)\nm.write(bytes.fromhex('b814000000cd80c3'))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
        "SIGSYS",
    ),
    "priority": (
        TRY + "attempt(os.nice, -5)\nattempt(os.sched_setscheduler, 0, 1, os.sched_param(1))",
        "failed",
    ),
    "raise-limits": (
        TRY
        + "import resource as r\nfor k in (r.RLIMIT_AS, r.RLIMIT_NPROC, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE):\n"
        "    attempt(r.setrlimit, k, (r.RLIM_INFINITY, r.RLIM_INFINITY))",
        "failed",
    ),
    # The socket to the grader, and this process itself.
    "forged-answers": (
        f"import os, json\nfor n in range(3, 64):\n    try: os.write(n, (json.dumps({FORGED}) + '\\n').encode())\n"
        "    except OSError: pass",
        "",
    ),
    "forged-types": (
        "import os\nfor n in range(3, 64):\n"
        "    try: os.write(n, b'[' * 100000 + b'\\n')\n    except OSError: pass",
        "no message",
    ),
    "endless-answer": (
        "import os\nwhile True:\n    for n in range(3, 9):\n        try: os.write(n, b'x' * 65536)\n"
        "        except OSError: pass",
        "",
    ),
    "drops": (
        "import os\nwhile True:\n    for n in range(3, 9):\n        try: os.write(n, b' ')\n"
        "        except OSError: pass",
        "",
    ),
    "closes-all": ("import os\nos.closerange(0, 99)", "stopped in this cell"),
    "replaced-stdout": ("import sys\nsys.stdout = sys.stderr = None\nprint('x')", ""),
    "closed-stdout": ("import sys, os\nos.close(1)\nos.close(2)\nprint('x')", ""),
    "unpicklable": (
        "import pickle, os\nclass P:\n    def __reduce__(self): return os._exit, (0,)\n"
        "pickle.loads(pickle.dumps(P()))",
        "exit status 0",
    ),
    "settrace": (
        "import sys\ndef t(*a):\n    while True: pass\nsys.settrace(t)\nsys.setprofile(t)\nprint(1)",
        "Timeout",
    ),
    "garbage": (
        "import gc\nclass G:\n    def __del__(self):\n        while True: pass\nG()\ngc.collect()",
        "Timeout",
    ),
    "broken-builtins": ("import builtins\nbuiltins.__dict__.clear()", ""),
    "broken-json": ("import json\njson.dumps = lambda *a, **k: 'x' * 99", ""),
    "broken-os": ("import os\nos.getpid = lambda: 0\nos.fstat = None", ""),
    "shell-without-methods": ("get_ipython().run_cell = get_ipython().recorder = None", ""),
}
FLAGGED = {
    "many-programs": "processes",
    **dict.fromkeys(["memory-bomb", "memory-bomb-by-many"], "memory"),
    **dict.fromkeys(["loop", "loop-that-catches", "masked-signals", "fifo", "stop-itself"], "time"),
    **dict.fromkeys(["exit-hard", "abort", "segfault", "kill-itself", "forged-types"], "died"),
}
MINE = "who = 'mine'\n"
FILES = {
    "shadowed-seaborn": {"seaborn.py": MINE},
    "shadowed-launcher": {"ipykernel_launcher.py": MINE},
    "shadowed-random": {"random.py": MINE},
    "shadowed-csqm": {"csqm.py": MINE, "csqm/__init__.py": MINE},
    "shadowed-sitecustomize": {"sitecustomize.py": "import os; os._exit(9)", "json.py": "0 / 0"},
}
FIRST, LAST = "print('first cell')", "print(1 + 1)  # SECRET of a hidden test"
HONEST = "import numpy as np\nprint(np.mean([1, 3]))"


def main(folder: Path) -> dict:
    """Run all and return what came of it."""
    import nbformat
    import psutil
    from nbformat.v4 import new_code_cell, new_notebook
    from traitlets.config import Config

    from csqm.grading import execute
    from csqm.grading.report import explain
    from csqm.text import speaking

    begun = time.time() - 1
    os.environ["CSQM_TOKEN"] = "SECRET"
    course = folder / "course"
    (course / "submitted" / "other" / "small").mkdir(parents=True)
    (course / "source" / "small").mkdir(parents=True)
    (course / "submitted" / "other" / "small" / "a.txt").write_text("SECRET answer")
    (course / "gradebook.db").write_bytes(b"SECRET")
    meta = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [new_code_cell("import numpy\nimport seaborn"), new_code_cell(LAST)]
    nbformat.write(new_notebook(cells=cells, metadata=meta), course / "source/small/small.ipynb")
    reached: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(course / "socket"))
    abstract = socket.socket(socket.AF_UNIX)
    name = f"csqm-{os.getpid()}"
    abstract.bind("\0" + name)
    for each in (listener, unix, abstract):
        each.listen()
        threading.Thread(target=_accept, args=(each, reached), daemon=True).start()

    config = Config()
    config.CourseDirectory.root = str(course)
    config.WarmExecute.update(
        {
            "timeout": 2,
            "submission_timeout": 20.0,
            "memory_mb": 300,
            "disk_mb": 64,
            "output_kb": 256,
        }
    )
    config.WarmExecute.environment = {"CSQM_RUN": str(folder)}

    def run(sources: list[str], place: Path) -> tuple[list[str], dict]:
        """Return the text of each cell, and the resources."""
        step = execute.WarmExecute(config=config)
        notebook = new_notebook(cells=[new_code_cell(each) for each in sources], metadata=meta)
        told = {"assignment": "small", "notebook": "small", "student": "one"}
        resources = {"metadata": {"path": str(place)}, "nbgrader": told}
        notebook, resources = step.preprocess(notebook, resources)
        return [json.dumps(cell.outputs) for cell in notebook.cells], resources

    def zygotes() -> list[int]:
        return [each._process.pid for each in execute._zygotes.values()]

    def marked() -> list[list[str]]:
        """Return the processes of this run that are no zygotes."""
        ours = {
            own for each in execute._zygotes.values() for own in (*each._own, each._process.pid)
        }
        mine = {}
        for each in psutil.process_iter(["environ", "cmdline", "uids", "create_time"]):
            told = each.info
            if told["environ"]:
                belongs = told["environ"].get("CSQM_RUN") == str(folder)
            else:  # bubblewrap and zygotes keep theirs from their user
                belongs = told["uids"].real == os.getuid() != 0 and told["create_time"] > begun
            if belongs:
                mine[each.pid] = told["cmdline"]
        assert ours <= set(mine), "else this would not see what is left"
        return [line for pid, line in mine.items() if pid not in ours]

    place = folder / "work" / "small"
    place.mkdir(parents=True)
    run([HONEST], place)
    started = zygotes()
    found = {}
    for case, (code, _) in HOSTILE.items():
        for path in sorted(place.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (place / "small.ipynb").write_text("SECRET")
        (place / "link").symlink_to(course / "gradebook.db")
        for path, text in FILES.get(case, {}).items():
            (place / path).parent.mkdir(exist_ok=True)
            (place / path).write_text(text)
        before = _state(folder)
        code = code.replace("{course}", str(course)).replace(
            "{port}", str(listener.getsockname()[1])
        )
        code = code.replace("{name}", name).replace("{{", "{").replace("}}", "}")
        try:
            texts, resources = run([FIRST, code, LAST], place)
        except Exception as error:
            texts, resources = [f"{type(error).__name__}: {error}"] * 3, {}
        flags = resources.get("csqm_flags", [])
        with speaking("zh-Hant"):
            chinese = [explain(each) for each in flags]
        found[case] = {
            "texts": texts,
            "flags": [each.kind for each in flags],
            "chinese": chinese,
            "usage": resources.get("csqm_usage", {}),
            "left": marked(),
            "changed": _state(folder) != before,
            "reached": reached[:],
            "next": run([HONEST], place)[0],
            "same_zygote": zygotes()[: len(started)] == started,
        }
    return found


def _accept(listener: socket.socket, reached: list[str]) -> None:
    while True:
        connection, _ = listener.accept()
        reached.append(str(listener))
        connection.close()


def _state(folder: Path) -> str:
    """Return a digest of all that lies in the folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        digest.update(f"{path} {status.st_mode} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
