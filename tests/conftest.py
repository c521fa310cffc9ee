"""What the tests share: the repository, the built book, a real browser."""

import functools
import http.server
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.register_assert_rewrite("activity_helpers")

ROOT = Path(__file__).resolve().parents[1]

# Quiet, offline and without a display.
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    """Let two processes share the work: by file, and the grading by part as well."""
    for item in items:
        group = item.path.name
        if group == "test_grading.py":
            group += f" {graded_part(item)}"
        item.add_marker(pytest.mark.xdist_group(group))


def graded_part(item) -> str:
    """Return the part whose assignment a test grades, which takes minutes for each."""
    values = item.callspec.params if hasattr(item, "callspec") else {}
    return values.get("part") or values.get("cohort", ("", item.module.FIRST))[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def built_book(root: Path) -> Path:
    """Build the book, unless it is up to date, and return the folder of both editions."""
    subprocess.run([sys.executable, root / "scripts" / "build_book.py"], check=True, cwd=root)
    return root / "_build" / "html"


@pytest.fixture(scope="session")
def book_url(built_book: Path):
    """Serve the built book on a free port of this machine; yield its address."""
    handler = functools.partial(QuietHandler, directory=str(built_book))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line of log for each."""

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="session")
def browser():
    """Start the system's Chromium once for all tests."""
    from playwright.sync_api import sync_playwright
    from setup import find_browser

    path = find_browser()
    assert path, "No Chromium found: run `python scripts/setup.py --browser`."
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def english(monkeypatch, tmp_path):
    """Begin and end in English, in an empty folder."""
    from csqm.text import set_language

    set_language("en")
    monkeypatch.chdir(tmp_path)
    yield
    set_language("en")


@pytest.fixture(scope="session")
def script_page(browser):
    """Yield a page with the script of the activities and nothing else."""
    from csqm.activities import book_script

    page = browser.new_page()
    page.add_script_tag(content=book_script())
    yield page
    page.close()


@pytest.fixture
def open_activity(browser, tmp_path):
    """Open activities from a file, in one browser profile; an error on a page fails the test."""
    from activity_helpers import page_of

    contexts, errors = [], []

    def opened(*slugs, language="en", theme="light", width=1280, height=900, **options):
        file = tmp_path / f"{slugs[0]}.{language}.{theme}.html"
        file.write_text(page_of(*slugs, language=language, theme=theme), encoding="utf-8")
        if not contexts:
            contexts.append(browser.new_context(**options))
        page = contexts[0].new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector(".csqm-frame")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
