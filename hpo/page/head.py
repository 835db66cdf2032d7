"""A study as the top of the page shows it: what it is, how far it is, and what it found."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import Any

from hpo.errors import ObjectiveError
from hpo.page.commands import commands
from hpo.page.index import Index
from hpo.page.json_values import plain
from hpo.plots.positions import is_log
from hpo.schedulers.rungs import rung_levels
from hpo.space import Domain
from hpo.space.choices import Listed
from hpo.study.study import Study
from hpo.study.trial import Trial

_WITH_RUNGS = re.compile(r"(?:ASHA|SuccessiveHalving|Hyperband)\((\d{1,9}), (\d{1,9}), eta=([\d.]{1,9})[,)]")


def head(study: Study, *, index: Index | None = None) -> dict[str, Any]:
    """What a study is and how far it is, as JSON values. With an index no trial is looked at but the best.

    Args:
        study: of any state.
        index: the study's, which has been read up to the end of the log.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda c: c["x"], {"x": hpo.Int(3, 3)}, num_trials=1, seed=0)
        >>> head(study)["best"]["value"], head(study)["counts"]["completed"]
        (3.0, 1)
    """
    index = index or Index(study)
    history, log = study.history, study.history.events
    created, tested = history.created, study.tested
    goals = {metric.name for metric in study.metrics}
    return {
        "name": study.name,
        "place": None if history.store is None else history.store.place,
        "metrics": [{"name": metric.name, "direction": metric.direction.value} for metric in study.metrics],
        "value": created.get("value") or "last",
        "seed": plain(study.seed),
        "backend": study.backend,
        "device": study.device,
        "objective": (created.get("objective") or {}).get("name"),
        "searcher": {"name": created.get("searcher"), "reason": created.get("searcher_reason")},
        "scheduler": {
            "name": created.get("scheduler"),
            "levels": _levels(created.get("scheduler"), index),
        },
        "replicates": study.replicates,
        "versions": study.versions,
        "created": plain(round(log.time(0), 3)),
        "last_event": plain(round(log.time(len(log) - 1), 3)),
        "seconds": plain(round(log.elapsed(len(log) - 1), 3)),
        "counts": counts(study),
        "num_trials": history.num_trials,
        "best": _best(study, index),
        "notes": [note._asdict() for note in study.notes],
        "space": _space(study),
        "other_metrics": [name for name in index.metrics if name not in goals],
        "commands": commands(study),
        "plans": [
            {"kind": kind, "members": members, "reason": reason}
            for kind, (members, reason) in history.plans.items()
        ],
        "tested": None if tested is None else {"trial": tested.trial, "metrics": plain(tested.metrics)},
        "confirmed": _confirmed(study),
    }


def counts(study: Study) -> dict[str, int]:
    """How many trials are in each state, zeros included."""
    history = study.history
    return {
        "completed": study.num_completed,
        "failed": history.num_failed,
        "stopped": history.num_stopped,
        "paused": len(history.paused),
        "running": len(history.running),
    }


def _best(study: Study, index: Index) -> dict[str, Any] | None:
    try:
        best = study.best
    except ObjectiveError:  # nothing has a result yet, or there are several metrics
        return None
    return {
        "trial": best.id,
        "value": plain(best.value),
        "epoch": best.epoch,
        "config": plain(best.config),
        "how": how_found(study, best, index),
    }


def how_found(study: Study, trial: Trial, index: Index) -> str:
    """How a trial came to its config and how far it was trained, in one line.

    Args:
        study: whose trial it is.
        trial: one of its trials.
        index: the study's.
    """
    parts = [_origin(study, trial)]
    if trial.reports:
        before = [run for run in index.runs(trial.id)[:-1] if run.ending == "paused" and run.last]
        paused = [*dict.fromkeys(run.last for run in before)]
        parts.append(f"trained to epoch {trial.reports[-1].epoch}")
        parts += [f"after {_pauses(paused)}"] if paused else []
    return ", ".join(parts)


def _origin(study: Study, trial: Trial) -> str:
    info = trial.info
    reasons = [info.get("by"), info.get("reason") or info.get("why")]
    reasons += [f"from the config of trial {info['parent']}"] if info.get("parent") is not None else []
    said = "; ".join(str(reason) for reason in reasons if reason)
    searcher = info.get("searcher") or study.history.created.get("searcher") or "the searcher"
    what = "a config that was added" if trial.proposal is None else f"proposal {trial.proposal} of {searcher}"
    return f"{what} ({said})" if said else what


def _pauses(epochs: list[int]) -> str:
    if len(epochs) == 1:
        return f"a pause at epoch {epochs[0]}"
    return f"pauses at epochs {', '.join(map(str, epochs[:-1]))} and {epochs[-1]}"


def _levels(scheduler: object, index: Index) -> list[int]:
    """The epochs of the rungs: by the rule of our own schedulers, else those that trials were granted."""
    found = _WITH_RUNGS.match(scheduler) if isinstance(scheduler, str) else None
    if found is not None:
        with suppress(ValueError):  # a log that was edited may name what cannot be
            return list(rung_levels(int(found[1]), int(found[2]), float(found[3])))
    return sorted(index.levels)


def _space(study: Study) -> list[dict[str, Any]]:
    if study.history.knows_space:
        return [_hyperparameter(name, domain) for name, domain in study.space.items()]
    unknown = dict.fromkeys(("low", "high", "choices", "values", "when"))
    return [
        {"name": name, "text": "not in the log", "scale": "linear"} | unknown
        for name in study.history.hyperparameters
    ]


def _hyperparameter(name: str, domain: Domain) -> dict[str, Any]:
    low, high = domain.bounds or (None, None)
    listed = isinstance(domain, Listed)
    conditions = " and ".join(map(str, domain.conditions))
    return {
        "name": name,
        "text": repr(domain),
        "scale": "category" if listed else "log" if is_log(domain) else "linear",
        "low": None if listed else _end(low),
        "high": None if listed else _end(high),
        "choices": [str(value) for value in domain.listed] if isinstance(domain, Listed) else None,
        "values": plain(list(domain.listed)) if isinstance(domain, Listed) else None,
        "when": conditions or None,
    }


def _end(bound: object) -> float | None:
    """An end of a range; None where it has none."""
    if not isinstance(bound, (int, float)):
        return None
    try:
        return float(bound) if math.isfinite(bound) else None
    except OverflowError:  # an integer beyond every float
        return None


def _confirmed(study: Study) -> list[dict[str, Any]]:
    if len(study.metrics) != 1:
        return []
    return [plain(vars(one)) for one in study.confirmed]
