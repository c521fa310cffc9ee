"""The preview for authors: ``python -m csqm.activities FILE.yaml``."""

import argparse
import sys
import tempfile
import webbrowser
from html import escape
from pathlib import Path
from typing import Any

from csqm.activities import book_script, book_style
from csqm.activities.content import ContentError, load, localised
from csqm.activities.kinds import KINDS
from csqm.text import LANGUAGES, language, listed, say, set_language

STYLE = """
body { margin: 0 auto; max-width: 100rem; padding: 1rem; font: 1.05rem/1.65 system-ui, "Noto Sans TC",
  "PingFang TC", "Microsoft JhengHei", sans-serif; }
html[data-theme="dark"] body { background: #14181e; color: #e7eef0; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem; }
main > * { min-width: 0; }
"""
THEME = """
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => (document.documentElement.dataset.theme = dark.matches ? "dark" : "light");
dark.addEventListener("change", follow);
follow();
"""


def main(arguments: list[str] | None = None) -> int:
    """Check one file and show the activity in both languages; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m csqm.activities",
        description="Check the file of an activity and show it in both languages, as in the book.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.yaml", help="the activity")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="PAGE.html",
        help="write the page there, and do not open it; without this, it goes to the folder for "
        "temporary files and is opened in the browser",
    )
    chosen = parser.parse_args(arguments)
    try:
        content = load(chosen.file)
    except ContentError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(say("activities.no_file", file=chosen.file, why=error.strerror), file=sys.stderr)
        return 1
    page = chosen.output or Path(tempfile.gettempdir()) / f"csqm-preview-{content['slug']}.html"
    page.write_text(preview(content), encoding="utf-8")
    print(say("activities.previewed", file=page))
    if not chosen.output:
        webbrowser.open(page.resolve().as_uri())
    return 0


def preview(content: dict[str, Any]) -> str:
    """Return a page, whole in itself, with the activity in both languages.

    Parameters
    ----------
    content : dict
        The content in both languages.

    Returns
    -------
    str
        HTML.
    """
    before, shown = language(), []
    with tempfile.TemporaryDirectory() as nowhere:
        for each in LANGUAGES:
            set_language(each)
            widget = KINDS[content["kind"]](localised(content), nowhere)
            shown.append(f'<div lang="{each}">{widget._html()}</div>')
    set_language(before)
    named = [content["kind"], listed(content["objectives"]), listed(content["sources"])]
    head = " · ".join(escape(each) for each in named if each)
    return (
        f'<!doctype html><html lang="{before}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(content['slug'])}</title><style>{STYLE}{book_style()}</style></head>"
        f"<body><h1>{escape(content['slug'])}</h1><p>{head}</p><main>{''.join(shown)}</main>"
        f"<script>{THEME}{book_script()}</script></body></html>"
    )


if __name__ == "__main__":
    sys.exit(main())
