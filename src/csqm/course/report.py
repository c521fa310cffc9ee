"""What the marks say about the assignments and the class: one page with charts, for the instructor."""

import html
import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from csqm.course.checker import grade_id
from csqm.course.release import EXERCISES, submission_folder
from csqm.course.tasks import Task, graded_tasks
from csqm.plots.style import BLUE, INK, ORANGE, WIDTH, Chart, styled
from csqm.text import language, listed, localise, say

__all__ = ["frequent_mistakes", "items", "make_report", "needs_help", "scores"]

# A correlation over fewer people says next to nothing.
FEWEST = 10
# Below this share of the points, or with this few answers right, an instructor should look.
LOW = 0.5
MOST_MISTAKES = 10

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 52rem; background: #fff; color: #222;
  font: 1rem/1.65 system-ui, "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", sans-serif; }
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid #ccc; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; min-width: 100%; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid #ddd; text-align: left; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; }
img { max-width: 100%; height: auto; }
"""


def scores(api: Any, chosen: Sequence[str]) -> pd.DataFrame:
    """Return the share of the points that everybody reached in every graded cell.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments.

    Returns
    -------
    DataFrame
        The columns ``assignment``, ``student``, ``item``, ``points``, ``share``; the share is blank
        where a person still has to judge.
    """
    found = []
    with api.gradebook as gradebook:
        for part in chosen:
            for submission in gradebook.assignment_submissions(part):
                for notebook in submission.notebooks:
                    for each in notebook.grades:
                        waits = each.needs_manual_grade or not each.max_score
                        share = None if waits else each.score / each.max_score
                        told = (part, submission.student.id, each.name, each.max_score, share)
                        found.append(told)
    columns = ["assignment", "student", "item", "points", "share"]
    return pd.DataFrame(found, columns=columns).astype({"share": float, "points": float})


def items(api: Any, told: pd.DataFrame) -> pd.DataFrame:
    """Return difficulty and discrimination of every graded cell.

    The difficulty is the mean share of the points. The discrimination is the correlation of that
    share with the points of the rest of the assignment: who is good at the rest should be good at
    this, too. It is blank where fewer than ten people were graded, or all had the same points.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    told : DataFrame
        As `scores` gives it.

    Returns
    -------
    DataFrame
        The columns ``assignment``, ``item``, ``task``, ``objectives``, ``n``, ``difficulty``,
        ``discrimination``.
    """
    found = []
    for part, of_part in told.groupby("assignment"):
        tasks = _tasks(api, part)
        reached = of_part.assign(reached=of_part["points"] * of_part["share"]).pivot(
            index="student", columns="item", values="reached"
        )
        for name in [each for each in tasks if each in reached]:
            shares = of_part.loc[of_part["item"] == name, "share"].dropna()
            rest = reached.drop(columns=name).sum(axis=1)[reached[name].notna()]
            item = reached[name].dropna()
            enough = len(item) >= FEWEST and item.nunique() > 1 and rest.nunique() > 1
            found.append(
                {
                    "assignment": part,
                    "item": name,
                    "task": tasks[name].title,
                    "objectives": tasks[name].objectives,
                    "n": len(shares),
                    "difficulty": shares.mean(),
                    "discrimination": item.corr(rest) if enough else float("nan"),
                }
            )
    columns = ["assignment", "item", "task", "objectives", "n", "difficulty", "discrimination"]
    return pd.DataFrame(found, columns=columns)


def frequent_mistakes(api: Any, chosen: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return what the checks said most often.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments.

    Returns
    -------
    list of (str, str, int)
        Task, message and number of people, most frequent first.
    """
    found: Counter[tuple[str, str]] = Counter()
    for part in chosen:
        tasks = _tasks(api, part)
        root = Path(api.coursedir.root)
        pattern = submission_folder(api, "autograded", part, "*").relative_to(root)
        for file in sorted(root.glob(f"{pattern}/{part}.ipynb")):
            said = set()
            for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
                name = grade_id(cell)
                if name not in tasks:
                    continue
                texts = ["".join(each.get("text", "")) for each in cell.get("outputs", [])]
                lines = [line for line in "".join(texts).split("\n") if line.startswith("✗ ")]
                # Who wrote nothing made no mistake.
                lines = [line for line in lines if "raise NotImplementedError()" not in line]
                plain = [re.sub(r"\s*[(（][^()（）]*[)）]$", "", line[2:]) for line in lines]
                said |= {(f"{part}: {tasks[name].title}", line) for line in plain}
            found.update(said)
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return [(*about, count) for about, count in ranked[:MOST_MISTAKES]]


def needs_help(told: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return who may need help, and why.

    Parameters
    ----------
    told : sequence of dict
        As `csqm.course.marks.rows` gives them.

    Returns
    -------
    list of (str, str)
        Trainee and reason: nothing handed in where others did, or less than half of the points.
    """
    begun = {row["assignment"] for row in told if row["timestamp"]}
    reasons: dict[str, list[str]] = {}
    for row in told:
        if row["assignment"] not in begun:
            continue
        values = {
            "assignment": row["assignment"],
            "score": row["raw_score"],
            "max_score": row["max_score"],
        }
        if not row["timestamp"]:
            reasons.setdefault(row["student_id"], []).append(say("report.absent", **values))
        elif not row["waiting"] and row["raw_score"] < LOW * row["max_score"]:
            reasons.setdefault(row["student_id"], []).append(say("report.low", **values))
    return [(student, listed(texts)) for student, texts in sorted(reasons.items())]


def make_report(api: Any, chosen: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Return the report as one page of HTML that needs no other file.

    Parameters
    ----------
    api : NbGraderAPI
        The course.
    chosen : sequence of str
        Names of the assignments.
    rows : sequence of dict
        As `csqm.course.marks.rows` gives them.

    Returns
    -------
    str
        The page, in the language of the course.
    """
    told = scores(api, chosen)
    found = items(api, told)
    parts = [f"<p>{html.escape(say('report.about', n=told['student'].nunique()))}</p>"]
    handed_in = [row for row in rows if row["timestamp"]]
    if handed_in:
        parts += [_heading("distribution"), _distribution(handed_in)._repr_html_()]
        parts += [_heading("items"), f"<p>{html.escape(say('report.items_about'))}</p>"]
        for part, of_part in found.groupby("assignment"):
            parts += [f"<h3>{html.escape(part)}</h3>", _shares(of_part, "task")._repr_html_()]
            parts.append(_item_table(of_part))
        objectives = found.explode("objectives").dropna(subset=["objectives"])
        if len(objectives):
            by_code = objectives.groupby("objectives", as_index=False).agg(
                n=("n", "max"),
                difficulty=("difficulty", "mean"),
                discrimination=("discrimination", "mean"),
            )
            parts += [_heading("objectives"), _shares(by_code, "objectives")._repr_html_()]
            known = _objectives()
            names = [f"{code} {known.get(code, '')}".strip() for code in by_code["objectives"]]
            parts.append(_item_table(by_code.assign(task=names)))
        heading = [say("report.task"), say("report.message"), say("report.people")]
        parts.append(_heading("mistakes"))
        parts.append(_table(heading, frequent_mistakes(api, chosen)))
    heading = [say("marks.student"), say("report.reason")]
    parts += [_heading("help"), f"<p>{html.escape(say('report.help_about'))}</p>"]
    parts.append(_table(heading, needs_help(rows)))
    title = html.escape(say("report.title"))
    day = f"{datetime.now():%Y-%m-%d}"
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n<p>{day}</p>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def _tasks(api: Any, part: str) -> dict[str, Task]:
    """Return the task that each graded cell of an assignment belongs to."""
    folder = Path(api.coursedir.format_path(api.coursedir.source_directory, ".", part))
    return graded_tasks(folder / f"{part}.ipynb")


def _objectives() -> dict[str, str]:
    """Return the text of every objective of the course."""
    import yaml

    syllabus = yaml.safe_load(
        (EXERCISES.parent / "book" / "syllabus.yaml").read_text(encoding="utf-8")
    )
    return {
        code: localise(text)
        for part in syllabus["parts"]
        for code, text in part["objectives"].items()
    }


@styled
def _distribution(handed_in: Sequence[dict[str, Any]]) -> Chart:
    """Draw how many people reached which share of the points, by assignment."""
    from matplotlib.figure import Figure

    by_part: dict[str, list[float]] = {}
    for row in handed_in:
        by_part.setdefault(row["assignment"], []).append(100 * row["score"] / row["max_score"])
    figure = Figure(figsize=(WIDTH, 0.9 + 1.1 * len(by_part)))
    axes = figure.subplots(len(by_part), sharex=True, squeeze=False)[:, 0]
    told = []
    for ax, (part, shares) in zip(axes, by_part.items(), strict=True):
        ax.hist(shares, bins=range(0, 101, 10), color=BLUE, edgecolor="white")
        ax.set_title(f"{part}  (n = {len(shares)})", loc="left", fontsize=10.5)
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.set_ylabel(say("report.people"))
        median = pd.Series(shares).median()
        ax.axvline(median, color=ORANGE, linewidth=2)
        told.append(say("report.median", assignment=part, n=len(shares), median=median))
    axes[-1].set_xlabel(say("report.percent"))
    axes[-1].set_xlim(0, 100)
    figure.tight_layout()
    return Chart(axes[0], " ".join(told))


@styled
def _shares(found: pd.DataFrame, name: str) -> Chart:
    """Draw the mean share of the points of each item, hard ones in orange."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 0.8 + 0.36 * len(found)))
    ax = figure.subplots()
    labels = [f"{text}  (n = {n})" for text, n in zip(found[name], found["n"], strict=True)]
    values = (100 * found["difficulty"]).fillna(0)
    places = range(len(found))
    ax.barh(places, values, color=[ORANGE if each < 100 * LOW else BLUE for each in values])
    for place, value, known in zip(places, values, found["difficulty"].notna(), strict=True):
        text = f"{value:.0f}%" if known else say("report.waiting")
        ax.annotate(
            text, (value, place), (4, 0), textcoords="offset points", va="center", color=INK
        )
    ax.set_yticks(places, labels)
    ax.invert_yaxis()
    ax.set_xlim(0, 112)
    ax.set_xticks(range(0, 101, 25))
    ax.set_xlabel(say("report.mean_percent"))
    known = found.dropna(subset=["difficulty"])
    if known.empty:
        return Chart(ax, say("report.waiting"))
    hardest = known.loc[known["difficulty"].idxmin()]
    share = 100 * hardest["difficulty"]
    return Chart(ax, say("report.hardest", item=hardest[name], share=share))


def _item_table(found: pd.DataFrame) -> str:
    heading = [say("report.item"), "n", say("report.difficulty"), say("report.discrimination")]
    lines = [
        (row.task, row.n, _number(row.difficulty), _number(row.discrimination))
        for row in found.itertuples()
    ]
    return _table(heading, lines)


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2f}"


def _heading(entry: str) -> str:
    return f"<h2>{html.escape(say(f'report.{entry}'))}</h2>"


def _marked_up(text: str) -> str:
    return re.sub("`(.+?)`", r"<code>\1</code>", html.escape(text))


def _table(heading: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    if not lines:
        return f"<p>{html.escape(say('report.none'))}</p>"

    # Figures stand right, and so does what stands over them.
    kinds = [
        ' class="number"' if re.fullmatch(r"[–\d.]+", str(value)) else "" for value in lines[0]
    ]
    head = "".join(
        f'<th scope="col"{kind}>{html.escape(text)}</th>'
        for text, kind in zip(heading, kinds, strict=True)
    )
    body = ""
    for line in lines:
        cells = [
            f"<td{kind}>{_marked_up(str(value))}</td>"
            for value, kind in zip(line, kinds, strict=True)
        ]
        body += f"<tr>{''.join(cells)}</tr>\n"
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n'
        "</table></div>"
    )
