"""Random numbers that are the same in Python and in the browser."""

from collections.abc import Callable

__all__ = ["seeded"]


def seeded(seed: int) -> Callable[[], float]:
    """Return a generator of random numbers: mulberry32, 32 bits of state.

    ``seeded`` in ``common.js`` gives exactly the same numbers, so that a simulation shows every
    trainee the same thing, in a notebook and in the book. For teaching only: its period of 2 to
    the 32 and its plain mixing are too weak for research.

    Parameters
    ----------
    seed : int
        Where it begins; only the lowest 32 bits count.

    Returns
    -------
    callable
        Gives the next number, at least 0 and below 1, at every call.

    Examples
    --------
    >>> draw = seeded(1)
    >>> [round(draw(), 6) for _ in range(3)]
    [0.627074, 0.002736, 0.527447]
    """
    state = seed & 0xFFFFFFFF

    def draw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) & 0xFFFFFFFF
        return (mixed ^ (mixed >> 14)) / 4294967296

    return draw
