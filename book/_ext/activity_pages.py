"""The page of all activities and the progress page, made from the activities and the syllabus.

```{activities}
```
lists every activity that stands on a page, by part, with a filter where scripts run.

```{progress} parts
```
is a place that ``progress.js`` fills: what the reader has done (``parts``), the file of answers
(``answers``) or the completion record (``record``).
"""

import json
import re
import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from edition import edition, load_syllabus
from evidence import ACTIVITY
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

WORDS = {
    "en": {
        "part": "Part {number}: {title}",
        "about_quiz": "The objectives of this part, asked; every option says why it is right or wrong.",
        "objectives": "So that you can: {list}.",
        "mark": "; ",
        "filter_part": "Part",
        "filter_kind": "Kind",
        "all_parts": "All parts",
        "all_kinds": "All kinds",
        "shown": "Exercises shown: {number} of {total}",
        "no_script": "This part of the page needs scripts, which your browser has switched off.",
        "kinds": {
            "map": "Map",
            "sorter": "Sorting",
            "quiz": "Quiz",
            "chain": "Chain",
            "explorer": "Simulator",
            "matrix": "Grid",
            "roleplay": "Role-play",
            "form": "Worksheet",
        },
    },
    "zh-Hant": {
        "part": "第 {number} 部分：{title}",
        "about_quiz": "逐項檢視這一部分的目標；每個選項都說明對在哪裡、錯在哪裡。",
        "objectives": "練習之後，你能夠：{list}。",
        "mark": "；",
        "filter_part": "部分",
        "filter_kind": "類型",
        "all_parts": "全部",
        "all_kinds": "全部",
        "shown": "共 {total} 個練習，顯示 {number} 個",
        "no_script": "這一段需要網頁腳本（JavaScript），你的瀏覽器沒有啟用。",
        "kinds": {
            "map": "定位圖",
            "sorter": "分類",
            "quiz": "測驗",
            "chain": "流程鏈",
            "explorer": "模擬",
            "matrix": "矩陣",
            "roleplay": "角色扮演",
            "form": "工作單",
        },
    },
}
VIEWS = ("parts", "answers", "record")


class activity_list(nodes.General, nodes.Element):  # noqa: N801 (docutils' naming)
    """Stands for the activities of a part until all pages have been read."""


class Activities(SphinxDirective):
    """List the activities of all parts."""

    def run(self) -> list[nodes.Node]:
        """Return the filter, and a section with a placeholder for each part."""
        lang = edition(self.config)
        words = WORDS[lang]
        found: list[nodes.Node] = [nodes.raw("", filter_form(self.env.srcdir, lang), format="html")]
        for number, part in enumerate(load_syllabus(Path(self.env.srcdir)), start=1):
            title = words["part"].format(number=number, title=part["title"][lang])
            section = nodes.section("", nodes.title(title, title), ids=[f"part-{number}"])
            section["classes"].append("csqm-part")
            section += activity_list("", part=part["slug"])
            found.append(section)
        return found


def filter_form(root: str, lang: str) -> str:
    """Return the filter, hidden until a script brings it to life."""
    words = WORDS[lang]
    parts = [
        (f"part-{number}", words["part"].format(number=number, title=part["title"][lang]))
        for number, part in enumerate(load_syllabus(Path(root)), start=1)
    ]
    choices = {
        "part": [("", words["all_parts"]), *parts],
        "kind": [("", words["all_kinds"]), *words["kinds"].items()],
    }
    fields = ""
    for name, options in choices.items():
        texts = "".join(f'<option value="{key}">{escape(text)}</option>' for key, text in options)
        label = escape(words[f"filter_{name}"])
        fields += f'<label>{label} <select name="{name}">{texts}</select></label>'
    return (
        f'<form class="csqm-filter" hidden>{fields}'
        f'<p role="status" data-text="{escape(words["shown"])}"></p></form>'
    )


class Progress(SphinxDirective):
    """Make room for a view of the reader's progress."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the place."""
        view = self.arguments[0]
        if view not in VIEWS:
            raise self.error(f"no view '{view}' of the progress; there are: {', '.join(VIEWS)}")
        text = escape(WORDS[edition(self.config)]["no_script"])
        html = f'<div class="csqm-progress" data-view="{view}"><noscript><p>{text}</p></noscript></div>'
        return [nodes.raw("", html, format="html")]


def placed(app: Sphinx, page: str) -> dict[str, list[dict[str, Any]]]:
    """Return the activities that stand on a page, by part, in the order in which readers meet them.

    The chapter of a part comes before its other pages, and the book before the labs. Links lead
    from ``page``.
    """
    from csqm.activities.content import load, localised, paths
    from csqm.text import set_language

    set_language(edition(app.config))
    found: dict[str, list[dict[str, Any]]] = {}
    seen = set()
    for docname, slug in standing(app):
        if slug in seen:
            continue
        seen.add(slug)
        address = app.builder.get_relative_uri(page, docname)
        entry = {"content": localised(load(paths()[slug])), "link": f"{address}#activity-{slug}"}
        found.setdefault(paths()[slug].parent.name, []).append(entry)
    return found


def standing(app: Sphinx) -> Iterator[tuple[str, str]]:
    """Yield page and activity, pages in order of preference."""
    chapters = {part["slug"] for part in load_syllabus(Path(app.srcdir))}

    def rank(docname: str) -> tuple[bool, bool, str]:
        return docname.startswith("notebooks/"), Path(docname).name not in chapters, docname

    for docname in sorted(app.env.found_docs, key=rank):
        for node in app.env.get_doctree(docname).findall(nodes.raw):
            for slug in ACTIVITY.findall(node.astext()):
                yield docname, slug


def fill_lists(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the activities in, now that it is known where each stands."""
    places = list(doctree.findall(activity_list))
    if not places:
        return
    lang = edition(app.config)
    parts = load_syllabus(Path(app.srcdir))
    objectives = {code: text[lang] for part in parts for code, text in part["objectives"].items()}
    found = placed(app, docname)
    for place in places:
        items = [item(entry, objectives, lang) for entry in found.get(place["part"], [])]
        place.replace_self(nodes.bullet_list("", *items, classes=["csqm-entries"]))


def item(entry: dict[str, Any], objectives: dict[str, str], lang: str) -> nodes.list_item:
    """Return one activity of the list."""
    words, content = WORDS[lang], entry["content"]
    link = nodes.reference("", content["title"], refuri=entry["link"], internal=True)
    kind = nodes.inline("", words["kinds"][content["kind"]], classes=["csqm-kind"])
    lines = [
        nodes.paragraph("", "", link, kind, classes=["csqm-entry-title"]),
        nodes.paragraph("", about(content, words)),
    ]
    if content["kind"] != "quiz":
        listed = words["mark"].join(objectives[code] for code in content["objectives"])
        text = words["objectives"].format(list=listed)
        lines.append(nodes.paragraph("", text, classes=["csqm-entry-objectives"]))
    return nodes.list_item("", *lines, classes=[f"csqm-is-{content['kind']}"])


def about(content: dict[str, Any], words: dict[str, Any]) -> str:
    """Return one line on an activity: its own, or the first sentence of its task.

    Examples
    --------
    >>> about({"kind": "map", "task": "Ten of 2.5 km each. Then check."}, {})
    'Ten of 2.5 km each.'
    """
    if content["kind"] == "quiz":
        return words["about_quiz"]
    return content.get("about") or re.match(r".+?(?:[.?!](?= |$)|[。？！]|$)", content["task"])[0]


def write_contents(app: Sphinx, page: str) -> None:
    """Write all that the progress page knows of the course into one script."""
    from csqm.activities.content import words
    from csqm.activities.kinds import KINDS

    lang, found = edition(app.config), placed(app, page)
    catalogue = tomllib.loads(Path(__file__).with_name("progress.toml").read_text("utf-8"))
    parts = [
        {
            "number": number,
            "title": part["title"][lang],
            "objectives": {code: text[lang] for code, text in part["objectives"].items()},
            "activities": found.get(part["slug"], []),
        }
        for number, part in enumerate(load_syllabus(Path(app.srcdir)), start=1)
    ]
    course = {
        "words": {key: texts[lang] for key, texts in catalogue.items()},
        "kindWords": {kind: words(kind) for kind in KINDS},
        "parts": parts,
    }
    script = f"window.csqmCourse = {json.dumps(course, ensure_ascii=False)};\n"
    (Path(app.outdir) / "_static" / "course.js").write_text(script, encoding="utf-8")


def load_assets(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Link what these two pages need from them, and from no other."""
    body = context.get("body", "")
    if 'class="csqm-filter"' in body:
        app.add_css_file("activity-pages.css")
        app.add_js_file("activity-filter.js", loading_method="defer")
    if 'class="csqm-progress"' in body:
        write_contents(app, pagename)
        app.add_css_file("activity-pages.css")
        for script in ("activities.js", "course.js", "progress.js"):
            app.add_js_file(script, loading_method="defer")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_node(activity_list)
    app.add_directive("activities", Activities)
    app.add_directive("progress", Progress)
    app.connect("doctree-resolved", fill_lists)
    app.connect("html-page-context", load_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
