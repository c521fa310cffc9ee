"""Nothing of the syllabus is forgotten: each item and objective is marked where it is treated."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PARTS = yaml.safe_load((ROOT / "book" / "syllabus.yaml").read_text("utf-8"))["parts"]
# A part belongs here as soon as its chapter exists.
WRITTEN = [part for part in PARTS if (ROOT / "book" / "en" / f"{part['slug']}.md").exists()]


def marked(language: str, slug: str) -> set[str]:
    """Return the codes marked in the chapter, the lab and the assignment of a part."""
    places = [
        ROOT / "book" / language / f"{slug}.md",
        ROOT / "notebooks" / language / f"{slug}.ipynb",
        ROOT / "exercises" / language / "source" / slug / f"{slug}.ipynb",
    ]
    text = "\n".join(path.read_text("utf-8") for path in places)
    return set(" ".join(re.findall(r"<!-- treats: (.*?) -->", text)).split())


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
@pytest.mark.parametrize("part", WRITTEN, ids=lambda part: part["slug"])
def test_every_item_and_objective_is_treated(part, language):
    wanted = set(part["inventory"]) | set(part["objectives"])
    missing = wanted - marked(language, part["slug"])
    assert not missing, f"mark where these are treated: {sorted(missing)}"


@pytest.mark.parametrize("part", WRITTEN, ids=lambda part: part["slug"])
def test_no_marker_names_what_does_not_exist(part):
    known = {code for each in PARTS for code in [*each["inventory"], *each["objectives"]]}
    assert marked("en", part["slug"]) <= known


def test_part_one_is_written():
    assert "1-customers" in [part["slug"] for part in WRITTEN]


def test_the_inventory_of_part_one_is_whole():
    items = PARTS[0]["inventory"]
    numbers = {int(re.match(r"S1\.(\d+)", item)[1]) for item in items}
    assert numbers == set(range(1, 47))
    assert len(items) == 46 + 5 + 4  # S1.20 has six letters, S1.43 five
