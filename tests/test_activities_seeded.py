"""The random numbers of the activities: the same in Python and in the browser."""

import random

from csqm.activities import book_script
from csqm.activities.seeded import seeded


def test_python_and_javascript_draw_the_same(browser):
    chance = random.Random(4)
    seeds = [0, 1, -1, 2**31, 2**32 - 1, *(chance.getrandbits(32) for _ in range(20))]
    page = browser.new_page()
    # The generator lives inside the script; let it out.
    inside = book_script().replace(
        "const kinds = {};", "const kinds = {}; window.seeded = seeded;", 1
    )
    page.add_script_tag(content=inside)
    there = page.evaluate(
        """(seeds) => seeds.map((seed) => {
            const draw = window.seeded(seed);
            return Array.from({ length: 200 }, draw);
        })""",
        seeds,
    )
    page.close()
    for seed, numbers in zip(seeds, there, strict=True):
        draw = seeded(seed)
        assert numbers == [draw() for _ in numbers]


def test_draws_are_spread_evenly():
    draw = seeded(2026)
    numbers = [draw() for _ in range(20_000)]
    assert all(0 <= number < 1 for number in numbers)
    tenths = [sum(int(number * 10) == k for number in numbers) for k in range(10)]
    assert all(abs(count - 2000) < 200 for count in tenths)
