"""Time the methods against what one would use without them, on made-up answers.

``python benchmarks/methods.py --respondents 1000000`` prints one line per method: the seconds of
csqm, the seconds of its peer in the same run on the same data, and their ratio. Both results are
compared first: a fast wrong answer is no answer.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

# One thread for both sides, before numpy starts them: on a busy machine threads wait for each other
# and times say nothing.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np
import pandas as pd
import pingouin

from csqm import drivers, indicators, kano, reliability, sampling

ITEMS = [f"q{number}" for number in range(1, 25)]
DRIVERS = ITEMS[:10]
ATTRIBUTES = {f"attribute {number}": (ITEMS[number], ITEMS[number + 12]) for number in range(12)}
MARGINS: dict[str, dict[Any, float]] = {
    "age": {"18-29": 0.2, "30-44": 0.25, "45-59": 0.25, "60-74": 0.2, "75+": 0.1},
    "sex": {"f": 0.51, "m": 0.49},
    "district": {"n": 0.15, "e": 0.2, "s": 0.25, "w": 0.2, "c": 0.12, "x": 0.08},
    "line": {"airport": 0.1, "city": 0.5, "contract": 0.3, "night": 0.1},
}
KANO_TABLE = ["QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"]


class Case(NamedTuple):
    """A method and its peer: what it is called, and how each gets the same numbers."""

    method: str
    peer: str
    ours: Callable[[pd.DataFrame], Any]
    theirs: Callable[[pd.DataFrame], Any]


class Run(NamedTuple):
    """What a run took and gave."""

    seconds: float
    result: Any


def main(arguments: list[str] | None = None) -> int:
    """Run all cases; return 1 if a result differs from that of its peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--respondents", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3, help="the fastest one counts")
    given = parser.parse_args(arguments)
    survey = make_survey(given.respondents)
    print(f"{given.respondents:,} respondents, {len(ITEMS)} items, 2 % of the answers missing\n")
    print(f"{'method':<22}{'csqm, s':>10}{'peer, s':>10}{'ratio':>9}  peer")
    failed = False
    for case in CASES:
        ours, theirs = timed(case, survey, given.repeats)
        ratio = theirs.seconds / ours.seconds
        print(
            f"{case.method:<22}{ours.seconds:>10.3f}{theirs.seconds:>10.3f}{ratio:>9.1f}"
            f"  {case.peer}",
            flush=True,
        )
        if not np.allclose(ours.result, theirs.result, rtol=1e-4, atol=1e-6):
            print(f"  The results differ: {ours.result} and {theirs.result}")
            failed = True
    print(f"\nPeak memory of the run: {peak_memory()}")
    return int(failed)


def make_survey(respondents: int) -> pd.DataFrame:
    """Return answers from 1 to 5 that share a factor, one from 0 to 10, and four groupings."""
    random = np.random.default_rng(2026)
    survey = pd.DataFrame(index=pd.RangeIndex(respondents))
    factor = random.normal(size=respondents)
    for item in ITEMS:
        answer = np.clip(np.round(3.4 + 0.7 * factor + random.normal(size=respondents)), 1, 5)
        answer[random.random(respondents) < 0.02] = np.nan
        survey[item] = answer
    spread = random.normal(0, 1.5, respondents)
    survey["recommend"] = np.clip(np.round(7.5 + 1.5 * factor + spread), 0, 10)
    noise = random.normal(size=respondents)
    survey["overall"] = survey[DRIVERS[:4]].mean(axis="columns").fillna(3) + noise
    for column, targets in MARGINS.items():
        # Not what the margins ask for, so that there is something to weight.
        shares = np.array(list(targets.values())) ** 0.5
        survey[column] = random.choice(list(targets), respondents, p=shares / shares.sum())
    return survey


def timed(case: Case, survey: pd.DataFrame, repeats: int) -> list[Run]:
    """Run both sides in turn, so that a busy moment hits both; keep the fastest run of each."""
    runs: list[Run] = [Run(np.inf, None), Run(np.inf, None)]
    for _ in range(repeats):
        for side, compute in enumerate((case.ours, case.theirs)):
            started = time.perf_counter()
            result = compute(survey)
            runs[side] = min(
                runs[side], Run(time.perf_counter() - started, result), key=attrgetter("seconds")
            )
    return runs


def peak_memory() -> str:
    """Return the most memory that this process has had, where the system tells."""
    try:
        import resource
    except ImportError:  # Windows
        return "not known on this system"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kilobytes = peak / 1024 if sys.platform == "darwin" else peak
    return f"{kilobytes / 1024**2:.1f} GB"


# ---- the peers -----------------------------------------------------------------------------------


def item_totals_by_pandas(survey: pd.DataFrame) -> list[float]:
    """Correlate each item with the sum of the others, as one writes it in pandas."""
    items = survey[ITEMS].dropna()
    return [items[item].corr(items.drop(columns=item).sum(axis="columns")) for item in ITEMS]


def kmo_by_pandas(survey: pd.DataFrame) -> float:
    """Compute KMO from a correlation matrix of pandas and its inverse."""
    correlation = survey[ITEMS].dropna().corr().to_numpy()
    inverse = np.linalg.inv(correlation)
    scale = np.sqrt(np.outer(np.diag(inverse), np.diag(inverse)))
    partial = -inverse / scale
    off = ~np.eye(len(ITEMS), dtype=bool)
    squares = (correlation[off] ** 2).sum()
    return float(squares / (squares + (partial[off] ** 2).sum()))


def nps_by_pandas(survey: pd.DataFrame) -> float:
    """Sort answers into three kinds with `cut` and count them."""
    kinds = pd.cut(survey["recommend"], [-1, 6, 8, 10], labels=["detractor", "passive", "promoter"])
    shares = kinds.value_counts(normalize=True)
    return float(100 * (shares["promoter"] - shares["detractor"]))


def rake_by_loops(survey: pd.DataFrame) -> np.ndarray:
    """Weight row after row, margin after margin, until all shares hold to one in a million."""
    columns = {column: survey[column].tolist() for column in MARGINS}
    weights = [1.0] * len(survey)
    while True:
        worst = 0.0
        for column, targets in MARGINS.items():
            sums = dict.fromkeys(targets, 0.0)
            for category, weight in zip(columns[column], weights, strict=True):
                sums[category] += weight
            total = sum(sums.values())
            factors = {name: target * total / sums[name] for name, target in targets.items()}
            worst = max(worst, *(abs(factor - 1) for factor in factors.values()))
            weights = [
                weight * factors[category]
                for category, weight in zip(columns[column], weights, strict=True)
            ]
        if worst < 1e-6:
            return np.array(weights)


def kano_by_loops(survey: pd.DataFrame) -> list[list[int]]:
    """Look each pair of answers up in the evaluation table."""
    counts = []
    for functional, dysfunctional in ATTRIBUTES.values():
        found: dict[str, int] = dict.fromkeys("AOMIRQ", 0)
        for one, other in zip(survey[functional], survey[dysfunctional], strict=True):
            if one == one and other == other:  # neither is NaN
                found[KANO_TABLE[int(one) - 1][int(other) - 1]] += 1
        counts.append(list(found.values()))
    return counts


def lmg_by_pingouin(survey: pd.DataFrame) -> np.ndarray:
    """Let the regression of pingouin compute the relative importance."""
    rows = survey[[*DRIVERS, "overall"]].dropna()
    table = pingouin.linear_regression(rows[DRIVERS], rows["overall"], relimp=True)
    return table["relimp"].to_numpy()[1:]


CASES = [
    Case(
        "alpha",
        "pingouin.cronbach_alpha",
        lambda survey: reliability.cronbach_alpha(survey, ITEMS).value,
        lambda survey: pingouin.cronbach_alpha(survey[ITEMS], nan_policy="listwise")[0],
    ),
    Case(
        "item-total",
        "pandas: corr with the sum of the others",
        lambda survey: reliability.item_total_correlations(survey, ITEMS)["item_total_r"],
        item_totals_by_pandas,
    ),
    Case(
        "KMO",
        "pandas: corr and its inverse",
        lambda survey: reliability.kmo(survey, ITEMS).overall,
        kmo_by_pandas,
    ),
    Case(
        "NPS",
        "pandas: cut and value_counts",
        lambda survey: indicators.net_promoter_score(survey["recommend"]).value,
        nps_by_pandas,
    ),
    Case(
        "raking, 4 margins",
        "loop over the rows",
        lambda survey: sampling.rake(survey, MARGINS).weights,
        rake_by_loops,
    ),
    Case(
        "Kano, 12 attributes",
        "loop over the rows",
        lambda survey: kano.summary(survey, ATTRIBUTES)[list("AOMIRQ")],
        kano_by_loops,
    ),
    Case(
        "LMG, 10 drivers",
        "pingouin.linear_regression(relimp=True)",
        lambda survey: drivers.lmg(survey, "overall", DRIVERS)["importance"],
        lmg_by_pingouin,
    ),
]

if __name__ == "__main__":
    sys.exit(main())
