"""A class of tests for each name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def classes(base: type, attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, type]:
    """Classes that derive from a contract; by their own names, such as `TestGrid`.

    Args:
        base: the contract, which knows its `name`.
        attributes: for each name what its class has besides.
    """
    made = {}
    for name, own in attributes.items():
        called = f"Test{name.title().replace('-', '')}"
        made[called] = type(called, (base,), {"name": name, **own})
    return made
