"""Where each objective is taught, practised, asked and graded; a gap fails the build.

```{evidence}
```
prints a table for each part whose chapter is written. It is read from what the pages really hold:
the markers ``<!-- treats: LO1.1 -->`` of chapter and lab, the objectives of the activities placed
there and of the questions of the quiz, and the markers of the assignment's tasks.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from edition import edition, load_syllabus
from link_table import link_table
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

COLUMNS = ("objective", "sections", "activities", "quiz", "graded")
WORDS = {
    "en": {
        "part": "Part {number}: {title}",
        "objective": "You can …",
        "sections": "Taught in",
        "activities": "Practised in",
        "quiz": "Asked in the quiz",
        "graded": "Graded in the assignment",
        "question": "Question {number}",
        "task": "Task {title}",
        "points": " ({points:g} points)",
        "lab": "Lab: {title}",
    },
    "zh-Hant": {
        "part": "第 {number} 部分：{title}",
        "objective": "你能夠……",
        "sections": "教學",
        "activities": "練習",
        "quiz": "測驗",
        "graded": "作業評分",
        "question": "第 {number} 題",
        "task": "第 {title} 題",
        "points": "（{points:g} 分）",
        "lab": "實作：{title}",
    },
}
TREATS = re.compile(r"<!-- treats: (.+?) -->")
ACTIVITY = re.compile(r'data-activity="([a-z0-9-]+)"')
Links = dict[str, list[tuple[str, str]]]  # by objective: text and address

log = logging.getLogger(__name__)


class evidence(nodes.General, nodes.Element):  # noqa: N801 (docutils' naming)
    """Stands for the tables until all pages have been read."""


class Evidence(SphinxDirective):
    """Print the tables of all parts that are written."""

    def run(self) -> list[nodes.Node]:
        """Return a placeholder and one section for each part."""
        lang = edition(self.config)
        sections = []
        for number, part in enumerate(load_syllabus(Path(self.env.srcdir)), start=1):
            if f"book/{lang}/{part['slug']}" in self.env.found_docs:
                title = WORDS[lang]["part"].format(number=number, title=part["title"][lang])
                section = nodes.section("", nodes.title(title, title), ids=[f"part-{number}"])
                section += evidence("", slug=part["slug"])
                sections.append(section)
        return sections


def fill_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the tables in, now that every page can be looked at; complain of each gap."""
    lang, root = edition(app.config), Path(app.srcdir)
    parts = {part["slug"]: part for part in load_syllabus(root)}
    for placeholder in list(doctree.findall(evidence)):
        part = parts[placeholder["slug"]]
        found = collect(app, docname, part["slug"], lang)
        rows = []
        for code, texts in part["objectives"].items():
            cells = [found[column].get(code, []) for column in COLUMNS[1:]]
            for column, links in zip(COLUMNS[1:], cells, strict=True):
                if not links:
                    log.warning(
                        "%s of %s: nothing in the column '%s'", code, part["slug"], column,
                        type="evidence", location=docname,
                    )  # fmt: skip
            rows.append([[(f"{code} {texts[lang]}", "")], *cells])
        placeholder.replace_self(
            link_table("evidence", [WORDS[lang][column] for column in COLUMNS], rows)
        )


def collect(app: Sphinx, docname: str, slug: str, lang: str) -> dict[str, Links]:
    """Return what a part offers for each objective, by column."""
    chapter, lab = f"book/{lang}/{slug}", f"notebooks/{lang}/{slug}"
    assignment = app.builder.get_relative_uri(docname, f"{chapter}-assignment")
    found: dict[str, Links] = {column: {} for column in COLUMNS[1:]}
    for page in (chapter, lab):
        address = app.builder.get_relative_uri(docname, page)
        for column, code, text, section in on_page(app, page, lang):
            links = found[column].setdefault(code, [])
            if text not in [name for name, _ in links]:
                links.append((text, f"{address}#{section}"))
    for code, text in graded(Path(app.srcdir), slug, lang):
        found["graded"].setdefault(code, []).append((text, assignment))
    return found


def on_page(app: Sphinx, page: str, lang: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield column, objective, text and section of what stands on a page."""
    from csqm.activities.content import load, paths

    words, is_lab = WORDS[lang], page.startswith("notebooks/")
    for node in app.env.get_doctree(page).findall(nodes.raw):
        if treats := TREATS.search(node.astext()):
            section = section_of(node)
            title = section.next_node(nodes.title).astext()
            for code in treats[1].split():
                yield (
                    "sections",
                    code,
                    words["lab"].format(title=title) if is_lab else title,
                    section["ids"][0],
                )
        elif placed := ACTIVITY.search(node.astext()):
            content, anchor = load(paths()[placed[1]]), section_of(node)["ids"][0]
            if content["kind"] == "quiz":
                for number, question in enumerate(content["questions"], start=1):
                    for code in question["objectives"]:
                        yield "quiz", code, words["question"].format(number=number), anchor
            else:
                for code in content["objectives"]:
                    yield "activities", code, content["title"][lang], anchor


def section_of(node: nodes.Node) -> nodes.section:
    """Return the section that holds a node; of a marker before a heading, the one that follows."""
    following = node.next_node(descend=False, ascend=True)
    while isinstance(following, nodes.target):
        following = following.next_node(descend=False, ascend=True)
    if isinstance(following, nodes.section):
        return following
    while not isinstance(node, nodes.section):
        node = node.parent
    return node


def graded(root: Path, slug: str, lang: str) -> Iterator[tuple[str, str]]:
    """Yield objective and task of each graded cell of an assignment."""
    from csqm.course.tasks import graded_tasks

    words = WORDS[lang]
    path = root / "exercises" / lang / "source" / slug / f"{slug}.ipynb"
    for task in graded_tasks(path).values():
        text = words["task"].format(title=task.title) + words["points"].format(points=task.points)
        for code in task.objectives:
            yield code, text


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_node(evidence)
    app.add_directive("evidence", Evidence)
    app.connect("doctree-resolved", fill_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
