"""The arithmetic of negotiation: alternatives, the space for agreement, fair and wasteful deals."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csqm import validation
from csqm.text import listed
from csqm.validation import refuse, shown

__all__ = ["NashSolution", "Zopa", "batna_value", "nash_solution", "pareto_frontier", "zopa"]


class Zopa(NamedTuple):
    """The space in which seller and buyer can agree.

    Attributes
    ----------
    exists : bool
        Whether there is a price that both accept.
    low, high : float or None
        Its ends: the seller's and the buyer's reservation price; None if there is no such space.
    surplus : float
        Buyer's minus seller's reservation price: what there is to share, or, below 0, how much is
        missing.
    """

    exists: bool
    low: float | None
    high: float | None
    surplus: float


class NashSolution(NamedTuple):
    """The deals with the largest product of gains.

    Attributes
    ----------
    deals : DataFrame
        Their utilities; more than one row if deals tie.
    gains : DataFrame
        What each party gains over no agreement.
    product : float
        The product of the gains.
    """

    deals: pd.DataFrame
    gains: pd.DataFrame
    product: float


def batna_value(
    values: Sequence[float] | pd.Series, probabilities: Sequence[float] | pd.Series
) -> float:
    r"""Value the best alternative to an agreement, when it is uncertain.

    .. math:: \mathrm{BATNA} = \sum_i p_i v_i, \quad \sum_i p_i = 1

    It is an expectation: it takes the negotiator as indifferent to risk.

    Parameters
    ----------
    values : Series or sequence of float
        What each outcome of the alternative is worth.
    probabilities : Series or sequence of float
        How likely each is; they must sum to 1.

    Returns
    -------
    float
        The expected value.

    Raises
    ------
    ValueError
        If the two do not fit together, a probability lies outside 0 to 1, or their sum is not 1.

    References
    ----------
    Raiffa, H. (1982). *The art and science of negotiation*. Harvard University Press.

    Examples
    --------
    Without this contract: another client with 30 %, half as much work with 50 %, none with 20 %.

    >>> batna_value([100_000, 40_000, 0], [0.3, 0.5, 0.2])
    50000.0
    """
    value, chance = _complete("values", values), _complete("probabilities", probabilities)
    both = isinstance(values, pd.Series) and isinstance(probabilities, pd.Series)
    if len(value) != len(chance) or (both and not value.index.equals(chance.index)):
        refuse("negotiation.lengths", values=len(value), probabilities=len(chance))
    wrong = ~chance.between(0, 1).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        refuse(
            "negotiation.probability", row=shown(chance.index[row]), value=f"{chance.iloc[row]:g}"
        )
    total = float(chance.sum())
    if abs(total - 1) > 1e-6:
        refuse("negotiation.sum", total=f"{total:g}")
    return float(value.to_numpy() @ chance.to_numpy())


def zopa(seller_reservation: float, buyer_reservation: float) -> Zopa:
    r"""Find the zone of possible agreement on a price.

    .. math::
        [\text{seller's reservation}, \text{buyer's reservation}] \quad \text{if not empty}

    The seller accepts no less than the own reservation price, the buyer no more. Where they are
    equal there is exactly one price.

    Parameters
    ----------
    seller_reservation, buyer_reservation : float
        The worst price that each still accepts.

    Returns
    -------
    Zopa
        ``exists``, ``low``, ``high``, ``surplus``.

    Raises
    ------
    ValueError
        If a price is not a number.

    References
    ----------
    Raiffa, H. (1982). *The art and science of negotiation*. Harvard University Press.

    Examples
    --------
    >>> zopa(seller_reservation=800, buyer_reservation=950)
    Zopa(exists=True, low=800.0, high=950.0, surplus=150.0)
    >>> zopa(seller_reservation=800, buyer_reservation=700).exists
    False
    """
    low = _number("seller_reservation", seller_reservation)
    high = _number("buyer_reservation", buyer_reservation)
    exists = low <= high
    return Zopa(exists, low if exists else None, high if exists else None, high - low)


def pareto_frontier(utilities: pd.DataFrame) -> pd.DataFrame:
    r"""Keep the deals that nobody can improve on without a loss to another.

    A deal is dominated, and wasteful, if another gives every party at least as much and one party
    more. Deals that give all parties the same are kept together. The frontier is

    .. math:: \{d : \nexists\, e \text{ with } u_i(e) \ge u_i(d) \ \forall i
              \text{ and } u_i(e) > u_i(d) \text{ for some } i\}

    Parameters
    ----------
    utilities : DataFrame
        One row per deal, one column per party: what the deal is worth to each.

    Returns
    -------
    DataFrame
        The rows that are not dominated, in their order.

    Raises
    ------
    ValueError
        If there are fewer than two parties, no deal, or a utility is missing.

    References
    ----------
    Raiffa, H. (1982). *The art and science of negotiation*. Harvard University Press.

    Examples
    --------
    >>> deals = pd.DataFrame({"us": [8, 6, 5, 2], "them": [2, 6, 5, 9]}, index=list("abcd"))
    >>> pareto_frontier(deals).index.tolist()
    ['a', 'b', 'd']
    """
    points = _utilities(utilities)
    # Best sum first: such a deal sweeps many others away. Where sums are equal, rounding may hide
    # that one deal dominates, so the better one for the first party that differs comes first.
    left = np.lexsort([*-points.T[::-1], -points.sum(axis=1)])
    kept: list[int] = []
    while len(left):
        here, others = points[left[0]], points[left]
        kept.extend(left[(others == here).all(axis=1)])
        left = left[(others > here).any(axis=1)]
    return utilities.iloc[sorted(kept)]


def nash_solution(
    utilities: pd.DataFrame, disagreement: Sequence[float] | Mapping[Any, float] | pd.Series
) -> NashSolution:
    r"""Find the deal with the largest product of gains over no agreement.

    .. math:: \max \prod_k (u_k - d_k) \quad \text{over the deals with all } u_k > d_k

    It is chosen among the deals of the table; mixtures of deals by lot are not considered.

    Parameters
    ----------
    utilities : DataFrame
        One row per deal, one column per party: what the deal is worth to each.
    disagreement : Series, mapping or sequence of float
        What each party has without an agreement (its BATNA): by the name of the party, or in the
        order of the columns.

    Returns
    -------
    NashSolution
        ``deals``, ``gains``, ``product``. Deals that tie are all returned.

    Raises
    ------
    ValueError
        If no deal is better than no agreement for every party, or the two do not fit together.

    References
    ----------
    Nash, J. F. (1950). The bargaining problem. *Econometrica*, 18(2), 155-162.

    Examples
    --------
    >>> deals = pd.DataFrame({"us": [8, 6, 5, 2], "them": [2, 6, 5, 9]}, index=list("abcd"))
    >>> solution = nash_solution(deals, {"us": 3, "them": 1})
    >>> solution.deals.index.tolist(), solution.product
    (['b'], 15.0)
    """
    points = _utilities(utilities)
    gains = points - _disagreement(disagreement, utilities.columns)
    better = (gains > 0).all(axis=1)
    if not better.any():
        refuse("negotiation.no_better_deal", deals=len(points))
    products = np.where(better, gains.prod(axis=1, where=better[:, None]), -np.inf)
    largest = float(products.max())
    # 0.1 * 0.3 and 0.3 * 0.1 tie, whatever their last digits.
    best = better & (products >= largest * (1 - 1e-9))
    table = pd.DataFrame(gains, index=utilities.index, columns=utilities.columns)
    return NashSolution(utilities[best], table[best], largest)


def _utilities(utilities: Any) -> np.ndarray:
    if not isinstance(utilities, pd.DataFrame):
        refuse("negotiation.utilities", value=type(utilities).__name__)
    if utilities.shape[1] < 2:
        refuse("negotiation.one_party", parties=listed(utilities.columns))
    validation.check_columns(utilities, utilities.columns)
    columns = []
    for party in utilities.columns:
        column = validation.numbers(utilities[party])
        if column.isna().any():
            row = int(np.argmax(column.isna()))
            refuse("negotiation.blank", deal=shown(utilities.index[row]), party=shown(party))
        columns.append(column.to_numpy())
    return np.column_stack(columns)


def _disagreement(disagreement: Any, parties: pd.Index) -> np.ndarray:
    if isinstance(disagreement, Mapping):
        disagreement = pd.Series(disagreement)
    if isinstance(disagreement, pd.Series):
        names = disagreement.index
        if not names.is_unique or set(names) != set(parties):
            refuse("negotiation.parties", names=listed(names), parties=listed(parties))
        disagreement = disagreement.loc[parties]
    result = _complete("disagreement", disagreement)
    if len(result) != len(parties):
        refuse("negotiation.points", count=len(result), parties=len(parties))
    return result.to_numpy()


def _complete(name: str, values: Any) -> pd.Series:
    """Return numbers without blanks."""
    if isinstance(values, (str, Real)):
        refuse("negotiation.list", name=name, value=shown(values))
    result = validation.numbers(values, name)
    if result.isna().any():
        refuse("negotiation.missing", name=name, row=shown(result.index[result.isna()][0]))
    return result


def _number(name: str, value: Any) -> float:
    is_number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    if not is_number or not np.isfinite(float(value)):
        refuse("negotiation.number", name=name, value=shown(value))
    return float(value)
