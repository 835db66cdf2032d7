"""The public interface, name by name, so that a page notices when a name that it uses changes."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache

ROOMS = (
    *(
        "hpo",
        "hpo.backend",
        "hpo.book",
        "hpo.checkpoints",
        "hpo.compare",
        "hpo.datasets",
        "hpo.errors",
        "hpo.executors",
    ),
    *("hpo.objective", "hpo.page", "hpo.plots", "hpo.ports", "hpo.schedulers", "hpo.searchers", "hpo.space"),
    *("hpo.storage", "hpo.study", "hpo.tasks", "hpo.training", "hpo.tuner", "hpo_numpy"),
)
"""Where public names are. The packages of the other backends have the names of hpo_numpy."""

_WORD = re.compile(r"[A-Za-z_]\w*")


def signatures_in(code: str) -> list[str]:
    """The signatures of all public names that occur in a piece of code, whether it calls them or not."""
    known = _signatures()
    return sorted({line for word in set(_WORD.findall(code)) for line in known.get(word, ())})


@cache
def _signatures() -> dict[str, set[str]]:
    """Every public name without its module, with the signatures of all that are called so."""
    known: dict[str, set[str]] = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for name in getattr(module, "__all__", None) or [name for name in vars(module) if name[0].isupper()]:
            for short, line in _lines(name, getattr(module, name)):
                known.setdefault(short, set()).add(line)
    return known


def _lines(name: str, value: object) -> Iterator[tuple[str, str]]:
    if not callable(value):
        return
    yield name, f"{name}{_signature(value)}"
    if inspect.isclass(value):
        for member, function in inspect.getmembers(value, inspect.isroutine):
            if not member.startswith("_"):
                yield member, f"{name}.{member}{_signature(function)}"


def _signature(value: object) -> str:
    try:
        signature = inspect.signature(value)  # type: ignore[arg-type]  # it is callable
    except (TypeError, ValueError):
        return ""
    # The names of arguments and whether they have a default; annotations and addresses differ among Pythons.
    return str([(p.name, p.kind.name, p.default is p.empty) for p in signature.parameters.values()])
