"""Role-plays: the graph, traces, feedback in Python and JavaScript, and use in a page."""

import random
import re

import pytest
import yaml
from activity_helpers import (
    assert_axe_finds_nothing,
    assert_both_refuse,
    assert_fits,
    assert_same_scores,
    content_of,
    refusal,
    stored,
)

from csqm.activities import activity
from csqm.activities.content import load, paths, words
from csqm.activities.kinds.roleplay import Roleplay, best_from, replay
from csqm.text import LANGUAGES, set_language

pytestmark = pytest.mark.usefixtures("english")

SLUGS = ["angry-customer", "supplier-negotiation"]
BEST = {
    "angry-customer": (
        "end-keeps",
        "listen summarise cause-known ask-want tailored date-and-name call-thursday",
    ),
    "supplier-negotiation": (
        "end-good",
        "prep-full tea ask-why own-interests ask-rank-2 invoice-check index-clause reveal-batna"
        " no-name data-share write-full",
    ),
}
PARTLY = {
    "angry-customer": (
        "end-leaves",
        "listen summarise cause-known ask-want refund-only add-care date-and-name wait-friday"
        " own-delay",
        "Decision 8: Wait until the report is final. Before it up to 97",
    ),
    "supplier-negotiation": (
        "end-table",
        "prep-price tea ask-why ask-rank link-issues accept-trade write-full",
        "Decision 6: Agreed. Before it up to 83 of 100",
    ),
}
WORST = {
    "angry-customer": (
        "end-officer",
        "offer-now raise-offer promise-anyway hide-cause law-shield law-dare",
    ),
    "supplier-negotiation": (
        "end-impasse",
        "prep-none straight walk-hint show-quote walk-out",
    ),
}


def finished(trace):
    trace = trace.split()
    return {"trace": trace, "finished": trace}


def walked(content, chance, stop=0.0):
    """Return the trace of a conversation by chance, now and then broken off."""
    trace = []
    while "choices" in (node := replay(content, trace)["node"]) and chance.random() >= stop:
        ids = [each["id"] for each in node["choices"]]
        trace.append(chance.choice([i for i in ids if replay(content, [*trace, i]) is not None]))
    return trace


# The graph


@pytest.mark.parametrize("slug", SLUGS)
def test_graph_is_large_and_sound(slug):
    content = load(paths()[slug])  # refused if a node is unreachable or a dead end
    endings = [node["id"] for node in content["nodes"] if "ending" in node]
    assert len(content["nodes"]) >= 25
    assert len(endings) >= 3


def small():
    """Return the smallest role-play that keeps the rules."""
    text = {"en": "x", "zh-Hant": "字"}

    def choice(name, to, **more):
        return {"id": name, "text": text, "effects": {}, "why": text, "next": to} | more

    ending = {"ending": {"title": text, "verdict": text}}
    return {
        "slug": "small",
        "kind": "roleplay",
        "title": text,
        "task": text,
        "objectives": ["LO7.5"],
        "sources": [],
        "facts": [text],
        "scales": [{"id": "calm", "label": text, "start": 5}],
        "cast": [{"id": "she", "name": text}],
        "nodes": [
            {"id": "one", "text": text, "choices": [choice("a", "two"), choice("b", "end-1")]},
            {"id": "two", "text": text, "choices": [choice("c", "end-2"), choice("d", "end-3")]},
            *({"id": f"end-{n}", "text": text} | ending for n in (1, 2, 3)),
        ],
    }


def put(at, **values):
    """Return a change of one choice: of the node `at[0]` the choice `at[1]`."""
    return lambda c: c["nodes"][at[0]]["choices"][at[1]].update(values)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put((1, 0), next="nowhere"), "nodes/1/choices/0/next: there is no `nowhere` here"),
        (put((1, 0), next="one"), "nodes/0: the node `one` leads back to itself: one → two → one"),
        (put((1, 0), next="end-3"), "nodes/3: no conversation gets to the node `end-2`"),
        (put((1, 0), next="end-3"), "only 2 endings can be reached; at least 3 are needed"),
        (put((1, 0), id="a"), "nodes/1/choices/0/id: the id a is used twice"),
        (put((1, 0), effects={"luck": 1}), "there is no `luck` here; there are: calm"),
        (put((1, 0), effects={"calm": 9}), "9 is outside the allowed range"),
        (lambda c: c["nodes"][1]["choices"][0].pop("why"), "choices/0: `why` is missing"),
        (lambda c: c["nodes"][1].pop("choices"), "`two` must have either `choices` or an `ending`"),
        (lambda c: c["nodes"][1].update(speaker="he"), "there is no `he` here; there are: she"),
        (put((1, 0), **{"if": {"after": ["zzz"]}}), "there is no `zzz` here"),
        (
            put((1, 0), **{"if": {"after": ["b"]}}),
            "nodes/1/choices/0: in the node `two` the condition of the choice `c` holds in no",
        ),
        (
            put((1, 0), instead=[{"if": {"scales": {"calm": {"min": 9}}}, "next": "end-1"}]),
            "nodes/1/choices/0/instead/0: in the node `two`",
        ),
        (
            lambda c: [
                each.update({"if": {"scales": {"calm": {"max": 4}}}})
                for each in c["nodes"][1]["choices"]
            ],
            "nodes/1: the node `two` is a dead end",
        ),
    ],
)
def test_broken_graph_is_refused_with_file_line_and_node(change, says, tmp_path):
    content = small()
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    load(file)
    said = refusal(change, content, file)
    assert says in said
    assert re.search(r"small\.yaml, line \d+", said)


# Traces


@pytest.mark.parametrize("slug", SLUGS)
def test_best_conversation_earns_every_point(slug):
    ending, trace = BEST[slug]
    widget = activity(slug)
    widget.answer = finished(trace)
    assert replay(widget.content, trace.split())["node"]["id"] == ending
    assert widget.score()["points"] == 1
    assert any("None of your decisions cost you points" in line for line in widget.score()["lines"])


@pytest.mark.parametrize("slug", SLUGS)
def test_worst_conversation_earns_little(slug):
    ending, trace = WORST[slug]
    widget = activity(slug)
    widget.answer = finished(trace)
    assert replay(widget.content, trace.split())["node"]["id"] == ending
    assert widget.score()["points"] < 0.1


@pytest.mark.parametrize("slug", SLUGS)
def test_fair_conversation_is_shown_its_weakest_decision(slug):
    ending, trace, weakest = PARTLY[slug]
    widget = activity(slug)
    widget.answer = finished(trace)
    assert replay(widget.content, trace.split())["node"]["id"] == ending
    score = widget.score()
    assert 0.5 < score["points"] < 0.95
    lines = score["lines"]
    assert any(weakest in line for line in lines), lines
    assert sum(bool(re.match(r"\d+\. ", line)) for line in lines) == len(trace.split())


@pytest.mark.parametrize("slug", SLUGS)
def test_only_fair_conversations_reach_the_best_ending(slug):
    content, chance = content_of(slug), random.Random(slug)
    runs = [replay(content, walked(content, chance)) for _ in range(500)]
    best, low = BEST[slug][0], {"angry-customer": 7, "supplier-negotiation": 5}[slug]
    for run in runs:
        if run["node"]["id"] == best:
            assert min(run["scales"].values()) >= low


def test_a_broken_promise_is_found_out():
    trace = "offer-now raise-offer promise-anyway cause-known ask-want tailored date-and-name"
    run = replay(content_of("angry-customer"), [*trace.split(), "call-thursday"])
    assert run["node"]["id"] == "end-broken"


def test_only_who_has_prepared_can_compare_with_the_alternative():
    content = content_of("supplier-negotiation")
    way = ["straight", "repair-face", "price-back", "nine-weeks"]
    for preparation, open_to in [("prep-full", True), ("prep-price", False)]:
        trace = [preparation, *way]
        assert replay(content, trace)["node"]["id"] == "price-only"
        assert (replay(content, [*trace, "check-batna"]) is not None) is open_to


def test_the_most_that_can_be_had_is_that_of_all_continuations():
    content = content_of("angry-customer")

    def brute(trace):
        run = replay(content, trace)
        if "ending" in run["node"]:
            return Roleplay.mark(content, {"trace": trace, "finished": trace}, said)["points"]
        runs = [[*trace, each["id"]] for each in run["node"]["choices"]]
        return max(brute(each) for each in runs if replay(content, each))

    said = words("roleplay")
    for trace in (
        "listen re-ask procedure-shield transfer-blind take-back offer-standard",
        "ask-order insist-form own-repeat hide-cause come-clean offer-max take-or-leave",
    ):
        run = replay(content, trace.split())
        best = best_from(content, run["node"], run["scales"], run["chosen"], {})
        assert best == brute(trace.split())


def test_a_new_try_leaves_the_finished_one_standing():
    widget = activity("angry-customer")
    assert widget.score()["points"] == 0
    assert "decisions made so far: 0" in widget.score()["lines"][0]
    done = BEST["angry-customer"][1].split()
    widget.answer = {"trace": ["offer-now"], "finished": done}
    assert widget.score()["points"] == 1
    assert "last conversation that you finished" in widget.score()["lines"][1]


# Python and JavaScript


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_python_and_javascript_agree(slug, language, script_page):
    set_language(language)
    content, chance = content_of(slug), random.Random(slug)
    answers = [Roleplay.empty, finished(BEST[slug][1])]
    for _ in range(40):
        done = walked(content, chance)
        trace = walked(content, chance, stop=0.2)
        ended = "ending" in replay(content, trace)["node"]
        answers.append({"trace": trace, "finished": trace if ended else done})
    assert_same_scores(script_page, slug, answers)


def test_both_refuse_what_is_no_answer(script_page):
    empty = Roleplay.empty
    best = BEST["angry-customer"][1].split()
    wrong = [
        None,
        [],
        {},
        {"trace": []},
        empty | {"more": 1},
        empty | {"trace": "listen"},
        empty | {"trace": ["summarise"]},  # not open at the beginning
        empty | {"trace": [*best, "listen"]},  # goes on after the ending
        empty | {"trace": [["listen"]]},
        empty | {"trace": [1]},
        empty | {"trace": ["<script>"]},
        empty | {"finished": ["listen"]},  # has no ending
        empty | {"finished": None},
    ]
    assert_both_refuse(script_page, "angry-customer", wrong)


# In a page


def play(page, content, trace):
    for choice in trace:
        texts = {
            each["id"]: each["text"] for n in content["nodes"] for each in n.get("choices", [])
        }
        page.locator(".csqm-choices").get_by_role("button", name=texts[choice], exact=True).click()


def test_by_mouse_to_an_ending_back_and_again(open_activity):
    page, content = open_activity("angry-customer"), content_of("angry-customer")
    trace = PARTLY["angry-customer"][1].split()
    play(page, content, trace)
    log = page.locator(".csqm-log")
    assert "He accepts, and leaves" in log.inner_text()
    assert stored(page, "angry-customer") == {"trace": trace, "finished": trace}
    page.get_by_role("button", name="Check").click()
    assert "Where you gave away most" in page.locator(".csqm-feedback").inner_text()
    page.get_by_role("button", name="Go back to here: decision 8").click()
    assert stored(page, "angry-customer") == {"trace": trace[:7], "finished": trace}
    assert "is kept, and counts" in page.locator(".csqm-roleplay").inner_text()
    play(page, content, ["call-thursday"])
    better = [*trace[:7], "call-thursday"]
    assert stored(page, "angry-customer") == {"trace": better, "finished": better}
    assert "He keeps riding with us" in log.inner_text()
    page.get_by_role("button", name="Start again").click()
    assert stored(page, "angry-customer") == {"trace": [], "finished": better}
    assert log.locator("li").count() == 1


def test_by_keyboard_the_answer_is_heard_first_and_kept_over_a_reload(open_activity):
    page, content = open_activity("supplier-negotiation"), content_of("supplier-negotiation")
    buttons = page.locator(".csqm-choices button")
    buttons.first.focus()
    page.keyboard.press("Enter")
    for trace in (["prep-price"], ["prep-price", "anchor-low"]):
        said = page.evaluate("document.activeElement.textContent")
        assert replay(content, trace)["node"]["text"] in said
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.csqm-choices') !== null")
        page.keyboard.press("Enter")
    trace = ["prep-price", "anchor-low", "split-mid"]
    assert stored(page, "supplier-negotiation")["trace"] == trace
    page.reload()
    assert page.locator(".csqm-log li").count() == 7
    assert "Nine percent" in page.locator(".csqm-log li").last.inner_text()


def test_a_long_log_does_not_jump_on_a_phone(open_activity):
    page = open_activity("angry-customer", width=360, height=800, has_touch=True)
    content = content_of("angry-customer")
    trace = BEST["angry-customer"][1].split()
    for choice in trace:
        play(page, content, [choice])
        # What has just been said is on the screen.
        box = page.locator(".csqm-log li").last.bounding_box()
        assert box["y"] >= -1 and box["y"] + min(box["height"], 800) <= 801
    page.get_by_role("button", name="Check").click()
    assert_fits(page)
    small = page.locator("button:visible").evaluate_all(
        "(all) => all.filter((node) => node.offsetHeight < 24).length"
    )
    assert small == 0


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(("theme", "language"), [("light", "zh-Hant"), ("dark", "en")])
def test_axe_finds_nothing(open_activity, slug, theme, language):
    page = open_activity(slug, language=language, theme=theme)
    play(page, content_of(slug), PARTLY[slug][1].split())
    page.locator(".csqm-primary").click()
    assert_axe_finds_nothing(page)


def test_paper_has_every_node_and_where_choices_lead(open_activity):
    page = open_activity("angry-customer")
    page.emulate_media(media="print")
    static = page.locator(".csqm-activity-static")
    assert static.locator("ol > li").count() == len(content_of("angry-customer")["nodes"])
    assert "It is the most that I can offer. Do you accept it or not? → 27" in static.inner_text()
