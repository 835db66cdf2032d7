"""Typical ranges of hyperparameters, as domains ready to be put into a space.

They are those of table 19.1.1 of *Dive into Deep Learning*, a start where nothing is known about a task.
"""

from __future__ import annotations

from hpo.space import Choice, Domain, Float, Int

LEARNING_RATE = Float(1e-6, 1e-1, log=True)
BATCH_SIZE = Int(8, 256, log=True)
MOMENTUM = Float(0, 0.99)
ACTIVATION = Choice(["tanh", "relu"])
UNITS = Int(32, 1024, log=True)
NUM_LAYERS = Int(1, 6)


def widths(
    most_layers: int = 6, *, units: Domain = UNITS, layers: str = "num_layers", prefix: str = "units"
) -> dict[str, Domain]:
    """The widths of all possible hidden layers: `units_<l>` exists if there are at least l + 1 layers.

    Args:
        most_layers: the highest value of the number of layers.
        units: the domain of each width.
        layers: the hyperparameter that holds the number of layers.
        prefix: what the names of the widths begin with.

    Example:
        >>> from hpo.space import Space
        >>> space = Space({"num_layers": Int(1, 2), **widths(2)})
        >>> space.validate({"num_layers": 1, "units_0": 64})
        {'num_layers': 1, 'units_0': 64}
    """
    # The first width has no condition: there is always one layer.
    return {
        f"{prefix}_{layer}": units if layer == 0 else units.when(layers, ge=layer + 1)
        for layer in range(most_layers)
    }
