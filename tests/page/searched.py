"""A search to be watched: python searched.py FILE NAME. Each trial waits for a line on standard input."""

import sys
from collections.abc import Iterator
from typing import Any

import hpo

NUM_TRIALS = 12


def train(config: dict[str, Any], max_epochs: int = 4) -> Iterator[dict[str, float]]:
    sys.stdin.readline()
    for epoch in range(1, max_epochs + 1):
        if config["x"] > 0.9:
            raise RuntimeError(f"x is {config['x']}")
        yield {"loss": config["x"] / epoch, "time": float(epoch)}


if __name__ == "__main__":
    file, name = sys.argv[1:]
    space = {"x": hpo.Float(0, 1), "kind": hpo.Choice(["a", "b"])}
    scheduler = hpo.ASHA(max_epochs=4, min_epochs=1, eta=2)
    hpo.search(
        train,
        space,
        minimize="loss",
        num_trials=NUM_TRIALS,
        seed=0,
        scheduler=scheduler,
        storage=file,
        name=name,
    )
