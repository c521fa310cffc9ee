"""Author-year citations and a reference list to look them up in, in the edition's punctuation.

English: (Tay & Diener, 2011). Chinese: （Tay & Diener, 2011）.
"""

from dataclasses import dataclass, field

from pybtex.plugin import register_plugin as register_format
from pybtex.style.formatting.unsrt import Style as UnsrtStyle
from pybtex.style.formatting.unsrt import dashify, toplevel
from pybtex.style.sorting import BaseSortingStyle
from pybtex.style.template import field as entry_field
from pybtex.style.template import first_of, join, names, optional, sentence, tag
from sphinx.application import Sphinx
from sphinxcontrib.bibtex.plugin import register_plugin as register_reference
from sphinxcontrib.bibtex.style.referencing import BracketStyle, PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

ITALIC = tag("em")


def brackets(left: str, right: str):
    """Return a field of a reference style: brackets around citations."""
    return field(default_factory=lambda: BracketStyle(left=left, right=right, sep="; "))


def persons():
    """Return a field of a reference style: how names are joined."""
    return field(default_factory=lambda: PersonStyle(sep2=" & ", last_sep=" & ", other=" et al."))


@dataclass
class EnglishReferences(AuthorYearReferenceStyle):
    """(Tay & Diener, 2011); Tay & Diener (2011)."""

    bracket_parenthetical: BracketStyle = brackets("(", ")")
    bracket_textual: BracketStyle = brackets("(", ")")
    person: PersonStyle = persons()


@dataclass
class ChineseReferences(AuthorYearReferenceStyle):
    """（Tay & Diener, 2011）; Tay & Diener（2011）."""

    bracket_parenthetical: BracketStyle = brackets("（", "）")
    bracket_textual: BracketStyle = brackets("（", "）")
    person: PersonStyle = persons()
    text_reference_sep: str = ""


class ByAuthor(BaseSortingStyle):
    """Sort by the name that the list shows first, then year and title; organisations too."""

    def sorting_key(self, entry):
        """Return what an entry is sorted by."""
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [str(person).lower() for person in people]
        return (names, entry.fields["year"], entry.fields["title"])


def text(name: str):
    """Return the text of a field of an entry."""
    return entry_field(name)


def source(*parts):
    """Join the parts that an entry has by commas and end them with a full stop."""
    return sentence[[optional[part] for part in parts]]


class AuthorYearList(UnsrtStyle):
    """Author (year). Title. Where it appeared. Link."""

    default_sorting_style = "csqm"
    default_name_style = "lastfirst"

    def people(self, role: str):
        """Return all authors or editors, the last two joined by an ampersand."""
        return names(role, sep=", ", sep2=" & ", last_sep=" & ")

    def head(self, entry):
        """Return author, or editor, and year."""
        editors = join[self.people("editor"), " (eds.)"]
        who = first_of[optional[self.people("author")], editors]
        return sentence[join[who, " (", text("year"), ")"]]

    def article_place(self):
        """Return journal, volume with issue, and pages."""
        volume = join[ITALIC[text("volume")], optional["(", text("number"), ")"]]
        return source(ITALIC[text("journal")], volume, entry_field("pages", apply_func=dashify))

    def get_article_template(self, entry):
        """Format an article."""
        title = sentence[text("title")]
        return toplevel[self.head(entry), title, self.article_place(), self.format_web_refs(entry)]

    def get_book_template(self, entry):
        """Format a book."""
        edition = join[" (edition ", text("edition"), ")"]
        return toplevel[
            self.head(entry),
            sentence[join[ITALIC[text("title")], optional[edition]]],
            source(text("series"), text("publisher")),
            self.format_web_refs(entry),
        ]

    def get_incollection_template(self, entry):
        """Format a chapter of a book, or a paper of a conference."""
        return toplevel[
            self.head(entry),
            sentence[text("title")],
            source(
                ITALIC[text("booktitle")],
                text("volume"),
                entry_field("pages", apply_func=dashify),
                text("publisher"),
            ),
            self.format_web_refs(entry),
        ]

    get_inproceedings_template = get_incollection_template

    def get_techreport_template(self, entry):
        """Format a standard."""
        return toplevel[
            self.head(entry),
            sentence[join[ITALIC[text("title")], " (", text("number"), ")"]],
            source(text("institution")),
        ]

    def get_misc_template(self, entry):
        """Format a law, a website and everything else."""
        return toplevel[
            self.head(entry),
            sentence[ITALIC[text("title")]],
            source(text("howpublished")),
            self.format_web_refs(entry),
        ]


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    register_format("pybtex.style.formatting", "csqm", AuthorYearList)
    register_format("pybtex.style.sorting", "csqm", ByAuthor)
    plugin = "sphinxcontrib.bibtex.style.referencing"
    register_reference(plugin, "csqm_en", EnglishReferences)
    register_reference(plugin, "csqm_zh", ChineseReferences)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
