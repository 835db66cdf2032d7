"""The study: a read-only view of everything that was tried."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from hpo.checks import checked_count
from hpo.errors import ObjectiveError
from hpo.space import Space
from hpo.storage.events import Event
from hpo.study import ranks
from hpo.study.excerpt import MOST_ROWS, excerpt, other_metrics
from hpo.study.hints import Hint, find_hints
from hpo.study.history import History
from hpo.study.logged import Tested
from hpo.study.notes import SEARCH, Note, search_text, summary
from hpo.study.ranks import Confirmed, Incumbents, confirmed
from hpo.study.screen import text_width, wrapped
from hpo.study.tables import (
    TrialTable,
    html_table,
    printable,
    record,
    table,
    text_table,
)
from hpo.study.trial import Metric, Ranked, Trial, TrialState
from hpo.study.value import ValueOf

if TYPE_CHECKING:
    import pandas

_SAME = ("name", "seed", "metrics", "space", "replicates", "points", "value")
"""What equal studies have in common from their beginning: not the objective's source, nor versions."""


class Study:
    """Everything that was tried in a search, and what came of it.

    A study is a view: it cannot be changed, and it grows while its tuner works. `hpo.search` returns one,
    and `Study.from_events` makes one from a log. Two studies are equal if their contents are, apart from
    times, attempts, versions and the objective's source.

    Attributes:
        objective: the function that was tuned; None where the study was made from a log.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda config: abs(config["x"]), {"x": hpo.Int(-5, 5)}, num_trials=9, seed=0)
        >>> study.best.value <= study.trials[0].value
        True
        >>> [trial.rank for trial in study.top(2)][0]
        1
    """

    def __init__(self, history: History, *, objective: Callable[..., Any] | None = None) -> None:
        self._history = history
        self.objective = objective

    @classmethod
    def from_events(cls, events: Iterable[Event], *, space: Space | None = None) -> Study:
        """Make the study that a log describes.

        Args:
            events: the log, from its first event on.
            space: the study's space, needed where the log could not hold it (a lambda as a constraint).

        Raises:
            ValueError: the events do not follow from each other.
        """
        return cls(History(events, space=space))

    @property
    def history(self) -> History:
        """The fold of the log, for tools. Only a `hpo.study.writer.Writer` adds to it."""
        return self._history

    @property
    def name(self) -> str:
        """What the study is called."""
        return str(self._history.created["name"])

    @property
    def space(self) -> Space:
        """What was searched.

        Raises:
            SpaceError: the log could not hold it and it was not passed.
        """
        return self._history.space

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What was optimised; empty until the first result names it, if the user did not."""
        return self._history.metrics

    @property
    def metric(self) -> Metric:
        """The one metric.

        Raises:
            ObjectiveError: there is not exactly one.
        """
        if len(self.metrics) != 1:
            raise self._not_one_metric()
        return self.metrics[0]

    @property
    def value_of(self) -> ValueOf:
        """Which of a trial's reports its value is: its `last` one, or its `best`."""
        return self._history.value_of

    @property
    def is_stored(self) -> bool:
        """Whether it outlives this process, in a storage."""
        return self._history.store is not None

    @property
    def seed(self) -> int:
        """The seed, given or drawn, from which all its random streams come."""
        return int(self._history.created["seed"])

    @property
    def versions(self) -> dict[str, str]:
        """What it was made with: versions of this library, Python and NumPy."""
        return dict(self._history.created["versions"])

    @property
    def backend(self) -> str | None:
        """The name of its backend; None before the first trial, or if none was chosen."""
        return self._history.placed.backend if self._history.placed else None

    @property
    def backend_reason(self) -> str | None:
        """Why that backend; None before the first trial."""
        return self._history.placed.reason if self._history.placed else None

    @property
    def device(self) -> str | None:
        """The device that was asked for; None if none was."""
        return self._history.placed.device if self._history.placed else None

    @property
    def searcher(self) -> str | None:
        """The name of what proposes its configs; None if the log does not say it."""
        name = self._history.created.get("searcher")
        return None if name is None else str(name)

    @property
    def scheduler(self) -> str | None:
        """What decides how long its trials run, with its arguments; None if the log does not say it."""
        text = self._history.created.get("scheduler")
        return None if text is None else str(text)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of the log, in order."""
        return tuple(self._history.events)

    def events_since(self, number: int) -> list[Event]:
        """The events of the log from that number on."""
        return self._history.events[number:]

    @property
    def notes(self) -> tuple[Note, ...]:
        """Remarks on the study as a whole, such as which searcher and which data it used, and why.

        All checkpoints that could not be written for one reason are one remark, with their number.
        """
        created = self._history.created
        # Logs of older versions have no reason, not even an empty one, and their notes stay as they were.
        search = [Note(SEARCH, search_text(created))] if "searcher_reason" in created else []
        return (*search, *summary(self._history.notes))

    @property
    def tested(self) -> Tested | None:
        """The best trial's result on the sealed test set; None until `hpo.final_test` opened it."""
        return self._history.tested

    @property
    def replicates(self) -> int:
        """On how many draws of initial weights and batch orders each config is trained."""
        return int(self._history.created.get("replicates", 1))

    @property
    def confirmed(self) -> list[Confirmed]:
        """What `hpo.confirm` found of the best configs on fresh draws, the best mean first.

        Raises:
            ObjectiveError: there is not exactly one metric.
        """
        return confirmed(self._history, self.metric) if self._history.replicated else []

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What could be done next, seen from the results."""
        if len(self.metrics) != 1:
            return ()
        # Made once: the hints look at the trials several times.
        space = self.space if self._history.knows_space else None
        return find_hints(space, self.metric, list(self.trials))

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials by id. Each is made when it is asked for; the sequence grows with the study."""
        return Trials(self._history)

    @property
    def num_completed(self) -> int:
        """How many trials completed with a result."""
        return self._history.num_completed

    @property
    def num_ended_since_best(self) -> int:
        """How many trials ended after the best one did."""
        return self._history.num_ended_since_best

    @property
    def num_failed(self) -> int:
        """How many trials failed."""
        return self._history.num_failed

    @property
    def num_proposals(self) -> int:
        """How many of the searcher's proposals were started; configs that a user added are none."""
        return self._history.num_proposals

    @property
    def best(self) -> Trial:
        """The completed trial with the best value, the earliest of equal ones.

        Values after different numbers of epochs are not compared: a trial that a scheduler paused or stopped
        on its way does not count beside those that were trained in full. While there are none of these, the
        best of those that were trained longest is returned. `best_at` compares after one epoch.

        Raises:
            ObjectiveError: no trial has a result, or there is not exactly one metric.
        """
        if len(self.metrics) > 1:
            raise self._not_one_metric()
        best = ranks.best(self._history)
        if best is None:
            raise ObjectiveError(
                f"No trial of the study {self.name!r} completed, so there is no best one{self._failures()}."
            )
        return self._history.trial(best)

    def best_at(self, epoch: int) -> Trial:
        """The trial with the best value after an epoch, however far it was trained; the earliest of equals.

        That is what it reported of the epoch, or in a study with `value="best"` its best report by then.

        Raises:
            ObjectiveError: no trial reported that epoch, or there is not exactly one metric.
        """
        best = ranks.best_at(self._history, self.metric, epoch)
        if best is None:
            raise ObjectiveError(f"No trial of the study {self.name!r} reported epoch {epoch!r}.")
        return self._history.trial(best)

    def top(self, k: int = 5) -> list[Ranked]:
        """The k best trials with their ranks, ties marked; fewer if fewer completed.

        Trials of equal value share a rank and stand in the order of their ids. `tied` is also true where the
        equal trial is not among the k.

        Raises:
            ValueError: `k` is less than 1.
            TypeError: `k` is no integer.
            ObjectiveError: there is not exactly one metric.
        """
        k = checked_count("top(k=)", k)
        if not self.num_completed:
            return []
        return ranks.top(self._history, self.metric, k)

    def incumbents(self) -> Incumbents:
        """The incumbent's value, over trials and over time.

        Raises:
            ObjectiveError: there is not exactly one metric.
        """
        return ranks.incumbents(self._history, self.metric)

    def records(self) -> list[dict[str, Any]]:
        """A flat dictionary for each trial, by id.

        Keys are `trial`, `state`, `value`, then the hyperparameters and the metrics by name, then
        `epoch` (that of the value), `epochs` (reports), `seconds`, `cohort_seconds` and `reason`. A
        hyperparameter with one of these names has the key `config.<name>`. A metric whose name is taken by
        any of them has the key `metric.<name>`.
        """
        names = self._history.hyperparameters
        return [record(trial, names, self.metrics) for trial in self.trials]

    def table(
        self,
        k: int | None = MOST_ROWS,
        *,
        metrics: Literal["all"] | Iterable[str] = (),
        width: int | None = None,
    ) -> str:
        """The table that `print(study)` shows, with a line that says which trials are in it.

        Numbers have four significant digits; `records` has all of them. Hyperparameters that do not fit stand
        in lines of their own, under the row of their trial.

        Args:
            k: the most trials to show, the best ones of a longer study; None for all.
            metrics: metrics to show beside those that were optimised, by name, or "all".
            width: cells of a line; None for the width of the terminal, or 100 where there is none.

        Raises:
            ValueError: `k` or `width` is less than 1, or no trial reported such a metric.
            TypeError: `k` or `width` is no integer.

        Example:
            >>> import hpo
            >>> study = hpo.search(lambda config: {"loss": config["x"], "size": 3}, {"x": hpo.Int(1, 1)},
            ...     minimize="loss", num_trials=1, seed=0)
            >>> print(study.table(metrics="all").splitlines()[0].split()[:5])
            ['trial', 'state', 'x', 'value', 'size']
        """
        if k is not None:
            k = checked_count("table(k=)", k, expected="a number of trials, at least {least}, or None")
        width = text_width() if width is None else checked_count("table(width=)", width)
        some = excerpt(self._history, k)
        shown = self._table(some.trials, other_metrics(self._history, metrics, some.trials))
        lines = [text_table(shown.names, shown.rows, width=width, movable=shown.movable)]
        return "\n".join(lines if some.which is None else [*lines, f"({some.which})"])

    def to_frame(self) -> pandas.DataFrame:
        """The records as a pandas data frame.

        Raises:
            ImportError: pandas is not installed; the text says how to install it.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError(
                "A data frame needs pandas, which is not installed here. Install it with: "
                'pip install "polyhpo[pandas]"; or use study.records(), which needs nothing.'
            ) from error
        return pandas.DataFrame(self.records())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Study):
            return NotImplemented
        mine, theirs = self._history, other._history
        return (
            all(mine.created.get(key) == theirs.created.get(key) for key in _SAME)
            and mine.replicated == theirs.replicated
            and (mine.metrics, mine.placed, mine.notes) == (theirs.metrics, theirs.placed, theirs.notes)
            and mine.tested == theirs.tested
            and (mine.finished, mine.running, mine.paused) == (theirs.finished, theirs.running, theirs.paused)
            # Last, as it builds every trial.
            and self.trials == other.trials
        )

    __hash__ = None  # type: ignore[assignment]  # a study grows

    def __getstate__(self) -> dict[str, Any]:
        # The objective may be a lambda, or hold data that are far larger than the study.
        return {"_history": self._history, "objective": None}

    def __repr__(self) -> str:
        return printable(f"<Study {self.name!r}: {self._summary()}>")

    def __str__(self) -> str:
        lines = wrapped(f"Study {self.name!r}: {self._summary()}")
        if len(self.trials):
            some = excerpt(self._history)
            shown = self._table(some.trials)
            table = text_table(shown.names, shown.rows, width=text_width(), movable=shown.movable)
            rest = [] if some.which is None else wrapped(f"({some.which}; study.records() has all)")
            lines += [table, *rest]
        lines += [text for line in self._remarks() for text in wrapped(line)]
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        parts = [f"<p>Study {html.escape(repr(self.name))}: {html.escape(self._summary())}</p>"]
        remarks = self._remarks()
        if len(self.trials):
            some = excerpt(self._history)
            shown = self._table(some.trials, other_metrics(self._history, "all", some.trials))
            parts.append(html_table(shown.names, shown.rows, strong_row=shown.best_row))
            remarks[:0] = [] if some.which is None else [f"({some.which}; study.records() has all)"]
        return printable("".join([*parts, *(f"<p>{html.escape(line)}</p>" for line in remarks)]))

    def _summary(self) -> str:
        states = [f"{self.num_completed} completed"]
        states += [f"{self.num_failed} failed"] if self.num_failed else []
        states += [f"{self._history.num_stopped} stopped"] if self._history.num_stopped else []
        states += [f"{len(self._history.paused)} paused"] if self._history.paused else []
        states += [f"{len(self._history.running)} running"] if self._history.running else []
        goals = ", ".join(f"{metric.direction.value} {metric.name}" for metric in self.metrics)
        goals += " (best epoch)" if self.value_of == "best" else ""
        parts = [f"{len(self.trials)} trials ({', '.join(states)})", goals, f"seed {self.seed}"]
        parts += [f"backend {self.backend}"] if self.backend else []
        parts += [f"device {self.device}"] if self.device else []
        return ", ".join(part for part in parts if part)

    def _table(self, trials: Sequence[Trial], beside: Iterable[str] = ()) -> TrialTable:
        names = self._history.hyperparameters
        return table(trials, ranks.best(self._history), names, self.metrics, beside=beside)

    def _remarks(self) -> list[str]:
        lines = [f"{note.topic}: {note.text}" for note in self.notes]
        if not self._history.knows_space:
            lines.append(
                "space: not in the log, as it had no JSON form; pass it: load_study(..., space=space)"
            )
        if self.tested is not None:
            said = ", ".join(f"{name} {value:.4g}" for name, value in self.tested.metrics.items())
            lines.append(f"Test set, opened for trial {self.tested.trial}: {said}")
        return lines + [f"Hint: {hint.text}" for hint in self.hints]

    def _not_one_metric(self) -> ObjectiveError:
        names = ", ".join(metric.name for metric in self.metrics) or "none yet, no trial gave a result"
        return ObjectiveError(f"This needs a study of exactly one metric; {self.name!r} has: {names}.")

    def _failures(self) -> str:
        failed = next((trial for trial in self.trials if trial.state is TrialState.FAILED), None)
        running = len(self._history.running)
        text = f": {running} running, {self.num_failed} failed"
        return text + (f", the first (trial {failed.id}) because {failed.reason}" if failed else "")


class Trials(Sequence[Trial]):
    """The trials of a history by id. Each is made when it is asked for."""

    def __init__(self, history: History) -> None:
        self._history = history

    def __len__(self) -> int:
        return self._history.num_trials

    @overload
    def __getitem__(self, index: int) -> Trial: ...
    @overload
    def __getitem__(self, index: slice) -> list[Trial]: ...
    def __getitem__(self, index: int | slice) -> Trial | list[Trial]:
        numbers = range(len(self))[index]
        if isinstance(numbers, range):
            return [self._history.trial(number) for number in numbers]
        return self._history.trial(numbers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other))  # noqa: B905  # one length

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return repr(list(self))
