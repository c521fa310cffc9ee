"""Runs a submitted notebook warm: in a fork of a process that has imported what it needs."""

import ast
import atexit
import base64
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import cache
from importlib.machinery import all_suffixes
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient import NotebookClient
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from traitlets import Bool, Dict, Float, Integer, List, Unicode

from csqm.grading import early, kept, sandbox
from csqm.grading.canaries import Mutant, look, mutants
from csqm.grading.flags import Flag
from csqm.grading.limits import Limits
from csqm.grading.marks import is_test
from csqm.grading.sandbox import NoSandbox
from csqm.grading.scratch import scratch
from csqm.grading.zygote import Died, PreloadError, Zygote
from csqm.text import Message, say

__all__ = ["WarmExecute", "imports_of"]

# The mutants of each source notebook, see `csqm.grading.canaries`.
_mutants: dict[tuple[Any, ...], Mapping[str, Sequence[Mutant]]] = {}
# One zygote for each thread and what it imports, as long as this process lives.
_zygotes: dict[tuple[Any, ...], Zygote] = {}


class WarmExecute(Execute):
    """Takes the place of nbgrader's `Execute`, has its settings, and gives the same outputs.

    A notebook for another kernel than this Python, or whose imports fail, is left to `Execute`;
    the log says so.
    """

    preload = List(
        Unicode(),
        default_value=None,
        allow_none=True,
        help="Modules to import beforehand, and, as package:name, what may be a module of a package; "
        "by default what the source notebook imports.",
    ).tag(config=True)
    sandbox = Bool(
        True,
        help="Run submissions without network, on a copy of their files, with the system readable "
        "and the course out of sight. Where that cannot be done they are not run. Linux only.",
    ).tag(config=True)
    readable = List(
        Unicode(),
        help="Files and folders that a sandbox shows besides the system, this Python and csqm.",
    ).tag(config=True)
    hidden = List(
        Unicode(), help="Folders that a sandbox must not show, besides that of the course."
    ).tag(config=True)
    environment = Dict(
        Unicode(),
        help="Variables that notebooks find. In a sandbox they find no others but those for paths, "
        "language and Python.",
    ).tag(config=True)
    submission_timeout = Float(
        600, help="Seconds that all the cells of a notebook may take together."
    ).tag(config=True)
    memory_mb = Integer(
        Limits.memory_mb, help="Memory of each process and of all, beyond what imports take."
    ).tag(config=True)
    processes = Integer(
        Limits.processes, help="Processes that may be at once; with threads in a sandbox."
    ).tag(config=True)
    open_files = Integer(Limits.open_files, help="Files that may be open.").tag(config=True)
    file_mb = Integer(Limits.file_mb, help="Size of a file that is written.").tag(config=True)
    disk_mb = Integer(
        Limits.disk_mb, help="Size of all files of a submission, held by the sandbox."
    ).tag(config=True)
    output_kb = Integer(Limits.output_kb, help="Output of a cell that is kept.").tag(config=True)
    cgroups = Bool(
        Limits.cgroups,
        help="Hold memory and processes by a control group of Linux too, where one can be made.",
    ).tag(config=True)

    canaries = Bool(
        True,
        help="After the cells of a submission, run tests that must fail, and flag it if they pass. "
        "Those of an assignment are kept in your cache folder until it changes.",
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any = None, km: Any = None) -> tuple[Any, Any]:
        """Run the notebook."""
        folder = Path(resources["metadata"]["path"]).absolute()
        usage = resources.setdefault("csqm_usage", {})
        usage["sandbox"] = "bubblewrap" if self.sandbox else "none"
        try:
            zygote = self._zygote(nb, resources, folder)
            NotebookClient.__init__(self, nb, km)
            self.reset_execution_trackers()
            self._check_assign_resources(resources)
            self._run_cells(zygote, folder)
        except PreloadError as error:
            if self.sandbox:
                raise NoSandbox(Message("sandbox.not_warm", why=error.args[0])) from error
            self.log.warning("Run by nbgrader's own execution: %s", error)
            return super().preprocess(nb, resources, km)
        nb.metadata["language_info"] = zygote.language_info
        self.set_widgets_metadata()
        return nb, self.resources

    def _run_cells(self, zygote: Zygote, folder: Path) -> None:
        limits = Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})
        cells = [(index, cell) for index, cell in enumerate(self.nb.cells) if self._is_run(cell)]
        for _, cell in cells:
            cell.outputs = []
        if not cells:
            return
        usual = self._get_timeout(cells[0][1])
        known = self._mutants(zygote, limits, usual) if self.canaries else {}
        done = 0
        began = time.monotonic()
        job = None
        try:
            links = self._links()
            with zygote.job(folder, limits, self.submission_timeout, links) as job:
                for index, cell in cells:
                    seconds = self._get_timeout(cell)
                    reply, late = job.run(cell.source, seconds)
                    try:
                        self._record(index, cell, reply)
                    except Exception as error:  # only a forged message can be wrong
                        raise Died(Message("grading.forged", error=repr(error))) from error
                    if late:
                        self.log.error("Cell %s took more than %s seconds", index, seconds)
                        self._record_error(index, cell, **self.error_on_timeout)
                        self._flag("time", index, Message("grading.too_long", seconds=seconds))
                    elif reply["error"] and reply["error"][0] == "MemoryError":
                        told = Message("grading.too_much_memory", most=self.memory_mb)
                        self._flag("memory", index, told)
                    done += 1
                if self.canaries:
                    tests = [cell for _, cell in cells if is_test(cell)]
                    found = look(job, tests, known, usual)
                    self.resources.setdefault("csqm_flags", []).extend(found)
        except Died as death:
            self.log.error("Cell %s and those after it get no marks: %s", cells[done][0], death)
            self._flag(death.kind, cells[done][0], death.why)
            why = say("grading.stopped_here", why=death)
            for index, cell in cells[done:]:
                self._record_error(index, cell, "DeadKernelError", why, [f"DeadKernelError: {why}"])
                why = say("grading.not_run")
        usage = self.resources["csqm_usage"]
        usage["seconds"] = time.monotonic() - began
        if job is not None:
            usage.update(job.used)

    def _links(self) -> list[str]:
        """Return the files that were handed in as links: nbgrader copied what they lead to."""
        told = self.resources["nbgrader"]
        course = CourseDirectory(parent=self)
        where = course.submitted_directory, told["student"], told["assignment"]
        folder = Path(course.format_path(*where))
        links = [path for path in sorted(folder.rglob("*")) if path.is_symlink()]
        names = [path.relative_to(folder).as_posix() for path in links]
        if names and self.sandbox:
            flag = Flag("left-out", Message("grading.links", paths=names[:9]))
            self.resources.setdefault("csqm_flags", []).append(flag)
        return names

    def _flag(self, kind: str, index: int, why: Message) -> None:
        flag = Flag(kind, Message("grading.in_cell", number=index + 1, why=why))
        self.resources.setdefault("csqm_flags", []).append(flag)

    def _mutants(
        self, zygote: Zygote, limits: Limits, seconds: float | None
    ) -> Mapping[str, Sequence[Mutant]]:
        """Return the mutants of this notebook's tests, made once with its source's solutions."""
        source = self._source(self.resources["nbgrader"])
        if not source.exists():
            return {}
        key = source, source.stat().st_mtime_ns, self.sandbox
        if key in _mutants:
            return _mutants[key]
        settings = zygote.modules, self.sandbox, sorted(self.environment.items()), limits
        name = kept.key(source, settings)
        known = kept.read(name)
        if known is None:
            notebook = nbformat.read(source, as_version=4)
            with TemporaryDirectory(dir=scratch()) as folder:
                copy = shutil.copytree(source.parent, Path(folder, source.parent.name))
                try:
                    with zygote.job(copy, limits, self.submission_timeout) as job:
                        known = mutants(job, notebook, seconds)
                    kept.write(name, known)
                except Died as death:
                    self.log.warning("No canaries from %s, which does not run: %s", source, death)
                    known = {}
        _mutants[key] = known
        return known

    def _is_run(self, cell: Any) -> bool:
        skipped = self.skip_cells_with_tag in cell.metadata.get("tags", [])
        return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped

    def _record(self, index: int, cell: Any, reply: dict[str, Any]) -> None:
        """Turn the messages of a cell into its outputs, as for a kernel."""
        self.clear_before_next_output = False
        for kind, content in reply["messages"]:
            _check_message(kind, content)
            message = {
                "msg_type": kind,
                "header": {"msg_type": kind},
                "parent_header": {},
                "content": content,
                "buffers": [base64.b64decode(each) for each in content.pop("buffers", [])],
            }
            self.process_message(message, cell, index)
        cell.execution_count = int(reply["execution_count"])
        if reply["error"]:
            name, text = reply["error"]
            self._record_error(index, cell, str(name), str(text), [])

    def _record_error(
        self, index: int, cell: Any, ename: str, evalue: str, traceback: list[str]
    ) -> None:
        """Let nbgrader add an error, unless the outputs have it already."""
        content = {"status": "error", "ename": ename, "evalue": evalue, "traceback": traceback}
        self.on_cell_executed(cell=cell, cell_index=index, execute_reply={"content": content})

    def _zygote(self, nb: Any, resources: Any, folder: Path) -> Zygote:
        """Return the process to fork, started if need be."""
        self._check_kernel(nb.metadata.get("kernelspec", {}).get("name", self.kernel_name))
        preload = self._preload(self._source(resources["nbgrader"]))
        zygote = self._ready(preload)
        hidden = sorted(_modules_in(folder) & zygote.preloaded)
        if not hidden:
            return zygote
        self.log.info("Without the imports, for the files of this submission: %s", hidden)
        return self._ready(())

    def start(self, source: Path) -> None:
        """Start the process that will run submissions, so that it imports while others do their part.

        Parameters
        ----------
        source : Path
            The source notebook.
        """
        preload = self._preload(source)
        with suppress(NoSandbox):  # whoever runs a submission will say so
            self._started(preload)
            early.note(Path(CourseDirectory(parent=self).root), self._told(preload))

    def _preload(self, source: Path) -> tuple[str, ...]:
        return tuple(self.preload if self.preload is not None else imports_of(source))

    def _ready(self, preload: tuple[str, ...]) -> Zygote:
        """Return a process that can be forked."""
        zygote = self._started(preload)
        try:
            zygote.wait()
        except PreloadError as error:
            if not (self.sandbox and preload):
                raise
            self.log.warning("Without the imports: %s", error)
            zygote = _zygotes[self._key(preload)] = self._ready(())
        return zygote

    def _key(self, preload: tuple[str, ...]) -> tuple[Any, ...]:
        # One for each thread, as it does one thing at a time.
        return threading.get_ident(), repr(self._told(preload))

    def _told(self, preload: tuple[str, ...]) -> dict[str, Any]:
        """Return what a process to fork has to be told."""
        return {
            "preload": list(preload),
            "sandboxed": self.sandbox,
            "readable": list(self.readable),
            "environment": dict(self.environment),
        }

    def _started(self, preload: tuple[str, ...]) -> Zygote:
        key = self._key(preload)
        zygote = _zygotes.get(key)
        if zygote is None or not zygote.alive:
            if zygote is not None:
                zygote.close()
            if self.sandbox:
                self._check_course_is_hidden()
            told = self._told(preload)
            zygote = _zygotes[key] = early.take(told) or Zygote(**told)
        return zygote

    def _check_course_is_hidden(self) -> None:
        course = CourseDirectory(parent=self).root
        for root in map(Path, [course, *self.hidden, kept.folder()]):
            for path in map(Path, sandbox.shown(self.readable)):
                if root.resolve().is_relative_to(path.resolve()):
                    raise NoSandbox(Message("sandbox.course_shown", course=root, folder=path))

    def _source(self, told: dict[str, Any]) -> Path:
        course = CourseDirectory(parent=self)
        where = course.source_directory, ".", told["assignment"]
        return Path(course.format_path(*where)) / f"{told['notebook']}.ipynb"

    def _check_kernel(self, name: str) -> None:
        """Raise if the notebook wants another kernel than this Python's."""
        if not hasattr(os, "fork"):
            raise PreloadError(Message("sandbox.no_fork", system=sys.platform))
        try:
            spec = KernelSpecManager(parent=self).get_kernel_spec(name)
        except NoSuchKernel:
            raise PreloadError(Message("sandbox.no_kernel", name=name)) from None
        names = {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info)}
        same = spec.argv[0] in names or Path(spec.argv[0]) == Path(sys.executable)
        if not (same and "ipykernel_launcher" in spec.argv) or spec.env:
            raise PreloadError(Message("sandbox.other_kernel", name=name))


def _check_message(kind: str, content: dict[str, Any]) -> None:
    """Raise if a message has other types than a notebook can keep; forged ones may."""
    expected = {
        "stream": {"name": str, "text": str},
        "error": {"ename": str, "evalue": str, "traceback": list},
        "execute_result": {"data": dict, "metadata": dict, "execution_count": int},
        "display_data": {"data": dict, "metadata": dict},
        "update_display_data": {"data": dict, "metadata": dict},
    }
    for name, type_ in expected.get(kind, {}).items():
        if not isinstance(content[name], type_):
            raise TypeError(f"{name} of {kind} is {content[name]!r:.99}")
    texts = [text for name, text in content.get("data", {}).items() if "json" not in name]
    texts += content["traceback"] if kind == "error" else []
    if kind in expected and not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{kind} has what is no text")


def imports_of(source: Path) -> list[str]:
    """Find what a notebook imports, but for the modules that lie beside it.

    Parameters
    ----------
    source : Path
        The notebook.

    Returns
    -------
    list of str
        The modules in the order in which they are imported, those by ``from package import name``
        as ``package:name``; none if there is no such notebook.
    """
    if not source.exists():
        return []
    beside = frozenset(_modules_in(source.parent))
    return list(_imports_of(source, source.stat().st_mtime_ns, beside))


@cache
def _imports_of(source: Path, changed: int, beside: frozenset[str]) -> list[str]:
    found: dict[str, None] = {}
    for cell in nbformat.read(source, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(TransformerManager().transform_cell(cell.source))
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}:{alias.name}" for alias in node.names]
            else:
                continue
            own = [name for name in names if re.split(r"[.:]", name)[0] not in beside]
            found.update(dict.fromkeys(own))
    return list(found)


def _modules_in(folder: Path) -> set[str]:
    """Return the names of the modules and packages in a folder."""
    files = {
        each.name.partition(".")[0] for end in all_suffixes() for each in folder.glob(f"*{end}")
    }
    return files | {each.parent.name for each in folder.glob("*/__init__.py")}


@atexit.register
def _close() -> None:
    for zygote in _zygotes.values():
        zygote.close()
