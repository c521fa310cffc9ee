"""Traditional Chinese for the strings that no message catalogue reaches.

Most strings of the themes come from ``locale/zh_TW``. The copy button keeps its own in a script,
without Traditional Chinese.
"""

from pathlib import Path

from edition import edition
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

COPY_BUTTON = """const messages = {
  'zh-Hant': {
    'copy': '複製',
    'copy_to_clipboard': '複製到剪貼簿',
    'copy_success': '已複製',
    'copy_failure': '無法複製',
  },"""


def translate_copy_button(app: Sphinx, exception: Exception | None) -> None:
    """Add Traditional Chinese to the script of the copy button, once."""
    if exception or edition(app.config) != "zh-Hant" or app.builder.format != "html":
        return
    script = Path(app.outdir) / "_static" / "copybutton.js"
    text = script.read_text(encoding="utf-8")
    if COPY_BUTTON in text:
        return
    if "const messages = {" not in text:
        raise ExtensionError("copybutton.js has changed: its messages were not found")
    text = text.replace("const messages = {", COPY_BUTTON, 1)
    script.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", translate_copy_button)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
