"""The reference of the package, made from its docstrings, which are in English in both editions."""

from docutils.utils.smartquotes import smartchars
from edition import edition
from sphinx.application import Sphinx


def skip_fields(app: Sphinx, what: str, name: str, obj, skip: bool, options) -> bool | None:
    """Leave out the fields of named tuples: the text of their class describes them already."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def drop_summary(app: Sphinx, what: str, name: str, obj, options, lines: list[str]) -> None:
    """Leave out the first line on a module: the page says it, in the language of the edition."""
    if what == "module":
        del lines[0]


def mark_english(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Tell screen readers that the descriptions in the Chinese edition are English."""
    if doctree is not None and edition(app.config) != "en":
        context["body"] = context["body"].replace('<dl class="py ', '<dl lang="en" class="py ')


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    # Straight quotes stand in English text only; Chinese text has its own 「」 already.
    smartchars.quotes["zh-tw"] = smartchars.quotes["en"]
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-docstring", drop_summary)
    app.connect("html-page-context", mark_english)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
