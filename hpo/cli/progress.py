"""The progress of a search on the screen: a live bar, or in a file a few lines."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hpo.cli.pace import Pace, spoken
from hpo.cli.screen import is_live, print_line
from hpo.events import Event, EventKind
from hpo.study import Study
from hpo.tables import shown
from hpo.trial import Trial

REFRESHES_PER_SECOND = 4
MOST_LINES = 20
BAR_WIDTHS = (8, 40)


class SearchProgress:
    """Shows what a search does, as its callback. Use as a context manager.

    In a terminal: a bar with the time to go, the trial under way, the incumbent. Elsewhere: the forecast
    after the first epoch, then a line for a trial that ended, `MOST_LINES` at most. The first failure is
    shown in full where it happens, since all trials may fail for the same reason.

    Args:
        console: where.
        num_trials: how many trials there will be.
        epochs: reports of each; None where nobody knows.
    """

    def __init__(self, console: Console, *, num_trials: int, epochs: int | None) -> None:
        self._console = console
        self._pace = Pace(num_trials, epochs)
        self._best: Trial | None = None
        self._best_text = ""
        self._state = ""
        self._config = ""
        self._failed = 0
        self._forecast_shown = False
        self._began = self._updated = time.monotonic()
        self._live = (
            Live(
                get_renderable=self._render,
                console=console,
                transient=True,
                refresh_per_second=REFRESHES_PER_SECOND,
            )
            if is_live(console)
            else None
        )

    def on_event(self, event: Event, study: Study) -> None:
        """Take in an event of the study."""
        self._pace.take(event)
        self._updated = time.monotonic()
        if event.trial is None:
            return
        if event.kind is EventKind.TRIAL_STARTED:
            self._config = _config_text(event.data["config"])
            self._state = f"trial {event.trial}"
        elif event.kind is EventKind.REPORTED:
            self._state = f"trial {event.trial}, {_metric_text(event, study)}"
            self._tell_forecast()
        elif event.kind is EventKind.TRIAL_FAILED:
            self._failed += 1
            if self._failed == 1:
                print_line(
                    self._console, f"Trial {event.trial} failed: {event.data['reason']}", style="yellow"
                )
            self._tell_trial(event.trial, "failed")
        elif event.kind is EventKind.TRIAL_COMPLETED:
            self._best = study.best if len(study.metrics) == 1 else None
            self._best_text = f"best {_value_text(study, self._best)}" if self._best else ""
            self._tell_trial(event.trial, _value_text(study, study.trials[event.trial]))

    def __enter__(self) -> SearchProgress:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _tell_forecast(self) -> None:
        left = self._pace.seconds_left
        if self._live is None and not self._forecast_shown and self._pace.epochs and left is not None:
            self._forecast_shown = True
            print_line(self._console, f"First epoch done; about {spoken(left)} to go.")

    def _tell_trial(self, trial: int, outcome: str) -> None:
        pace = self._pace
        every = -(-pace.num_trials // MOST_LINES)
        if self._live is not None or (pace.finished % every and pace.finished != pace.num_trials):
            return
        parts = [f"[{pace.finished}/{pace.num_trials}] trial {trial}: {self._config}: {outcome}"]
        if self._best is not None:
            parts.append(f"best so far {shown(self._best.value)}")
        if pace.seconds_left and pace.finished < pace.num_trials:
            parts.append(f"about {spoken(pace.seconds_left)} to go")
        print_line(self._console, "; ".join(parts))

    def _render(self) -> Group:
        lines: list[RenderableType] = [self._bar()]
        # Configs come last: they may be long, and a narrow terminal cuts the end.
        lines.append(Text(f"{self._state}: {self._config}", no_wrap=True, overflow="ellipsis"))
        if self._best is not None:
            text = f"{self._best_text} (trial {self._best.id}): {_config_text(self._best.config)}"
            lines.append(Text(text, style="bold green", no_wrap=True, overflow="ellipsis"))
        return Group(*lines)

    def _bar(self) -> Table:
        pace = self._pace
        unit = "trials" if pace.epochs is None else "epochs"
        state = f"{pace.done}/{pace.total} {unit}, {self._times()}"
        if self._failed:
            state += f", {self._failed} failed"
        low, high = BAR_WIDTHS
        room = self._console.width - len(state) - 2
        grid = Table.grid(padding=(0, 1))
        if room >= low:
            grid.add_row(ProgressBar(total=pace.total, completed=pace.done, width=min(room, high)), state)
        else:
            grid.add_row(state)
        return grid

    def _times(self) -> str:
        now = time.monotonic()
        left = self._pace.seconds_left
        if left is None:
            return f"{spoken(now - self._began)} so far"
        return f"{spoken(max(0.0, left - (now - self._updated)))} to go"


def _config_text(config: dict[str, object]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in config.items())


def _metric_text(event: Event, study: Study) -> str:
    names = [metric.name for metric in study.metrics if metric.name in event.data]
    values = ", ".join(f"{name} {shown(event.data[name])}" for name in names)
    return f"epoch {event.epoch}, {values}"


def _value_text(study: Study, trial: Trial) -> str:
    return ", ".join(f"{metric.name} {shown(trial.metrics[metric.name])}" for metric in study.metrics)
