"""Several tuners on one study."""

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hpo
from hpo.storage import leases
from hpo.storage.events import EventKind

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


def test_a_tuner_that_is_back_late_leaves_its_trial_to_the_one_that_took_it_over(tmp_path: Path) -> None:
    late = tuner(tmp_path / "s.db")
    trial = late.ask()
    late._lifecycle._by_hand.clear()
    late._lifecycle.leave()
    study = tuner(tmp_path / "s.db").run()
    with pytest.raises(ValueError, match="Only a running trial takes results; trial 0 is completed"):
        late.tell(trial, 100.0)
    assert hpo.load_study(tmp_path / "s.db").trials == study.trials


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


class Beats:
    """A log that tells how often each tuner said that it is alive."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def beats(self) -> dict[str, int]:
        return self.counts


FAR = "another-computer/17/123/ab"


def test_a_tuner_on_another_computer_is_gone_when_its_beats_stand_still(monkeypatch: Any) -> None:
    clock, log = Clock(), Beats()
    monkeypatch.setattr(leases, "time", clock)
    watch = leases.LeaseWatch(log, seconds=60)  # type: ignore[arg-type]  # of a log it needs the beats
    log.counts[FAR] = 5
    assert not watch.is_gone(FAR)
    clock.now = 59
    assert not watch.is_gone(FAR)
    clock.now = 61
    assert watch.is_gone(FAR)


def test_a_tuner_that_goes_on_beating_is_never_gone(monkeypatch: Any) -> None:
    clock, log = Clock(), Beats()
    monkeypatch.setattr(leases, "time", clock)
    watch = leases.LeaseWatch(log, seconds=60)  # type: ignore[arg-type]
    for beat in range(10):
        log.counts[FAR] = beat
        clock.now += 50
        assert not watch.is_gone(FAR)


def test_a_process_whose_number_was_given_again_is_gone() -> None:
    owner = f"{socket.gethostname()}/{os.getppid()}/1/ab"
    assert leases.LeaseWatch(Beats()).is_gone(owner)  # type: ignore[arg-type]


def test_a_clock_that_goes_backwards_harms_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    moments = iter(range(10**6, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(moments)))
    tuner(tmp_path / "s.db").run(3)
    study = tuner(tmp_path / "s.db").run()
    elapsed = [event.elapsed for event in study.events]
    assert elapsed == sorted(elapsed)
    assert all(trial.seconds is not None and trial.seconds >= 0 for trial in study.trials)
    assert list(study.incumbents().num_trials) == [1, 2, 3, 4, 5, 6]
