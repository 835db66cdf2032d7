"""A study as it is now, to be looked at several times."""

from __future__ import annotations

from collections.abc import Sequence

from hpo.study.study import Study
from hpo.study.trial import Trial


class Snapshot(Study):
    """A study whose trials are made once. A `Study` makes a trial from its events at each look.

    The rows of a page, the hints and the importance each look at all trials. A snapshot does not grow with
    the study: make it where it is looked at.

    Args:
        study: of any state.

    Example:
        >>> import hpo
        >>> study = hpo.search(lambda c: c["x"], {"x": hpo.Float(0, 1)}, num_trials=2, seed=0)
        >>> seen = Snapshot(study)
        >>> seen.trials[1] is seen.trials[1], seen.trials == study.trials
        (True, True)
    """

    def __init__(self, study: Study) -> None:
        super().__init__(study.history)
        self._made = tuple(study.trials)

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials by id."""
        return self._made
