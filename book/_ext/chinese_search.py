"""Search in Traditional Chinese: text is indexed by single characters and pairs of them.

Chinese is written without spaces, and word splitters made for Simplified Chinese miss most
Taiwanese terms. Pairs of neighbouring characters need no dictionary: 滾動良率 is found where
滾動, 動良 and 良率 are.
"""

import re

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

# CJK ideographs with extension A and the compatibility block
CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
RUNS = re.compile(rf"[{CJK}]+|[^\W{CJK}]+")


class SearchChinese(SearchLanguage):
    """Index CJK characters and pairs; leave words of other scripts whole."""

    lang = "zh-Hant"
    language_name = "Chinese (Traditional)"
    # a query of one character looks for that character, a longer one for all its pairs
    js_splitter_code = r"""
function splitQuery(query) {
  const cjk = "CJK";
  const runs = new RegExp(`[${cjk}]+|(?:(?![${cjk}])[\\p{L}\\p{N}_])+`, "gu");
  const terms = [];
  for (const [run] of query.matchAll(runs)) {
    if (run.length === 1 || !new RegExp(`[${cjk}]`).test(run)) terms.push(run);
    else for (let i = 0; i + 1 < run.length; i++) terms.push(run.slice(i, i + 2));
  }
  return terms;
}
""".replace("CJK", CJK)

    def split(self, input: str) -> list[str]:
        """Split text into the terms of the index.

        Examples
        --------
        >>> SearchChinese({}).split("滾動良率 RTY")
        ['滾', '動', '良', '率', '滾動', '動良', '良率', 'RTY']
        """
        terms = []
        for run in RUNS.findall(input):
            if re.match(rf"[{CJK}]", run):
                terms += [*run, *map("".join, zip(run, run[1:], strict=False))]
            else:
                terms.append(run)
        return terms

    def word_filter(self, word: str) -> bool:
        """Keep every term: short ones are the rule in Chinese."""
        return bool(word)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_search_language(SearchChinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
