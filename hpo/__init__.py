"""Hyperparameter optimization: one framework-free search core, a backend for each framework.

    >>> import hpo
    >>> study = hpo.search(lambda config: (config["x"] - 0.3) ** 2, {"x": hpo.Float(0, 1)}, num_trials=20, seed=0)
    >>> round(study.best.config["x"], 1)
    0.3

The names below are loaded when first used, so that `import hpo` costs little more than NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpo.context import CurrentTrial, current_trial, report
    from hpo.errors import HpoError
    from hpo.registry import use_backend

_ROOMS = {
    "hpo.context": ["CurrentTrial", "current_trial", "report"],
    "hpo.errors": ["HpoError"],
    "hpo.registry": ["use_backend"],
}
_HOMES = {name: module for module, names in _ROOMS.items() for name in names}

__version__ = "0.1.0.dev0"
__all__ = [
    "CurrentTrial",
    "HpoError",
    "__version__",
    "current_trial",
    "report",
    "use_backend",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hpo' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
