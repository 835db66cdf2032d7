"""What the results of a study say: what to do next, what mattered, and the value over two hyperparameters."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from hpo.errors import ObjectiveError
from hpo.page.json_values import plain
from hpo.plots.scales import Scale
from hpo.plots.surface import smoothed
from hpo.study.study import Study
from hpo.study.trial import Trial, TrialState
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
    name = study.metric.name
    completed = [trial for trial in study.trials if trial.state is TrialState.COMPLETED]
    found = []
    for x, y in combinations(ranked[:MOST_NAMES], 2):
        trials = [trial for trial in completed if x in trial.config and y in trial.config]
        if len(trials) >= FEWEST_TRIALS:
            found.append(_contour(study, x, y, trials, [trial.metrics[name] for trial in trials]))
    return found


def _contour(study: Study, x: str, y: str, trials: list[Trial], values: list[float]) -> dict[str, Any]:
    across, up = (Scale(study.space[each], [trial.config[each] for trial in trials]) for each in (x, y))
    points = np.column_stack(
        [scale.places([trial.config[each] for trial in trials]) for scale, each in ((across, x), (up, y))]
    )
    columns, rows = (scale.cells(NUM_CELLS) for scale in (across, up))
    surface = smoothed(points, np.asarray(values), (across, up), columns, rows)
    return {
        "x": x,
        "y": y,
        "xs": [plain(value) for value in across.values(columns)],
        "ys": [plain(value) for value in up.values(rows)],
        "z": [[None if np.isnan(cell) else float(f"{cell:.4g}") for cell in line] for line in surface],
    }
