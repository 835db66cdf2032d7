"""Whose trained models a study keeps, as the user says it and as the log has it."""

from __future__ import annotations

from typing import Literal, get_args

Keep = Literal["best", "all", "none"]
"""Whose trained models are kept: the best trial's, every completed or stopped trial's, or none's."""


def checked_keep(keep: object) -> Keep:
    """`keep` as it was given.

    Raises:
        ValueError: it is none of the three.
    """
    if keep not in get_args(Keep):
        raise ValueError(f"keep= is 'best', 'all' or 'none'; received {keep!r}.")
    return keep  # type: ignore[return-value]  # it was looked at


def logged_keep(keep: object) -> Keep | None:
    """`keep` as an event has it; None where it has none, as those of older versions do."""
    return keep if keep in get_args(Keep) else None  # type: ignore[return-value]  # it was looked at
