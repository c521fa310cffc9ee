"""Pages in which nothing of a submission runs: feedback, and what Formgrader shows.

What a submission wrote reaches a page as text, as pictures, or as HTML of which bleach leaves
plain elements. Switched on by `csqm.grading.use`.
"""

import html
import re
from contextlib import suppress
from typing import Any

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import from_dict

from csqm.text import listed, say

__all__ = ["SafeOutputs", "safe_html", "safe_markdown"]

# More than any table that a person reads, little enough for bleach, which is slow on purpose-made
# HTML.
LONGEST = 200_000
LONGEST_MARKDOWN = 50_000
MOST_TAGS = 6_000

TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
        "var",
    ]
)
# A link leads elsewhere and not to a file of the submission, a picture asks no other host.
VALUES = {
    ("a", "href"): re.compile(r"(https?://|mailto:)[^\s]+"),
    ("img", "src"): re.compile(
        r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[\w+/=\s]+"
        r"|(?!.*\.\.)[^\W_][^:?#%\\]*\.(png|jpe?g|gif|webp|svg)",
        re.IGNORECASE,
    ),
    ("img", "width"): re.compile(r"\d{1,4}"),
    ("img", "height"): re.compile(r"\d{1,4}"),
    ("ol", "start"): re.compile(r"\d{1,4}"),
    ("table", "border"): re.compile(r"\d"),
}
CELLS = {("colspan", re.compile(r"\d{1,3}")), ("rowspan", re.compile(r"\d{1,3}"))}
# Those of pandas and of highlighted code: others have a meaning on the page.
CLASSES = re.compile(r"(dataframe|highlight|[a-z]{1,3}\d?)( (dataframe|highlight))*")
STYLES = frozenset(
    [
        "background-color",
        "border",
        "border-bottom",
        "border-collapse",
        "border-color",
        "border-left",
        "border-right",
        "border-style",
        "border-top",
        "border-width",
        "color",
        "font-style",
        "font-weight",
        "text-align",
        "text-decoration",
        "vertical-align",
        "white-space",
    ]
)
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
MIME = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}")
SHOWN = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml")
PICTURES = ("image/png", "image/jpeg")


def safe_html(source: str) -> str | None:
    """Return what may stand on a page of some HTML, or None if that is too long to tell.

    Parameters
    ----------
    source : str
        The HTML, which may be hostile.

    Returns
    -------
    str or None
        Plain elements without scripts, forms, frames, ids and positions.

    Examples
    --------
    >>> safe_html('<b onclick="alert(1)">5</b> <a href="javascript:alert(1)">more</a>')
    '<b>5</b> <a>more</a>'
    """
    if len(source) > LONGEST or max(source.count("<"), source.count("=")) > MOST_TAGS:
        return None
    # The text of these is none for people; what they would do is taken away by bleach.
    source = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|$)", "", source)
    cleaner = Cleaner(
        tags=TAGS,
        attributes=_is_allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
    )
    return str(cleaner.clean(source))


def _is_allowed(tag: str, name: str, value: str) -> bool:
    """Tell whether an attribute may stay."""
    if name == "class":
        return bool(CLASSES.fullmatch(value))
    if (tag, name) in VALUES:
        return bool(VALUES[tag, name].fullmatch(value))
    if tag in ("td", "th"):
        return name in ("style", "scope") or any(
            name == each and values.fullmatch(value) for each, values in CELLS
        )
    return name in ("alt", "title", "style", "open")


@pass_context
def safe_markdown(context: Any, source: str, attachments: Any = None) -> str:
    """Turn Markdown into HTML that may stand on a page; takes the place of ``markdown2html``."""
    attachments = attachments or context.get("cell", {}).get("attachments", {})
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    made = None
    if len(source) <= LONGEST_MARKDOWN:
        # A picture may not be attached, and some texts are made to break a parser.
        with suppress(Exception):
            made = safe_html(MarkdownWithMath(renderer=renderer).render(source))
    return f"<pre>{html.escape(source)}</pre>" if made is None else made


class SafeOutputs(Preprocessor):
    """Leaves of the outputs and the metadata of a notebook what cannot do anything on a page."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Clean one notebook, and the names that Formgrader shows with it."""
        for key in ("student", "first_name", "last_name"):
            if isinstance(resources.get(key), str):
                resources[key] = html.escape(resources[key])
        language = nb.metadata.get("language_info", {})
        nb.metadata = from_dict({"language_info": {"name": _word(language.get("name"))}})
        for cell in nb.cells:
            for key in [key for key in cell.metadata if key != "nbgrader"]:
                if cell.metadata[key] is not True:  # as others mark cells
                    del cell.metadata[key]
            if cell.cell_type == "raw":  # else templates take it for HTML
                cell.metadata["raw_mimetype"] = "text/plain"
            if "attachments" in cell:
                cell.attachments = from_dict(_pictures(cell.attachments))
            if cell.cell_type == "code":
                cell.execution_count = _number(cell.get("execution_count"))
                cell.outputs = [from_dict(each) for each in map(_output, cell.outputs) if each]
        return nb, resources


def _output(output: Any) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": str(output.get("text", ""))}
    if kind == "error":
        lines = [str(line) for line in output.get("traceback", [])]
        told = {key: str(output.get(key, "")) for key in ("ename", "evalue")}
        return {"output_type": kind, "traceback": lines} | told
    if kind not in ("display_data", "execute_result"):
        return None
    data = _data(output.get("data", {}))
    sizes = {mime: _sizes(output.get("metadata", {}).get(mime)) for mime in PICTURES}
    safe = {"output_type": kind, "data": data, "metadata": sizes}
    if kind == "execute_result":
        safe["execution_count"] = _number(output.get("execution_count"))
    return safe


def _data(found: Any) -> dict[str, str]:
    """Return of the forms of an output those that do nothing, the HTML cleaned."""
    data = {mime: found[mime] for mime in SHOWN if isinstance(found.get(mime), str)}
    if "text/html" in data:
        cleaned = safe_html(data.pop("text/html"))
        if cleaned and cleaned.strip():
            data["text/html"] = cleaned
    data |= _images({mime: found[mime] for mime in PICTURES if mime in found})
    if found and not data:
        kinds = [mime for mime in found if MIME.fullmatch(mime)][:5]
        data["text/plain"] = say("feedback.left_out", kinds=listed(kinds))
    return data


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Return the attachments that are pictures."""
    return {name: _images(data) for name, data in attachments.items() if _images(data)}


def _images(data: Any) -> dict[str, str]:
    return {
        mime: content
        for mime, content in data.items()
        if mime in (*PICTURES, "image/svg+xml")
        if isinstance(content, str) and BASE64.fullmatch(content)
    }


def _sizes(metadata: Any) -> dict[str, Any]:
    """Return the size and the alternative text of a picture."""
    metadata = metadata if isinstance(metadata, dict) else {}
    sizes: dict[str, Any] = {
        key: metadata[key]
        for key in ("width", "height")
        if isinstance(metadata.get(key), int | float) and 0 < metadata[key] < 5000
    }
    if isinstance(metadata.get("alt"), str):
        sizes["alt"] = metadata["alt"]
    return sizes


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _word(value: Any) -> str:
    return value if isinstance(value, str) and value.isalnum() else "python"
