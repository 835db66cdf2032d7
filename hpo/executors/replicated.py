"""One trial on several draws of initial weights and batch orders: its reports are their means."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from hpo.checkpoints import CheckpointFolder, draw_name
from hpo.executors.base import Assignment, Ending, OnProgress, Outcome, Progress
from hpo.executors.evaluation import Evaluation
from hpo.executors.files import FolderFiles, NoFiles, ShareOfFiles, States, TrialFiles
from hpo.executors.placement import Placement
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.objective.function import UNNAMED, Objective, Result


class ReplicatedEvaluation:
    """Evaluates a config on several draws, an epoch of each in turn.

    What is reported of an epoch is the mean over the draws and, as `<metric>.std`, the standard deviation.
    A generator trains its draws in step, so that a scheduler can pause and stop the trial. A function that
    reports from inside runs draw after draw, and the reports of the last draw complete the means. A trial
    fails if one of its draws does.

    Args:
        objective: what is evaluated.
        assignment: the trial.
        placement: where it runs, with the number of draws.
        on_progress: receives the means, and decides how the trial goes on.
        files: where its checkpoints come from and go to.
    """

    def __init__(
        self,
        objective: Objective,
        assignment: Assignment,
        placement: Placement,
        on_progress: OnProgress,
        files: TrialFiles,
    ) -> None:
        self._assignment = assignment
        self._on_progress = on_progress
        self._files = files
        self._decision = CONTINUE
        restored = files.read()
        self._shares: list[ShareOfFiles] = []
        self._draws: list[Evaluation] = []
        self._reports: list[dict[int, Result]] = []
        self._outcomes: list[Outcome | None] = [None] * placement.replicates
        for draw in range(placement.replicates):
            share = ShareOfFiles(None if restored is None else _share(*restored, draw))
            here = dataclasses.replace(placement, replicate=placement.replicate + draw, replicates=1)
            listener = functools.partial(self._receive, draw)
            self._shares.append(share)
            self._reports.append({})
            # `NoFiles` itself, by which a host knows that it need not capture any state.
            mine = files if isinstance(files, NoFiles) else share
            self._draws.append(Evaluation(objective, assignment, here, listener, mine))

    @property
    def waits(self) -> bool:
        """Whether the trial is paused at the `yield` of each of its draws, from where it can go on."""
        return self._decision.verdict is Verdict.PAUSE and all(one.is_open for one in self._draws)

    @property
    def standing(self) -> float:
        """How the trial stood among others when it paused, small is good; infinite where it is not known."""
        return math.inf if self._decision.standing is None else self._decision.standing

    def pause(self, decision: Decision) -> bool:
        """Decide afterwards on the last report that it is to pause there; whether the trial can wait."""
        self._decision = decision
        return self.waits

    def can_go_on(self, assignment: Assignment) -> bool:
        """Whether the generators at hand can train as far as the assignment says."""
        return all(one.can_go_on(assignment) for one in self._draws)

    def go_on(self, assignment: Assignment) -> None:
        """Take the next assignment of a trial that was paused."""
        self._assignment, self._decision = assignment, CONTINUE
        self._files.go_on(assignment)
        for one in self._draws:
            one.go_on(assignment)

    def start(self) -> Outcome | None:
        """Call the objective for each draw; the outcome if that was all of it."""
        return self._each(Evaluation.start)

    def step(self) -> Outcome | None:
        """Go on to the next report of each draw, or to its end; the outcome if all ended, or one failed."""
        return self._each(Evaluation.step)

    def _each(self, go_on: Callable[[Evaluation], Outcome | None]) -> Outcome | None:
        for draw, one in enumerate(self._draws):
            if self._outcomes[draw] is not None:
                continue
            outcome = go_on(one)
            if outcome is not None and outcome.ending is Ending.FAILED:
                self.close()
                return dataclasses.replace(outcome, reason=f"On draw {draw}: {outcome.reason}")
            # Paused, a draw has an outcome of its assignment and none of its training.
            self._outcomes[draw] = None if self.waits else outcome
        if not self._decision.goes_on:
            if not self.waits:
                self.close()
            return Outcome(self._assignment.trial, self._assignment.attempt, Ending.LEFT)
        outcomes = [outcome for outcome in self._outcomes if outcome is not None]
        if len(outcomes) < len(self._draws):
            return None
        results = [outcome.result for outcome in outcomes if outcome.result is not None]
        result = mean_of(results) if len(results) == len(outcomes) else None
        mine = self._assignment
        return Outcome(mine.trial, mine.attempt, Ending.ENDED, result, unread=self._unread())

    def close(self) -> None:
        """Close all draws; what they still report or raise is ignored."""
        for one in self._draws:
            one.close()

    def _receive(self, draw: int, progress: Progress) -> Decision:
        """Take one draw's report; pass the mean on once all draws have reported the epoch."""
        if progress.result is None:
            return CONTINUE
        epoch = progress.epoch
        self._reports[draw][epoch] = progress.result
        # The decision is made on the mean, so a draw that is ahead goes on for now.
        if not all(epoch in reports for reports in self._reports):
            return CONTINUE
        result = mean_of([reports.pop(epoch) for reports in self._reports])
        saved = self._write(epoch)
        problem, self._files.problem = self._files.problem, None
        mine = self._assignment
        self._decision = self._on_progress(
            Progress(
                mine.trial, mine.attempt, epoch, result, saved=saved, problem=problem, unread=self._unread()
            )
        )
        return self._decision

    def _unread(self) -> tuple[str, ...]:
        """The names in the config that no draw has looked at."""
        first, *others = (draw.unread for draw in self._draws)
        return tuple(name for name in first if all(name in unread for unread in others))

    def _write(self, epoch: int) -> bool:
        """Write all draws' states into one checkpoint, if they stand at the same epoch."""
        # A function that reports from inside is at its end with one draw before it begins the next.
        if any(share.about.get("epoch") != epoch for share in self._shares):
            return False
        states = {
            draw_name(draw, name): tree
            for draw, share in enumerate(self._shares)
            for name, tree in share.states.items()
        }
        return self._files.write(epoch, states, {"epoch": epoch, "saved": epoch})


AnyEvaluation: TypeAlias = "Evaluation | ReplicatedEvaluation"


def evaluate(
    objective: Objective,
    assignment: Assignment,
    placement: Placement,
    on_progress: OnProgress,
    folder: CheckpointFolder | None,
) -> AnyEvaluation:
    """An evaluation of the trial on as many draws as the placement says.

    Args:
        objective: what is evaluated.
        assignment: the trial.
        placement: where it runs.
        on_progress: receives what it reports, and decides how it goes on.
        folder: where its checkpoints are; None keeps none.
    """
    files: TrialFiles = NoFiles() if folder is None else FolderFiles(folder, assignment)
    if not objective.takes_framework_random:
        # TensorFlow prepares all of its graphs anew after it was seeded, which takes as long as an epoch.
        placement = dataclasses.replace(placement, seeds_framework=False)
    kind = Evaluation if placement.replicates == 1 else ReplicatedEvaluation
    return kind(objective, assignment, placement, on_progress, files)


def mean_of(results: list[Result]) -> Result:
    """The mean of several draws' results, with the standard deviation of each metric beside it.

    Plain numbers become the metric `UNNAMED`, which stands for the one that the study optimises.

    Example:
        >>> mean_of([{"error": 0.25}, {"error": 0.75}])
        {'error': 0.5, 'error.std': 0.3535533905932738}
    """
    dicts = [result if isinstance(result, dict) else {UNNAMED: result} for result in results]
    names = [name for name in dicts[0] if all(name in one for one in dicts)]
    metrics: dict[str, float] = {}
    # Infinities of one draw make NaN of the spread, which is no reason to warn.
    with np.errstate(invalid="ignore"):
        for name in names:
            values = np.array([one[name] for one in dicts])
            metrics[name] = float(values.mean())
            metrics[f"{name}.std"] = float(values.std(ddof=1))
    return metrics


def _share(states: States, about: dict[str, Any], draw: int) -> tuple[States, dict[str, Any]]:
    """One draw's part of a checkpoint."""
    prefix = draw_name(draw, "")
    return {name[len(prefix) :]: tree for name, tree in states.items() if name.startswith(prefix)}, about
