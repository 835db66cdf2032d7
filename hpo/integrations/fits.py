"""One call of a framework's `fit` inside a trial: its epochs, its reports, and where it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from hpo.backend import Tree
from hpo.errors import CheckpointError
from hpo.integrations.metrics import MetricSelection, MissingMetric
from hpo.objective.context import TrialEnded, TrialHost, current_trial
from hpo.objective.decision import CONTINUE, Decision
from hpo.objective.function import ResultError


@dataclass
class _Known:
    """What the fits of one trial share.

    Attributes:
        attached: the identities of what the trial's host keeps, which therefore stay theirs.
        decision: what was decided on the last report.
        epoch: the last epoch that is done by the trial's count, whether it was reported or not.
    """

    attached: set[int] = field(default_factory=set)
    decision: Decision = CONTINUE
    epoch: int = 0


# Weak keys: what is known of a trial goes when its host does.
_trials: WeakKeyDictionary[TrialHost, _Known] = WeakKeyDictionary()


class Fit:
    """A fit under way, as every framework's callback sees it; begin one with `begin_fit`.

    The framework counts the epochs of a fit, the trial those of all its fits. A checkpoint keeps how far
    each fit came, so that a trial which goes on runs through those that were over and takes up the last.

    Attributes:
        epochs: the last epoch that is done by the framework's count, from 1; 0 before the first.
        is_over: whether the fit came to its end, in a checkpoint that the trial goes on from.
    """

    def __init__(self) -> None:
        self.epochs = 0
        self.is_over = False
        self._before: int | None = None
        self._is_seeded = False
        self._has_reported = False

    def begin_epoch(self, epoch: int) -> None:
        """Make the random numbers those of this epoch.

        Args:
            epoch: by the framework's count, from 1.

        Raises:
            TrialEnded: the trial was to end, and the framework did not heed its own stop flag, or the
                objective began another fit.
            CheckpointError: the framework begins with an epoch that is done.
        """
        host = current_trial().host
        decision = _known(host).decision
        if not decision.goes_on:
            raise TrialEnded(decision)
        if self._before is None:
            # The epochs of earlier fits; only now does the framework say with which one of its own it begins.
            self._before = max(0, host.epoch - epoch + 1, _known(host).epoch - epoch + 1)
        if epoch <= self.epochs:
            raise CheckpointError(
                f"The trial goes on after epoch {self.epochs} of this fit, and the framework began with "
                f"epoch {epoch}: this version of it cannot be told where to begin. Install a newer one."
            )
        if not self._is_seeded:
            host.begin_epoch(self._before + epoch)
        self._is_seeded = False

    def end_epoch(
        self,
        epoch: int,
        wanted: MetricSelection,
        metrics: Mapping[str, Any],
        may_come: Callable[[str], bool],
    ) -> Decision:
        """Report an epoch, which is a checkpoint where the study keeps any.

        An epoch whose validation was not due has no report, where what is wanted comes with a validation.

        Args:
            epoch: by the framework's count, from 1.
            wanted: what is to be reported.
            metrics: what the framework computed in this epoch, and nothing of an earlier one.
            may_come: whether the metric of this name, which is not among these, may come in a later epoch.

        Returns:
            How the trial goes on.

        Raises:
            ResultError: the framework has no such metric.
        """
        host = current_trial().host
        known = _known(host)
        self.epochs, known.epoch = epoch, (self._before or 0) + epoch
        try:
            value = wanted(metrics)
        except MissingMetric as missing:
            # What was there once is no misspelt name.
            if not (self._has_reported or may_come(missing.name)):
                raise ResultError(wanted.lack(missing.name, metrics, f"after epoch {epoch}")) from None
            host.explain_silence(
                wanted.lack(
                    missing.name, metrics, f"until the end, as no validation was due by epoch {epoch}"
                )
            )
            return known.decision
        known.decision = host.report(value, known.epoch)
        self._has_reported = True
        return known.decision

    def end(self) -> None:
        """The framework came to the end of the fit.

        What the objective draws between two fits is then the same whether this one was run or was over.
        """
        self.is_over = True
        host = current_trial().host
        if _known(host).decision.goes_on:
            host.begin_epoch((self._before or 0) + self.epochs + 1)

    def checkpoint_state(self) -> Tree:
        """How far it came."""
        return {"epochs": self.epochs, "before": self._before, "is_over": self.is_over}

    def load_checkpoint_state(self, state: Tree) -> None:
        """Become what `checkpoint_state` returned.

        Raises:
            CheckpointError: the state is of something else.
        """
        if not isinstance(state, dict) or state.keys() != self.checkpoint_state().keys():
            raise CheckpointError("The checkpoint holds something else here than how far a fit came.")
        self.epochs, self._before, self.is_over = state["epochs"], state["before"], state["is_over"]
        # Only reports make checkpoints.
        self._has_reported = self.epochs > 0
        # Restoring has begun the next epoch. To do so again would repeat what is drawn until its first batch.
        self._is_seeded = True


def begin_fit(**things: Sequence[Any]) -> Fit | None:
    """Attach what training changes to the trial, restored if it goes on; None outside of a trial.

    Args:
        **things: for each name what is kept under it: `model`, `optimizer`. What the trial keeps already,
            from a fit before this one, is left as it is.

    Raises:
        CheckpointError: one of them cannot be kept, or the checkpoint is of others.
    """
    trial = current_trial()
    if trial.id is None:
        return None
    fit = Fit()
    attached = _known(trial.host).attached
    for name, some in {**things, "fit": [fit]}.items():
        for thing in some:
            if thing is not None and id(thing) not in attached:
                trial.host.attach({name: thing})
                attached.add(id(thing))
    return fit


def _known(host: TrialHost) -> _Known:
    return _trials.setdefault(host, _Known())
