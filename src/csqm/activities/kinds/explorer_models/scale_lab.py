"""A scale from which items are taken: reliability, factors, and what the items cover."""

import math
from typing import Any

__all__ = ["INPUTS", "ITEMS", "LABELS", "VALUES", "compute"]

ITEMS = ("waiting", "route", "driver", "clean", "tidy", "safety", "price")
INPUTS = ("flip", *(f"keep_{item}" for item in ITEMS))
VALUES = (
    "alpha", "low", "high", "omega", "kmo", "factors", "kept", "flipped", "strangers", "areas",
    "twins", *(f"r_{item}" for item in ITEMS), *(f"without_{item}" for item in ITEMS),
)  # fmt: skip
LABELS = (
    "table", "item", "r", "without", "title", "x", "y", "random", *(f"item_{i}" for i in ITEMS)
)  # fmt: skip
LEAST = 3
STEPS = 4000


def compute(inputs: dict[str, Any], settings: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Analyse the items that are kept, with the reverse-coded one turned or not."""
    signs = [1 if item != "waiting" or inputs["flip"] else -1 for item in ITEMS]
    cov = [
        [a * b * r for b, r in zip(signs, row, strict=True)]
        for a, row in zip(signs, settings["correlations"], strict=True)
    ]
    kept = [k for k, item in enumerate(ITEMS) if inputs[f"keep_{item}"]]
    names = {ITEMS[k] for k in kept}
    values = dict.fromkeys(VALUES, 0.0) | {
        "kept": len(kept),
        "flipped": float(inputs["flip"]),
        "strangers": float("price" in names),
        "areas": len((names - {"tidy", "price"}) | ({"clean"} if "tidy" in names else set())),
        "twins": float({"clean", "tidy"} <= names),
    }
    if len(kept) < LEAST:
        return values, "few"
    matrix = [[cov[i][j] for j in kept] for i in kept]
    alpha, ends = _alpha(cov, kept), settings["feldt"][len(kept) - LEAST]
    random = settings["random"][len(kept) - LEAST]
    above = [own > by_chance for own, by_chance in zip(_eigenvalues(matrix), random, strict=True)]
    values |= {
        "alpha": alpha,
        "low": 1 - (1 - alpha) * ends[0],
        "high": 1 - (1 - alpha) * ends[1],
        "omega": _omega(matrix),
        "kmo": _kmo(matrix),
        "factors": (above + [False]).index(False),
    }
    for k, item in enumerate(ITEMS):
        rest = [j for j in kept if j != k]
        spread = math.sqrt(cov[k][k] * sum(cov[i][j] for i in rest for j in rest))
        values[f"r_{item}"] = sum(cov[k][j] for j in rest) / spread
        values[f"without_{item}"] = _alpha(cov, rest)
    return values, "unturned" if not inputs["flip"] and "waiting" in names else "scale"


def _alpha(cov: list[list[float]], kept: list[int]) -> float:
    own = sum(cov[k][k] for k in kept)
    total = sum(cov[i][j] for i in kept for j in kept)
    return len(kept) / (len(kept) - 1) * (1 - own / total)


def _omega(matrix: list[list[float]]) -> float:
    """Fit one factor by maximum likelihood (expectation-maximisation); give McDonald's omega."""
    p = range(len(matrix))
    loading, unique = [0.5] * len(matrix), [0.75] * len(matrix)
    for _ in range(STEPS):
        scale = 1 + sum(loading[i] ** 2 / unique[i] for i in p)
        beta = [loading[i] / unique[i] / scale for i in p]
        moved = [sum(matrix[i][j] * beta[j] for j in p) for i in p]
        size = 1 / scale + sum(beta[i] * moved[i] for i in p)
        before, loading = loading, [moved[i] / size for i in p]
        unique = [max(0.005, matrix[i][i] - loading[i] * moved[i]) for i in p]
        if max(abs(loading[i] - before[i]) for i in p) < 1e-12:
            break
    common = sum(loading) ** 2
    return common / (common + sum(unique))


def _kmo(matrix: list[list[float]]) -> float:
    inverse = _inverse(matrix)
    p = range(len(matrix))
    pairs = [(i, j) for i in p for j in p if i != j]
    plain = sum(matrix[i][j] ** 2 for i, j in pairs)
    partial = sum(inverse[i][j] ** 2 / (inverse[i][i] * inverse[j][j]) for i, j in pairs)
    return plain / (plain + partial)


def _inverse(matrix: list[list[float]]) -> list[list[float]]:
    n = len(matrix)
    rows = [[*row, *(float(i == k) for k in range(n))] for i, row in enumerate(matrix)]
    for k in range(n):  # positive definite: no need to exchange rows
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in range(n):
            if i != k:
                times = rows[i][k]
                rows[i] = [a - times * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[n:] for row in rows]


def _eigenvalues(matrix: list[list[float]]) -> list[float]:
    """Jacobi's rotations, until nothing is left beside the diagonal."""
    a = [list(row) for row in matrix]
    n = len(a)
    for _ in range(30):
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(a[p][q]) < 1e-15:
                    continue
                half = (a[q][q] - a[p][p]) / (2 * a[p][q])
                t = (1 if half >= 0 else -1) / (abs(half) + math.sqrt(half * half + 1))
                c = 1 / math.sqrt(t * t + 1)
                s = t * c
                for k in range(n):
                    a[k][p], a[k][q] = c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]
                for k in range(n):
                    a[p][k], a[q][k] = c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]
    return sorted((a[k][k] for k in range(n)), reverse=True)
