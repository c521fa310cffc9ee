"""What the tests of the data sets ask again and again."""

import re
from pathlib import Path

DATASETS = Path(__file__).parents[1] / "datasets"


def page_halves(name):
    """Return the English and the Chinese half of the page of a data set, with plain minus signs."""
    page = (DATASETS / f"{name}.md").read_text(encoding="utf-8").replace("−", "-")
    english, chinese = re.split(r"^(?=# )", page, flags=re.MULTILINE)[1:]
    return english, chinese
