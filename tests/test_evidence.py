"""The tables of objectives and evidence: complete in the book, and a gap is complained of."""

import io
import json
import re

import pytest
import yaml
from sphinx.application import Sphinx

LANGUAGES = ("en", "zh-Hant")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_objective_of_a_written_part_has_its_row(built_book, root, language):
    page = built_book / language / "book" / language / "evidence.html"
    body = re.search(r"<article.*?</article>", page.read_text("utf-8"), re.S)[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in rows]
    found = {re.search(r"LO\d\.\d", row[0])[0]: row[1:] for row in cells if row}
    parts = yaml.safe_load((root / "book" / "syllabus.yaml").read_text("utf-8"))["parts"]
    written = [p for p in parts if (root / "book" / language / f"{p['slug']}.md").exists()]
    assert list(found) == [code for part in written for code in part["objectives"]]
    assert all("<a " in cell for row in found.values() for cell in row)


def small_book(folder, chapter, task):
    """Write a book of one part with one objective, and build it; return what it complains of."""
    part = {
        "slug": "1-x", "title": {"en": "X"}, "minutes": {}, "inventory": [],
        "objectives": {"LO1.1": {"en": "do it"}},
    }  # fmt: skip
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": task},
        {
            "cell_type": "code",
            "metadata": {"nbgrader": {"grade": True, "grade_id": "task", "points": 4}},
            "source": "1",
        },
    ]
    files = {
        "conf.py": "",
        "index.md": "# Index\n",
        "book/syllabus.yaml": yaml.safe_dump({"parts": [part]}),
        "book/en/1-x.md": f"# X\n\n## First\n\n{chapter}\n",
        "book/en/1-x-assignment.md": "# A\n",
        "book/en/evidence.md": "# E\n\n```{evidence}\n```\n",
        "notebooks/en/1-x.md": "# Lab\n",
        "exercises/en/source/1-x/1-x.ipynb": json.dumps({"cells": cells}),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    said = io.StringIO()
    settings = {
        "extensions": ["myst_parser", "edition", "evidence"],
        "suppress_warnings": ["toc"],
        "exclude_patterns": ["exercises"],
    }
    places = [str(folder), str(folder), str(folder / "out"), str(folder / "trees")]
    Sphinx(*places, "html", settings, status=None, warning=said).build()
    return said.getvalue(), (folder / "out/book/en/evidence.html").read_text("utf-8")


QUIZ = '<div class="csqm-activity" data-activity="quiz-1"></div>'
CHAIN = '<div class="csqm-activity" data-activity="stakeholder-map"></div>'
TREATS = "<!-- treats: S1.1 LO1.1 -->"


@pytest.mark.parametrize(
    ("chapter", "task", "gap"),
    [
        (f"{TREATS}\n\n{CHAIN}\n\n{QUIZ}", f"{TREATS}\n## 2 Salience", None),
        (f"{CHAIN}\n\n{QUIZ}", f"{TREATS}\n## 2 Salience", "sections"),
        (f"{TREATS}\n\n{QUIZ}", f"{TREATS}\n## 2 Salience", "activities"),
        (f"{TREATS}\n\n{CHAIN}", f"{TREATS}\n## 2 Salience", "quiz"),
        (f"{TREATS}\n\n{CHAIN}\n\n{QUIZ}", "## 2 Salience", "graded"),
    ],
)
def test_a_gap_is_complained_of(tmp_path, monkeypatch, root, chapter, task, gap):
    monkeypatch.syspath_prepend(root / "book" / "_ext")
    said, page = small_book(tmp_path, chapter, task)
    found = re.findall(r"(LO1\.\d) of 1-x: nothing in the column '(\w+)'", said)
    assert found == ([("LO1.1", gap)] if gap else [])
    if gap is None:
        assert '<a class="reference internal" href="1-x.html#first">First</a>' in page
        assert "Task 2 Salience (4 points)" in page and "Question 1" in page
