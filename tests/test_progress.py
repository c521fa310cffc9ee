"""The page of all exercises and the progress page of the built book, in a real browser."""

import json
import re
import tomllib

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from csqm.activities import activity, export_answers, import_answers
from csqm.activities.content import load, localised, paths
from csqm.activities.kinds import map as map_kind
from csqm.text import set_language

LANGUAGES = ("en", "zh-Hant")
HURT = "<img src=x onerror='window.harmed=1'><script>window.harmed=1</script>"
SAVE = {"en": "Save all answers to a file", "zh-Hant": "把所有作答存成檔案"}
RIGHT = {"next-process": "driver", "salience": "dependent", "yield": "product"}


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language("en")


@pytest.fixture
def context(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def open_page(context, book_url):
    """Open a page of the book in a browser profile of its own; errors on it fail the test."""
    errors = []

    def opened(name="progress", lang="en", ready=".csqm-record h3"):
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        # From now on, as a key may be quicker than the order to catch the choosing of a file.
        page.on("filechooser", lambda _: None)
        page.goto(f"{book_url}/{lang}/book/{lang}/{name}.html")
        page.wait_for_selector(ready)
        return page

    yield opened
    assert errors == []


def entry(slug, kind, answer, **changes):
    return {"schema": 1, "activity": slug, "kind": kind, "answer": answer} | changes


def quiz(**choices):
    return entry("quiz-1", "quiz", {"choices": choices})


def best_map():
    """Return an answer to the stakeholder map that earns every point."""
    actors = {}
    for actor in localised(load(paths()["stakeholder-map"]))["actors"]:
        panel = {key: actor["panel"][key] for key in ("power", "interest", "ticks")}
        levels = tuple("high" if panel[axis] > 5 else "low" for axis in ("power", "interest"))
        actors[actor["id"]] = panel | {"plan": map_kind.PLANS[levels]}
    return entry("stakeholder-map", "map", {"actors": actors})


def keep(page, *entries):
    """Put answers into the browser's storage, as exercises do, and show the page again."""
    for each in entries:
        page.evaluate(
            "([slug, text]) => localStorage.setItem(`csqm:answer:${slug}`, text)",
            [each["activity"], json.dumps(each)],
        )
    page.reload()
    page.wait_for_selector(".csqm-record h3")


def kept(page, slug):
    text = page.evaluate("(slug) => localStorage.getItem(`csqm:answer:${slug}`)", slug)
    return text and json.loads(text)["answer"]


def holds(*entries, **changes):
    return json.dumps({"file": "csqm-answers", "schema": 1, "answers": list(entries)} | changes)


def load_text(page, text, name="csqm-answers.json"):
    body = text if isinstance(text, bytes) else text.encode()
    page.locator(".csqm-progress input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": body}
    )


def said(page, text):
    """Wait until the page has said something, and return all it says."""
    box = page.locator(".csqm-said", has_text=text)
    box.wait_for()
    assert box.evaluate("(node) => node === document.activeElement")
    return box.inner_text()


def goal(page, text):
    return page.locator(".csqm-goals > li", has_text=text)


def tab_to(page, locator, most=150):
    for _ in range(most):
        if locator.evaluate("(node) => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("not reached with the Tab key")


# All exercises


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_exercise_that_stands_on_a_page_is_listed_once(built_book, open_page, lang):
    page = open_page("activities", lang, ".csqm-entries")
    links = page.eval_on_selector_all(
        ".csqm-entry-title a", "all => all.map(a => a.getAttribute('href'))"
    )
    standing = set()
    for file in (built_book / lang).rglob("*.html"):
        standing |= set(re.findall(r'data-activity="([^"]+)"', file.read_text(encoding="utf-8")))
    assert sorted(link.split("#activity-")[1] for link in links) == sorted(standing)
    assert "1-customers.html#activity-stakeholder-map" in links  # of chapter and lab, the chapter
    titles = page.locator(".csqm-entry-title a").all_inner_texts()
    set_language(lang)
    assert localised(load(paths()["quiz-9"]))["title"] in titles
    part = page.locator("#part-1").inner_text()
    assert {"en": "Sort twelve remarks", "zh-Hant": "聽十二段員工的話"}[lang] in part
    assert {"en": "compute the rolled", "zh-Hant": "滾動良率"}[lang] in part


def test_the_filter_by_keyboard(open_page):
    page = open_page("activities", ready=".csqm-filter")
    status = page.locator(".csqm-filter [role=status]")
    total = int(re.search(r"of (\d+)", status.inner_text())[1])
    tab_to(page, page.locator("select[name=part]"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator(".csqm-part:visible").count() == 1
    assert page.locator("#part-2").is_visible()
    shown = page.locator(".csqm-entries > li:visible").count()
    assert status.inner_text() == f"Exercises shown: {shown} of {total}"
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    page.keyboard.type("Role")
    assert {text.strip() for text in page.locator(".csqm-kind:visible").all_inner_texts()} == {
        "Role-play"
    }
    assert page.locator("#part-1").is_hidden()
    page.evaluate("location.hash = '#part-1'")  # as the contents of the page do
    page.locator("#part-1").wait_for()
    assert page.locator(".csqm-entries > li:visible").count() == total


def test_a_link_leads_to_the_exercise(open_page):
    page = open_page("activities", ready=".csqm-filter")
    page.get_by_role("link", name="Which need is speaking?").click()
    page.wait_for_selector("#activity-maslow-needs.csqm-alive")
    page.wait_for_function(
        "Math.abs(document.querySelector('#activity-maslow-needs').getBoundingClientRect().top) < 200"
    )


def test_the_list_works_without_scripts(browser, book_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{book_url}/zh-Hant/book/zh-Hant/activities.html")
    assert page.locator(".csqm-filter").is_hidden()
    assert page.locator(".csqm-part").count() == 9
    page.get_by_role("link", name="說的是哪一種需求？").click()
    page.locator("#activity-maslow-needs .csqm-activity-static").wait_for()
    page.goto(f"{book_url}/zh-Hant/book/zh-Hant/progress.html")
    assert "沒有啟用" in page.locator(".csqm-progress").first.inner_text()
    context.close()


# What has been done


def test_nothing_done(open_page):
    page = open_page()
    parts = page.locator("[data-view=parts]")
    assert re.search(
        r"Exercises begun: 0 of \d+\. Objectives reached: 0 of 46\.", parts.inner_text()
    )
    assert "There is no answer in this browser yet" in parts.inner_text()
    assert parts.locator("details").count() == 9
    assert parts.locator("details[open]").count() == 0


@pytest.mark.parametrize("lang", LANGUAGES)
def test_right_wrong_and_partly_right(open_page, lang):
    words = {
        "en": ["Reached", "Begun", "Not begun", "100% of the points", "not right yet", "not begun"],
        "zh-Hant": ["已達成", "進行中", "未開始", "得分 100%", "尚未答對", "未開始"],
    }[lang]
    page = open_page(lang=lang)
    keep(page, best_map(), quiz(**RIGHT | {"yield": "mean"}))
    assert page.locator("details[open]").count() == 1
    goals = page.locator("details[open] .csqm-goals > li")
    texts = goals.all_inner_texts()
    # its exercise and its question right; both, but a second exercise is missing; question wrong
    assert goals.evaluate_all("all => all.map(node => node.dataset.state)") == [
        "begun",
        "reached",
        "begun",
        "open",
        "open",
    ]
    assert words[0] in texts[1] and words[3] in texts[1]
    assert words[1] in texts[0] and words[5] in texts[0]
    assert words[4] in texts[2]
    assert words[2] in texts[3]
    count = page.locator("details[open] .csqm-part-count").inner_text()
    assert count == {"en": "1 of 5 objectives reached", "zh-Hant": "5 項目標達成 1 項"}[lang]
    begun = page.locator("details[open] .csqm-part-begun").inner_text()
    assert begun == {"en": "2 of 6 exercises begun", "zh-Hant": "6 個練習已開始 2 個"}[lang]
    link = goals.nth(1).get_by_role("link").first
    assert link.get_attribute("href") == "1-customers.html#activity-stakeholder-map"


def test_a_share_just_below_the_limit_does_not_count_and_is_not_rounded_up(open_page):
    needs = localised(load(paths()["hygiene-or-motivator"]))
    right = {card["id"]: card["in"][0] for card in needs["cards"]}
    page = open_page()
    for number, state in ((9, "begun"), (10, "reached")):  # of 13: 69.2% and 76.9%
        some = dict(list(right.items())[:number])
        question = next(
            each
            for each in localised(load(paths()["quiz-3"]))["questions"]
            if "LO3.3" in each["objectives"]
        )
        chosen = next(each["id"] for each in question["options"] if each.get("right"))
        keep(
            page,
            entry("hygiene-or-motivator", "sorter", {"places": some}),
            entry("quiz-3", "quiz", {"choices": {question["id"]: chosen}}),
        )
        item = goal(page, "Interpret hygiene")
        assert item.get_attribute("data-state") == state
        assert f"{100 * number // 13}% of the points" in item.inner_text()


def test_the_page_follows_another_tab_and_exercises_follow_the_page(open_page):
    """What is loaded must not be overwritten by an exercise that is still open elsewhere."""
    chapter = open_page("1-customers", ready="[data-activity=quiz-1] .csqm-frame")
    page = open_page()
    questions = chapter.locator("[data-activity=quiz-1] .csqm-frame")
    questions.locator("label", has_text="77.4%").click()
    page.wait_for_selector(".csqm-goals >> text=right")
    page.evaluate("localStorage.removeItem('csqm:answer:quiz-1')")
    chapter.wait_for_function("!document.querySelector('[data-activity=quiz-1] input:checked')")
    load_text(page, holds(quiz(**RIGHT)))
    said(page, "Answers loaded (1)")
    chapter.wait_for_function(
        "document.querySelectorAll('[data-activity=quiz-1] input:checked').length === 3"
    )
    questions.locator("label", has_text="3.00").click()
    assert kept(page, "quiz-1")["choices"] == RIGHT | {"scoring": "right-score"}


# The file of answers


@pytest.mark.parametrize("lang", LANGUAGES)
def test_from_the_book_to_python_and_back(open_page, tmp_path, monkeypatch, capsys, lang):
    page = open_page(lang=lang)
    keep(page, quiz(**RIGHT), best_map(), entry("who-said-it", "sorter", {"places": {}}))
    with page.expect_download() as started:
        page.get_by_role("button", name=SAVE[lang]).click()
    name = started.value.suggested_filename
    assert re.fullmatch(r"csqm-answers-\d{4}-\d\d-\d\d\.json", name)
    assert name in said(page, {"en": "(2)", "zh-Hant": "2 份"}[lang])

    monkeypatch.chdir(tmp_path)
    started.value.save_as(tmp_path / name)
    import_answers(name)
    assert "stakeholder-map, quiz-1" in capsys.readouterr().out
    assert activity("stakeholder-map").answer == best_map()["answer"]
    widget = activity("quiz-1")
    assert widget.answer == {"choices": RIGHT}
    widget.answer = {"choices": RIGHT | {"yield": "mean"}}
    activity("maslow-needs").answer = {"places": {"guard": "safety"}}
    export_answers()

    load_text(page, (tmp_path / "csqm-answers.json").read_bytes())
    ask = page.locator(".csqm-question")
    ask.locator("fieldset").wait_for()
    assert ask.locator("fieldset").count() == 1
    assert "60%" in ask.inner_text() and "40%" in ask.inner_text()
    assert kept(page, "maslow-needs") is None, "nothing may change before the question is answered"
    ask.get_by_role("radio").last.check()
    ask.locator("button.csqm-main").click()
    needs = {"en": "Which need is speaking?", "zh-Hant": "說的是哪一種需求？"}[lang]
    assert needs in said(page, {"en": "Answers loaded (2)", "zh-Hant": "已載入 2 份"}[lang])
    assert kept(page, "quiz-1") == widget.answer
    assert kept(page, "maslow-needs") == {"places": {"guard": "safety"}}
    assert page.locator("[data-view=parts] .csqm-total").inner_text().count("3") >= 1


def test_keeping_ones_own_and_cancelling(open_page):
    page = open_page()
    keep(page, quiz(**RIGHT), best_map())
    other = holds(quiz(**RIGHT | {"yield": "mean"}), best_map() | {"answer": {"actors": {}}})
    load_text(page, other)
    ask = page.locator(".csqm-question")
    ask.get_by_role("button", name="Cancel").click()
    assert "nothing has changed" in said(page, "Nothing was loaded")
    load_text(page, other)
    ask.get_by_role("button", name="Take all of the file").click()
    assert ask.get_by_role("radio").last.is_checked()
    ask.get_by_role("button", name="Keep all of this browser").click()
    ask.get_by_role("button", name="Load", exact=True).click()
    assert "Kept as they are here (1): “Five questions on Part 1”." in said(page, "Kept as")
    assert kept(page, "quiz-1") == {"choices": RIGHT}
    assert kept(page, "stakeholder-map") == best_map()["answer"], "an empty answer takes nothing"
    load_text(page, holds(quiz(**dict(reversed(RIGHT.items())))))
    assert "The same as here already (1)" in said(page, "The same")
    load_text(page, holds())
    assert "nothing new in csqm-answers.json" in said(page, "nothing new")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not a file of answers"),
        (b"\xff\xfe", "not a file of answers"),
        (b"[" * 100_000, "not a file of answers"),
        (b"null", "not a file of answers"),
        (json.dumps(quiz()).encode(), "not a file of answers"),
        (holds(answers={}).encode(), "not a file of answers"),
        (b" " * 5_000_001 + holds().encode(), "not a file of answers"),
        (holds(schema=0).encode(), "another version"),
        (holds(schema=2).encode(), "another version"),
    ],
    ids=lambda value: value[:20],
)
def test_another_file_is_refused_and_changes_nothing(open_page, text, reason):
    page = open_page()
    keep(page, quiz(**RIGHT))
    before = page.evaluate("JSON.stringify(localStorage)")
    load_text(page, text, name="other.json")
    words = said(page, "No answers were loaded from other.json")
    assert reason in words and "Nothing has changed" in words
    assert page.evaluate("JSON.stringify(localStorage)") == before


BROKEN = [
    (entry("quiz-99", "quiz", {"choices": {}}), "“quiz-99”", "no such exercise"),
    (entry(HURT, "quiz", {"choices": {}}), "an entry without a name", "no such exercise"),
    (entry("__proto__", "quiz", {}), "an entry without a name", "no such exercise"),
    (entry(["quiz-1"], "quiz", {"choices": {}}), "an entry without a name", "no such exercise"),
    (None, "an entry without a name", "no such exercise"),
    (HURT, "an entry without a name", "no such exercise"),
    (quiz() | {"schema": 0}, "“Five questions on Part 1”", "another version"),
    (quiz() | {"schema": 2}, "“Five questions on Part 1”", "another version"),
    (quiz() | {"kind": "map"}, "“Five questions on Part 1”", "does not fit"),
    (quiz(**{"yield": HURT}), "“Five questions on Part 1”", "does not fit"),
    (quiz(**{HURT: "product"}), "“Five questions on Part 1”", "does not fit"),
    (quiz() | {"answer": HURT}, "“Five questions on Part 1”", "does not fit"),
]


@pytest.mark.parametrize(("broken", "name", "reason"), BROKEN)
def test_an_entry_that_cannot_be_used_is_reported_kept_and_never_run(
    open_page, broken, name, reason
):
    page = open_page()
    needs = entry("maslow-needs", "sorter", {"places": {"guard": "safety"}})
    keep(page, quiz(**RIGHT))
    for _ in range(2):  # the second time adds nothing
        load_text(page, holds(broken, needs))
        words = said(page, "Not loaded")
        assert re.search(f"{reason}.*: {name}[.] It is put aside", words)
        assert kept(page, "quiz-1") == {"choices": RIGHT}
        assert kept(page, "maslow-needs") == needs["answer"]
        aside = page.locator("[data-view=answers] details")
        assert aside.locator("summary").inner_text().endswith("(1)")
        aside.evaluate("(node) => (node.open = true)")
        assert json.loads(aside.locator("pre").inner_text()) == broken
    assert page.locator(".csqm-progress :is(img, script)").count() == 0
    assert page.evaluate("window.harmed") is None


def test_an_entry_that_is_there_twice_counts_once(open_page):
    page = open_page()
    load_text(page, holds(quiz(**RIGHT), quiz(**{"yield": "mean"})))
    assert "the file has it twice: “Five questions on Part 1”" in said(page, "Not loaded")
    assert kept(page, "quiz-1") == {"choices": RIGHT}


def test_script_in_an_answer_stays_text(open_page):
    """A worksheet keeps what a reader writes: it travels and is shown as text, here and there."""
    page = open_page()
    answer = {"values": {"plan.problem": HURT}}
    load_text(page, holds(entry("action-plan", "form", answer)))
    said(page, "Answers loaded (1)")
    assert kept(page, "action-plan") == answer
    page.locator(".csqm-record-name input").fill(HURT)
    assert page.locator(".csqm-record .csqm-name").inner_text() == HURT
    load_text(page, holds(entry("action-plan", "form", {"values": {"plan.problem": HURT * 2}})))
    page.locator(".csqm-question fieldset").wait_for()
    link = page.locator("a[href*='#activity-action-plan']").first
    link.evaluate("(node) => (node.closest('details').open = true)")
    assert page.locator(".csqm-progress :is(img, script)").count() == 0
    link.click()
    page.wait_for_selector("#activity-action-plan .csqm-frame")
    fields = page.locator("#activity-action-plan :is(textarea, input)")
    assert HURT in fields.evaluate_all("all => all.map(node => node.value)")
    page.locator("#activity-action-plan .csqm-primary").click()
    assert page.locator("#activity-action-plan .csqm-place :is(img, script)").count() == 0
    assert page.evaluate("window.harmed") is None


def test_what_an_exercise_cannot_use_is_shown_and_does_not_count(open_page):
    page = open_page()
    keep(page, quiz(**{"yield": HURT}), entry("gone", "quiz", {"choices": {}}))
    aside = page.locator("[data-view=answers] details")
    assert aside.locator("summary").inner_text().endswith("(2)")
    assert page.evaluate("Object.keys(localStorage).sort().join()").startswith(
        "csqm:answer:gone,csqm:answer:quiz-1:broken-1"
    )
    assert "Exercises begun: 0" in page.locator("[data-view=parts]").inner_text()
    assert page.evaluate("window.harmed") is None


def test_a_full_storage_is_reported(open_page):
    page = open_page()
    keep(page, quiz(**RIGHT))
    page.evaluate(
        """() => { Storage.prototype.setItem = () => {
            throw new DOMException('full', 'QuotaExceededError'); }; }"""
    )
    load_text(page, holds(best_map(), entry("quiz-99", "quiz", {})))
    words = said(page, "could not be kept")
    assert "(1): “A map of those who have a stake in the move”." in words
    assert "(1): “quiz-99”." in words
    assert kept(page, "quiz-1") == {"choices": RIGHT}


def test_deleting_asks_first(open_page):
    page = open_page()
    keep(page, quiz(**RIGHT), entry("gone", "quiz", {"choices": {}}))
    page.evaluate("localStorage.setItem('mode', 'dark')")
    delete = page.get_by_role("button", name="Delete all answers")
    delete.click()
    assert "in this browser (1)" in page.get_by_role("dialog").inner_text()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert kept(page, "quiz-1") == {"choices": RIGHT}
    delete.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    said(page, "All answers in this browser are deleted")
    assert page.evaluate("Object.keys(localStorage).some(key => key.includes('answer'))") is False
    assert page.evaluate("localStorage.getItem('mode')") == "dark"
    page.get_by_role("button", name=SAVE["en"]).click()
    said(page, "no answer to save")


def test_keyboard_alone(open_page):
    page = open_page()
    keep(page, quiz(**RIGHT))
    summary = page.locator("[data-view=parts] summary").nth(1)
    tab_to(page, summary)
    page.keyboard.press("Enter")
    assert page.locator("[data-view=parts] details").nth(1).get_attribute("open") is not None
    tab_to(page, page.get_by_role("button", name=SAVE["en"]))
    with page.expect_download():
        page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    tab_to(page, page.get_by_role("button", name="Load answers from a file"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    text = holds(quiz(**{"yield": "mean"})).encode()
    chooser.value.set_files({"name": "a.json", "mimeType": "application/json", "buffer": text})
    page.locator(".csqm-ask").wait_for()
    assert page.locator(".csqm-ask").evaluate("(node) => node === document.activeElement")
    tab_to(page, page.locator(".csqm-question input").first)
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_role("button", name="Load", exact=True))
    page.keyboard.press("Enter")
    said(page, "Answers loaded (1)")
    assert kept(page, "quiz-1") == {"choices": {"yield": "mean"}}
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent") == "Delete all answers"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    said(page, "deleted")
    tab_to(page, page.get_by_label("Your name"))
    page.keyboard.type("Lin Ya-ting")
    assert page.locator(".csqm-name").inner_text() == "Lin Ya-ting"
    page.evaluate("window.print = () => (window.printed = true)")
    tab_to(page, page.get_by_role("button", name="Print the record"))
    page.keyboard.press("Enter")
    assert page.evaluate("window.printed")


# The record


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_record_says_what_was_reached_and_that_it_is_self_reported(open_page, lang):
    page = open_page(lang=lang)
    keep(page, best_map(), quiz(**RIGHT))
    page.locator(".csqm-record-name input").fill("林雅婷")
    record = page.locator(".csqm-record").inner_text()
    expected = {
        "en": ["self-reported", "nobody has checked", "1 of 5 objectives reached"],
        "zh-Hant": ["自行申報", "沒有人查核", "5 項目標達成 1 項"],
    }[lang]
    assert all(text in record for text in [*expected, "林雅婷"])
    date = page.evaluate("new Date().getDate()")
    pattern = {"en": rf"{date} \w+ \d{{4}}", "zh-Hant": rf"\d{{4}} 年 \d+ 月 {date} 日"}[lang]
    assert re.search(pattern, record)
    goals = page.locator(".csqm-record li").all_inner_texts()
    assert len(goals) == 1 and {"en": "Classify", "zh-Hant": "依權力"}[lang] in goals[0]
    assert page.evaluate("JSON.stringify(localStorage)").find("林雅婷") == -1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_record_of_the_whole_course_prints_on_one_sheet(open_page, lang, theme):
    page = open_page(lang=lang)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    # every exercise right, whatever is in it
    page.evaluate(
        """() => {
            csqmTools.answers.read = () => ({ answer: { done: true } });
            const items = new Proxy({}, { get: () => ({ state: "right" }) });
            for (const kind of Object.values(csqmActivities)) kind.score = () => ({ points: 1, items });
            dispatchEvent(new Event("storage"));
        }"""
    )
    assert page.locator(".csqm-record li").count() == 46
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert [round(float(side)) for side in box.groups()] == [595, 842]  # A4 in points
    page.emulate_media(media="print")
    assert page.locator(".csqm-record").is_visible()
    for hidden in (".csqm-progress button", "[data-view=parts]", "h1", "h2", "footer"):
        assert page.locator(hidden).locator("visible=true").count() == 0, hidden
    colours = page.locator(".csqm-record *").evaluate_all(
        "all => [...new Set(all.map(node => getComputedStyle(node).color))]"
    )
    assert colours == ["rgb(0, 0, 0)"]


# For everybody


@pytest.mark.parametrize(
    ("lang", "theme", "width"),
    [
        ("en", "light", 1280),
        ("en", "dark", 360),
        ("zh-Hant", "light", 360),
        ("zh-Hant", "dark", 1280),
    ],
)
def test_axe_finds_nothing_and_it_fits(open_page, lang, theme, width):
    page = open_page(lang=lang)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    keep(page, quiz(**RIGHT), entry("x" * 60, "quiz", {"choices": {"y" * 80: 1}}))
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.evaluate("document.querySelectorAll('details').forEach((node) => (node.open = true))")

    def check():
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.getAnimations().length") == 0

    load_text(page, holds(entry("z" * 60, "quiz", {})))
    page.locator(".csqm-said p").first.wait_for()
    check()
    load_text(page, holds(quiz(**{"yield": "mean"})))
    page.locator(".csqm-question fieldset").wait_for()
    check()
    page.locator(".csqm-buttons button").nth(2).click()
    page.get_by_role("dialog").wait_for()
    check()


def test_it_works_from_a_folder_without_a_server(context, built_book):
    page = context.new_page()
    page.goto((built_book / "zh-Hant/book/zh-Hant/progress.html").as_uri())
    page.wait_for_selector(".csqm-record h3")
    load_text(page, holds(quiz(**RIGHT)))
    said(page, "已載入 1 份")
    with page.expect_download() as started:
        page.get_by_role("button", name=SAVE["zh-Hant"]).click()
    with open(started.value.path(), encoding="utf-8") as file:
        assert json.load(file)["answers"] == [quiz(**RIGHT)]


def test_it_needs_no_script_but_its_own_files(context, book_url):
    page = context.new_page()

    def strict(route):
        response = route.fetch()
        rule = {"content-security-policy": "script-src 'self'"}
        route.fulfill(response=response, headers=response.headers | rule)

    page.route("**/progress.html", strict)
    page.goto(f"{book_url}/en/book/en/progress.html")
    page.wait_for_selector(".csqm-record h3")
    load_text(page, holds(quiz(**RIGHT)))
    said(page, "Answers loaded (1)")


def test_without_storage_the_page_says_so(context, book_url):
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })"
    )
    page = context.new_page()
    page.goto(f"{book_url}/en/book/en/progress.html")
    page.locator("[data-view=parts]", has_text="keeps no data").wait_for()
    assert page.locator(".csqm-progress button").count() == 0


def test_scripts_are_loaded_only_where_they_are_used(page_scripts):
    assert page_scripts("progress") == ["activities.js", "course.js", "progress.js"]
    assert page_scripts("activities") == ["activity-filter.js"]
    assert page_scripts("1-customers") == ["activities.js"]
    assert page_scripts("glossary") == []


@pytest.fixture
def page_scripts(built_book):
    def scripts(name):
        text = (built_book / f"en/book/en/{name}.html").read_text(encoding="utf-8")
        found = re.findall(r'src="[./]*_static/([\w-]+\.js)', text)
        ours = ("activities.js", "course.js", "progress.js", "activity-filter.js")
        return [each for each in found if each in ours]

    return scripts


def test_the_scripts_are_plain_and_small(root):
    import gzip

    for name in ("progress.js", "activity-filter.js"):
        script = (root / "book/_static" / name).read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|innerHTML|Function\(|https?:|^\s*(import|export)\b", script)
        assert len(gzip.compress(script.encode())) < 8_000


def test_the_page_uses_every_word_it_has(root):
    script = (root / "book/_static/progress.js").read_text(encoding="utf-8")
    used = set(re.findall(r"words\.(\w+)", script))
    catalogue = tomllib.loads((root / "book/_ext/progress.toml").read_text(encoding="utf-8"))
    by_name = {"loaded", "same", "kept", "failed"} | {
        key for key in catalogue if key.startswith(("reason_", "state_"))
    }
    assert used <= set(catalogue)
    assert set(catalogue) == used | by_name


def test_parts_of_the_page_are_those_of_the_syllabus(root, built_book):
    parts = yaml.safe_load((root / "book/syllabus.yaml").read_text(encoding="utf-8"))["parts"]
    for lang in LANGUAGES:
        script = (built_book / lang / "_static/course.js").read_text(encoding="utf-8")
        course = json.loads(script.removeprefix("window.csqmCourse = ").rstrip(";\n"))
        for part, found in zip(parts, course["parts"], strict=True):
            assert found["title"] == part["title"][lang]
            assert list(found["objectives"]) == list(part["objectives"])
            served = {
                code for each in found["activities"] for code in each["content"]["objectives"]
            }
            assert served >= set(part["objectives"]), "an objective that nobody can reach"
