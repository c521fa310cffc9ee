"""How many people to ask, how sure the answer is, and how to weight those who answered."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from statistics import NormalDist
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from csqm import validation
from csqm.text import listed
from csqm.validation import Weights, refuse, shown

__all__ = [
    "DesignEffect",
    "Raking",
    "design_effect",
    "margin_of_error",
    "rake",
    "sample_size",
]

_ROUNDINGS = ("up", "nearest", "none")


class DesignEffect(NamedTuple):
    """What unequal weights cost.

    Attributes
    ----------
    value : float
        Kish's design effect: by how much the weights multiply the variance of a mean.
    n : int
        The number of weights.
    effective_n : float
        The number of unweighted answers that would be as precise, ``n / value``.
    """

    value: float
    n: int
    effective_n: float


class Raking(NamedTuple):
    """The weights that raking found, and what they cost.

    Attributes
    ----------
    weights : Series
        One weight per row, with the index of the data and mean 1.
    iterations : int
        Rounds over all margins until they held.
    design_effect : float
        Kish's design effect of the weights.
    effective_n : float
        The number of unweighted answers that would be as precise.
    """

    weights: pd.Series
    iterations: int
    design_effect: float
    effective_n: float


def sample_size(
    population: int | None = None,
    *,
    margin: float = 0.05,
    confidence: float = 0.95,
    share: float = 0.5,
    rounding: Literal["up", "nearest", "none"] = "up",
) -> float:
    r"""Return the number of answers needed to estimate a share within a margin of error.

    .. math:: n_0 = \frac{z^2 p (1 - p)}{d^2}, \qquad n = \frac{n_0}{1 + (n_0 - 1) / N}

    These are answers from a simple random sample, not invitations: divide by the response rate to
    plan the mailing. It is a plan before there are data, so it takes no weights; if weighting is
    foreseen, multiply by the design effect expected.

    Parameters
    ----------
    population : int, optional
        Number of people the survey speaks for, :math:`N`; without it the population is taken as
        unlimited.
    margin : float
        Margin of error wanted, :math:`d`, as a share: 0.05 is five percentage points.
    confidence : float
        Confidence level, which gives :math:`z`.
    share : float
        Share expected, :math:`p`; 0.5 asks for the largest sample.
    rounding : {"up", "nearest", "none"}
        "up" is common practice: the margin then holds. "nearest" follows the table of Krejcie and
        Morgan, who took :math:`z^2` to three decimals (3.841) and rounded to the nearest whole
        number. "none" leaves the fraction.

    Returns
    -------
    float
        The number of answers; a whole number (int) unless `rounding` is "none".

    Raises
    ------
    ValueError
        If an option is out of range.

    References
    ----------
    Cochran, W. G. (1977). *Sampling techniques* (3rd ed.). Wiley.

    Krejcie, R. V., & Morgan, D. W. (1970). Determining sample size for research activities.
    *Educational and Psychological Measurement*, 30(3), 607-610.

    Examples
    --------
    >>> sample_size(), sample_size(620)
    (385, 238)
    >>> sample_size(600, rounding="nearest")
    234
    """
    margin = validation.fraction("margin", margin)
    share = validation.fraction("share", share)
    if rounding not in _ROUNDINGS:
        refuse("sampling.rounding", value=shown(rounding), choices=listed(map(repr, _ROUNDINGS)))
    z_squared = _z(confidence) ** 2
    if rounding == "nearest":
        z_squared = round(z_squared, 3)
    n = z_squared * share * (1 - share) / margin**2
    if population is not None:
        n = n / (1 + (n - 1) / validation.whole_number("population", population, 1))
    if rounding == "none":
        return n
    # A rounding error of the machine must not ask for one more person.
    return max(1, math.ceil(n - 1e-9) if rounding == "up" else math.floor(n + 0.5))


def margin_of_error(
    n: int,
    *,
    population: int | None = None,
    share: float = 0.5,
    confidence: float = 0.95,
    design_effect: float = 1.0,
) -> float:
    r"""Return half the width of the confidence interval of a share.

    .. math:: z \sqrt{\mathrm{deff}\,\frac{p (1 - p)}{n}} \sqrt{\frac{N - n}{N - 1}}

    Weights come in through `design_effect`; a whole population asked has no sampling error. For
    the interval of a share found in data use `csqm.indicators.top_box`, which also holds for
    shares near 0 and 1.

    Parameters
    ----------
    n : int
        Number of answers.
    population : int, optional
        Number of people the sample was drawn from, :math:`N`; unlimited if not given.
    share : float
        The share, :math:`p`; 0.5 gives the widest margin.
    confidence : float
        Confidence level, which gives :math:`z`.
    design_effect : float
        Factor on the variance, such as the value of `design_effect`.

    Returns
    -------
    float
        The margin of error, as a share.

    Raises
    ------
    ValueError
        If an option is out of range, or there are more answers than people.

    References
    ----------
    Cochran, W. G. (1977). *Sampling techniques* (3rd ed.). Wiley.

    Examples
    --------
    >>> round(margin_of_error(385), 4), round(margin_of_error(238, population=620), 4)
    (0.0499, 0.0499)
    """
    n = validation.whole_number("n", n, 1)
    share = validation.fraction("share", share)
    if not _is_positive(design_effect):
        refuse("sampling.design_effect", value=shown(design_effect))
    margin = _z(confidence) * math.sqrt(design_effect * share * (1 - share) / n)
    if population is None:
        return margin
    population = validation.whole_number("population", population, 1)
    if n > population:
        refuse("sampling.more_answers", n=n, population=population)
    # max(): a population of one, fully asked, would be 0 / 0.
    return margin * math.sqrt((population - n) / max(population - 1, 1))


def design_effect(weights: pd.Series | np.ndarray | Sequence[float]) -> DesignEffect:
    r"""Return Kish's design effect of survey weights, and the effective number of answers.

    .. math::
        \mathrm{deff} = 1 + \mathrm{CV}^2(w) = \frac{n \sum w^2}{(\sum w)^2}, \qquad
        n_\mathrm{eff} = \frac{(\sum w)^2}{\sum w^2}

    It counts what unequal weights cost when they are unrelated to the answers; clusters and
    strata are not in it. CV is the coefficient of variation with the variance over :math:`n`.
    A row of weight 0 counts in :math:`n`.

    Parameters
    ----------
    weights : Series, array or sequence of float
        One weight per answer; none may be missing.

    Returns
    -------
    DesignEffect
        ``value``, ``n``, ``effective_n``.

    Raises
    ------
    ValueError
        If a weight is negative, missing or not a number, or all are 0.

    References
    ----------
    Kish, L. (1965). *Survey sampling*. Wiley.

    Examples
    --------
    >>> design_effect([1, 1, 1, 3])
    DesignEffect(value=1.3333333333333333, n=4, effective_n=3.0)
    """
    if weights is None or isinstance(weights, str):
        refuse("sampling.no_weights", value=shown(weights))
    rows = weights if isinstance(weights, pd.Series) else pd.Series(weights)
    checked = validation.survey_weights(weights, rows)
    assert checked is not None
    effective = validation.effective_size(checked, np.ones(len(checked), dtype=bool))
    return DesignEffect(len(checked) / effective, len(checked), effective)


def rake(
    data: pd.DataFrame,
    margins: Mapping[str, Mapping[Any, float]],
    *,
    weights: Weights = None,
    tolerance: float = 1e-6,
    max_iterations: int = 1000,
) -> Raking:
    r"""Weight a sample so that several margins agree with the population at once.

    Every margin in turn, until all hold:

    .. math:: w_i \leftarrow w_i \cdot \frac{\text{target share}}{\text{current share}}

    of the category of row :math:`i`. Associations stay as they are in the sample: the odds ratios
    within the table of the margins do not change. Rows in the same cell of that table move
    together, so the work is done on cells. Raking repairs only what the margins explain.

    A row with a blank in a margin is refused, not dropped: a weight for it would be a guess. Give
    such rows a category with a target of its own, or leave them out first.

    Parameters
    ----------
    data : DataFrame
        One row per respondent.
    margins : mapping
        For each column its categories, and for each category its target: either shares that sum to
        1, or counts or percentages with the same total in every margin.
    weights : str, Series or array, optional
        Weights to start from, such as those of the sampling plan; without them all are 1.
    tolerance : float
        How far a weighted share may be from its target, relative to the target.
    max_iterations : int
        Rounds over all margins after which to give up.

    Returns
    -------
    Raking
        ``weights`` (mean 1, index of the data), ``iterations``, ``design_effect``,
        ``effective_n``.

    Raises
    ------
    ValueError
        If a category has no target or a target no respondents, if the totals of the margins
        differ, if the margins cannot be met together, or if a margin has a blank.

    References
    ----------
    Deming, W. E., & Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency
    table when the expected marginal totals are known. *Annals of Mathematical Statistics*, 11(4),
    427-444.

    Examples
    --------
    >>> sample = pd.DataFrame(
    ...     {"shift": ["day", "day", "day", "night"], "age": ["young", "old", "old", "young"]}
    ... )
    >>> targets = {"shift": {"day": 0.6, "night": 0.4}, "age": {"young": 0.5, "old": 0.5}}
    >>> rake(sample, targets).weights.round(3).tolist()
    [0.4, 1.0, 1.0, 1.6]
    """
    if not isinstance(margins, Mapping) or not margins:
        refuse("sampling.margins", value=shown(margins))
    columns = validation.check_columns(data, margins)
    tolerance = validation.fraction("tolerance", tolerance)
    max_iterations = validation.whole_number("max_iterations", max_iterations, 1)
    given = validation.survey_weights(weights, data)
    start = np.ones(len(data)) if given is None else given

    targets = _targets(margins)
    cells = np.zeros(len(data), dtype=np.int64)
    codes, names = {}, {}
    for column in columns:
        codes[column], names[column] = _categories(data[column], targets[column], start)
        # Numbered anew after each column, so that the numbers stay below the number of rows.
        cells = pd.factorize(cells * len(names[column]) + codes[column])[0]
    goals = {name: np.array([targets[name][each] for each in names[name]]) for name in columns}
    of_cell = {column: np.empty(cells.max() + 1, dtype=np.int64) for column in columns}
    for column in columns:
        of_cell[column][cells] = codes[column]  # the rows of a cell all say the same

    before = np.bincount(cells, start)
    cell_weights, iterations = _fit(before, of_cell, goals, names, tolerance, max_iterations)
    factors = np.divide(cell_weights, before, out=np.zeros_like(before), where=before > 0)
    raked = start * factors[cells]
    raked *= len(raked) / raked.sum()
    effect = design_effect(raked)
    series = pd.Series(raked, index=data.index, name="weight")
    return Raking(series, iterations, effect.value, effect.effective_n)


def _fit(
    weights: np.ndarray,
    codes: dict[str, np.ndarray],
    goals: dict[str, np.ndarray],
    names: dict[str, list[Any]],
    tolerance: float,
    max_iterations: int,
) -> tuple[np.ndarray, int]:
    """Fit the weights of the cells to the margins, as shares; return them and the rounds taken."""
    weights = weights / weights.sum()
    for iteration in range(1, max_iterations + 1):
        for column, goal in goals.items():
            current = np.bincount(codes[column], weights)
            if not current.all():
                # Cells that cannot be filled have shrunk to nothing: another margin forbids them.
                _refuse_margin(column, names, goals, current)
            weights = weights * (goal / current)[codes[column]]
        shares = {column: np.bincount(codes[column], weights) for column in goals}
        off = {column: np.abs(shares[column] / goals[column] - 1).max() for column in goals}
        if max(off.values()) <= tolerance:
            return weights, iteration
    worst = max(off, key=lambda column: off[column])
    _refuse_margin(worst, names, goals, shares[worst])


def _refuse_margin(
    column: str, names: dict[str, list[Any]], goals: dict[str, np.ndarray], shares: np.ndarray
) -> NoReturn:
    worst = int(np.argmax(np.abs(shares / goals[column] - 1)))
    refuse(
        "sampling.not_met",
        column=shown(column),
        category=shown(names[column][worst]),
        target=f"{goals[column][worst]:.4g}",
        share=f"{shares[worst]:.4g}",
    )


def _targets(margins: Mapping[str, Mapping[Any, float]]) -> dict[str, dict[Any, float]]:
    """Check the targets and return them as shares."""
    totals: dict[str, float] = {}
    for column, targets in margins.items():
        if not isinstance(targets, (Mapping, pd.Series)) or not len(targets):
            refuse("sampling.margin", column=shown(column), value=shown(targets))
        for category, target in targets.items():
            if not _is_positive(target):
                refuse(
                    "sampling.target",
                    column=shown(column),
                    category=shown(category),
                    value=shown(target),
                )
        totals[column] = float(sum(dict(targets).values()))
        if max(dict(targets).values()) <= 1 and not math.isclose(totals[column], 1, rel_tol=1e-6):
            refuse("sampling.shares", column=shown(column), total=f"{totals[column]:g}")
    first, total = next(iter(totals.items()))
    for column, other in totals.items():
        if not math.isclose(other, total, rel_tol=1e-6):
            refuse(
                "sampling.totals",
                first=shown(first),
                total=f"{total:.10g}",
                column=shown(column),
                other=f"{other:.10g}",
            )
    return {
        column: {category: target / totals[column] for category, target in targets.items()}
        for column, targets in margins.items()
    }


def _categories(
    column: pd.Series, targets: dict[Any, float], weights: np.ndarray
) -> tuple[np.ndarray, list[Any]]:
    """Return the category number of each row and the categories; refuse what has no partner."""
    codes, found = pd.factorize(column)
    name = shown(column.name)
    if (codes < 0).any():
        refuse("sampling.blank", column=name, row=shown(column.index[int(np.argmin(codes))]))
    for category in found:
        if category not in targets:
            refuse(
                "sampling.no_target",
                column=name,
                category=shown(category),
                targets=listed(map(shown, targets)),
            )
    weighted = dict(zip(found, np.bincount(codes, weights), strict=True))
    for category in targets:
        if not weighted.get(category):
            refuse("sampling.no_respondents", column=name, category=shown(category))
    return codes, list(found)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + validation.fraction("confidence", confidence) / 2)


def _is_positive(value: Any) -> bool:
    is_number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    return is_number and 0 < value < math.inf
