"""What a search leaves on the screen, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from hpo.cli.screen import print_fields, print_line, print_table
from hpo.records import table
from hpo.study import Study
from hpo.tables import shown
from hpo.trial import Trial, TrialState

LONGEST_TABLE = 20


def print_result(console: Console, study: Study) -> None:
    """The trials, the best of them, and the hints."""
    best = study.best if study.num_completed else None
    trials: Sequence[Trial] = study.trials
    if len(trials) > LONGEST_TABLE and best is not None:
        trials = study.top(LONGEST_TABLE)
    trials = trials[:LONGEST_TABLE]
    names, rows = table(trials, None if best is None else best.id, study.space, study.metrics)
    _simplify(names, rows, study)
    bold = next((number for number, trial in enumerate(trials) if best and trial.id == best.id), None)
    console.print()
    print_table(console, names, rows, bold_row=bold, dispensable=("seconds", "epochs"))
    if len(study.trials) > len(trials):
        print_line(console, f"... and {len(study.trials) - len(trials)} more trials; --json has all of them.")
    console.print()
    fields = []
    if best is not None:
        config = ", ".join(f"{name} = {shown(value)}" for name, value in best.config.items())
        fields.append(("best", f"{config}: {study.metric.name} {shown(best.value)} (trial {best.id})"))
    if study.num_failed:
        fields.append(("failed", f"{study.num_failed} of {len(study.trials)} trials"))
    fields += [("hint", hint.text) for hint in study.hints]
    print_fields(console, fields)


def document_of(study: Study, *, device: str | None, data: str | None, **extra: Any) -> dict[str, Any]:
    """The study as one JSON value.

    Args:
        study: the study.
        device: where its trials ran.
        data: which data they used, where the command chose them.
        extra: more entries.
    """
    best = study.best if study.num_completed else None
    return {
        "name": study.name,
        "backend": study.backend,
        "device": device,
        "data": data,
        "seed": study.seed,
        "metrics": [{"name": metric.name, "direction": metric.direction.value} for metric in study.metrics],
        "best": None if best is None else {"trial": best.id, "config": best.config, "value": best.value},
        "trials": [_trial_entry(trial) for trial in study.trials],
        "hints": [hint.text for hint in study.hints],
        "notes": {note.topic: note.text for note in study.notes},
        "versions": study.versions,
        **extra,
    }


def _trial_entry(trial: Trial) -> dict[str, Any]:
    return {
        "id": trial.id,
        "config": trial.config,
        "state": trial.state.value,
        "value": _finite(trial.value),
        "reports": [
            {"epoch": report.epoch, **{name: _finite(value) for name, value in report.metrics.items()}}
            for report in trial.reports
        ],
        "reason": trial.reason,
        "seconds": trial.seconds,
    }


def _finite(value: float | None) -> float | None:
    """JSON has neither NaN nor infinity."""
    return value if value is not None and math.isfinite(value) else None


def _simplify(names: list[str], rows: list[list[object]], study: Study) -> None:
    """Call the value by its name, and leave the states out where all are the same."""
    if len(study.metrics) == 1 and study.metric.name not in names:
        names[names.index("value")] = study.metric.name
    state = names.index("state")
    if all(row[state] == TrialState.COMPLETED.value for row in rows):
        del names[state]
        for row in rows:
            del row[state]
        return
    for row in rows:
        row[state] = "unfinished" if row[state] == TrialState.RUNNING.value else row[state]
