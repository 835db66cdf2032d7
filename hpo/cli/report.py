"""What a search leaves on the screen, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from hpo.cli.screen import print_fields, print_line, print_table
from hpo.cli.studies import best_of, hyperparameters
from hpo.study.study import Study
from hpo.study.tables import shown, table
from hpo.study.trial import Trial, TrialState

LONGEST_TABLE = 20


def print_result(console: Console, study: Study, *, running: str = "unfinished") -> None:
    """The trials, the best of them, and the hints.

    Args:
        console: where.
        study: the study.
        running: what to call trials without an end.
    """
    best = best_of(study)
    trials: Sequence[Trial] = study.trials
    if len(trials) > LONGEST_TABLE and study.num_completed:
        trials = study.top(LONGEST_TABLE)
    trials = trials[:LONGEST_TABLE]
    names, rows = table(trials, None if best is None else best.id, hyperparameters(study), study.metrics)
    _simplify(names, rows, study, running)
    bold = next((number for number, trial in enumerate(trials) if best and trial.id == best.id), None)
    console.print()
    print_table(console, names, rows, bold_row=bold, dispensable=("seconds", "epochs"))
    if len(study.trials) > len(trials):
        print_line(console, f"... and {len(study.trials) - len(trials)} more trials; --json has all of them.")
    console.print()
    fields = []
    if best is not None:
        config = ", ".join(f"{name} = {shown(value)}" for name, value in best.config.items())
        which = f"trial {best.id}"
        if best.state is not TrialState.COMPLETED:
            which += f", after epoch {best.reports[-1].epoch}; none was trained in full"
        fields.append(("best", f"{config}: {study.metric.name} {shown(best.value)} ({which})"))
    if study.num_failed:
        fields.append(("failed", f"{study.num_failed} of {len(study.trials)} trials"))
    fields += [("hint", text) for text in _hints(study)]
    print_fields(console, fields)


def document_of(study: Study, *, device: str | None, data: str | None, **extra: Any) -> dict[str, Any]:
    """The study as one JSON value.

    Args:
        study: the study.
        device: where its trials ran.
        data: which data they used, where the command chose them.
        extra: more entries.
    """
    return {
        "name": study.name,
        "backend": study.backend,
        "device": device,
        "data": data,
        "seed": study.seed,
        "metrics": metric_entries(study),
        "best": best_entry(study),
        "trials": [trial_entry(trial) for trial in study.trials],
        "hints": _hints(study),
        "notes": _notes(study),
        "versions": study.versions,
        **extra,
    }


def trial_entry(trial: Trial) -> dict[str, Any]:
    """A trial as a JSON value."""
    return {
        "id": trial.id,
        "config": trial.config,
        "state": trial.state.value,
        "value": finite(trial.value),
        "reports": [
            {"epoch": report.epoch, **{name: finite(value) for name, value in report.metrics.items()}}
            for report in trial.reports
        ],
        "reason": trial.reason,
        "seconds": trial.seconds,
    }


def best_entry(study: Study) -> dict[str, Any] | None:
    """The best trial as a JSON value."""
    best = best_of(study)
    return None if best is None else {"trial": best.id, "config": best.config, "value": best.value}


def metric_entries(study: Study) -> list[dict[str, str]]:
    """The study's metrics as JSON values."""
    return [{"name": metric.name, "direction": metric.direction.value} for metric in study.metrics]


def finite(value: float | None) -> float | None:
    """The number; None for NaN and infinity, which JSON has not."""
    return value if value is not None and math.isfinite(value) else None


def _hints(study: Study) -> list[str]:
    try:
        return [hint.text for hint in study.hints]
    except ValueError:  # the log could not hold the space
        return []


def _notes(study: Study) -> dict[str, str]:
    """The remarks by topic, one line for each."""
    notes: dict[str, str] = {}
    for topic, text in study.notes:
        notes[topic] = f"{notes[topic]}\n{text}" if topic in notes else text
    return notes


def _simplify(names: list[str], rows: list[list[object]], study: Study, running: str) -> None:
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
        row[state] = running if row[state] == TrialState.RUNNING.value else row[state]
