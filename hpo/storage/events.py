"""Events: what a study remembers, and the only thing it remembers.

A study is an append-only log of these. An event's content is kept as JSON text: it goes to any storage as
it is, it cannot be changed afterwards, and a log that was read back equals the one that was written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class EventKind(str, Enum):
    """What happened.

    Example:
        >>> import hpo
        >>> from hpo.study import EventKind
        >>> def train(config):
        ...     for epoch in range(1, 5):
        ...         yield config["x"] / epoch
        >>> asha = hpo.ASHA(1, 4, eta=2)
        >>> study = hpo.search(train, {"x": hpo.Float(0, 1)}, scheduler=asha, num_trials=4, seed=0)
        >>> stops = [event for event in study.events if event.kind is EventKind.TRIAL_STOPPED]
        >>> stops[0].trial, stops[0].data["reason"]
        (2, 'rank 2 of 2 at epoch 2, where at most 1 go on')
    """

    # As a kind equals its text. That of an enum is another one, and slow.
    __hash__ = str.__hash__

    STUDY_CREATED = "study_created"
    """The first event: space, metrics, seed, versions."""

    METRICS_CHOSEN = "metrics_chosen"
    """The metrics' names, where the first result chose them and not the user."""

    BACKEND_CHOSEN = "backend_chosen"
    """Which backend and device the study uses, and why."""

    TRIAL_STARTED = "trial_started"
    """A config goes under evaluation; with `attempt + 1`, it goes on after a pause or an interruption."""

    REPORTED = "reported"
    """The metrics of one epoch of a trial."""

    CHECKPOINTED = "checkpointed"
    """A checkpoint of a trial's epoch was written."""

    TRIAL_PAUSED = "trial_paused"
    """A scheduler lets a trial wait, and why; another start lets it go on."""

    TRIAL_STOPPED = "trial_stopped"
    """A scheduler ended a trial before its time, and why: its last report is its result."""

    TRIAL_COMPLETED = "trial_completed"
    """A trial ended with a result: its last report, unless the event holds metrics of its own."""

    TRIAL_FAILED = "trial_failed"
    """A trial ended without a result, and why."""

    TEST_SET_OPENED = "test_set_opened"
    """The sealed test set was opened for a trial's config: its metrics there."""

    REPLICATED = "replicated"
    """A trial's config was trained once more, on another draw (`attempt` is its number): its metrics."""

    NONDETERMINISTIC = "nondeterministic"
    """A trial that was run again reported something else than the log has; what the log has counts."""

    COHORT_PLANNED = "cohort_planned"
    """How many trials of one kind train together, and why; a resumption obeys it."""

    COHORT_FORMED = "cohort_formed"
    """From an epoch on these trials train together, the event's trial as the first of them."""

    NOTED = "noted"
    """A remark on the study as a whole, such as which data it used and why."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a study's log. Its place in `study.events` is its number.

    No two events of a study agree in kind, trial, attempt and epoch, those of kind NOTED apart.

    Attributes:
        kind: what happened.
        trial: the trial's id; None for what concerns the study.
        attempt: which evaluation of the trial's config this is, from 0.
        epoch: the epoch that was reported, from 1.
        text: the content, a JSON object.
        time: when, in seconds since 1970 by the computer's clock; no part of equality.
        elapsed: seconds that the study had been worked on by then, by a clock that never goes back;
            no part of equality.

    Example:
        >>> import hpo
        >>> def train(config):
        ...     yield config["x"]
        ...     yield config["x"] / 2
        >>> study = hpo.search(train, {"x": hpo.Constant(3.0)}, minimize="loss", num_trials=1, seed=0)
        >>> for event in study.events:
        ...     print(event.kind.value, event.trial, event.epoch)
        study_created None None
        backend_chosen None None
        trial_started 0 None
        reported 0 1
        reported 0 2
        trial_completed 0 None
        >>> study.events[3].data
        {'loss': 3.0}
    """

    kind: EventKind
    trial: int | None = None
    attempt: int = 0
    epoch: int | None = None
    text: str = "{}"
    time: float = field(default=0.0, compare=False)
    elapsed: float = field(default=0.0, compare=False)

    @property
    def data(self) -> dict[str, Any]:
        """The content, a fresh dictionary at each access."""
        content: dict[str, Any] = _decode(self.text)[0]
        return content


MOST_LETTERS = 2**26
"""How long the text of an event may be. One that is longer fills the memory of its reader."""

# One NaN object for all, so that two readings of a log are equal: NaN equals only itself, by identity.
_STRINGS = {str(value): value for value in (math.nan, math.inf, -math.inf)}
# As `json.loads`, which looks for white space around it: a large study is read one event at a time.
_decode = json.JSONDecoder().raw_decode
# Not as Python does by default: it writes NaN, which JSON does not have, and spaces in every event.
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def to_text(data: Mapping[str, Any]) -> str:
    """An event's content as JSON text.

    Raises:
        TypeError: something in it is not of JSON; the text shows the content.
        ValueError: it is longer than `MOST_LETTERS`.
    """
    try:
        text = _encode(data)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"A study's log holds JSON values: finite numbers, strings, True, False, None, lists and "
            f"dictionaries of them; received {data!r} ({error})."
        ) from error
    if len(text) > MOST_LETTERS:
        raise ValueError(
            f"An event of a study's log has at most {MOST_LETTERS} letters; received {len(text)}, which "
            f"begin with {text[:80]!r}. Keep large things in a file, and its path in the study."
        )
    return text


def metrics_to_json(metrics: Mapping[str, float]) -> dict[str, float | str]:
    """Metrics for an event; JSON has no NaN and no infinity, so these become strings."""
    return {name: value if math.isfinite(value) else str(value) for name, value in metrics.items()}


def metrics_from_json(document: Mapping[str, float | str]) -> dict[str, float]:
    """Metrics out of an event: the inverse of `metrics_to_json`."""
    return {name: _STRINGS[v] if isinstance(v, str) else float(v) for name, v in document.items()}
