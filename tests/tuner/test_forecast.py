"""The forecast of recorded searches, held against when they ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.storage.events import Event, EventKind
from hpo.tuner.progress.pace import Pace
from hpo.tuner.progress.price import Price, price_of

LOGS = sorted((Path(__file__).parent / "recorded").glob("*.json"))
FACTOR = 1.5
"""As far off a forecast may be."""


class Recorded:
    """A search as it was recorded by `recorded/record.py`."""

    def __init__(self, path: Path) -> None:
        document: dict[str, Any] = json.loads(path.read_text())
        self.num_trials: int = document["num_trials"]
        self.epochs: int = document["epochs"]
        self.scheduler = None if document["scheduler"] is None else hpo.ASHA(*document["scheduler"])
        self.events = [
            Event(EventKind(kind), trial, attempt, epoch, json.dumps(data), elapsed=elapsed)
            for kind, trial, attempt, epoch, elapsed, data in document["events"]
        ]
        self.seconds = self.events[-1].elapsed

    def price(self) -> Price | None:
        return None if self.scheduler is None else price_of(self.scheduler, self.num_trials, self.epochs)

    def paced(self) -> Iterator[tuple[Event, Pace]]:
        """Each event, and how far the search is with it."""
        price = self.price()
        pace = Pace(self.num_trials, self.epochs, None if price is None else price.expected)
        for event in self.events:
            pace.take(event)
            yield event, pace


def test_searches_of_each_kind_were_recorded() -> None:
    names = {path.stem for path in LOGS}
    assert {"fused", "serial", "workers", "workers-fused", "asha-fused", "asha-serial"} <= names


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_the_forecast_is_right_within_a_factor(path: Path) -> None:
    recorded = Recorded(path)
    forecasts = [
        (event.elapsed / recorded.seconds, (event.elapsed + pace.seconds_left) / recorded.seconds)
        for event, pace in recorded.paced()
        if pace.seconds_left is not None
    ]
    # A twentieth of the search is one or two epochs, whose times differ.
    judged = [(when, said) for when, said in forecasts if when > 0.05]
    assert judged[0][0] < 0.7
    assert [(when, said) for when, said in judged if not 1 / FACTOR < said < FACTOR] == []


@pytest.mark.parametrize("path", [path for path in LOGS if "asha" in path.stem], ids=lambda path: path.stem)
def test_the_price_is_right_within_a_factor(path: Path) -> None:
    recorded = Recorded(path)
    price = recorded.price()
    assert price is not None
    # Processes that start are no part of what epochs cost.
    begun = next(event.elapsed for event in recorded.events if event.kind is EventKind.REPORTED)
    trained = recorded.seconds - (begun if "workers" in path.stem else 0)
    for event, pace in recorded.paced():
        if event.kind is EventKind.REPORTED and event.trial is not None:
            is_due = price.came(event.trial, event.epoch or 0)
            if is_due and pace.seconds_a_unit is not None:
                assert 1 / FACTOR < price.expected * pace.seconds_a_unit / trained < FACTOR
                return
    pytest.fail("the price was never told")


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_at_the_end_nothing_is_left(path: Path) -> None:
    *_, (_, pace) = Recorded(path).paced()
    assert pace.done == pace.total
    assert pace.seconds_left == 0
