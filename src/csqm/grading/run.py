"""Grade the submissions of assignments on a Dask cluster, each of which ends graded or flagged."""

import errno
import logging
import os
import platform
import signal
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import OperationalError

from csqm.grading.flags import Flag, need_look
from csqm.grading.job import Assignment, Result, read_assignment, run, warm_up
from csqm.grading.record import Recorder
from csqm.grading.sandbox import NoSandbox
from csqm.grading.scratch import scratch, sweep
from csqm.grading.submission import Submission, Unreadable, read_submission
from csqm.text import Message

try:
    import fcntl
except ImportError:  # Windows, where one has to see to it that there is one run at a time
    fcntl = None

__all__ = ["Busy", "NoScheduler", "Outcome", "grade"]

logger = logging.getLogger(__name__)

WORTH = 10.0  # seconds of work for which a cluster is started on this machine
CONNECT = 10  # seconds that a scheduler has to answer
SILENCE = 60.0  # seconds that it may be silent later on
PATIENCE = 60.0  # seconds that a run goes on without any worker
POLL = 1.0  # seconds between two looks at the workers
LOCK = ".grading.lock"  # in the course folder
AHEAD = 3  # jobs for each worker that are read and sent before they are due


class Busy(Exception):
    """Another run grades this course; the text says which process."""


class NoScheduler(Exception):
    """No Dask scheduler answers at the address; the text says why."""


@dataclass(frozen=True)
class Outcome:
    """What came of one submission.

    Parameters
    ----------
    assignment, student : str
        What, and whose.
    status : {"done", "flagged", "failed", "same"}
        Graded; graded, but a person should look; not graded; or not graded again, as nothing changed.
    flags : tuple of Flag
        What a person should look at.
    usage : dict of str to dict
        What each notebook took.
    """

    assignment: str
    student: str
    status: str
    flags: tuple[Flag, ...] = ()
    usage: dict[str, dict[str, Any]] = field(default_factory=dict)


def grade(
    gradebook: Gradebook,
    course: CourseDirectory,
    work: Sequence[tuple[str, str]],
    *,
    again: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
) -> Iterator[Outcome]:
    """Grade submissions that are new or changed.

    Parameters
    ----------
    gradebook : Gradebook
        The gradebook of the course.
    course : CourseDirectory
        The folders of the course.
    work : sequence of (str, str)
        Assignments and students.
    again : bool
        Whether to grade those too that are graded already.
    scheduler : str, optional
        Address of a Dask scheduler, as ``"tcp://10.0.0.1:8786"``; its workers need this package.
        Otherwise the work is done on this machine.
    workers : int, optional
        Number of processes on this machine; one for each processor unless given.

    Yields
    ------
    Outcome
        One for each submission, in the order in which they are done. When it comes, it is recorded.

    Raises
    ------
    Busy
        If another run grades this course.
    NoScheduler
        If the scheduler does not answer.
    """
    sweep()
    with _alone(Path(course.root)):
        recorder = Recorder(gradebook, course)
        todo = []
        for assignment, student in work:
            if not again and recorder.is_recorded(assignment, student):
                yield Outcome(assignment, student, "same")
            else:
                if not todo and scheduler is None:
                    warm_up(course, assignment)
                todo.append((assignment, student))
        if not todo:
            return
        names = dict.fromkeys(name for name, _ in todo)
        assignments = {name: read_assignment(gradebook, course, name) for name in names}
        yield from _Run(recorder, course, assignments).outcomes(todo, scheduler, workers)


@contextmanager
def _alone(course: Path) -> Iterator[None]:
    """Keep other runs off a course. The system ends that, however this process ends."""
    if fcntl is None:
        yield
        return
    with (course / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Busy(file.read().strip()) from None
        file.truncate(0)
        file.write(f"{os.getpid()} ({platform.node()})")
        file.flush()
        yield


class _Run:
    """One run over assignments and their submissions."""

    def __init__(
        self, recorder: Recorder, course: CourseDirectory, assignments: dict[str, Assignment]
    ) -> None:
        self._recorder = recorder
        self._course = course
        self._assignments = assignments

    def outcomes(
        self, todo: list[tuple[str, str]], scheduler: str | None, workers: int | None
    ) -> Iterator[Outcome]:
        """Grade: at first in this process, then on a cluster if that is worth its start."""
        waiting = deque(todo)
        workers = workers or _processors()
        while scheduler is None and waiting:
            start = time.monotonic()
            yield self._here(*waiting.popleft())
            seconds = (time.monotonic() - start) * len(waiting)
            first = len(waiting) == len(todo) - 1  # it waits for the imports
            if workers > 1 and seconds > WORTH and not first:
                break
        if not waiting:
            return
        with ExitStack() as stack:
            starter = stack.enter_context(ThreadPoolExecutor(1))
            starting = starter.submit(_connect, scheduler, workers)
            stack.callback(lambda: starting.exception() or _close(*starting.result()))
            while scheduler is None and waiting and not starting.done():
                yield self._here(*waiting.popleft())
            error = starting.exception()
            if scheduler is None and error:
                logger.warning("One process grades, for more could not be started: %s", error)
                while waiting:
                    yield self._here(*waiting.popleft())
            else:
                client, _ = starting.result()
                yield from self._there(client, waiting)

    def _here(self, name: str, student: str) -> Outcome:
        """Grade one submission in this process."""
        submission = self._read(name, student)
        if isinstance(submission, Outcome):
            return submission
        result: Result | BaseException
        try:
            result = run(self._assignments[name], submission)
        except Exception as error:
            result = error
        return self._recorded(name, student, submission, result)

    def _there(self, client: Any, waiting: deque[tuple[str, str]]) -> Iterator[Outcome]:
        """Grade on a cluster, always with a few submissions ahead."""
        # As tasks, not scattered: what a lost worker held is made again.
        assignments = {
            name: client.submit(_itself, each, key=f"assignment-{each.key}")
            for name, each in self._assignments.items()
        }
        workers = _Workers(client)
        running: dict[Any, tuple[str, str, Submission]] = {}
        suspects: deque[tuple[str, str, Submission]] = deque()

        def submit(name: str, student: str, submission: Submission) -> None:
            future = client.submit(run, assignments[name], submission, pure=False)
            running[future] = name, student, submission

        try:
            while waiting or running or suspects:
                most = AHEAD * max(workers.count(), 1)
                while waiting and len(running) < most:
                    name, student = waiting.popleft()
                    submission = self._read(name, student)
                    if isinstance(submission, Outcome):
                        yield submission
                    else:
                        submit(name, student, submission)
                # One that ends its worker is taken for another that waited there: each is tried alone.
                alone = not running
                if alone and suspects:
                    submit(*suspects.popleft())
                if running:
                    future, result = workers.next(running)
                    job = running.pop(future)
                    if _is_lost(result) and not alone:
                        suspects.append(job)
                    else:
                        yield self._recorded(*job, result)
        except _Deserted as deserted:
            for name, student, *_ in (*running.values(), *suspects, *waiting):
                yield Outcome(name, student, "failed", (deserted.flag,))

    def _read(self, name: str, student: str) -> Submission | Outcome:
        """Read what was handed in, or say why it cannot be read."""
        folder = self._course.format_path(self._course.submitted_directory, student, name)
        try:
            known = self._assignments[name]
            return read_submission(Path(folder), known.notebooks, grade_ids=known.grade_ids)
        except Unreadable as error:
            return Outcome(name, student, "failed", error.flags)

    def _recorded(
        self, name: str, student: str, submission: Submission, result: Result | BaseException
    ) -> Outcome:
        """Record a result, or say why there is none."""
        try:
            if isinstance(result, BaseException):
                raise result
            self._recorder.record(self._assignments[name], student, submission, result)
        except Exception as error:
            logger.debug("%s of %s", name, student, exc_info=True)
            return Outcome(name, student, "failed", (_reason(error),))
        status = "flagged" if need_look(result.flags) else "done"
        return Outcome(name, student, status, result.flags, result.usage)


class _Deserted(Exception):
    """Nobody is there any more to do the work; the flag says who is missing."""

    def __init__(self, flag: Flag) -> None:
        super().__init__(flag.detail)
        self.flag = flag


class _Workers:
    """The workers of a cluster, for which one does not wait for ever."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._address = client.scheduler.address
        self._seen = time.monotonic()

    def count(self) -> int:
        """Return how many there are; raise if there have been none for long."""
        if self._client.status != "running":
            raise self._disconnected()
        try:
            count = len(self._client.nthreads(callback_timeout=SILENCE))
        except OSError as error:
            raise self._disconnected() from error
        now = time.monotonic()
        if count:
            self._seen = now
        elif now - self._seen > PATIENCE:
            told = {"scheduler": self._address, "seconds": PATIENCE}
            raise _Deserted(Flag("no-workers", Message("grading.no_workers", **told)))
        return count

    def next(self, running: Collection[Any]) -> tuple[Any, Result | BaseException]:
        """Return a future that is done, and its result or error."""
        from distributed import wait

        while True:
            try:
                with suppress(OSError):  # too late, or a worker was lost with a result
                    done, _ = wait([*running], timeout=POLL, return_when="FIRST_COMPLETED")
                    future = done.pop()
                    if future.status == "error":
                        return future, future.exception()
                    return future, future.result(timeout=SILENCE)
            except CancelledError as error:
                raise self._disconnected() from error
            self.count()

    def _disconnected(self) -> _Deserted:
        told = Message("grading.no_connection", scheduler=self._address)
        return _Deserted(Flag("no-scheduler", told))


def _is_lost(result: object) -> bool:
    """Tell whether Dask gave a job up because its workers were lost."""
    return type(result).__name__ == "KilledWorker"


def _reason(error: Exception) -> Flag:
    """Say why there is no result."""
    if isinstance(error, NoSandbox):
        return Flag("sandbox", error.why)
    kind = "error"
    if _is_lost(error):
        kind = "lost"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        kind = "disk"
    if isinstance(error, OperationalError) and "full" in str(error):
        kind = "disk"
    return Flag(kind, f"{type(error).__name__}: {error}".splitlines()[0])


def _connect(scheduler: str | None, workers: int) -> tuple[Any, Any]:
    """Return a client, and the cluster if it was started here."""
    from distributed import Client, LocalCluster

    if scheduler is not None:
        # That it is lost is told of each submission.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        try:
            return Client(scheduler, timeout=CONNECT), None
        except (OSError, ValueError, TypeError, RuntimeError) as error:  # the last two without TLS
            raise NoScheduler(f"{scheduler}: {error}") from error
    if hasattr(signal, "pthread_sigmask"):
        # Ctrl-C is for this process alone, which ends the others; they inherit this thread's mask.
        resource_tracker.ensure_running()  # else the first start of a process would undo it
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    folder = str(scratch())  # Dask's own would stay where this process is killed
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        local_directory=folder,
        # The address is for what is there all the same.
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0", "local_directory": folder},
        memory_limit=0,  # what submissions use is not in the workers
        silence_logs=logging.CRITICAL,
        # Dask's profile of what a worker does grows by half a megabyte a submission.
        config={"distributed.worker.profile.enabled": False},
    )
    return Client(cluster), cluster


def _close(client: Any, cluster: Any) -> None:
    client.close()
    if cluster is not None:
        cluster.close()


def _itself(assignment: Assignment) -> Assignment:
    return assignment


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
