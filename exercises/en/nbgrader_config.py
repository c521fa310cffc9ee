"""The nbgrader course in English."""

from csqm.course.settings import configure

c = get_config()  # noqa: F821, nbgrader provides it
configure(c, "en")
