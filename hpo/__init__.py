"""Hyperparameter optimization: one framework-free search core, a backend for each framework.

    >>> import hpo
    >>> space = {"x": hpo.Float(0, 1)}
    >>> study = hpo.search(lambda config: (config["x"] - 0.3) ** 2, space, num_trials=20, seed=0)
    >>> round(study.best.config["x"], 1)
    0.3

The names below are loaded when first used, so that `import hpo` costs little more than NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpo.context import CurrentTrial, current_trial, report
    from hpo.errors import HpoError, ObjectiveError, SealedTestSetError, SearchFailedError, SpaceError
    from hpo.events import Event, EventKind
    from hpo.registry import use_backend
    from hpo.sealed import final_test
    from hpo.searchers import Proposal, RandomSearch, Searcher
    from hpo.space import (
        Choice,
        Constant,
        Distribution,
        Domain,
        Float,
        Int,
        Ordinal,
        Space,
        load_space_toml,
        param,
        register_domain,
    )
    from hpo.study import Study
    from hpo.trial import Direction, Metric, Trial, TrialState
    from hpo.tuner import SearchInterrupted, Tuner, search

_ROOMS = {
    "hpo.context": ["CurrentTrial", "current_trial", "report"],
    "hpo.errors": ["HpoError", "ObjectiveError", "SealedTestSetError", "SearchFailedError", "SpaceError"],
    "hpo.events": ["Event", "EventKind"],
    "hpo.registry": ["use_backend"],
    "hpo.sealed": ["final_test"],
    "hpo.searchers": ["Proposal", "RandomSearch", "Searcher"],
    "hpo.space": [
        "Choice",
        "Constant",
        "Distribution",
        "Domain",
        "Float",
        "Int",
        "Ordinal",
        "Space",
        "load_space_toml",
        "param",
        "register_domain",
    ],
    "hpo.study": ["Study"],
    "hpo.trial": ["Direction", "Metric", "Trial", "TrialState"],
    "hpo.tuner": ["SearchInterrupted", "Tuner", "search"],
}
_HOMES = {name: module for module, names in _ROOMS.items() for name in names}

__version__ = "0.1.0.dev0"
__all__ = [
    "Choice",
    "Constant",
    "CurrentTrial",
    "Direction",
    "Distribution",
    "Domain",
    "Event",
    "EventKind",
    "Float",
    "HpoError",
    "Int",
    "Metric",
    "ObjectiveError",
    "Ordinal",
    "Proposal",
    "RandomSearch",
    "SealedTestSetError",
    "SearchFailedError",
    "SearchInterrupted",
    "Searcher",
    "Space",
    "SpaceError",
    "Study",
    "Trial",
    "TrialState",
    "Tuner",
    "__version__",
    "current_trial",
    "final_test",
    "load_space_toml",
    "param",
    "register_domain",
    "report",
    "search",
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
