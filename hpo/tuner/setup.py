"""Checks the arguments of a search, and turns them into what the tuner works with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from hpo.backend import registry
from hpo.errors import AmbiguousBackendError, StudyMismatchError
from hpo.executors.placement import Placement, choose_placement
from hpo.objective.function import Objective
from hpo.space import Config, Space
from hpo.study.study import Study


def check_epochs(objective: Objective, scheduler: str, space: Space) -> None:
    """Refuse an objective that a scheduler which decides after epochs cannot work with.

    Raises:
        ValueError: the objective declares that it reports no epochs, or two would set `max_epochs`.
    """
    if not objective.reports_epochs:
        raise ValueError(
            f"{scheduler} decides after epochs, and the objective declares by its attribute resource = None "
            f"that it reports none. Leave the scheduler out, or let the objective yield its metrics once per "
            f"epoch and say resource = 'epoch'."
        )
    if objective.takes_max_epochs and "max_epochs" in space:
        raise ValueError(
            f"Both {scheduler} and the hyperparameter 'max_epochs' would set the objective's parameter of "
            f"that name: rename the hyperparameter, or leave the scheduler out."
        )


def first_points(space: Space, given: Sequence[Mapping[str, Any]] | None, seed: int) -> list[Config]:
    """The configs that are evaluated first: the given ones completed by draws, or the space's default."""
    if given is None:
        default = space.default_config()
        return [] if default is None else [default]
    drawn = space.sample(seed, n=len(given)) if given else []
    return [space.completed(point, rest) for point, rest in zip(given, drawn, strict=True)]


def checked_functions(name: str, given: Any, arguments: str) -> tuple[Any, ...]:
    """One function or several, as a tuple.

    Raises:
        TypeError: something else is given.
    """
    functions = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(map(callable, functions)):
        raise TypeError(
            f"{name}= is a function that is called with ({arguments}), or a list of them; received {given!r}."
        )
    return functions


def checked_name(name: Any) -> str:
    """The name of a study.

    Raises:
        ValueError: it is empty, or no str.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"A study's name is a str that is not empty; received {name!r}.")
    return name


def placement_for(
    study: Study, backend: str | None, device: str | None, replicates: int
) -> tuple[Placement, str]:
    """Where the trials of a study run, and why. A study that is resumed stays where it was.

    Args:
        study: the study.
        backend: the backend that the search asks for; None if it asks for none.
        device: the device that the search asks for; None if it asks for none.
        replicates: on how many draws each config is trained.

    Raises:
        StudyMismatchError: the study was begun on another backend than the one that is asked for.
        BackendError: the backend or the device is not there.
    """
    before = study.history.placed
    if before is not None and before.backend is not None:
        # What happens to be imported now is no wish: only a name can contradict the study.
        asked = registry.choose(backend) if backend is not None else _asked_for()
        if asked is not None and asked.name != before.backend:
            raise StudyMismatchError(
                f"The study {study.name!r} was begun on the backend {before.backend} and cannot go on on "
                f"{asked.name}, chosen because {asked.reason}: results would not compare. Take "
                f"backend={before.backend!r}, or make a new study with warm_start=[study]."
            )
        backend = before.backend
    device = device if device is not None or before is None else before.device
    return choose_placement(study.seed, backend, device, replicates)


def _asked_for() -> registry.BackendChoice | None:
    """The backend that the environment or an enclosing `use_backend` names; None if neither does."""
    with suppress(AmbiguousBackendError):
        choice = registry.choose()
        return choice if choice.was_asked_for else None
    return None
