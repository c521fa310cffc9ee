"""An IPython shell without a kernel: it runs cells and gives the messages a kernel would send."""

import asyncio
import base64
import builtins
import getpass
import io
import os
import signal
import sys
import tempfile
import threading
from typing import Any

import comm
from comm.base_comm import BaseComm
from ipykernel import zmqshell
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from traitlets import Type

from csqm.text import say

__all__ = ["ZMQInteractiveShell", "make_shell", "warm_errors"]

CUT = f"\n... {say('shell.cut')} ...\n"  # once for all submissions, before the first one runs
LONGEST_RESULT = 100_000  # an execute_result is never dropped, it may hold the points; it is cut


class Recorder:
    """Collects the messages of one cell: what is written to the file descriptors 1 and 2 too.

    Parameters
    ----------
    limit : int
        Characters that are kept of a cell.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.process = os.getpid()
        self._lock = threading.RLock()
        self._files = {}
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            file = tempfile.TemporaryFile("ab+", buffering=0)  # noqa: SIM115, open till the end
            os.dup2(file.fileno(), descriptor)
            self._files[name] = file
        self.begin()

    def begin(self) -> None:
        """Forget the last cell."""
        self.messages: list[list[Any]] = []
        self._left = self.limit
        self._cut = self._failed = False

    def end(self) -> list[list[Any]]:
        """Return the messages of the cell: kind and content, as a kernel sends them."""
        self._drain()
        return self.messages

    def text(self, name: str, text: str) -> None:
        """Take what was written to a stream."""
        if os.getpid() != self.process:  # a fork of the submission: its parent reads the file
            os.write({"stdout": 1, "stderr": 2}[name], text.encode("utf-8", "replace"))
            return
        with self._lock:
            self._drain()
            self._append(name, text)

    def message(self, kind: str, content: dict[str, Any]) -> None:
        """Take a message; where it would go beyond the limit, say that something is missing."""
        with self._lock:
            self._drain()
            size = len(str(content))
            if kind == "execute_result" and size > self._left:
                text = content["data"].get("text/plain", "")[:LONGEST_RESULT]
                content = content | {"data": {"text/plain": text}, "metadata": {}}
            elif kind == "error" and not self._failed:
                self._failed = True
                shown = [line[:LONGEST_RESULT] for line in content["traceback"][-200:]]
                content = content | {"traceback": shown, "evalue": content["evalue"][:10_000]}
            elif size > self._left:
                if self._cut:
                    return
                self._cut = True
                kind, content = "stream", {"name": "stdout", "text": CUT}
            self._left = max(self._left - size, 0)
            self.messages.append([kind, content])

    def _append(self, name: str, text: str) -> None:
        if not text or self._left <= 0:
            return
        size = len(text)
        if size > self._left:
            text = text[: self._left] + CUT
        self._left = max(self._left - size, 0)
        last = self.messages[-1] if self.messages else [None]
        if last[0] == "stream" and last[1]["name"] == name:
            last[1]["parts"].append(text)
        else:
            self.messages.append(["stream", {"name": name, "parts": [text]}])

    def _drain(self) -> None:
        """Take what was written past Python, by libraries and started programs."""
        with self._lock:
            for name, file in self._files.items():
                size = os.fstat(file.fileno()).st_size
                if size:
                    written = os.pread(file.fileno(), 4 * self._left + 4, 0)
                    os.ftruncate(file.fileno(), 0)
                    self._append(name, written.decode("utf-8", "replace"))


class Stream(io.TextIOBase):
    """What a cell finds as ``sys.stdout`` and ``sys.stderr``."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, recorder: Recorder, name: str, descriptor: int) -> None:
        self._recorder, self.name, self._descriptor = recorder, f"<{name}>", descriptor
        self._stream = name

    def fileno(self) -> int:
        """Return the file descriptor, for started programs."""
        return self._descriptor

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Record the text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._recorder.text(self._stream, text)
        return len(text)


class Hook(DisplayHook):
    """Records the value of a cell's last line."""

    def start_displayhook(self) -> None:
        """Do nothing."""

    def write_output_prompt(self) -> None:
        """Do nothing."""

    def finish_displayhook(self) -> None:
        """Do nothing."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Record the value in all its formats."""
        content = {
            "data": _text_only(format_dict),
            "metadata": md_dict or {},
            "execution_count": self.prompt_count,
        }
        self.shell.recorder.message("execute_result", content)


class Publisher(DisplayPublisher):
    """Records what a cell displays."""

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        """Record a display in all its formats."""
        content = {
            "data": _text_only(data),
            "metadata": metadata or {},
            "transient": transient or {},
        }
        self.shell.recorder.message("update_display_data" if update else "display_data", content)

    def clear_output(self, wait: bool = False) -> None:
        """Record that the output of the cell is to be cleared."""
        self.shell.recorder.message("clear_output", {"wait": wait})


class ZMQInteractiveShell(zmqshell.ZMQInteractiveShell):
    """The shell of a kernel, with a recorder in the place of the kernel's sockets.

    It keeps its name, by which pandas and others tell a notebook from a terminal.
    """

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)
    recorder: Recorder
    _transformed = ("", "")  # a cell that is about to run, and what it is as Python

    def transform_cell(self, raw_cell: str) -> str:
        """Return a cell as Python, without doing so again for the one that is about to run."""
        (source, transformed), self._transformed = self._transformed, ("", "")
        return transformed if source == raw_cell else super().transform_cell(raw_cell)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        try:
            said = str(evalue)
        except Exception:
            said = ""
        content = {"ename": etype.__name__, "evalue": said, "traceback": list(stb)}
        self.recorder.message("error", content)

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there is no window here."""

    def ask_exit(self) -> None:
        """Do nothing: ``exit()`` ends no kernel either when nbgrader runs it."""

    def begin(self, limit: int) -> None:
        """Take over the streams of this process."""
        self.recorder = Recorder(limit)
        sys.stdout = Stream(self.recorder, "stdout", 1)
        sys.stderr = Stream(self.recorder, "stderr", 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        builtins.input = getpass.getpass = _no_input
        comm.create_comm = lambda *args, **kwargs: Comm(self.recorder, *args, **kwargs)
        self._loop = asyncio.new_event_loop()

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell.

        Parameters
        ----------
        source : str
            The cell.

        Returns
        -------
        dict
            ``messages``; ``execution_count``; and ``error``, the name and text of an error or None.
        """
        self.recorder.begin()
        count = self.execution_count
        try:
            result = self._loop.run_until_complete(self._run_in_loop(source))
            error = result.error_before_exec or result.error_in_exec
        except BaseException as trouble:  # an interrupt while the cell waited; a broken shell
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            error = trouble
        return {
            "messages": [
                [kind, {"name": each["name"], "text": "".join(each["parts"])}]
                if "parts" in each
                else [kind, each]
                for kind, each in self.recorder.end()
            ],
            "execution_count": count,
            "error": None if error is None else [type(error).__name__, str(error)[:10_000]],
        }

    async def _run_in_loop(self, source: str) -> Any:
        """Run a cell inside a running event loop, as a kernel does."""
        try:
            transformed, trouble = self.transform_cell(source), None
        except Exception:
            transformed, trouble = source, sys.exc_info()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            if self.should_run_async(
                source, transformed_cell=transformed, preprocessing_exc_tuple=trouble
            ):
                result = await self.run_cell_async(
                    source,
                    store_history=True,
                    transformed_cell=transformed,
                    preprocessing_exc_tuple=trouble,
                )
                self.events.trigger("post_execute")
                self.events.trigger("post_run_cell", result)
                return result
            if trouble is None:
                self._transformed = source, transformed
            return self.run_cell(source, store_history=True)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


class Comm(BaseComm):
    """Records what a widget tells its front end, so that its state is saved with the notebook."""

    def __init__(self, recorder: Recorder, *args: Any, **kwargs: Any) -> None:
        self._recorder = recorder
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Record a message."""
        packed = [base64.b64encode(bytes(each)).decode() for each in buffers or []]
        content = {"data": data or {}, "comm_id": self.comm_id, **keys}
        self._recorder.message(msg_type, content | {"metadata": metadata or {}, "buffers": packed})


def make_shell() -> ZMQInteractiveShell:
    """Return the shell, set up as a kernel's before the first cell."""
    from ipykernel.compiler import XCachingCompiler
    from traitlets.config import Config

    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    config = Config()
    config.HistoryManager.enabled = False  # its thread would stand in the way of forks
    config.IPKernelApp.name = "csqm.grading"  # how libraries tell a notebook from a terminal
    return ZMQInteractiveShell.instance(config=config, compiler_class=XCachingCompiler)


def warm_errors(shell: ZMQInteractiveShell) -> None:
    """Look once, for all submissions, where the modules lie of which an error may tell."""
    try:
        exec("raise RuntimeError")
    except RuntimeError:
        shell.InteractiveTB.structured_traceback(*sys.exc_info())


def _no_input(prompt: str = "", *args: Any, **kwargs: Any) -> str:
    raise StdinNotImplementedError(
        "raw_input was called, but this frontend does not support input requests."
    )


def _text_only(bundle: dict[str, Any]) -> dict[str, Any]:
    """Return a display's formats with bytes in base64, as notebooks keep pictures."""
    return {
        kind: base64.b64encode(data).decode() if isinstance(data, bytes) else data
        for kind, data in bundle.items()
    }
