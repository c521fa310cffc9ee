"""The charts of the course, in both languages, each with an alternative text."""

from csqm.plots.linkage import branch_scatter, service_matrix
from csqm.plots.loyalty import disconfirmation_lines, lifetime_curve
from csqm.plots.maps import ipa_map, kano_map, stakeholder_grid
from csqm.plots.negotiation import deal_map
from csqm.plots.process import control_chart, pareto_chart, yield_chain
from csqm.plots.style import Chart
from csqm.plots.survey import (
    effect_chart,
    gap_chart,
    group_estimates,
    likert_bars,
    nps_bar,
    scree_plot,
)

__all__ = [
    "Chart",
    "branch_scatter",
    "control_chart",
    "deal_map",
    "disconfirmation_lines",
    "effect_chart",
    "gap_chart",
    "group_estimates",
    "ipa_map",
    "kano_map",
    "lifetime_curve",
    "likert_bars",
    "nps_bar",
    "pareto_chart",
    "scree_plot",
    "service_matrix",
    "stakeholder_grid",
    "yield_chain",
]
