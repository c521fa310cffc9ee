"""A filter of system calls that no notebook needs, in the language of the kernel's seccomp.

It is for x86-64 and ARM64 (elsewhere namespaces alone hold a submission) and kills what calls by the
rules of another machine, such as 32-bit programs. Numbers are from Linux's ``asm/unistd.h``.
"""

import ctypes
import errno
import os
import struct

__all__ = ["program", "restrict"]

# Name, number on x86-64, number on ARM64; None where there is no such call.
DENIED: list[tuple[str, int | None, int | None]] = [
    # Other processes' memory and descriptors.
    *[("ptrace", 101, 117), ("process_vm_readv", 310, 270), ("process_vm_writev", 311, 271)],
    *[("process_madvise", 440, 440), ("pidfd_getfd", 438, 438), ("kcmp", 312, 272)],
    # Mounts and namespaces.
    *[("mount", 165, 40), ("umount2", 166, 39), ("pivot_root", 155, 41), ("chroot", 161, 51)],
    *[("open_tree", 428, 428), ("move_mount", 429, 429), ("fsopen", 430, 430)],
    *[("fsconfig", 431, 431), ("fsmount", 432, 432), ("fspick", 433, 433)],
    *[("mount_setattr", 442, 442), ("unshare", 272, 97), ("setns", 308, 268)],
    *[("name_to_handle_at", 303, 264), ("open_by_handle_at", 304, 265)],
    # Parts of the kernel in which many holes were found.
    *[("bpf", 321, 280), ("perf_event_open", 298, 241), ("userfaultfd", 323, 282)],
    *[("add_key", 248, 217), ("request_key", 249, 218), ("keyctl", 250, 219)],
    *[("io_uring_setup", 425, 425), ("io_uring_enter", 426, 426), ("io_uring_register", 427, 427)],
    *[("fanotify_init", 300, 262), ("modify_ldt", 154, None)],
    # The machine as a whole.
    *[("kexec_load", 246, 104), ("kexec_file_load", 320, 294), ("reboot", 169, 142)],
    *[("init_module", 175, 105), ("finit_module", 313, 273), ("delete_module", 176, 106)],
    *[("swapon", 167, 224), ("swapoff", 168, 225), ("acct", 163, 89), ("quotactl", 179, 60)],
    *[("settimeofday", 164, 170), ("clock_settime", 227, 112), ("adjtimex", 159, 171)],
    *[("clock_adjtime", 305, 266), ("sethostname", 170, 161), ("setdomainname", 171, 162)],
    *[("syslog", 103, 116), ("iopl", 172, None), ("ioperm", 173, None)],
]
CLONE3 = 435
# Architecture, then the numbers of clone and socket.
MACHINES = {"x86_64": (0xC000003E, 56, 41), "aarch64": (0xC00000B7, 220, 198)}
X32 = 0x40000000  # calls of x86-64 with this bit are of another machine too
NEW_NAMESPACES = 0x7E020080  # all flags CLONE_NEW*
# Other kinds of sockets know no namespace, as vsock, or are seldom used parts of the kernel.
SOCKETS = (1, 2, 10, 16)  # unix, IPv4, IPv6, netlink
# From linux/bpf_common.h and linux/seccomp.h.
LOAD, EQUAL, GREATER_OR_EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENT_AT = 0, 4, 16
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
SET_SECCOMP, MODE_FILTER = 22, 2


def program(machine: str) -> bytes:
    """Return the filter for a machine.

    Parameters
    ----------
    machine : {"x86_64", "aarch64"}
        As ``os.uname().machine`` names it.

    Returns
    -------
    bytes
        Instructions of eight bytes each.

    Examples
    --------
    >>> len(program("x86_64")) % 8
    0
    """
    architecture, clone, socket = MACHINES[machine]
    column = list(MACHINES).index(machine) + 1
    deny = (RETURN, 0, 0, FAIL | errno.EPERM)
    steps = [(LOAD, 0, 0, ARCHITECTURE_AT), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL)]
    steps += [(LOAD, 0, 0, NUMBER_AT)]
    if machine == "x86_64":
        steps += [(GREATER_OR_EQUAL, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for call in DENIED:
        number = call[column]
        if isinstance(number, int):
            steps += [(EQUAL, 0, 1, number), deny]
    # Its flags cannot be seen; the C library then takes clone.
    steps += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, FAIL | errno.ENOSYS)]
    steps += [(EQUAL, 0, 4, clone), (LOAD, 0, 0, ARGUMENT_AT), (ANY_BIT, 0, 1, NEW_NAMESPACES)]
    steps += [deny, (RETURN, 0, 0, ALLOW)]
    steps += [(EQUAL, 0, len(SOCKETS) + 2, socket), (LOAD, 0, 0, ARGUMENT_AT)]
    steps += [(EQUAL, len(SOCKETS) - n, 0, kind) for n, kind in enumerate(SOCKETS)]
    steps += [deny, (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def restrict() -> None:
    """Filter the calls of this process and of all that it starts, where there is a filter."""
    machine = os.uname().machine
    if machine not in MACHINES:
        return
    code = ctypes.create_string_buffer(program(machine))
    told = struct.pack("HxxxxxxQ", (len(code) - 1) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_SECCOMP, MODE_FILTER, told, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl: no filter of system calls")
