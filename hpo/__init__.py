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

from hpo.version import __version__

if TYPE_CHECKING:
    from hpo.backend.registry import use_backend
    from hpo.checkpoints import Checkpoint
    from hpo.compare import Comparison, compare_backends
    from hpo.compare.searchers import SearcherComparison, compare_searchers
    from hpo.errors import (
        CheckpointError,
        CompareError,
        HpoError,
        ObjectiveError,
        PortError,
        PortLayoutError,
        PortMappingError,
        SealedTestSetError,
        SearchFailedError,
        SpaceError,
        StorageError,
        StudyExistsError,
        StudyMismatchError,
        StudyNotFoundError,
    )
    from hpo.executors import SimulatedExecutor
    from hpo.executors.workers import Workers
    from hpo.objective.context import CurrentTrial, TrialEnded, current_trial, report
    from hpo.objective.decision import CONTINUE, Decision, Verdict
    from hpo.ports import PortReport, check_port
    from hpo.schedulers import (
        ASHA,
        FIFO,
        End,
        Grant,
        Hyperband,
        MedianStopping,
        Scheduler,
        SuccessiveHalving,
    )
    from hpo.searchers import (
        TPE,
        Auto,
        GaussianProcess,
        GridSearch,
        LocalSearch,
        Proposal,
        RandomSearch,
        Searcher,
        SobolSearch,
    )
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
    from hpo.storage.events import Event, EventKind
    from hpo.study.origin import load
    from hpo.study.ranking import Confirmed
    from hpo.study.study import Study
    from hpo.study.trial import Direction, Metric, Trial, TrialState
    from hpo.surrogates.importance import importance
    from hpo.tasks.curves import LearningCurves, record, replay
    from hpo.tuner.confirm import confirm, final_test
    from hpo.tuner.search import search
    from hpo.tuner.stop_rules import MaxCost, Patience, StopRule, Target
    from hpo.tuner.tuner import SearchInterrupted, Tuner

_ROOMS = {
    "hpo.compare.searchers": ["SearcherComparison", "compare_searchers"],
    "hpo.checkpoints": ["Checkpoint"],
    "hpo.compare": ["Comparison", "compare_backends"],
    "hpo.ports": ["PortReport", "check_port"],
    "hpo.study.ranking": ["Confirmed"],
    "hpo.tuner.confirm": ["confirm", "final_test"],
    "hpo.objective.context": ["CurrentTrial", "TrialEnded", "current_trial", "report"],
    "hpo.tasks.curves": ["LearningCurves", "record", "replay"],
    "hpo.objective.decision": ["CONTINUE", "Decision", "Verdict"],
    "hpo.errors": [
        "CheckpointError",
        "CompareError",
        "HpoError",
        "ObjectiveError",
        "PortError",
        "PortLayoutError",
        "PortMappingError",
        "SealedTestSetError",
        "SearchFailedError",
        "SpaceError",
        "StorageError",
        "StudyExistsError",
        "StudyMismatchError",
        "StudyNotFoundError",
    ],
    "hpo.storage.events": ["Event", "EventKind"],
    "hpo.executors": ["SimulatedExecutor"],
    "hpo.surrogates.importance": ["importance"],
    "hpo.backend.registry": ["use_backend"],
    "hpo.study.origin": ["load"],
    "hpo.schedulers": [
        "ASHA",
        "End",
        "FIFO",
        "Grant",
        "Hyperband",
        "MedianStopping",
        "Scheduler",
        "SuccessiveHalving",
    ],
    "hpo.tuner.search": ["search"],
    "hpo.searchers": [
        "Auto",
        "GaussianProcess",
        "GridSearch",
        "LocalSearch",
        "Proposal",
        "RandomSearch",
        "Searcher",
        "SobolSearch",
        "TPE",
    ],
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
    "hpo.tuner.stop_rules": ["MaxCost", "Patience", "StopRule", "Target"],
    "hpo.study.study": ["Study"],
    "hpo.study.trial": ["Direction", "Metric", "Trial", "TrialState"],
    "hpo.tuner.tuner": ["SearchInterrupted", "Tuner"],
    "hpo.executors.workers": ["Workers"],
}
_HOMES = {name: module for module, names in _ROOMS.items() for name in names}
_MODULES = ("backend", "book", "compare", "plots", "tasks", "testing")
"""Also there without an import of their own, and loaded when first used; some need packages of their own."""

__all__ = [
    "ASHA",
    "Auto",
    "CONTINUE",
    "Checkpoint",
    "CheckpointError",
    "Choice",
    "CompareError",
    "Comparison",
    "Confirmed",
    "Constant",
    "CurrentTrial",
    "Decision",
    "Direction",
    "Distribution",
    "Domain",
    "End",
    "Event",
    "EventKind",
    "FIFO",
    "Float",
    "GaussianProcess",
    "Grant",
    "GridSearch",
    "HpoError",
    "Hyperband",
    "Int",
    "LearningCurves",
    "LocalSearch",
    "MaxCost",
    "MedianStopping",
    "Metric",
    "ObjectiveError",
    "Ordinal",
    "Patience",
    "PortError",
    "PortLayoutError",
    "PortMappingError",
    "PortReport",
    "Proposal",
    "RandomSearch",
    "Scheduler",
    "SealedTestSetError",
    "SearchFailedError",
    "SearchInterrupted",
    "Searcher",
    "SearcherComparison",
    "SimulatedExecutor",
    "SobolSearch",
    "Space",
    "SpaceError",
    "StopRule",
    "StorageError",
    "Study",
    "StudyExistsError",
    "StudyMismatchError",
    "StudyNotFoundError",
    "SuccessiveHalving",
    "TPE",
    "Target",
    "Trial",
    "TrialEnded",
    "TrialState",
    "Tuner",
    "Verdict",
    "Workers",
    "__version__",
    "compare_searchers",
    "compare_backends",
    "check_port",
    "confirm",
    "current_trial",
    "final_test",
    "importance",
    "load",
    "load_space_toml",
    "param",
    "record",
    "register_domain",
    "replay",
    "report",
    "search",
    "use_backend",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"hpo.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'hpo' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
