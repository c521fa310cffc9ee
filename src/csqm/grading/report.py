"""The report of a run: for machines as JSON, for people as one page that asks for nothing else.

Names of people and files, and what was found, come from hostile submissions. The page escapes all of
it, and its policy lets a browser run and load nothing.
"""

import base64
import hashlib
import html
import json
import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from csqm.grading.flags import Flag
from csqm.text import language, say, speaking

if TYPE_CHECKING:
    from csqm.grading.run import Outcome

__all__ = ["explain", "listed_flags", "make_page", "make_report", "named", "write_report"]

VERSION = 1
NAME = "grading-report"
STATUSES = ("failed", "flagged", "done", "same")
MOST_SHOWN = 200  # submissions on the page; the JSON file has all
SLOWEST = 20
LONGEST = 500  # characters of a detail
# Ends of the classes of a chart: evenly spread where a few take much more than the others.
ENDS = tuple(step * 10.0**power for power in range(-2, 6) for step in (1, 2, 5))

STYLE = """
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --line: #ccc; --soft: #f4f4f4;
  --bar: #0072b2; --link: #0b57a4; --warn: #8a3b00; --warned: #fff4e5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #1b1b1b; --line: #555;
  --soft: #262626; --bar: #56b4e9; --link: #8ec5ff; --warn: #ffc48a; --warned: #3a2a17; } }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 52rem; background: var(--paper);
  color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.6 system-ui, "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", sans-serif; }
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { margin: 0; font-size: 1rem; }
a { color: var(--link); }
p { margin: .5rem 0; }
.notice { padding: .6rem .9rem; border-left: .3rem solid var(--warn); background: var(--warned); }
.cases { padding: 0; list-style: none; }
.cases > li { margin: .8rem 0; padding: .7rem .9rem; border: 1px solid var(--line);
  border-radius: .4rem; }
.cases ul { margin: .3rem 0; padding-left: 1.2rem; }
.status { padding: .05rem .5rem; border-radius: 1rem; background: var(--soft); font-weight: normal;
  white-space: nowrap; }
.failed .status { background: var(--warned); color: var(--warn); }
.wide { overflow-x: auto; white-space: nowrap; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; }
figcaption { font-weight: bold; }
figcaption + p { margin: 0; }
svg { width: 100%; max-width: 26rem; height: auto; }
rect { fill: var(--bar); }
text { fill: var(--ink); font-size: 12px; }
"""


def explain(flag: Flag) -> str:
    """Say in the current language what was found, and what a person can do.

    Parameters
    ----------
    flag : Flag
        What was found.

    Returns
    -------
    str
        A sentence or two; for kinds that this package does not know, the detail as it is.

    Examples
    --------
    >>> explain(Flag("lost", ""))
    'Every process that graded it was lost: look at the code, or grade it again on its own.'
    """
    detail = _plain(flag.detail)
    try:
        return say(f"grading.flag_{flag.kind}", detail=detail).strip()
    except KeyError:
        return detail


def named(kind: str) -> str:
    """Return a kind of flag in a word or two of the current language.

    Parameters
    ----------
    kind : str
        The kind.

    Returns
    -------
    str
        Its name; for kinds that this package does not know, the kind as it is.

    Examples
    --------
    >>> named("died")
    'stopped'
    """
    try:
        return say(f"grading.kind_{kind}")
    except KeyError:
        return kind


def make_report(
    outcomes: Sequence["Outcome"],
    total: int,
    started: datetime,
    ended: datetime,
    *,
    folder: Callable[[str, str], str],
    scheduler: str | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """Return what a run did, for machines.

    Parameters
    ----------
    outcomes : sequence of Outcome
        What came of each submission, as far as the run went.
    total : int
        The number of submissions that it was to grade.
    started, ended : datetime
        When it began and ended, with time zones.
    folder : callable
        Returns where the submission of an assignment and a student lies, from where the report is
        written, with ``/`` between the parts.
    scheduler : str, optional
        Address of the Dask scheduler, if there was one.
    workers : int, optional
        Number of processes on this machine, if it was given.

    Returns
    -------
    dict
        What ``grading-report.json`` holds; all numbers are seconds, megabytes or counts.
    """
    seconds = (ended - started).total_seconds()
    counts = Counter(each.status for each in outcomes)
    ran = sum(bool(each.usage) for each in outcomes)
    return {
        "version": VERSION,
        "complete": len(outcomes) == total,
        "total": total,
        "started": started.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "seconds": seconds,
        "rate": ran / seconds if seconds else None,
        "scheduler": scheduler,
        "workers": workers,
        "counts": {status: counts[status] for status in STATUSES},
        "submissions": [_submission(each, folder) for each in outcomes],
    }


def _submission(each: "Outcome", folder: Callable[[str, str], str]) -> dict[str, Any]:
    used = each.usage.values()
    seconds = [one["seconds"] for one in used if "seconds" in one]
    memory = [one["memory_mb"] for one in used if "memory_mb" in one]
    sandboxes = {one.get("sandbox", "none") for one in used}
    limits = [one["limits"] for one in used if "limits" in one]
    return {
        "assignment": each.assignment,
        "student": each.student,
        "status": each.status,
        "seconds": sum(seconds) if seconds else None,
        "memory_mb": max(memory) if memory else None,
        # the weakest of its notebooks
        "sandbox": "none" if "none" in sandboxes else min(sandboxes, default=None),
        "limits": "rlimits" if "rlimits" in limits else min(limits, default=None),
        "flags": listed_flags(each.flags),
        "folder": folder(each.assignment, each.student),
    }


def listed_flags(flags: Iterable[Flag]) -> list[dict[str, Any]]:
    """Return flags for machines.

    Parameters
    ----------
    flags : iterable of Flag
        What was found.

    Returns
    -------
    list of dict
        Of each its ``kind``; the ``detail``, always in English; the ``text`` that a person reads, in
        the current language; and whether it ``needs_look``.
    """
    told = []
    for flag in flags:
        with speaking("en"):
            detail = flag.detail
        text, needs_look = explain(flag), flag.needs_look
        told.append({"kind": flag.kind, "detail": detail, "text": text, "needs_look": needs_look})
    return told


def make_page(report: dict[str, Any]) -> str:
    """Return what a run did, for people: what needs a look comes first.

    Parameters
    ----------
    report : dict
        As `make_report` gives it.

    Returns
    -------
    str
        A page in the current language.
    """
    parts = [*_summary(report), *_look(report), *_usage(report), *_kinds(report)]
    title = _say("title")
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def write_report(folder: Path, report: dict[str, Any]) -> Path:
    """Write both forms of a report, in place of those of the run before.

    Parameters
    ----------
    folder : Path
        Where ``grading-report.json`` and ``grading-report.html`` are written.
    report : dict
        As `make_report` gives it.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    texts = {
        "json": json.dumps(report, ensure_ascii=False, indent=1) + "\n",
        "html": make_page(report),
    }
    for end, text in texts.items():
        new = folder / f".{NAME}.{end}"
        # Names of files need not be UTF-8; in JSON what stands for them is then right as well.
        new.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.replace(new, folder / f"{NAME}.{end}")
    return folder / f"{NAME}.html"


# ---- parts of the page


def _summary(report: dict[str, Any]) -> list[str]:
    where = "there" if report["scheduler"] else "here_workers" if report["workers"] else "here"
    started, ended = (datetime.fromisoformat(report[each]) for each in ("started", "ended"))
    same_day = started.date() == ended.date()
    lines = [
        _say(
            "when",
            started=f"{started:%Y-%m-%d %H:%M:%S}",
            ended=f"{ended:%H:%M:%S}" if same_day else f"{ended:%Y-%m-%d %H:%M:%S}",
            seconds=report["seconds"],
        ),
        _say(where, scheduler=report["scheduler"], workers=report["workers"]),
    ]
    if report["rate"]:
        lines.insert(1, _say("rate", rate=report["rate"]))
    comma = "，" if language() == "zh-Hant" else ", "
    parts = [f"<p>{comma.join(lines)}</p>", f"<p>{_say('private')}</p>"]
    told = report["submissions"]
    if not report["complete"]:
        parts.append(_notice("stopped", done=len(told), total=report["total"]))
    boxes = Counter(each["sandbox"] for each in told if each["sandbox"])
    if boxes["none"]:
        parts.append(_notice("unsafe", count=boxes["none"]))
    elif boxes:
        parts.append(f"<p>{_say('safe', sandbox=', '.join(sorted(boxes)))}</p>")
    if limits := sorted({each["limits"] for each in told if each["limits"]}):
        parts.append(f"<p>{_say('limits', limits=', '.join(limits))}</p>")
    rows = [(_say(status), report["counts"][status]) for status in STATUSES]
    return [*parts, _table("counts", ["result", "submissions"], rows)]


def _look(report: dict[str, Any]) -> list[str]:
    cases = [each for each in report["submissions"] if each["status"] in ("failed", "flagged")]
    cases.sort(key=lambda each: STATUSES.index(each["status"]))
    parts = [f"<h2>{_say('look')}</h2>"]
    if not cases:
        return [*parts, f"<p>{_say('look_none')}</p>"]
    parts += [f"<p>{_say('look_how')}</p>", '<ul class="cases">']
    for each in cases[:MOST_SHOWN]:
        # What was mended explains nothing, unless it could not be.
        shown = [flag for flag in each["flags"] if flag["needs_look"] or each["status"] == "failed"]
        found = "".join(f"<li>{_text(flag['text'])}</li>" for flag in shown)
        parts.append(
            f'<li class="{each["status"]}"><h3>{_text(each["student"])} · '
            f'{_text(each["assignment"])} <span class="status">{_say(each["status"])}</span></h3>'
            f'<ul>{found}</ul><a href="{_address(each["folder"])}">{_say("folder")}</a></li>'
        )
    parts.append("</ul>")
    if (more := len(cases) - MOST_SHOWN) > 0:
        parts.append(f"<p>{_say('look_more', count=more, file=f'{NAME}.json')}</p>")
    return parts


def _usage(report: dict[str, Any]) -> list[str]:
    ran = [each for each in report["submissions"] if each["seconds"] is not None]
    if not ran:
        return []
    parts = [f"<h2>{_say('usage')}</h2>"]
    for name in ("seconds", "memory_mb"):
        if values := sorted(each[name] for each in ran if each[name] is not None):
            parts.append(_chart(name, values))
    slowest = sorted(ran, key=lambda each: -each["seconds"])[:SLOWEST]
    rows = [
        (_text(each["student"]), _text(each["assignment"]))
        + tuple("–" if each[name] is None else _number(each[name]) for name in _MEASURES)
        for each in slowest
    ]
    heading = ["student", "assignment", *_MEASURES]
    return [*parts, _table("slowest", heading, rows, count=len(slowest))]


_MEASURES = ("seconds", "memory_mb")


def _kinds(report: dict[str, Any]) -> list[str]:
    found = Counter(
        kind
        for each in report["submissions"]
        for kind in {(not flag["needs_look"], flag["kind"]) for flag in each["flags"]}
    )
    if not found:
        return []
    rows = [
        (
            f"{_text(named(kind))} <code>{_text(kind)}</code>",
            _say("no" if mended else "yes"),
            number,
        )
        for (mended, kind), number in sorted(found.items())
    ]
    table = _table("kinds_count", ["kind", "needs", "submissions"], rows)
    return [f"<h2>{_say('kinds')}</h2>", f"<p>{_say('kinds_how')}</p>", table]


def _chart(name: str, values: Sequence[float]) -> str:
    """Draw how many submissions took how much; the values are sorted."""
    counts = Counter(bisect_right(ENDS, value) for value in values)
    shown = range(min(counts), max(counts) + 1)
    lines, most = [], max(counts.values())
    for place, number in enumerate(shown):
        low = ENDS[number - 1] if number else 0
        high = ENDS[number] if number < len(ENDS) else float("inf")
        y = 22 * place
        width = 190 * counts[number] / most
        lines.append(
            f'<text x="92" y="{y + 15}" text-anchor="end">{low:g}–{high:g}</text>'
            f'<rect x="100" y="{y + 2}" width="{width:.1f}" height="17"/>'
            f'<text x="{105 + width:.1f}" y="{y + 15}">{counts[number]}</text>'
        )
    middle, most_of_them = (values[int(share * (len(values) - 1))] for share in (0.5, 0.95))
    told = _say(
        "spread",
        n=len(values),
        median=_number(middle),
        most=_number(most_of_them),
        largest=_number(values[-1]),
    )
    title = _say(f"{name}_chart")
    return (
        f"<figure><figcaption>{title}</figcaption><p>{told}</p>"
        f'<svg viewBox="0 0 345 {22 * len(shown)}" role="img" aria-label="{title}: {told}">'
        f"{''.join(lines)}</svg></figure>"
    )


def _table(
    caption: str, heading: Sequence[str], rows: Sequence[Sequence[Any]], **values: Any
) -> str:
    """Return a table; its cells are HTML already. Figures stand right."""
    title = _say(caption, **values)
    numbers = [name in ("submissions", *_MEASURES) for name in heading]
    kinds = [' class="number"' if number else "" for number in numbers]
    head = "".join(
        f'<th scope="col"{kind}>{_say(name)}</th>'
        for name, kind in zip(heading, kinds, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True))
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{title}">'
        f"<table><caption>{title}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table></div>"
    )


# ---- texts


def _notice(entry: str, **values: Any) -> str:
    return f'<p class="notice" role="note">{_say(entry, **values)}</p>'


def _say(entry: str, /, **values: Any) -> str:
    return html.escape(say(f"grading_report.{entry}", **values))


def _text(text: str) -> str:
    return html.escape(_plain(text))


def _plain(text: str) -> str:
    """Return a text of no more than a line, without what would steer a terminal or turn a line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST])


def _address(path: str) -> str:
    """Return a relative address, which no name can turn into one of another kind."""
    return "./" + quote(os.fsencode(path))


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"
