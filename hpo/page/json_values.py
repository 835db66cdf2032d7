"""Values as the page reads them: JSON that JavaScript takes without loss."""

from __future__ import annotations

import json
import math
import re
from typing import Any

LARGEST = 2**53
"""Whole numbers beyond it are no numbers of JavaScript, which would round them."""

# What ends a script or begins a comment in it, the line ends of JavaScript that JSON does not know, and
# halves of characters, which no UTF-8 holds. All of them can only stand inside of a JSON string.
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def plain(value: object) -> Any:
    """A value as strict JSON has it.

    A float that is not finite is the text `NaN`, `Infinity` or `-Infinity`. Integers beyond 2^53, and what
    JSON does not know, are texts.

    Example:
        >>> plain({"loss": float("nan"), "seed": 2**60, "layers": (64, 32)})
        {'loss': 'NaN', 'seed': '1152921504606846976', 'layers': [64, 32]}
    """
    # By type and not by class: a page has many values, and most are of these.
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _NOT_FINITE[str(float(value))]
    if isinstance(value, int):
        return int(value) if -LARGEST <= value <= LARGEST else _digits(value)
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return str(value)


def to_script(document: object) -> str:
    r"""A document as JSON text that can stand in `<script type="application/json">`.

    Args:
        document: JSON values, as `plain` makes them.

    Example:
        >>> to_script({"name": "</script>"})
        '{"name":"\\u003c/script\\u003e"}'

    Raises:
        ValueError: a number in it is not finite.
    """
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes no more than some thousand digits
        return hex(value)


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
