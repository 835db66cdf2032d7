"""Domains to JSON and back: by name and arguments, from a list of allowed names.

Reading data runs no code: nothing is unpickled or evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from hpo.errors import SpaceError
from hpo.space.choices import Choice, Constant, Ordinal
from hpo.space.conditions import conditions_from_json
from hpo.space.distributions import Distribution, is_family, is_frozen
from hpo.space.domain import Domain
from hpo.space.floats import Float
from hpo.space.ints import Int
from hpo.space.values import did_you_mean, listing, plain

_KINDS: dict[str, type[Domain]] = {
    each.kind: each for each in (Float, Int, Choice, Ordinal, Constant, Distribution)
}
_Kind = TypeVar("_Kind", bound=type[Domain])


def register_domain(domain: _Kind) -> _Kind:
    """Allow a subclass of `Domain` in JSON and TOML under its `kind`; a class decorator for third parties.

    A class that is defined again, as where a cell of a notebook runs again, takes its own place.

    Raises:
        SpaceError: another class has that kind.

    Example:
        >>> from hpo.space import Int, domain_from_json, register_domain
        >>> @register_domain
        ... class Percent(Int):
        ...     kind = "percent"
        >>> domain_from_json({"type": "percent", "low": 0, "high": 50})
        Percent(0, 50)
    """
    kind = getattr(domain, "kind", None)
    if not isinstance(kind, str) or _where(_KINDS.setdefault(kind, domain)) != _where(domain):
        raise SpaceError(
            f"{domain.__name__} needs a kind of its own, a str; received {kind!r}. Taken: {listing(_KINDS)}."
        )
    _KINDS[kind] = domain
    return domain


def _where(domain: type[Domain]) -> tuple[str, str]:
    """Where a class was defined."""
    return domain.__module__, domain.__qualname__


def as_domain(value: object) -> Domain:
    """Make what a user wrote for a hyperparameter a domain.

    A domain stays one, a frozen `scipy.stats` distribution is wrapped, a bare scalar is a `Constant`.

    Raises:
        SpaceError: it is something else. A list is ambiguous: it may or may not have an order.
    """
    if isinstance(value, Domain):
        return value
    # A family without its arguments too, for the message that says how to call it.
    if is_frozen(value) or is_family(value):
        return Distribution(value)
    if isinstance(value, (list, tuple, set, frozenset, range)):
        shown = list(value)
        raise SpaceError(
            f"Expected a domain; received {value!r}. Write Choice({shown!r}) for options without an order, "
            f"Ordinal({shown!r}) for ordered ones, Float(low, high) or Int(low, high) for a range."
        )
    if isinstance(value, type):
        raise SpaceError(f"Expected a domain; received the class {value.__name__}: call it with arguments.")
    try:
        return Constant(plain(value))
    except SpaceError as error:
        raise SpaceError(
            "Expected a domain (Float, Int, Choice, Ordinal, Constant, a frozen scipy.stats distribution); "
            f"received {value!r} of type {type(value).__name__}. Write for example Float(1e-4, 1, log=True)."
        ) from error


def domain_to_json(domain: Domain) -> dict[str, Any]:
    """The domain as `{"type": kind, ...arguments}`, with its conditions under `when`.

    Raises:
        SpaceError: it is a custom distribution, which has no name.

    Example:
        >>> from hpo.space import Float, domain_to_json
        >>> domain_to_json(Float(0, 0.9).when("optimizer", eq="sgd"))
        {'type': 'float', 'low': 0.0, 'high': 0.9, 'log': False, 'when': [{'name': 'optimizer', 'eq': 'sgd'}]}
    """
    document = {"type": domain.kind, **domain.arguments()}
    if domain.conditions:
        document["when"] = [condition.to_json() for condition in domain.conditions]
    return document


def domain_from_json(document: object) -> Domain:
    """Read a domain from what `domain_to_json` returned, or from a table that a user wrote.

    A user may write `distribution = "norm"` for `type = "scipy"` and `name = "norm"`.

    Raises:
        SpaceError: the type is unknown, or an argument is missing, unknown or wrong.

    Example:
        >>> from hpo.space import domain_from_json
        >>> domain_from_json({"type": "int", "low": 16, "high": 256, "when": {"name": "layers", "ge": 2}})
        Int(16, 256).when('layers', ge=2)
    """
    if not isinstance(document, Mapping):
        raise SpaceError(f"Expected a table such as {{'type': 'float', ...}}; received {document!r}.")
    arguments = dict(document)
    if "distribution" in arguments and "type" not in arguments:
        arguments.update(type=Distribution.kind, name=arguments.pop("distribution"))
    when = arguments.pop("when", [])
    kind = arguments.pop("type", None)
    if kind is None:
        raise SpaceError(
            f"A domain needs a type, one of {listing(_KINDS)}, or distribution = 'loguniform'; "
            f"received {dict(document)!r}."
        )
    if not isinstance(kind, str) or kind not in _KINDS:
        raise SpaceError(
            f"Unknown type {kind!r}; expected one of {listing(_KINDS)}.{did_you_mean(kind, _KINDS)}"
        )
    return _KINDS[kind].from_arguments(arguments).with_conditions(*conditions_from_json(when))
