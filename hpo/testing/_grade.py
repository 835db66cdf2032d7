"""A grade for a searcher: does it keep the contract, and find better configs than random search?"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hpo.compare.searchers import SearcherComparison, compare_searchers
from hpo.searchers import Searcher
from hpo.space import Choice, Float, Int, Ordinal, Space
from hpo.testing.searchers import SearcherContract

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FLAGS = ("needs_one_metric", "never_repeats", "depends_on_seed")


@dataclass(frozen=True)
class Check:
    """One test of the contract.

    Attributes:
        name: what it says, with its parameters.
        problem: what went wrong; None if nothing did.
    """

    name: str
    problem: str | None = None


@dataclass(frozen=True)
class Grade:
    """What `grade` found. `print` shows it.

    Attributes:
        checks: the tests of the contract.
        comparisons: the searcher beside random search, for each problem.
        scores: for each problem how far the median best value came from that of random search, 0, to the
            best there is, 100; below 0 if random search was better.

    Example:
        `grade` makes one, in a minute or so; here it is written down.

        >>> from hpo.testing import Check, Grade
        >>> checks = Check("test_it_is_a_searcher"), Check("test_asking_changes_nothing", "AssertionError: x")
        >>> grade = Grade(checks, comparisons={}, scores={"floats": 62.0, "mixed": 30.0})
        >>> grade.passed, grade.score
        (False, 46.0)
        >>> print(grade)
        1 of 2 tests of the contract passed.
          FAILED test_asking_changes_nothing: AssertionError: x
        Score beside random search (0: as good; 100: the best there is):
          floats         62.0
          mixed          30.0
          mean           46.0
    """

    checks: tuple[Check, ...] = field(repr=False)
    comparisons: dict[str, SearcherComparison] = field(repr=False)
    scores: dict[str, float]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The tests that failed."""
        return tuple(check for check in self.checks if check.problem is not None)

    @property
    def score(self) -> float:
        """The mean of the scores; NaN without problems."""
        return float(np.mean(list(self.scores.values()))) if self.scores else math.nan

    @property
    def passed(self) -> bool:
        """Whether it keeps the contract, and is on average no worse than random search."""
        return not self.failed and not self.score < 0

    def plot(self) -> Figure:
        """The any-time figure of each problem, beside random search."""
        from hpo.plots._history import draw_bands
        from hpo.plots.canvas import panels, plain_frame

        figure, axes = panels(len(self.comparisons))
        for ax, (problem, comparison) in zip(axes, self.comparisons.items(), strict=True):
            plain_frame(ax)
            draw_bands(ax, comparison.studies)
            ax.set_title(f"{problem}: score {self.scores[problem]:.0f}", fontsize="medium")
            ax.set_xlabel("trials that ended")
        axes[0].set_ylabel("best value so far, above the best there is")
        axes[0].legend(fontsize="small", framealpha=0.9)
        return figure

    def __str__(self) -> str:
        lines = [f"{len(self.checks) - len(self.failed)} of {len(self.checks)} tests of the contract passed."]
        lines += [f"  FAILED {check.name}: {check.problem}" for check in self.failed]
        lines.append("Score beside random search (0: as good; 100: the best there is):")
        lines += [f"  {problem:12} {score:6.1f}" for problem, score in self.scores.items()]
        lines.append(f"  {'mean':12} {self.score:6.1f}")
        return "\n".join(lines)


def grade(make: Callable[[], Searcher], *, seeds: int = 5, num_trials: int = 40, **flags: Any) -> Grade:
    """Test a searcher, and hold it against random search.

    It takes a minute or so for a searcher of ordinary speed. `pip install "polyhpo[testing]"` brings what
    it needs.

    Args:
        make: the searcher's class, or a function that makes one.
        seeds: how many searches of each problem.
        num_trials: of each search.
        flags: what the contract may expect where the searcher is different by design, see
            `SearcherContract`: `never_repeats=False` for one that proposes a config twice.

    Raises:
        TypeError: `make` is a searcher and not what makes one, it makes something else, or a flag is unknown.

    Example:
        >>> import hpo
        >>> print(grade(hpo.TPE, seeds=3, num_trials=20))  # doctest: +SKIP
    """
    _check(make, flags)

    def made(contract: SearcherContract) -> Searcher:
        return make()

    contract = type("Contract", (SearcherContract,), {"make": made, **flags})
    checks = tuple(_run(name, test, contract) for name, test in _tests(contract))
    comparisons = {
        name: compare_searchers(
            problem, {"random": "random", "yours": make()}, seeds, space=space, num_trials=num_trials
        )
        for name, (problem, space) in PROBLEMS.items()
    }
    scores = {name: _score(comparison) for name, comparison in comparisons.items()}
    return Grade(checks, comparisons, scores)


def _check(make: Any, flags: dict[str, Any]) -> None:
    for flag in flags:
        if flag not in _FLAGS:
            raise TypeError(f"The contract has no {flag!r}; it has: {', '.join(_FLAGS)}.")
    if not callable(make):
        raise TypeError(
            f"grade takes what makes a searcher, its class or a function without arguments; received "
            f"{make!r}. Write grade({type(make).__name__})."
        )
    searcher = make()
    if not hasattr(searcher, "ask"):
        raise TypeError(
            f"A searcher has a method ask(study, n); {getattr(make, '__name__', make)!r} made {searcher!r}."
        )


def _tests(contract: type[SearcherContract]) -> Iterator[tuple[str, Callable[[SearcherContract], None]]]:
    """The tests of the contract, each once for each of its parameters."""
    for name, function in inspect.getmembers(contract, inspect.isfunction):
        if not name.startswith("test_"):
            continue
        marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
        arguments = [[(mark.args[0], value) for value in mark.args[1]] for mark in marks]
        for chosen in itertools.product(*arguments):
            shown = ", ".join(f"{key}={value!r}" for key, value in chosen)
            yield f"{name}({shown})" if shown else name, _bound(function, dict(chosen))


def _bound(function: Callable[..., None], arguments: dict[str, Any]) -> Callable[[SearcherContract], None]:
    return lambda contract: function(contract, **arguments)


def _run(name: str, test: Callable[[SearcherContract], None], contract: type[SearcherContract]) -> Check:
    # pytest's own failures, such as that an error was not raised, are no Exception.
    import pytest

    try:
        test(contract())
    except (Exception, pytest.fail.Exception) as error:
        said = str(error).strip().splitlines()
        return Check(name, f"{type(error).__name__}: {said[0]}" if said else type(error).__name__)
    return Check(name)


def _score(comparison: SearcherComparison) -> float:
    """Every problem's best value is 0."""
    medians = {
        label: float(np.median([study.best.value for study in group if study.best.value is not None]))
        for label, group in comparison.studies.items()
    }
    return 100.0 * (1.0 - medians["yours"] / medians["random"]) if medians["random"] > 0 else 0.0


def _bowl(config: dict[str, Any]) -> float:
    """A valley across two dimensions, and two that matter less."""
    x, y = config["x"] - 0.31, config["y"] - 0.68
    return float(4 * (x + y) ** 2 + x**2 + 0.3 * abs(config["z"] - 0.4) + 0.03 * config["w"])


def _mixed(config: dict[str, Any]) -> float:
    """The shape of a network's error: a bowl over the rate's logarithm, whose bottom the optimizer moves."""
    rate = math.log10(config["rate"]) + {"sgd": 1.2, "adam": 2.9}[config["optimizer"]]
    size = abs(math.log2(config["units"]) - 7) / 8 + abs(config["layers"] - 2) / 6
    return float(0.1 * rate**2 + 0.2 * size + (0.05 if config["optimizer"] == "sgd" else 0.0))


def _conditional(config: dict[str, Any]) -> float:
    """Two models, each with its own hyperparameters."""
    if config["model"] == "linear":
        return float(0.2 + 0.02 * (math.log10(config["penalty"]) + 3) ** 2)
    return float(0.1 * abs(math.log10(config["rate"]) + 2.5) + 0.05 * abs(config["depth"] - 5))


PROBLEMS: dict[str, tuple[Callable[[dict[str, Any]], float], Space]] = {
    "floats": (_bowl, Space({name: Float(0, 1) for name in ("x", "y", "z", "w")})),
    "mixed": (
        _mixed,
        Space(
            {
                "rate": Float(1e-5, 1, log=True),
                "units": Int(8, 1024, log=True),
                "layers": Ordinal([1, 2, 3, 4]),
                "optimizer": Choice(["sgd", "adam"]),
            }
        ),
    ),
    "conditional": (
        _conditional,
        Space(
            {
                "model": Choice(["linear", "network"]),
                "penalty": Float(1e-6, 1, log=True).when("model", eq="linear"),
                "rate": Float(1e-5, 1, log=True).when("model", eq="network"),
                "depth": Int(1, 12).when("model", eq="network"),
            }
        ),
    ),
}
"""Objectives whose best value is 0, and what is searched."""
