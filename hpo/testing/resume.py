"""What every searcher and scheduler must withstand: its study cut anywhere, and resumed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hpo.errors import SearchFailedError
from hpo.objective.context import CurrentTrial
from hpo.schedulers import FIFO, Scheduler
from hpo.searchers import RandomSearch, Searcher
from hpo.space import Choice, Float, Int, Space
from hpo.storage.events import Event, EventKind
from hpo.study.study import Study
from hpo.study.value import ValueOf
from hpo.testing.memory import MemoryStorage
from hpo.tuner.tuner import Tuner

_EPOCHS = 3


def _drawn(examples: int) -> settings:
    """Few examples, as each one is many searches; the subclasses share a test, and each draws for itself."""
    return settings(
        max_examples=examples,
        # Without shrinking, which would repeat the many searches of an example many times.
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.differing_executors],
    )


def trained(config: Mapping[str, Any], trial: CurrentTrial) -> Iterator[dict[str, float]]:
    """An objective with a state that later epochs stand on, kept in checkpoints."""
    weights = np.full(2, float(config["x"]))
    trial.checkpoint(model=weights)
    for epoch in trial.epochs(_EPOCHS):
        weights *= 0.5 + 0.1 * config["n"] / epoch
        yield {"error": float(weights.sum()), "epoch": epoch}


def restarted(config: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """An objective that keeps nothing: it always begins again."""
    for epoch in range(1, _EPOCHS + 1):
        yield {"error": (config["x"] - 0.3) ** 2 + config["n"] / epoch}


def returned(config: Mapping[str, Any]) -> float:
    """An objective of one number that fails for some configs and returns NaN for others."""
    if config["kind"] == "broken":
        raise ValueError("it is broken")
    return float("nan") if config["n"] == 3 else float(config["x"])


class ResumeContract:
    """A study that is cut after any of its events and resumed equals the one that was not.

    Subclass it, and say which searcher and which scheduler. Both are made afresh for each run, so what
    they keep in memory is not what makes them go on.

    Example:
        >>> import hpo
        >>> from hpo.testing import ResumeContract
        >>> class TestLocalSearch(ResumeContract):
        ...     num_trials = 2
        ...
        ...     def make_searcher(self):
        ...         return hpo.LocalSearch()
        >>> def objective(config):
        ...     yield {"error": config["x"]}
        >>> TestLocalSearch().check(objective, seed=0, lost_files=False)  # cut after each event
    """

    space = Space({"x": Float(0, 1), "n": Int(1, 5), "kind": Choice(["good", "better", "broken"])})
    num_trials = 4
    value: ValueOf = "last"

    def make_searcher(self) -> Searcher:
        return RandomSearch()

    def make_scheduler(self) -> Scheduler:
        return FIFO()

    @given(seed=st.integers(0, 2**32 - 1))
    @_drawn(2)
    def test_a_study_of_checkpoints_goes_on_from_any_event(self, seed: int) -> None:
        self.check(trained, seed, lost_files=False)

    @given(seed=st.integers(0, 2**32 - 1))
    @_drawn(1)
    def test_a_study_whose_checkpoints_are_lost_goes_on_from_any_event(self, seed: int) -> None:
        self.check(trained, seed, lost_files=True)

    @given(seed=st.integers(0, 2**32 - 1))
    @_drawn(2)
    def test_a_study_without_checkpoints_goes_on_from_any_event(self, seed: int) -> None:
        self.check(restarted, seed, lost_files=False)

    @given(seed=st.integers(0, 2**32 - 1))
    @_drawn(2)
    def test_a_study_of_plain_numbers_and_failures_goes_on_from_any_event(self, seed: int) -> None:
        self.check(returned, seed, lost_files=False)

    def check(self, objective: Callable[..., Any], seed: int, *, lost_files: bool) -> None:
        """Run once to the end, cut after each event, resume each, and compare."""
        with tempfile.TemporaryDirectory() as folder:
            snapshots: list[Path] = []

            def keep_files(event: Event, study: Study) -> None:
                snapshots.append(_copy(Path(folder, "whole"), Path(folder, f"files-{len(snapshots)}")))

            storage = MemoryStorage(Path(folder, "whole"))
            whole = self.run(objective, seed, storage, resume=False, callbacks=[keep_files])
            assert len(snapshots) == len(whole.events)
            for number, files in enumerate(snapshots, start=1):
                if not lost_files:
                    shutil.copytree(files, Path(folder, f"cut-{number}"))
                cut = MemoryStorage(Path(folder, f"cut-{number}"))
                cut.put("cut anywhere", whole.events[:number])
                resumed = self.run(objective, seed, cut, resume=True)
                said = f"cut after event {number - 1}, {whole.events[number - 1]}"
                assert resumed == whole, f"{said}:\n{resumed}\nand uninterrupted:\n{whole}"
                assert not _of_kind(resumed, EventKind.NONDETERMINISTIC), said
                assert Study.from_events(cut.open("cut anywhere").events(), space=self.space) == whole, said

    def run(
        self,
        objective: Callable[..., Any],
        seed: int,
        storage: MemoryStorage,
        *,
        resume: bool,
        **options: Any,
    ) -> Study:
        """One run to the end, with a searcher and a scheduler of its own."""
        tuner = Tuner(
            objective,
            self.space,
            minimize="error",
            value=self.value,
            searcher=self.make_searcher(),
            scheduler=self.make_scheduler(),
            num_trials=self.num_trials,
            seed=seed,
            storage=storage,
            name="cut anywhere",
            resume=resume,
            # A search that was given up tries its trials again when it goes on.
            give_up_after=None,
            progress=False,
            **options,
        )
        with suppress(SearchFailedError):  # a study of failures only is one, too
            tuner.run()
        return tuner.study


def _copy(source: Path, target: Path) -> Path:
    if source.exists():
        shutil.copytree(source, target)
    else:
        target.mkdir()
    return target


def _of_kind(study: Study, kind: EventKind) -> list[Event]:
    return [event for event in study.events if event.kind is kind]
