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
from hpo.cli.price import Price
from hpo.cli.screen import is_live, print_line
from hpo.storage.events import Event, EventKind, metrics_from_json
from hpo.study.study import Study
from hpo.study.tables import printable, shown
from hpo.study.trial import Trial

REFRESHES_PER_SECOND = 4
MOST_LINES = 20
MOST_RUNNING = 8
BAR_WIDTHS = (8, 40)


class SearchProgress:
    """Shows what a search does, as its callback. Use as a context manager.

    In a terminal: a bar with the time to go, the trials under way, the incumbent. Elsewhere: the forecast
    after the first epoch, then a line for a trial that ended, `MOST_LINES` at most where the number of
    trials is known. The first failure is shown in full where it happens, since all trials may fail for
    the same reason, and so is what else needs the user's eyes.

    Args:
        console: where.
        num_trials: how many trials there will be; None where it is not known.
        epochs: reports of each; None where it is not known.
        timeout: seconds that the search may take; None for any number.
        price: what a scheduler that stops trials early makes of all the epochs; None where each trial is
            trained to its end.
    """

    def __init__(
        self,
        console: Console,
        *,
        num_trials: int | None,
        epochs: int | None,
        timeout: float | None = None,
        price: Price | None = None,
    ) -> None:
        self._console = console
        self._price = price
        self._pace = Pace(num_trials, epochs, None if price is None else price.expected)
        self._timeout = timeout
        self._best: Trial | None = None
        self._best_text = ""
        self._trials: dict[int, str] = {}
        self._configs: dict[int, str] = {}
        self._paused: dict[int, str] = {}
        self._failed = 0
        self._said: set[str] = set()
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

    def take_up(self, study: Study) -> None:
        """Start where a study is that goes on."""
        for event in study.events:
            self._pace.take(event)
        self._pace.begin_anew()
        self._failed = study.num_failed
        self._take_best(study)

    def on_event(self, event: Event, study: Study) -> None:
        """Take in an event of the study."""
        was_running = event.trial in self._pace.running or event.trial in self._paused
        self._pace.take(event)
        self._updated = time.monotonic()
        if event.kind is EventKind.TRIAL_COMPLETED:
            self._take_best(study)
        if event.trial is None:
            return
        if event.kind is EventKind.TRIAL_STARTED:
            self._begin(event, event.trial, study)
        elif event.kind is EventKind.NONDETERMINISTIC:
            self._say_once("nondeterministic", _nondeterministic(event))
        elif was_running:
            self._go_on(event, event.trial, study)

    def __enter__(self) -> SearchProgress:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _begin(self, event: Event, trial: int, study: Study) -> None:
        data = event.data
        if "lost" in data:
            reason = str(data["lost"]).splitlines()[0]
            print_line(self._console, f"Trial {trial} is run again: {reason}", style="yellow")
        if trial in self._pace.running:
            config = data["config"] if "config" in data else study.trials[trial].config
            self._paused.pop(trial, None)
            self._configs[trial] = _config_text(config)
            self._trials[trial] = f"trial {trial}"

    def _go_on(self, event: Event, trial: int, study: Study) -> None:
        if event.kind is EventKind.REPORTED:
            self._trials[trial] = f"trial {trial}, {_report_text(event, study)}"
            self._tell_forecast()
            self._tell_price(trial, event.epoch or 0)
        elif event.kind is EventKind.TRIAL_PAUSED:
            self._paused[trial] = self._trials.pop(trial)
        elif event.kind is EventKind.TRIAL_FAILED:
            self._failed += 1
            if self._failed == 1:
                print_line(self._console, f"Trial {trial} failed: {event.data['reason']}", style="yellow")
            self._tell_trial(trial, "failed")
        elif event.kind is EventKind.TRIAL_STOPPED:
            self._tell_trial(trial, "stopped")
        elif event.kind is EventKind.TRIAL_COMPLETED:
            self._tell_trial(trial, _value_text(study, study.trials[trial]))

    def _take_best(self, study: Study) -> None:
        if len(study.metrics) == 1 and study.num_completed:
            self._best = study.best
            self._best_text = f"best {_value_text(study, self._best)}"

    def _say_once(self, topic: str, text: str) -> None:
        if topic not in self._said:
            self._said.add(topic)
            print_line(self._console, text, style="yellow")

    def _tell_forecast(self) -> None:
        left = self._seconds_left()
        if self._live is None and self._pace.epochs and left is not None and "forecast" not in self._said:
            self._said.add("forecast")
            print_line(self._console, f"First epoch done; about {spoken(left)} to go.")

    def _tell_price(self, trial: int, epoch: int) -> None:
        seconds = self._pace.seconds_a_unit
        if self._price is not None and self._price.came(trial, epoch) and seconds is not None:
            print_line(self._console, self._price.text(seconds))

    def _tell_trial(self, trial: int, outcome: str) -> None:
        config = self._configs.pop(trial)
        self._trials.pop(trial, None)
        self._paused.pop(trial, None)
        pace = self._pace
        if self._live is not None or not self._is_worth_a_line():
            return
        count = f"{pace.finished}" if pace.num_trials is None else f"{pace.finished}/{pace.num_trials}"
        parts = [f"[{count}] trial {trial}: {config}: {outcome}"]
        if self._best is not None:
            parts.append(f"best so far {shown(self._best.value)}")
        left = self._seconds_left()
        if left and pace.finished != pace.num_trials:
            parts.append(f"about {spoken(left)} to go")
        print_line(self._console, "; ".join(parts))

    def _is_worth_a_line(self) -> bool:
        finished, total = self._pace.finished, self._pace.num_trials
        if total is None:  # each of the first ten, each tenth of the first hundred, and so on
            return set(str(finished)[1:]) <= {"0"}
        # Rounded up, so that there are no more than MOST_LINES.
        return finished % -(-total // MOST_LINES) == 0 or finished == total

    def _render(self) -> Group:
        lines: list[RenderableType] = [self._bar()]
        # Configs come last: they may be long, and a narrow terminal cuts the end.
        under_way = list(self._trials.items())
        # All members of a cohort, as far as the screen has room beside the bar and the incumbent.
        most = max(MOST_RUNNING, self._console.height - 4)
        for trial, state in under_way[:most]:
            text = f"{state}: {self._configs.get(trial, '')}"
            lines.append(Text(printable(text), no_wrap=True, overflow="ellipsis"))
        if len(under_way) > most:
            lines.append(Text(f"... and {len(under_way) - most} more trials run"))
        if self._best is not None:
            text = f"{self._best_text} (trial {self._best.id}): {_config_text(self._best.config)}"
            lines.append(Text(printable(text), style="bold green", no_wrap=True, overflow="ellipsis"))
        return Group(*lines)

    def _bar(self) -> Table:
        pace = self._pace
        unit = "trials" if pace.epochs is None else "epochs"
        count = f"{pace.done}" if pace.total is None else f"{pace.done}/{pace.total}"
        state = f"{count} {unit}, {self._times()}"
        if self._failed:
            state += f", {self._failed} failed"
        low, high = BAR_WIDTHS
        room = self._console.width - len(state) - 2
        grid = Table.grid(padding=(0, 1))
        total, completed = self._length()
        if room >= low and total is not None:
            grid.add_row(ProgressBar(total=total, completed=completed, width=min(room, high)), state)
        else:
            grid.add_row(state)
        return grid

    def _length(self) -> tuple[float | None, float]:
        """How long the bar is and how much of it is done: work, else time, if one of them has an end."""
        if self._pace.total is not None:
            return self._pace.total, self._pace.done
        return self._timeout, time.monotonic() - self._began

    def _times(self) -> str:
        now = time.monotonic()
        left = self._seconds_left()
        if left is None:
            return f"{spoken(now - self._began)} so far"
        # The forecast is as old as the last event; until the next one it counts down.
        return f"{spoken(max(0.0, left - (now - self._updated)))} to go"

    def _seconds_left(self) -> float | None:
        """The forecast as of the last event, at most what the timeout leaves."""
        left = self._pace.seconds_left
        if self._timeout is None:
            return left
        in_time = max(0.0, self._timeout - (self._updated - self._began))
        return in_time if left is None else min(left, in_time)


def _config_text(config: dict[str, object]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in config.items())


def _report_text(event: Event, study: Study) -> str:
    metrics = metrics_from_json(event.data)
    names = [metric.name for metric in study.metrics if metric.name in metrics]
    values = ", ".join(f"{name} {shown(metrics[name])}" for name in names)
    return f"epoch {event.epoch}, {values}"


def _value_text(study: Study, trial: Trial) -> str:
    return ", ".join(f"{metric.name} {shown(trial.metrics[metric.name])}" for metric in study.metrics)


def _nondeterministic(event: Event) -> str:
    return (
        f"Warning: trial {event.trial}, run again, reported something else for epoch {event.epoch} than the "
        f"log has, which counts. The objective is not deterministic."
    )
