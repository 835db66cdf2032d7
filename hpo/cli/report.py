"""The result of a search, and the studies of a storage, on the screen and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from rich.console import Console

from hpo.cli.run_options import RunOptions
from hpo.cli.screen import print_fields, print_table
from hpo.cli.studies import (
    best_of,
    goal_text,
    iso,
    on_the_clock,
    states_text,
    wrong_storage,
)
from hpo.cli.syntax import as_typed
from hpo.storage import Storage
from hpo.study.excerpt import excerpt, other_metrics, states_of
from hpo.study.notes import CHECKPOINTS, Note
from hpo.study.numbers import counted
from hpo.study.origin import load_study
from hpo.study.study import Study
from hpo.study.tables import shown, table
from hpo.study.trial import Trial, TrialState
from hpo.tuner.progress.console import print_line

COLUMNS = ["name", "trials", "states", "metric", "best", "backend", "objective", "created", "last event"]
MOVABLE = ("objective", "created", "states", "backend")


def print_result(
    console: Console,
    study: Study,
    *,
    running: str = "unfinished",
    metrics: Literal["all"] | Sequence[str] = (),
) -> None:
    """Print the trials, the best of them, and the hints.

    Args:
        console: where.
        study: the study.
        running: what to call trials without an end.
        metrics: metrics to show beside those that were optimised, or "all".
    """
    best = best_of(study)
    some = excerpt(study.history)
    beside = other_metrics(study.history, metrics, some.trials)
    number = None if best is None else best.id
    shown_trials = table(some.trials, number, study.history.hyperparameters, study.metrics, beside=beside)
    names, rows = shown_trials.names, shown_trials.rows
    _simplify(names, rows, study, running)
    console.print()
    print_table(console, names, rows, bold_row=shown_trials.best_row, movable=shown_trials.movable)
    if some.which is not None:
        print_line(console, f"({some.which}; --json has all)")
    console.print()
    fields = [] if best is None else [("best", _best_text(study, best))]
    if study.num_failed:
        fields.append(("failed", f"{study.num_failed} of {len(study.trials)} trials"))
    fields += [("hint", hint) for hint in _hints(study)]
    print_fields(console, fields)


def _best_text(study: Study, best: Trial) -> str:
    """The best config, its value, and how it was found."""
    config = ", ".join(f"{name} = {shown(value)}" for name, value in best.config.items())
    parts = [f"trial {best.id}"]
    if best.state is not TrialState.COMPLETED:
        parts.append(f"after epoch {best.reports[-1].epoch}; none was trained in full")
    elif best.reports:
        parts.append(counted(len(best.reports), "epoch"))
    if study.value_of == "best" and best.epoch is not None:
        parts.append(f"its best epoch {best.epoch}")
    if best.proposal is None:
        parts.append("a config that was added")
    else:
        by = f" ({best.info['by']})" if "by" in best.info else ""
        parts.append(f"proposed by {study.history.created.get('searcher', 'the searcher')}{by}")
    return f"{config}: {study.metric.name} {shown(best.value)} ({', '.join(parts)})"


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
        "epoch": trial.epoch,
        "seconds": trial.seconds,
        "cohort_seconds": trial.cohort_seconds,
    }


def best_entry(study: Study) -> dict[str, Any] | None:
    """The best trial as a JSON value."""
    best = best_of(study)
    return None if best is None else {"trial": best.id, "config": best.config, "value": best.value}


def metric_entries(study: Study) -> list[dict[str, str]]:
    """The study's metrics as JSON values."""
    return [{"name": metric.name, "direction": metric.direction.value} for metric in study.metrics]


def finite(value: float | None) -> float | None:
    """The number; None for NaN and infinity, which JSON does not have."""
    return value if value is not None and math.isfinite(value) else None


def note_text(note: Note) -> str:
    """A remark as the command says it: what the library wrote of checkpoints names options."""
    return as_typed(note.text, RunOptions.typed()) if note.topic == CHECKPOINTS else note.text


def _hints(study: Study) -> list[str]:
    """The hints as the command says them."""
    return [as_typed(hint.text, RunOptions.typed()) for hint in study.hints]


def _notes(study: Study) -> dict[str, str]:
    """The remarks by topic, one line for each."""
    notes: dict[str, str] = {}
    for note in study.notes:
        topic, text = note.topic, note_text(note)
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


def print_studies(console: Console, storage: Storage, file: str) -> None:
    """Print a row for each study, in the order of their creation."""
    rows = [_row(study) for study in _studies(storage)]
    if not rows:
        print_line(console, f"{file} holds no study yet.")
        return
    print_table(console, COLUMNS, rows, movable=MOVABLE)


def document_of_studies(storage: Storage, file: str) -> dict[str, Any]:
    """The same as one JSON value."""
    return {"storage": file, "studies": [_entry(study) for study in _studies(storage)]}


def objective_of(study: Study) -> str | None:
    """The name of what was tuned; None for a loop by hand."""
    described = study.history.created.get("objective")
    return None if described is None else str(described["name"])


def _studies(storage: Storage) -> Iterator[Study]:
    with wrong_storage():
        names = storage.studies()
    for name in names:
        with wrong_storage():
            study = load_study(storage, name)
        yield study


def _row(study: Study) -> list[object]:
    best, log = best_of(study), study.history.events
    return [
        study.name,
        len(study.trials),
        states_text(study),
        goal_text(study),
        None if best is None else best.value,
        study.backend,
        objective_of(study),
        on_the_clock(log[0].time),
        on_the_clock(log[-1].time),
    ]


def _entry(study: Study) -> dict[str, Any]:
    log = study.history.events
    return {
        "name": study.name,
        "trials": len(study.trials),
        "states": states_of(study.history),
        "metrics": metric_entries(study),
        "best": best_entry(study),
        "backend": study.backend,
        "objective": objective_of(study),
        "seed": study.seed,
        "created": iso(log[0].time),
        "last_event": iso(log[-1].time),
    }
