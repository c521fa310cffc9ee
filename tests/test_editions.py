"""Both editions are one course: same files, same structure, same code."""

import ast
import csv
import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "zh-Hant")
# What a reader of one edition finds, a reader of the other must find too.
FOLDERS = ("book", "notebooks", "exercises")


def files(folder: str, language: str, suffix: str) -> dict[str, Path]:
    """Return the committed-to-be files of one edition by their path inside it."""
    base = ROOT / folder / language
    made = {"release", "submitted", "autograded", "feedback", ".ipynb_checkpoints", "answers"}
    return {
        str(path.relative_to(base)): path
        for path in sorted(base.rglob(f"*{suffix}"))
        if path.is_file() and not made & set(path.relative_to(base).parts)
    }


def pairs(folder: str, suffix: str):
    """Return every file of the English edition with its Chinese counterpart."""
    english, chinese = (files(folder, language, suffix) for language in LANGUAGES)
    return [
        pytest.param(path, chinese[name], id=f"{folder}/{name}")
        for name, path in english.items()
        if name in chinese
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_both_editions_have_the_same_files(folder):
    english, chinese = (set(files(folder, language, "")) for language in LANGUAGES)
    assert english == chinese, "write the missing counterpart, or remove what is too much"
    assert english, f"{folder} is empty"


def code_shape(source: str) -> str:
    """Return code without what may differ between editions: strings, comments, line breaks."""

    class Blank(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.Constant("…") if isinstance(node.value, str) else node

        def visit_JoinedStr(self, node):
            inside = [part for part in node.values if isinstance(part, ast.FormattedValue)]
            return ast.JoinedStr([self.generic_visit(part) for part in inside])

    python = "\n".join("pass" if line.startswith("%") else line for line in source.split("\n"))
    return ast.dump(Blank().visit(ast.parse(python)))


def cell_shape(cell: dict) -> tuple:
    """Return what must be equal in both editions of a notebook cell."""
    source = "".join(cell["source"])
    body = code_shape(source) if cell["cell_type"] == "code" else markdown_shape(source)
    # The words on a fold ("Show the solution") are each edition's own.
    metadata = {key: value for key, value in cell["metadata"].items() if key != "mystnb"}
    return cell["id"], cell["cell_type"], json.dumps(metadata, sort_keys=True), body


def markdown_shape(text: str) -> list[str]:
    """Return the skeleton of a Markdown text: headings, blocks, markers, citations, references."""
    skeleton = []
    for line in text.split("\n"):
        # The words are each edition's own; how many of a thing, and which, is not.
        skeleton += re.findall(r"^#+ ", line)
        skeleton += re.findall(r"^(?:```|:::)\{[\w-]+\}", line)
        skeleton += re.findall(r"^\(([\w-]+)\)=$", line)
        skeleton += re.findall(r"<!-- treats: .*? -->", line)
        skeleton += ["list" for _ in re.findall(r"^\s*(?:[-*]|\d+\.) ", line)]
        skeleton += ["row" for _ in re.findall(r"^\|", line)]
        skeleton += ["formula" for _ in re.findall(r"^\$\$", line)]
    return skeleton


def references(text: str) -> list[str]:
    """Return which sources, figures and glued numbers a text names (their order may differ)."""
    return sorted(re.findall(r"\{(?:cite:[pt]|numref|ref|glue:text)\}`([^`]+)`", text))


def terms(text: str, column: str) -> list[str]:
    """Return which entries of the glossary a text links to, by their English names."""
    with open(ROOT / "book" / "glossary.csv", encoding="utf-8", newline="") as file:
        entries = {row[column]: row["en"] for row in csv.DictReader(file)}
    targets = re.findall(r"\{term\}`(?:[^`<]*<([^`>]+)>|([^`]+))`", text)
    return sorted(entries[named or plain] for named, plain in targets)


@pytest.mark.parametrize(
    ("english", "chinese"), pairs("notebooks", ".ipynb") + pairs("exercises", ".ipynb")
)
def test_notebooks_have_the_same_cells(english, chinese):
    cells = [json.loads(path.read_text("utf-8"))["cells"] for path in (english, chinese)]
    for number, (one, other) in enumerate(zip(*cells, strict=False)):
        assert cell_shape(one) == cell_shape(other), f"cell {number} ({one['id']}) has drifted"
    assert len(cells[0]) == len(cells[1]), "one edition has more cells"


@pytest.mark.parametrize(("english", "chinese"), pairs("book", ".md"))
def test_pages_have_the_same_structure(english, chinese):
    one, other = english.read_text("utf-8"), chinese.read_text("utf-8")
    assert markdown_shape(one) == markdown_shape(other)
    assert references(one) == references(other)
    assert terms(one, "en") == terms(other, "zh_TW"), "terms linked in one edition only"


@pytest.mark.parametrize(("english", "chinese"), pairs("book", ".md"))
def test_pages_have_the_same_code(english, chinese):
    def code(path):
        cells = re.findall(
            r"^```\{code-cell\}[^\n]*\n(.*?)^```", path.read_text("utf-8"), re.S | re.M
        )
        bodies = [
            re.sub(r"\A(?:---\n.*?\n---\n|(?::[\w-]+:[^\n]*\n)+)", "", c, flags=re.S) for c in cells
        ]
        return [code_shape(body) for body in bodies]

    assert code(english) == code(chinese)


@pytest.mark.parametrize("folder", FOLDERS)
def test_chinese_is_emphasised_in_bold_that_parses(folder):
    """No italics on Chinese; no bold that ends in a mark right before a word: it is not read so."""
    for suffix in (".md", ".ipynb"):
        for name, path in files(folder, "zh-Hant", suffix).items():
            text = path.read_text("utf-8")
            # Bold spans in turn, so that the text between two of them is not taken for one.
            bold = list(re.finditer(r"\*\*([^*\n]+?)\*\*(.?)", text))
            broken = [
                span[0]
                for span in bold
                if re.search(r"[。：，；？！」）`]$", span[1]) and re.match(r"\w", span[2])
            ]
            plain = re.sub(r"\*\*[^*\n]+?\*\*|`[^`\n]*`", "", text)
            italic = re.findall(r"(?<!\*)\*[^*\s][^*\n]*[\u4e00-\u9fff][^*\n]*\*(?!\*)", plain)
            assert not italic + broken, f"{name}: {italic + broken}"


@pytest.mark.parametrize(
    ("language", "named"), [("en", r"(?:chapter|[Ss]ee) \*([^*]+)\*"), ("zh-Hant", r"〈([^〉]+)〉")]
)
def test_notebooks_call_pages_by_their_titles(language, named):
    pages = files("book", language, ".md").values()
    titles = {re.search(r"^# (.+)", page.read_text("utf-8"), re.M)[1] for page in pages}
    for activity in (ROOT / "src/csqm/activities/content").rglob("*.yaml"):
        titles.add(yaml.safe_load(activity.read_text("utf-8"))["title"][language])
    for folder in ("notebooks", "exercises"):
        for name, path in files(folder, language, ".ipynb").items():
            unknown = set(re.findall(named, path.read_text("utf-8"))) - titles
            assert not unknown, f"{name}: no page is called {unknown}"
