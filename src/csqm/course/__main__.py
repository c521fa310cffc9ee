"""The command `csqm`."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path

from csqm.text import LANGUAGES, say, set_language


def main() -> None:
    """Run the command line, in the language of the course in this folder."""
    config = Path("nbgrader_config.py")
    if config.is_file():
        found = re.search(r'configure\(c, "([\w-]+)"\)', config.read_text(encoding="utf-8"))
        if found and found[1] in LANGUAGES:
            set_language(found[1])
    try:
        if find_spec("nbgrader") is None:  # to import it takes a second, in which others can start
            raise ModuleNotFoundError(name="nbgrader")
        from csqm.course.cli import app
    except ModuleNotFoundError as error:
        sys.exit(say("cli.extra_missing", module=error.name))
    app(prog_name="csqm")


if __name__ == "__main__":
    main()
