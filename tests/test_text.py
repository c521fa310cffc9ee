"""The two languages: every message exists in both, and nothing falls back silently."""

import pickle
import re
import string
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from csqm import text

SOURCE = Path(text.__file__).parent
CATALOGUES = sorted((SOURCE / "messages").glob("*.toml"))


@pytest.fixture(autouse=True)
def fresh_language(monkeypatch):
    monkeypatch.setattr(text, "_chosen", None)
    monkeypatch.delenv("CSQM_LANG", raising=False)


ENTRIES = [
    pytest.param(entry, id=f"{path.stem}.{name}")
    for path in CATALOGUES
    for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items()
]


def fields(message):
    return {field for _, field, _, _ in string.Formatter().parse(message) if field is not None}


@pytest.mark.parametrize("entry", ENTRIES)
def test_entry_has_both_languages_and_the_same_placeholders(entry):
    assert set(entry) == set(text.LANGUAGES)
    assert fields(entry["en"]) == fields(entry["zh-Hant"])
    assert all(message.strip() for message in entry.values())


@pytest.mark.parametrize("entry", ENTRIES)
def test_chinese_is_chinese(entry):
    chinese = entry["zh-Hant"]
    assert chinese != entry["en"] or not re.search("[A-Za-z]{3}", re.sub(r"\{.*?\}", "", chinese))
    # No half-width comma, semicolon or question mark beside a Chinese character.
    assert not re.search(r"[一-鿿][,;?!]|[,;?!][一-鿿]", chinese)


def test_every_message_asked_for_exists():
    known = {
        f"{path.stem}.{name}"
        for path in CATALOGUES
        for name in tomllib.loads(path.read_text(encoding="utf-8"))
    }
    asked = set()
    for path in SOURCE.rglob("*.py"):
        asked |= set(
            re.findall(r'\b(?:say|Message)\(\s*"([\w.]+)"', path.read_text(encoding="utf-8"))
        )
    assert asked, "no call of say() was found"
    assert asked <= known


def test_language_comes_from_the_call_then_the_environment_then_english(monkeypatch):
    assert text.language() == "en"
    monkeypatch.setenv("CSQM_LANG", "zh-Hant")
    assert text.language() == "zh-Hant"
    text.set_language("en")
    assert text.language() == "en"


def test_a_language_for_a_while_is_that_of_one_thread():
    with text.speaking("zh-Hant"), ThreadPoolExecutor(1) as other:
        assert text.language() == "zh-Hant"
        assert other.submit(text.language).result() == "en"
        with text.speaking("en"):
            assert text.language() == "en"
        assert text.language() == "zh-Hant"
    assert text.language() == "en"


def test_a_message_is_said_when_it_is_read_with_the_messages_in_it():
    why = text.Message("zygote.ended_by", signal="SIGSEGV")
    message = text.Message("grading.in_cell", number=3, why=why)
    links = text.Message("grading.links", paths=["a", text.Message("submission.path", path="b")])
    assert str(message) == "Cell 3 of the notebook: its process ended by SIGSEGV."
    assert str(links) == "Links are not followed: a, 'b'."
    with text.speaking("zh-Hant"):
        assert str(message) == "筆記本第 3 格：程序因 SIGSEGV 而結束。"
        assert str(links) == "沒有採用連結：a、「b」。"
    assert pickle.loads(pickle.dumps(message)) == message != links


@pytest.mark.parametrize("code", ["zh", "zh-TW", "EN", "", "fr"])
def test_unknown_language_is_refused_and_changes_nothing(code):
    text.set_language("zh-Hant")
    with pytest.raises(ValueError, match="語言代碼應為"):
        text.set_language(code)
    assert text.language() == "zh-Hant"


def test_wrong_environment_is_reported_in_both_languages(monkeypatch):
    monkeypatch.setenv("CSQM_LANG", "tw")
    with pytest.raises(ValueError, match="(?s)must be 'en'.*語言代碼"):
        text.language()


@pytest.mark.parametrize("key", ["text.nothing", "nowhere.at_all", "text", ""])
def test_missing_message_raises(key):
    with pytest.raises(KeyError):
        text.say(key)


def test_missing_language_raises(monkeypatch):
    monkeypatch.setattr(text, "catalogue", lambda name: {"half": {"en": "only English"}})
    assert text.say("any.half") == "only English"
    text.set_language("zh-Hant")
    with pytest.raises(KeyError, match="any.half"):
        text.say("any.half")


def test_missing_value_raises():
    with pytest.raises(KeyError):
        text.say("text.unknown_language")


def test_localise():
    both = {"en": "Pay", "zh-Hant": "薪資"}
    assert text.localise(both) == "Pay"
    text.set_language("zh-Hant")
    assert text.localise(both) == "薪資"
    assert text.localise("as it is") == "as it is"
    with pytest.raises(KeyError):
        text.localise({"en": "only English"})


def test_lists_are_joined_as_the_language_does():
    assert text.listed([1, "pay"]) == "1, pay"
    text.set_language("zh-Hant")
    assert text.listed([1, "pay"]) == "1、pay"
