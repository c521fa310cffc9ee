"""The box at the head of a part: what the reader can do at its end, and how long it takes.

```{objectives} 1-customers
```
"""

from pathlib import Path

from docutils import nodes
from edition import edition, load_syllabus
from sphinx.util.docutils import SphinxDirective

TITLE = {"en": "By the end of this part you can", "zh-Hant": "讀完這一部分，你能夠"}
MINUTES = {
    "en": "Time: chapter {chapter} minutes, lab {lab} minutes, assignment {assignment} minutes.",
    "zh-Hant": "所需時間：本章 {chapter} 分鐘，實作 {lab} 分鐘，作業 {assignment} 分鐘。",
}


class Objectives(SphinxDirective):
    """List the objectives of the part named by its slug."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the box."""
        lang = edition(self.config)
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / "book" / "syllabus.yaml"))
        parts = {part["slug"]: part for part in load_syllabus(root)}
        slug = self.arguments[0]
        if slug not in parts:
            raise self.error(f"no part '{slug}' in book/syllabus.yaml; parts: {', '.join(parts)}")
        part = parts[slug]
        items = nodes.bullet_list("")
        for objective in part["objectives"].values():
            items += nodes.list_item("", nodes.paragraph("", objective[lang]))
        minutes = nodes.paragraph("", MINUTES[lang].format(**part["minutes"]))
        minutes["classes"] = ["csqm-minutes"]
        return [
            nodes.admonition(
                "", nodes.title("", TITLE[lang]), items, minutes, classes=["csqm-objectives"]
            )
        ]


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_directive("objectives", Objectives)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
