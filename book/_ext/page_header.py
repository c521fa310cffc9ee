"""What the header of a page needs: the same page in the other language, notebook, hub."""

from urllib.parse import quote

from edition import edition, other_edition
from sphinx.application import Sphinx

WORDS = {
    "en": {
        "other_name": "中文",
        "other_title": "本頁的中文版",
        "download": "Download this notebook",
        "print": "Print this page",
        "launch": "Open on the JupyterHub",
        "search": "Search",
        "home": "Front page",
        "contents": "Contents of the book",
        "parts": "Pages of this part",
        "sidebar": "Show or hide the contents of the book",
        "page_contents": "Contents of this page",
        "page_toc": "Show or hide the contents of this page",
    },
    "zh-Hant": {
        "other_name": "English",
        "other_title": "This page in English",
        "download": "下載這份筆記本",
        "print": "列印本頁",
        "launch": "在 JupyterHub 開啟",
        "search": "搜尋",
        "home": "首頁",
        "contents": "全書目錄",
        "parts": "這一部分的頁面",
        "sidebar": "顯示或隱藏全書目錄",
        "page_contents": "本頁目錄",
        "page_toc": "顯示或隱藏本頁目錄",
    },
}


def add_header(app: Sphinx, pagename: str, templatename, context, doctree) -> None:
    """Give the templates of the header their words and links."""
    here, there = edition(app.config), other_edition(app.config)
    same_page = pagename.replace(f"/{here}/", f"/{there}/")
    context["words"] = WORDS[here]
    context["other_edition"] = there
    context["other_url"] = f"{context['content_root']}../{there}/{same_page}.html"
    context["is_notebook"] = context.get("page_source_suffix") == ".ipynb"
    if app.config.csqm_hub and context["is_notebook"]:
        context["hub_url"] = hub_url(app.config.csqm_hub, pagename + ".ipynb")


def hub_url(hub: str, notebook: str) -> str:
    """Return the link that opens a notebook of the course in the user's own server of a hub.

    Examples
    --------
    >>> hub_url("https://hub.example.org/", "notebooks/en/1-customers.ipynb")
    'https://hub.example.org/hub/user-redirect/lab/tree/notebooks/en/1-customers.ipynb'
    """
    return f"{hub.rstrip('/')}/hub/user-redirect/lab/tree/{quote(notebook)}"


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_config_value("csqm_hub", "", "html", str)
    app.connect("html-page-context", add_header)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
