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


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
@pytest.mark.parametrize("part", WRITTEN, ids=lambda part: part["slug"])
def test_lab_and_assignment_page_tell_the_time_of_the_syllabus(part, language):
    lab = (ROOT / "notebooks" / language / f"{part['slug']}.ipynb").read_text("utf-8")
    page = (ROOT / "book" / language / f"{part['slug']}-assignment.md").read_text("utf-8")
    told = {
        "lab": re.search(r"\*\*(?:Time:\*\* about|時間\*\*：約) (\d+)", lab),
        "assignment": re.search(r"(?:Allow about|大約需要) (\d+)", page),
    }
    for kind, time in told.items():
        assert time and int(time[1]) == part["minutes"][kind], kind


def test_part_one_is_written():
    assert "1-customers" in [part["slug"] for part in WRITTEN]


def test_the_inventory_of_part_one_is_whole():
    items = PARTS[0]["inventory"]
    numbers = {int(re.match(r"S1\.(\d+)", item)[1]) for item in items}
    assert numbers == set(range(1, 47))
    assert len(items) == 46 + 5 + 4  # S1.20 has six letters, S1.43 five


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_every_term_is_linked_in_a_chapter_no_later_than_its_part(language, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    from glossary import COLUMN, aliases, load_glossary

    linked: dict[str, int] = {}  # the first part that links a name
    for number, part in reversed(list(enumerate(PARTS, start=1))):
        chapter = (ROOT / "book" / language / f"{part['slug']}.md").read_text("utf-8")
        for text in re.findall(r"\{term\}`([^`]+)`", chapter):
            name = re.search(r"<([^<>]+)>$", text)
            linked[(name[1] if name else text).casefold()] = number
    terms = load_glossary(ROOT / "book" / "glossary.csv")
    assert len(terms) >= 120
    late = []
    for term in terms:
        names = [term[COLUMN[language]], *aliases(term, language)]
        first = min((linked.get(name.casefold(), 10) for name in names), default=10)
        if first > int(term["part"]):
            late.append(names[0])
    assert not late, f"link these where they are first used: {late}"
