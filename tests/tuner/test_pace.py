"""How far a search is, and when it will be done."""

import pytest

from hpo.storage.events import Event, EventKind
from hpo.tuner.progress.pace import Pace
from hpo.tuner.progress.words import about, spoken


def event(kind: EventKind, elapsed: float, trial: int = 0, epoch: int | None = None) -> Event:
    text = '{"config": {}, "proposal": 0}' if kind is EventKind.TRIAL_STARTED else "{}"
    return Event(kind, trial, epoch=epoch, text=text, elapsed=elapsed)


def test_the_forecast_after_the_first_epoch_is_that_epoch_times_the_rest() -> None:
    pace = Pace(num_trials=3, epochs=4)
    pace.take(event(EventKind.TRIAL_STARTED, 1.0))
    assert pace.seconds_left is None
    pace.take(event(EventKind.REPORTED, 31.0, epoch=1))
    assert pace.seconds_left == pytest.approx(30.0 * 11)


def test_a_short_first_epoch_says_nothing_and_its_warm_up_is_not_multiplied() -> None:
    pace = Pace(num_trials=1, epochs=10)
    pace.take(event(EventKind.TRIAL_STARTED, 0.0))
    pace.take(event(EventKind.REPORTED, 5.0, epoch=1))
    assert pace.seconds_left is None
    pace.take(event(EventKind.REPORTED, 5.5, epoch=2))
    assert pace.seconds_left == pytest.approx(0.5 * 8)


def test_a_trial_that_fails_early_takes_its_other_epochs_with_it() -> None:
    pace = Pace(num_trials=2, epochs=10)
    pace.take(event(EventKind.TRIAL_STARTED, 0.0))
    pace.take(event(EventKind.REPORTED, 1.0, epoch=1))
    pace.take(event(EventKind.REPORTED, 2.0, epoch=2))
    pace.take(event(EventKind.TRIAL_FAILED, 2.0))
    assert pace.done == 10
    assert pace.seconds_left == pytest.approx(10.0)


def test_processes_share_the_trials_that_wait() -> None:
    pace = Pace(num_trials=5, epochs=2)
    for trial in (0, 1):
        pace.take(event(EventKind.TRIAL_STARTED, 0.0, trial=trial))
    for epoch in (1, 2):
        for trial in (0, 1):
            pace.take(event(EventKind.REPORTED, 30.0 * epoch, trial=trial, epoch=epoch))
    # Two of the three that are left run side by side, and the last one alone.
    assert pace.seconds_left == pytest.approx(2 * 60.0)


def test_where_the_epochs_are_not_known_the_forecast_comes_after_the_first_trial() -> None:
    pace = Pace(num_trials=5, epochs=None)
    pace.take(event(EventKind.TRIAL_STARTED, 0.0))
    pace.take(event(EventKind.REPORTED, 1.0, epoch=1))
    assert pace.seconds_left is None
    pace.take(event(EventKind.TRIAL_COMPLETED, 2.0))
    assert pace.seconds_left == pytest.approx(8.0)


def test_more_reports_than_epochs_do_not_pass_the_end() -> None:
    pace = Pace(num_trials=1, epochs=1)
    pace.take(event(EventKind.TRIAL_STARTED, 0.0))
    for epoch in (1, 2, 3):
        pace.take(event(EventKind.REPORTED, float(epoch), epoch=epoch))
    assert pace.done == pace.total == 1


def test_trials_that_train_together_take_the_time_of_one() -> None:
    pace = Pace(num_trials=4, epochs=10)
    for trial in range(4):
        pace.take(event(EventKind.TRIAL_STARTED, 0.0, trial=trial))
    pace.take(Event(EventKind.COHORT_FORMED, 0, epoch=0, text='{"trials":[0,1,2,3]}'))
    for trial in range(4):
        pace.take(event(EventKind.REPORTED, 20.0, trial=trial, epoch=1))
        assert pace.seconds_left == pytest.approx(20.0 * 9)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "under 1 s"), (45, "45 s"), (200.4, "3 min 20 s"), (7505, "2 h 05 min")],
)
def test_durations_are_said_in_words(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


def test_an_estimate_is_never_about_under_a_second() -> None:
    assert [about(seconds) for seconds in (0.2, 20)] == ["under 1 s", "about 20 s"]


def test_trials_that_a_scheduler_ended_are_no_work_that_is_left() -> None:
    pace = Pace(num_trials=2, epochs=9, expected=30)
    for trial in (0, 1):
        pace.take(event(EventKind.TRIAL_STARTED, 0.0, trial=trial))
    assert pace.total == 18
    pace.take(event(EventKind.REPORTED, 1.0, trial=0, epoch=1))
    pace.take(event(EventKind.TRIAL_STOPPED, 1.0, trial=0))
    assert pace.total == 10
