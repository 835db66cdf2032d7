"""Amounts of memory in words."""

from __future__ import annotations

import re

from hpo.cli.failures import UsageError

_PREFIXES = "kmgt"
_AMOUNT = re.compile(rf"(\d+(?:\.\d+)?)\s*(?:([{_PREFIXES}])(i)?)?b?", re.IGNORECASE)


def read_size(text: str, option: str) -> int:
    """Bytes from a text such as `2GB`, `512 MiB` or `1.5g`.

    Args:
        text: a number, and a unit: kB, MB, GB, TB are powers of 1,000, KiB, MiB, GiB, TiB of 1,024.
        option: what it was given to.

    Raises:
        UsageError: it is no such text, or nothing.
    """
    match = _AMOUNT.fullmatch(text.strip())
    size = 0.0
    if match is not None:
        number, prefix, binary = match.groups()
        power = 0 if prefix is None else 1 + _PREFIXES.index(prefix.lower())
        size = float(number) * (1024 if binary else 1000) ** power
    if size < 1:
        raise UsageError(
            f"{option} takes an amount of memory such as 2GB, 512MB or 1.5GiB; received {text!r}."
        )
    return int(size)
