"""The instructor's edition: complete in both languages, true to its sources, never public."""

import re
import subprocess
import sys
from html import unescape

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from build_instructor import parts

LANGUAGES = ("en", "zh-Hant")
SLUGS = [part["slug"] for _, part in parts()]
PLANS = "book/instructor"


@pytest.fixture(scope="module")
def edition(root, built_book):
    """Build the instructor's edition and return its folder."""
    subprocess.run([sys.executable, root / "scripts" / "build_instructor.py"], check=True, cwd=root)
    return root / "_build" / "instructor"


@pytest.fixture(scope="module")
def page(browser):
    """Yield a page; an error in it, or a file that it does not find, fails the test."""
    page, wrong = browser.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # axe asks for the style sheets itself, which a browser refuses to a page from a file
    page.on("requestfailed", lambda each: each.resource_type == "xhr" or wrong.append(each.url))
    yield page
    page.close()
    assert wrong == []


def plan(root, lang, slug):
    return (root / PLANS / lang / f"{slug}.md").read_text(encoding="utf-8")


def text_of(path):
    """Return what a page says."""
    body = path.read_text(encoding="utf-8")
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", body)))


# ---- lesson plans


@pytest.mark.parametrize("slug", SLUGS)
def test_plan_fills_three_hours_and_both_languages_agree(root, slug):
    minutes, shapes = [], []
    for lang in LANGUAGES:
        text = plan(root, lang, slug)
        minutes.append([int(each) for each in re.findall(r"^\| (\d+) \|", text, re.M)])
        assert sum(minutes[-1]) == 180
        prompts = re.findall(r"^\d\. \*\*.+?\*\* ..+$", text, re.M)
        assert 3 <= len(prompts) <= 5
        shapes.append([len(prompts), text.count("\n## "), text.count("\n- "), text.count("\n|")])
        assert f"```{{objectives}} {slug}" in text
    assert minutes[0] == minutes[1] and shapes[0] == shapes[1]


def test_every_assignment_has_its_pages(edition):
    for lang in LANGUAGES:
        for slug in SLUGS:
            folder = edition / lang / PLANS / lang
            plan_page = (folder / f"{slug}.html").read_text(encoding="utf-8")
            targets = re.findall(r'href="((?:\.\./)*[^":#]+\.html)"', plan_page)
            for target in targets:
                # the other language's edition is a sibling, the slides are a folder above
                assert (folder / target).resolve().exists(), target
            assert f"slides/{lang}/{slug}.html" in plan_page


# ---- what is taken from the assignments


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_marking_page_has_rubric_anchors_and_every_mistake(root, edition, lang, slug):
    page = text_of(edition / lang / PLANS / lang / f"{slug}-marking.html")
    rubric = (root / "exercises" / lang / "rubrics" / f"{slug}.md").read_text(encoding="utf-8")
    anchors = re.findall(r"^> (?:\d\. |- )?([^|\n]{20,})$", rubric, re.M)
    assert len(anchors) >= 2
    for line in anchors:
        assert re.sub(r"[\s*`]+", "", line)[:15].translate(QUOTES) in page.translate(QUOTES)
    catalogue = root / "exercises" / "mistakes" / f"{slug}.yaml"
    mistakes = yaml.safe_load(catalogue.read_text(encoding="utf-8"))["mistakes"]
    for mistake in mistakes:
        message = re.sub(r"[\s`]+", "", mistake["message"][lang])
        assert mistake["id"] in page and message.translate(QUOTES) in page.translate(QUOTES)


#: Quotation marks, which Sphinx makes curly.
QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "—": "-", "–": "-"})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_reference_solution_is_shown_and_was_not_run(edition, lang):
    for slug in SLUGS:
        folder = edition / lang / "exercises" / lang / "source" / slug
        page = (folder / f"{slug}.html").read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" in page and "BEGIN HIDDEN TESTS" in page
        assert 'class="cell_output' not in page


# ---- nothing of it is public


def test_public_book_holds_nothing_of_it(root, built_book, edition):
    """Neither a page nor a line of a rubric, a mistake or a hidden test."""
    assert edition.parent == built_book.parent and edition.name != built_book.name
    assert not [path for path in built_book.rglob("*") if "instructor" in path.name]
    secrets = {"BEGIN SOLUTION", "BEGIN HIDDEN TESTS"}
    for lang in LANGUAGES:
        for path in (root / "exercises" / lang / "rubrics").glob("*.md"):
            secrets |= set(re.findall(r"^> (\w.{40})", path.read_text("utf-8"), re.M))
        secrets |= {plan(root, lang, slug).split("\n")[2][:40] for slug in SLUGS}
    assert len(secrets) > 4 * len(SLUGS)
    for path in built_book.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not [secret for secret in secrets if secret in text], path


# ---- slides

OVERFLOW = """() => {
    const slide = Reveal.getCurrentSlide(), frame = slide.getBoundingClientRect();
    const out = [...slide.querySelectorAll("h1, h2, p, li, td, th, img, figcaption, math")]
        .filter(e => !e.closest(".notes"))
        .filter(e => {
            const box = e.getBoundingClientRect();
            return box.right > frame.right + 1 || box.bottom > frame.bottom + 1
                || box.left < frame.left - 1 || box.top < frame.top - 1;
        });
    const body = slide.querySelector(".body");
    const cut = body && (body.scrollHeight > body.clientHeight || body.scrollWidth > body.clientWidth);
    return out.length || cut ? slide.innerText.slice(0, 80) : "";
}"""
SMALLEST = """() => Math.min(...[...Reveal.getCurrentSlide().querySelectorAll(".body :is(p, li, td, th)")]
    .filter(e => e.textContent.trim()).map(e => parseFloat(getComputedStyle(e).fontSize)), 99)"""


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_slides_fit_and_can_be_read_from_the_last_row(edition, page, lang, slug):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto((edition / "slides" / lang / f"{slug}.html").as_uri())
    page.wait_for_selector("html[data-fitted]")
    number = page.evaluate("Reveal.getTotalSlides()")
    assert number > 15
    for index in range(number):
        page.evaluate("index => Reveal.slide(index)", index)
        assert page.evaluate(OVERFLOW) == "", f"slide {index + 1}"
        assert page.evaluate(SMALLEST) >= 16, f"slide {index + 1}"


#: A picture in a page, and its description.
IMAGE = r'<img [^>]*?alt="([^"]*)"'


@pytest.mark.parametrize("slug", SLUGS)
def test_slides_show_what_the_chapter_shows(built_book, edition, slug):
    counts = []
    for lang in LANGUAGES:
        chapter = (built_book / lang / "book" / lang / f"{slug}.html").read_text(encoding="utf-8")
        slides = (edition / "slides" / lang / f"{slug}.html").read_text(encoding="utf-8")
        article = chapter[chapter.index("<article") : chapter.index("</article>")]
        pictures, shown = (
            [unescape(alt) for alt in re.findall(IMAGE, each)] for each in (article, slides)
        )
        assert sorted(shown) == sorted(pictures)
        assert all(pictures)
        assert '<aside class="notes"><p>' in slides
        assert not re.search(r'(?:src|href)="(?:https?:)?//', slides)
        counts.append(len(pictures))
    assert counts[0] == counts[1] > 0


# ---- pages in a browser


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", [SLUGS[0], f"{SLUGS[0]}-marking"])
def test_pages_are_accessible_and_fit_a_telephone(edition, page, lang, name):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto((edition / lang / PLANS / lang / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = Axe().run(page, options=options).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found] == []
