"""A trial's life in words: its starts, pauses, cohorts and ends, with their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hpo.storage.events import Event, EventKind, metrics_from_json
from hpo.study.tables import shown

WITHOUT_WORDS = frozenset({EventKind.REPORTED, EventKind.CHECKPOINTED})
"""What happens after every epoch, and is better told in a table or drawn as a curve."""


def life(
    events: Iterable[Event], trial: int, *, tuners: Mapping[str, str] | None = None
) -> list[tuple[Event, str]]:
    """The turns in the life of a trial, each with its words.

    Args:
        events: those of the trial, and of the cohorts that it was in, in the order of the log.
        trial: its id.
        tuners: what to call the tuners that started it; one that is not there is not named. By default each
            by its name in the log, which has the computer and the process in it.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda c: c["x"], {"x": hpo.Float(0, 1)}, num_trials=1, seed=0)
        >>> events = [event for event in study.events if event.trial == 0]
        >>> [words.partition(",")[0] for _, words in life(events, 0)]
        ['start 0: proposal 0', 'completed: value 0.6669']
    """
    turns: list[tuple[Event, str]] = []
    before: Event | None = None
    for event in events:
        if event.kind not in WITHOUT_WORDS:
            turns.append((event, told(event, before, trial, tuners=tuners)))
            before = event
    return turns


def told(event: Event, before: Event | None, trial: int, *, tuners: Mapping[str, str] | None = None) -> str:
    """An event in words.

    Args:
        event: what happened.
        before: the turn in the trial's life before it.
        trial: whose life is told.
        tuners: as for `life`.
    """
    data = event.data
    if event.kind is EventKind.TRIAL_STARTED:
        return _start_told(event, data, before, tuners)
    if event.kind is EventKind.TRIAL_COMPLETED:
        return "completed" + (f": {_numbers_text(data['metrics'])}" if "metrics" in data else "")
    if event.kind is EventKind.COHORT_FORMED:
        others = ", ".join(f"trial {other}" for other in data["trials"] if other != trial)
        return f"trains together with {others or 'none'}"
    if event.kind is EventKind.NONDETERMINISTIC:
        return (
            f"epoch {event.epoch} came out differently when it was run again: "
            f"{_numbers_text(data['received'])} instead of {_numbers_text(data['logged'])}, which counts"
        )
    if event.kind is EventKind.REPLICATED:
        return f"trained again on draw {event.attempt}: {_numbers_text(data['metrics'])}"
    if event.kind is EventKind.TEST_SET_OPENED:
        return f"the sealed test set was opened for it: {_numbers_text(data['metrics'])}"
    return f"{event.kind.value.removeprefix('trial_')}: {data['reason']}"


def _start_told(
    event: Event, data: Mapping[str, Any], before: Event | None, tuners: Mapping[str, str] | None
) -> str:
    if before is None:
        why = "a config that was added" if "proposal" not in data else f"proposal {data['proposal']}"
    elif "lost" in data:
        why = f"its process was lost: {data['lost']}"
    elif before.kind is EventKind.TRIAL_PAUSED:
        why = "after its pause"
    else:
        why = "after an interruption"
    parts = [f"start {event.attempt}: {why}"]
    parts += [f"{key} {value}" for key, value in data.get("info", {}).items()]
    parts += [f"until epoch {data['until']}"] if "until" in data else []
    owner = data.get("owner")
    tuner = owner if tuners is None else tuners.get(str(owner))
    parts += [] if tuner is None else [f"by {tuner}"]
    return ", ".join(parts)


def _numbers_text(document: Mapping[str, float | str]) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in metrics_from_json(document).items())
