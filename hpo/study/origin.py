"""How a study begins, and how it is opened again."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hpo.checkpoints import CheckpointFolder
from hpo.errors import SpaceError, StudyExistsError, StudyMismatchError, StudyNotFoundError
from hpo.randomness import draw_seed
from hpo.space import Config, Space
from hpo.storage import Storage, StudyLog, open_storage
from hpo.storage.events import Event, EventKind, to_text
from hpo.study.history import History
from hpo.study.keep import Keep
from hpo.study.logged import name_today
from hpo.study.study import Study
from hpo.study.trial import Metric, metrics_document
from hpo.study.value import ValueOf
from hpo.version import __version__


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a study is made of, and what its first event records.

    Attributes:
        name: what it is called.
        space: what is searched.
        metrics: what is optimised; empty if the first result names it.
        seed: None to draw one.
        objective: its name and fingerprint; None for a loop by hand.
        searcher: what proposes configs.
        searcher_reason: why it proposes as it does; None if it does not say.
        scheduler: what decides how long trials run.
        replicates: on how many draws each config is trained.
        points: the configs that come first.
        keep: whose models are kept; None if the study keeps none at all, as it has no storage.
        value: which of a trial's reports is its value.
    """

    name: str
    space: Space
    metrics: tuple[Metric, ...]
    seed: int | None
    objective: Mapping[str, str] | None = None
    searcher: str = "RandomSearch"
    searcher_reason: str | None = None
    scheduler: str = "FIFO"
    replicates: int = 1
    points: Sequence[Config] = field(default=())
    keep: Keep | None = None
    value: ValueOf = "last"

    def event(self) -> Event:
        """The first event of the study's log."""
        data: dict[str, Any] = {
            "name": self.name,
            "seed": draw_seed() if self.seed is None else self.seed,
            "metrics": metrics_document(self.metrics),
            "objective": self.objective,
            "searcher": self.searcher,
            "searcher_reason": self.searcher_reason,
            "scheduler": self.scheduler,
            "replicates": self.replicates,
            "points": list(self.points),
        }
        data |= {} if self.keep is None else {"keep": self.keep}
        data |= {} if self.value == "last" else {"value": self.value}
        try:
            data["space"] = self.space.to_json()
        except SpaceError as error:
            data |= {"space": None, "space_error": str(error)}
        version = ".".join(str(part) for part in sys.version_info[:3])
        # The version not by `import hpo`, whose file stands above every layer.
        data["versions"] = {"polyhpo": __version__, "python": version, "numpy": np.__version__}
        return Event(EventKind.STUDY_CREATED, text=to_text(data), time=time.time())


def begin(beginning: Origin, storage: str | Path | Storage | None, *, resume: bool) -> tuple[History, bool]:
    """The history of a new study or of one that continues, and whether it is new.

    Raises:
        StudyExistsError: there is one of that name, and it is not to be resumed.
        StudyMismatchError: it is of another space, metric or seed; the text shows the difference.
        StorageError: the storage cannot be read or written.
        ValueError: it is to be resumed, and there is no storage.
    """
    if storage is None:
        if resume:
            raise ValueError(
                "resume=True goes on with a study in a storage: give storage=, for example 'study.db'."
            )
        return History([beginning.event()], space=beginning.space), True
    opened = open_storage(storage)
    # Created first and opened only then: of several tuners that begin at once, one creates it.
    try:
        store, is_new = opened.create(beginning.name, beginning.event()), True
    except StudyExistsError as error:
        if not resume:
            raise StudyExistsError(
                f"{error} To go on with it, pass resume=True; to read it, use "
                f"hpo.load_study({str(storage)!r}, {beginning.name!r}); for a new one take another name=."
            ) from None
        store, is_new = opened.open(beginning.name), False
    history = _history_of(store, beginning.space)
    if not is_new:
        _check_same(history, beginning)
    return history, is_new


def load_study(
    storage: str | Path | Storage, name: str | None = None, *, space: Space | None = None
) -> Study:
    """Read a study from a storage.

    Args:
        storage: the file, such as `study.db`, a database's URL, or a storage.
        name: what the study is called; not needed if the storage holds one only.
        space: the study's space, needed where the log could not hold it (it has a lambda as a constraint).

    Raises:
        StudyNotFoundError: there is none of that name, or there are several and none was named.
        StorageError: the storage cannot be read.

    Example:
        >>> import tempfile
        >>> import hpo
        >>> space = {"x": hpo.Float(-1, 1)}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/study.db"
        ...     study = hpo.search(lambda config: config["x"] ** 2, space, num_trials=5, seed=0, storage=path)
        ...     loaded = hpo.load_study(path)
        >>> loaded.best.config == study.best.config
        True
    """
    opened = open_storage(storage, create=False)
    if name is None:
        names = opened.studies()
        if len(names) != 1:
            raise StudyNotFoundError(
                f"{storage} holds {len(names)} studies ({', '.join(map(repr, names)) or 'none'}); name one: "
                f"hpo.load_study({str(storage)!r}, {(names or ['mlp'])[0]!r})."
            )
        [name] = names
    return Study(_history_of(opened.open(name), space))


def _history_of(store: StudyLog, space: Space | None) -> History:
    return History(store.events(), space=space, folder=CheckpointFolder(store.folder), store=store)


def _check_same(history: History, beginning: Origin) -> None:
    """Refuse a search that is another than the study's, and warn of changes that may make it one."""
    created = history.created
    differences = []
    # A space that has no JSON cannot be compared: the log does not hold it.
    if created.get("space") is not None and (there := Space.from_json(created["space"])) != beginning.space:
        differences += _space_differences(there, beginning.space)
    if beginning.metrics and history.metrics and beginning.metrics != history.metrics:
        differences.append(f"metric: {_goal(history.metrics)} there, {_goal(beginning.metrics)} here")
    for key in ("seed", "replicates"):
        mine = getattr(beginning, key)
        # None is a seed to be drawn, which takes the one that is there.
        if mine is not None and created.get(key, mine) != mine:
            differences.append(f"{key}: {created[key]} there, {mine} here")
    if beginning.value != history.value_of:
        differences.append(f"value: {history.value_of!r} there, {beginning.value!r} here")
    if differences:
        raise StudyMismatchError(
            f"The study {beginning.name!r} that is there is another one. "
            + "; ".join(differences)
            + ". To go on "
            "with it, give what it was created with; to start from its results, make a new study: "
            f"name='another', warm_start=[hpo.load_study(storage, {beginning.name!r})]."
        )
    _warn_of_changes(history, beginning)


def _warn_of_changes(history: History, beginning: Origin) -> None:
    before, now = history.created.get("objective"), beginning.objective
    if before and now and before.get("fingerprint") != now.get("fingerprint") and not _is_ours(before, now):
        warnings.warn(
            f"The objective of the study {beginning.name!r} changed since it was created ({before['name']} "
            f"then, {now['name']} now): its new results may not compare with the old ones.",
            stacklevel=5,  # the line that made the tuner
        )
    for key in ("searcher", "scheduler"):
        was, is_now = history.created.get(key), getattr(beginning, key)
        # A searcher of the user's own may have the name that one of ours had.
        if was is not None and was not in (is_now, name_today(is_now)):
            warnings.warn(
                f"The study {beginning.name!r} was created with the {key} {was} and goes on with {is_now}.",
                stacklevel=5,
            )


def _is_ours(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether both are one class of this library, whose place and source may change with each version."""
    modules, names = zip(*(each["name"].rpartition(".")[::2] for each in (before, now)), strict=True)
    return len({*names}) == 1 and all(module.startswith(("hpo.", "hpo_")) for module in modules)


def _space_differences(there: Space, here: Space) -> list[str]:
    before, now = dict(there.items()), dict(here.items())
    differences = [
        f"{name}: {before.get(name, 'absent')} there, {now.get(name, 'absent')} here"
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    ]
    return differences or [f"space: {there!r} there, {here!r} here"]


def _goal(metrics: tuple[Metric, ...]) -> str:
    return ", ".join(f"{metric.direction.value} {metric.name}" for metric in metrics)
