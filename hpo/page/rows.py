"""One trial as the page shows it: its config and results, its life, and its runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hpo.page.index import Index
from hpo.page.json_values import plain
from hpo.plots.lives import ENDINGS, RUNNING
from hpo.storage.events import Event, EventKind
from hpo.study.life import life
from hpo.study.study import Study
from hpo.study.trial import Report, Trial

INTERRUPTED = "interrupted"
"""The ending of a run that another start of its trial followed."""

Run = list[Any]
"""Begin and end in seconds of work on the study, the epochs before and at its end, what became of it."""


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
    now = study.history.events.elapsed(len(study.history.events) - 1)
    name = study.metrics[0].name if len(study.metrics) == 1 else None
    entries: dict[str, Any] = {
        "id": number,
        "state": trial.state.value,
        "config": plain(trial.config),
        "value": plain(trial.value),
        "epoch": trial.reports[-1].epoch if trial.reports and trial.value is not None else None,
        "last_epoch": trial.reports[-1].epoch if trial.reports else None,
        "metrics": plain(trial.metrics),
        "reports": None if name is None else _curve(trial.reports, name),
        "more": _other_curves(trial.reports, name),
        "seconds": None if trial.seconds is None else _short(trial.seconds),
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
        "runs": runs(events, now),
        "kept": [kept.epoch for kept in trial.kept],
        "best_epoch": trial.best_epoch,
    }
    return {key: value for key, value in entries.items() if value is not None and value not in ([], {})}


def runs(events: Iterable[Event], now: float) -> list[Run]:
    """The runs of a trial, from each of its starts to its pause or end.

    Args:
        events: those of the trial, in the order of the log.
        now: the end, in seconds of work on the study, of a run that goes on.
    """
    found: list[Run] = []
    epoch, last_sign = 0, 0.0
    for event in events:
        if event.kind is EventKind.TRIAL_STARTED:
            if found and found[-1][4] == RUNNING:
                # There is no event of its end. It lived at least until its last one.
                found[-1][1], found[-1][4] = _short(last_sign), INTERRUPTED
            # A result that a user added was never run.
            if event.attempt or "proposal" in event.data:
                found.append([_short(event.elapsed), _short(now), epoch, epoch, RUNNING])
        elif event.kind is EventKind.REPORTED:
            epoch = max(epoch, event.epoch or 0)
            if found:
                found[-1][3] = epoch
        # The run of a paused trial ended with its pause, even if the trial is stopped later.
        elif event.kind in ENDINGS and found and found[-1][4] == RUNNING:
            found[-1][1], found[-1][4] = _short(event.elapsed), ENDINGS[event.kind]
        last_sign = event.elapsed
    return found


def rungs_of(trial: Trial, passed: Iterable[Run]) -> list[int]:
    """The epochs at which the trial paused or ended, ascending."""
    return (
        sorted({run[3] for run in passed if run[3] and run[4] in ENDINGS.values()}) if trial.reports else []
    )


def _curve(reports: Iterable[Report], name: str) -> list[list[Any]]:
    return [[report.epoch, plain(report.metrics[name])] for report in reports if name in report.metrics]


def _other_curves(reports: tuple[Report, ...], name: str | None) -> dict[str, list[list[Any]]]:
    names = dict.fromkeys(other for report in reports for other in report.metrics if other != name)
    return {other: _curve(reports, other) for other in names}


def _cohort(events: Iterable[Event]) -> list[int] | None:
    """The trials of the last cohort that the trial was in; None if it trained by itself."""
    formed = [event for event in events if event.kind is EventKind.COHORT_FORMED]
    return formed[-1].data["trials"] if formed else None


def _short(seconds: float) -> Any:
    """Seconds to a tenth of a millisecond, which says as much in a third of the letters."""
    return plain(round(seconds, 4))
