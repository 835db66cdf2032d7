"""Several tuners on one study."""

import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hpo
from hpo.datasets import fashion_mnist
from hpo.storage import leases
from hpo.storage.events import Event, EventKind
from hpo.storage.identity import this_process
from hpo.tasks import SoftmaxTask

PARTNER = Path(__file__).with_name("partner.py")
SPACE = {"x": hpo.Float(0, 1)}


def square(config: dict[str, Any]) -> float:
    return float(config["x"] ** 2)


def tuner(file: Path, objective: Any = square, num_trials: int = 6, **options: Any) -> hpo.Tuner:
    return hpo.Tuner(
        objective, SPACE, num_trials=num_trials, seed=0, storage=file, name="shared", resume=True, **options
    )


def test_four_processes_share_the_trials_of_a_study_that_none_of_them_made_before(tmp_path: Path) -> None:
    command = [sys.executable, str(PARTNER), str(tmp_path / "s.db"), "60", "4"]
    partners = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [partner.communicate(timeout=120)[0] for partner in partners]
    assert outputs == ["60\n"] * 4
    study = hpo.load_study(tmp_path / "s.db")
    assert [trial.proposal for trial in study.trials] == list(range(60))
    alone = hpo.search(square, SPACE, num_trials=60, seed=0)
    assert [trial.value for trial in study.trials] == [trial.value for trial in alone.trials]
    owners = Counter(e.data["owner"] for e in study.events if e.kind is EventKind.TRIAL_STARTED)
    assert len(owners) == 4


def test_two_tuners_by_turns_see_what_the_other_did(tmp_path: Path) -> None:
    one, other = tuner(tmp_path / "s.db"), tuner(tmp_path / "s.db")
    one.run(2)
    other.run(4)
    assert one.run().num_completed == 6
    assert other.run() == one.study == hpo.search(square, SPACE, num_trials=6, seed=0, name="shared")


def interrupted(file: Path) -> hpo.Tuner:
    """A tuner that Ctrl-C ended in its second trial."""

    def broken_off(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
        if trial.id == 1:
            raise KeyboardInterrupt
        return square(config)

    first = tuner(file, broken_off)
    with pytest.raises(hpo.SearchInterrupted, match="The same call with resume=True goes on from there"):
        first.run()
    return first


def test_the_trial_of_an_interrupted_tuner_is_taken_over_in_the_same_process(tmp_path: Path) -> None:
    interrupted(tmp_path / "s.db")
    with pytest.warns(UserWarning, match="objective of the study 'shared' changed since it was created"):
        study = tuner(tmp_path / "s.db").run()
    assert [trial.attempt for trial in study.trials] == [0, 1, 0, 0, 0, 0]


@pytest.fixture
def _stealing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tuner takes all others for gone."""
    monkeypatch.setattr(leases.LeaseWatch, "is_gone", lambda self, owner: True)


@pytest.mark.usefixtures("_stealing")
@pytest.mark.parametrize("by_id", [False, True])
def test_what_is_told_late_is_dropped_and_the_loop_by_hand_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, by_id: bool
) -> None:
    late = tuner(tmp_path / "s.db")
    told, reported = late.ask(), late.ask()
    study = tuner(tmp_path / "s.db").run(num_trials=4)
    assert late.tell(told.id if by_id else told, 100.0) == study.trials[told.id]
    assert not late.report(reported.id if by_id else reported, 100.0).goes_on
    assert [message.partition(",")[0] for message in caplog.messages] == [
        "Another tuner took over trial 0",
        "Another tuner took over trial 1",
    ]
    alone = hpo.search(square, SPACE, num_trials=6, seed=0, name="shared")
    assert late.run().trials == tuner(tmp_path / "s.db").study.trials == alone.trials


def steps(config: dict[str, Any]) -> Iterator[float]:
    for epoch in range(1, 4):
        yield float(config["x"]) / epoch


SOFTMAX = SoftmaxTask(max_epochs=2, data=fashion_mnist("sample"))
LATE: dict[str, tuple[Any, dict[str, Any]]] = {
    "a number": (square, {}),
    "reports": (steps, {"scheduler": hpo.ASHA(1, 3, eta=3)}),
    "workers": (steps, {"workers": 2}),
    "a cohort": (SOFTMAX, {"fuse": 3, "minimize": SOFTMAX.metric}),
    "a cohort in workers": (SOFTMAX, {"fuse": 3, "minimize": SOFTMAX.metric, "workers": 2}),
}


@pytest.mark.usefixtures("_stealing")
@pytest.mark.parametrize("kind", [EventKind.TRIAL_STARTED, EventKind.REPORTED])
@pytest.mark.parametrize("case", LATE)
def test_a_search_goes_on_after_another_one_took_all_its_trials(
    tmp_path: Path, case: str, kind: EventKind
) -> None:
    """As after a suspension that was longer than a lease."""
    others: list[hpo.Study] = []
    objective, differing = LATE[case]
    options: dict[str, Any] = {"num_trials": 6, "seed": 0, "storage": tmp_path / "s.db", "resume": True}
    options |= differing
    space = getattr(objective, "space", SPACE)

    def suspended(event: Event, study: hpo.Study) -> None:
        if event.kind is kind and event.trial == 1 and not others:
            others.append(hpo.search(objective, space, **options))

    study = hpo.search(objective, space, callbacks=suspended, **options)
    assert len(others) == (kind is EventKind.TRIAL_STARTED or case != "a number")
    assert study == hpo.load_study(tmp_path / "s.db")
    alone = hpo.search(objective, space, **(options | {"storage": None, "resume": False}))
    assert [trial.config for trial in study.trials] == [trial.config for trial in alone.trials]
    assert all(trial.finished is not None for trial in study.trials)


def test_the_trial_of_a_tuner_that_nobody_holds_any_more_is_taken_over(tmp_path: Path) -> None:
    dropped = tuner(tmp_path / "s.db")
    dropped.report(dropped.ask(), 0.25)
    del dropped
    assert tuner(tmp_path / "s.db").run().trials[0].attempt == 1


def test_a_search_that_waits_for_another_tuner_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tuner(tmp_path / "s.db")
    trial = other.ask()
    meanwhile = SimpleNamespace(sleep=lambda seconds: other.tell(trial, 0.25))
    monkeypatch.setattr("hpo.tuner.loop.time", meanwhile)
    assert tuner(tmp_path / "s.db").run().num_completed == 6
    [message] = caplog.messages
    assert message == (
        "The search waits for trials that another tuner runs: 0. Ctrl-C ends it and loses nothing."
    )


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class _Beats:
    """A log that tells how often each tuner said that it is alive, and nothing else."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def beats(self) -> dict[str, int]:
        return self.counts


# Of any type: a lease asks a log for no more than that.
Beats: Any = _Beats
HOST, BOOT, TABLE = this_process().split("/")[:3]
FAR = "another-computer/17/123/ab"


def test_a_tuner_on_another_computer_is_gone_when_its_beats_stand_still(monkeypatch: Any) -> None:
    clock, log = Clock(), Beats()
    monkeypatch.setattr(leases, "time", clock)
    watch = leases.LeaseWatch(log, seconds=60)
    log.counts[FAR] = 5
    assert not watch.is_gone(FAR)
    clock.now = 59
    assert not watch.is_gone(FAR)
    clock.now = 61
    assert watch.is_gone(FAR)


def test_a_tuner_that_goes_on_beating_is_never_gone(monkeypatch: Any) -> None:
    clock, log = Clock(), Beats()
    monkeypatch.setattr(leases, "time", clock)
    watch = leases.LeaseWatch(log, seconds=60)
    for beat in range(10):
        log.counts[FAR] = beat
        clock.now += 50
        assert not watch.is_gone(FAR)


def test_a_process_whose_number_was_given_again_is_gone() -> None:
    owner = f"{HOST}/{BOOT}/{TABLE}/{os.getppid()}/1/ab"
    assert leases.LeaseWatch(Beats(), 60).is_gone(owner)


@pytest.mark.parametrize(
    "owner",
    [
        FAR,
        pytest.param(f"{HOST}/17/123/ab", id="of an older version"),
        pytest.param(f"{HOST}/another-boot/{TABLE}/17/123/ab", id="of another boot, or a clone"),
        pytest.param(f"{HOST}/{BOOT}/pid:[1]/17/123/ab", id="of a container"),
        pytest.param("", id="empty"),
        pytest.param("/////", id="slashes"),
        pytest.param(17, id="a number"),
        pytest.param(["a", {}], id="a list"),
        pytest.param("a\ud800/²/\0", id="no text"),
        pytest.param(f"{HOST}/{BOOT}/{TABLE}/{'9' * 5000}/1/ab", id="no process"),
    ],
)
def test_of_an_owner_that_cannot_be_seen_from_here_the_beats_tell(owner: Any, monkeypatch: Any) -> None:
    clock, log = Clock(), Beats()
    monkeypatch.setattr(leases, "time", clock)
    presence = leases.Presence(log)
    for beat in range(3):
        log.counts[str(owner)] = beat
        assert not presence.may_take(owner)
        clock.now += 59
    assert not presence.may_take(owner)
    clock.now += 60
    assert presence.may_take(owner)


@pytest.mark.parametrize("owner", ['"no owner"', "17", '["a"]', '{"a":1}', "true", '"\\ud800"'])
def test_a_malformed_owner_ends_no_resume(owner: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0)
    tuner(tmp_path / "s.db").ask()
    change = "UPDATE hpo_events SET text = json_set(text, '$.owner', json(?)) WHERE kind = 'trial_started'"
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection, connection:
        connection.execute(change, [owner])
    assert tuner(tmp_path / "s.db").run(num_trials=1).trials[0].attempt == 1


def test_a_clock_that_goes_backwards_harms_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    moments = iter(range(10**6, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(moments)))
    tuner(tmp_path / "s.db").run(3)
    study = tuner(tmp_path / "s.db").run()
    elapsed = [event.elapsed for event in study.events]
    assert elapsed == sorted(elapsed)
    assert all(trial.seconds is not None and trial.seconds >= 0 for trial in study.trials)
    assert list(study.incumbents().num_trials) == [1, 2, 3, 4, 5, 6]
