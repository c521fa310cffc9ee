"""The employees of the branches: ten views of the work and satisfaction as a whole."""

import numpy as np

from makers.branches import truth
from makers.drawing import normal

SEED = 20261104

PEOPLE = (8, 20)  # fewest and most in a branch
BETWEEN = 0.25  # share of the variance of a person's satisfaction that belongs to the branch
# Length of service, in years: mean, effect of the branch's morale, spread within branches.
TENURE, TENURE_MORALE, TENURE_SD = 7.0, 1.5, 3.0
TENURE_WITHIN = -0.3  # standardised effect on satisfaction, among people of one branch

OVERALL_MEAN, OVERALL_SD = 6.4, 1.7
HYGIENE = MOTIVATOR = 0.7  # how closely each of the two groups of views follows satisfaction
LOADING, UNIQUE_SD = 0.75, 0.65  # of an item on its group, and what moves this item only

# Item: mean, chance of no answer.
HYGIENE_ITEMS = {
    "h1_policy": (2.9, 0.02),
    "h2_supervision": (3.1, 0.02),
    "h3_supervisor": (3.6, 0.04),
    "h4_conditions": (3.0, 0.01),
    "h5_pay": (2.5, 0.05),
}
MOTIVATOR_ITEMS = {
    "m1_achievement": (3.7, 0.02),
    "m2_recognition": (3.0, 0.03),
    "m3_work": (3.8, 0.01),
    "m4_responsibility": (3.4, 0.02),
    "m5_advancement": (2.6, 0.03),
}
NO_ANSWER, NO_OVERALL = 9, 99
OVERALL_UNANSWERED = 0.04


def make() -> list[list]:
    """Draw the survey: header and one row per employee."""
    found = truth()
    rng = np.random.default_rng(SEED)
    few, most = PEOPLE
    sizes = few + np.floor(rng.random(len(found.names)) * (most - few + 1)).astype(int)
    place = np.repeat(np.arange(len(found.names)), sizes)
    n, morale = len(place), found.morale[place]

    service, rest = normal(rng, n), normal(rng, n)
    tenure = np.round(TENURE + TENURE_MORALE * morale + TENURE_SD * service, 9)
    person = TENURE_WITHIN * service + np.sqrt(1 - TENURE_WITHIN**2) * rest
    satisfaction = np.sqrt(BETWEEN) * morale + np.sqrt(1 - BETWEEN) * person
    overall = np.floor(np.round(OVERALL_MEAN + OVERALL_SD * satisfaction, 9) + 0.5)
    overall = np.clip(overall, 1, 10).astype(int)
    overall[rng.random(n) < OVERALL_UNANSWERED] = NO_OVERALL

    columns = []
    for follows, items in ((HYGIENE, HYGIENE_ITEMS), (MOTIVATOR, MOTIVATOR_ITEMS)):
        group = follows * satisfaction + np.sqrt(1 - follows**2) * normal(rng, n)
        for mean, no_answer in items.values():
            felt = mean + LOADING * group + UNIQUE_SD * normal(rng, n)
            answer = np.clip(np.floor(np.round(felt, 9) + 0.5), 1, 5).astype(int)
            answer[rng.random(n) < no_answer] = NO_ANSWER
            columns.append(answer)

    names = [f"S{number:03d}" for number in range(1, n + 1)]
    branches = [found.names[one] for one in place]
    years = np.clip(np.floor(tenure), 0, 30).astype(int)
    header = ["employee_id", "branch", "tenure_years", *HYGIENE_ITEMS, *MOTIVATOR_ITEMS, "overall"]
    rows = zip(names, branches, years, *columns, overall, strict=True)
    return [header, *map(list, rows)]
