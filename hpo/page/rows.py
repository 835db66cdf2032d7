"""One trial as the page shows it: its config and results, its life, and its runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hpo.page.index import Index
from hpo.page.json_values import plain
from hpo.storage.events import Event, EventKind
from hpo.study.life import life
from hpo.study.runs import Run
from hpo.study.study import Study
from hpo.study.trial import Report


def row(study: Study, number: int, *, index: Index | None = None) -> dict[str, Any]:
    """One trial as JSON values. Entries that would be null or empty are left out.

    With an index the work grows with the trial's own events, else with those of the study.

    Args:
        study: whose trial it is.
        number: the trial's id.
        index: the study's, which has been read up to the end of the log.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda c: c["x"], {"x": hpo.Int(3, 3)}, num_trials=1, seed=0)
        >>> entries = row(study, 0)
        >>> entries["state"], entries["config"], entries["value"]
        ('completed', {'x': 3}, 3.0)
    """
    index = index or Index(study)
    trial, events = study.trials[number], list(index.events(number))
    name = study.metrics[0].name if len(study.metrics) == 1 else None
    entries: dict[str, Any] = {
        "id": number,
        "state": trial.state.value,
        "config": plain(trial.config),
        "value": plain(trial.value),
        "epoch": trial.epoch,
        "last_epoch": trial.reports[-1].epoch if trial.reports else None,
        "metrics": plain(trial.metrics),
        "reports": None if name is None else _curve(trial.reports, name),
        "more": _other_curves(trial.reports, name),
        "seconds": None if trial.seconds is None else _short(trial.seconds),
        "cohort_seconds": None if trial.cohort_seconds is None else _short(trial.cohort_seconds),
        "cohort": _cohort(events),
        "reason": trial.reason,
        "traceback": trial.traceback,
        "attempt": trial.attempt,
        "proposal": trial.proposal,
        "info": plain(trial.info),
        "started": plain(round(trial.started, 3)),
        "finished": None if trial.finished is None else plain(round(trial.finished, 3)),
        "life": [
            [_short(event.elapsed), words] for event, words in life(events, number, tuners=index.tuners)
        ],
        "runs": [_run(run) for run in index.runs(number) if run.is_proposed],
        "kept": [kept.epoch for kept in trial.kept],
        "best_epoch": trial.best_epoch,
    }
    return {key: value for key, value in entries.items() if value is not None and value not in ([], {})}


def _curve(reports: Iterable[Report], name: str) -> list[list[Any]]:
    return [[report.epoch, plain(report.metrics[name])] for report in reports if name in report.metrics]


def _other_curves(reports: tuple[Report, ...], name: str | None) -> dict[str, list[list[Any]]]:
    names = dict.fromkeys(other for report in reports for other in report.metrics if other != name)
    return {other: _curve(reports, other) for other in names}


def _run(run: Run) -> list[Any]:
    """Begin and end in seconds of work on the study, the epochs before it and at its end, and its ending."""
    return [_short(run.begin), _short(run.end), run.first, run.last, run.ending]


def _cohort(events: Iterable[Event]) -> list[int] | None:
    """The trials of the last cohort that the trial was in; None if it trained by itself."""
    formed = [event for event in events if event.kind is EventKind.COHORT_FORMED]
    return formed[-1].data["trials"] if formed else None


def _short(seconds: float) -> Any:
    """Seconds to a tenth of a millisecond, which says as much in a third of the letters."""
    return plain(round(seconds, 4))
