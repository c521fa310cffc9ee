"""The bilingual glossary: a directive that prints ``book/glossary.csv``, and tips on terms.

```{csqm-glossary}
```
prints all parts. A term, its abbreviation in parentheses and its Chinese alternates can all be
linked with the role ``{term}``; a link shows the definition when pointed at or focused.
"""

import csv
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from edition import edition, load_syllabus, other_edition
from markupsafe import escape
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

COLUMN = {"en": "en", "zh-Hant": "zh_TW"}
DEFINITION = {"en": "definition_en", "zh-Hant": "definition_zh"}
PART = {"en": "Part {number}: {title}", "zh-Hant": "第 {number} 部分：{title}"}
ALSO = {"en": "also {names}", "zh-Hant": "又稱{names}"}


@cache
def load_glossary(path: Path) -> list[dict]:
    """Return the rows of the glossary, each with the ``id`` that both editions share."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["id"] = "term-" + nodes.make_id(row["en"])
    return rows


def aliases(row: dict, lang: str) -> list[str]:
    """Return other names of a term: without its parenthesis, its abbreviation, its alternates.

    Examples
    --------
    >>> aliases({"en": "rolled throughput yield (RTY)"}, "en")
    ['rolled throughput yield', 'RTY']
    >>> aliases({"zh_TW": "客戶", "zh_alternates": "顧客"}, "zh-Hant")
    ['顧客']
    """
    name = row[COLUMN[lang]]
    found = []
    if match := re.fullmatch(r"(.+?) ?[(（]([^)）]+)[)）]", name):
        found += match.groups()
    found += [part.strip() for part in re.split(r" / |／", name)] if re.search("/|／", name) else []
    if lang == "zh-Hant":
        found += alternates(row)
    return found


def alternates(row: dict) -> list[str]:
    """Return the other Chinese names of a term."""
    return [name for name in row["zh_alternates"].split(";") if name]


class GlossaryDirective(SphinxDirective):
    """Print the glossary, one section a part."""

    def run(self) -> list[nodes.Node]:
        """Return one section for each part."""
        lang = edition(self.config)
        path = Path(self.env.srcdir) / "book" / "glossary.csv"
        self.env.note_dependency(str(path))
        rows = load_glossary(path)
        sections = []
        for number, part in enumerate(load_syllabus(Path(self.env.srcdir)), start=1):
            title = PART[lang].format(number=number, title=part["title"][lang])
            section = nodes.section("", nodes.title(title, title), ids=[f"part-{number}"])
            section += nodes.definition_list(
                "",
                *(self.entry(row, lang) for row in rows if row["part"] == str(number)),
                classes=["glossary"],
            )
            sections.append(section)
        self.note_aliases(rows, lang)
        return sections

    def entry(self, row: dict, lang: str) -> nodes.definition_list_item:
        """Return one term with its name in the other language and its definition."""
        other = other_edition(self.config)
        name = row[COLUMN[lang]]
        term = nodes.term(name, name, ids=[row["id"]])
        term += nodes.inline(
            "",
            row[COLUMN[other]],
            classes=["csqm-other-term", f"language-{other}"],
        )
        definition = nodes.definition("", nodes.paragraph("", row[DEFINITION[lang]]))
        if lang == "zh-Hant" and alternates(row):
            also = ALSO[lang].format(names="、".join(alternates(row)))
            definition += nodes.paragraph("", also, classes=["csqm-also"])
        self.env.get_domain("std")._note_term(name, row["id"], location=self.get_location())
        return nodes.definition_list_item("", term, definition)

    def note_aliases(self, rows: list[dict], lang: str) -> None:
        """Let ``{term}`` find other names too, unless a term of its own has that name."""
        known = self.env.get_domain("std")._terms
        for row in rows:
            for alias in aliases(row, lang):
                known.setdefault(alias.lower(), (self.env.docname, row["id"]))


def add_tips(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the definition into each link to a term; the style sheet shows it when wanted."""
    lang = edition(app.config)
    path = Path(app.srcdir) / "book" / "glossary.csv"
    definitions = {row["id"]: row[DEFINITION[lang]] for row in load_glossary(path)}
    for link in doctree.findall(nodes.reference):
        target = link.get("refid") or link.get("refuri", "").partition("#")[2]
        if target in definitions and not link.get("classes"):
            link["classes"] = ["csqm-term"]
            # as an attribute, so that the text of the page stays as the author wrote it
            tip = f'<span class="csqm-tip" data-definition="{escape(definitions[target])}"></span>'
            link += nodes.raw("", tip, format="html")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_directive("csqm-glossary", GlossaryDirective)
    app.connect("doctree-resolved", add_tips)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
