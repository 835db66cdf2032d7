"""What the rungs of the ladder find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpo.ports.causes import Cause
from hpo.ports.differences import Array, Difference


@dataclass(frozen=True)
class Finding:
    """A difference and why.

    Attributes:
        difference: where and how large.
        cause: None where no known one fits.
        rows: of a flatten order, the port's parameter and the order in which its rows have to be carried.
    """

    difference: Difference
    cause: Cause | None = None
    rows: tuple[int, tuple[int, ...]] | None = None


def not_finite_in_one(rung: str, where: str, original: Array, port: Array) -> Finding | None:
    """The finding where one side holds NaN or infinity and the other does not."""
    bad = [int((~np.isfinite(each)).sum()) for each in (original, port)]
    if bool(bad[0]) == bool(bad[1]):
        return None
    side = "original" if bad[0] else "port"
    count = max(bad)
    difference = Difference(
        rung, where, f"{count} values of the {side} are NaN or infinite, none of the other's.", float("inf")
    )
    return Finding(
        difference,
        Cause(
            f"NaN in the {side} only",
            f"{where} is the first place where it happens; what goes into it is finite in both.",
            "Look there for a logarithm or division without a floor, or an overflow of float16.",
        ),
    )
