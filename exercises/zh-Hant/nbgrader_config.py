"""The nbgrader course in Traditional Chinese."""

from csqm.course.settings import configure

c = get_config()  # noqa: F821, nbgrader provides it
configure(c, "zh-Hant")

# 遲交：每逾期一日（不足一日以一日計）扣得分的百分之幾、最多扣百分之幾、寬限幾分鐘
c.LateRule.percent_per_day = 10
c.LateRule.at_most = 50
c.LateRule.grace_minutes = 15
