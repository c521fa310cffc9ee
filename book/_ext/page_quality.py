"""Small repairs that make every page describe itself and read well in a screen reader."""

import re

from docutils import nodes
from markupsafe import escape
from sphinx.application import Sphinx

LONGEST_DESCRIPTION = 200


def repair_page(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Repair tables and folded code; add a description where the author gave none."""
    if doctree is None:
        return
    body = context["body"]
    # tables leave header cells empty where they have nothing to say
    body = re.sub(r"<th( [^>]*)?>(?:\s|&nbsp;|<p>|</p>)*</th>", r"<td\1></td>", body)
    # the visible prompt ("Show the code") is the better name of the button
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # a deprecated role, within a list that then has children of other kinds
    body = body.replace(' role="doc-biblioentry"', "").replace(
        '<div role="list" class="citation-list">', '<div class="citation-list">'
    )
    context["body"] = body
    if 'name="description"' not in context["metatags"]:
        description = escape(first_paragraph(doctree))
        context["metatags"] += f'<meta name="description" content="{description}" />'


def first_paragraph(doctree: nodes.document) -> str:
    """Return the first running text of a page, for search engines and link previews."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            text = " ".join(paragraph.astext().split())
            return text[:LONGEST_DESCRIPTION]
    return doctree.next_node(nodes.title).astext()


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("html-page-context", repair_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
