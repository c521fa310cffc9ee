"""What the extensions need to know about the edition that is being built."""

from pathlib import Path

import yaml
from sphinx.application import Sphinx
from sphinx.config import Config

#: The language codes of the two editions, as folders and data files name them.
EDITIONS = ("en", "zh-Hant")


def edition(config: Config) -> str:
    """Return the folder name of the edition: ``en`` or ``zh-Hant``."""
    return "zh-Hant" if config.language.startswith("zh") else "en"


def other_edition(config: Config) -> str:
    """Return the folder name of the edition in the other language."""
    return EDITIONS[1 - EDITIONS.index(edition(config))]


def load_syllabus(root: Path) -> list[dict]:
    """Return the parts of ``book/syllabus.yaml`` in order."""
    text = (root / "book" / "syllabus.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["parts"]


def set_page_language(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Write ``lang="zh-Hant"`` into pages, where Sphinx would write its own ``zh-TW``."""
    context["language"] = edition(app.config)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("html-page-context", set_page_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
