"""What other distributions register under a name: backends, searchers, schedulers, executors.

Each kind has its group of entry points, such as `hpo.searchers`. Nothing of a distribution is imported before
its name is asked for.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

_ANYTHING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def registered(group: str) -> dict[str, list[EntryPoint]]:
    """The entry points of a group by name, in alphabetical order; several where distributions share it."""
    return dict(_found(group, tuple(sys.path)))


@lru_cache(maxsize=16)
def _found(group: str, path: tuple[str, ...]) -> dict[str, list[EntryPoint]]:
    # Cached, as a look costs milliseconds and each checkpoint asks. `path` is a part of the key: when it
    # changes, so does what can be found.
    found: dict[str, list[EntryPoint]] = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        found.setdefault(point.name, []).append(point)
    return found


def look_again() -> None:
    """Forget what was found: a distribution may have been installed since."""
    # Python itself keeps the listings of folders, too.
    importlib.invalidate_caches()
    _found.cache_clear()


def owner(point: EntryPoint) -> str:
    """The name of the distribution that registers an entry point."""
    return "an unknown distribution" if point.dist is None else str(point.dist.metadata["Name"])


def named(kind: str, name: str, own: Mapping[str, Callable[..., Any]]) -> tuple[Callable[..., Any], str]:
    """Find what makes the object that a name stands for, and what an error's text calls that object.

    Args:
        kind: such as `searcher`; the group of entry points is then `hpo.searchers`.
        name: what was asked for.
        own: those of this library by name. They win over what others register under the same name.

    Raises:
        ValueError: there is none of that name, or two distributions register one.
        ImportError: what a distribution registers cannot be imported.
        TypeError: what is registered is no class and no function.
    """
    if name in own:
        return own[name], f"The {kind} {name!r}"
    group = f"hpo.{kind}s"
    if name not in registered(group):
        # It may have been installed since, as in a notebook.
        look_again()
    points = registered(group).get(name, [])
    if not points:
        raise ValueError(
            f"There is no {kind} {name!r}. Known are: {_known(group, own) or 'none'}; in Python also "
            f"{_an(kind)} object."
        )
    owners = " and ".join(map(owner, points))
    if len(points) > 1:
        raise ValueError(
            f"The {kind} {name!r} is registered by {owners}: uninstall one of them, or in Python "
            f"pass {_an(kind)} object."
        )
    said = f"The {kind} {name!r} is registered by {owners} as {points[0].value!r}, which"
    try:
        make = points[0].load()
    except Exception as error:
        raise ImportError(
            f"{said} does not load: {type(error).__name__}: {error}. Reinstall {owners}, or take another one."
        ) from error
    if not callable(make):
        raise TypeError(f"{said} is no class or function that makes one; it is {make!r}.")
    return make, f"The {kind} {name!r} of {owners}"


def _an(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _known(group: str, own: Mapping[str, Any]) -> str:
    others = [
        f"{name!r} of {' and '.join(map(owner, points))}"
        for name, points in registered(group).items()
        if name not in own
    ]
    return ", ".join([*map(repr, own), *others])


def options_taken(
    called: str, make: Callable[..., Any], options: Mapping[str, Any]
) -> dict[str, inspect.Parameter]:
    """The parameters of what makes an object, after a check that it takes the given options.

    Args:
        called: what the text of the error calls the object.
        make: what makes it.
        options: keyword arguments that it is to take.

    Raises:
        TypeError: there is no such option; the text lists those that are.
    """
    # A class that derives from a protocol and has no constructor seems to take anything.
    parameters = inspect.signature(make).parameters.values()
    taken = {each.name: each for each in parameters if each.kind not in _ANYTHING}
    for option in options:
        if option not in taken:
            raise TypeError(
                f"{called} has no option {option!r}; its options are: {', '.join(taken) or 'none'}."
            )
    return taken
