"""Finds an objective by `module:function`, and recognises it by its source."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from hpo.errors import ObjectiveError


def import_objective(target: str) -> Callable[..., Any]:
    """The function that `target` names.

    Raises:
        ObjectiveError: it is no `module:function`, cannot be imported, or is no function.
    """
    module_name, colon, path = target.partition(":")
    if not colon or not module_name or not path:
        raise ObjectiveError(
            f"An objective is named as module:function, for example train:objective; received {target!r}."
        )
    found = functools.reduce(_member, path.split("."), _import(module_name))
    if not callable(found):
        raise ObjectiveError(
            f"An objective is a function of a config; {target} is {found!r} of type {type(found).__name__}."
        )
    return found


def describe(function: Callable[..., Any]) -> dict[str, str]:
    """The objective's name and a fingerprint of its source, for a study's log.

    The fingerprint covers the function itself, or the class of a callable object, and not what it calls.
    Without the source there is no fingerprint.

    Example:
        >>> describe(len)
        {'name': 'builtins.len'}
    """
    while isinstance(function, functools.partial):
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    about = {"name": f"{named.__module__}.{named.__qualname__}"}
    try:
        # Of what is decorated: every function under one decorator has the same wrapper.
        source = inspect.getsource(inspect.unwrap(named))
    except (OSError, TypeError):
        return about
    # Where a function stands, and so how far it is indented, does not matter.
    text = "\n".join(line.rstrip() for line in inspect.cleandoc(source).splitlines())
    return about | {"fingerprint": hashlib.sha256(text.encode()).hexdigest()[:16]}


def _member(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError as error:
        names = ", ".join(_functions_of(owner)) or "none"
        described = getattr(owner, "__name__", repr(owner))
        raise ObjectiveError(f"{described} has no {name!r}; its functions are: {names}.") from error


def _import(name: str) -> ModuleType:
    folder = os.getcwd()
    # An installed command has its own folder first on the path, not the one it is called in.
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if name.endswith(".py") or os.sep in name:
        suggestion = os.path.splitext(os.path.relpath(name, folder))[0].replace(os.sep, ".")
        raise ObjectiveError(f"A module is named without path and suffix: {suggestion}; received {name}.")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A module that is missing inside of the imported one is another mistake.
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ObjectiveError(
                f"There is no module {error.name!r}, neither in {folder} nor among what is installed."
            ) from error
        raise ObjectiveError(
            f"Importing {name} failed: it needs {error.name!r}, which is not installed."
        ) from error
    except (Exception, SystemExit) as error:  # a script without a main guard may call sys.exit()
        raise ObjectiveError(f"Importing {name} failed: {type(error).__name__}: {error}") from error


def _functions_of(owner: object) -> list[str]:
    return [name for name, value in vars(owner).items() if callable(value) and not name.startswith("_")][:10]
