"""Searchers by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hpo.backend.entry_points import named, options_taken
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
"""The names that `searcher=` takes, beside those that other distributions register."""

_NAMES = ", ".join(map(repr, SEARCHERS))
_EXPECTED = "an object with ask(study, n)"


def searcher_named(searcher: str | Searcher, **options: Any) -> Searcher:
    """Return the searcher that a name stands for; a searcher is returned as it is.

    Args:
        searcher: a name of `SEARCHERS`, one that another distribution registered as an entry point of the
            group `hpo.searchers`, or a searcher.
        options: keyword arguments of the searcher that is named, such as `levels=3` for `"grid"`.

    Raises:
        ValueError: there is none of that name, or an option has a value that cannot be.
        TypeError: it is neither a name nor a searcher, or it has no such option.
        ImportError: what was registered under that name cannot be imported.

    Example:
        >>> import hpo
        >>> from hpo.searchers import searcher_named
        >>> grid = searcher_named("grid", levels=3)
        >>> space = {"x": hpo.Float(0, 1)}
        >>> study = hpo.search(lambda config: config["x"], space, searcher=grid, num_trials=3, seed=0)
        >>> [trial.config["x"] for trial in study.trials]
        [0.0, 0.5, 1.0]
    """
    if isinstance(searcher, str):
        make, called = named("searcher", searcher, SEARCHERS)
        options_taken(called, make, options)
        found: Searcher = make(**options)
        return with_defaults(found, Searcher, f"{called} is {_EXPECTED}")
    if isinstance(searcher, type):
        raise TypeError(
            f"searcher= was given the class {searcher.__name__}; make one: {searcher.__name__}()."
        )
    found = with_defaults(searcher, Searcher, f"A searcher is one of {_NAMES} or {_EXPECTED}")
    if options:
        raise TypeError(
            f"Options go with the name of a searcher; {searcher!r} is one already: give them when it is made."
            f" Received {options!r}."
        )
    return found
