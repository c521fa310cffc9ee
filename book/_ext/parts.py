"""The table of the nine parts on the front page: links, and how long each takes.

```{parts}
```
"""

from pathlib import Path

from docutils import nodes
from edition import edition, load_syllabus
from link_table import link_table
from sphinx.util.docutils import SphinxDirective

WORDS = {
    "en": {
        "head": ["Part", "Chapter", "Lab", "Assignment"],
        "minutes": "{} min",
        "total": "All nine",
        "hours": "{:.0f} h",
    },
    "zh-Hant": {
        "head": ["部分", "章節", "實作", "作業"],
        "minutes": "{} 分鐘",
        "total": "全部九個部分",
        "hours": "{:.0f} 小時",
    },
}


class Parts(SphinxDirective):
    """List all parts of ``book/syllabus.yaml``."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        lang = edition(self.config)
        words, root = WORDS[lang], Path(self.env.srcdir)
        self.env.note_dependency(str(root / "book" / "syllabus.yaml"))
        parts = load_syllabus(root)
        rows = []
        for number, part in enumerate(parts, start=1):
            slug, minutes = part["slug"], part["minutes"]
            pages = {
                "chapter": f"book/{lang}/{slug}",
                "lab": f"notebooks/{lang}/{slug}",
                "assignment": f"book/{lang}/{slug}-assignment",
            }
            cells = [
                [(words["minutes"].format(minutes[kind]), self._address(page))]
                for kind, page in pages.items()
            ]
            title = f"{number}. {part['title'][lang]}"
            rows.append([[(title, self._address(pages["chapter"]))], *cells])
        hours = [sum(part["minutes"][kind] for part in parts) / 60 for kind in pages]
        totals = [[(words["hours"].format(each), "")] for each in hours]
        rows.append([[(words["total"], "")], *totals])
        return [link_table("parts", words["head"], rows)]

    def _address(self, page: str) -> str:
        if page not in self.env.found_docs:
            return ""
        return self.env.app.builder.get_relative_uri(self.env.docname, page)


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_directive("parts", Parts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
