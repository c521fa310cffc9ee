"""The nbgrader course in Traditional Chinese."""

from csqm.course.settings import configure

c = get_config()  # noqa: F821, nbgrader provides it
configure(c, "zh-Hant")
