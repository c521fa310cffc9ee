"""Make the data sets of Qingchuan Taxi (晴川車隊), a company that does not exist.

``python datasets/generate.py`` writes the CSV files; ``--check`` only says whether the files equal
what would be written. The constants below are the truth that an analysis should find again;
README.md explains them.
"""

import argparse
import csv
import io
import sys
from pathlib import Path
from statistics import NormalDist

import numpy as np

FOLDER = Path(__file__).parent

# ---- Employee survey ---------------------------------------------------------------------------

SURVEY_SEED = 20261101

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

# ---- Processes ---------------------------------------------------------------------------------

PROCESS_SEED = 20261102

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


def employee_survey() -> list[list]:
    """Draw the survey: header and one row per employee."""
    # Of numpy's generator only random() is used: its stream is the same in every version.
    rng = np.random.default_rng(SURVEY_SEED)
    department = np.repeat(list(DEPARTMENTS), [people for people, _, _ in DEPARTMENTS.values()])
    night = np.concatenate(
        [np.arange(people) < round(people * share) for people, share, _ in DEPARTMENTS.values()]
    )
    order = np.argsort(rng.random(len(department)))
    department, night = department[order], night[order]
    tenure = np.minimum(-MEAN_TENURE * np.log(1 - rng.random(len(order))), MAX_TENURE).astype(int)

    morale = _normal(rng, len(order))
    shared = np.array([DEPARTMENTS[name][2] for name in department])
    shared = shared + night * (NIGHT + NIGHT_DISPATCH * (department == "dispatch"))
    broke_off = rng.random(len(order)) < BREAK_OFF
    answers = []
    for position, (item, (mean, loading, no_answer)) in enumerate(ITEMS.items()):
        effect = shared + [DEPARTMENT_ITEMS.get((name, item), 0) for name in department]
        felt = mean + np.sign(loading) * effect + loading * morale
        felt = felt + UNIQUE_SD * _normal(rng, len(order))
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


def process_steps() -> list[list]:
    """Draw the processes: header and one row per step.

    A unit that was not right is put right before it moves on, so that every step of a process sees
    the same number of units.
    """
    rng = np.random.default_rng(PROCESS_SEED)
    header = ["process", "step", "task", "done_by", "received_by", "units_in", "right_first_time"]
    rows = [header]
    for process, steps in STEPS.items():
        for step, (task, done_by, received_by, true_yield) in enumerate(steps, start=1):
            right = int((rng.random(UNITS[process]) < true_yield).sum())
            rows.append([process, step, task, done_by, received_by, UNITS[process], right])
    return rows


def _normal(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.array([NormalDist().inv_cdf(chance) for chance in rng.random(size)])


def _as_csv(rows: list[list]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def main() -> int:
    """Write the files, or with ``--check`` compare them; return the exit status."""
    parser = argparse.ArgumentParser(description="Make the data sets of the course.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    different = 0
    for make in (employee_survey, process_steps):
        path, made = FOLDER / f"{make.__name__}.csv", _as_csv(make())
        if not check:
            path.write_bytes(made)
        elif not path.is_file() or path.read_bytes() != made:
            print(f"{path.name} differs from what generate.py makes", file=sys.stderr)
            different += 1
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
