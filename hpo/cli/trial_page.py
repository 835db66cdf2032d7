"""The whole life of one trial, on the screen and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from hpo.cli.failures import UsageError
from hpo.cli.report import finite, trial_entry
from hpo.cli.screen import print_fields, print_table
from hpo.cli.studies import best_of, iso, kept_by, on_the_clock
from hpo.cli.study_page import kept_entry, print_kept
from hpo.storage.events import Event, EventKind
from hpo.study.life import life
from hpo.study.study import Study
from hpo.study.tables import shown
from hpo.study.trial import Trial
from hpo.tuner.progress.console import print_line


def print_trial(console: Console, study: Study, number: int, file: str) -> None:
    """Print all that the log has of a trial.

    Raises:
        UsageError: the study has no such trial.
    """
    trial, events = _trial(study, number), _events(study, number)
    print_line(console, f"trial {number} of study {study.name!r} of {file}", style="bold")
    print_fields(console, _about(trial, study))
    console.print()
    turns = life((event for _, event in events), number)
    lines = [(f"{event.elapsed:.2f} s", words) for event, words in turns]
    print_fields(console, lines)
    if trial.reports:
        console.print()
        _print_reports(console, study, trial, [event for _, event in events])
    kept = kept_by(trial)
    if kept:
        print_kept(console, kept)
    if trial.traceback:
        console.print()
        console.print(trial.traceback.rstrip(), soft_wrap=True)


def document_of_trial(study: Study, number: int, file: str) -> dict[str, Any]:
    """The same as one JSON value.

    Raises:
        UsageError: the study has no such trial.
    """
    trial = _trial(study, number)
    return {
        "storage": file,
        "study": study.name,
        "trial": trial_entry(trial)
        | {
            "metrics": {name: finite(value) for name, value in trial.metrics.items()},
            "best_epoch": trial.best_epoch,
            "proposal": trial.proposal,
            "info": trial.info,
            "attempt": trial.attempt,
            "started": iso(trial.started),
            "finished": iso(trial.finished),
            "traceback": trial.traceback,
            "kept": [kept_entry(kept) for kept in kept_by(trial)],
        },
        "events": [event_entry(place, event) for place, event in _events(study, number)],
    }


def event_entry(place: int, event: Event) -> dict[str, Any]:
    """An event as a JSON value: its number in the log and all that it holds."""
    return {
        "event": place,
        "kind": event.kind.value,
        "trial": event.trial,
        "attempt": event.attempt,
        "epoch": event.epoch,
        "time": finite(event.time),
        "elapsed": finite(event.elapsed),
        "data": event.data,
    }


def _trial(study: Study, number: int) -> Trial:
    count = len(study.trials)
    if not 0 <= number < count:
        there = f"its trials are 0 to {count - 1}" if count else "it has no trial yet"
        raise UsageError(f"The study {study.name!r} has no trial {number}: {there}.")
    return study.trials[number]


def _events(study: Study, number: int) -> list[tuple[int, Event]]:
    return [(place, event) for place, event in enumerate(study.history.events) if event.trial == number]


def _about(trial: Trial, study: Study) -> list[tuple[str, str]]:
    best = best_of(study)
    state = f"{trial.state.value}{', the best of the study' if best and best.id == trial.id else ''}"
    metrics = ", ".join(f"{name} {shown(value)}" for name, value in trial.metrics.items())
    end = "" if trial.finished is None else f", ended {on_the_clock(trial.finished)}"
    fields = [
        ("state", state),
        ("config", ", ".join(f"{name} = {value!r}" for name, value in trial.config.items())),
        ("result" if trial.finished else "so far", metrics or "none"),
        ("started", f"{on_the_clock(trial.started)}{end}"),
    ]
    if trial.best_epoch is not None:
        fields.append(("best epoch", str(trial.best_epoch)))
    return fields


def _print_reports(console: Console, study: Study, trial: Trial, events: list[Event]) -> None:
    """Print a row for each epoch: its metrics, which start reported it, and its checkpoint."""
    # Backwards, so that of several reports of an epoch the first one counts, as in the study.
    reported = {event.epoch: event for event in reversed(events) if event.kind is EventKind.REPORTED}
    there = {kept.epoch: "kept" for kept in trial.kept}
    written = {kept.epoch: "deleted" for kept in study.history.checkpoints(trial.id)} | there
    metrics = list(dict.fromkeys(name for report in trial.reports for name in report.metrics))
    names = ["epoch", *metrics, "at second", "start", "checkpoint"]
    rows: list[list[object]] = [
        [
            report.epoch,
            *(report.metrics.get(name) for name in metrics),
            reported[report.epoch].elapsed,
            reported[report.epoch].attempt,
            written.get(report.epoch, ""),
        ]
        for report in trial.reports
    ]
    if not written:
        names, rows = names[:-1], [row[:-1] for row in rows]
    print_table(console, names, rows)
