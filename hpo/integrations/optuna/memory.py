"""An Optuna study that lives in this process, for a sampler to look at."""

from __future__ import annotations

import optuna


class MemoryStudy(optuna.Study):
    """A study that minimises, with one sampler.

    Attributes:
        has_ended: whether the sampler says that it has nothing more to propose.
    """

    def __init__(self, sampler: optuna.samplers.BaseSampler) -> None:
        storage = optuna.storages.InMemoryStorage()
        storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "polyhpo")
        super().__init__("polyhpo", storage, sampler=sampler)
        self.has_ended = False

    def stop(self) -> None:
        """Note the end, which Optuna's own study takes inside of its own loop only."""
        self.has_ended = True
