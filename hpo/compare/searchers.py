"""Searchers beside each other: how good the best config is, the longer each of them searches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hpo.objective.function import Traits
from hpo.searchers import Searcher, searcher_named
from hpo.space import Space
from hpo.study.study import Study
from hpo.study.tables import shown, text_table
from hpo.tuner.search import search

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHARES = (0.25, 0.5, 1.0)


@dataclass(frozen=True)
class SearcherComparison:
    """The studies of several searchers on one objective, one for each seed.

    `print` shows a table: the median and the quartiles of the best value, a quarter, half and all of the way.

    Attributes:
        studies: for each searcher its studies, in the order of the seeds.
        seeds: the seeds.
    """

    studies: Mapping[str, Sequence[Study]] = field(repr=False)
    seeds: Sequence[int]

    def plot(self) -> Figure:
        """The any-time figure: the median best value over the number of trials, with bands of quartiles."""
        from hpo.plots._history import history

        return history(self.studies)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the any-time figure, in the format that the suffix names."""
        from hpo.plots.files import save

        save(self.plot(), path)

    def table(self) -> tuple[list[str], list[list[object]]]:
        """Names and rows: for each searcher, median [first quartile, third quartile] of the best values."""
        from hpo.plots._history import band

        bands = {label: band(group) for label, group in self.studies.items()}
        longest = max(len(middle) for _, middle, _ in bands.values())
        counts = sorted({max(round(share * longest), 1) for share in _SHARES})
        rows: list[list[object]] = []
        for label, edges in bands.items():
            cells = []
            for count in counts:
                low, middle, high = (edge[min(count, len(edge)) - 1] for edge in edges)
                cells.append(f"{shown(float(middle))} [{shown(float(low))}, {shown(float(high))}]")
            rows.append([label, *cells])
        return ["searcher", *(f"after {count}" for count in counts)], rows

    def __str__(self) -> str:
        metric = next(iter(self.studies.values()))[0].metric
        about = (
            f"Best {metric.name} ({metric.direction.value}): median [quartiles] of {len(self.seeds)} seeds"
        )
        return f"{about}\n{text_table(*self.table())}"


def compare_searchers(
    objective: Callable[..., Any],
    searchers: Iterable[str | Searcher] | Mapping[str, str | Searcher],
    seeds: int | Iterable[int] = 5,
    *,
    space: Space | Mapping[str, object] | None = None,
    num_trials: int = 50,
    **options: Any,
) -> SearcherComparison:
    """Let searchers search the same space with the same seeds and budget.

    Args:
        objective: as for `hpo.search`.
        searchers: names such as `"random"` and `"tpe"`, or searcher objects, by label where a dict is given.
        seeds: how many, 0 to `seeds - 1`, or which.
        space: what is searched; may be left out for a task of `hpo.tasks`, which has its own.
        num_trials: of each search.
        options: other arguments of `hpo.search`, such as `minimize="val_error"`, `scheduler=` or `workers=`.

    Raises:
        ValueError: there are no searchers, no seeds or no space, or two are of one name.
        TypeError: one is no searcher.
        SearchFailedError: all trials of a search failed.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(-1, 1), "y": hpo.Float(-1, 1)}
        >>> compared = hpo.compare_searchers(
        ...     lambda c: c["x"] ** 2 + c["y"] ** 2, ["random", "tpe"], 3, space=space, num_trials=30
        ... )
        >>> [len(group) for group in compared.studies.values()]
        [3, 3]
    """
    labelled = _labelled(searchers)
    chosen = _checked_seeds(seeds)
    if space is None:
        space = _own_space(objective)
        if "minimize" not in options and "maximize" not in options and hasattr(objective, "metric"):
            options["minimize"] = objective.metric
    # Many searches are one piece of work; a bar for each would come and go.
    options.setdefault("progress", False)
    studies = {
        label: [
            search(
                objective, space, searcher=searcher, num_trials=num_trials, seed=seed, name=label, **options
            )
            for seed in chosen
        ]
        for label, searcher in labelled.items()
    }
    return SearcherComparison(studies, chosen)


def _labelled(
    searchers: Iterable[str | Searcher] | Mapping[str, str | Searcher],
) -> dict[str, str | Searcher]:
    if isinstance(searchers, str) or not isinstance(searchers, Iterable):
        raise TypeError(
            f"searchers is a list of names or searcher objects, or a dict of them by label, for example "
            f"['random', 'tpe']; received {searchers!r}."
        )
    if isinstance(searchers, Mapping):
        labelled = dict(searchers)
    else:
        labelled = {}
        for each in searchers:
            label = each if isinstance(each, str) else type(each).__name__
            if label in labelled:
                raise ValueError(
                    f"Two searchers are called {label!r}: give a dict with a label for each, for example "
                    f"{{'{label} a': ..., '{label} b': ...}}."
                )
            labelled[label] = each
    if not labelled:
        raise ValueError(
            "There are no searchers to compare; give at least one, for example ['random', 'tpe']."
        )
    # All names are checked before the first search, which may take long.
    for each in labelled.values():
        searcher_named(each)
    return labelled


def _checked_seeds(seeds: int | Iterable[int]) -> tuple[int, ...]:
    if isinstance(seeds, (bool, str)) or not isinstance(seeds, (int, Iterable)):
        raise TypeError(f"seeds is a number of seeds, or the seeds themselves; received {seeds!r}.")
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not chosen:
        raise ValueError(f"There are no seeds: give at least one; received {seeds!r}.")
    return chosen


def _own_space(objective: Callable[..., Any]) -> Space:
    space = Traits.of(objective).space
    if not isinstance(space, Space):
        raise ValueError(
            "Say what is searched: compare_searchers(..., space={...}). Only a task of hpo.tasks has a space "
            f"of its own; received {objective!r}."
        )
    return space
