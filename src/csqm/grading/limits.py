"""What a submission may use of the machine, held by the operating system where it can."""

import sys
from dataclasses import dataclass

__all__ = ["Limits"]

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Parameters
    ----------
    memory_mb : int
        Memory of each process and of all together, beyond what the imports take.
    processes : int
        Processes that it may have at once, with two that watch over it. In a sandbox threads count.
    open_files : int
        Files that each process may have open.
    file_mb : int
        Size of a file that it writes.
    disk_mb : int
        Size of all files that it has and writes. Only a sandbox holds it.
    output_kb : int
        Output of a cell that is kept.
    cgroups : bool
        Whether a control group holds memory and processes too, where one can be made.
    """

    memory_mb: int = 2048
    processes: int = 64
    open_files: int = 256
    file_mb: int = 100
    disk_mb: int = 256
    output_kb: int = 4096
    cgroups: bool = True

    def apply(self) -> None:
        """Hold this process and what it starts to the limits, as far as rlimits can."""
        import resource

        memory = resource.RLIM_INFINITY
        if sys.platform == "linux":
            with open("/proc/self/statm") as file:
                pages = int(file.read().split()[0])
            memory = pages * resource.getpagesize() + self.memory_mb * MB
        wanted = {
            resource.RLIMIT_AS: memory,
            resource.RLIMIT_NOFILE: self.open_files,
            resource.RLIMIT_FSIZE: self.file_mb * MB,
            resource.RLIMIT_CORE: 0,
        }
        for kind, value in wanted.items():
            _, hard = resource.getrlimit(kind)
            if hard != resource.RLIM_INFINITY:
                value = hard if value == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
