"""Activities in Python: content, scores, saved answers, and what pages get."""

import json
import random
import re
from html.parser import HTMLParser

import pytest
import traitlets
from activity_helpers import assert_both_refuse, assert_same_scores, content_of, refusal
from statsmodels.stats.inter_rater import cohens_kappa

from csqm.activities import ContentError, activity, book_script, book_style
from csqm.activities.content import load, paths, words
from csqm.activities.kinds import KINDS, map
from csqm.text import LANGUAGES, say, set_language

pytestmark = pytest.mark.usefixtures("english")

PART_1 = ["fit-to-print", "maslow-needs", "quiz-1", "stakeholder-map", "who-said-it"]


def random_answer(content, chance):
    """Return a random answer, often with gaps."""
    if content["kind"] == "quiz":
        questions = [each for each in content["questions"] if chance.random() < 0.8]
        chosen = {each["id"]: chance.choice(each["options"])["id"] for each in questions}
        return {"choices": chosen}
    if content["kind"] == "sorter":
        bins = [each["id"] for each in content["bins"]]
        cards = [each for each in content["cards"] if chance.random() < 0.8]
        return {"places": {card["id"]: chance.choice(bins) for card in cards}}
    low, high, gaps = chance.choice([(0, 10, 0.2), (0, 10, 0), (4, 6, 0), (7, 7, 0)])
    actors = {}
    for actor in content["actors"]:
        entry = {axis: chance.randint(low, high) for axis in ("power", "interest")}
        entry["ticks"] = [tick for tick in map.TICKS if chance.random() < 0.5]
        entry["plan"] = chance.choice(list(map.PLANS.values()))
        actors[actor["id"]] = {key: entry[key] for key in entry if chance.random() >= gaps}
    return {"actors": actors}


def best_answer(content):
    """Return an answer that earns every point."""
    if content["kind"] == "quiz":
        return {
            "choices": {
                question["id"]: next(o["id"] for o in question["options"] if o.get("right"))
                for question in content["questions"]
            }
        }
    if content["kind"] == "sorter":
        return {"places": {card["id"]: card["in"][-1] for card in content["cards"]}}
    actors = {}
    for actor in content["actors"]:
        panel = actor["panel"]
        levels = ["high" if panel[axis] > 5 else "low" for axis in ("power", "interest")]
        actors[actor["id"]] = {
            "power": panel["power"],
            "interest": panel["interest"],
            "ticks": panel["ticks"],
            "plan": map.PLANS[tuple(levels)],
        }
    return {"actors": actors}


# Content


def test_part_1_has_its_activities():
    here = [slug for slug, path in paths().items() if path.parent.name == "1-customers"]
    assert here == ["chain-of-customers", *PART_1]


@pytest.mark.parametrize("slug", paths())
def test_sources_are_in_the_bibliography(slug, root):
    content = load(paths()[slug])
    bibliography = (root / "book" / "references.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"^@\w+\{([^,]+),", bibliography, re.MULTILINE))
    assert set(content["sources"]) <= known


def test_quiz_has_one_question_for_each_objective():
    content = load(paths()["quiz-1"])
    assert [each["objectives"] for each in content["questions"]] == [
        [f"LO1.{number}"] for number in range(1, 6)
    ]
    assert all(len(each["options"]) == 4 for each in content["questions"])
    notes = [option["why"]["en"] for each in content["questions"] for option in each["options"]]
    assert len(set(notes)) == len(notes)


@pytest.mark.parametrize(
    ("slug", "change", "says"),
    [
        ("quiz-1", lambda c: c.pop("title"), r"quiz-1.yaml, line 1: `title` is missing"),
        ("quiz-1", lambda c: c["title"].pop("zh-Hant"), "title: `zh-Hant` is missing"),
        ("quiz-1", lambda c: c.update(colour="red"), "`colour` is not a known field"),
        ("quiz-1", lambda c: c.update(kind="riddle"), "one of map, sorter, quiz, chain"),
        ("quiz-1", lambda c: c.update(slug="quiz-9"), "`slug` is quiz-9, but the file is called"),
        ("quiz-1", lambda c: c.update(objectives=["1.1"]), "does not match"),
        ("quiz-1", lambda c: c["title"].update(en=7), "expected string, found 7"),
        ("quiz-1", lambda c: c["title"].update(en=""), "the text is empty"),
        (
            "quiz-1",
            lambda c: c["questions"][1]["options"][0].update(right=True),
            "questions/1/options: exactly one option must be `right`; found 2",
        ),
        (
            "quiz-1",
            lambda c: c["questions"][1].update(id=c["questions"][0]["id"]),
            "questions/1/id: the id next-process is used twice",
        ),
        ("quiz-1", lambda c: c.update(questions=[]), "too few or too many entries"),
        (
            "maslow-needs",
            lambda c: c["cards"][0].update({"in": ["heaven"]}),
            "there is no `heaven` here; there are: physiological",
        ),
        (
            "maslow-needs",
            lambda c: c["cards"][0]["wrong"].update(safety=c["title"]),
            "`safety` is a right place for this card",
        ),
        (
            "stakeholder-map",
            lambda c: c["actors"][0]["panel"].update(power=11),
            "actors/0/panel/power: 11 is outside the allowed range",
        ),
    ],
)
def test_broken_content_is_refused(slug, change, says, tmp_path):
    assert says in refusal(change, paths()[slug], tmp_path / f"{slug}.yaml")


def test_error_names_the_line(tmp_path):
    source = paths()["quiz-1"].read_text(encoding="utf-8")
    lines = source.splitlines()
    number = next(i for i, line in enumerate(lines) if "objectives: [LO1.3]" in line)
    lines[number] = lines[number].replace("LO1.3", "1.3")
    file = tmp_path / "quiz-1.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ContentError, match=f"quiz-1.yaml, line {number + 1}, questions/2/obj"):
        load(file)
    set_language("zh-Hant")
    with pytest.raises(ContentError, match=f"quiz-1.yaml，第 {number + 1} 行"):
        load(file)


def test_what_is_not_yaml_is_refused_with_its_line(tmp_path):
    file = tmp_path / "quiz-1.yaml"
    file.write_text("slug: quiz-1\ntitle: 'never closed\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"quiz-1.yaml, line 3: this is not valid YAML"):
        load(file)


def test_unknown_activity():
    with pytest.raises(
        ValueError, match="There are: chain-of-customers, fit-to-print, maslow-needs"
    ):
        activity("quiz-99")


# Scores


@pytest.mark.parametrize("slug", PART_1)
def test_points_of_nothing_and_of_everything(slug):
    widget = activity(slug)
    assert widget.score()["points"] == 0
    assert widget.score()["lines"]
    widget.answer = best_answer(widget.content)
    assert widget.score()["points"] == 1


def test_a_card_with_two_needs_fits_both():
    for place in ("esteem", "safety"):
        widget = activity("maslow-needs")
        widget.answer = {"places": {"raise": place}}
        assert widget.score()["points"] == 1 / 12
    widget.answer = {"places": {"raise": "belonging"}}
    assert any("stands for something else" in line for line in widget.score()["lines"])


def test_feedback_names_the_misunderstanding():
    widget = activity("quiz-1")
    widget.answer = {"choices": {"yield": "subtract"}}
    score = widget.score()
    assert score["points"] == 0
    assert any("took away 5% five times" in line for line in score["lines"])
    set_language("zh-Hant")
    assert any("連減了五次" in line for line in activity("quiz-1").score()["lines"])


def test_map_names_contradictions():
    widget = activity("stakeholder-map")
    entry = {"power": 8, "interest": 2, "ticks": [], "plan": "monitor"}
    widget.answer = {"actors": {"city": entry}}
    lines = "\n".join(widget.score()["lines"])
    assert "City Government: you gave power 8 and interest 2, and chose “Monitor”" in lines
    assert "you rated its power 8, but did not tick power" in lines
    assert "Rate at least 6 actors" in lines
    assert widget.score()["points"] == 0
    widget.answer = {"actors": {"city": entry | {"plan": "satisfied", "ticks": ["power"]}}}
    assert widget.score()["points"] == pytest.approx(1 / 12)


def test_on_the_line_both_neighbours_fit():
    content = content_of("stakeholder-map")
    for plan, fits in [("closely", True), ("informed", True), ("monitor", False)]:
        answer = {"actors": {"city": {"power": 5, "interest": 9, "plan": plan}}}
        item = map.Map.mark(content, answer, words("map"))["items"]["city"]
        assert (item["plan"] == "fits") is fits
        assert item["consistent"]


def test_one_quadrant_for_all_halves_the_points():
    content = content_of("stakeholder-map")
    entry = {"power": 8, "interest": 8, "ticks": ["power"], "plan": "closely"}
    answer = {"actors": {actor["id"]: entry for actor in content["actors"]}}
    result = map.Map.mark(content, answer, words("map"))
    assert result["points"] == 0.5
    assert result["kappa"] == {"power": 0, "interest": 0}


def test_a_map_on_the_edge_of_one_quadrant_is_no_way_round():
    content = content_of("stakeholder-map")
    answer = {
        "actors": {
            actor["id"]: {"power": 5, "interest": 5 + number % 2, "plan": "closely"}
            for number, actor in enumerate(content["actors"])
        }
    }
    assert map.Map.mark(content, answer, words("map"))["points"] == 0.5


@pytest.mark.parametrize("seed", range(25))
def test_kappa_is_that_of_statsmodels(seed):
    chance = random.Random(seed)
    mine = [chance.randint(0, 10) for _ in range(12)]
    theirs = [min(10, max(0, x + chance.randint(-3, 3))) for x in mine]
    table = [[0] * 11 for _ in range(11)]
    for x, y in zip(mine, theirs, strict=True):
        table[x][y] += 1
    expected = cohens_kappa(table, wt="quadratic", return_results=False)
    assert map.quadratic_kappa(mine, theirs) == pytest.approx(expected, abs=1e-12)


def test_kappa_of_constant_ratings_is_undefined_and_said_so():
    content = content_of("stakeholder-map")
    for actor in content["actors"]:
        actor["panel"]["power"] = 4
    answer = {"actors": {a["id"]: {"power": 4, "interest": 3} for a in content["actors"]}}
    result = map.Map.mark(content, answer, words("map"))
    assert result["kappa"]["power"] is None
    lines = [line for group in result["groups"] for line in group["lines"]]
    assert any("power not defined" in line for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", PART_1)
def test_python_and_javascript_agree(slug, language, script_page):
    set_language(language)
    content = content_of(slug)
    kind = content["kind"]
    chance = random.Random(slug)
    answers = [KINDS[kind].empty, best_answer(content)]
    answers += [random_answer(content, chance) for _ in range(60)]
    assert_same_scores(script_page, slug, answers)


NO_ANSWERS = [
    None,
    [],
    "text",
    {},
    {"places": []},
    {"places": {"guard": "heaven"}},
    {"places": {"nobody": "safety"}},
    {"places": {"guard": ["safety"]}},
    {"places": {}, "more": 1},
    {"choices": {"yield": "none"}},
    {"choices": {"toString": "x"}},
    {"choices": 3},
    {"actors": {"city": {"power": 11}}},
    {"actors": {"city": {"power": 2.5}}},
    {"actors": {"city": {"power": "<script>"}}},
    {"actors": {"city": {"power": True}}},
    {"actors": {"city": {"ticks": ["luck"]}}},
    {"actors": {"city": {"plan": "hide"}}},
    {"actors": {"city": {"plan": ["closely"]}}},
    {"actors": {"city": []}},
    {"actors": {"nobody": {}}},
]


@pytest.mark.parametrize("slug", ["maslow-needs", "quiz-1", "stakeholder-map"])
def test_both_refuse_what_is_no_answer(slug, script_page):
    assert_both_refuse(script_page, slug, NO_ANSWERS)


# Saved answers


def test_answer_is_saved_and_comes_back(tmp_path):
    first = activity("maslow-needs")
    assert not (tmp_path / "answers").exists()
    first.answer = {"places": {"guard": "safety"}}
    saved = json.loads((tmp_path / "answers" / "maslow-needs.json").read_text(encoding="utf-8"))
    assert saved == {
        "schema": 1,
        "activity": "maslow-needs",
        "kind": "sorter",
        "answer": {"places": {"guard": "safety"}},
    }
    set_language("zh-Hant")
    assert activity("maslow-needs").answer == {"places": {"guard": "safety"}}
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["maslow-needs.json"]


def envelope(**changes):
    saved = {"schema": 1, "activity": "quiz-1", "kind": "quiz", "answer": {"choices": {}}}
    return json.dumps(saved | changes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "another version"),
        (envelope(schema=0).encode(), "another version"),
        (envelope(activity="quiz-2").encode(), "does not fit"),
        (envelope(kind="map").encode(), "does not fit"),
        (envelope(answer={"choices": {"yield": "<script>alert(1)</script>"}}).encode(), "not fit"),
    ],
)
def test_unusable_answer_is_kept_aside_and_reported(text, reason, tmp_path, capsys):
    folder = tmp_path / "answers"
    folder.mkdir()
    (folder / "quiz-1.json").write_bytes(text)
    (folder / "quiz-1.broken-1.json").write_text("an earlier one")
    widget = activity("quiz-1")
    assert widget.answer == {"choices": {}}
    assert reason in widget.notice
    assert widget.notice in capsys.readouterr().out
    assert (folder / "quiz-1.broken-2.json").read_bytes() == text
    assert (folder / "quiz-1.broken-1.json").read_text() == "an earlier one"
    widget.answer = {"choices": {"yield": "mean"}}
    assert (folder / "quiz-1.broken-2.json").read_bytes() == text
    assert activity("quiz-1").answer == {"choices": {"yield": "mean"}}


def test_what_cannot_be_kept_aside_is_never_overwritten(tmp_path, monkeypatch):
    folder = tmp_path / "answers"
    folder.mkdir()
    (folder / "quiz-1.json").write_text("{", encoding="utf-8")

    def refuse(*args):
        raise OSError

    monkeypatch.setattr("pathlib.Path.rename", refuse)
    widget = activity("quiz-1")
    assert "Nothing will be saved" in widget.notice
    widget.answer = {"choices": {"yield": "mean"}}
    assert (folder / "quiz-1.json").read_text(encoding="utf-8") == "{"


def test_failed_saving_is_reported_and_leaves_the_last_answer(tmp_path, monkeypatch):
    widget = activity("quiz-1")
    widget.answer = {"choices": {"yield": "mean"}}
    before = (tmp_path / "answers" / "quiz-1.json").read_text(encoding="utf-8")

    def full(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    widget.answer = {"choices": {"yield": "product"}}
    assert "could not be saved" in widget.notice
    assert (tmp_path / "answers" / "quiz-1.json").read_text(encoding="utf-8") == before
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    widget.answer = {"choices": {"yield": "subtract"}}
    assert widget.notice == ""


def test_python_refuses_a_wrong_answer():
    widget = activity("quiz-1")
    with pytest.raises(traitlets.TraitError, match="not an answer to the activity `quiz-1`"):
        widget.answer = {"choices": {"yield": "no such option"}}
    assert widget.answer == {"choices": {}}


# What pages get


class Texts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.scripts, self.text, self.inside = [], [], None

    def handle_starttag(self, tag, attrs):
        self.inside = tag

    def handle_data(self, data):
        (self.scripts if self.inside == "script" else self.text).append(data)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", PART_1)
def test_html_holds_content_and_a_readable_version(slug, language):
    set_language(language)
    widget = activity(slug)
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    page = Texts()
    page.feed(data["text/html"])
    given = json.loads("".join(page.scripts))
    assert given["content"] == widget.content
    text = " ".join(page.text)
    assert widget.content["title"] in text
    named = widget.content.get("cards") or widget.content.get("questions") or []
    assert all(each["text"] in text for each in named)
    assert all(each["name"] in text for each in widget.content.get("actors", []))


def test_html_in_content_stays_text():
    content = content_of("quiz-1")
    content["title"] = "</script><img src=x onerror=alert(1)>"
    widget = KINDS["quiz"](content)
    html = widget._repr_mimebundle_()[0]["text/html"]
    assert "<img" not in html
    assert html.count("</script>") == 1


def test_book_script_is_classic_and_small():
    import gzip

    script = book_script()
    plain = script.replace("http://www.w3.org/2000/svg", "")  # a name, not an address to ask
    assert not re.search(
        r"^\s*(export|import)\b|\beval\(|innerHTML|Function\(|https?:", plain, re.M
    )
    both = script + book_style()
    assert len(gzip.compress(both.encode())) < 60_000


def test_a_kind_without_its_export_is_refused(monkeypatch):
    from csqm import activities

    read = activities._read
    monkeypatch.setattr(
        activities, "_read", lambda name: read(name).replace("export default", "export const x =")
    )
    with pytest.raises(RuntimeError, match=r"kinds/map.js must have one `export default \{`"):
        book_script()


def test_no_kind_styles_what_another_one_does(root):
    """A page of the book has the styles of all kinds, a widget in a notebook its own alone."""
    found = {}
    for file in sorted((root / "src/csqm/activities/kinds").glob("*.css")):
        style = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.S)
        rules = [
            rule for rule in re.findall(r"([^{};]+)\{", style) if not rule.strip().startswith("@")
        ]
        for selector in {each.strip() for rule in rules for each in rule.split(",\n")}:
            assert found.setdefault(selector, file.stem) == file.stem, selector


def test_every_word_the_scripts_use_exists(root):
    folder = root / "src" / "csqm" / "activities"
    for kind in KINDS:
        source = "".join(
            (folder / n).read_text() for n in ("common.js", "book.js", f"kinds/{kind}.js")
        )
        used = set(re.findall(r"words\.(\w+)", source))
        assert used <= set(words(kind))


@pytest.mark.parametrize("language", LANGUAGES)
def test_chinese_has_no_english_left(language):
    """Apart from names, sources and placeholders no Latin word stands in the Chinese texts."""
    if language == "en":
        return
    allowed = {
        "Maslow",
        "Adams",
        "Herzberg",
        "Holmes",
        "Oliver",
        "Wendell",
        "Sr",
        "The",
        "Atlantic",
    }
    allowed |= {"Wahba", "Bridwell", "Tay", "Diener", "Bridgman", "Cummings", "Ballard", "et", "al"}
    allowed |= {"House", "Wigdor", "JSON", "YAML"}
    allowed |= {"Kano", "Berger", "Fong", "Delete"}
    set_language(language)
    texts = [json.dumps(list(strings(content_of(slug))), ensure_ascii=False) for slug in PART_1]
    texts += [json.dumps(list(words(kind).values()), ensure_ascii=False) for kind in KINDS]
    for text in texts:
        text = re.sub(r"\{\w+\}", "", text)
        assert set(re.findall(r"[A-Za-z]{2,}", text)) <= allowed


def strings(value, key=""):
    if isinstance(value, dict):
        for name, each in value.items():
            yield from strings(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each, key)
    elif isinstance(value, str) and key not in {"id", "slug", "kind", "in", "ticks"} | {
        "objectives",
        "sources",
    }:
        yield value


def test_notices_are_said_in_both_languages():
    for language in LANGUAGES:
        set_language(language)
        assert say("activities.kept_in_file", file="answers/x.json")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_activity_has_its_place_in_the_book(language, root):
    pages = [path.read_text("utf-8") for path in (root / "book" / language).glob("*.md")]
    placed = re.findall(r'^activity\("([\w-]+)"\)$', "\n".join(pages), re.M)
    assert sorted(placed) == sorted(paths())
