"""Hyperparameter optimization: one framework-free search core, a backend for each framework.

    >>> import hpo
    >>> space = {"x": hpo.Float(0, 1)}
    >>> study = hpo.search(lambda config: (config["x"] - 0.3) ** 2, space, num_trials=20, seed=0)
    >>> round(study.best.config["x"], 1)
    0.3

What a user of searches types stands here; it is loaded when it is first used, so that `import hpo` costs
little more than NumPy. The names are written once, in the stub `__init__.pyi` beside this file, which type
checkers and editors read, too. The rooms below are there without an import of their own: errors live in
`hpo.errors`, what writers of searchers and schedulers need in `hpo.searchers`, `hpo.schedulers` and
`hpo.study`.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES: dict[str, str] = {}
_ROOMS: set[str] = set()
# Read as text: `ast` takes longer than all else here. Each line is: from MODULE import NAME as NAME.
for _line in __loader__.get_data(f"{__file__}i").decode().splitlines():
    if _line.startswith("from "):
        _, _module, _, _name, *_ = _line.split()
        if _module == __name__:
            _ROOMS.add(_name)
        else:
            _HOMES[_name] = _module

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"hpo.{name}")
    if name not in _HOMES:
        near = [f"hpo.{each}" for each in __all__ if name.lower() in each.lower()]
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        hint = "; errors are in hpo.errors" if name.endswith("Error") else hint
        raise AttributeError(f"module 'hpo' has no attribute {name!r}{hint}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
