"""What the departments of the head office think of each other's service."""

import numpy as np

from makers.drawing import normal
from makers.employee_survey import DEPARTMENTS

SEED = 20261106

# Department: true quality of its service as others see it, chance that somebody elsewhere deals
# with it, and how kindly its own people mark others.
UNITS = {
    "dispatch": (3.9, 0.95, 0.0),
    "driver_services": (3.7, 0.80, 0.1),
    "customer_service": (3.8, 0.85, 0.2),
    "maintenance": (3.4, 0.85, -0.4),
    "workshop": (3.2, 0.80, 0.0),
    "quality": (3.6, 0.50, -0.1),
    "admin": (2.8, 0.75, 0.1),
    "safety": (3.3, 0.03, 0.0),
}
WEAKEST = "admin"
SELF_PRAISE = {"admin": 1.5}  # what a department adds when it marks itself; 0.6 elsewhere
USUAL_SELF_PRAISE = 0.6
SD = 0.9
NO_DEALINGS = 9


def make() -> list[list]:
    """Draw the ratings: header and one row per person and department marked."""
    rng = np.random.default_rng(SEED)
    customers = np.repeat(list(UNITS), [DEPARTMENTS[unit][0] for unit in UNITS])
    customers = customers[np.argsort(rng.random(len(customers)))]
    rows = []
    for number, customer in enumerate(customers, start=1):
        noise, deals = normal(rng, len(UNITS)), rng.random(len(UNITS))
        for place, (provider, (quality, contact, _)) in enumerate(UNITS.items()):
            felt = quality + UNITS[customer][2] + SD * noise[place]
            if provider == customer:
                felt += SELF_PRAISE.get(provider, USUAL_SELF_PRAISE)
            rating = int(np.clip(np.floor(np.round(felt, 9) + 0.5), 1, 5))
            if provider != customer and deals[place] >= contact:
                rating = NO_DEALINGS
            rows.append([f"R{number:03d}", customer, provider, rating])
    return [["rater_id", "customer", "provider", "rating"], *rows]
