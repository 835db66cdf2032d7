"""What an objective's source looks like, so that a study notices when it changed."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable
from typing import Any


def describe(function: Callable[..., Any]) -> dict[str, str]:
    """The objective's name and a fingerprint of its source, for a study's log.

    The fingerprint covers the function itself, or the class of a callable object, and not what it calls.
    There is none where the source is not at hand.

    Example:
        >>> describe(len)
        {'name': 'builtins.len'}
    """
    while isinstance(function, functools.partial):
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    about = {"name": f"{named.__module__}.{named.__qualname__}"}
    try:
        source = inspect.getsource(inspect.unwrap(named))
    except (OSError, TypeError):
        return about
    # Where a function stands, and so how far it is indented, does not matter.
    text = "\n".join(line.rstrip() for line in inspect.cleandoc(source).splitlines())
    return about | {"fingerprint": hashlib.sha256(text.encode()).hexdigest()[:16]}
