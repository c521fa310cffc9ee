"""Activities in JupyterLab: the answer reaches Python and disk, and comes back."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from activity_answers import answers, begun
from activity_helpers import content_of, marked, texts
from drivers import DRIVERS, check, focus_before

from csqm.activities.content import paths
from csqm.activities.kinds import KINDS

CELLS = [
    "from csqm.activities import activity\nfrom csqm.text import set_language\nset_language('{lang}')",
    "cards = activity('maslow-needs')\ncards",
    "print('cards', cards.answer, round(cards.score()['points'], 3))",
    "actors = activity('stakeholder-map')\nactors",
    "print('actors', actors.answer)",
]


BEGUN = """exercise = activity({slug!r})
exercise.answer = {answer!r}
exercise"""
SETTING = [*CELLS[:2], "cards.answer = {'places': {'sleep': 'esteem'}}"]


def notebook(path, sources, lang="en"):
    cells = [nbformat.v4.new_code_cell(source.replace("{lang}", lang)) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Run JupyterLab on a folder of its own; yield the folder, the address and the token."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "work"
    folder.mkdir()
    for lang in ("en", "zh-Hant"):
        notebook(folder / f"{lang}.ipynb", CELLS, lang)
    notebook(folder / "set.ipynb", SETTING)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    keep_cells_in_the_page(home / "config")
    log = (home / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", f"--port={port}", "--port-retries=0", "--no-browser"]
        + [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}", "--allow-root"]
        + ["--LabApp.news_url=None"],
        cwd=folder,
        env={
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "IPYTHONDIR": str(home / "ipython"),
        },
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api?token={token}", server, home / "lab.log")
        yield folder, address, token
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


def keep_cells_in_the_page(config):
    """Have JupyterLab render cells that are out of sight, which a test reads all the same."""
    settings = config / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')


def wait_for(address, server, log):
    for _ in range(120):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address, timeout=2).read()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


@pytest.fixture
def open_notebook(lab, browser):
    _, address, token = lab
    context = browser.new_context(viewport={"width": 1280, "height": 1600})

    def opened(name):
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{address}/lab/tree/{name}?token={token}&reset")
        page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-CodeCell")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        return page

    yield opened
    context.close()


def run_all(page, restart=False):
    """Run every cell, in a fresh kernel if told so, by the commands of JupyterLab's menus."""
    if restart:
        page.get_by_role("menuitem", name="Kernel").click()
        page.get_by_role("menuitem", name="Restart Kernel and Run All Cells").click()
        page.locator(".jp-Dialog .jp-mod-accept").click()
    else:
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def frame(page, kind):
    shown = page.locator(f".csqm-frame.csqm-kind-{kind}")
    shown.wait_for()
    return shown


def printed(page, number, holds):
    """Run one cell again and return what it prints, once it holds a text."""
    cell = page.locator(".jp-CodeCell").nth(number)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    output = cell.locator(".jp-OutputArea-output", has_text=holds)
    output.wait_for()
    return output.inner_text().strip()


def saved(folder, slug, wanted, seconds=20):
    """Wait until the file holds the wanted answer."""
    file = folder / "answers" / f"{slug}.json"
    for _ in range(seconds * 10):
        found = json.loads(file.read_text(encoding="utf-8"))["answer"] if file.exists() else None
        if found == wanted:
            return
        time.sleep(0.1)
    raise AssertionError(f"{file.name} holds {found}")


def test_answers_reach_python_and_disk_and_come_back(lab, open_notebook):
    folder, _, _ = lab
    page = open_notebook("en.ipynb")
    run_all(page)
    sorter = frame(page, "sorter")
    sorter.locator(".csqm-card", has_text="The guard").locator("select").select_option("safety")
    saved(folder, "maslow-needs", {"places": {"guard": "safety"}})
    assert "Saved as you go in answers/maslow-needs.json." in sorter.inner_text()
    sorter.get_by_role("button", name="Check").click()
    assert "1 of 12" in sorter.locator(".csqm-feedback").inner_text()
    assert printed(page, 2, "safety") == "cards {'places': {'guard': 'safety'}} 0.083"

    # Keyboard alone: neither the arrows nor the letters may reach JupyterLab's own commands.
    chart = frame(page, "map")
    plane = chart.locator(".csqm-plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    plane.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    cells = page.locator(".jp-CodeCell").count()
    point = chart.locator(".csqm-point:visible")
    point.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowRight", "b", "d", "d"):
        page.keyboard.press(key)
    placed = {"actors": {"passengers": {"power": 7, "interest": 6}}}
    saved(folder, "stakeholder-map", placed)
    assert page.locator(".jp-CodeCell").count() == cells
    assert printed(page, 4, "passengers") == f"actors {placed}"

    # A new kernel restores what was saved, and so does opening the notebook again.
    run_all(page, restart=True)
    page.wait_for_function("document.querySelectorAll('.csqm-frame').length === 2")
    restored = page.locator(".csqm-pile", has_text="protection from harm").locator(".csqm-card")
    restored.wait_for()
    assert "The guard" in restored.inner_text()
    page.close()

    page = open_notebook("zh-Hant.ipynb")
    run_all(page)
    sorter = frame(page, "sorter")
    assert sorter.locator(".csqm-deck .csqm-card").count() == 11
    text = sorter.inner_text() + frame(page, "map").inner_text()
    names = {"json", "answers", "maslow", "needs", "stakeholder", "map"}  # of the files
    assert set(re.findall(r"[a-z]{2,}", text)) <= names
    assert frame(page, "map").locator(".csqm-point:visible").count() == 1
    sorter.locator(".csqm-card").last.locator("select").select_option("")
    saved(folder, "maslow-needs", {"places": {}})


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_activity_takes_three_answers(lab, open_notebook, kind):
    """Each is given the last piece of a right, a partly right and a wrong answer by keyboard."""
    folder, _, _ = lab
    slugs = [slug for slug in paths() if content_of(slug)["kind"] == kind]
    tries = [(slug, answer) for slug in slugs for answer in answers(slug)]
    cells = [BEGUN.format(slug=slug, answer=begun(kind, answer)) for slug, answer in tries]
    notebook(folder / f"{kind}.ipynb", [*CELLS[:1], *cells])
    page = open_notebook(f"{kind}.ipynb")
    run_all(page)
    for number, (slug, answer) in enumerate(tries, start=1):
        shown = page.locator(".jp-CodeCell").nth(number).locator(".csqm-frame")
        shown.wait_for()
        focus_before(shown)
        DRIVERS[kind](page, shown, content_of(slug), begun(kind, answer), answer)
        check(page, shown)
        saved(folder, slug, answer)
        lines = [line for group in marked(slug, answer)["groups"] for line in group["lines"]]
        assert texts(shown, ".csqm-feedback > ul > li") == lines


def test_a_value_set_in_python_is_shown(lab, open_notebook):
    page = open_notebook("set.ipynb")
    run_all(page)
    frame(page, "sorter")
    page.wait_for_function(
        """[...document.querySelectorAll('.csqm-pile')].some((pile) =>
            pile.textContent.includes('respect from others') && pile.querySelector('.csqm-card'))"""
    )


def test_lab_dark_theme_is_followed(lab, open_notebook):
    page = open_notebook("en.ipynb")
    run_all(page)
    sorter = frame(page, "sorter")
    light = sorter.evaluate("(node) => getComputedStyle(node).backgroundColor")
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    dark = sorter.evaluate("(node) => getComputedStyle(node).backgroundColor")
    assert light == "rgb(255, 255, 255)"
    assert dark == "rgb(22, 27, 30)"
