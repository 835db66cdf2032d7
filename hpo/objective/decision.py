"""What a trial is to do after a report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property


class Verdict(str, Enum):
    """How a trial goes on.

    Example:
        >>> import hpo
        >>> from hpo.schedulers import Verdict
        >>> tuner = hpo.Tuner(None, {"x": hpo.Float(0, 1)}, scheduler=hpo.ASHA(1, 4, eta=2), seed=0)
        >>> trial = tuner.ask()
        >>> decision = tuner.report(trial, 0.7)
        >>> decision.verdict is Verdict.PAUSE, decision.reason
        (True, 'rank 1 of 1 at epoch 1; one of 2 goes on')
    """

    CONTINUE = "continue"
    PAUSE = "pause"
    """It keeps what it learned and waits; it may go on later."""

    STOP = "stop"
    """It ends here before its time."""

    COMPLETE = "complete"
    """It trained as long as any trial may: its last report is its result."""


@dataclass(frozen=True)
class Decision:
    """A verdict on a trial, and why.

    Attributes:
        verdict: how the trial goes on.
        reason: why, in one line for the study's log; may be empty for CONTINUE and COMPLETE.
        standing: how a trial that pauses stands among others that wait; small is good, None is not known.
            Where room is short, the trials that stand worst lose their generators first.

    Example:
        >>> import hpo
        >>> from hpo.schedulers import CONTINUE, FIFO, Decision, Verdict
        >>> class Limit(FIFO):
        ...     def on_report(self, study, trial):
        ...         if study.trials[trial].value < 1:
        ...             return CONTINUE
        ...         return Decision(Verdict.STOP, "its loss is not below 1")
        >>> def train(config):
        ...     yield config["x"]
        ...     yield config["x"] / 2
        >>> study = hpo.search(train, {"x": hpo.Int(0, 3)}, scheduler=Limit(), num_trials=2, seed=0)
        >>> [(trial.config["x"], trial.epoch, trial.reason) for trial in study.trials]
        [(2, 1, 'its loss is not below 1'), (0, 2, None)]
    """

    verdict: Verdict
    reason: str = ""
    standing: float | None = None

    # Cached, as `CONTINUE` is asked several times after each epoch of each trial.
    @cached_property
    def goes_on(self) -> bool:
        """Whether the trial continues."""
        return self.verdict is Verdict.CONTINUE


CONTINUE = Decision(Verdict.CONTINUE)
"""Go on, for no particular reason."""
