"""The list of the nine parts on the front page, with links to those that are there.

```{parts}
```
"""

from pathlib import Path

from docutils import nodes
from edition import edition, load_syllabus
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

SOON = {"en": "in preparation", "zh-Hant": "編寫中"}
EXERCISES = {"en": "exercises", "zh-Hant": "互動練習"}


class Parts(SphinxDirective):
    """List all parts of ``book/syllabus.yaml``."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        lang = edition(self.config)
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / "book" / "syllabus.yaml"))
        items = nodes.enumerated_list("", enumtype="arabic", prefix="", suffix=".")
        items["classes"].append("csqm-parts")
        for part in load_syllabus(root):
            title, docname = part["title"][lang], f"book/{lang}/{part['slug']}"
            paragraph = nodes.paragraph()
            if docname in self.env.found_docs:
                paragraph += self._link(docname, title)
            else:
                paragraph += nodes.Text(title)
                soon = nodes.inline("", SOON[lang], classes=["csqm-soon"])
                if f"{docname}-activities" in self.env.found_docs:
                    soon += nodes.Text({"en": "; ", "zh-Hant": "；"}[lang])
                    soon += self._link(f"{docname}-activities", EXERCISES[lang])
                paragraph += soon
            items += nodes.list_item("", paragraph)
        return [items]

    def _link(self, docname: str, text: str) -> nodes.Node:
        return addnodes.pending_xref(
            "",
            nodes.inline("", text),
            refdomain="std",
            reftype="doc",
            reftarget="/" + docname,
            refdoc=self.env.docname,
            refexplicit=True,
            refwarn=True,
        )


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_directive("parts", Parts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
