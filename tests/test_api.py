"""The reference of the package: everything public is in it, in both editions, with formula and example."""

import importlib
import inspect
import pkgutil
import re

import pytest

import csqm

EDITIONS = ("en", "zh-Hant")
# These extend the notebooks and the grading; they are described where they are used.
APART = {"activities", "course", "grading"}
MODULES = sorted({module.name for module in pkgutil.iter_modules(csqm.__path__)} - APART)
# What the methods share, and what is not statistics: nothing to cite.
PLAIN = {"data", "moments", "plots", "results", "text", "validation"}


def public(module):
    """Return the functions and classes that a module offers, by name."""
    loaded = importlib.import_module(f"csqm.{module}")
    offered = {name: getattr(loaded, name) for name in loaded.__all__}
    return {name: each for name, each in offered.items() if inspect.getdoc(each) and callable(each)}


@pytest.fixture(scope="module", params=EDITIONS)
def reference(request, built_book):
    edition = request.param
    return (built_book / edition / "book" / edition / "api.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_is_in_the_reference(reference, module):
    assert f'id="module-csqm.{module}"' in reference
    absent = [name for name in public(module) if f'id="csqm.{module}.{name}"' not in reference]
    assert absent == []


def test_formulas_are_mathml_and_no_markup_is_left(reference):
    assert reference.count('display="block"') > 25
    prose = re.sub(r"<(pre|script|style|annotation)\b.*?</\1>", "", reference, flags=re.S)
    prose = re.sub(r"<[^>]+>", "", prose)
    assert not re.findall(r".{20}(?::math:|``|\\mathrm|\\frac|\.\. ).{20}", prose)


def test_references_lead_to_functions(reference):
    assert 'href="#csqm.sampling.rake"' in reference
    assert 'href="#csqm.ipa.grid"' in reference, "from the chart to the method"


def test_descriptions_are_marked_as_english(built_book):
    chinese = built_book / "zh-Hant" / "book" / "zh-Hant" / "api.html"
    text = chinese.read_text(encoding="utf-8")
    assert (
        text.count('<dl lang="en" class="py ') == len(re.findall('<dl [^>]*class="py ', text)) > 60
    )
    assert "mean “no answer”" in text, "English quotation marks in English text"


@pytest.mark.parametrize("module", sorted(set(MODULES) - PLAIN))
def test_methods_have_an_example_and_a_source(module):
    for name, method in public(module).items():
        if inspect.isfunction(method):
            text = inspect.getdoc(method)
            assert re.search(r"Examples\n-+\n(?:.*\n)*?>>> ", text), f"{name} has no example"
            # scores are means of answers, and lists are grouped, by rules of the course
            is_own = name in ("score_items", "action_list")
            assert is_own or "References\n------" in text, f"{name} names no source"
