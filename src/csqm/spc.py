"""Control charts for shares and counts, and the rules for reading them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from csqm import validation
from csqm.text import listed
from csqm.validation import refuse, shown

__all__ = ["c_chart", "laney_p_chart", "p_chart", "run_rules", "u_chart"]

# The mean range of two normal values, in standard deviations, as tables of constants give it.
_D2 = 1.128

_WESTERN_ELECTRIC = ("beyond_limits", "two_of_three", "four_of_five", "eight_on_one_side")
_NELSON = (
    "beyond_limits",
    "nine_on_one_side",
    "six_trending",
    "fourteen_alternating",
    "two_of_three",
    "four_of_five",
    "fifteen_within",
    "eight_outside",
)


def p_chart(defectives: Any, sizes: Any, *, baseline: Iterable[Any] | None = None) -> pd.DataFrame:
    r"""Chart the share of defective units in samples.

    .. math:: \bar p \pm 3 \sqrt{\frac{\bar p (1 - \bar p)}{n_i}}

    The centre is the share of all units of the baseline. Limits are cut at 0 and 1. A sample
    signals when it lies beyond a limit, not on it. Samples are complete counts: there are no
    survey weights and no missing values; leave out a sample that was not taken.

    Parameters
    ----------
    defectives : Series or array of int
        Defective units in each sample, in the order of time.
    sizes : int, Series or array of int
        Units in each sample.
    baseline : iterable, optional
        The samples that set centre and limits, by their names, or True and False for each sample;
        all of them unless given.

    Returns
    -------
    DataFrame
        One row per sample: ``sample`` (the index of a Series with an index of its own, else 1, 2,
        3 …), ``value``, ``centre``, ``lower``, ``upper``, ``signal``, ``sigma`` (one standard
        deviation).

    Raises
    ------
    ValueError
        If a count is no whole number or exceeds its sample, the two do not fit together, or the
        baseline sets no limits (no unit of it defective, or every one).

    References
    ----------
    Montgomery, D. C. (2019). *Introduction to statistical quality control* (8th ed.). Wiley.

    Examples
    --------
    >>> p_chart([4, 6, 5, 16], 50, baseline=[1, 2, 3])[["sample", "value", "upper", "signal"]]
       sample  value     upper  signal
    0       1   0.08  0.227279   False
    1       2   0.12  0.227279   False
    2       3   0.10  0.227279   False
    3       4   0.32  0.227279    True
    """
    count, size, samples = _defectives(defectives, sizes)
    centre = _share(count, size, _baseline(baseline, samples))
    sigma = np.sqrt(centre * (1 - centre) / size)
    return _chart(samples, count / size, centre, sigma, top=1)


def u_chart(defects: Any, sizes: Any, *, baseline: Iterable[Any] | None = None) -> pd.DataFrame:
    r"""Chart defects per unit in samples of any size.

    .. math:: \bar u \pm 3 \sqrt{\frac{\bar u}{n_i}}

    A unit may have several defects. The lower limit is cut at 0; otherwise as `p_chart`.

    Parameters
    ----------
    defects : Series or array of int
        Defects in each sample, in the order of time.
    sizes : float, Series or array of float
        Units in each sample, above 0, not necessarily whole (100 km driven, thousand trips).
    baseline : iterable, optional
        The samples that set centre and limits, as in `p_chart`.

    Returns
    -------
    DataFrame
        The columns of `p_chart`.

    Raises
    ------
    ValueError
        As in `p_chart`; a sample may have more defects than units.

    References
    ----------
    Montgomery, D. C. (2019). *Introduction to statistical quality control* (8th ed.). Wiley.

    Examples
    --------
    >>> u_chart([3, 5, 4], [1.5, 2, 2.5])[["value", "centre", "lower", "upper"]].round(3)
       value  centre  lower  upper
    0    2.0     2.0    0.0  5.464
    1    2.5     2.0    0.0  5.000
    2    1.6     2.0    0.0  4.683
    """
    count, size, samples = _counts("defects", defects, sizes)
    used = _baseline(baseline, samples)
    centre = float(count[used].sum() / size[used].sum())
    if centre == 0:
        refuse("spc.no_defects")
    return _chart(samples, count / size, centre, np.sqrt(centre / size))


def c_chart(defects: Any, *, baseline: Iterable[Any] | None = None) -> pd.DataFrame:
    r"""Chart the number of defects in samples of equal size.

    .. math:: \bar c \pm 3 \sqrt{\bar c}

    The lower limit is cut at 0; otherwise as `p_chart`.

    Parameters
    ----------
    defects : Series or array of int
        Defects in each sample, in the order of time.
    baseline : iterable, optional
        The samples that set centre and limits, as in `p_chart`.

    Returns
    -------
    DataFrame
        The columns of `p_chart`.

    Raises
    ------
    ValueError
        If a count is no whole number, or the baseline has no defects.

    References
    ----------
    Montgomery, D. C. (2019). *Introduction to statistical quality control* (8th ed.). Wiley.

    Examples
    --------
    >>> c_chart([9, 7, 11, 22], baseline=[1, 2, 3])[["value", "lower", "upper", "signal"]]
       value  lower  upper  signal
    0    9.0    0.0   18.0   False
    1    7.0    0.0   18.0   False
    2   11.0    0.0   18.0   False
    3   22.0    0.0   18.0    True
    """
    return u_chart(defects, 1, baseline=baseline)


def laney_p_chart(
    defectives: Any, sizes: Any, *, baseline: Iterable[Any] | None = None
) -> pd.DataFrame:
    r"""Chart the share of defective units when it varies more than the binomial allows.

    .. math::
        z_i = \frac{p_i - \bar p}{\sqrt{\bar p (1 - \bar p)/n_i}}, \qquad
        \sigma_z = \frac{\overline{|z_i - z_{i-1}|}}{1.128}, \qquad
        \bar p \pm 3\, \sigma_z \sqrt{\frac{\bar p (1 - \bar p)}{n_i}}

    Large samples make the limits of the p chart so narrow that ordinary variation from day to day
    signals. Laney's p' chart widens them by the variation between neighbouring samples (and
    narrows them if that is less than binomial). The ranges are those between baseline samples
    that follow each other in the baseline.

    Parameters
    ----------
    defectives, sizes, baseline
        As in `p_chart`; the baseline needs at least two samples.

    Returns
    -------
    DataFrame
        The columns of `p_chart` (``sigma`` includes the factor), and ``sigma_z``, the factor: near
        1 the p chart will do.

    Raises
    ------
    ValueError
        As in `p_chart`, or if the baseline has fewer than two samples, or no variation.

    References
    ----------
    Laney, D. B. (2002). Improved control charts for attributes. *Quality Engineering*, 14(4),
    531-537.

    Examples
    --------
    >>> late, trips = [610, 420, 555, 480, 590, 450], 5000
    >>> int(p_chart(late, trips)["signal"].sum()), int(laney_p_chart(late, trips)["signal"].sum())
    (4, 0)
    >>> float(laney_p_chart(late, trips).loc[0, "sigma_z"].round(2))
    5.35
    """
    count, size, samples = _defectives(defectives, sizes)
    used = _baseline(baseline, samples)
    if np.count_nonzero(used) < 2:
        refuse("spc.one_sample")
    centre = _share(count, size, used)
    binomial = np.sqrt(centre * (1 - centre) / size)
    scores = (count / size - centre) / binomial
    factor = float(np.abs(np.diff(scores[used])).mean() / _D2)
    if factor == 0:
        refuse("spc.no_variation")
    table = _chart(samples, count / size, centre, factor * binomial, top=1)
    table["sigma_z"] = factor
    return table


def run_rules(
    chart: pd.DataFrame, *, rules: str | Sequence[str] = "western_electric"
) -> pd.DataFrame:
    """Look for patterns that chance seldom makes in a stable process.

    ==================== ================================================ ========
    rule                 pattern                                          set
    ==================== ================================================ ========
    beyond_limits        1 point beyond the limits (3 sigma)              WE, N 1
    two_of_three         2 of 3 points beyond 2 sigma, same side          WE, N 5
    four_of_five         4 of 5 points beyond 1 sigma, same side          WE, N 6
    eight_on_one_side    8 points in a row on one side of the centre      WE
    nine_on_one_side     9 points in a row on one side of the centre      N 2
    six_trending         6 points in a row rising, or falling             N 3
    fourteen_alternating 14 points in a row going up and down in turn     N 4
    fifteen_within       15 points in a row within 1 sigma                N 7
    eight_outside        8 points in a row beyond 1 sigma, either side    N 8
    ==================== ================================================ ========

    (WE: Western Electric's four rules; N: Nelson's eight, with their numbers.)

    Points are measured from the centre in sigmas of their own sample, so unequal sample sizes do no
    harm. A point is marked when it completes the pattern; in ``two_of_three`` and ``four_of_five``
    it lies beyond the line itself. A point on the centre is on neither side, a point on a line is
    not beyond it, and equal neighbours neither rise nor fall. Every rule adds false alarms: choose
    few, before looking.

    Parameters
    ----------
    chart : DataFrame
        What a chart of this module returned, in the order of time.
    rules : {"western_electric", "nelson"} or sequence of str
        A set, or names of rules.

    Returns
    -------
    DataFrame
        One row per sample: ``sample``, ``value``, one column of True and False per rule, ``signal``
        (whether any rule holds).

    Raises
    ------
    ValueError
        If a rule is unknown, or `chart` is not a chart.

    References
    ----------
    Western Electric Company (1956). *Statistical quality control handbook*.

    Nelson, L. S. (1984). The Shewhart control chart: Tests for special causes. *Journal of Quality
    Technology*, 16(4), 237-239.

    Examples
    --------
    >>> chart = c_chart([9, 9, 9, 9, 4, 4, 5, 4, 5, 4, 4, 3], baseline=[1, 2, 3, 4])
    >>> result = run_rules(chart)
    >>> result.loc[result["signal"], ["sample", "four_of_five", "eight_on_one_side"]]
        sample  four_of_five  eight_on_one_side
    7        8          True              False
    8        9          True              False
    9       10          True              False
    10      11          True              False
    11      12          True               True
    """
    names = _rules(rules)
    validation.check_columns(
        chart, ["sample", "value", "centre", "lower", "upper", "signal", "sigma"]
    )
    value, centre, lower, upper, sigma = (
        validation.numbers(chart[name]).to_numpy()
        for name in ("value", "centre", "lower", "upper", "sigma")
    )
    if not (sigma > 0).all() or np.isnan([value, centre, lower, upper]).any():
        refuse("spc.no_chart")
    z = (value - centre) / sigma
    # 0.3 - 0.2 is not 0.1: a point on a line must not fall beyond it.
    z = np.where(np.isclose(z, np.round(z), rtol=0, atol=1e-9), np.round(z), z)
    step = np.sign(np.where(np.abs(np.diff(z)) < 1e-9, 0, np.diff(z)))
    rising, falling = (np.concatenate([[False], step == sign]) for sign in (1, -1))
    turns = np.concatenate([[False, False], step[1:] * step[:-1] < 0])[: len(z)]
    found = {
        "beyond_limits": (value < lower) | (value > upper),
        "two_of_three": _most_beyond(z, 2, 3, 2),
        "four_of_five": _most_beyond(z, 4, 5, 1),
        "eight_on_one_side": _in_a_row(z > 0, 8) | _in_a_row(z < 0, 8),
        "nine_on_one_side": _in_a_row(z > 0, 9) | _in_a_row(z < 0, 9),
        # Six points make five steps; fourteen make thirteen, which turn twelve times.
        "six_trending": _in_a_row(rising, 5) | _in_a_row(falling, 5),
        "fourteen_alternating": _in_a_row(turns, 12),
        "fifteen_within": _in_a_row(np.abs(z) < 1, 15),
        "eight_outside": _in_a_row(np.abs(z) > 1, 8),
    }
    table = chart[["sample", "value"]].copy()
    for name in names:
        table[name] = found[name]
    table["signal"] = table[names].any(axis="columns")
    return table


def _in_a_row(flags: np.ndarray, length: int) -> np.ndarray:
    """Mark where the last `length` flags are all up."""
    return np.asarray(_among_last(flags, length) == length)


def _most_beyond(z: np.ndarray, least: int, span: int, line: float) -> np.ndarray:
    marked = np.zeros(len(z), dtype=bool)
    for beyond in (z > line, z < -line):
        marked |= beyond & (_among_last(beyond, span) >= least)
    return marked


def _among_last(flags: np.ndarray, span: int) -> np.ndarray:
    """Count the flags up among the last `span` places, fewer at the start."""
    total = np.cumsum(flags)
    before = np.concatenate([np.zeros(span, dtype=total.dtype), total])[: len(total)]
    return np.asarray(total - before)


def _chart(
    samples: pd.Index, value: np.ndarray, centre: float, sigma: np.ndarray, top: float = np.inf
) -> pd.DataFrame:
    table = pd.DataFrame({"sample": samples.tolist(), "value": value, "centre": centre})
    table["lower"] = np.maximum(centre - 3 * sigma, 0)
    table["upper"] = np.minimum(centre + 3 * sigma, top)
    table["signal"] = (value < table["lower"]) | (value > table["upper"])
    table["sigma"] = sigma
    return table


def _share(count: np.ndarray, size: np.ndarray, used: np.ndarray) -> float:
    share = float(count[used].sum() / size[used].sum())
    if share in (0, 1):
        refuse("spc.no_defectives" if share == 0 else "spc.all_defective")
    return share


def _defectives(defectives: Any, sizes: Any) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    count, size, samples = _counts("defectives", defectives, sizes)
    for name, wrong, values in (
        ("spc.size_whole", size % 1 != 0, size),
        ("spc.more_than_size", count > size, count),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            values_shown = {"value": f"{values[row]:g}", "size": f"{size[row]:g}"}
            refuse(name, sample=shown(samples[row]), **values_shown)
    return count, size, samples


def _counts(name: str, counts: Any, sizes: Any) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Return counts, sizes and the names of the samples."""
    count = validation.numbers(counts, name)
    if isinstance(counts, pd.Series) and not counts.index.equals(pd.RangeIndex(len(counts))):
        samples = counts.index
    else:
        samples = pd.RangeIndex(1, len(count) + 1)
    if not samples.is_unique:
        refuse("spc.sample_twice", sample=shown(samples[samples.duplicated()][0]))
    if np.ndim(sizes) == 0:
        sizes = np.full(len(count), sizes)
    size = validation.numbers(sizes, "sizes")
    both = isinstance(counts, pd.Series) and isinstance(sizes, pd.Series)
    if len(size) != len(count) or (both and not counts.index.equals(sizes.index)):
        refuse("spc.lengths", name=name, counts=len(count), sizes=len(size))
    for entry, wrong, values in (
        ("spc.count", ~((count >= 0) & (count % 1 == 0)).to_numpy(), count),
        ("spc.size", ~(size > 0).to_numpy(), size),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            refuse(entry, name=name, sample=shown(samples[row]), value=f"{values.iloc[row]:g}")
    return count.to_numpy(), size.to_numpy(), samples


def _baseline(baseline: Iterable[Any] | None, samples: pd.Index) -> np.ndarray:
    """Return which samples set the limits, as a mask."""
    if baseline is None:
        return np.ones(len(samples), dtype=bool)
    if isinstance(baseline, str) or not isinstance(baseline, Iterable):
        refuse("spc.baseline", value=shown(baseline))
    chosen = list(baseline)
    if chosen and all(isinstance(each, (bool, np.bool_)) for each in chosen):
        if len(chosen) != len(samples):
            refuse("spc.baseline_length", count=len(chosen), samples=len(samples))
        used = np.array(chosen, dtype=bool)
    else:
        unknown = [each for each in chosen if each not in samples]
        if unknown:
            refuse("spc.baseline_unknown", sample=shown(unknown[0]))
        used = np.asarray(samples.isin(chosen))
    if not used.any():
        refuse("spc.baseline", value=shown(chosen))
    return used


def _rules(rules: Any) -> list[str]:
    known = list(dict.fromkeys(_WESTERN_ELECTRIC + _NELSON))
    sets = {"western_electric": _WESTERN_ELECTRIC, "nelson": _NELSON}
    if isinstance(rules, str):
        rules = sets.get(rules, [rules])
    chosen = list(rules) if isinstance(rules, Iterable) else [rules]
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        value = shown(unknown[0] if unknown else chosen)
        refuse("spc.rules", value=value, sets=listed(sets), known=listed(known))
    return list(dict.fromkeys(chosen))
