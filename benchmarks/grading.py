"""Time `csqm grade` against `nbgrader autograde` with its own settings, on the same submissions.

``python benchmarks/grading.py --submissions 100`` hands in right answers, blank ones and typical
mistakes of an assignment, grades them in each way, compares every mark, and prints for each way the
seconds from the start of the command to the first mark and to the last, the seconds for each
submission, the most memory that all its processes take together, and how many times faster it is than
nbgrader on as many processors. The first time, canaries are made of the assignment's tests.
``--more 2000`` grades as many besides, ours only, to see whether the seconds for each stay the same.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from csqm.course import demo
from csqm.course.collect import collect
from csqm.course.marks import Mark, read_marks
from csqm.course.release import generate, make_course, open_course, parts
from csqm.text import set_language

CONFIG = """
from csqm.course.settings import configure

c = get_config()
configure(c, "en")
c.WarmExecute.sandbox = {sandbox}
"""
STOCK = "c = get_config()\n"  # nbgrader as it comes


@dataclass(frozen=True)
class Way:
    """A way to grade: its name, its processors, and whether it is ours and has a sandbox."""

    name: str
    processors: int
    ours: bool = True
    sandbox: bool = True


@dataclass(frozen=True)
class Timing:
    """Seconds to the first mark and to the last, and the peak of memory in GB."""

    first: float
    last: float
    memory: float

    def each(self, count: int) -> float:
        """Return the seconds for each submission after the first."""
        return (self.last - self.first) / (count - 1)


def main(arguments: list[str] | None = None) -> int:
    """Grade in each way and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="1-customers", choices=parts())
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--more", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.submissions < 2:
        parser.error("--submissions must be 2 or more")
    set_language("en")
    several = len(os.sched_getaffinity(0))
    ways = [
        Way("nbgrader", several, ours=False),
        Way("csqm, first time", several),
        Way("csqm", several),
        Way("nbgrader", 1, ours=False),
        Way("csqm", 1),
        Way("csqm, no sandbox", 1, sandbox=False),
    ]
    with tempfile.TemporaryDirectory() as folder:
        course = make_course("en", Path(folder) / "course", [given.part])
        # Nothing is kept of an earlier run for this assignment.
        (course / "source" / given.part / "benchmark.txt").write_text(folder, encoding="utf-8")
        hand_in(course, given.part, given.submissions)
        print(f"{given.submissions} submissions of {given.part}")
        print(
            f"{'':18}{'processors':>11}{'first, s':>9}{'all, s':>8}{'each, s':>9}{'GB':>6}{'ratio':>7}"
        )
        timings: dict[Way, Timing] = {}
        marks: dict[Way, list[Mark]] = {}
        for way in ways:
            timings[way] = timed(course, given.part, way)
            with open_course(course) as api:
                marks[way] = read_marks(api, given.part, {})
            peer = next(
                each for each in ways if not each.ours and each.processors == way.processors
            )
            show(way, timings[way], given.submissions, timings[peer].last / timings[way].last)
        one, two = timings[ways[4]], timings[ways[2]]
        gain = one.each(given.submissions) / two.each(given.submissions)
        print(
            f"From 1 to {several} processors: {one.last / two.last:.2f} times as fast in all, "
            f"{gain:.2f} after the first mark"
        )
        cost = one.each(given.submissions) - timings[ways[5]].each(given.submissions)
        print(f"The sandbox costs {1000 * cost:.0f} ms a submission")
        if given.more:
            hand_in(course, given.part, given.more)
            show(ways[2], timed(course, given.part, ways[2]), given.more, None)
    differing = sorted(
        {
            old.student
            for way in ways
            for old, new in zip(marks[ways[0]], marks[way], strict=True)
            if old != new
        }
    )
    print(f"The marks differ: {', '.join(differing)}" if differing else "All marks are equal")
    return int(bool(differing))


def hand_in(course: Path, part: str, count: int) -> None:
    """Hand in right answers, blank ones and typical mistakes in turn."""
    with open_course(course) as api:
        generate(api, part)
    right, saved = demo.solutions(course, part), demo.saved_answers(part)
    wrong = [right | {each["answer"]: each["code"]} for each in demo.mistakes(part)]
    kinds = [right, {}, *wrong]
    students = [f"s{number:05}" for number in range(count)]
    for number, student in enumerate(students):
        demo.submit(course, part, student, kinds[number % len(kinds)], saved=saved)
    with open_course(course) as api:
        with api.gradebook as gradebook:
            for student in students:  # once there are some, others are refused
                gradebook.update_or_create_student(student)
        collect(api, [course / demo.HANDED_IN])
    collected = len(list((course / "submitted").glob(f"*/{part}")))
    if collected != count:
        raise SystemExit(f"{collected} of {count} submissions were collected")


def timed(course: Path, part: str, way: Way) -> Timing:
    """Grade everything anew in one way."""
    config = CONFIG.format(sandbox=way.sandbox) if way.ours else STOCK
    (course / "nbgrader_config.py").write_text(config, encoding="utf-8")
    shutil.rmtree(course / "autograded", ignore_errors=True)
    command = ["csqm", "grade", "--json"] if way.ours else ["nbgrader", "autograde"]
    module = ["-m", "csqm.course" if way.ours else "nbgrader", *command[1:], part]
    chosen = set(sorted(os.sched_getaffinity(0))[: way.processors])
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *module],
        cwd=course,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, chosen),
    )
    memory = Memory(process.pid)
    first = float("nan")  # nbgrader writes the first notebook before it is graded
    while way.ours and first != first and process.poll() is None:
        if next(course.glob(f"autograded/*/{part}/{part}.ipynb"), None):
            first = time.perf_counter() - start
        time.sleep(0.02)
    if process.wait():
        raise SystemExit(f"{way.name} ended with {process.returncode}")
    return Timing(first, time.perf_counter() - start, memory.peak())


class Memory:
    """Watches how much memory a process and all that it started take together."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._most = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for each in [self._process, *self._process.children(recursive=True)]:
                try:
                    total += each.memory_full_info().pss  # what forks share counts once
                except psutil.Error:
                    continue
            self._most = max(self._most, total)
            time.sleep(1)

    def peak(self) -> float:
        """Return the most so far, in GB."""
        return self._most / 1e9


def show(way: Way, timing: Timing, count: int, ratio: float | None) -> None:
    """Print a line."""
    print(
        f"{way.name:18}{way.processors:11}{timing.first:9.1f}{timing.last:8.1f}"
        f"{timing.last / count:9.3f}"
        f"{timing.memory:6.2f}" + (f"{ratio:7.1f}" if ratio else ""),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
