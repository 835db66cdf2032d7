"""`hpo.search`: a whole search in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hpo.executors import ExecutorPlan
from hpo.executors.cohorts import Fuse
from hpo.objective.function import Objective
from hpo.schedulers import Scheduler
from hpo.searchers import Searcher
from hpo.space import Space
from hpo.storage import Storage
from hpo.study.appender import Callback
from hpo.study.keep import Keep
from hpo.study.study import Study
from hpo.study.value import ValueOf
from hpo.tuner.output.trials import Output
from hpo.tuner.progress.choice import ShownProgress
from hpo.tuner.stop_rules import StopRule
from hpo.tuner.tuner import Tuner


def search(
    objective: Callable[..., Any],
    space: Space | Mapping[str, object],
    *,
    minimize: str | None = None,
    maximize: str | None = None,
    value: ValueOf = "last",
    searcher: str | Searcher = "random",
    scheduler: str | Scheduler = "fifo",
    num_trials: int | None = None,
    timeout: float | None = None,
    stop: StopRule | Iterable[StopRule] = (),
    seed: int | None = None,
    backend: str | None = None,
    device: str | None = None,
    workers: int | str | ExecutorPlan = 1,
    executor: str | ExecutorPlan | None = None,
    fuse: Fuse = "auto",
    replicates: int = 1,
    storage: str | Path | Storage | None = None,
    name: str = "study",
    resume: bool = False,
    keep: Keep | None = None,
    points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
    warm_start: Iterable[Study] = (),
    give_up_after: int | None = 3,
    callbacks: Callback | Iterable[Callback] = (),
    progress: ShownProgress = "auto",
    output: Output = "show",
) -> Study:
    """Search a space for the config with the best result.

    `objective` takes a config (a dict). The current trial goes to its second positional parameter, if that
    has no default, or to a parameter named `trial`. It returns a number, a dict of numbers, a generator that
    yields either once per epoch, or nothing if it called `hpo.report`. An objective that raises, or returns
    NaN, infinity or no number, costs its trial and not the search. `space` is a `Space` or a dict of names
    and domains.

    The other arguments are those of `hpo.Tuner`, where all are described.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Int(0, 9)}
        >>> study = hpo.search(lambda config: (config["x"] - 3) ** 2, space, num_trials=30, seed=0)
        >>> study.best.config
        {'x': 3}

    Raises:
        SearchFailedError: every trial failed, or would; the text has the first reason.
        SearchInterrupted: Ctrl-C; everything that was finished is in its `study`.
        ObjectiveError: the objective returns several metrics and none was named.
        BackendError: the backend or the device is not there.
        StorageError: the storage cannot be used, or has another study of this name.
    """
    tuner = Tuner(
        # The tuner takes None for a loop by hand; a search does not, and `Objective` refuses it.
        Objective(objective).function,
        space,
        minimize=minimize,
        maximize=maximize,
        value=value,
        searcher=searcher,
        scheduler=scheduler,
        num_trials=num_trials,
        timeout=timeout,
        stop=stop,
        seed=seed,
        backend=backend,
        device=device,
        workers=workers,
        executor=executor,
        fuse=fuse,
        replicates=replicates,
        storage=storage,
        name=name,
        resume=resume,
        keep=keep,
        points_to_evaluate=points_to_evaluate,
        warm_start=warm_start,
        give_up_after=give_up_after,
        callbacks=callbacks,
        progress=progress,
        output=output,
    )
    return tuner.run()
