"""The two sides, from the arguments of `hpo.check_port`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpo.ports.standalone.recorder import ALIASES, FRAMEWORKS

ORIGINAL, PORT = "original", "port"
Optimizer = str | tuple[str, Mapping[str, Any]]
PerSide = Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """One side: what texts call it, its framework, factory and interpreter, and the recorder's options."""

    called: str
    framework: str
    factory: str
    python: str | os.PathLike[str] | None
    options: Mapping[str, Any]

    @property
    def title(self) -> str:
        """As it was asked for."""
        return f"{self.framework}:{self.factory}"

    def request(self) -> dict[str, Any]:
        """The options for its recorder."""
        given = {key: value for key, value in self.options.items() if value is not None}
        return {"framework": self.framework, "factory": self.factory, **given}


def read_target(target: str) -> tuple[str, str]:
    """The framework and the factory of `framework:module:function`.

    Raises:
        ValueError: the target has another form; the text lists the frameworks.
    """
    framework, colon, factory = target.partition(":")
    framework = ALIASES.get(framework, framework)
    if not colon or ":" not in factory or framework not in FRAMEWORKS:
        raise ValueError(
            "A side was expected as framework:module:function with one of the frameworks "
            f"{', '.join(FRAMEWORKS)} ({', '.join(ALIASES)} are aliases), for example torch:new.nets:lenet, "
            f"or as a recorder's trace, lenet.npz; received {target!r}."
        )
    return framework, factory


def is_side(name: str) -> bool:
    """Whether a name is that of a side, or of a framework."""
    return name in {ORIGINAL, PORT, *FRAMEWORKS, *ALIASES}


def of_side(value: Any, side: str, framework: str, argument: str) -> Any:
    """The part of an argument that is meant for a side: a dict may have one value for each.

    Raises:
        ValueError: a key names no side.
    """
    if not isinstance(value, Mapping):
        return value
    unknown = [key for key in value if not is_side(key) and (argument, key) != ("layout", "batch")]
    if unknown:
        raise ValueError(
            f"{argument}= takes one value for both sides or a dict with the keys 'original' and 'port' or "
            f"the names of their frameworks; received the key {unknown[0]!r}."
        )
    if side in value:
        return value[side]
    return next((each for key, each in value.items() if ALIASES.get(key, key) == framework), None)


def check_optimizer(value: Any) -> Any:
    """An optimizer as the recorder takes it: a list of name and options, or `module:function`.

    Raises:
        ValueError: it is neither.
    """
    if value is None or (isinstance(value, str) and ":" in value):
        return value
    if isinstance(value, str):
        return [value, {}]
    if (
        isinstance(value, Sequence)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], Mapping)
    ):
        return [value[0], dict(value[1])]
    raise ValueError(
        "An optimizer was expected as ('sgd', {'lr': 0.1}) with sgd, adam or adamw, or as module:function "
        f"that is given the model and returns the framework's own optimizer; received {value!r}."
    )
