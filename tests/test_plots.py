"""The charts: their texts in both languages, their numbers, their legibility, their refusals."""

import base64
import re
import tomllib
import warnings
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from matplotlib.text import Text

from csqm import data, plots, stakeholders, text
from csqm.plots import style

SOURCE = Path(text.__file__).parent
DATASETS = SOURCE.parents[1] / "datasets"
ITEMS = ["q1_company", "q2_image", "q3_interest", "q4_supervisor", "q5_pay", "q6_future"]
ACTORS = {
    "en": ["Passengers", "Shareholders", "Parts suppliers", "City government", "Competitors"],
    "zh-Hant": ["乘客", "股東", "零件供應商", "市政府", "競爭車隊"],
}
PLACES = [(6, 9), (9.5, 5.5), (5.5, 6), (8.5, 3), (4, 0)]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", "en")


def likert(**options):
    titles = data.dictionary("employee_survey").set_index("column")["title"]
    return plots.likert_bars(data.load("employee_survey"), ITEMS, titles[ITEMS], **options)


def likert_labelled():
    return likert(answers=data.labels("employee_survey", "q1_company"))


def groups(**options):
    table = stakeholders.department_table(data.load("employee_survey"), "department", "q1_company")
    return plots.group_estimates(table, data.labels("employee_survey", "department"), **options)


def chain(process="ride", **options):
    steps = data.load("process_steps")
    steps = steps[steps["process"] == process]
    tasks = data.labels("process_steps", "task")
    yields = steps["right_first_time"] / steps["units_in"]
    return plots.yield_chain(yields, steps["task"].map(tasks), **options)


def chain_with_n():
    return chain("brake_kit", n=2400)


def grid(**options):
    return plots.stakeholder_grid(
        dict(zip(ACTORS[text.language()], PLACES, strict=True)), **options
    )


CHARTS = [likert, likert_labelled, groups, chain, chain_with_n, grid]
each_chart = pytest.mark.parametrize("draw", CHARTS, ids=lambda draw: draw.__name__)
each_language = pytest.mark.parametrize("language", text.LANGUAGES)


class Page(HTMLParser):
    """Collects the tags of a piece of HTML with their attributes."""

    def __init__(self, source):
        super().__init__()
        self.tags = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def written(chart):
    """Return the texts that the chart shows."""
    figure, (low, high) = chart.ax.figure, chart.ax.get_xlim()
    figure.draw_without_rendering()
    beyond = [t.label1 for t in chart.ax.xaxis.get_major_ticks() if not low <= t.get_loc() <= high]
    return [
        each
        for each in figure.findobj(Text)
        if each.get_visible() and each.get_text().strip() and each not in beyond
    ]


@each_chart
@each_language
def test_chart_is_an_image_with_its_alternative_text(draw, language):
    text.set_language(language)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        chart = draw()
        html = chart._repr_html_()
    (figure, figure_attributes), (image, attributes) = Page(html).tags
    assert (figure, figure_attributes) == ("figure", {"class": "csqm-chart"})
    assert image == "img" and attributes["alt"] == chart.alt
    kind, _, code = attributes["src"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    svg = ElementTree.fromstring(base64.b64decode(code))
    assert svg.tag.endswith("svg")
    assert not [tag for tag in svg.iter() if tag.tag.endswith(("}text", "}image"))]
    assert html == draw()._repr_html_(), "the same chart gives the same file"


@each_chart
def test_chinese_charts_hold_no_english(draw):
    text.set_language("zh-Hant")
    chart = draw()
    for shown in [chart.alt, *(each.get_text() for each in written(chart))]:
        rest = re.sub(r"Wilson|\bn\b", "", shown)
        assert not re.search("[A-Za-z]", rest), shown


@each_chart
def test_english_charts_hold_no_chinese(draw):
    chart = draw()
    for shown in [chart.alt, *(each.get_text() for each in written(chart))]:
        assert not re.search("[一-鿿，。：；（）]", shown), shown


@each_chart
@each_language
def test_no_text_lies_over_another_or_outside(draw, language):
    text.set_language(language)
    chart = draw()
    texts = written(chart)
    boxes = [(each.get_text(), each.get_window_extent()) for each in texts]
    for (one, box), (other, next_box) in combinations(boxes, 2):
        assert not box.padded(-1).overlaps(next_box.padded(-1)), f"{one!r} over {other!r}"
    whole = chart.ax.figure.bbox
    for shown, box in boxes:
        assert box.x0 >= whole.x0 - 2 and box.x1 <= whole.x1 + 2, shown
        assert box.y0 >= whole.y0 - 2 and box.y1 <= whole.y1 + 2, shown
    assert min(each.get_fontsize() for each in texts) >= 9


@each_chart
@each_language
def test_axes_are_labelled_and_a_title_may_be_given(draw, language):
    text.set_language(language)
    assert draw().ax.get_xlabel()
    if draw in (likert, groups, chain, grid):
        chart = draw(title="A title of my own: 42")
        assert chart.ax.figure.get_suptitle() == "A title of my own: 42"
        assert chart.alt.startswith("A title of my own: 42")


def test_every_sign_of_the_course_is_in_the_font():
    signs = set(TTFont(SOURCE / "fonts" / "NotoSansTC-subset.ttf").getBestCmap())
    package = (DATASETS / "datapackage.json").read_text(encoding="utf-8")
    catalogue = (SOURCE / "messages" / "plots.toml").read_text(encoding="utf-8")
    assert {sign for sign in package + catalogue if ord(sign) not in signs} == {"\n"}
    assert "SIL OPEN FONT LICENSE" in (SOURCE / "fonts" / "OFL.txt").read_text(encoding="utf-8")


def test_figures_do_not_pile_up():
    likert()._repr_html_()
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"], "the style stays inside"
    assert not mpl._pylab_helpers.Gcf.figs


# ---- numbers -------------------------------------------------------------------------------------


def test_likert_bars_hold_the_shares():
    survey = data.load("employee_survey")
    chart = likert()
    pay = survey["q5_pay"].dropna()
    row = ITEMS.index("q5_pay")
    widths = [bars[row].get_width() for bars in chart.ax.containers]
    assert widths == pytest.approx([(pay == code).mean() for code in range(1, 6)])
    middle = chart.ax.containers[2][row]
    assert middle.get_x() == pytest.approx(-middle.get_width() / 2)
    for item in ITEMS:
        assert f"{100 * (survey[item] >= 4).sum() / survey[item].count():.0f}\xa0% (n" in chart.alt
    assert chart.ax.figure.get_suptitle().startswith("Pay")


def test_likert_bars_of_four_answers_have_no_middle():
    table = pd.DataFrame({"a": [1, 2, 3, 4]})
    chart = plots.likert_bars(table, ["a"], ["A"], answers={1: "no", 2: "-", 3: "+", 4: "yes"})
    assert [bars[0].get_x() for bars in chart.ax.containers] == pytest.approx(
        [-0.5, -0.25, 0, 0.25]
    )
    colours = {bars[0].get_facecolor() for bars in chart.ax.containers}
    assert len(colours) == 4


def test_group_estimates_hold_the_intervals_and_hide_the_small():
    chart = groups()
    table = stakeholders.department_table(data.load("employee_survey"), "department", "q1_company")
    shown = table[~table["suppressed"]]
    lines = [line for line in chart.ax.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose([line.get_xdata() for line in lines], shown[["low", "high"]])
    written_texts = [each.get_text() for each in written(chart)]
    assert "n < 5: not shown" in written_texts and "n = 42" in written_texts
    assert "Safety office not shown (n < 5)" in chart.alt


def test_group_estimates_of_nothing_but_small_groups():
    table = pd.DataFrame({"unit": ["a", "b"], "q": [3, 4]})
    chart = plots.group_estimates(
        stakeholders.department_table(table, "unit", "q"), {"a": "A", "b": "B"}
    )
    assert chart.ax.figure.get_suptitle() == "Every group is too small to be shown"


def test_yield_chain_holds_yields_and_their_product():
    chart = plots.yield_chain([0.9, 0.8, 0.5], ["a", "b", "c"])
    assert [bar.get_width() for bar in chart.ax.patches] == pytest.approx([-0.1, -0.2, -0.5])
    assert chart.ax.lines[0].get_xdata() == pytest.approx([0.9, 0.72, 0.36])
    assert "a 90.0\xa0%, so far 90.0\xa0%; b 80.0\xa0%, so far 72.0\xa0%" in chart.alt
    assert chart.ax.figure.get_suptitle().endswith("36.0\xa0%")


@pytest.mark.parametrize("yields", [[1, 1], [0, 1], [0.999999] * 3, [0.5] * 9])
def test_yield_chain_at_the_ends(yields):
    chart = plots.yield_chain(yields, [f"step {number}" for number in range(len(yields))])
    low, high = chart.ax.get_xlim()
    assert low < min(chart.ax.lines[0].get_xdata()) and high == 1


def test_stakeholder_grid_puts_power_upwards_and_interest_to_the_right():
    chart = grid()
    points = [
        tuple(np.ravel(line.get_xydata())) for line in chart.ax.lines if line.get_marker() == "o"
    ]
    assert points == [(interest, power) for power, interest in PLACES]
    assert "Manage closely: Passengers, Shareholders, Parts suppliers;" in chart.alt
    assert "Keep satisfied: City government;" in chart.alt
    assert chart.alt.endswith("Keep informed: nobody; Monitor: Competitors.")


def test_names_in_a_crowd_keep_apart():
    crowd = {f"Actor number {number}": (5 + number % 3, 2 + number // 3) for number in range(9)}
    chart = plots.stakeholder_grid(crowd)
    names = [each for each in written(chart) if each.get_text().startswith("Actor")]
    assert len(names) == 9
    for one, other in combinations(names, 2):
        assert not one.get_window_extent().padded(-1).overlaps(other.get_window_extent())


def test_alternative_text_is_escaped():
    chart = plots.yield_chain([0.9], ['<b> & "quoted"'])
    (_, (_, attributes)) = Page(chart._repr_html_()).tags
    assert attributes["alt"] == chart.alt and '<b> & "quoted"' in chart.alt


def test_long_titles_are_wrapped_in_both_languages():
    long = style.wrapped("a sentence that goes on " * 6, 58).splitlines()
    assert len(long) == 3 and max(map(len, long)) <= 58
    chinese = style.wrapped("夜班派車人員的滿意度低於其他部門，差距約 45.6 個百分點。" * 3, 58)
    lines = chinese.splitlines()
    assert len(lines) > 1 and not [line for line in lines if line[0] in "，。"]
    assert "45.6" in chinese.replace("\n", "|")


# ---- bad input -----------------------------------------------------------------------------------

ANSWERS = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [9.0, 1.0, 2.0], "c": [np.nan] * 3})
TABLE = stakeholders.department_table(
    pd.DataFrame({"unit": ["x"] * 5, "q": [1, 2, 3, 4, 5]}), "unit", "q"
)
BAD = [
    (lambda: plots.likert_bars(ANSWERS, [], []), "no_items", "`items`"),
    (lambda: plots.likert_bars(ANSWERS, ["z"], ["Z"]), "column_missing", "z"),
    (lambda: plots.likert_bars(ANSWERS, ["a"], ["A", "B"]), "label_count", "2"),
    (lambda: plots.likert_bars(ANSWERS, ["a"], {"b": "B"}), "label_missing", "a"),
    (lambda: plots.likert_bars(ANSWERS, ["b"], ["B"]), "code", "9"),
    (lambda: plots.likert_bars(ANSWERS, ["c"], ["C"]), "no_answers", "c"),
    (lambda: plots.group_estimates(TABLE[:0], []), "no_rows", ""),
    (lambda: plots.group_estimates(TABLE.drop(columns="low"), ["X"]), "column_missing", "low"),
    (lambda: plots.group_estimates(TABLE, {}), "label_missing", "x"),
    (lambda: plots.yield_chain([0.9, 0.8], ["a"]), "label_count", "1"),
    (lambda: plots.stakeholder_grid({}), "no_rows", ""),
    (lambda: plots.stakeholder_grid({"City": (11, 2)}), "position", "City"),
    (lambda: plots.stakeholder_grid({"City": (1, 2, 3)}), "position", "(1, 2, 3)"),
    (lambda: plots.stakeholder_grid({"City": 5}), "position", "5"),
    (lambda: plots.stakeholder_grid({"City": ("high", "low")}), "position", "City"),
    (lambda: plots.stakeholder_grid({"City": (np.nan, 5)}), "position", "nan"),
]


@pytest.mark.parametrize(("call", "entry", "named"), BAD)
@each_language
def test_bad_input_is_refused_by_name(call, entry, named, language):
    text.set_language(language)
    start = text._catalogue("plots")[entry][language].partition("{")[0]
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value).startswith(start) and named in str(caught.value)


def test_a_yield_out_of_range_is_refused():
    with pytest.raises(ValueError, match="item 2 is 1.2"):
        plots.yield_chain([0.9, 1.2], ["a", "b"])


def test_every_message_of_the_module_is_used():
    modules = Path(plots.__file__).parent.glob("*.py")
    source = "".join(module.read_text(encoding="utf-8") for module in modules)
    entries = tomllib.loads((SOURCE / "messages" / "plots.toml").read_text(encoding="utf-8"))
    assert [entry for entry in entries if f'"plots.{entry}"' not in source] == []
