"""Callbacks that are of a framework's own class, without importing the framework.

A framework takes instances of its callback classes only, or may do so one day. A program that trains a model
with it has imported it by then, so these classes are there to be found.
"""

from __future__ import annotations

import functools
import sys
from operator import attrgetter
from typing import Any, ClassVar


class OfFramework:
    """A class whose instances are of the framework's own callback classes, too.

    A subclass says which these are, and defines their hooks. Its `__init__` calls `super().__init__()`.
    """

    framework: ClassVar[str]
    """What the framework is called."""

    homes: ClassVar[tuple[str, ...]]
    """The modules that the classes may be in; of a framework that has several, all that are imported."""

    names: ClassVar[tuple[str, ...]]
    """The classes, by their names in such a module."""

    def __new__(cls, *args: Any, **keywords: Any) -> Any:
        """An instance that is also one of the framework's.

        Raises:
            RuntimeError: the framework was not imported.
        """
        return super().__new__(_joined(cls, cls._found()))  # type: ignore[arg-type]  # classes are hashable

    @classmethod
    def _found(cls) -> tuple[type, ...]:
        modules = [sys.modules[home] for home in cls.homes if home in sys.modules]
        if not modules:
            raise RuntimeError(
                f"{cls.__module__}.{cls.__name__} is a callback of {cls.framework}, which was not imported "
                f"yet: import {' or '.join(cls.homes)} before you make one."
            )
        return tuple(attrgetter(name)(module) for module in modules for name in cls.names)


# Cached, so that callbacks of one framework are of one class.
@functools.cache
def _joined(cls: type, bases: tuple[type, ...]) -> type:
    if all(issubclass(cls, base) for base in bases):
        return cls
    return type(cls.__name__, (cls, *bases), {"__module__": cls.__module__, "__doc__": cls.__doc__})
