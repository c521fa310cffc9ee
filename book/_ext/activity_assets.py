"""The script and the style of the activities, on the pages that hold one."""

from pathlib import Path

from sphinx.application import Sphinx


def write_assets(app: Sphinx) -> None:
    """Write what mounts the activities in a page without a kernel to the static files."""
    from csqm.activities import book_script, book_style

    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "activities.js").write_text(book_script(), encoding="utf-8")
    (folder / "activities.css").write_text(book_style(), encoding="utf-8")


def load_assets(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Link the assets from a page that holds an activity."""
    if 'class="csqm-activity"' in context.get("body", ""):
        app.add_css_file("activities.css")
        app.add_js_file("activities.js", loading_method="defer")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", load_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
