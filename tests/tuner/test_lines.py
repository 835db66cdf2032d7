"""The lines of a search in a pipe: which are written, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import hpo
from hpo.tuner.progress.callback import SearchProgress
from hpo.tuner.progress.lines import Lines, LinesApart
from hpo.tuner.progress.price import price_of
from hpo.tuner.progress.status import EndedTrial, Status

SPACE = {"x": hpo.Float(0, 1)}


class TestLinesApart:
    """At most a line a second."""

    @pytest.fixture
    def said(self) -> list[str]:
        return []

    @pytest.fixture
    def now(self) -> list[float]:
        return [0.0]

    @pytest.fixture
    def lines(self, said: list[str], now: list[float]) -> LinesApart:
        return LinesApart(lambda text, is_warning: said.append(text), clock=lambda: now[0])

    @staticmethod
    def ended(trial: int, reason: str | None = None, num_failed: int = 0) -> Any:
        return EndedTrial(trial, reason, trial + 1, num_failed, lambda: f"trial {trial}")

    def test_trials_in_between_are_counted_and_the_last_one_is_told(
        self, lines: LinesApart, said: list[str], now: list[float]
    ) -> None:
        for trial in range(5):
            lines.trial_ended(self.ended(trial))
        assert said == ["trial 0"]
        now[0] = 1.0
        lines.tick()
        assert said == ["trial 0", "trial 4 (4 trials since the last line)"]

    def test_every_failure_is_told_by_its_trial(
        self, lines: LinesApart, said: list[str], now: list[float]
    ) -> None:
        lines.trial_ended(self.ended(0))
        for trial in range(1, 13):
            lines.trial_ended(self.ended(trial, f"reason {trial}", num_failed=trial + 1))
        lines.trial_ended(self.ended(13))
        lines.close(None)
        assert said[1] == "Trials 1, 2, 3, 4, 5, 6, 7, 8 and 4 more failed, the last one: reason 12"
        assert said[2].startswith("trial 13 (13 trials since")

    def test_the_last_failure_has_its_reason_too(
        self, lines: LinesApart, said: list[str], now: list[float]
    ) -> None:
        lines.trial_ended(self.ended(0, "first", num_failed=1))
        lines.trial_ended(self.ended(1))
        lines.trial_ended(self.ended(2, "second", num_failed=2))
        now[0] = 1.0
        lines.tick()
        assert said[1:] == ["Trial 2 failed: second", "trial 2 (2 trials since the last line)"]

    def test_at_the_end_the_summary_stands_for_all_that_did_not_fail(
        self, lines: LinesApart, said: list[str]
    ) -> None:
        lines.begin(Status(num_trials=3, epochs=None), ["header"])
        lines.trial_ended(self.ended(0, "first", num_failed=1))
        lines.trial_ended(self.ended(1, "second", num_failed=2))
        lines.trial_ended(self.ended(2))
        lines.close("summary")
        assert said == ["header", "trial 0", "Trial 1 failed: second", "summary"]


class Said(Lines):
    """Keeps what a search says."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        super().__init__(lambda text, is_warning: self.texts.append(text))


def forecasts(said: list[str]) -> list[str]:
    return [text for text in said if text.startswith("First ")]


@pytest.mark.parametrize(("seconds", "num_forecasts"), [(0.001, 0), (10.0, 2)])
def test_a_forecast_is_said_where_it_is_worth_reading(seconds: float, num_forecasts: int) -> None:
    now, display, scheduler = [0.0], Said(), hpo.SuccessiveHalving(1, 9)
    price = price_of(scheduler, 9, 9)
    status = Status(num_trials=9, epochs=9, price=price, clock=lambda: now[0])

    def objective(config: dict[str, Any]) -> Iterator[float]:
        for _ in range(9):
            now[0] += seconds
            yield config["x"]

    hpo.search(
        objective,
        SPACE,
        num_trials=9,
        seed=0,
        scheduler=scheduler,
        progress=SearchProgress(display, status, price=price),
    )
    assert len(forecasts(display.texts)) == num_forecasts
    assert not [
        text for text in display.texts if "about under" in text or "-" in text.partition("; about")[2]
    ]
