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

from csqm import (
    comparison,
    complaints,
    data,
    ipa,
    kano,
    linkage,
    loyalty,
    plots,
    reliability,
    servqual,
    spc,
    stakeholders,
    text,
)
from csqm.plots import style

SOURCE = Path(text.__file__).parent
DATASETS = SOURCE.parents[1] / "datasets"
ITEMS = ["q1_company", "q2_image", "q3_interest", "q4_supervisor", "q5_pay", "q6_future"]
ACTORS = {
    "en": ["Passengers", "Shareholders", "Parts suppliers", "City government", "Competitors"],
    "zh-Hant": ["乘客", "股東", "零件供應商", "市政府", "競爭車隊"],
}
PLACES = [(6, 9), (9.5, 5.5), (5.5, 6), (8.5, 3), (4, 0)]
DIMENSIONS = {
    "en": {
        "reliability": "Reliability",
        "responsiveness": "Responsiveness",
        "assurance": "Assurance",
        "empathy": "Empathy",
        "tangibles": "Tangibles",
    },
    "zh-Hant": {
        "reliability": "可靠性",
        "responsiveness": "反應性",
        "assurance": "保證性",
        "empathy": "關懷性",
        "tangibles": "有形性",
    },
}
NAMES = list(DIMENSIONS["en"])
NPS_ANSWERS = [10, 9, 9, 8, 6, 10, 7, 3, 9, 10, np.nan, 0, 5, 6, 7, 8, 9, 2, 6, 4]
LINES = ["responsiveness"] * 10 + ["empathy"] * 10
GAPS = pd.DataFrame(
    {
        "dimension": NAMES,
        "gap": [-0.8, -0.4, -0.1, 0.0, 0.3],
        "low": [-1.1, -0.6, -0.3, -0.2, 0.1],
        "high": [-0.5, -0.2, 0.1, 0.2, 0.5],
        "n": [80, 81, 82, 80, 79],
    }
)
EFFECTS = comparison.compare_groups(data.load("employee_survey"), "shift", ITEMS[3:])
MEANS = pd.DataFrame(
    {"importance": [4.6, 4.4, 3.1, 2.9, 4.5], "performance": [4.2, 2.8, 2.7, 4.5, 3.1]}, index=NAMES
)
KANO = pd.DataFrame(
    [[10, 20, 60, 10], [20, 50, 25, 5], [60, 15, 5, 20], [25, 5, 5, 65], [0, 0, 0, 0]],
    columns=list("AOMI"),
    index=NAMES,
).assign(R=3, Q=[0, 0, 0, 0, 4])
_random = np.random.default_rng(5)
_factors = np.repeat(_random.normal(size=(300, 2)), 3, axis=1)
TWO_FACTORS = pd.DataFrame(_factors + _random.normal(size=(300, 6)), columns=list("abcdef"))
LATE = spc.p_chart(
    [24, 26, 22, 30, 25, 27, 23, 24, 26, 52, 33, 34, 35, 36, 37, 38, 39, 31],
    np.arange(200, 236, 2),
    baseline=range(1, 10),
)


COMPLAINTS = ["responsiveness"] * 12 + ["empathy"] * 7 + ["assurance"] * 3 + ["tangibles", None]


def labelled(keys):
    return {key: DIMENSIONS[text.language()][key] for key in keys}


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


LINK = linkage.branch_link(
    pd.DataFrame({"branch": list("123456"), "score": [3, 4, 5, 6, 7, 8]}),
    pd.DataFrame({"branch": list("12345"), "score": [5, 4, 6, 8, 7]}),
    "branch",
    "score",
    "score",
)
SERVICE = linkage.internal_service(
    data.load("internal_service"), "customer", "provider", "rating", scale=(1, 5)
)


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


def nps(**options):
    answers = pd.DataFrame({"recommend": NPS_ANSWERS, "line": LINES})
    return plots.nps_bar(
        answers, "recommend", by="line", labels=DIMENSIONS[text.language()], **options
    )


def nps_of_all(**options):
    return plots.nps_bar(pd.DataFrame({"recommend": NPS_ANSWERS}), "recommend", **options)


def gap(**options):
    return plots.gap_chart(GAPS, labelled(GAPS["dimension"]), **options)


def effects(**options):
    names = data.dictionary("employee_survey").set_index("column")["title"][ITEMS[3:]]
    return plots.effect_chart(EFFECTS, names.tolist(), **options)


def scree(**options):
    return plots.scree_plot(reliability.parallel_analysis(TWO_FACTORS, list("abcdef")), **options)


def renewals(**options):
    accounts = data.load("accounts")
    table = stakeholders.department_table(accounts, "kind", "renewed", top=[1], scale=(0, 1))
    share = {"en": "Accounts renewed", "zh-Hant": "續約比例"}[text.language()]
    return plots.group_estimates(table, data.labels("accounts", "kind"), share=share, **options)


def promises(**options):
    columns = ["expected", "perceived", "satisfaction"]
    return plots.disconfirmation_lines(data.load("promise_trial"), *columns, **options)


def worth(**options):
    accounts = data.load("accounts")
    kept = accounts.groupby("kind")["renewed"].mean()
    names = data.labels("accounts", "kind")
    return plots.lifetime_curve({names[kind]: kept[kind] for kind in kept.index}, 0.1, **options)


def importance(**options):
    table = ipa.grid(MEANS, "importance", "performance")
    return plots.ipa_map(table, labelled(table["attribute"]), **options)


def importance_crowded():
    means = np.random.default_rng(1).normal(4, 0.4, (20, 2))
    table = ipa.grid(pd.DataFrame(means, columns=["i", "p"]), "i", "p", cross="median")
    return plots.ipa_map(table, (list(DIMENSIONS[text.language()].values()) * 5)[:20])


def better_worse(**options):
    table = kano.better_worse(KANO)
    return plots.kano_map(table, labelled(table["attribute"]), **options)


def control(**options):
    label = {"en": "Late arrivals (share of trips)", "zh-Hant": "遲到的車次比例"}[text.language()]
    return plots.control_chart(LATE, label, **options)


def control_with_rules():
    return control(rules=spc.run_rules(LATE, rules="nelson"))


def pareto(**options):
    table = complaints.pareto(COMPLAINTS)
    return plots.pareto_chart(table, labelled(table["category"]), **options)


def pareto_of_costs():
    costs = [1200.5, 800, 40, 300, 90]
    return plots.pareto_chart(complaints.pareto(NAMES, weights=costs), labelled(NAMES))


def branches(**options):
    scores = {"en": ("Staff (1 to 10)", "Passengers (1 to 10)"), "zh-Hant": ("員工", "乘客")}
    return plots.branch_scatter(LINK, *scores[text.language()], **options)


def branches_in_groups():
    names = {"en": ["Centre", "Suburbs"], "zh-Hant": ["市中心", "市郊"]}[text.language()]
    return branches(groups=pd.Series([1, 2, 1, 2, 1, 2], list("123456")), labels=names)


DEALS = pd.DataFrame([(us, them) for us in range(9) for them in range(9 - us)], columns=list("xy"))


def deals(**options):
    labels = {"en": ("Us (points)", "Them (points)"), "zh-Hant": ("我方（分）", "對方（分）")}
    return plots.deal_map(DEALS, [1, 2], labels[text.language()], **options)


def deals_with_path():
    return deals(path=pd.DataFrame({"x": [0, 1, 1, 3], "y": [6, 4, 4, 4]}))


def matrix(**options):
    return plots.service_matrix(SERVICE, data.labels("internal_service", "provider"), **options)


CHARTS = [
    likert,
    likert_labelled,
    groups,
    chain,
    chain_with_n,
    grid,
    nps,
    nps_of_all,
    gap,
    effects,
    scree,
    renewals,
    promises,
    worth,
    importance,
    importance_crowded,
    better_worse,
    control,
    control_with_rules,
    pareto,
    pareto_of_costs,
    branches,
    branches_in_groups,
    matrix,
    deals,
    deals_with_path,
]
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
    figure = chart.ax.figure
    figure.draw_without_rendering()
    beyond = []
    for axis in [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]:
        low, high = sorted(axis.get_view_interval())
        beyond += [t.label1 for t in axis.get_major_ticks() if not low <= t.get_loc() <= high]
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
        rest = re.sub(r"Wilson|Hedges' g|\b[nr]\b", "", shown)
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
    if draw not in (
        likert_labelled,
        chain_with_n,
        importance_crowded,
        control_with_rules,
        pareto_of_costs,
        branches_in_groups,
        deals_with_path,
    ):
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


def test_deal_map_holds_frontier_solution_and_talk():
    chart = deals_with_path()
    assert "The frontier runs from 0, 8 to 8, 0; No agreement: 1, 2;" in chart.alt
    # On x + y = 8 the product (x - 1)(y - 2) is largest at 3.5; two whole deals tie.
    assert "The Nash solution: 3, 5 to 4, 4;" in chart.alt
    assert chart.alt.endswith("The talk: 0, 6 to 1, 4 to 3, 4.")
    assert [each.get_text() for each in chart.ax.texts if each.get_text()] == ["1", "2", "3"]


def test_deal_map_without_a_deal_for_both():
    assert "No deal is better for both" in plots.deal_map(DEALS, [9, 0], ("Us", "Them")).alt


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"utilities": DEALS.assign(z=1)}, "two parties; got 3 columns"),
        ({"disagreement": {"x": 1, "z": 2}}, "one value to each party: x, y"),
        ({"path": pd.DataFrame({"y": [1], "x": [2]})}, "the columns of `utilities`"),
    ],
)
def test_deal_map_refuses_what_does_not_fit(change, message):
    given = {"utilities": DEALS, "disagreement": [1, 2], "labels": ("Us", "Them")} | change
    with pytest.raises(ValueError, match=message):
        plots.deal_map(**given)


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


def test_nps_bar_holds_shares_and_score():
    chart = nps_of_all()
    answers = np.array(NPS_ANSWERS)[~np.isnan(NPS_ANSWERS)]
    shares = [np.mean(answers <= 6), np.mean((answers > 6) & (answers < 9)), np.mean(answers >= 9)]
    assert [bars[0].get_width() for bars in chart.ax.containers] == pytest.approx(shares)
    _, dots = chart.ax.figure.axes
    value = 100 * (shares[2] - shares[0])
    assert dots.lines[-1].get_xdata() == pytest.approx([value])
    assert f"score −{abs(value):.0f} (" in chart.alt and "n = 19" in chart.alt


def test_nps_bar_weights_as_if_the_rows_were_repeated():
    answers = pd.DataFrame({"recommend": [10, 9, 8, 3, np.nan], "w": [3, 1, 2, 1, 5]})
    repeated = answers.loc[answers.index.repeat(answers["w"])]
    for one, other in zip(
        plots.nps_bar(answers, "recommend", weights="w").ax.containers,
        plots.nps_bar(repeated, "recommend").ax.containers,
        strict=True,
    ):
        assert one[0].get_width() == pytest.approx(other[0].get_width())


def test_nps_bar_names_the_ends_and_keeps_the_order_of_the_labels():
    chart = nps()
    assert [tick.get_text().splitlines()[0] for tick in chart.ax.get_yticklabels()] == [
        "Responsiveness",
        "Empathy",
    ]
    assert chart.ax.figure.get_suptitle().replace("\n", " ") == (
        "Net Promoter Score from −56 (Empathy) to +40 (Responsiveness)"
    )


def test_gap_chart_fills_the_gaps_that_are_clear():
    chart = gap()
    dots = [line for line in chart.ax.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == GAPS["gap"].tolist()
    hollow = [dot.get_markerfacecolor() == "white" for dot in dots]
    assert hollow == [False, False, True, True, False]
    assert chart.ax.figure.get_suptitle() == "Reliability: furthest below expectation, gap −0.80"
    assert "Intervals wholly below zero: 2 of 5" in chart.alt


def test_gap_chart_without_a_shortfall():
    chart = plots.gap_chart(GAPS[3:])
    assert chart.ax.figure.get_suptitle() == "No gap is below zero; the smallest: empathy, 0.00"


def test_gap_chart_takes_what_servqual_returns():
    random = np.random.default_rng(2)
    answers = pd.DataFrame(random.integers(1, 8, (40, 4)), columns=["e1", "p1", "e2", "p2"])
    result = servqual.gaps(answers, {"empathy": [("e1", "p1"), ("e2", "p2")]})
    assert f"n = {result.dimensions['n'][0]}" in plots.gap_chart(result.dimensions).alt
    assert len(plots.gap_chart(result.items, ["first", "second"]).ax.get_yticks()) == 2


def test_scree_plot_fills_the_factors_that_are_kept():
    chart = scree()
    table = reliability.parallel_analysis(TWO_FACTORS, list("abcdef"))
    eigenvalues, kept, dropped, chance = chart.ax.lines
    np.testing.assert_allclose(eigenvalues.get_ydata(), table["eigenvalue"])
    np.testing.assert_allclose(chance.get_ydata(), table["random_quantile"])
    assert list(kept.get_xdata()) == [1, 2] and len(dropped.get_xdata()) == 4
    assert chart.alt.startswith("Factors to keep by parallel analysis: 2 of 6.")


def test_group_estimates_name_the_share():
    chart = renewals()
    assert chart.ax.get_xlabel() == "Accounts renewed (%)"
    assert "Accounts renewed by group" in chart.alt and "top answers" not in chart.alt


def test_disconfirmation_lines_are_the_fit_and_bend_where_expectations_are_met():
    chart = promises()
    trial = data.load("promise_trial")
    fit = loyalty.fit_disconfirmation(trial, "expected", "perceived", "satisfaction")
    constant, better, worse = fit.terms["estimate"]
    drawn = chart.ax.lines[-1]
    low, bend, high = drawn.get_xdata()
    assert bend == 0
    np.testing.assert_allclose(
        drawn.get_ydata(), [constant + worse * low, constant, constant + better * high]
    )
    gaps = trial["perceived"] - trial["expected"]
    dots = chart.ax.collections[0]
    means = trial["satisfaction"].groupby(gaps).mean().dropna()
    np.testing.assert_allclose(dots.get_offsets(), np.column_stack([means.index, means]))
    assert f"n = {fit.n}" in chart.alt and f"{worse:.2f}" in chart.alt


def test_lifetime_curve_marks_what_the_formula_gives():
    chart = plots.lifetime_curve({"b": 0.9, "a": 0.6}, 0.1)
    np.testing.assert_allclose(chart.ax.lines[1].get_xydata(), [(0.6, 1.2), (0.9, 4.5)])
    assert "a 60.0 % retained, 1.20; b 90.0 % retained, 4.50" in chart.alt.replace("\xa0", " ")


def test_branch_scatter_draws_the_branches_that_have_both_means():
    chart = branches()
    points, line = chart.ax.lines
    used = LINK.branches[LINK.branches["used"]]
    np.testing.assert_allclose(points.get_xydata(), used[["employee_mean", "customer_mean"]])
    np.testing.assert_allclose(line.get_xydata(), [(3, 4.4), (7, 7.6)])
    assert "r = 0.80" in chart.alt and "n = 5" in chart.alt
    assert "Not drawn, too few answers on one side: 1 (6)" in chart.alt


def test_branch_scatter_tells_groups_apart_by_shape():
    marks = [line for line in branches_in_groups().ax.lines if line.get_linestyle() == "None"]
    assert [line.get_marker() for line in marks] == ["s", "o"]
    assert [len(line.get_xdata()) for line in marks] == [3, 2]
    assert [line.get_label() for line in marks] == ["Centre", "Suburbs"]


def test_service_matrix_shows_no_unit_marking_itself():
    chart = matrix()
    placed = {(t.get_position()[0], t.get_position()[1]): t.get_text() for t in chart.ax.texts}
    order = SERVICE.providers["provider"].tolist()
    for place in range(len(order)):
        assert placed[place, place] == "–"
        mean = SERVICE.providers["mean"][place]
        assert placed[len(order), place] == ("–" if np.isnan(mean) else f"{mean:.2f}")
    assert chart.ax.figure.get_suptitle().startswith("Served worst by: Administration")
    assert "Safety office not shown" in chart.alt


def test_ipa_map_puts_performance_to_the_right_and_importance_upwards():
    chart = importance()
    points = [tuple(line.get_xydata()[0]) for line in chart.ax.lines if line.get_marker() == "o"]
    assert points == list(zip(MEANS["performance"], MEANS["importance"], strict=True))
    vertical, horizontal = chart.ax.lines[:2]
    assert vertical.get_xdata()[0] == pytest.approx(MEANS["performance"].mean())
    assert horizontal.get_ydata()[0] == pytest.approx(MEANS["importance"].mean())
    assert chart.ax.figure.get_suptitle() == "Concentrate here: Responsiveness, Tangibles"
    assert "Possible overkill: Empathy (importance 2.90, performance 4.50)" in chart.alt
    (shade,) = chart.ax.patches
    assert shade.get_bbox().contains(2.8, 4.4) and not shade.get_bbox().contains(4.2, 4.6)


def test_ipa_map_marks_points_on_a_line_and_tells_n():
    answers = pd.DataFrame(
        {"i1": [5, 5, 4], "i2": [3, 3, 2], "p1": [1, 2, 3], "p2": [2, 4, np.nan]}
    )
    table = ipa.grid(answers, ["i1", "i2"], ["p1", "p2"], cross=(3.0, 2.0))
    chart = plots.ipa_map(table)
    points = [line for line in chart.ax.lines if line.get_marker() == "o"]
    assert [point.get_markerfacecolor() == "white" for point in points] == [True, False]
    assert "n = 2 to 3" in chart.ax.figure.get_supxlabel()
    assert chart.ax.get_title(loc="left") == "Importance (mean answer)"


def test_many_points_are_numbered_with_a_key():
    chart = importance_crowded()
    shown = [each.get_text() for each in written(chart)]
    assert {str(number) for number in range(1, 21)} <= set(shown)
    assert "20\xa0Tangibles" in chart.ax.figure.get_supxlabel().replace("\n", "")


def test_kano_map_places_by_better_and_worse():
    chart = better_worse()
    table = kano.better_worse(KANO)[:4]
    points = [tuple(line.get_xydata()[0]) for line in chart.ax.lines if line.get_marker() == "o"]
    assert points == list(zip(table["worse"], table["better"], strict=True))
    left, right = chart.ax.get_xlim()
    assert left > 0 and right < -1, "worse grows to the right"
    assert "Must-be: Reliability" in chart.alt and "Attractive: Assurance" in chart.alt
    assert "One-dimensional: Responsiveness" in chart.alt and "Indifferent: Empathy" in chart.alt
    assert "Without answers to place them: Tangibles" in chart.alt
    assert "n = 100" in chart.ax.get_xlabel()


def test_pareto_chart_holds_shares_and_their_sum():
    chart = pareto()
    widths = [bar.get_width() for bars in chart.ax.containers for bar in bars]
    assert widths == pytest.approx([12 / 23, 7 / 23, 3 / 23, 1 / 23])
    assert [len(bars) for bars in chart.ax.containers] == [2, 2], "the vital few apart"
    assert chart.ax.lines[0].get_xdata() == pytest.approx(np.cumsum(widths))
    title = chart.ax.figure.get_suptitle().replace("\xa0", " ")
    assert title == "2 of 4 categories make up 83 %"
    assert chart.ax.get_xlabel() == "Share of all cases (%), n = 23, without a category 1"
    assert "n = 12" in [each.get_text() for each in written(chart)]


def test_pareto_chart_of_weights_shows_sums_instead_of_counts():
    shown = [each.get_text() for each in written(pareto_of_costs())]
    assert "1,200.5" in shown and not [each for each in shown if each.startswith("n =")]
    assert "Share of the total (%), total = 2,430.5" in shown


def test_control_chart_holds_values_limits_and_signals():
    chart = control()
    lines = {line.get_label(): line for line in chart.ax.lines}
    np.testing.assert_allclose(chart.ax.lines[0].get_ydata(), LATE["value"])
    np.testing.assert_allclose(chart.ax.lines[2].get_ydata(), LATE["lower"])
    np.testing.assert_allclose(chart.ax.lines[3].get_ydata(), LATE["upper"])
    marked = lines["beyond the limits: 10"]
    assert marked.get_marker() == "D" and marked.get_ydata() == [LATE["value"][9]]
    assert chart.ax.figure.get_suptitle() == "Beyond the limits: 1 of 18 samples"
    assert chart.ax.get_xlabel() == "Sample, in order of time (n = 18)"


def test_control_chart_gives_each_rule_its_shape():
    chart = control_with_rules()
    rules = spc.run_rules(LATE, rules="nelson")
    drawn = {line.get_marker() for line in chart.ax.lines if line.get_marker() in "Ds^vPXh*"}
    found = [name for name in rules.columns[2:-1] if rules[name].any()]
    assert len(drawn) == len(found) > 1
    for name in found:
        assert text.say(f"plots.rule_{name}") in chart.alt
    count = int(rules["signal"].sum())
    assert chart.alt.startswith(f"Signals of a special cause: {count} of 18 samples")


def test_control_chart_knows_every_rule():
    from csqm.plots import process

    known = set(spc.run_rules(LATE, rules="nelson")) | set(spc.run_rules(LATE))
    assert known - {"sample", "value", "signal"} == set(process._RULES)


def test_control_chart_without_signals():
    chart = plots.control_chart(spc.c_chart([4, 5, 4, 5]), "Complaints", digits=1)
    assert chart.alt.startswith("No signal in 4 samples") and "No point signals" in chart.alt


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


def test_effect_chart_draws_what_compare_groups_returns():
    chart = effects()
    dots = [line for line in chart.ax.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == EFFECTS["effect"].tolist()
    hollow = [dot.get_markerfacecolor() == "white" for dot in dots]
    assert hollow == ((EFFECTS["low"] <= 0) & (EFFECTS["high"] >= 0)).tolist()
    assert chart.ax.get_xlabel().startswith("Hedges' g")


@pytest.mark.parametrize("method", ["welch", "rank", "chi_square"])
@each_language
def test_effect_chart_names_every_kind_of_effect(method, language):
    text.set_language(language)
    survey = data.load("employee_survey")
    for group in ("shift", "department"):
        table = comparison.compare_groups(survey, group, ITEMS[:1], method=method)
        assert plots.effect_chart(table).ax.get_xlabel()
        assert style.number(table["effect"].iloc[0]) in plots.effect_chart(table).alt


ANSWERS = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [9.0, 1.0, 2.0], "c": [np.nan] * 3})
TABLE = stakeholders.department_table(
    pd.DataFrame({"unit": ["x"] * 5, "q": [1, 2, 3, 4, 5]}), "unit", "q"
)
NPS = pd.DataFrame({"r": [10, 9, 0], "g": ["a", "b", None]})
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
    (lambda: plots.nps_bar(NPS, "z"), "column_missing", "z"),
    (lambda: plots.nps_bar(NPS, "r", by="g"), "group_blank", "g"),
    (lambda: plots.nps_bar(NPS[:2], "r", by="g", labels={"a": "A"}), "label_missing", "b"),
    (lambda: plots.gap_chart(GAPS.drop(columns="low")), "column_missing", "low"),
    (lambda: plots.gap_chart(GAPS[:0]), "no_rows", ""),
    (lambda: plots.gap_chart(GAPS, ["A"]), "label_count", "5"),
    (lambda: plots.effect_chart(EFFECTS.drop(columns="low")), "column_missing", "low"),
    (lambda: plots.effect_chart(EFFECTS[:0]), "no_rows", ""),
    (
        lambda: plots.effect_chart(EFFECTS.assign(effect_name=["hedges_g", "r", "r"])),
        "effect_kinds",
        "hedges_g",
    ),
    (lambda: plots.scree_plot(pd.DataFrame({"component": [1]})), "column_missing", "eigenvalue"),
    (lambda: plots.lifetime_curve({}, 0.1), "no_rows", ""),
    (lambda: plots.pareto_chart(MEANS), "column_missing", "category"),
    (lambda: plots.pareto_chart(complaints.pareto(["a"]), {}), "label_missing", "a"),
    (lambda: plots.pareto_chart(complaints.pareto(["a"])[:0]), "no_rows", ""),
    (lambda: plots.ipa_map(MEANS), "column_missing", "attribute"),
    (lambda: plots.kano_map(kano.better_worse(KANO)[4:]), "no_rows", ""),
    (lambda: plots.kano_map(kano.better_worse(KANO), {}), "label_missing", "reliability"),
    (lambda: plots.control_chart(LATE[:0], "Late"), "no_rows", ""),
    (lambda: plots.control_chart(MEANS, "Late"), "column_missing", "sample"),
    (lambda: plots.control_chart(LATE, "Late", rules=spc.run_rules(LATE)[1:]), "rules_samples", ""),
    (lambda: branches(groups=pd.Series(["a"], ["1"])), "branch_group", "2"),
    (lambda: branches(groups=pd.Series(1, list("123456"))), "branch_groups", "1"),
    (lambda: plots.service_matrix(SERVICE, {}), "label_missing", "admin"),
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
    start = text.catalogue("plots")[entry][language].partition("{")[0]
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value).startswith(start) and named in str(caught.value)


def test_a_yield_out_of_range_is_refused():
    with pytest.raises(ValueError, match="item 2 is 1.2"):
        plots.yield_chain([0.9, 1.2], ["a", "b"])


def test_every_message_of_the_module_is_used():
    modules = [*Path(plots.__file__).parent.glob("*.py"), Path(ipa.__file__)]
    source = "".join(module.read_text(encoding="utf-8") for module in modules)
    prefixes = set(re.findall(r'f"plots\.(\w*)\{', source))
    entries = tomllib.loads((SOURCE / "messages" / "plots.toml").read_text(encoding="utf-8"))
    assert [
        entry
        for entry in entries
        if f'"plots.{entry}"' not in source
        and not any(
            entry.startswith(prefix) and f'"{entry.removeprefix(prefix)}"' in source
            for prefix in prefixes
        )
    ] == []
