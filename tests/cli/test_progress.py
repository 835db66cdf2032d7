"""The forecast, and the live bar in a terminal."""

import io

import pytest
from rich.console import Console

import hpo
from hpo.cli.pace import Pace, spoken
from hpo.cli.progress import SearchProgress
from hpo.storage.events import Event, EventKind
from hpo.testing.small_tasks import SmallTask


def event(kind: EventKind, elapsed: float, trial: int = 0, epoch: int | None = None) -> Event:
    text = '{"config": {}, "proposal": 0}' if kind is EventKind.TRIAL_STARTED else "{}"
    return Event(kind, trial, epoch=epoch, text=text, elapsed=elapsed)


def test_the_forecast_after_the_first_epoch_is_that_epoch_times_the_rest() -> None:
    pace = Pace(num_trials=3, epochs=4)
    pace.take(event(EventKind.TRIAL_STARTED, 1.0))
    assert pace.seconds_left is None
    pace.take(event(EventKind.REPORTED, 3.0, epoch=1))
    assert pace.seconds_left == pytest.approx(2.0 * 11)


def test_a_trial_that_fails_early_takes_its_other_epochs_with_it() -> None:
    pace = Pace(num_trials=2, epochs=10)
    pace.take(event(EventKind.TRIAL_STARTED, 0.0))
    pace.take(event(EventKind.REPORTED, 1.0, epoch=1))
    pace.take(event(EventKind.TRIAL_FAILED, 1.0))
    assert pace.done == 10
    assert pace.seconds_left == pytest.approx(10.0)


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


def test_trials_that_train_together_are_waited_for_before_the_forecast() -> None:
    pace = Pace(num_trials=4, epochs=10)
    for trial in range(4):
        pace.take(event(EventKind.TRIAL_STARTED, 0.0, trial=trial))
    pace.take(Event(EventKind.COHORT_FORMED, 0, epoch=0, text='{"trials":[0,1,2,3]}'))
    for trial in range(3):
        pace.take(event(EventKind.REPORTED, 2.0, trial=trial, epoch=1))
        assert pace.seconds_left is None
    pace.take(event(EventKind.REPORTED, 2.0, trial=3, epoch=1))
    assert pace.seconds_left == pytest.approx(2.0 * 9)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "under 1 s"), (45, "45 s"), (200.4, "3 min 20 s"), (7505, "2 h 05 min")],
)
def test_durations_are_said_in_words(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


@pytest.mark.parametrize(("height", "shown"), [(40, 12), (14, 10), (5, 8)])
def test_a_terminal_shows_all_that_train_together_if_it_has_room(height: int, shown: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=height, color_system=None)
    progress = SearchProgress(console, num_trials=12, epochs=4)
    seen: list[str] = []

    def look(event: Event, study: hpo.Study) -> None:
        if event.kind is EventKind.REPORTED and event.trial == 11 and event.epoch == 2:
            with console.capture() as capture:
                console.print(progress._render())
            seen.append(capture.get())

    hpo.search(
        SmallTask(),
        {"learning_rate": hpo.Float(1e-3, 0.1)},
        minimize="val_loss",
        num_trials=12,
        seed=0,
        backend="numpy",
        callbacks=[progress.on_event, look],
    )
    [text] = seen
    assert text.count(", epoch 2, val_loss ") == shown
    assert (f"... and {12 - shown} more trials run" in text) == (shown < 12)


@pytest.mark.parametrize("width", [30, 100])
def test_a_terminal_shows_the_incumbent_and_no_line_is_wider_than_it(width: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    progress = SearchProgress(console, num_trials=4, epochs=None)
    hpo.search(
        lambda config: abs(config["x"]),
        {"x": hpo.Int(-5, 5)},
        num_trials=3,
        seed=0,
        callbacks=[progress.on_event],
    )
    with console.capture() as capture:
        console.print(progress._render())
    lines = capture.get().splitlines()
    assert any("3/4 trials" in line for line in lines)
    assert any(line.startswith("best value ") for line in lines)
    assert all(len(line) <= width for line in lines)
