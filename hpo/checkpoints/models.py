"""The trained model in a checkpoint.

The state of a model is a dict. A `Trainer` keeps the arrays under `canonical`, in the canonical layout (see
`hpo.backend`): these go into a model of any backend. A model that was attached as it is has them under
`parameters`, by the names of its framework.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hpo.backend import Array, Tree
from hpo.checkpoints.plain import model_part
from hpo.checkpoints.states import is_immutable, restore
from hpo.checkpoints.trees import arrays_in
from hpo.errors import CheckpointError

_OF_A_DRAW = re.compile(r"(\d+)/")
_TRAINER = re.compile(r"trainer(-\d+)?")


def model_arrays(states: Mapping[str, Tree], *, replicate: int = 0) -> dict[str, Array]:
    """The trained model's arrays by name, out of a checkpoint's states.

    Args:
        states: the checkpoint's.
        replicate: of which draw, where the trial trained on several.

    Returns:
        The parameters, and whatever else the model keeps in arrays, such as running means. Those of a
        `Trainer` are in the canonical layout, with names such as `layers.0.weight`; those of a model that
        was attached (`trial.checkpoint(model=...)`) have the names of its framework.

    Raises:
        CheckpointError: no model was attached.
    """
    tree = model_part(model_state(states, replicate=replicate))
    return {name or "model": array for name, array in arrays_in(tree)}


def load_into(model: Any, states: Mapping[str, Tree], *, replicate: int = 0) -> None:
    """Put the trained model of a checkpoint into a model of the same structure.

    Args:
        model: one that is built like the trial's: a backend's own class (also before its first call), a
            model of a framework, or whatever `trial.checkpoint(model=...)` took. A model that a `Trainer`
            trained on one backend also goes into the same model of another.
        states: the checkpoint's.
        replicate: of which draw, where the trial trained on several.

    Raises:
        CheckpointError: the checkpoint is of another model, whose differing names and shapes are listed, or
            of none; or the model cannot be changed in place.

    Example:
        >>> import numpy as np
        >>> from hpo.checkpoints import capture, load_into
        >>> states = {"model": capture(np.array([0.5, -0.5])), "early": capture({"wait": 2})}
        >>> weights = np.zeros(2)  # a new model of the same structure
        >>> load_into(weights, states)
        >>> weights.tolist()
        [0.5, -0.5]
    """
    if is_immutable(model):
        raise CheckpointError(
            f"The trained model is put into the one that is given, and a {type(model).__name__} cannot be "
            f"changed. Give a dict that has it where the trial's had it: model = {{'params': params}}."
        )
    restore(model, model_state(states, replicate=replicate))


def draw_name(draw: int, name: str) -> str:
    """The name in a checkpoint of what a draw attached under this name."""
    return f"{draw}/{name}"


def _of_draw(states: Mapping[str, Tree], replicate: int) -> Mapping[str, Tree]:
    """The states of one draw by the names under which they were attached.

    Raises:
        CheckpointError: there is no such draw.
    """
    draws = {int(match[1]) for match in map(_OF_A_DRAW.match, states) if match}
    if replicate not in (draws or {0}):
        there = f"the draws 0 to {max(draws)}" if draws else "one draw, 0"
        raise CheckpointError(
            f"The checkpoint has no draw {replicate!r}: the trial trained on {there}. Give replicate= one of "
            f"them."
        )
    start = draw_name(replicate, "")
    return {name[len(start) :]: tree for name, tree in states.items() if name.startswith(start)} or states


def model_state(states: Mapping[str, Tree], *, replicate: int = 0) -> Tree:
    """The state of the attached `model`, else that of the last `Trainer`'s model.

    Args:
        states: the checkpoint's.
        replicate: of which draw, where the trial trained on several.

    Raises:
        CheckpointError: neither was attached, or there is no such draw.
    """
    states = _of_draw(states, replicate)
    if "model" in states:
        return states["model"]
    trainers = [name for name in states if _TRAINER.fullmatch(name)]
    if not trainers:
        raise CheckpointError(
            f"The checkpoint has no model; it has {', '.join(states) or 'nothing'}. Attach it under that "
            f"name in the "
            f"objective, as trial.checkpoint(model=net), or train by a Trainer."
        )
    # By number and not by text, where `trainer-10` comes before `trainer-2`.
    last = max(trainers, key=lambda name: int(name.partition("-")[2] or 0))
    return states[last]["model"]
