"""Kano's model: how the presence and the absence of an attribute move satisfaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csqm import validation
from csqm.proportions import wilson_interval
from csqm.text import say
from csqm.validation import Weights, refuse, shown

__all__ = ["better_worse", "classify", "summary"]

# Attractive, one-dimensional, must-be, indifferent, reverse, questionable.
_CLASSES = ("A", "O", "M", "I", "R", "Q")
# The evaluation table, at 5 * functional + dysfunctional, from like to dislike; -1: no answer.
_TABLE = np.full(31, -1, dtype=np.int8)
_TABLE[6:] = [_CLASSES.index(name) for name in "QAAAO" + 3 * "RIIIM" + "RRRRQ"]

Attributes = Mapping[str, tuple[str, str] | str] | Sequence[str] | None


class _Counts(NamedTuple):
    """What each attribute was counted as; one row per attribute."""

    names: list[Any]
    counts: np.ndarray  # weighted, in the order of _CLASSES
    raw: np.ndarray  # answers
    missing: np.ndarray
    effective_n: np.ndarray  # over all classes
    effective_four: np.ndarray  # over A, O, M and I
    weighted: bool


def classify(functional: Any, dysfunctional: Any, *, missing: Collection[int] = ()) -> pd.Series:
    """Classify pairs of answers by Kano's evaluation table.

    The functional question asks how one feels if the attribute is there, the dysfunctional one how
    one feels if it is not. The answers are 1 like, 2 must be, 3 neutral, 4 live with, 5 dislike.

    ================= ===== ======= ======= ========= =======
    functional        like  must be neutral live with dislike
    ================= ===== ======= ======= ========= =======
    like              Q     A       A       A         O
    must be           R     I       I       I         M
    neutral           R     I       I       I         M
    live with         R     I       I       I         M
    dislike           R     R       R       R         Q
    ================= ===== ======= ======= ========= =======

    A attractive, O one-dimensional, M must-be, I indifferent, R reverse, Q questionable.

    Parameters
    ----------
    functional, dysfunctional : Series or array of int
        The answers of the respondents, in the same order; Series need the same index.
    missing : collection of int
        Codes that mean "no answer", other than 1 to 5. Blank cells count as no answer too.

    Returns
    -------
    Series of category
        One of ``A``, ``O``, ``M``, ``I``, ``R``, ``Q`` for each respondent; missing where one of
        the two answers is.

    Raises
    ------
    ValueError
        If an answer is not one of the five, or the two columns do not fit together.

    References
    ----------
    Kano, N., Seraku, N., Takahashi, F., & Tsuji, S. (1984). Attractive quality and must-be quality.
    *Journal of the Japanese Society for Quality Control*, 14(2), 147-156.

    Berger, C., Blauth, R., Boger, D., et al. (1993). Kano's methods for understanding
    customer-defined quality. *Center for Quality of Management Journal*, 2(4).

    Examples
    --------
    >>> classify([1, 2, 1, 3], [5, 5, 3, 4]).tolist()
    ['O', 'M', 'A', 'I']
    """
    present = validation.answers(functional, (1, 5), missing, name="functional")
    absent = validation.answers(dysfunctional, (1, 5), missing, name="dysfunctional")
    both_series = isinstance(functional, pd.Series) and isinstance(dysfunctional, pd.Series)
    if len(present) != len(absent) or (both_series and not present.index.equals(absent.index)):
        refuse("kano.pair_lengths", functional=len(present), dysfunctional=len(absent))
    index = present.index if isinstance(functional, pd.Series) else absent.index
    cells = np.nan_to_num(5 * present.to_numpy() + absent.to_numpy()).astype(np.int8)
    codes = _TABLE[cells]
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(_CLASSES)), index=index)


def summary(
    data: pd.DataFrame,
    attributes: Attributes = None,
    *,
    missing: Collection[int] = (),
    weights: Weights = None,
) -> pd.DataFrame:
    r"""Summarise each attribute: counts, class by mode and by Berger's rule, strength, tests.

    With n answers, a and b the two largest counts,

    .. math::
        \text{category strength} = \frac{a - b}{n}, \qquad
        \text{total strength} = \frac{M + O + A}{n}

    Fong's test calls the difference of the two largest classes significant if

    .. math:: |a - b| \ge 1.65 \sqrt{\frac{(a + b)(2n - a - b)}{2n}}

    1.65 belongs to a two-sided level of 10 %, but the root is that of counts from two samples. Both
    come from one, where the variance of a - b is about a + b: of two classes equally frequent in
    the population, some 15 to 20 % are called significant.

    Berger's rule takes the largest of M, O, A if M + O + A > I + R + Q, else the largest of I, R,
    Q. The chi-square test of goodness of fit asks whether M, O, A and I are equally frequent
    (3 degrees of freedom).

    A respondent counts for an attribute if both questions are answered; the others are counted in
    ``missing``. With survey weights the classes are counted in sums of weights. Fong's test and
    the chi-square test rest on counts of independent answers and are then left out; ``note`` says
    so.

    Parameters
    ----------
    data : DataFrame
        One row per respondent; or, without `attributes`, one row per attribute with the counts in
        columns ``A``, ``O``, ``M``, ``I``, ``R``, ``Q``, as they are published. The attribute is
        then the column ``attribute``, or the index. If there is a column ``n``, the six columns
        may be shares or percentages of these n answers.
    attributes : mapping or sequence of str, optional
        For each attribute the pair (functional column, dysfunctional column), or the one column
        that `classify` made. A sequence names columns that `classify` made.
    missing : collection of int
        Codes that mean "no answer", other than 1 to 5. Blank cells count as no answer too.
    weights : str, Series or array, optional
        Survey weights, one per respondent.

    Returns
    -------
    DataFrame
        One row per attribute: ``attribute``, ``A`` to ``Q``, ``n``, ``missing``, ``effective_n``,
        ``mode`` and ``berger`` (classes that tie are joined, as in ``A/O``), ``disagree`` (whether
        mode and rule differ), ``category_strength``, ``total_strength`` (0 to 1),
        ``fong_difference``, ``fong_critical``, ``fong_significant``, ``chi_square``,
        ``chi_square_p``, ``note`` (why a value is left out).

    Raises
    ------
    ValueError
        If a column is missing, an answer or class is unknown, nobody answered an attribute, or
        counts are no counts.

    References
    ----------
    Fong, D. (1996). Using the self-stated importance questionnaire to interpret Kano questionnaire
    results. *Center for Quality of Management Journal*, 5, 21-24.

    Berger, C., Blauth, R., Boger, D., et al. (1993). Kano's methods for understanding
    customer-defined quality. *Center for Quality of Management Journal*, 2(4).

    Examples
    --------
    >>> counts = pd.DataFrame(
    ...     {"A": [121], "O": [24], "M": [15], "I": [124], "R": [6], "Q": [6]}, index=["hotline"]
    ... )
    >>> summary(counts)[["attribute", "mode", "berger", "disagree", "fong_significant"]]
      attribute mode berger  disagree  fong_significant
    0   hotline    I      A      True             False
    """
    from scipy.stats import chi2

    counted = _counted(data, attributes, missing, weights)
    counts = counted.counts
    total = counts.sum(axis=1)
    table = _frame(counted)
    table["mode"] = [_largest(row, _CLASSES) for row in counts]
    wanted = table[["M", "O", "A"]].sum(axis="columns").to_numpy()
    # A tie of the two halves must not hang on the rounding of weights.
    by_rule = np.where(_clearly_above(wanted, total - wanted), 1, 0)
    table["berger"] = [
        _largest(row, ("A", "O", "M") if upper else ("I", "R", "Q"))
        for row, upper in zip(counts, by_rule, strict=True)
    ]
    table["disagree"] = table["mode"] != table["berger"]

    first, second = np.sort(counts, axis=1)[:, :-3:-1].T
    table["category_strength"] = (first - second) / total
    table["total_strength"] = wanted / total
    four = table[["A", "O", "M", "I"]].to_numpy(dtype=float)
    expected = four.mean(axis=1)
    testable = np.full(len(counts), not counted.weighted)
    fits = testable & (expected > 0)
    both = first + second
    table["fong_difference"] = np.where(testable, first - second, np.nan)
    critical = 1.65 * np.sqrt(both * (2 * total - both) / (2 * total))
    table["fong_critical"] = np.where(testable, critical, np.nan)
    significant = pd.Series(first - second >= critical, dtype="boolean")
    table["fong_significant"] = significant if not counted.weighted else pd.NA
    squares = ((four - expected[:, None]) ** 2).sum(axis=1)
    statistic = np.divide(squares, expected, out=np.full(len(counts), np.nan), where=fits)
    table["chi_square"] = statistic
    table["chi_square_p"] = chi2.sf(statistic, 3)
    if counted.weighted:
        table["note"] = say("kano.note_weights")
    else:
        table["note"] = np.where(fits, "", say("kano.note_no_four"))
        table["fong_significant"] = table["fong_significant"].astype(bool)
    return table


def better_worse(
    data: pd.DataFrame,
    attributes: Attributes = None,
    *,
    missing: Collection[int] = (),
    weights: Weights = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Compute how much better satisfaction is with an attribute, and how much worse without it.

    .. math::
        \text{better} = \frac{A + O}{A + O + M + I}, \qquad
        \text{worse} = -\frac{O + M}{A + O + M + I}

    Better lies between 0 and 1, worse between -1 and 0. Both are shares of the answers classed A,
    O, M or I, so each has Wilson's interval, without continuity correction, the one of worse with
    its sign turned. With survey weights the shares are weighted and the interval rests on Kish's
    effective n of these answers.

    Answers classed R or Q are left out and counted in ``left_out``; respondents who did not answer
    both questions are counted in ``missing``.

    Parameters
    ----------
    data : DataFrame
        One row per respondent; or counts, one row per attribute, as in `summary`.
    attributes : mapping or sequence of str, optional
        The columns of each attribute, as in `summary`; left out if `data` holds counts.
    missing : collection of int
        Codes that mean "no answer", other than 1 to 5. Blank cells count as no answer too.
    weights : str, Series or array, optional
        Survey weights, one per respondent.
    confidence : float
        Confidence level of the intervals.

    Returns
    -------
    DataFrame
        One row per attribute: ``attribute``, ``better``, ``better_low``, ``better_high``,
        ``worse``, ``worse_low``, ``worse_high``, ``n`` (answers A, O, M, I), ``left_out``,
        ``missing``, ``effective_n``, ``note`` (why a row has no values).

    Raises
    ------
    ValueError
        As in `summary`, or if `confidence` is not between 0 and 1.

    References
    ----------
    Berger, C., Blauth, R., Boger, D., et al. (1993). Kano's methods for understanding
    customer-defined quality. *Center for Quality of Management Journal*, 2(4).

    Examples
    --------
    >>> counts = pd.DataFrame(
    ...     {"A": [121], "O": [24], "M": [15], "I": [124], "R": [6], "Q": [6]}, index=["hotline"]
    ... )
    >>> better_worse(counts)[["attribute", "better", "worse", "n", "left_out"]].round(3)
      attribute  better  worse    n  left_out
    0   hotline   0.511 -0.137  284        12
    """
    confidence = validation.fraction("confidence", confidence)
    counted = _counted(data, attributes, missing, weights)
    attractive, one_dimensional, must_be, _, _, _ = counted.counts.T
    four = counted.counts[:, :4].sum(axis=1)
    table = pd.DataFrame({"attribute": counted.names})
    for name, part, sign in (
        ("better", attractive + one_dimensional, 1.0),
        ("worse", one_dimensional + must_be, -1.0),
    ):
        share = np.divide(part, four, out=np.full(len(four), np.nan), where=four > 0)
        low, high = wilson_interval(share, counted.effective_four, confidence=confidence)
        ends = (low, high) if sign > 0 else (-high, -low)
        table[name] = sign * share + 0.0  # no -0.0
        table[f"{name}_low"], table[f"{name}_high"] = (end + 0.0 for end in ends)
    table["n"] = counted.raw[:, :4].sum(axis=1)
    table["left_out"] = counted.raw[:, 4:].sum(axis=1)
    table["missing"] = counted.missing
    table["effective_n"] = counted.effective_four
    table["note"] = np.where(four > 0, "", say("kano.note_no_four"))
    return table


def _frame(counted: _Counts) -> pd.DataFrame:
    table = pd.DataFrame({"attribute": counted.names})
    whole = not counted.weighted and bool((counted.counts % 1 == 0).all())
    values = counted.counts.astype(int) if whole else counted.counts
    for position, name in enumerate(_CLASSES):
        table[name] = values[:, position]
    table["n"] = counted.raw.sum(axis=1)
    table["missing"] = counted.missing
    table["effective_n"] = counted.effective_n
    return table


def _largest(counts: np.ndarray, among: tuple[str, ...]) -> str:
    """Return the most frequent class among some, joining those that tie."""
    here = {name: counts[_CLASSES.index(name)] for name in _CLASSES if name in among}
    top = max(here.values())
    return "/".join(name for name, count in here.items() if not _clearly_above(top, count))


def _clearly_above(one: Any, other: Any) -> Any:
    return one - other > 1e-9 * (np.abs(one) + np.abs(other))


def _counted(
    data: pd.DataFrame, attributes: Attributes, missing: Collection[int], weights: Weights
) -> _Counts:
    if attributes is None:
        if weights is not None:
            refuse("kano.counts_weights")
        return _published(data)
    columns = _attributes(attributes)
    validation.check_columns(
        data, list(dict.fromkeys(name for names in columns.values() for name in names))
    )
    given = validation.survey_weights(weights, data)
    rows: dict[str, list[Any]] = {"counts": [], "raw": [], "all": [], "four": []}
    for attribute, names in columns.items():
        if len(names) == 2:
            present, absent = data[names[0]], data[names[1]]
            codes = classify(present, absent, missing=missing).cat.codes.to_numpy()
        else:
            codes = _class_codes(data[names[0]])
        answered = codes >= 0
        if not answered.any():
            refuse("kano.nobody", attribute=shown(attribute))
        part = codes[answered]
        raw = np.bincount(part, minlength=6)
        rows["raw"].append(raw)
        rows["all"].append(validation.effective_size(given, answered))
        if given is None:
            rows["counts"].append(raw.astype(float))
            rows["four"].append(float(raw[:4].sum()))
            continue
        counts = np.bincount(part, weights=given[answered], minlength=6)
        rows["counts"].append(counts)
        four = answered & (codes < 4)
        # Rows of weight 0 alone leave nothing to rest on.
        rows["four"].append(validation.effective_size(given, four) if counts[:4].any() else 0.0)
    raw = np.array(rows["raw"])
    return _Counts(
        list(columns),
        np.array(rows["counts"]),
        raw,
        len(data) - raw.sum(axis=1),
        np.array(rows["all"]),
        np.array(rows["four"]),
        weighted=given is not None,
    )


def _published(data: pd.DataFrame) -> _Counts:
    """Read a table of counts, one row per attribute."""
    validation.check_columns(data, _CLASSES)
    names = data["attribute"].tolist() if "attribute" in data.columns else data.index.tolist()
    counts = np.column_stack([validation.numbers(data[name]).to_numpy() for name in _CLASSES])
    with np.errstate(invalid="ignore"):
        wrong = ~(counts >= 0)
    if wrong.any():
        row, position = np.argwhere(wrong)[0]
        refuse(
            "kano.count",
            attribute=shown(names[row]),
            name=_CLASSES[position],
            value=f"{counts[row, position]:g}",
        )
    total = counts.sum(axis=1)
    if not total.all():
        refuse("kano.nobody", attribute=shown(names[int(np.argmin(total))]))
    if "n" in data.columns:
        n = validation.numbers(data["n"]).to_numpy()
        wrong_n = ~((n >= 1) & (n % 1 == 0))
        if wrong_n.any():
            row = int(np.argmax(wrong_n))
            refuse("kano.n", attribute=shown(names[row]), value=f"{n[row]:g}")
        scaled = counts * (n / total)[:, None]
        # Whole numbers stay whole: 0.25 of 296 is 74, not 74.00000000000001.
        near = np.abs(scaled - np.round(scaled)) < 1e-9 * n[:, None]
        counts = np.where(near, np.round(scaled), scaled)
    elif (counts % 1 != 0).any():
        row, position = np.argwhere(counts % 1 != 0)[0]
        refuse(
            "kano.shares",
            attribute=shown(names[row]),
            name=_CLASSES[position],
            value=f"{counts[row, position]:g}",
        )
    absent = validation.numbers(data["missing"]) if "missing" in data.columns else None
    if absent is not None and not ((absent >= 0) & (absent % 1 == 0)).all():
        refuse("kano.missing")
    raw = _whole_parts(counts)
    return _Counts(
        names,
        counts,
        raw,
        np.zeros(len(data), dtype=int) if absent is None else absent.to_numpy().astype(int),
        counts.sum(axis=1),
        counts[:, :4].sum(axis=1),
        weighted=False,
    )


def _whole_parts(counts: np.ndarray) -> np.ndarray:
    """Round each row to whole answers that keep its sum (largest remainders first)."""
    floor = np.floor(counts + 1e-9)
    left = np.round(counts.sum(axis=1) - floor.sum(axis=1)).astype(int)
    rank = np.argsort(np.argsort(-(counts - floor), axis=1, kind="stable"), axis=1)
    return np.asarray(floor + (rank < left[:, None]), dtype=int)


def _attributes(attributes: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(attributes, str) or not isinstance(attributes, (Mapping, Sequence)):
        refuse("kano.attributes", value=shown(attributes))
    pairs = (
        attributes
        if isinstance(attributes, Mapping)
        else dict(zip(attributes, attributes, strict=True))
    )
    if not pairs:
        refuse("kano.attributes", value=shown(attributes))
    result = {}
    for attribute, names in pairs.items():
        columns = (names,) if isinstance(names, str) else tuple(names)
        if len(columns) not in (1, 2) or len(set(columns)) != len(columns):
            refuse("kano.columns", attribute=shown(attribute), value=shown(names))
        result[attribute] = columns
    return result


def _class_codes(column: pd.Series) -> np.ndarray:
    codes = pd.Index(_CLASSES).get_indexer_for(pd.Index(column))
    wrong = (codes < 0) & column.notna().to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        refuse(
            "kano.unknown_class",
            column=shown(column.name),
            row=shown(column.index[row]),
            value=shown(column.iloc[row]),
        )
    return codes
