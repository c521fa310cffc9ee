"""The command line `csqm`: a class from enrolment to marks, thin over nbgrader and `csqm.course`.

Exit status: 0 done; 1 done, but something needs a look; 2 nothing was done;
130 stopped by Ctrl-C.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from csqm.course import collect as collecting
from csqm.course import grading
from csqm.course import marks as marking
from csqm.course import release as releasing
from csqm.course import roster as people
from csqm.course.release import CourseError, open_course
from csqm.grading.report import listed_flags, named
from csqm.text import LANGUAGES, listed, say, set_language

__all__ = ["app"]

LOOK, REFUSED, STOPPED = 1, 2, 130

app = typer.Typer(
    help=say("cli.help"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
course_app = typer.Typer(help=say("cli.help_course"), no_args_is_help=True)
roster_app = typer.Typer(help=say("cli.help_roster"), no_args_is_help=True)
app.add_typer(course_app, name="course")
app.add_typer(roster_app, name="roster")

CourseFolder = Annotated[Path, typer.Option("--course", help=say("cli.help_folder"))]
Names = Annotated[list[str] | None, typer.Argument(help=say("cli.help_assignments"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("cli.help_json"))]
Yes = Annotated[bool, typer.Option("--yes", help=say("cli.help_yes"))]


@course_app.command("init", help=say("cli.help_init"))
def init(
    folder: Annotated[Path, typer.Argument(help=say("cli.help_new"))],
    lang: Annotated[str, typer.Option(help="en | zh-Hant")],
    dates: Annotated[Path | None, typer.Option(help=say("cli.help_dates"))] = None,
    as_json: AsJson = False,
) -> None:
    """Make a course."""
    if lang not in LANGUAGES:
        raise typer.BadParameter(f"en | zh-Hant, {lang!r}", param_hint="--lang")
    set_language(lang)
    with _reported(as_json):
        known = releasing.parts(lang)
        due = releasing.read_calendar(dates, known) if dates else {}
        with open_course(releasing.make_course(lang, folder)) as api:
            for name in _tracked("cli.generating", as_json)(known):
                releasing.generate(api, name)
            releasing.set_due_dates(api, due)
            rows = _assignments(api)
        if as_json:
            _print_json({"course": str(folder.resolve()), "assignments": rows})
            return
        print(say("cli.made", folder=folder))
        _print_table(
            [say("cli.assignment"), say("cli.points"), say("cli.due")],
            [[row["assignment"], f"{row['points']:g}", row["due"] or "–"] for row in rows],
        )
        print(say("cli.next", folder=folder))


@roster_app.command("import", help=say("cli.help_import"))
def import_roster(
    file: Annotated[Path, typer.Argument(help=say("cli.help_csv"))],
    course: CourseFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Import a roster."""
    with _opened(course, as_json) as api:
        told = people.import_roster(api, people.read_roster(file))
        if as_json:
            _print_json(told)
            return
        counts = {name: len(ids) for name, ids in told.items()}
        print(say("cli.imported", **counts))
        if told["others"]:
            print(say("cli.not_on_roster", ids=listed(told["others"])))


@app.command("release", help=say("cli.help_release"))
def release(
    names: Names = None, course: CourseFolder = Path(), yes: Yes = False, as_json: AsJson = False
) -> None:
    """Release assignments."""
    with _opened(course, as_json) as api:
        chosen = releasing.assignments(api, names or ())
        with api.gradebook as gradebook:
            begun = [
                each.name
                for each in gradebook.assignments
                if each.name in chosen and each.submissions
            ]
        if begun:
            _ask(say("cli.release_again", names=listed(begun)), yes)
        done = releasing.release(api, chosen, _tracked("cli.generating", as_json))
        if as_json:
            _print_json([{**vars(each), "file": str(each.file)} for each in done])
            return
        for each in done:
            print(say("cli.released" if each.new else "cli.unchanged", file=each.file))


@app.command("collect", help=say("cli.help_collect"))
def collect(
    paths: Annotated[list[Path] | None, typer.Argument(help=say("cli.help_paths"))] = None,
    exchange: Annotated[bool, typer.Option("--exchange", help=say("cli.help_exchange"))] = False,
    received: Annotated[
        datetime | None,
        typer.Option(
            help=say("cli.help_received"),
            metavar="TIME",
            formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z"],
        ),
    ] = None,
    course: CourseFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Collect what was handed in."""
    with _opened(course, as_json) as api:
        if not paths and not exchange:
            raise CourseError(say("cli.nothing_named"))
        moment = received and received.astimezone(UTC)
        done = collecting.collect(api, paths or [], moment, _tracked("cli.collecting", as_json))
        if exchange:
            chosen = releasing.assignments(api)
            done += collecting.collect_exchange(api, chosen, _tracked("cli.collecting", as_json))
        if as_json:
            _print_json([asdict(each) for each in done])
        else:
            for each in done:
                print(_collected_line(each))
            counts = {name: 0 for name in ("new", "newer", "earlier", "same", "refused")}
            for each in done:
                counts[each.status] += 1
            print(say("cli.collected", **counts))
        if any(each.status == "refused" for each in done):
            raise typer.Exit(LOOK)


def _count(done: Sequence[grading.Graded], status: str) -> int:
    return sum(each.status == status for each in done)


def _collected_line(each: collecting.Collected) -> str:
    if each.status == "refused":
        line = say("cli.status_refused", source=each.source, text=each.text)
        return f"✗ {line}"
    about = f"{each.student}  {each.assignment}  {_local(each.time)}"
    words = [say(f"cli.status_{each.status}")]
    if each.late:
        words.append(say("cli.late"))
    if each.text:
        words.append(each.text)
    return f"✓ {about}  {listed(words)}"


@app.command("grade", help=say("cli.help_grade"))
def grade(
    names: Names = None,
    again: Annotated[bool, typer.Option("--again", help=say("cli.help_again"))] = False,
    scheduler: Annotated[
        str | None, typer.Option(help=say("cli.help_scheduler"), metavar="ADDRESS")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help=say("cli.help_workers"))] = None,
    course: CourseFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Grade what was collected."""
    if scheduler is None:
        from csqm.grading import early

        early.start(course)
    console = Console(stderr=True)
    done: list[grading.Graded] = []

    def tell(each: grading.Graded) -> None:
        done.append(each)
        if each.status in ("failed", "flagged") and not as_json:
            console.print(_look_line(each), markup=False, highlight=False, soft_wrap=True)

    with _opened(course, as_json) as api:
        chosen = _graded_ones(api, names)
        total = len(grading.handed_in(api, chosen))
        how = {"scheduler": scheduler, "workers": workers}
        track = _tracked("cli.grading", as_json, console)
        started = datetime.now().astimezone()
        try:
            graded = grading.grade(api, chosen, again=again, track=track, tell=tell, **how)
        except KeyboardInterrupt:
            print(say("cli.grading_stopped"), file=sys.stderr)
            raise typer.Exit(STOPPED) from None
        finally:
            file = _grading_report(api, done, total, started, how)
        looked = [each for each in graded if each.status in ("failed", "flagged")]
        if as_json:
            _print_json([{**vars(each), "flags": listed_flags(each.flags)} for each in graded])
        else:
            for part in chosen:
                told = {each.student: _kinds(each) for each in looked if each.assignment == part}
                if any(each.assignment == part for each in graded):
                    print(f"{part}\n{marking.table(marking.read_marks(api, part, told))}\n")
            names = ("done", "same", "flagged", "failed")
            print(say("cli.graded", **{name: _count(graded, name) for name in names}))
            if file:
                print(say("cli.report", file=file))
        if looked or not file:
            raise typer.Exit(LOOK)


def _look_line(each: grading.Graded) -> str:
    sign = "✗" if each.status == "failed" else "?"
    return f"{sign} {each.student}  {each.assignment}  {each.text}"


def _kinds(each: grading.Graded) -> str:
    """Name what was found, for a table; the sentences are in the lines above it and the report."""
    return say("cli.found", kinds=listed(dict.fromkeys(named(flag.kind) for flag in each.flags)))


def _grading_report(
    api: Any, done: Sequence[grading.Graded], total: int, started: datetime, how: dict[str, Any]
) -> Path | None:
    """Write the report of a run, also of one that broke off; that it fails costs no mark."""
    try:
        return grading.report(api, done, total, started, **how)
    except OSError as error:
        print(say("cli.not_written", file="grading-report.html", reason=error), file=sys.stderr)
        return None


@app.command("feedback", help=say("cli.help_feedback"))
def feedback(names: Names = None, course: CourseFolder = Path(), as_json: AsJson = False) -> None:
    """Write feedback."""
    with _opened(course, as_json) as api:
        track = _tracked("cli.writing", as_json)
        done = grading.give_feedback(api, _graded_ones(api, names), track)
        failed = [each for each in done if each.status == "failed"]
        if as_json:
            _print_json([asdict(each) for each in done])
        else:
            for each in failed:
                print(f"✗ {each.student}  {each.assignment}  {each.text}")
            folder = Path(api.coursedir.root) / api.coursedir.feedback_directory
            print(say("cli.pages", count=len(done) - len(failed), folder=folder))
        if failed:
            raise typer.Exit(LOOK)


@app.command("marks", help=say("cli.help_marks"))
def marks(
    names: Names = None,
    form: Annotated[str, typer.Option("--format", help="csv | moodle | xlsx")] = "csv",
    to: Annotated[Path | None, typer.Option(help=say("cli.help_to"))] = None,
    course: CourseFolder = Path(),
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Write the marks to a file."""
    if form not in ("csv", "moodle", "xlsx"):
        raise typer.BadParameter(f"csv | moodle | xlsx, {form!r}", param_hint="--format")
    with _opened(course, as_json) as api:
        told = marking.rows(api, _graded_ones(api, names))
        if as_json:
            _print_json(told)
            return
        endings = {"csv": ".csv", "moodle": "-moodle.csv", "xlsx": ".xlsx"}
        file = to or Path(api.coursedir.root) / f"marks{endings[form]}"
        if file.exists():
            _ask(say("cli.overwrite", file=file), yes)
        with _writing(file):
            marking.write_marks(told, form, file)
        print(say("cli.written", file=file))
        if waiting := sum(row["waiting"] for row in told):
            print(say("cli.waiting", count=waiting))


@app.command("report", help=say("cli.help_report"))
def report(
    names: Names = None,
    to: Annotated[Path | None, typer.Option(help=say("cli.help_report_to"))] = None,
    course: CourseFolder = Path(),
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Write a report on tasks and people."""
    from csqm.course import report as reporting  # pandas and matplotlib, which others do without

    with _opened(course, as_json) as api:
        chosen = _graded_ones(api, names)
        told = marking.rows(api, chosen)
        if as_json:
            found = reporting.items(api, reporting.scores(api, chosen))
            _print_json(
                {
                    "items": json.loads(found.to_json(orient="records")),
                    "mistakes": reporting.frequent_mistakes(api, chosen),
                    "help": reporting.needs_help(told),
                }
            )
            return
        file = to or Path(api.coursedir.root) / "report.html"
        if file.exists():
            _ask(say("cli.overwrite", file=file), yes)
        page = reporting.make_report(api, chosen, told)
        with _writing(file):
            file.write_text(page, encoding="utf-8")
        print(say("cli.report", file=file))


def _graded_ones(api: Any, names: Sequence[str] | None) -> list[str]:
    """Return the assignments asked for, or all that were released."""
    chosen = releasing.assignments(api, names or ())
    with api.gradebook as gradebook:
        released = {each.name for each in gradebook.assignments if each.notebooks}
    return [name for name in chosen if name in released]


def _assignments(api: Any) -> list[dict[str, Any]]:
    """Return name, points and due date of each assignment in the gradebook."""
    with api.gradebook as gradebook:
        return [
            {
                "assignment": each.name,
                "points": each.max_score,
                "due": each.duedate and _local(each.duedate),
            }
            for each in sorted(gradebook.assignments, key=lambda each: each.name)
        ]


def _local(moment: Any) -> str:
    """Return a time of the gradebook, which is in UTC, as a clock here shows it."""
    return moment.replace(tzinfo=UTC).astimezone().isoformat(" ", "minutes")


@contextmanager
def _reported(as_json: bool) -> Iterator[None]:
    """Say why something cannot be done, without a traceback."""
    try:
        yield
    except CourseError as error:
        if as_json:
            _print_json({"error": str(error)})
        else:
            print(error, file=sys.stderr)
        raise typer.Exit(REFUSED) from None


@contextmanager
def _opened(course: Path, as_json: bool) -> Iterator[Any]:
    """Open a course, and speak its language."""
    with _reported(as_json), open_course(course) as api:
        yield api


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """Say which file could not be written, and why."""
    try:
        yield
    except OSError as error:
        raise CourseError(say("cli.not_written", file=file, reason=error.strerror)) from None


def _ask(question: str, yes: bool) -> None:
    """Go on only if that is wanted; a script says so beforehand."""
    if not yes and not (sys.stdin.isatty() and typer.confirm(question, err=True)):
        print(say("cli.not_sure", question=question), file=sys.stderr)
        raise typer.Exit(REFUSED)


class Rate(ProgressColumn):
    """How many are done in a second."""

    def render(self, task: Task) -> Text:
        """Show the rate."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


def _tracked(entry: str, as_json: bool, console: Console | None = None) -> releasing.Track:
    """Return what draws a progress bar while it goes through a sequence."""
    console = console or Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )

    def tracked(values: Sequence[Any]) -> Iterable[Any]:
        quiet = as_json or not console.is_terminal
        with Progress(*columns, console=console, disable=quiet) as progress:
            yield from progress.track(values, description=say(entry))

    return tracked


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def _print_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in heading:
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=True).print(table, highlight=False, markup=False)
