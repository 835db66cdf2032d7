"""The search space: named domains, and the unit cube that every searcher works in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hpo.errors import SpaceError
from hpo.randomness import check_seed
from hpo.space.activity import Activity
from hpo.space.constraints import (
    Constraint,
    PathConstraint,
    as_constraint,
    check_names,
    constraint_from_json,
)
from hpo.space.domain import Domain, clipped
from hpo.space.draws import draw_rows
from hpo.space.parse import as_domain, domain_from_json, domain_to_json
from hpo.space.values import NO_DEFAULT, Scalar, about, did_you_mean, listing

Config: TypeAlias = dict[str, Scalar]
"""One point of a space: plain Python values by name."""


class Space(Mapping[str, Domain]):
    """The hyperparameters of a search, in order, with the constraints on them.

    A space is a read-only mapping from names to domains. Each is one dimension of the unit cube, in which
    the user's priors are uniform.

    Args:
        domains: a domain for each name. A frozen `scipy.stats` distribution is one, and a bare scalar
            is a constant.
        constraints: comparisons such as `param("a") + param("b") <= 10`, import paths
            `module:function`, or functions of the config that return a bool. A tree that mentions an
            inactive hyperparameter holds.

    Example:
        >>> from hpo.space import Float, Int, Space
        >>> space = Space({"learning_rate": Float(1e-4, 1, log=True), "num_layers": Int(1, 4)})
        >>> space.decode([[0.5, 0.9]])
        [{'learning_rate': 0.01, 'num_layers': 4}]

    Raises:
        SpaceError: the space is empty, a name is no str, a domain or a constraint is none, conditions
            contradict each other, or the defaults break a constraint. An import path is not followed for
            that; `default_config` does so.
    """

    def __init__(self, domains: Mapping[str, object], *, constraints: Iterable[object] = ()) -> None:
        if not isinstance(domains, Mapping):
            raise SpaceError(
                "A space is made from a dict of names and domains, for example "
                f"{{'learning_rate': Float(1e-4, 1, log=True)}}; received {domains!r}."
            )
        if not domains:
            raise SpaceError("The space is empty; give at least one hyperparameter.")
        if isinstance(constraints, str) or not isinstance(constraints, Iterable):
            raise SpaceError(f"constraints is a list of constraints; received {constraints!r}.")
        self._domains = {
            _checked_name(name): about(str(name), as_domain, domain) for name, domain in domains.items()
        }
        self._constraints = tuple(as_constraint(each) for each in constraints)
        for constraint in self._constraints:
            check_names(constraint, self._domains)
        self._activity = Activity(self._domains)
        self._is_conditional = any(domain.conditions for domain in self._domains.values())
        # Without import paths: making a space, say from a file, runs no code of the file's choice.
        self._checked_defaults([each for each in self._constraints if not each.is_imported_late])

    @property
    def order(self) -> tuple[str, ...]:
        """The names, each after those that decide whether it exists."""
        return self._activity.order

    @property
    def has_constraints(self) -> bool:
        """Whether a config of valid values can still be turned down."""
        return bool(self._constraints)

    @property
    def missing_functions(self) -> tuple[str, ...]:
        """The functions that a file names as constraints and that were not passed.

        Each is written as in the file, `module:function`. They are needed to draw or to validate a
        config, and nothing that is read is imported.
        """
        paths = (each for each in self._constraints if isinstance(each, PathConstraint))
        return tuple(dict.fromkeys(each.path for each in paths if each.is_missing))

    def with_functions(self, functions: Mapping[str, Callable[[Config], object]]) -> Space:
        """The same space with functions that its constraints name.

        A space that was read from a file, such as a stored study, names a function as `module:function` and
        does not import it.

        Args:
            functions: each function by that name. It takes a config and returns a bool.

        Example:
            >>> from hpo.space import Int, Space
            >>> space = Space({"units": Int(1, 9)}, constraints=["limits:fits"])
            >>> read = Space.from_json(space.to_json())
            >>> read.missing_functions
            ('limits:fits',)
            >>> even = read.with_functions({"limits:fits": lambda config: config["units"] % 2 == 0})
            >>> even.sample(seed=0, n=3)
            [{'units': 6}, {'units': 8}, {'units': 2}]

        Raises:
            SpaceError: no constraint has that name, or what is given is no function.
        """
        named = {each.path for each in self._constraints if isinstance(each, PathConstraint)}
        for name, function in functions.items():
            if name not in named:
                raise SpaceError(
                    f"No constraint of the space names {name!r}; those that are named: "
                    f"{listing(sorted(named)) or 'none'}.{did_you_mean(name, named)}"
                )
            if not callable(function):
                raise SpaceError(f"with_functions takes a function for {name!r}; received {function!r}.")
        constraints = [
            replace(each, function=functions[each.path])
            if isinstance(each, PathConstraint) and each.path in functions
            else each
            for each in self._constraints
        ]
        return Space(self._domains, constraints=constraints)

    @property
    def size(self) -> float:
        """The number of points, an `int`, or infinity; conditions and constraints only lower it."""
        sizes = [domain.size for domain in self._domains.values()]
        total: float = 1
        for size in sizes:
            total *= size
        return total

    def sample(self, seed: int, n: int = 1, *, start: int = 0) -> list[Config]:
        """Draw n configs from the priors; those that break a constraint are drawn anew.

        Draw i depends on nothing but the seed and i: these are the proposals of a random search with
        that seed, from number `start` on.

        Args:
            seed: an integer of at least 0.
            n: how many configs.
            start: how many draws to leave out at the beginning.

        Example:
            >>> from hpo.space import Int, Space
            >>> space = Space({"units": Int(32, 1024, log=True)})
            >>> space.sample(seed=0, n=3)[2:] == space.sample(seed=0, start=2)
            True

        Raises:
            SpaceError: the constraints turned down every attempt at a draw.
            ValueError: `n` or `start` is negative.
        """
        seed = check_seed(seed)
        if n < 0 or start < 0:
            raise ValueError(f"n and start are at least 0; received n={n!r}, start={start!r}.")
        return draw_rows(
            seed,
            range(start, start + n),
            num_dimensions=len(self),
            decode=self.decode,
            satisfies=self.satisfies,
        )

    def decode(self, cube: ArrayLike) -> list[Config]:
        """Turn points of the unit cube, shape (n, len(space)), into n configs.

        Inactive hyperparameters have a dimension too, but are absent from the config.

        Raises:
            SpaceError: the array has another shape, or holds NaN.
        """
        points = np.asarray(cube, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != len(self):
            raise SpaceError(
                f"decode takes points of shape (n, {len(self)}), a column for each hyperparameter; "
                f"received shape {points.shape}."
            )
        if np.isnan(points).any():
            raise SpaceError("decode takes numbers from 0 to 1; received NaN.")
        # All at once: for a point or two, checking and clipping each column takes as long as decoding it.
        points = clipped(points)
        columns = [domain.quantiles(points[:, i]) for i, domain in enumerate(self._domains.values())]
        configs = [dict(zip(self._domains, row, strict=True)) for row in zip(*columns, strict=True)]
        return [self._activity.active(each) for each in configs] if self._is_conditional else configs

    def encode(self, configs: Sequence[Mapping[str, object]]) -> NDArray[np.float64]:
        """Turn n configs into points of the unit cube, shape (n, len(space)).

        An inactive hyperparameter lies at 0.5. Constraints are not checked.

        Raises:
            SpaceError: a config misses or adds a name, or a value leaves its range.
        """
        if isinstance(configs, Mapping):
            raise SpaceError("encode takes a list of configs; received one config: write encode([config]).")
        cube = np.full((len(configs), len(self)), 0.5)
        valid = [self._validated_values(config) for config in configs]
        for column, (name, domain) in enumerate(self._domains.items()):
            rows = [row for row, config in enumerate(valid) if name in config]
            if rows:
                # The values are valid by now: `domain.encode` would check them a second time.
                cube[rows, column] = domain.positions([valid[row][name] for row in rows])
        return clipped(cube)

    def satisfies(self, config: Mapping[str, Any]) -> bool:
        """Whether a valid config meets the constraints.

        Raises:
            SpaceError: a constraint cannot be evaluated, for example because it divides by zero.
        """
        return all(constraint.holds(config) for constraint in self._constraints)

    def validate(self, config: Mapping[str, object]) -> Config:
        """Check a config and return it as a plain dict of plain Python values, in the space's order.

        Raises:
            SpaceError: it misses or adds a name, a value is of the wrong type or out of its range, an
                inactive hyperparameter is there, or a constraint is broken.
        """
        valid = self._validated_values(config)
        for constraint in self._constraints:
            if not constraint.holds(valid):
                raise SpaceError(f"The config breaks the constraint {constraint!r}; received {valid!r}.")
        return valid

    def check(self, config: Mapping[str, object]) -> None:
        """Check the names and the values of a config, and none of the constraints.

        Raises:
            SpaceError: it misses or adds a name, a value is of the wrong type or out of its range, or an
                inactive hyperparameter is there.
        """
        if not self._is_conditional and len(config) == len(self._domains):
            # The usual case, which a long log has once for each trial. What is wrong is said below.
            with suppress(KeyError, SpaceError):
                for name, domain in self._domains.items():
                    domain.validate(config[name])
                return
        self._validated_values(config)

    def default_config(self) -> Config | None:
        """The config of all defaults, or `None` if an active hyperparameter has none.

        What is inactive under the defaults is absent and needs no default. A constant is its own.

        Example:
            >>> from hpo.space import Choice, Float, Space
            >>> optimizer = Choice(["sgd", "adam"], default="adam")
            >>> momentum = Float(0, 0.99, default=0.9).when("optimizer", eq="sgd")
            >>> Space({"optimizer": optimizer, "momentum": momentum}).default_config()
            {'optimizer': 'adam'}

        Raises:
            SpaceError: the defaults break a constraint, or one cannot be evaluated for them.
        """
        return self._checked_defaults(self._constraints)

    def completed(self, partial: Mapping[str, object], rest: Mapping[str, object]) -> Config:
        """Complete the values that a user chose to a full config.

        An active hyperparameter that `partial` leaves out takes its default. Without a default it takes its
        value in `rest`, or the median of its domain if it is inactive in `rest`.

        Args:
            partial: values by name; may be empty.
            rest: a config of the space, such as `sample` draws.

        Example:
            >>> from hpo.space import Float, Int, Space
            >>> space = Space({"rate": Float(0, 1), "layers": Int(1, 4, default=2), "units": Int(1, 99)})
            >>> space.completed({"units": 64}, rest={"rate": 0.25, "layers": 3, "units": 7})
            {'rate': 0.25, 'layers': 2, 'units': 64}

        Raises:
            SpaceError: a name is unknown, a value is wrong, `partial` has what is inactive, or the
                completed config breaks a constraint.
        """
        self._check_names(partial)
        self._check_names(rest)

        def choose(name: str) -> Scalar:
            domain = self._domains[name]
            if name in partial:
                return about(name, domain.validate, partial[name])
            if domain.default is not NO_DEFAULT:
                return domain.default
            if name in rest:
                return about(name, domain.validate, rest[name])
            return domain.decode([0.5])[0]

        # With all of `partial`, so that `validate` refuses what is inactive in it.
        return self.validate({**partial, **self._activity.chosen(choose)})

    def to_json(self) -> dict[str, Any]:
        """The space as JSON values; `from_json` reads them.

        Raises:
            SpaceError: it holds a function or a custom distribution, which have no name to be found by.
        """
        domains = [
            {"name": name, "domain": about(name, domain_to_json, domain)}
            for name, domain in self._domains.items()
        ]
        return {"parameters": domains, "constraints": [each.to_json() for each in self._constraints]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Space:
        """Read a space from what `to_json` returned. It makes only types and distributions from a list.

        Raises:
            SpaceError: the document has another form, or names something that is not on the list.
        """
        if not isinstance(document, Mapping) or not isinstance(document.get("parameters"), list):
            raise SpaceError(f"Expected what Space.to_json() gives; received {document!r}.")
        domains: dict[str, Domain] = {}
        for entry in document["parameters"]:
            if not isinstance(entry, Mapping) or set(entry) != {"name", "domain"}:
                raise SpaceError(f"Expected a hyperparameter with 'name' and 'domain'; received {entry!r}.")
            name = _checked_name(entry["name"])
            if name in domains:
                raise SpaceError(f"The hyperparameter {name!r} is there twice.")
            domains[name] = about(name, domain_from_json, entry["domain"])
        constraints = document.get("constraints", [])
        if not isinstance(constraints, list):
            raise SpaceError(f"constraints is a list; received {constraints!r}.")
        return cls(domains, constraints=[constraint_from_json(each) for each in constraints])

    def __getitem__(self, name: str) -> Domain:
        if name not in self._domains:
            near = did_you_mean(name, self._domains)
            raise KeyError(f"The space has no {name!r}; it has {listing(self._domains)}.{near}")
        return self._domains[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._domains)

    def __len__(self) -> int:
        return len(self._domains)

    def __contains__(self, name: object) -> bool:
        return name in self._domains

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        # The order counts: it is the order of the cube's dimensions.
        mine, theirs = list(self._domains.items()), list(other._domains.items())
        return mine == theirs and self._constraints == other._constraints

    def __hash__(self) -> int:
        return hash((tuple(self._domains.items()), self._constraints))

    def __repr__(self) -> str:
        lines = "".join(f"    {name!r}: {domain!r},\n" for name, domain in self._domains.items())
        constraints = f", constraints={list(self._constraints)!r}" if self._constraints else ""
        return f"Space({{\n{lines}}}{constraints})"

    def _checked_defaults(self, constraints: Iterable[Constraint]) -> Config | None:
        config = self._activity.defaults()
        if config is None:
            return None
        for constraint in constraints:
            if not constraint.holds(config):
                raise SpaceError(
                    f"The defaults of the space break the constraint {constraint!r}. Change a default or "
                    f"loosen the constraint; received the defaults {config!r}."
                )
        return config

    def _check_names(self, config: Mapping[str, object]) -> None:
        if not isinstance(config, Mapping):
            raise SpaceError(f"A config is a dict of names and values; received {config!r}.")
        for name in config:
            if name not in self._domains:
                near = did_you_mean(name, self._domains)
                raise SpaceError(
                    f"The config has {name!r}, which the space has not: {listing(self._domains)}.{near}"
                )

    def _validated_values(self, config: Mapping[str, object]) -> Config:
        self._check_names(config)
        valid: Config = {}
        missing = []
        inactive = []
        for name in self._activity.order:
            unmet = self._activity.unmet(name, valid)
            # By the valid values alone: one that is inactive itself must not decide about others.
            if unmet is not None:
                inactive += [f"{name!r} is there only if {unmet}"] if name in config else []
            elif name in config:
                valid[name] = about(name, self._domains[name].validate, config[name])
            else:
                missing.append(name)
        if missing:
            raise SpaceError(f"The config misses {listing(missing)}; received {dict(config)!r}.")
        if inactive:
            raise SpaceError(f"{'; '.join(inactive)}. Leave it out; received {dict(config)!r}.")
        return {name: valid[name] for name in self._domains if name in valid}


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise SpaceError(f"The name of a hyperparameter is a str that is not empty; received {name!r}.")
    return name
