"""Searchers by name."""

from __future__ import annotations

from collections.abc import Callable

from hpo.searchers.base import Searcher
from hpo.searchers.random import RandomSearch

SEARCHERS: dict[str, Callable[[], Searcher]] = {"random": RandomSearch}
"""What `searcher=` takes as a name."""


def searcher_named(searcher: str | Searcher) -> Searcher:
    """The searcher that a name stands for; a searcher stands for itself.

    Raises:
        ValueError: there is none of that name; the text lists those that are.
        TypeError: it is neither a name nor a searcher.
    """
    known = ", ".join(repr(name) for name in SEARCHERS)
    if isinstance(searcher, str):
        if searcher not in SEARCHERS:
            raise ValueError(
                f"There is no searcher {searcher!r}. Known are: {known}; or pass a searcher object."
            )
        return SEARCHERS[searcher]()
    if isinstance(searcher, type):
        raise TypeError(
            f"searcher= was given the class {searcher.__name__}; make one: {searcher.__name__}()."
        )
    if not isinstance(searcher, Searcher):
        raise TypeError(
            f"A searcher is one of {known} or an object with ask(study, n); received {searcher!r} of type "
            f"{type(searcher).__name__}."
        )
    return searcher
