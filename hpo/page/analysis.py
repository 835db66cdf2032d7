"""What the results of a study say: what to do next, what mattered, and the value over two hyperparameters."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from hpo.errors import ObjectiveError
from hpo.page.json_values import plain
from hpo.plots.comparable import comparable
from hpo.plots.reach import within
from hpo.plots.scales import Scale
from hpo.plots.surface import Floats, smoothed
from hpo.space import Config, Space
from hpo.study.study import Study
from hpo.surrogates.importance import importance

NUM_CELLS = 32
"""Cells of a contour along a range; a listed hyperparameter has one for each value."""

MOST_NAMES = 4
"""Contours are drawn for each pair of so many hyperparameters, those that mattered most."""

FEWEST_TRIALS = 4
"""With fewer results there is no contour."""


def analysis(study: Study) -> dict[str, Any]:
    """What the results say, as JSON values. It looks at all trials, and takes seconds where they are many.

    Args:
        study: of any state.

    Example:
        >>> import hpo
        >>> space = {"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}
        >>> study = hpo.search(lambda c: c["x"], space, num_trials=40, seed=0)
        >>> analysis(study)["importance"][0]["name"]
        'x'
    """
    found: dict[str, Any] = {"hints": [hint.text for hint in study.hints]}
    try:
        shares = importance(study)
    # A model of the results may not be there: too few of them, several metrics, a space that is not known.
    except (ObjectiveError, ValueError) as error:
        shares = {}
        found |= {"importance": None, "importance_why": str(error)}
    else:
        found["importance"] = [{"name": name, "share": plain(round(s, 4))} for name, s in shares.items()]
    return found | {"contours": contours(study, list(shares))}


def contours(study: Study, ranked: list[str]) -> list[dict[str, Any]]:
    """The value over each pair of the hyperparameters that mattered most, smoothed over the trials near.

    The effect of the others is averaged out. Cells far from all trials are null.

    Args:
        study: of one metric, else there are none.
        ranked: hyperparameters, those that mattered most first.
    """
    if len(study.metrics) != 1 or not ranked:
        return []
    compared = comparable(study)
    configs = [study.history.config(number) for number in compared.values]
    values = within([*compared.values.values()])
    found = []
    for x, y in combinations(ranked[:MOST_NAMES], 2):
        both = [place for place, config in enumerate(configs) if x in config and y in config]
        if len(both) >= FEWEST_TRIALS:
            surface = _contour(study.space, x, y, [configs[place] for place in both], values[both])
            found.append(surface | {"epoch": compared.epoch, "trials": len(both)})
    return found


def _contour(space: Space, x: str, y: str, configs: list[Config], values: Floats) -> dict[str, Any]:
    across, up = (Scale(space[name], [config[name] for config in configs]) for name in (x, y))
    places = [scale.places([config[name] for config in configs]) for scale, name in ((across, x), (up, y))]
    columns, rows = across.cells(NUM_CELLS), up.cells(NUM_CELLS)
    surface = smoothed(np.column_stack(places), values, (across, up), columns, rows)
    return {
        "x": x,
        "y": y,
        "xs": [plain(value) for value in across.values(columns)],
        "ys": [plain(value) for value in up.values(rows)],
        "z": [[None if np.isnan(cell) else float(f"{cell:.4g}") for cell in line] for line in surface],
    }
