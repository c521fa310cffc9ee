"""Make slides from the chapters of the built book, for reveal.js, one file for each part.

On a slide stand a section's heading and one thing to look at: a figure, a table, a formula, a list,
the task of an activity, or else the first sentence of each paragraph. The prose up to there is in
the speaker's notes (key S). The files work offline, without a server.
"""

import base64
import copy
import json
import mimetypes
import re
import shutil
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag

ROOT = Path(__file__).resolve().parents[1]
STYLE = ROOT / "book" / "instructor" / "slides.css"
SCRIPT = ROOT / "book" / "instructor" / "slides.js"
#: What slides load of reveal.js, as sphinx-revealjs brings it.
REVEAL = (
    "dist/reset.css",
    "dist/reveal.css",
    "dist/reveal.js",
    "plugin/notes/notes.js",
    "LICENSE",
)
WORDS = {
    "en": {
        "part": "Part {number}",
        "course": "Customer Satisfaction and Quality Management in Practice",
        "exercise": "Exercise, on the chapter’s page",
        "more": "{title} ({number} of {total})",
    },
    "zh-Hant": {
        "part": "第 {number} 部分",
        "course": "客戶滿意與品質管理實務",
        "exercise": "練習（在章節頁面上）",
        "more": "{title}（{number}／{total}）",
    },
}
#: Lines of a table, and of a list, that a slide holds at a size that can be read from the last row.
TABLE_LINES, LIST_LINES = 13, 11
#: Latin letters in a line of a table, and of a list; a Chinese character takes the room of two.
TABLE_WIDTH, LIST_WIDTH = 92, 70
LONGEST_POINT = 150
SENTENCE_END = re.compile(r"[.?!][”’\"')]*(?=\s)|[。？！][」』）]*")
PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="../reveal/dist/reset.css">
<link rel="stylesheet" href="../reveal/dist/reveal.css">
<link rel="stylesheet" href="../slides.css">
</head>
<body>
<main class="reveal"><div class="slides">
{slides}
</div></main>
<script src="../reveal/dist/reveal.js"></script>
<script src="../reveal/plugin/notes/notes.js"></script>
<script src="../slides.js"></script>
</body>
</html>
"""


def write(book: Path, into: Path, parts: list[tuple[int, dict]]) -> None:
    """Write the slides of each part in both languages, and reveal.js beside them."""
    import sphinx_revealjs

    source = Path(sphinx_revealjs.__file__).parent / "_static" / "revealjs"
    for name in REVEAL:
        target = into / "reveal" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target)
    for file in (STYLE, SCRIPT):
        shutil.copy(file, into)
    for lang in WORDS:
        (into / lang).mkdir()
        for number, part in parts:
            chapter = book / lang / "book" / lang / f"{part['slug']}.html"
            deck = Deck(chapter, lang, number)
            (into / lang / f"{part['slug']}.html").write_text(deck.page(), encoding="utf-8")


class Deck:
    """The slides of one chapter.

    Parameters
    ----------
    chapter : Path
        The chapter's page in the built book.
    lang : {"en", "zh-Hant"}
        Its language.
    number : int
        Number of the part.
    """

    def __init__(self, chapter: Path, lang: str, number: int) -> None:
        self.words, self.lang, self.number, self.folder = WORDS[lang], lang, number, chapter.parent
        soup = BeautifulSoup(chapter.read_text(encoding="utf-8"), "html.parser")
        self.article = soup.select_one("article.bd-article > section")
        self.clean()
        self.slides: list[str] = []
        self.notes: list[Tag] = []

    def page(self) -> str:
        """Return the page of the slides."""
        title = self.article.find("h1").get_text(" ", strip=True)
        part = self.words["part"].format(number=self.number)
        self.section(self.article, title)
        opening = f"<h1>{escape(title)}</h1><p>{part}</p><p>{self.words['course']}</p>"
        first = f'<section><div class="opening">{opening}</div></section>'
        return PAGE.format(
            lang=self.lang, title=escape(f"{part} {title}"), slides="\n".join([first, *self.slides])
        )

    def clean(self) -> None:
        """Take out what only a page needs, and bring pictures into the file."""
        for useless in self.article.select(
            "a.headerlink, .csqm-tip, .cell_input, style, script:not([type])"
        ):
            useless.decompose()
        for link in self.article.find_all("a"):
            link.unwrap()
        for element in self.article.find_all(True):
            for name in ("id", "href", "style"):
                if element.has_attr(name) and not (name == "style" and element.name == "svg"):
                    del element[name]
        for picture in self.article.find_all("img"):
            source = picture["src"]
            if not source.startswith("data:"):
                kind = mimetypes.guess_type(source)[0]
                content = base64.b64encode((self.folder / source).read_bytes()).decode()
                picture["src"] = f"data:{kind};base64,{content}"
        self.article.smooth()

    def section(self, section: Tag, title: str) -> None:
        """Make the slides of a section and of those in it."""
        made = len(self.slides)
        for block in section.find_all(True, recursive=False):
            if block.name in ("h1", "h2", "h3", "h4"):
                continue
            if block.name == "section":
                self.rest(title, made)
                heading = block.find(["h2", "h3", "h4"]).get_text(" ", strip=True)
                self.section(block, heading)
                made = len(self.slides)
            elif block.name == "p":
                self.notes.append(block)
            else:
                self.block(block, title)
        self.rest(title, made)

    def block(self, block: Tag, title: str) -> None:
        """Make the slides of what is not a paragraph."""
        if activity := block.select_one(".csqm-activity"):
            self.activity(activity)
        elif figure := (block if block.name == "figure" else block.find("figure")):
            self.figure(figure, title)
        elif table := (block if block.name == "table" else block.find("table")):
            self.table(table, title)
        elif "math" in block.get("class", []):
            self.add(title, f'<div class="formula">{block.decode_contents()}</div>')
        elif block.name in ("ul", "ol"):
            self.bullets(block, title)
        elif "admonition" in block.get("class", []):
            self.admonition(block)
        else:
            self.notes.append(block)

    def rest(self, title: str, made: int) -> None:
        """Give prose that no slide has taken a slide of its own, or to the notes of the last."""
        if not self.notes:
            return
        paragraphs = [block for block in self.notes if block.name == "p"]
        most = 3 if len(paragraphs) == 1 else 1
        points = [point for block in paragraphs for point in sentences(block, most)]
        if points and len(self.slides) == made:
            self.text_slides(title, [f"<li>{point}</li>" for point in points], "ul", "points")
        elif len(self.slides) > made:
            notes = "".join(map(str, self.notes))
            self.slides[-1] = self.slides[-1].replace("</aside>", f"{notes}</aside>")
        self.notes = []

    def add(self, title: str, content: str, label: str = "") -> None:
        """Add a slide, with the prose up to here as its notes."""
        notes = "".join(map(str, self.notes))
        self.notes = []
        label = f'<p class="label">{label}</p>' if label else ""
        self.slides.append(
            f'<section><div class="slide"><header>{label}<h2>{escape(title)}</h2></header>'
            f'<div class="body">{content}</div></div><aside class="notes">{notes}</aside></section>'
        )

    def figure(self, figure: Tag, title: str) -> None:
        """Add a slide with a picture and what it says."""
        picture, caption = figure.find("img"), figure.find("figcaption")
        if picture is None:
            self.notes.append(figure)
            return
        text = caption.get_text(" ", strip=True) if caption else ""
        picture = f'<img alt="{escape(picture.get("alt", ""))}" src="{picture["src"]}">'
        self.add(title, f"<figure>{picture}<figcaption>{escape(text)}</figcaption></figure>")

    def table(self, table: Tag, title: str) -> None:
        """Add as many slides as a table needs."""
        head = table.find("thead")
        rows = table.select("tbody > tr")
        groups = packed(rows, [row_lines(row) for row in rows], TABLE_LINES)
        for number, group in enumerate(groups, start=1):
            body = "".join(map(str, group))
            content = f"<table>{head or ''}<tbody>{body}</tbody></table>"
            self.add(self.numbered(title, number, len(groups)), content)

    def bullets(self, block: Tag, title: str) -> None:
        """Add the slides of a list; the notes hold what is too long for them."""
        items = block.find_all("li", recursive=False)
        shown = []
        for item in items:
            is_long = width(item.get_text()) > LONGEST_POINT
            paragraph = item.find("p") or item
            shown.append(
                f"<li>{opening(paragraph) if is_long else paragraph.decode_contents()}</li>"
            )
        self.notes.append(block)
        self.text_slides(title, shown, block.name)

    def text_slides(self, title: str, items: list[str], kind: str, look: str = "") -> None:
        """Add slides with the items of a list."""
        sizes = [-(-width(plain(item)) // LIST_WIDTH) + 0.4 for item in items]
        groups = packed(items, sizes, LIST_LINES)
        start = 1
        for number, group in enumerate(groups, start=1):
            begin = f' start="{start}"' if kind == "ol" else ""
            content = f'<{kind} class="{look}"{begin}>{"".join(group)}</{kind}>'
            self.add(self.numbered(title, number, len(groups)), content)
            start += len(group)

    def admonition(self, block: Tag) -> None:
        """Add the slide of a box: its list, or the first sentence of each paragraph."""
        heading = block.select_one(".admonition-title")
        title = heading.get_text(" ", strip=True)
        heading.extract()
        minutes = block.select_one(".csqm-minutes")
        if minutes:
            minutes.extract()
        if found := block.find(["ul", "ol"]):
            self.notes += block.find_all("p", recursive=False)
            self.bullets(found, title)
            return
        paragraphs = block.find_all("p")
        self.notes += paragraphs
        points = [f"<li>{point}</li>" for p in paragraphs for point in sentences(p, 3)]
        self.text_slides(title, points, "ul", "points")

    def activity(self, activity: Tag) -> None:
        """Add the slide that sets an exercise."""
        content = json.loads(activity.find("script").string)["content"]
        task = escape(content.get("task", ""))
        closing = content.get("closing")
        if closing:
            self.notes.append(BeautifulSoup(f"<p>{escape(closing)}</p>", "html.parser").p)
        self.add(content["title"], f'<p class="task">{task}</p>', self.words["exercise"])

    def numbered(self, title: str, number: int, total: int) -> str:
        """Return a title, with a count when several slides share it."""
        if total == 1:
            return title
        return self.words["more"].format(title=title, number=number, total=total)


def packed(items: list, sizes: list[float], room: float) -> list[list]:
    """Return items in as few groups as have room, the largest of them as small as can be.

    Examples
    --------
    >>> packed(list("abcde"), [1, 1, 1, 1, 1], 4)
    [['a', 'b', 'c'], ['d', 'e']]
    """
    groups = filled(items, sizes, room)
    wanted = len(groups)
    while room > max(sizes) and len(smaller := filled(items, sizes, room - 0.5)) == wanted:
        groups, room = smaller, room - 0.5
    return groups


def filled(items: list, sizes: list[float], room: float) -> list[list]:
    """Return items in groups that are filled one after the other."""
    groups, used = [[]], 0.0
    for item, size in zip(items, sizes, strict=True):
        if groups[-1] and used + size > room:
            groups.append([])
            used = 0.0
        groups[-1].append(item)
        used += size
    return groups


def row_lines(row: Tag) -> float:
    """Return about how many lines a row of a table takes."""
    cells = [width(cell.get_text(" ", strip=True)) for cell in row.find_all(["td", "th"])]
    # a browser gives columns width by their contents; long cells get what short ones leave
    long = [cell for cell in cells if cell > 14] or [1]
    room = max(TABLE_WIDTH - sum(max(cell, 4) for cell in cells if cell <= 14), 20) / len(long)
    return max(1, -(-max(long) // room)) + 0.5


def width(text: str) -> int:
    """Return the room a text takes, in Latin letters."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def plain(html: str) -> str:
    """Return the text of a piece of a page."""
    return BeautifulSoup(html, "html.parser").get_text()


def opening(paragraph: Tag) -> str:
    """Return the first sentence of a paragraph, with its formulas and without its citations."""
    return next(iter(sentences(paragraph, 1)), "")


def sentences(paragraph: Tag, most: int) -> list[str]:
    """Return the first sentences of a paragraph."""
    rest, found = copy.copy(paragraph), []
    for citation in rest.select(".bibtex-citation"):
        before = citation.previous_sibling
        if isinstance(before, NavigableString):
            before.replace_with(before.rstrip())
        citation.decompose()
    rest.smooth()
    while len(found) < most and rest.get_text(strip=True):
        sentence = copy.copy(rest)
        if not cut(sentence, after=True):
            found.append(sentence.decode_contents().strip())
            break
        cut(rest, after=False)
        found.append(sentence.decode_contents().strip())
    return found


def cut(paragraph: Tag, *, after: bool) -> bool:
    """Remove what stands after the end of the first sentence, or else up to it."""
    for text in list(paragraph.find_all(string=True)):
        if text.find_parent("math") or not (end := SENTENCE_END.search(text)):
            continue
        kept = text[: end.end()] if after else text[end.end() :]
        node = NavigableString(kept)
        text.replace_with(node)
        while node is not paragraph:
            siblings = node.next_siblings if after else node.previous_siblings
            for sibling in list(siblings):
                sibling.extract()
            node = node.parent
        return True
    return False
