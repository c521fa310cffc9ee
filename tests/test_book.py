"""The built book as its readers meet it: both editions, in a real browser, with the network cut off."""

import contextlib
import csv
import doctest
import importlib
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

EDITIONS = ("en", "zh-Hant")
ROOT = Path(__file__).resolve().parents[1]


def pages_of(edition: str) -> list[str]:
    """Return the addresses of all pages that the table of contents of an edition names."""
    toc = ROOT / ("_toc.yml" if edition == "en" else f"_toc.{edition}.yml")
    names = re.findall(r"(?:root|file): (\S+)", toc.read_text(encoding="utf-8"))
    return [f"{edition}/{name}.html" for name in names]


ALL_PAGES = [address for edition in EDITIONS for address in pages_of(edition)]


class Page(HTMLParser):
    """What a page links to, its ids and its visible text."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.ids, self.words = [], set(), []
        self.hidden = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        self.links += [attributes[key] for key in ("href", "src") if attributes.get(key)]
        self.words += [
            attributes[key] for key in ("title", "aria-label", "placeholder") if attributes.get(key)
        ]
        self.hidden += tag in ("script", "style", "code", "pre")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style", "code", "pre")

    def handle_data(self, data):
        if not self.hidden and data.strip():
            self.words.append(data.strip())


@pytest.fixture(scope="module")
def parsed(built_book):
    return {path: Page(path) for path in built_book.rglob("*.html")}


@contextlib.contextmanager
def cut_off(browser):
    """Open a page that can reach this machine only; `page.outside` lists what it tried to reach."""
    context = browser.new_context()
    page = context.new_page()
    page.outside, page.problems = [], []

    def check(route):
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            page.outside.append(route.request.url)
            route.abort()

    page.route(re.compile("^(?!data:|blob:)"), check)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda message: page.problems.append(message.text) if message.type == "error" else None,
    )
    yield page
    context.close()


@pytest.fixture
def page(browser):
    with cut_off(browser) as page:
        yield page


@pytest.fixture(scope="module", params=ALL_PAGES)
def every_page(request, browser, book_url):
    """Open each page of the book once, for all the tests that look at every page."""
    with cut_off(browser) as page:
        page.goto(f"{book_url}/{request.param}", wait_until="networkidle")
        page.address = request.param
        yield page


# ---- the files


def test_both_editions_have_the_same_pages(built_book):
    def pages(edition):
        return {
            path.relative_to(built_book / edition).as_posix().replace(f"/{edition}/", "/*/")
            for path in (built_book / edition).rglob("*.html")
            if "_static" not in path.parts
        }

    assert pages("en") == pages("zh-Hant")
    for address in ALL_PAGES:
        assert (built_book / address).exists(), address


def test_every_internal_link_and_anchor_resolves(built_book, parsed):
    broken = []
    for path, page in parsed.items():
        if "_static" in path.parts:
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                broken.append(f"{path.relative_to(built_book)} -> {link}")
            elif parts.fragment and target.suffix == ".html":
                known = parsed[target].ids if target in parsed else Page(target).ids
                if unquote(parts.fragment) not in known:
                    broken.append(f"{path.relative_to(built_book)} -> {link} (no such anchor)")
    assert not broken, "\n".join(broken)


def test_pages_say_their_language_title_and_description(built_book):
    for address in ALL_PAGES:
        text = (built_book / address).read_text(encoding="utf-8")
        edition = address.split("/")[0]
        assert f'<html lang="{edition}"' in text, address
        description = re.search(r'<meta[^>]*name="description"[^>]*>', text)
        assert description, address
        content = re.search(r'content="([^"]{8,})"', description.group())
        assert content, f"{address}: the description is empty"
        if edition == "zh-Hant":
            assert re.search("[\u4e00-\u9fff]", content.group(1)), address


def test_tables_have_no_empty_header_cells(built_book):
    for address in ALL_PAGES:
        text = (built_book / address).read_text(encoding="utf-8")
        assert not re.search(r"<th[^>]*>(?:\s|<p>|</p>)*</th>", text), address


# what the themes and Sphinx would say in English, or in Simplified Chinese, if nobody stopped them
FOREIGN_STRINGS = """
Search|Page|Main|Contents|On this page|Previous|previous|Next|next|Next page|next page|previous page|Show code cell
Hide code cell|Toggle hidden content|Toggle primary sidebar|Toggle secondary sidebar|Show the code|Hide the code
Click to show|Click to hide|Skip to main content|Back to top|Color mode|Light|Dark|System Settings|Copyright
Permalink|Link to this|Download this page|Print to PDF|Fullscreen mode|Site navigation|Section Navigation
Note|Warning|Tip|Caution|Important|See also|Fig.|Table|Glossary|Bibliography|Home|in preparation|Copy|Copied
搜索|当前|跳转|显示|内容导航|上一条|下一条|亮色|暗色|回到顶部
"""


def test_no_foreign_interface_string_is_left_in_the_chinese_pages(built_book, parsed):
    strings = [
        string for line in FOREIGN_STRINGS.split("\n") for string in line.split("|") if string
    ]
    found = []
    for path, page in parsed.items():
        if path.is_relative_to(built_book / "zh-Hant") and "_static" not in path.parts:
            found += [
                f"{path.relative_to(built_book)}: {word!r}"
                for word in page.words
                if any(
                    word == string or (len(string) > 5 and word.startswith(string))
                    for string in strings
                )
            ]
    assert not found, "\n".join(found)


def test_the_copy_button_speaks_chinese(built_book, page, book_url):
    page.goto(f"{book_url}/zh-Hant/book/zh-Hant/start.html")
    assert page.locator("button.copybtn").first.get_attribute("data-tooltip") == "複製"


# ---- downloads


def parts(root, edition):
    """Return the slugs of the parts that have an assignment."""
    return [path.name for path in (root / "exercises" / edition / "source").glob("*/")]


def test_downloads_open(root, built_book):
    for edition in EDITIONS:
        files = {path.name: path for path in (built_book / edition / "_downloads").rglob("*.*")}
        wheel = next(path for name, path in files.items() if name.endswith(".whl"))
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            assert "csqm/stakeholders.py" in names
            assert "csqm/datasets/employee_survey.csv" in names
            assert "csqm/messages/stakeholders.toml" in names
        for part in parts(root, edition):
            nbformat.validate(nbformat.read(files[f"lab-{part}.ipynb"], as_version=4))
            with zipfile.ZipFile(files[f"assignment-{part}.zip"]) as archive:
                assert archive.testzip() is None
                notebook = archive.read(f"{part}/{part}.ipynb").decode()
                nbformat.validate(nbformat.reads(notebook, as_version=4))


def test_no_solution_or_hidden_test_gets_out(root, built_book):
    secrets = [b"BEGIN SOLUTION", b"BEGIN HIDDEN TESTS", b"END SOLUTION", b"END HIDDEN TESTS"]
    checked = 0
    for path in built_book.rglob("*"):
        if not path.is_file():
            continue
        contents = [path.read_bytes()]
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                contents = [archive.read(name) for name in archive.namelist()]
            checked += 1
        for content in contents:
            assert not any(secret in content for secret in secrets), path
    assert checked == sum(len(parts(root, edition)) for edition in EDITIONS) > 0


def test_installation_commands_name_the_wheel_that_is_offered(built_book, root):
    wheel = next((built_book / "en" / "_downloads").rglob("*.whl")).name
    for edition in EDITIONS:
        text = (root / "book" / edition / "start.md").read_text(encoding="utf-8")
        assert set(re.findall(r"csqm-[\w.]+-py3-none-any\.whl", text)) == {wheel}


# ---- glossary, syllabus, bibliography


@pytest.fixture(scope="module")
def glossary(root):
    with (root / "book" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_glossary_has_every_term_once_in_both_editions(built_book, glossary):
    for edition, column, other in (("en", "en", "zh_TW"), ("zh-Hant", "zh_TW", "en")):
        text = (built_book / edition / "book" / edition / "glossary.html").read_text(
            encoding="utf-8"
        )
        terms = re.findall(r'<dt id="(term-[^"]+)">(.*?)</dt>', text, re.DOTALL)
        plain = [re.sub("<[^>]+>", "\n", term).replace("&amp;", "&") for _, term in terms]
        shown = [[line.strip() for line in term.split("\n") if line.strip()][:2] for term in plain]
        expected = [[row[column], row[other]] for row in glossary]
        normal = [[name.replace("’", "'") for name in pair] for pair in shown]
        assert normal == [[name.replace("’", "'") for name in pair] for pair in expected]
        assert len({identifier for identifier, _ in terms}) == len(glossary)


def test_glossary_rows_are_complete(glossary):
    for row in glossary:
        for column in ("part", "en", "zh_TW", "definition_en", "definition_zh"):
            assert row[column].strip(), row


def test_syllabus_is_whole(root):
    parts = yaml.safe_load((root / "book" / "syllabus.yaml").read_text(encoding="utf-8"))["parts"]
    assert [part["slug"][0] for part in parts] == list("123456789")
    items = [item for part in parts for item in part["inventory"]]
    assert len(items) == len(set(items)) == 55 + 8 + 39
    for part in parts:
        assert set(part["title"]) == set(EDITIONS)
        assert set(part["minutes"]) == {"chapter", "lab", "assignment"}
        for number, (code, text) in enumerate(part["objectives"].items(), start=1):
            assert code == f"LO{part['slug'][0]}.{number}"
            assert set(text) == set(EDITIONS)


def test_bibliography_prints_what_is_cited_and_no_remarks(root, built_book):
    bib = (root / "book" / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),", bib, re.MULTILINE)
    assert len(keys) == len(set(keys)), "an entry is there twice"
    assert "verified" not in bib
    chapters = [path.read_text(encoding="utf-8") for path in (root / "book" / "en").glob("*.md")]
    cited = {
        key.strip()
        for text in chapters
        for group in re.findall(r"\{cite:[pt]\}`([^`]+)`", text)
        for key in group.split(",")
    }
    assert cited and cited <= set(keys)
    for edition in EDITIONS:
        page = built_book / edition / "book" / edition / "bibliography.html"
        assert page.read_text(encoding="utf-8").count('class="citation"') == len(cited)


def test_citations_have_the_punctuation_of_the_edition(built_book):
    expected = {"en": "(Maslow, 1943)", "zh-Hant": "（Maslow, 1943）"}
    for edition, citation in expected.items():
        page = built_book / edition / "book" / edition / "1-customers.html"
        text = re.sub("<[^>]+>", "", page.read_text(encoding="utf-8"))
        assert citation in text
        assert re.search(r"Tay &amp; Diener, 2011", text)


def test_formulas_are_mathml(built_book):
    for edition in EDITIONS:
        text = (built_book / edition / "book" / edition / "1-customers.html").read_text(
            encoding="utf-8"
        )
        assert 'display="block"' in text and 'display="inline"' in text
        assert "MathJax" not in text


# ---- in the browser


def test_pages_reach_no_outside_host_and_have_no_errors(every_page):
    assert every_page.outside == []
    assert every_page.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(every_page, scheme):
    if scheme == "dark":  # it was opened in the light
        every_page.emulate_media(color_scheme=scheme)
        every_page.reload(wait_until="networkidle")
    assert every_page.locator("html").get_attribute("data-theme") == scheme
    found = Axe().run(every_page).response["violations"]
    report = [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]
    assert not report, "\n".join(report)


# Tables that one must push sideways (those of pandas may be), formulas that begin out of sight.
CUT_OFF = """() => {
    const tables = document.querySelectorAll('.bd-article table:not(.dataframe, .csqm-frame table)');
    const wide = [...tables].filter((each) => each.offsetWidth > each.parentElement.clientWidth + 1);
    const left = (node) => node.getBoundingClientRect().left;
    const formulas = [...document.querySelectorAll('div.math > math')];
    const cut = formulas.filter((each) => left(each) < left(each.parentElement) - 1);
    return [...wide, ...cut].map((node) => node.textContent.trim().slice(0, 60));
}"""


def test_pages_fit_a_phone(every_page):
    every_page.set_viewport_size({"width": 390, "height": 844})
    every_page.reload()
    assert every_page.evaluate("document.documentElement.scrollWidth") <= 390
    assert every_page.locator("a.csqm-lang-switch").is_visible()
    assert every_page.evaluate(CUT_OFF) == []


def test_headings_are_in_order(every_page):
    levels = every_page.eval_on_selector_all(
        "article :is(h1, h2, h3, h4, h5, h6)", "all => all.map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(levels, levels[1:], strict=False))


def test_skip_link_leads_to_the_text(page, book_url):
    page.goto(f"{book_url}/en/book/en/start.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main-content"


def test_language_switch_goes_to_the_same_page_and_back(every_page, book_url):
    page, address = every_page, every_page.address
    page.set_viewport_size({"width": 1280, "height": 720})
    edition = address.split("/")[0]
    other = EDITIONS[1 - EDITIONS.index(edition)]
    switch = page.locator("a.csqm-lang-switch")
    assert switch.get_attribute("hreflang") == switch.get_attribute("lang") == other
    switch.click()
    same_page = "/".join(other if part == edition else part for part in address.split("/"))
    assert page.url == f"{book_url}/{same_page}"
    assert page.locator("html").get_attribute("lang") == other
    page.locator("a.csqm-lang-switch").click()
    assert page.url == f"{book_url}/{address}"


def test_language_switch_keeps_the_place(page, book_url):
    page.goto(f"{book_url}/en/book/en/glossary.html#term-confidence-interval")
    page.locator("a.csqm-lang-switch").click()
    assert page.url.endswith("/zh-Hant/book/zh-Hant/glossary.html#term-confidence-interval")
    assert "信賴區間" in page.locator("#term-confidence-interval").inner_text()


@pytest.mark.parametrize(
    "edition, query, expected",
    [
        ("zh-Hant", "滾動良率", "了解誰是客戶"),
        ("zh-Hant", "利害關係人", "了解誰是客戶"),
        ("zh-Hant", "信賴區間", "詞彙表"),
        ("zh-Hant", "RTY", "了解誰是客戶"),
        ("zh-Hant", "車隊 良率", "了解誰是客戶"),
        ("en", "stakeholder", "Know who the customer is"),
        ("en", "Maslow", "Know who the customer is"),
        ("en", "confidence", "Glossary"),
    ],
)
def test_search_finds_words(page, book_url, edition, query, expected):
    page.goto(f"{book_url}/{edition}/book/{edition}/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.insert_text(query)
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    page.wait_for_function(
        "text => [...document.querySelectorAll('#search-results li a')]"
        ".some(link => link.textContent.includes(text))",
        arg=expected,
    )


def test_search_says_when_nothing_is_found(page, book_url):
    page.goto(f"{book_url}/zh-Hant/search.html?q=量子糾纏")
    page.wait_for_function(
        "document.querySelector('.search-summary')?.innerText.includes('找不到')"
    )


def test_dark_mode_toggles_and_is_kept(page, book_url):
    page.goto(f"{book_url}/en/book/en/1-customers.html")
    button = page.locator(".article-header-buttons .theme-switch-button")
    seen = set()
    for _ in range(3):
        button.click()
        seen.add(page.locator("html").get_attribute("data-mode"))
    assert seen == {"light", "dark", "auto"}
    while page.locator("html").get_attribute("data-mode") != "dark":
        button.click()
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 60
    chart = page.locator("figure.csqm-chart img").first
    assert chart.evaluate("img => getComputedStyle(img).backgroundColor") == "rgb(255, 255, 255)"


def test_a_term_shows_its_definition_to_mouse_and_keyboard(page, book_url, glossary):
    page.goto(f"{book_url}/en/book/en/1-customers.html")
    link = page.locator("a.csqm-term").first
    tip = link.locator(".csqm-tip")
    assert not tip.is_visible()
    link.hover()
    assert tip.is_visible()
    assert tip.get_attribute("data-definition") in {row["definition_en"] for row in glossary}
    page.mouse.move(0, 0)
    assert not tip.is_visible()
    page.keyboard.press("Tab")
    link.focus()
    assert tip.is_visible()


def test_tips_stay_on_the_screen_of_a_small_window(page, book_url):
    page.set_viewport_size({"width": 420, "height": 800})
    page.goto(f"{book_url}/zh-Hant/book/zh-Hant/1-customers.html")
    for link in page.locator("a.csqm-term").all()[:12]:
        link.scroll_into_view_if_needed()
        link.focus()
        box = link.locator(".csqm-tip").bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 420


def test_charts_have_alternative_texts(page, book_url):
    for edition in EDITIONS:
        page.goto(f"{book_url}/{edition}/book/{edition}/1-customers.html")
        texts = page.eval_on_selector_all("article img", "all => all.map(img => img.alt)")
        assert len(texts) >= 3 and all(len(text) > 20 for text in texts)


def test_figures_are_numbered_in_the_language(page, book_url):
    for edition, first in (("en", "Fig. 1"), ("zh-Hant", "圖 1")):
        page.goto(f"{book_url}/{edition}/book/{edition}/1-customers.html")
        assert page.locator("figcaption .caption-number").first.inner_text().strip() == first


def test_activities_are_loaded_only_where_there_is_one(page, book_url):
    page.goto(f"{book_url}/en/book/en/1-customers.html")
    assert page.locator(".csqm-activity").count() >= 1
    assert page.locator("script[src*='activities.js']").count() == 1
    page.goto(f"{book_url}/en/book/en/glossary.html")
    assert page.locator("script[src*='activities.js']").count() == 0


# ---- the landing page


@pytest.mark.parametrize(
    "locale, edition",
    [("zh-TW", "zh-Hant"), ("en-GB", "en"), ("ja-JP", "en"), ("zh-HK", "zh-Hant")],
)
def test_landing_page_follows_the_browser(browser, book_url, locale, edition):
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(f"{book_url}/")
    page.wait_for_url(f"**/{edition}/book/{edition}/index.html")
    context.close()


def test_landing_page_remembers_the_choice(browser, book_url):
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{book_url}/en/book/en/start.html")
    page.locator("a.csqm-lang-switch").click()
    page.goto(f"{book_url}/")
    page.wait_for_url("**/zh-Hant/book/zh-Hant/index.html")
    context.close()


def test_landing_page_works_without_script_and_from_a_file(browser, built_book):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built_book / "index.html").as_uri())
    for edition in EDITIONS:
        assert page.locator(f"a[hreflang={edition}]").is_visible()
    page.locator("a[hreflang=zh-Hant]").click()
    assert "客戶滿意" in page.locator("article h1").inner_text()
    context.close()
    context = browser.new_context(locale="zh-TW")
    page = context.new_page()
    page.goto((built_book / "index.html").as_uri())
    page.wait_for_url("**/zh-Hant/book/zh-Hant/index.html")
    assert page.locator("a.csqm-lang-switch").is_visible()
    context.close()


def test_landing_page_is_accessible(page, book_url):
    page.goto(f"{book_url}/index.html#choose")
    assert Axe().run(page).response["violations"] == []


# ---- the build script


@pytest.fixture
def build_book(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import build_book

    return build_book


def test_hub_adds_launch_buttons_to_labs_only(root, build_book, tmp_path, monkeypatch):
    monkeypatch.setattr(build_book, "BUILD", tmp_path)
    (tmp_path / "en").mkdir()
    config = yaml.safe_load(build_book.write_config("en", "https://hub.example.org").read_text())
    assert config["sphinx"]["config"]["csqm_hub"] == "https://hub.example.org"
    monkeypatch.syspath_prepend(str(root / "book" / "_ext"))
    from page_header import hub_url

    assert hub_url("https://hub.example.org/", "notebooks/zh-Hant/1-customers.ipynb") == (
        "https://hub.example.org/hub/user-redirect/lab/tree/notebooks/zh-Hant/1-customers.ipynb"
    )


def test_chinese_configuration_changes_only_what_it_names(build_book, tmp_path, monkeypatch):
    monkeypatch.setattr(build_book, "BUILD", tmp_path)
    configs = {}
    for edition in EDITIONS:
        (tmp_path / edition).mkdir()
        configs[edition] = yaml.safe_load(build_book.write_config(edition, "").read_text("utf-8"))
    english, chinese = (configs[edition]["sphinx"]["config"] for edition in EDITIONS)
    assert chinese["language"] == "zh_TW" and english["language"] == "en"
    assert chinese["extensions"] == english["extensions"]
    options = chinese["html_theme_options"]
    assert options["logo"]["alt_text"] == "" and options["logo"]["text"].startswith("客戶")


def test_a_changed_input_changes_the_fingerprint(build_book, tmp_path, monkeypatch):
    for name in build_book.INPUTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    monkeypatch.setattr(build_book, "ROOT", tmp_path)
    before = build_book.fingerprint("")
    assert build_book.fingerprint("") == before
    assert build_book.fingerprint("https://hub.example.org") != before
    (tmp_path / "_toc.yml").write_text("two")
    assert build_book.fingerprint("") != before


def test_missing_tools_are_named(build_book, monkeypatch):
    monkeypatch.setattr(build_book.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(build_book.BuildError, match=r"jupyter_book is missing.*make book"):
        build_book.check_tools()


def test_a_changed_helper_or_data_file_changes_the_execution_cache(root, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "book" / "_ext"))
    from fresh_execution import hash_of

    (tmp_path / "src" / "csqm").mkdir(parents=True)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "src" / "csqm" / "a.py").write_text("x = 1")
    before = hash_of(tmp_path)
    (tmp_path / "datasets" / "a.csv").write_text("x\n1\n")
    with_data = hash_of(tmp_path)
    (tmp_path / "src" / "csqm" / "a.py").write_text("x = 2")
    assert len({before, with_data, hash_of(tmp_path)}) == 3


@pytest.mark.parametrize("name", ["chinese_search", "glossary", "mathml", "page_header"])
def test_examples_of_the_extensions_hold(root, monkeypatch, name):
    monkeypatch.syspath_prepend(str(root / "book" / "_ext"))
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted and not results.failed


def test_chinese_text_is_indexed_by_pairs(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "book" / "_ext"))
    from chinese_search import SearchChinese

    terms = SearchChinese({}).split("信賴區間（95% CI）")
    assert {"信賴", "賴區", "區間", "信", "95", "CI"} <= set(terms)
    assert "間95" not in terms


def test_unknown_formula_commands_are_reported(root, monkeypatch, caplog):
    monkeypatch.syspath_prepend(str(root / "book" / "_ext"))
    import mathml

    warned = []
    monkeypatch.setattr(mathml.logger, "warning", lambda *args, **kwargs: warned.append(args))
    assert "<mfrac>" in mathml.to_mathml(r"\frac{1}{n}", "inline")
    assert not warned
    mathml.to_mathml(r"\nosuchcommand", "inline")
    assert warned


def test_answers_of_an_author_do_not_get_into_the_book(root):
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    assert config["execute"]["run_in_temp"] is True
    assert json.dumps(config["sphinx"]["config"]["nb_ipywidgets_js"]) == "{}"


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_sheet_is_one_page_of_paper(page, book_url, built_book, edition):
    folder = built_book / edition / "book" / edition
    sheets = [folder / "formulas.html", *sorted(folder.glob("*-sheet.html"))]
    assert len(sheets) > 1
    for sheet in sheets:
        page.goto(f"{book_url}/{edition}/book/{edition}/{sheet.name}")
        margins = dict.fromkeys(("top", "bottom", "left", "right"), "12mm")
        paper = page.pdf(format="A4", margin=margins)
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, sheet.name
