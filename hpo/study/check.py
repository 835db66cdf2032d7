"""The check of an event that was read.

A log may have been damaged, edited or written by another program. Each event is checked once, where it is
taken into a study. Everything after that relies on what `hpo.study.content` says.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from hpo.storage.events import MOST_LETTERS, Event
from hpo.study.content import FIELDS, METRICS, is_measured
from hpo.study.trial import Metric

DEEPEST = 200
"""How deep lists and dictionaries of an event may lie in each other."""

_LONGEST = 600


def content_of(event: Event) -> dict[str, Any]:
    """The content of an event that was read, checked.

    Raises:
        ValueError: it is not what an event of its kind holds; the text says what was expected and received.
    """
    data = _decoded(event.text)
    fields = FIELDS[event.kind]
    if fields is METRICS:
        for number in data.values():
            # Most are floats, and a long log has many.
            if type(number) is not float and not is_measured(number):
                _refuse('numbers, "nan", "inf" or "-inf" by name', data)
        return data
    for name, expected, fits, is_needed in fields:
        if name not in data:
            if is_needed:
                _refuse(f"{name!r}, {expected}", data)
        elif not fits(data[name]):
            _refuse(f"{name!r} to be {expected}", data[name])
    return data


def check_measured(metrics: Sequence[Metric], document: Mapping[str, Any], *, finite: bool = False) -> None:
    """Refuse results that lack what a study optimises.

    Args:
        metrics: what it optimises.
        document: the results, as an event holds them.
        finite: whether NaN and infinity are refused, too.

    Raises:
        ValueError: a metric is missing or not finite, or none was chosen yet.
    """
    if not metrics:
        raise ValueError("expected what the study optimises before the first result")
    for metric in metrics:
        if metric.name not in document:
            _refuse(f"{shown(metric.name)}, which the study optimises", document)
        if finite and not math.isfinite(float(document[metric.name])):
            _refuse(f"a finite {shown(metric.name)}", document[metric.name])


def shortened(text: str) -> str:
    """A text without its middle, if it is long."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"


def shown(value: object) -> str:
    """A value as an error shows it: not longer than a line or two."""
    return _SHORT.repr(value)


def _decoded(text: str) -> dict[str, Any]:
    # A longer one fills the memory as it is decoded.
    if len(text) > MOST_LETTERS:
        _refuse(f"a text of at most {MOST_LETTERS} letters", text)
    try:
        data, end = _scan(text, 0)
    except (ValueError, RecursionError, StopIteration) as error:
        raise ValueError(f"expected a JSON object; received {shown(text)} ({error})") from error
    if type(data) is not dict or end != len(text):
        _refuse("a JSON object and nothing after it", text)
    # A shorter text has not enough brackets.
    if end > 2 * DEEPEST and _is_too_deep(data):
        _refuse(f"lists and dictionaries at most {DEEPEST} deep", text)
    return data


def _is_too_deep(data: dict[str, Any]) -> bool:
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        held = [value.values() if type(value) is dict else value for value in level]
        level = [inner for values in held for inner in values if type(inner) in (dict, list)]
        if not level:
            return False
    return True


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")


def _refuse(expected: str, received: object) -> NoReturn:
    raise ValueError(f"expected {expected}; received {shown(received)}")


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 80
# What `json.loads` calls after it has looked for white space: a large study is read one event at a time.
_scan = json.JSONDecoder(parse_constant=_no_number).scan_once  # type: ignore[attr-defined]  # typeshed lacks it
