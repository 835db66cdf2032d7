"""How far one report walks through the library: the files that run between two epochs of an objective.

To follow a report with a debugger is to go from file to file. This script counts how often, for the `hpo`
that it imports, so that a rearrangement can be held against what was there before it:

    python benchmarks/walk.py            # the table
    python benchmarks/walk.py --pairs    # and from which top-level name to which it went, and how often
    python benchmarks/walk.py --steps    # and the walks themselves, function by function

Two walks are measured, each without a storage and with SQLite in a temporary folder:

    report  from the `yield` of an epoch's value to the first line of the next epoch
    end     from the last line of a trial to the first line of the next trial

The search is one of twelve trials of five epochs under median stopping, one after the other in this process,
with random proposals. Its objective is a generator over `trial.epochs(5)`. Each trial is better than those
before it, so none is stopped. Measured is the ninth trial, by when the rule compares: its third report, and
the way from the trial before it.

What counts is each start of a function, and each resumption of a generator, whose code lies in a file of the
package `hpo` or is the objective; these in their order are the walk. Functions of other packages and those
without a file, such as the `__init__` of a data class, are passed over: what they call counts, they do not.

    files    different files in the walk, that of the objective included
    changes  neighbours in the walk that lie in different files; to come back is none until the next start
    names    neighbours under different top-level names `hpo.<name>`, whether module or package

The counts are exact and the same on each computer. They depend a little on the version of Python: from 3.12
on a comprehension is no function of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import hpo

ROOT = Path(hpo.__file__).parent
OBJECTIVE = "objective"
NUM_TRIALS = 12
NUM_EPOCHS = 5
TRIAL = 8
"""The trial that is measured, from 0."""
EPOCH = 3
"""The epoch whose report is measured, from 1."""


class Step(NamedTuple):
    """A function that was started, or a generator that was resumed.

    Attributes:
        module: the module of its file; `objective` for the objective.
        function: its qualified name.
        depth: how many functions of the walk's files were under way.
    """

    module: str
    function: str
    depth: int

    @property
    def name(self) -> str:
        """The top-level name under which it lies."""
        return ".".join(self.module.split(".")[:2])


class Tracer:
    """Notes each start of a function while it is on.

    Attributes:
        steps: the walk so far.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._modules: dict[str, str | None] = {}
        self._is_on = False

    def begin(self) -> None:
        """Begin a walk at the objective."""
        self.steps = [Step(OBJECTIVE, OBJECTIVE, 0)]
        self._is_on = True

    def end(self) -> None:
        """Note no more."""
        self._is_on = False

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """What `sys.setprofile` calls."""
        if not self._is_on or event != "call":
            return
        module = self._module(frame)
        if module is not None:
            self.steps.append(Step(module, frame.f_code.co_qualname, self._depth(frame.f_back)))

    def _depth(self, frame: FrameType | None) -> int:
        depth = 0
        while frame is not None:
            depth += self._module(frame) is not None
            frame = frame.f_back
        return depth

    def _module(self, frame: FrameType) -> str | None:
        """The module of the frame's file; None if it is passed over."""
        if frame.f_code is Objective.__call__.__code__:
            return OBJECTIVE
        file = frame.f_code.co_filename
        if file not in self._modules:
            path = Path(file)
            inside = path.relative_to(ROOT.parent).with_suffix("") if path.is_relative_to(ROOT) else None
            self._modules[file] = None if inside is None else ".".join(inside.parts).removesuffix(".__init__")
        return self._modules[file]


class Objective:
    """What is searched over: it turns the tracer on and off on its way.

    Args:
        tracer: notes the walk.
        walk: which one, `report` or `end`.
    """

    def __init__(self, tracer: Tracer, walk: str) -> None:
        self._tracer = tracer
        self._walk = walk
        self._trial = -1

    def __call__(self, config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        """Report five epochs."""
        self._tracer.end()
        self._trial += 1
        for epoch in trial.epochs(NUM_EPOCHS):
            self._tracer.end()
            if (self._walk, self._trial, epoch) == ("report", TRIAL, EPOCH):
                self._tracer.begin()
            yield NUM_TRIALS - self._trial - epoch / NUM_EPOCHS
        if (self._walk, self._trial) == ("end", TRIAL - 1):
            self._tracer.begin()


def walk_of(walk: str, storage: Path | None) -> list[Step]:
    """The steps of one walk.

    Args:
        walk: `report` or `end`.
        storage: a file for SQLite; None for memory.
    """
    tracer = Tracer()
    objective = Objective(tracer, walk)
    sys.setprofile(tracer)
    try:
        hpo.search(
            objective,
            {"x": hpo.Float(0, 1)},
            searcher="random",
            scheduler=hpo.MedianStopping(),
            num_trials=NUM_TRIALS,
            seed=0,
            storage=storage,
            progress=False,
        )
    finally:
        sys.setprofile(None)
    return tracer.steps


def changes(places: list[str]) -> Counter[tuple[str, str]]:
    """How often each two different places are neighbours, in this order."""
    return Counter((one, other) for one, other in pairwise(places) if one != other)


def main() -> None:
    """Measure, and print what was asked for."""
    parser = argparse.ArgumentParser(description="How many files run between two epochs, and two trials.")
    parser.add_argument("--pairs", action="store_true", help="from which top-level name to which it went")
    parser.add_argument("--steps", action="store_true", help="the walks, function by function")
    parser.add_argument("--only", metavar="WALK", help="one walk, such as report/memory or end/SQLite")
    arguments = parser.parse_args()
    walks: dict[str, list[Step]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for walk in ("report", "end"):
            walks[f"{walk}/memory"] = walk_of(walk, None)
            walks[f"{walk}/SQLite"] = walk_of(walk, Path(folder) / f"{walk}.db")
    if arguments.only is not None:
        if arguments.only not in walks:
            parser.error(f"--only is one of {', '.join(walks)}; received {arguments.only!r}")
        walks = {arguments.only: walks[arguments.only]}
    print(f"{'':15}{'files':>8}{'changes':>9}{'names':>7}")
    for title, steps in walks.items():
        modules, names = [step.module for step in steps], [step.name for step in steps]
        files = len(set(modules))
        print(f"{title:15}{files:8}{changes(modules).total():9}{changes(names).total():7}")
    for title, steps in walks.items():
        if arguments.pairs:
            print(f"\n{title}, from which top-level name to which:")
            for (one, other), count in changes([step.name for step in steps]).most_common():
                print(f"{count:4}  {one} -> {other}")
        if arguments.steps:
            print(f"\n{title}:")
            shallowest = min(step.depth for step in steps[1:])
            for step in steps:
                print(f"{'  ' * (step.depth - shallowest)}{step.module}: {step.function}")


if __name__ == "__main__":
    main()
