"""States that move: what one backend trained, every other one validates the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from hpo.backend import Member, registry
from hpo.backend.models import State
from hpo.compare.traces.networks import CASES
from hpo.compare.traces.record import sample_arrays
from hpo.randomness import batch_order

TOLERANCE = 1e-5
NUM_EXAMPLES = 1600
"""Examples that a state is trained on before it moves."""


@dataclass(frozen=True)
class Move:
    """A state that went from one backend to another.

    Attributes:
        case: of what, see `hpo.compare.traces.networks`.
        source: the backend that trained it.
        target: the backend that validated it.
        difference: of the validation losses of the two, or of their errors if that is larger.
    """

    case: str
    source: str
    target: str
    difference: float

    @property
    def agrees(self) -> bool:
        """Whether both validate it to the same number."""
        return self.difference <= TOLERANCE

    def __str__(self) -> str:
        return (
            f"{self.case:25} {self.source:>10} -> {self.target:10} difference {self.difference:.1e}  "
            f"{'same' if self.agrees else 'NOT THE SAME'}"
        )


def moves(pythons: Mapping[str, str]) -> list[Move]:
    """Train on each backend, and validate what it trained on every other one.

    Args:
        pythons: the interpreter of each backend.

    Raises:
        subprocess.CalledProcessError: a backend failed.
    """
    with TemporaryDirectory() as folder:
        # Every state has to be there before the first backend scores them.
        for part in ("leave", "score"):
            for backend, python in pythons.items():
                # Else a file `torch.py` in the current folder would be taken for the framework.
                environment = os.environ | {"PYTHONSAFEPATH": "1"}
                command = [python, "-m", "hpo.compare.traces.moves", part, backend, folder]
                subprocess.run(command, env=environment, check=True)
        scores = {name: json.loads((Path(folder) / f"{name}.json").read_text()) for name in pythons}
    found = []
    for case in CASES:
        for source in pythons:
            own = np.array(scores[source][source][case])
            for target in pythons:
                if target != source:
                    difference = np.abs(np.array(scores[target][source][case]) - own).max()
                    found.append(Move(case, source, target, float(difference)))
    return found


def leave(backend: str, folder: Path) -> None:
    """Train each case for some steps, and write the states."""
    data, loaded = sample_arrays(), registry.load(backend)
    arrays: dict[str, Any] = {}
    for case, (model, optimizer) in CASES.items():
        member = Member(model, optimizer, model.initial_state(seed=0))
        run = loaded.prepare([member], data, dtype="float32", device=loaded.device("cpu"))
        run.epoch(batch_order(0, 0, 1, len(data.train_x))[:NUM_EXAMPLES])
        arrays |= {f"{case}/{name}": value for name, value in run.state()[0].items()}
    np.savez(folder / f"{backend}.npz", **arrays)


def score(backend: str, folder: Path) -> None:
    """Validate every state that is there, and write the scores by source and case: loss and error."""
    data, loaded = sample_arrays(), registry.load(backend)
    scores: dict[str, dict[str, list[float]]] = {}
    for path in sorted(folder.glob("*.npz")):
        states = _states(path)
        scores[path.stem] = {}
        for case, (model, optimizer) in CASES.items():
            member = Member(model, optimizer, states[case])
            found = loaded.prepare([member], data, dtype="float32", device=loaded.device("cpu")).validate()
            scores[path.stem][case] = [float(found.loss[0]), float(found.error[0])]
    (folder / f"{backend}.json").write_text(json.dumps(scores))


def _states(path: Path) -> dict[str, State]:
    states: dict[str, State] = {case: {} for case in CASES}
    with np.load(path, allow_pickle=False) as file:
        for key in file.files:
            case, _, name = key.partition("/")
            states[case][name] = file[key]
    return states


def main(arguments: Sequence[str]) -> None:
    """`leave BACKEND FOLDER` or `score BACKEND FOLDER`, in the backend's own process."""
    part, backend, folder = arguments
    {"leave": leave, "score": score}[part](backend, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
