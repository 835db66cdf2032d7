"""Searchers by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from hpo.checks import with_defaults
from hpo.searchers.auto import Auto
from hpo.searchers.base import Searcher
from hpo.searchers.gaussian_process import GaussianProcess
from hpo.searchers.grid import GridSearch
from hpo.searchers.local import LocalSearch
from hpo.searchers.random import RandomSearch
from hpo.searchers.sobol import SobolSearch
from hpo.searchers.tpe import TPE

SEARCHERS: dict[str, Callable[..., Searcher]] = {
    "auto": Auto,
    "gp": GaussianProcess,
    "grid": GridSearch,
    "local": LocalSearch,
    "random": RandomSearch,
    "sobol": SobolSearch,
    "tpe": TPE,
}
"""What `searcher=` takes as a name."""


def searcher_named(searcher: str | Searcher, **options: Any) -> Searcher:
    """The searcher that a name stands for; a searcher stands for itself.

    Args:
        searcher: a name of `SEARCHERS`, or a searcher.
        options: keyword arguments of the searcher that is named, such as `levels=3` for `"grid"`.

    Raises:
        ValueError: there is none of that name, or an option has a value that cannot be.
        TypeError: it is neither a name nor a searcher, or it has no such option.
    """
    known = ", ".join(repr(name) for name in SEARCHERS)
    if isinstance(searcher, str):
        if searcher not in SEARCHERS:
            raise ValueError(
                f"There is no searcher {searcher!r}. Known are: {known}; or pass a searcher object."
            )
        _check_options(searcher, options)
        return SEARCHERS[searcher](**options)
    if isinstance(searcher, type):
        raise TypeError(
            f"searcher= was given the class {searcher.__name__}; make one: {searcher.__name__}()."
        )
    made = with_defaults(searcher, Searcher, f"A searcher is one of {known} or an object with ask(study, n)")
    if options:
        raise TypeError(
            f"Options go with the name of a searcher; {searcher!r} is one already: give them when it is made."
            f" Received {options!r}."
        )
    return made


def _check_options(name: str, options: dict[str, Any]) -> None:
    taken = list(inspect.signature(SEARCHERS[name]).parameters)
    for option in options:
        if option not in taken:
            listed = ", ".join(taken) if taken else "none"
            raise TypeError(f"The searcher {name!r} has no option {option!r}; its options are: {listed}.")
