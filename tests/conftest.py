"""What the tests share: the repository, the built book, a real browser."""

import contextlib
import functools
import http.server
import importlib
import subprocess
import sys
import threading
from pathlib import Path

import hypothesis
import pytest

# The same examples on every run: what is right today does not fail tomorrow by a rare draw.
hypothesis.settings.register_profile("course", derandomize=True)
hypothesis.settings.load_profile("course")

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

# The files that take minutes, the longest first.
LONG_FILES = [
    "test_activities_driven.py",
    "test_grading_run.py",
    "test_book.py",
    "test_hostile.py",
    "test_cohort.py",
    "test_broken_submissions.py",
    "test_warm_grading.py",
    "test_notebooks.py",
    "test_instructor.py",
    "test_tampering.py",
    "test_activities_lab.py",
    "test_safe_feedback.py",
    "test_progress.py",
]


def pytest_collection_modifyitems(items):
    """Begin with the long files: begun late, one would run on alone while the other core idles."""
    place = {name: number for number, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the repository's folder."""
    return ROOT


@pytest.fixture
def maker(monkeypatch):
    """Return what imports the module that makes a data set, by the name of the data set."""
    monkeypatch.syspath_prepend(ROOT / "datasets")
    return lambda name: importlib.import_module(f"makers.{name}")


@pytest.fixture(scope="session")
def built_book(root: Path) -> Path:
    """Build the book, unless it is up to date, and return the folder of both editions."""
    subprocess.run([sys.executable, root / "scripts" / "build_book.py"], check=True, cwd=root)
    return root / "_build" / "html"


@pytest.fixture(scope="session")
def book_url(built_book: Path):
    """Serve the built book; yield its address."""
    with served(built_book) as url:
        yield url


@contextlib.contextmanager
def served(folder: Path):
    """Serve a folder on a free port of this machine; yield its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
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


@pytest.fixture(scope="session")
def activity_pages(tmp_path_factory):
    """Serve a folder for pages of activities; yield the folder and its address.

    Not by file://, where a busy Chromium at times gives a page a local storage that is not the
    one on disk, so that an answer is gone after a reload (content/browser/dom_storage of
    Chromium names this race between showing a document and binding its storage).
    """
    folder = tmp_path_factory.mktemp("activities")
    with served(folder) as url:
        yield folder, url


@pytest.fixture
def open_activity(browser, activity_pages):
    """Open activities in one browser profile; an error on a page fails the test."""
    from activity_helpers import page_of

    folder, url = activity_pages
    contexts, errors = [], []

    def opened(*slugs, language="en", theme="light", width=1280, height=900, **options):
        name = f"{slugs[0]}.{language}.{theme}.html"
        (folder / name).write_text(page_of(*slugs, language=language, theme=theme), "utf-8")
        if not contexts:
            contexts.append(browser.new_context(**options))
        page = contexts[0].new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{url}/{name}")
        page.wait_for_selector(".csqm-frame")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
