"""The preview for authors: both languages on one page, or what is wrong, with file and line."""

import os
import subprocess
import sys

import pytest

from csqm.activities import ContentError, __main__
from csqm.activities.content import load, paths
from csqm.text import language, set_language


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    set_language("en")
    monkeypatch.chdir(tmp_path)
    yield
    set_language("en")


def test_both_languages_live_on_one_page(tmp_path, browser, capsys):
    page_file = tmp_path / "page.html"
    assert __main__.main([str(paths()["quiz-1"]), "--output", str(page_file)]) == 0
    assert "page.html" in capsys.readouterr().out
    assert language() == "en"
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: errors.extend({request.url} - {page_file.as_uri()}))
    page.goto(page_file.as_uri())
    english, chinese = (page.locator(f"section[lang={each}]") for each in ("en", "zh-Hant"))
    assert "Five questions on Part 1" in english.inner_text()
    assert "第 1 部分小測驗" in chinese.inner_text()
    english.locator("label", has_text="77.4%").click()
    assert chinese.locator("label:has(input:checked)").inner_text() == "77.4%"
    chinese.get_by_role("button", name="檢查").click()
    assert "5 題中答對 1 題" in chinese.inner_text()
    assert errors == []
    page.close()


def test_the_page_is_opened_unless_a_place_is_named(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert __main__.main([str(paths()["quiz-2"])]) == 0
    assert opened == [(tmp_path / "csqm-preview-quiz-2.html").as_uri()]
    assert __main__.main([str(paths()["quiz-2"]), "--output", "here.html"]) == 0
    assert len(opened) == 1


def test_the_preview_touches_no_answers(tmp_path):
    (tmp_path / "answers").mkdir()
    broken = tmp_path / "answers" / "quiz-1.json"
    broken.write_text("{", encoding="utf-8")
    assert __main__.main([str(paths()["quiz-1"]), "--output", "page.html"]) == 0
    assert broken.read_text(encoding="utf-8") == "{"


def test_faults_go_to_the_author_with_file_line_and_rule(tmp_path):
    """As a command, and in the language of the environment."""
    file = tmp_path / "riddle.yaml"
    file.write_text("slug: riddle\nkind: riddle\ntitle: {en: A riddle}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "csqm.activities", file, "--output", "page.html"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "CSQM_LANG": "zh-Hant", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "riddle.yaml，第 1 行：缺少 `task、objectives、sources`。",
        "riddle.yaml，第 2 行 kind：應為下列之一：map、sorter、quiz、chain、explorer、matrix、roleplay、form；"
        '目前為 "riddle"。',
        "riddle.yaml，第 3 行 title：缺少 `zh-Hant`。",
    ]
    assert not (tmp_path / "page.html").exists()


def test_a_missing_file_is_named(capsys):
    assert __main__.main(["nothing.yaml"]) == 1
    assert "nothing.yaml cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "x.yaml, line 1: expected object, found null"),
        (b"- 1\n", "x.yaml, line 1: expected object"),
        (b"slug: x\nslug: y\n", "x.yaml, line 2: `slug` stands twice"),
        (b"a:\n- b: 1\n  c: 2\n  b: 3\n", "x.yaml, line 4: `b` stands twice"),
        (b"a: 1\n\xff\n", "x.yaml, line 2: this is not valid YAML (invalid start byte)"),
        (b"a: 1\nb: \x00\n", "x.yaml, line 2: this is not valid YAML (special characters"),
        (b"a: 1\n b: 2\n", "x.yaml, line 2: this is not valid YAML (mapping values"),
        (b"a: !!python/object/apply:os.getcwd []\n", "line 1: this is not valid YAML (could not"),
        (b"a: &a [*a]\n", "x.yaml, line 1: this is not valid YAML (maximum recursion"),
    ],
)
def test_malformed_yaml_is_refused(text, says, tmp_path):
    file = tmp_path / "x.yaml"
    file.write_bytes(text)
    with pytest.raises(ContentError) as caught:
        load(file)
    assert says in str(caught.value)
