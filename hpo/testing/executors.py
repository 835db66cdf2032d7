"""What any executor must do: run objectives of every form, to their end or as far as it is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hpo.checkpoints import Checkpoint, CheckpointFolder
from hpo.executors import Assignment, Ending, Executor, OnProgress, Outcome, Progress
from hpo.executors.placement import Placement
from hpo.objective.context import current_trial
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.objective.function import Objective, ResultError
from hpo.testing.objectives import (
    LEAVES,
    about_the_trial,
    as_array,
    curve,
    failing,
    forking,
    last_words,
    learning,
    leaving,
    long_enough,
    nothing,
    plain,
    repeating,
    reporting,
    returning,
    swallowing,
    unclean,
)

PAUSE = Decision(Verdict.PAUSE, "others first")
STOP = Decision(Verdict.STOP, "hopeless")


class Listener:
    """An `on_progress` that remembers what it heard and answers what a test wants.

    Args:
        answers: what to say, or raise, at an epoch; otherwise trials go on.
    """

    def __init__(self, answers: dict[int, Decision | BaseException] | None = None) -> None:
        self.answers = dict(answers or {})
        self.heard: list[Progress] = []

    def __call__(self, progress: Progress) -> Decision:
        """Take a report."""
        self.heard.append(progress)
        answer = self.answers.get(progress.epoch, CONTINUE)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def results(self) -> list[tuple[int, Any]]:
        """What was reported, with its epoch, in order."""
        return [(progress.epoch, progress.result) for progress in self.heard if progress.result is not None]


def first(executor: Executor, assignment: Assignment) -> Outcome:
    """Run one assignment to its end."""
    executor.submit(assignment)
    [outcome] = executor.poll()
    return outcome


class _Made(ABC):
    """How executors are made."""

    @abstractmethod
    def make(
        self,
        objective: Objective,
        placement: Placement,
        on_progress: OnProgress,
        folder: CheckpointFolder | None,
        max_paused: int,
    ) -> Executor:
        """A new executor."""

    @pytest.fixture
    def start(self) -> Iterator[Callable[..., Executor]]:
        made: list[Executor] = []

        def start(
            function: Callable[..., Any],
            listener: OnProgress | None = None,
            folder: CheckpointFolder | None = None,
            max_paused: int = 8,
        ) -> Executor:
            placement = Placement(seed=5, backend="numpy")
            made.append(self.make(Objective(function), placement, listener or Listener(), folder, max_paused))
            return made[-1]

        yield start
        for executor in made:
            executor.close()

    @pytest.fixture
    def config(self, tmp_path: Path) -> dict[str, Any]:
        """A config whose trial notes what it does."""
        return {"notes": str(tmp_path / "notes")}

    @pytest.fixture
    def notes(self, config: dict[str, Any]) -> Callable[[], list[str]]:
        """What the trials noted."""
        path = Path(config["notes"])
        return lambda: path.read_text().splitlines() if path.exists() else []


class ResultsContract(_Made):
    """What comes out of trials that run to their end."""

    def test_what_a_function_returns_is_the_result(self, start: Any) -> None:
        outcome = first(start(plain), Assignment(3, {"value": 0.5}, attempt=2))
        assert outcome == Outcome(3, 2, Ending.ENDED, 0.5)
        assert outcome.result == 0.5

    def test_metrics_are_plain_numbers_without_the_epoch(self, start: Any) -> None:
        assert first(start(as_array), Assignment(0, {"value": 2})).result == {"error": 2.0}

    def test_a_generator_reports_each_epoch_and_its_last_report_is_the_result(self, start: Any) -> None:
        listener = Listener()
        outcome = first(start(curve, listener), Assignment(1, {}, attempt=4))
        assert (outcome.ending, outcome.result) == (Ending.ENDED, None)
        assert listener.results == [(1, 10.0), (2, 20.0), (3, 30.0), (4, 40.0)]
        assert {(progress.trial, progress.attempt) for progress in listener.heard} == {(1, 4)}

    def test_what_a_generator_returns_is_the_result(self, start: Any) -> None:
        assert first(start(returning), Assignment(0, {})).result == 2.0

    def test_hpo_report_is_a_report_too(self, start: Any) -> None:
        listener = Listener()
        assert first(start(reporting, listener), Assignment(0, {})).ending is Ending.ENDED
        assert listener.results == [(1, 10.0), (2, 20.0), (3, 30.0), (4, 40.0)]

    def test_the_objective_sees_its_trial_and_a_config_of_its_own(self, start: Any) -> None:
        assignment = Assignment(2, {"x": 7})
        assert first(start(about_the_trial), assignment).result == {"id": 2.0, "seed": 5.0, "x": 7.0}
        assert assignment.config == {"x": 7}
        assert current_trial().id is None

    def test_max_epochs_is_what_is_granted_and_then_a_report(self, start: Any) -> None:
        listener = Listener()
        assert first(start(long_enough, listener), Assignment(0, {}, until=9)).ending is Ending.ENDED
        assert listener.results == [(9, 9.0)]

    def test_trials_follow_each_other_in_any_number(self, start: Any) -> None:
        executor = start(plain)
        waiting = list(range(9))
        results: dict[int, Any] = {}
        while len(results) < 9:
            # What was submitted and has no outcome yet is under way.
            while waiting and 9 - len(waiting) - len(results) < executor.capacity:
                trial = waiting.pop(0)
                executor.submit(Assignment(trial, {"value": trial}))
            results.update({outcome.trial: outcome.result for outcome in executor.poll()})
        assert results == {trial: float(trial) for trial in range(9)}

    def test_with_nothing_to_do_nothing_comes(self, start: Any) -> None:
        executor = start(plain)
        assert executor.poll() == []
        first(executor, Assignment(0, {"value": 1}))
        assert executor.poll() == []


class DecisionsContract(_Made):
    """What becomes of trials that are not to run to their end."""

    @pytest.mark.parametrize("objective", [curve, reporting])
    def test_a_stopped_trial_is_left_and_closed(
        self, objective: Any, start: Any, config: Any, notes: Any
    ) -> None:
        outcome = first(start(objective, Listener({2: STOP})), Assignment(0, config))
        assert (outcome.ending, outcome.result, outcome.reason) == (Ending.LEFT, None, None)
        assert notes() == ["start", "epoch 1", "epoch 2", "closed"]

    def test_a_paused_generator_waits_and_goes_on(self, start: Any, config: Any, notes: Any) -> None:
        listener = Listener({2: PAUSE})
        executor = start(curve, listener)
        assert first(executor, Assignment(0, config)).ending is Ending.LEFT
        assert notes() == ["start", "epoch 1", "epoch 2"]
        assert first(executor, Assignment(0, config, attempt=1)) == Outcome(0, 1, Ending.ENDED)
        assert [value for _, value in listener.results] == [10.0, 20.0, 30.0, 40.0]
        assert [progress.attempt for progress in listener.heard] == [0, 0, 1, 1]

    def test_other_trials_run_while_one_is_paused(self, start: Any) -> None:
        executor = start(curve, Listener({1: PAUSE, 2: PAUSE}))
        for trial in (0, 1, 0, 1):
            assert first(executor, Assignment(trial, {})).ending is Ending.LEFT
        assert first(executor, Assignment(0, {})).ending is Ending.ENDED

    def test_a_function_that_is_paused_starts_again(self, start: Any, config: Any, notes: Any) -> None:
        listener = Listener({1: PAUSE})
        executor = start(reporting, listener)
        assert first(executor, Assignment(0, config)).ending is Ending.LEFT
        listener.answers.clear()
        assert first(executor, Assignment(0, config, attempt=1)).ending is Ending.ENDED
        assert notes()[:3] == ["start", "epoch 1", "closed"]
        assert [epoch for epoch, _ in listener.results] == [1, 1, 2, 3, 4]

    def test_the_trial_that_was_paused_first_loses_its_generator(
        self, start: Any, config: Any, notes: Any
    ) -> None:
        listener = Listener({1: PAUSE})
        executor = start(curve, listener, max_paused=1)
        first(executor, Assignment(0, config))
        first(executor, Assignment(1, {}))
        assert notes() == ["start", "epoch 1", "closed"]
        listener.answers.clear()
        first(executor, Assignment(0, config, attempt=1))
        assert notes()[3:5] == ["start", "epoch 1"]

    def test_a_trial_without_its_generator_goes_on_from_its_checkpoint(
        self, start: Any, config: Any, notes: Any, tmp_path: Path
    ) -> None:
        folder = CheckpointFolder(tmp_path / "checkpoints")
        listener = Listener({2: PAUSE})
        first(start(learning, listener, folder), Assignment(0, config))
        assert [progress.saved for progress in listener.heard] == [True, True]
        again = Assignment(0, config, attempt=1, start=folder.checkpoint(0, 0, 2))
        assert first(start(learning, listener, folder), again).ending is Ending.ENDED
        assert notes() == ["weight 1", "weight 2", "weight 3", "weight 4"]
        assert listener.results == [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0)]

    def test_a_checkpoint_is_written_before_its_report_is_heard(self, start: Any, tmp_path: Path) -> None:
        folder = CheckpointFolder(tmp_path / "checkpoints")
        there: list[bool] = []

        def look(progress: Progress) -> Decision:
            there.append(Path(folder.checkpoint(0, 0, progress.epoch).path).is_file())
            return CONTINUE

        first(start(learning, look, folder), Assignment(0, {}))
        assert there == [True] * 4

    def test_a_checkpoint_that_is_not_there_costs_a_remark(self, start: Any, tmp_path: Path) -> None:
        folder = CheckpointFolder(tmp_path / "checkpoints")
        gone = Checkpoint(0, 0, 2, str(tmp_path / "gone.npz"))
        listener = Listener()
        assert first(start(learning, listener, folder), Assignment(0, {}, start=gone)).ending is Ending.ENDED
        assert "The trial starts from its first epoch" in (listener.heard[0].problem or "")
        assert listener.results[0] == (1, 1.0)


class FailuresContract(_Made):
    """What is said of trials that fail."""

    def test_what_an_objective_raises_is_the_reason(self, start: Any) -> None:
        outcome = first(start(failing), Assignment(0, {}))
        assert outcome.ending is Ending.FAILED
        assert (outcome.reason or "").startswith("ValueError: the data are gone")
        assert "ValueError: the data\nare gone" in (outcome.traceback or "")

    def test_no_result_is_a_failure(self, start: Any) -> None:
        outcome = first(start(nothing), Assignment(0, {}))
        assert outcome.ending is Ending.FAILED
        assert "No result: it gave None without a report" in (outcome.reason or "")

    def test_epochs_increase(self, start: Any) -> None:
        outcome = first(start(repeating), Assignment(0, {}))
        assert outcome.ending is Ending.FAILED
        assert "it reported epoch 2 after epoch 2; epochs increase" in (outcome.reason or "")

    @pytest.mark.parametrize("objective", [curve, reporting, swallowing])
    def test_a_report_that_is_refused_is_a_failure(self, objective: Any, start: Any) -> None:
        listener = Listener({1: ResultError("it has no metric 'loss'")})
        outcome = first(start(objective, listener), Assignment(0, {}))
        assert (outcome.ending, outcome.reason) == (Ending.FAILED, "No result: it has no metric 'loss'.")
        assert len(listener.heard) == 1

    @pytest.mark.parametrize("objective", [curve, reporting])
    def test_what_else_is_raised_on_a_report_ends_the_search(
        self, objective: Any, start: Any, config: Any, notes: Any
    ) -> None:
        listener = Listener({2: KeyError("a callback's own")})
        executor = start(objective, listener)
        executor.submit(Assignment(0, config))
        with pytest.raises(KeyError, match="a callback's own"):
            executor.poll()
        assert notes() == ["start", "epoch 1", "epoch 2", "closed"]
        assert executor.poll() == []

    def test_after_that_the_executor_goes_on(self, start: Any) -> None:
        executor = start(curve, Listener({1: KeyError("once")}))
        executor.submit(Assignment(0, {}))
        with pytest.raises(KeyError, match="once"):
            executor.poll()
        assert first(executor, Assignment(1, {"epochs": 0})).ending is Ending.FAILED

    def test_an_interrupt_on_a_report_ends_the_search(self, start: Any, config: Any, notes: Any) -> None:
        executor = start(curve, Listener({1: KeyboardInterrupt()}))
        executor.submit(Assignment(0, config))
        with pytest.raises(KeyboardInterrupt):
            executor.poll()
        assert notes() == ["start", "epoch 1", "closed"]

    @pytest.mark.parametrize("at", [0, 1, 2])
    @pytest.mark.parametrize("how", LEAVES)
    def test_an_objective_that_would_leave_the_program_costs_its_trial(
        self, how: str, at: int, start: Any
    ) -> None:
        executor = start(leaving)
        outcome = first(executor, Assignment(0, {"how": how, "at": at}))
        assert outcome.ending is Ending.FAILED
        assert type(LEAVES[how]).__name__ in (outcome.reason or "")
        assert first(executor, Assignment(1, {"how": how, "at": 9})).ending is Ending.ENDED

    @pytest.mark.parametrize("how", LEAVES)
    def test_so_does_one_that_would_leave_it_while_it_is_closed(self, how: str, start: Any) -> None:
        executor = start(unclean, Listener({1: STOP}))
        assert first(executor, Assignment(0, {"how": how})).ending is Ending.LEFT
        assert first(executor, Assignment(1, {"how": how})).ending is Ending.LEFT

    @pytest.mark.parametrize("at", [0, 2])
    @pytest.mark.parametrize(
        ("child", "code"), [("returns", 1), ("raises", 1), ("reports", 1), ("leaves", 0)]
    )
    def test_a_process_that_it_forked_ends_where_it_comes_back(
        self, child: str, code: int, at: int, start: Any
    ) -> None:
        listener = Listener()
        outcome = first(start(forking, listener), Assignment(0, {"child": child, "at": at}))
        assert outcome.ending is Ending.ENDED
        results = listener.results[-1][1] if at else outcome.result
        assert results == 1.0 + code


class EndsContract(_Made):
    """What `stop` and `close` leave behind: nothing."""

    def test_a_paused_trial_that_is_stopped_is_closed(self, start: Any, config: Any, notes: Any) -> None:
        executor = start(curve, Listener({1: PAUSE}))
        first(executor, Assignment(0, config))
        executor.stop(0)
        assert notes() == ["start", "epoch 1", "closed"]
        assert executor.poll() == []

    def test_a_submitted_trial_that_is_stopped_has_no_outcome(self, start: Any) -> None:
        executor = start(curve)
        executor.submit(Assignment(0, {}))
        executor.stop(0)
        assert executor.poll() == []
        assert first(executor, Assignment(1, {})).trial == 1

    def test_stopping_an_unknown_trial_is_nothing(self, start: Any) -> None:
        start(curve).stop(8)

    def test_close_ends_what_is_paused(self, start: Any, config: Any, notes: Any) -> None:
        executor = start(curve, Listener({1: PAUSE}))
        first(executor, Assignment(0, config))
        executor.close()
        assert notes() == ["start", "epoch 1", "closed"]
        executor.close()
        assert executor.poll() == []

    def test_a_report_in_the_clean_up_is_not_heard(self, start: Any) -> None:
        listener = Listener({1: STOP})
        first(start(last_words, listener), Assignment(0, {}))
        assert listener.results == [(1, 1.0)]


class ExecutorContract(ResultsContract, DecisionsContract, FailuresContract, EndsContract):
    """All of it.

    Example:
        >>> from hpo.executors import SerialExecutor
        >>> from hpo.testing import ExecutorContract
        >>> class TestSerial(ExecutorContract):
        ...     def make(self, objective, placement, on_progress, folder, max_paused):
        ...         return SerialExecutor(objective, placement, on_progress, folder, max_paused=max_paused)
    """
