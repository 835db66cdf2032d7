"""The events of each trial, read as they come or all at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.page.document import change
from hpo.page.head import head
from hpo.page.index import Index
from hpo.page.rows import row
from hpo.storage.events import Event, EventKind
from hpo.study.history import History
from tests.page import studies


def test_an_index_that_grows_with_the_study_is_one_that_is_made_at_its_end(study: hpo.Study) -> None:
    events, space = list(study.events), study.history.space
    growing = hpo.Study(History(events[:1], space=space))
    index, rows = Index(growing), dict[int, Any]()
    for place, event in enumerate(events[1:]):
        growing.history.append(event)
        if place % 3 == 0:
            rows |= {number: row(growing, number, index=index) for number in index.read_on()}
            head(growing, index=index)
    rows |= {number: row(growing, number, index=index) for number in index.read_on()}
    afterwards = hpo.Study(History(events, space=space))
    fresh = Index(afterwards)
    for number in range(len(afterwards.trials)):
        assert settled(rows[number]) == settled(row(afterwards, number, index=fresh))
    assert head(growing, index=index) == head(afterwards, index=fresh)


def settled(entries: dict[str, Any]) -> dict[str, Any]:
    """A row without the moment to which its run has come, which moves on without an event of the trial."""
    runs = [[*run[:1], *run[2:]] if run[4] == "running" else run for run in entries.get("runs", [])]
    return entries | {"runs": runs}


def test_with_a_tuner_that_is_gone_all_of_its_runs_ended() -> None:
    def event(kind: EventKind, trial: int, attempt: int, at: float, **data: Any) -> Event:
        return Event(kind, trial, attempt, text=json.dumps(data), elapsed=at)

    beginning = studies.many(1).events[0]
    starts = [
        event(EventKind.TRIAL_STARTED, n, 0, n + 1.0, config=config, proposal=n, owner="a")
        for n, config in enumerate(studies.SPACE.sample(0, n=2))
    ]
    study = hpo.Study(History([beginning, *starts]))
    index = Index(study)
    study.history.append(event(EventKind.TRIAL_STARTED, 0, 1, 9.0, owner="b"))
    assert index.read_on() == {0, 1}
    assert row(study, 1, index=index)["runs"] == [[2.0, 2.0, 0, 0, "interrupted"]]
    assert row(study, 0, index=index)["runs"] == [
        [1.0, 2.0, 0, 0, "interrupted"],
        [9.0, 9.0, 0, 0, "running"],
    ]


def test_the_head_looks_at_no_trial_but_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    many = studies.many(200)
    index, asked, trial = Index(many), list[int](), History.trial

    def counted(history: History, number: int) -> hpo.Trial:
        asked.append(number)
        return trial(history, number)

    monkeypatch.setattr(History, "trial", counted)
    assert head(many, index=index)["best"]["trial"] == many.history.best
    assert asked == [many.history.best]


def test_events_that_were_taken_back_are_read_again(tmp_path: Path) -> None:
    study = studies.asha(tmp_path)
    index = Index(study)
    events = list(study.events)
    study.history.rewind(len(events) - 20)
    for event in events[len(events) - 20 :]:
        study.history.append(event)
    assert index.read_on() == set(range(len(study.trials)))
    assert change(study, "0", index=index) == change(study, "0")
