"""What each kind of event holds.

A field that is not listed is allowed: a newer version writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hpo.storage.events import EventKind
from hpo.study.trial import Direction

LARGEST = 2**63 - 1
"""The largest whole number that a log holds, such as an epoch."""


class Field(NamedTuple):
    """One field of an event's content.

    Attributes:
        name: its name.
        expected: what it holds, as an error says it.
        fits: whether a value is such a one.
        is_needed: whether every event of the kind has it.
    """

    name: str
    expected: str
    fits: Callable[[Any], bool]
    is_needed: bool = True


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_text_or_none(value: Any) -> bool:
    return value is None or type(value) is str


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_positive(value: Any) -> bool:
    return type(value) is int and 0 < value <= LARGEST


def is_measured(value: Any) -> bool:
    """Whether a value is a number as an event holds it: JSON has no NaN and no infinity."""
    if type(value) is float:
        return True
    if type(value) is str:
        return value in ("nan", "inf", "-inf")
    return type(value) is int and abs(value) < 2**1023


def _are_metrics(value: Any) -> bool:
    return type(value) is dict and all(map(is_measured, value.values()))


def _are_trials(value: Any) -> bool:
    return type(value) is list and all(type(trial) is int and 0 <= trial < 2**31 for trial in value)


def _are_names(value: Any) -> bool:
    return type(value) is list and all(map(_is_text, value))


def _are_attempts(value: Any) -> bool:
    return type(value) is list and _are_trials([each for each in value if each is not None])


def _are_goals(value: Any) -> bool:
    return type(value) is list and all(
        type(goal) is dict and _is_text(goal.get("name")) and goal.get("direction") in _DIRECTIONS
        for goal in value
    )


def _is_config(value: Any) -> bool:
    return type(value) is dict


def _are_configs(value: Any) -> bool:
    return type(value) is list and all(map(_is_config, value))


def _is_info(value: Any) -> bool:
    return type(value) is dict and all(
        name not in value or value[name] is None or fits(value[name]) for name, fits in _INFO.items()
    )


def _is_until(value: Any) -> bool:
    return value is None or _is_positive(value)


def _is_copy(value: Any) -> bool:
    return type(value) is dict and _is_count(value.get("trial")) and _is_count(value.get("epoch"))


def _is_objective(value: Any) -> bool:
    return value is None or (type(value) is dict and _is_text(value.get("name")))


def _are_versions(value: Any) -> bool:
    return type(value) is dict and all(map(_is_text, value.values()))


_DIRECTIONS = [direction.value for direction in Direction]
_INFO: dict[str, Callable[[Any], bool]] = {
    "by": _is_text,
    "parent": _is_count,
    "bracket": _is_count,
    "rung": _is_count,
    "reason": _is_text,
}


def _text(name: str) -> Field:
    return Field(name, "a text", _is_text)


def _maybe_text(name: str, *, is_needed: bool = False) -> Field:
    return Field(name, "a text or null", _is_text_or_none, is_needed)


def _metrics(name: str, *, is_needed: bool = True) -> Field:
    return Field(name, "metrics by name", _are_metrics, is_needed)


def _trials(*, is_needed: bool = True) -> Field:
    return Field("trials", "a list of trials", _are_trials, is_needed)


_UNREAD = Field("unread", "a list of names in the config", _are_names, is_needed=False)
"""What the objective did not look at; left out where it looked at all, or where that is not known."""

_GOALS = Field("metrics", "what is optimised, each with a name and a direction", _are_goals)

METRICS: tuple[Field, ...] = (Field("", "a number", is_measured),)
"""Stands for fields of any names, all of which are metrics."""

FIELDS: dict[EventKind, tuple[Field, ...]] = {
    EventKind.STUDY_CREATED: (
        _text("name"),
        Field("seed", "an integer of at least 0", lambda value: type(value) is int and value >= 0),
        _GOALS,
        Field("versions", "versions by name", _are_versions),
        Field("objective", "null, or a name and a fingerprint", _is_objective, is_needed=False),
        _maybe_text("searcher"),
        # Why that one, where the searcher itself chose; older logs leave it out.
        _maybe_text("searcher_reason"),
        _maybe_text("scheduler"),
        Field("replicates", "an integer of at least 1", _is_positive, is_needed=False),
        Field("points", "a list of configs", _are_configs, is_needed=False),
        _maybe_text("space_error"),
        # Which report is a trial's value: "best", or the last one where it is left out.
        Field("value", "'last' or 'best'", lambda value: value in ("last", "best"), is_needed=False),
    ),
    EventKind.METRICS_CHOSEN: (_GOALS,),
    EventKind.BACKEND_CHOSEN: (
        _maybe_text("backend", is_needed=True),
        _text("reason"),
        _maybe_text("device", is_needed=True),
    ),
    EventKind.TRIAL_STARTED: (
        # A start after the first one leaves it out.
        Field("config", "a config", _is_config, is_needed=False),
        Field("info", "remarks by name, as searchers and schedulers make them", _is_info, is_needed=False),
        Field("proposal", "a number from 0", _is_count, is_needed=False),
        Field("until", "an epoch from 1, or null", _is_until, is_needed=False),
        _maybe_text("lost"),
        Field("start_from", "the trial and the epoch of a checkpoint", _is_copy, is_needed=False),
        # The owner may be anything: nothing but its beats tells whether it is gone.
    ),
    EventKind.REPORTED: METRICS,
    EventKind.CHECKPOINTED: (),
    EventKind.TRIAL_PAUSED: (_text("reason"), _UNREAD),
    EventKind.TRIAL_STOPPED: (_text("reason"), _UNREAD),
    EventKind.TRIAL_COMPLETED: (_metrics("metrics", is_needed=False), _maybe_text("reason"), _UNREAD),
    EventKind.TRIAL_FAILED: (
        _text("reason"),
        _maybe_text("traceback"),
        _maybe_text("kind"),
        _maybe_text("cause"),
    ),
    EventKind.TEST_SET_OPENED: (_metrics("metrics"),),
    EventKind.REPLICATED: (_metrics("metrics"),),
    EventKind.NONDETERMINISTIC: (_metrics("logged"), _metrics("received")),
    EventKind.COHORT_PLANNED: (
        _text("kind"),
        Field("members", "a number from 1", _is_positive),
        _text("reason"),
    ),
    EventKind.COHORT_FORMED: (
        _trials(),
        Field("attempts", "a list of attempts", _are_attempts, is_needed=False),
    ),
    # With the topic `command` the text is the command line that searched, without passwords.
    EventKind.NOTED: (_text("topic"), _text("text"), _trials(is_needed=False)),
}
"""The fields of each kind of event. Its trial, attempt and epoch are checked against the events before it."""
