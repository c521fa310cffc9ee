"""Make the data sets of Qingchuan Taxi (晴川車隊), a company that does not exist.

``python datasets/generate.py`` writes the CSV files; ``--check`` only says whether the files equal
what would be written. Each data set has a module of its name in ``makers/``, whose constants are
the truth and whose ``make`` returns the header and the rows; ``<name>.md`` explains it.
"""

import argparse
import csv
import importlib
import io
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = sorted(
    path.stem
    for path in (FOLDER / "makers").glob("*.py")
    if path.stem not in ("__init__", "drawing")
)


def main() -> int:
    """Write the files, or with ``--check`` compare them; return the exit status."""
    parser = argparse.ArgumentParser(description="Make the data sets of the course.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    different = 0
    for name in NAMES:
        path = FOLDER / f"{name}.csv"
        made = _as_csv(importlib.import_module(f"makers.{name}").make())
        if not check:
            path.write_bytes(made)
        elif not path.is_file() or path.read_bytes() != made:
            print(f"{path.name} differs from what generate.py makes", file=sys.stderr)
            different += 1
    return 1 if different else 0


def _as_csv(rows: list[list]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


if __name__ == "__main__":
    sys.exit(main())
