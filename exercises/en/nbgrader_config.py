"""The nbgrader course in English."""

from csqm.course.settings import configure

c = get_config()  # noqa: F821, nbgrader provides it
configure(c, "en")

# Late work: percent of the reached points taken off for each day begun, at most, and minutes of grace.
c.LateRule.percent_per_day = 10
c.LateRule.at_most = 50
c.LateRule.grace_minutes = 15
