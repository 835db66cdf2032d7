"""Grid search: every combination of a few values of each hyperparameter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from hpo.checks import checked_count
from hpo.errors import SpaceError
from hpo.searchers.base import Proposal, Searcher
from hpo.space import Config, Domain, Scalar, Space
from hpo.space.values import about
from hpo.study.reader import StudyReader
from hpo.study.study import Study

Levels: TypeAlias = int | Mapping[str, int | Sequence[Scalar]]
"""The number of values of a hyperparameter, or the values themselves; for all of them or by name."""

DEFAULT_LEVELS = 5
"""The number of values of a bounded range by default."""

_MAX_SKIPPED = 100_000
"""After so many points in a row that break a constraint the grid ends: its size grows exponentially."""

Key: TypeAlias = frozenset[tuple[str, Scalar]]
"""A config by its content."""


class GridSearch(StudyReader, Searcher):
    """Tries every combination once, in order, the last hyperparameter changing fastest, and then ends.

    A listed domain takes all its values, an `Int` all of few; any other range takes `levels` values, evenly
    spaced under its prior (in the logarithm where `log=True`), both ends included. A hyperparameter that
    does not exist in a config multiplies nothing.

    Args:
        levels: how many values each range takes, an integer for all or a dict by name, in which a list
            gives the values themselves; by default 5 for what is bounded.

    Raises:
        ValueError: a number of levels is below 1.
        TypeError: `levels` is something else.

    Example:
        >>> import hpo
        >>> space = {"lr": hpo.Float(0.001, 0.1, log=True), "units": hpo.Ordinal([64, 128])}
        >>> grid = hpo.GridSearch(levels=3)
        >>> study = hpo.search(lambda c: c["lr"], space, searcher=grid, num_trials=6, seed=0)
        >>> [(round(trial.config["lr"], 3), trial.config["units"]) for trial in study.trials][:3]
        [(0.001, 64), (0.001, 128), (0.01, 64)]
    """

    needs_results = False

    def __init__(self, levels: Levels | None = None) -> None:
        counts = list(levels.values()) if isinstance(levels, Mapping) else [levels]
        for count in counts:
            _check_count(count, in_mapping=isinstance(levels, Mapping))
        self._levels = levels
        self._start_over()

    def _start_over(self) -> None:
        self._study: Study | None = None
        self._more: Iterator[Config] | None = None
        self._listed: list[Config] = []
        self._tried: set[Key] = set()
        self._num_read = 0
        self._first_open = 0

    def ask(self, study: Study, n: int) -> list[Proposal]:
        """The next n points of the grid that were not tried; fewer, or none, at its end.

        Raises:
            SpaceError: an unbounded domain has no levels, or almost no point meets the constraints.
        """
        if self._study is not study:
            self._start_over()
            self._study = study
            self._more = self.points(study.space)
        # By content, since a user may have added results of configs that are on the grid.
        for number in range(self._num_read, len(study.trials)):
            self._tried.add(_key(study.trials[number].config))
        self._num_read = len(study.trials)
        proposals: list[Proposal] = []
        place = self._first_open
        while len(proposals) < n and (config := self._point(place)) is not None:
            if _key(config) not in self._tried:
                proposals.append(Proposal(dict(config)))
            # Only a prefix without gaps is left behind: what is not in the log yet may be asked for again.
            elif place == self._first_open:
                self._first_open += 1
            place += 1
        return proposals

    def _point(self, place: int) -> Config | None:
        while len(self._listed) <= place:
            config = next(self._more, None) if self._more is not None else None
            if config is None:
                return None
            self._listed.append(config)
        return self._listed[place]

    def points(self, space: Space) -> Iterator[Config]:
        """All configs of the grid in order.

        Raises:
            SpaceError: an unbounded domain has no levels, a listed value is not of its domain, levels are
                given for a name that the space has not, or almost no point meets the constraints.
        """
        values = self._values(space)
        skipped, found = 0, 0
        for config in _combinations(space, space.order, values, {}):
            if space.satisfies(config):
                found, skipped = found + 1, 0
                yield config
            else:
                skipped += 1
            if skipped > _MAX_SKIPPED:
                break
        if not found:
            raise SpaceError(
                f"None of the first {skipped} points of the grid meets the space's constraints; loosen them "
                "or give the grid more levels."
            )

    def _values(self, space: Space) -> dict[str, list[Scalar]]:
        by_name = self._levels if isinstance(self._levels, Mapping) else {}
        for name in by_name:
            if name not in space:
                known = ", ".join(repr(each) for each in space)
                raise SpaceError(f"The grid has levels for {name!r}, which the space has not: {known}.")
        found = {}
        for name, domain in space.items():
            given = by_name.get(name, None if isinstance(self._levels, Mapping) else self._levels)
            found[name] = (
                [about(name, domain.validate, value) for value in given]
                if isinstance(given, Sequence)
                else _levels(name, domain, given)
            )
        return found


def _levels(name: str, domain: Domain, count: int | None) -> list[Scalar]:
    """Values of a domain, evenly spaced under its prior."""
    wanted = DEFAULT_LEVELS if count is None else count
    if domain.size <= wanted or (domain.is_discrete and not domain.is_ordered) or domain.kind == "ordinal":
        size = int(domain.size)
        match domain.bounds:
            # By their numbers: where steps are not equally wide, no even spacing meets each of them.
            case int(low), int(high) if high - low + 1 == size:
                return list(range(low, high + 1))
        return list(dict.fromkeys(domain.decode((np.arange(size) + 0.5) / size)))
    if not any(isinstance(bound, float) and math.isinf(bound) for bound in domain.bounds or ()):
        # With both bounds, which the ends of the unit interval decode to.
        ends = np.linspace(0.0, 1.0, wanted) if wanted > 1 else np.array([0.5])
        return list(dict.fromkeys(domain.decode(ends)))
    if count is None:
        raise SpaceError(
            f"Hyperparameter {name!r}: {domain!r} is unbounded, so a grid has no ends for it. Give it "
            f"bounds. In Python a grid also takes its values, GridSearch(levels={{{name!r}: [...]}}), or "
            f"their number, GridSearch(levels={{{name!r}: 5}})."
        )
    return list(dict.fromkeys(domain.decode((np.arange(wanted) + 0.5) / wanted)))


def _combinations(
    space: Space, names: Sequence[str], values: Mapping[str, list[Scalar]], chosen: Config
) -> Iterator[Config]:
    """All ways to go on from what is chosen, leaving out what does not exist."""
    if not names:
        yield {name: chosen[name] for name in space if name in chosen}
        return
    name, rest = names[0], names[1:]
    exists = all(
        each.name in chosen and each.holds(chosen[each.name], space[each.name].rank)
        for each in space[name].conditions
    )
    for value in values[name] if exists else ():
        yield from _combinations(space, rest, values, chosen | {name: value})
    if not exists:
        yield from _combinations(space, rest, values, chosen)


def _key(config: Mapping[str, Scalar]) -> Key:
    return frozenset(config.items())


def _check_count(levels: object, *, in_mapping: bool) -> None:
    if levels is None or (in_mapping and isinstance(levels, (list, tuple, range)) and len(levels)):
        return
    if isinstance(levels, bool) or not isinstance(levels, int):
        raise TypeError(
            "levels is an integer of at least 1, or a dict of names and integers or lists of values, for "
            f"example {{'units': [64, 128], 'rate': 5}}; received {levels!r}."
        )
    checked_count("levels", levels)
