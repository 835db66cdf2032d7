"""A value for as long as a block runs."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Scope(Generic[_T]):
    """Gives a context variable a value inside a block, and takes it back at its end.

    The block must not yield to foreign code: a generator shares the context of what calls it.

    Args:
        variable: the variable.
        value: its value in the block.
    """

    # Each step of each trial enters two, and a generator would take several times as long.
    __slots__ = ("_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[_T], value: _T) -> None:
        self._variable = variable
        self._value = value

    def __enter__(self) -> _T:
        self._token = self._variable.set(self._value)
        return self._value

    def __exit__(self, *raised: object) -> None:
        self._variable.reset(self._token)
