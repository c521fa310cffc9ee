"""The employee survey: the constants are the truth that an analysis should find again."""

import numpy as np

from makers.drawing import normal

SEED = 20261101

# Department: people, share of them on the night shift, effect on every item in scale points.
DEPARTMENTS = {
    "dispatch": (42, 0.45, -0.2),
    "driver_services": (24, 0.25, 0.2),
    "customer_service": (20, 0.30, 0.0),
    "maintenance": (36, 0.25, 0.1),
    "workshop": (30, 0.20, -0.1),
    "quality": (9, 0.0, 0.4),
    "admin": (15, 0.0, 0.3),
    "safety": (4, 0.0, -0.3),
}
NIGHT = -0.2
NIGHT_DISPATCH = -0.8  # on top of NIGHT

# Item: mean of a day-shift employee of an average department, loading on morale, chance of no
# answer. A negative loading marks the reverse-worded item; effects count against it too.
ITEMS = {
    "q1_company": (3.7, 0.8, 0.01),
    "q2_image": (3.9, 0.6, 0.01),
    "q3_interest": (3.8, 0.6, 0.01),
    "q4_supervisor": (3.6, 0.7, 0.03),
    "q5_pay": (2.6, 0.6, 0.06),
    "q6_future": (3.2, 0.8, 0.02),
    "q7_leaving": (2.5, -0.7, 0.04),
}
# Effects on single items, on top of the others.
DEPARTMENT_ITEMS = {
    ("maintenance", "q4_supervisor"): -0.8,
    ("workshop", "q6_future"): -0.6,
    ("driver_services", "q3_interest"): 0.4,
}
UNIQUE_SD = 0.7  # what moves one answer and no other
BREAK_OFF = 0.03  # chance of leaving after the second item: the rest is unanswered
MEAN_TENURE = 6.0  # years
MAX_TENURE = 30
NO_ANSWER = 9


def make() -> list[list]:
    """Draw the survey: header and one row per employee."""
    rng = np.random.default_rng(SEED)
    department = np.repeat(list(DEPARTMENTS), [people for people, _, _ in DEPARTMENTS.values()])
    night = np.concatenate(
        [np.arange(people) < round(people * share) for people, share, _ in DEPARTMENTS.values()]
    )
    order = np.argsort(rng.random(len(department)))
    department, night = department[order], night[order]
    tenure = np.minimum(-MEAN_TENURE * np.log(1 - rng.random(len(order))), MAX_TENURE).astype(int)

    morale = normal(rng, len(order))
    shared = np.array([DEPARTMENTS[name][2] for name in department])
    shared = shared + night * (NIGHT + NIGHT_DISPATCH * (department == "dispatch"))
    broke_off = rng.random(len(order)) < BREAK_OFF
    answers = []
    for position, (item, (mean, loading, no_answer)) in enumerate(ITEMS.items()):
        effect = shared + [DEPARTMENT_ITEMS.get((name, item), 0) for name in department]
        felt = mean + np.sign(loading) * effect + loading * morale
        felt = felt + UNIQUE_SD * normal(rng, len(order))
        # Nine decimals before the cut, so that no platform's last bit decides an answer.
        answer = np.clip(np.floor(np.round(felt, 9) + 0.5), 1, 5).astype(int)
        answer[rng.random(len(order)) < no_answer] = NO_ANSWER
        if position >= 2:
            answer[broke_off] = NO_ANSWER
        answers.append(answer)

    names = [f"E{number:03d}" for number in range(1, len(order) + 1)]
    shift = np.where(night, "night", "day")
    rows = zip(names, department, tenure, shift, *answers, strict=True)
    return [["employee_id", "department", "tenure_years", "shift", *ITEMS], *map(list, rows)]
