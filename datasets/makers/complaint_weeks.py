"""Rides and complaints of each week, counted from the complaint log."""

from collections import Counter
from datetime import timedelta

from makers import complaint_log

HEADER = ["week", "monday", "rides", "complaints", "gate_complaints"]
GATE = ("late", "no_show")  # the kinds that the new booking app makes more frequent


def make() -> list[list]:
    """Count the log: header and one row per week."""
    header, *log = complaint_log.make()
    week, category = header.index("week"), header.index("category")
    total = Counter(row[week] for row in log)
    gate = Counter(row[week] for row in log if row[category] in GATE)
    rows: list[list] = [HEADER]
    for number, rides in enumerate(complaint_log.rides(), start=1):
        monday = complaint_log.FIRST_DAY + timedelta(days=7 * (number - 1))
        rows.append([number, monday.isoformat(), rides, total[number], gate[number]])
    return rows
