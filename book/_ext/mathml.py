"""Formulas as MathML, made at build time: no script, no font, readable by screen readers."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)


def to_mathml(latex: str, display: str, location: nodes.Node | None = None) -> str:
    """Translate LaTeX to MathML; warn, and so fail a strict build, where that is not possible.

    Examples
    --------
    >>> "<mi>n</mi>" in to_mathml("n", "inline")
    True
    """
    try:
        mathml = convert(latex, display=display)
    except Exception as error:
        logger.warning("formula not understood: %s (%r)", latex, error, location=location)
        return latex
    # the converter prints the commands that it does not know as text
    if unknown := re.search(r"(?:\\|&#x0005C;)[A-Za-z]+", mathml):
        logger.warning(
            "unknown command %s in the formula %s", unknown.group(), latex, location=location
        )
    return mathml


def visit_inline(writer, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    writer.body.append(to_mathml(node.astext(), "inline", node))
    raise nodes.SkipNode


def visit_block(writer, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number when it has one."""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    writer.body.append(to_mathml(node.astext(), "block", node))
    if node["number"]:
        number = get_node_equation_number(writer, node)
        writer.body.append(f'<span class="eqno">({number})')
        writer.add_permalink_ref(node, _("Link to this equation"))
        writer.body.append("</span>")
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
