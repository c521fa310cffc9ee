"""The steps of three processes: the constants are the truth that an analysis should find again."""

import numpy as np

SEED = 20261102

# Process: units that entered it in October 2026.
UNITS = {"ride": 48_000, "brake_kit": 2_400, "driver_onboarding": 160}
# Process: task, done by, received by (the customer of the step), true yield.
STEPS = {
    "ride": [
        ("take_booking", "customer_service", "dispatch", 0.985),
        ("assign_taxi", "dispatch", "driver", 0.975),
        ("reach_pickup", "driver", "passenger", 0.970),
        ("carry_passenger", "driver", "passenger", 0.995),
        ("take_payment", "driver", "admin", 0.990),
        ("settle_fare", "admin", "driver", 0.995),
    ],
    "brake_kit": [
        ("collect_core", "maintenance", "workshop", 0.980),
        ("dismantle_clean", "workshop", "workshop", 0.985),
        ("renew_parts", "workshop", "workshop", 0.970),
        ("assemble_kit", "workshop", "quality", 0.975),
        ("inspect_kit", "quality", "maintenance", 0.990),
        ("fit_kit", "maintenance", "driver", 0.975),
    ],
    "driver_onboarding": [
        ("check_papers", "driver_services", "admin", 0.970),
        ("sign_contract", "admin", "safety", 0.990),
        ("train_safety", "safety", "dispatch", 0.995),
        ("set_up_terminal", "dispatch", "driver", 0.980),
    ],
}


def make() -> list[list]:
    """Draw the processes: header and one row per step.

    A unit that was not right is put right before it moves on, so that every step of a process sees
    the same number of units.
    """
    rng = np.random.default_rng(SEED)
    header = ["process", "step", "task", "done_by", "received_by", "units_in", "right_first_time"]
    rows = [header]
    for process, steps in STEPS.items():
        for step, (task, done_by, received_by, true_yield) in enumerate(steps, start=1):
            right = int((rng.random(UNITS[process]) < true_yield).sum())
            rows.append([process, step, task, done_by, received_by, UNITS[process], right])
    return rows
