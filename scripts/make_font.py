"""Make the subset of Noto Sans TC with which the charts are drawn.

``python scripts/make_font.py NotoSansTC_400Regular.ttf OFL.txt`` takes the static regular font and
its licence (both are in the npm package ``@expo-google-fonts/noto-sans-tc``) and writes
``src/csqm/fonts/``. It keeps the common characters of Big5 (level 1), its punctuation, Latin, Greek
and the signs that charts need. It has to be run again only when a character is missing.
"""

import argparse
import shutil
from pathlib import Path

from fontTools import subset

FAMILY = "csqm Noto Sans TC"
FONTS = Path(__file__).parents[1] / "src" / "csqm" / "fonts"


def characters() -> str:
    """Return every character that the subset keeps."""
    codes = [range(0xA140, 0xA3C0), range(0xA440, 0xC680)]  # punctuation, then level 1
    big5 = b"".join(code.to_bytes(2, "big") for part in codes for code in part if _is_big5(code))
    latin_and_greek = map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x370, 0x400)])
    signs = "–—‘’“”…•−×÷≤≥≠≈±√∞→←↑↓▲▼△▽◀▶◆◇■□●○★☆✓"
    beyond = "饋鐙"  # what the course's own data and labels have of level 2
    return big5.decode("big5", errors="ignore") + "".join(latin_and_greek) + signs + beyond


def _is_big5(code: int) -> bool:
    second = code & 0xFF
    return 0x40 <= second <= 0x7E or 0xA1 <= second <= 0xFE


def main() -> None:
    """Write the subset and its licence."""
    parser = argparse.ArgumentParser(description="Make the font of the charts.")
    parser.add_argument("font", type=Path)
    parser.add_argument("licence", type=Path)
    given = parser.parse_args()

    options = subset.Options(hinting=False, layout_features=["kern"], notdef_outline=True)
    font = subset.load_font(str(given.font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters())
    subsetter.subset(font)
    # A name of its own, so that a complete Noto Sans TC of the system is not taken for it.
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = FAMILY
    FONTS.mkdir(exist_ok=True)
    subset.save_font(font, str(FONTS / "NotoSansTC-subset.ttf"), options)
    shutil.copyfile(given.licence, FONTS / "OFL.txt")


if __name__ == "__main__":
    main()
