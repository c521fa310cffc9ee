"""All answers in one file: saved from a folder, loaded into another, whatever the file holds."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csqm.activities import activity, export_answers, import_answers
from csqm.activities.content import load, localised, paths
from csqm.activities.kinds import KINDS
from csqm.text import set_language

QUIZ = {"choices": {"yield": "product"}}
NEEDS = {"places": {"guard": "safety"}}
HURT = "<img src=x onerror='window.harmed=1'><script>window.harmed=1</script>"


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    set_language("en")
    monkeypatch.chdir(tmp_path)
    yield
    set_language("en")


def entry(slug="quiz-1", kind="quiz", answer=QUIZ, **changes):
    return {"schema": 1, "activity": slug, "kind": kind, "answer": answer} | changes


def file_of(*entries, **changes):
    """Write a file of answers."""
    holds = {"file": "csqm-answers", "schema": 1, "answers": list(entries)} | changes
    Path("csqm-answers.json").write_text(json.dumps(holds), encoding="utf-8")


def saved(name, folder="answers"):
    return json.loads(Path(folder, f"{name}.json").read_text(encoding="utf-8"))


def files_in(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def test_answers_travel_to_another_folder(tmp_path, capsys):
    activity("quiz-1").answer = QUIZ
    activity("maslow-needs").answer = NEEDS
    cleared = activity("stakeholder-map")
    cleared.answer = {"actors": {"city": {"power": 3}}}
    cleared.answer = cleared.empty
    export_answers()
    assert "(2): maslow-needs, quiz-1." in capsys.readouterr().out
    holds = saved("csqm-answers", ".")
    assert holds == {
        "file": "csqm-answers",
        "schema": 1,
        "answers": [saved("maslow-needs"), saved("quiz-1")],
    }
    import_answers(folder="elsewhere")
    assert "(2): maslow-needs, quiz-1." in capsys.readouterr().out
    assert activity("quiz-1", folder="elsewhere").answer == QUIZ
    assert activity("maslow-needs", folder="elsewhere").answer == NEEDS
    import_answers(folder="elsewhere")
    assert "same as here already (2)" in capsys.readouterr().out
    assert len(list((tmp_path / "elsewhere").iterdir())) == 2


def test_an_answer_that_differs_is_kept(capsys):
    activity("quiz-1").answer = QUIZ
    export_answers()
    for number, other in enumerate(("mean", "subtract"), start=1):
        changed = {"choices": {"yield": other}}
        activity("quiz-1").answer = changed
        import_answers()
        assert f"answers/quiz-1.before-{number}.json" in capsys.readouterr().out
        assert saved("quiz-1") == entry()
        assert saved(f"quiz-1.before-{number}")["answer"] == changed


def test_nothing_done_here_gives_way_and_nothing_in_the_file_takes_nothing(capsys):
    quiz = activity("quiz-1")
    quiz.answer = QUIZ
    quiz.answer = quiz.empty
    file_of(entry())
    import_answers()
    assert saved("quiz-1") == entry()
    file_of(entry(answer=quiz.empty))
    import_answers()
    assert "nothing new" in capsys.readouterr().out
    assert saved("quiz-1") == entry()
    assert files_in("answers") == ["quiz-1.json"]


def test_open_exercises_show_what_was_loaded():
    elsewhere, here = activity("quiz-1", folder="elsewhere"), activity("quiz-1")
    file_of(entry())
    import_answers()
    assert here.answer == QUIZ
    assert elsewhere.answer == elsewhere.empty
    here.answer = {"choices": QUIZ["choices"] | {"maslow": "partly"}}
    assert saved("quiz-1")["answer"] == here.answer


@pytest.mark.parametrize(
    ("broken", "name", "reason"),
    [
        (entry("quiz-99"), "quiz-99", "there is no such activity"),
        (entry("../../quiz-1"), "unnamed", "there is no such activity"),
        (entry("__proto__"), "unnamed", "there is no such activity"),
        (entry(["quiz-1"]), "unnamed", "there is no such activity"),
        ("quiz-1", "unnamed", "there is no such activity"),
        (None, "unnamed", "there is no such activity"),
        (entry(schema=0), "quiz-1", "another version"),
        (entry(schema=2), "quiz-1", "another version"),
        (entry(kind="map"), "quiz-1", "does not fit"),
        (entry(answer={"choices": {"yield": HURT}}), "quiz-1", "does not fit"),
        (entry(answer={"choices": {HURT: "product"}}), "quiz-1", "does not fit"),
        (entry(answer={"choices": {"yield": "\ud800"}}), "quiz-1", "does not fit"),
        (entry(answer=7), "quiz-1", "does not fit"),
    ],
)
def test_an_entry_that_cannot_be_used_is_reported_and_kept(broken, name, reason, capsys):
    activity("quiz-1").answer = QUIZ
    file_of(broken, entry("maslow-needs", "sorter", NEEDS))
    for _ in range(2):  # the second time adds nothing
        import_answers()
        out = capsys.readouterr().out
        assert f"{name}: not loaded" in out and reason in out
        assert f"answers/{name}.broken-1.json" in out
        assert saved(f"{name}.broken-1") == broken
        assert activity("quiz-1").answer == QUIZ
        assert activity("maslow-needs").answer == NEEDS
        assert len(files_in("answers")) == 3


def test_an_entry_that_is_there_twice_counts_once(capsys):
    second = entry(answer={"choices": {"yield": "mean"}})
    file_of(entry(), second)
    import_answers()
    assert "twice" in capsys.readouterr().out
    assert saved("quiz-1") == entry()
    assert saved("quiz-1.broken-1") == second


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"file": "csqm-answers", "schema": 1, "answers": [NaN]}', "not JSON"),
        (b"[]", "not a file of answers"),
        (json.dumps(entry()).encode(), "not a file of answers"),
        (b'{"file": "csqm-answers", "schema": 1, "answers": {}}', "not a file of answers"),
        (b'{"file": "csqm-answers", "schema": 0, "answers": []}', "another version"),
        (b'{"file": "csqm-answers", "schema": 2, "answers": []}', "another version"),
    ],
)
def test_another_file_is_refused_and_changes_nothing(text, reason, tmp_path):
    activity("quiz-1").answer = QUIZ
    (tmp_path / "other.json").write_bytes(text)
    with pytest.raises(ValueError, match=f"`other.json`: it .*{reason}.*Nothing has changed"):
        import_answers("other.json")
    assert files_in("answers") == ["quiz-1.json"]
    assert saved("quiz-1") == entry()


def test_a_broken_answer_in_the_folder_is_kept_and_left_out(tmp_path, capsys):
    activity("quiz-1").answer = QUIZ
    (tmp_path / "answers" / "maslow-needs.json").write_text("{", encoding="utf-8")
    export_answers()
    out = capsys.readouterr().out
    assert "(1): quiz-1." in out
    assert "Left out, because it is not JSON: `answers/maslow-needs.json`" in out
    file_of(entry("maslow-needs", "sorter", NEEDS))
    import_answers()
    assert (tmp_path / "answers" / "maslow-needs.broken-1.json").read_text() == "{"
    assert activity("maslow-needs").answer == NEEDS


def test_a_full_disk_loses_nothing(monkeypatch, capsys):
    activity("quiz-1").answer = {"choices": {"yield": "mean"}}
    file_of(entry())

    def full(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    import_answers()
    out = capsys.readouterr().out
    assert "quiz-1: not loaded, because `answers/quiz-1.json` could not be written" in out
    assert "Answers loaded" not in out
    assert saved("quiz-1")["answer"] == {"choices": {"yield": "mean"}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("slug", list(paths()))
def test_no_answer_whatever_breaks_the_check(slug):
    """What a file may hold in place of an answer is refused or accepted, never an accident."""
    content = localised(load(paths()[slug]))
    kind = KINDS[content["kind"]]
    names = st.sampled_from(re.findall(r"'id': '([a-z0-9-]+)'", str(content)))
    inner = JSON | st.dictionaries(names, JSON | names | st.lists(names), max_size=3)

    @settings(max_examples=30, deadline=None, database=None)
    @given(st.fixed_dictionaries({key: inner for key in kind.empty}))
    def check(answer):
        kept = {"schema": 1, "activity": slug, "kind": content["kind"], "answer": answer}
        assert kind.unusable(content, kept) in (None, "other")

    check()


def test_chinese_messages(capsys):
    set_language("zh-Hant")
    activity("quiz-1").answer = QUIZ
    export_answers()
    activity("quiz-1").answer = {"choices": {"yield": "mean"}}
    import_answers()
    out = capsys.readouterr().out
    assert "已把 1 份作答存入 `csqm-answers.json`：quiz-1。" in out
    assert "quiz-1：原有的作答保留為 `answers/quiz-1.before-1.json`。" in out
