"""The epochs at which schedulers compare trials."""

from __future__ import annotations

import math
from typing import Any

from hpo.checks import checked_count, checked_number

_TOLERANCE = 1e-9
"""For quotients by eta that are not exact: 0.999... is the rung at epoch 1."""


def check_epochs(name: str, value: Any) -> int:
    """An integer of at least 1.

    Raises:
        ValueError: it is less.
        TypeError: it is no integer.
    """
    return checked_count(name, value, expected="a number of epochs, an integer of at least {least}")


def check_eta(eta: Any) -> int | float:
    """A finite number above 1.

    Raises:
        ValueError: it is not above 1, or not finite.
        TypeError: it is no number.
    """
    number = checked_number(
        "eta",
        eta,
        "a number above 1: one trial of eta goes on, to eta times as many epochs. Usual are 2 to 4",
        lambda number: 1 < number < math.inf,
    )
    return int(number) if number.is_integer() else number


def rung_levels(min_epochs: int, max_epochs: int, eta: float) -> tuple[int, ...]:
    """The epochs of the rungs, from the lowest to the last one, which is `max_epochs`.

    As in Hyperband (Li et al. 2018, algorithm 1), r_i = R eta^(i - s) with the largest s for which none is
    below `min_epochs`, rounded down as by Jamieson and Talwalkar (2016, algorithm 1). Where R is a power of
    eta times `min_epochs` nothing is rounded; else the lowest rung is above `min_epochs`.

    Example:
        >>> rung_levels(1, 27, 3), rung_levels(1, 100, 3), rung_levels(2, 5, 3)
        ((1, 3, 9, 27), (1, 3, 11, 33, 100), (5,))

    Raises:
        ValueError: `eta` is not above 1, or the range of epochs is empty; the text has what was received.
        TypeError: an argument is no number.
    """
    lowest, highest = check_epochs("min_epochs", min_epochs), check_epochs("max_epochs", max_epochs)
    eta = check_eta(eta)
    if lowest > highest:
        raise ValueError(
            f"The first rung is at min_epochs and the last at max_epochs, so min_epochs is not above "
            f"max_epochs; received min_epochs={lowest} and max_epochs={highest}."
        )
    levels, exact = [highest], highest / eta
    while exact + _TOLERANCE >= lowest:
        level = math.floor(exact + _TOLERANCE)
        # With a small eta two levels may round to the same epoch.
        if level < levels[0]:
            levels.insert(0, level)
        exact /= eta
    return tuple(levels)
