from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from hpo.ports import PortReport, RecorderProcess, read_check

NETS = Path(__file__).parent / "nets"
MODULES = {
    "torch": "torch_nets",
    "tensorflow": "keras_nets",
    "keras": "keras_nets",
    "mxnet": "gluon_nets",
    "jax": "nnx_nets",
}

Hold: TypeAlias = Callable[..., PortReport]


@pytest.fixture(scope="session")
def batch() -> tuple[Any, Any]:
    """16 images that are no noise, so that edges, flips and scales show."""
    draws = np.random.default_rng(0)
    rows, columns = np.mgrid[0:28, 0:28] / 28
    waves = np.sin(8 * rows * draws.uniform(0.5, 2, (16, 1, 1))) * np.cos(
        5 * columns + draws.uniform(0, 3, (16, 1, 1))
    )
    x = 0.5 + 0.3 * waves + 0.2 * draws.random((16, 28, 28))
    return x[:, None].astype(np.float32), draws.integers(0, 10, 16)


@pytest.fixture(scope="session")
def in_nets() -> Iterator[None]:
    """The current folder is that of the nets, as a user's is that of the models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(NETS)
        yield


@pytest.fixture(scope="session")
def processes(in_nets: None) -> Iterator[Callable[..., RecorderProcess]]:
    """One recorder for each framework, kept: importing takes longer than all that is done with it."""
    kept: dict[tuple[str, bool], RecorderProcess] = {}

    def process(framework: str, again: bool = False) -> RecorderProcess:
        if (framework, again) not in kept:
            kept[framework, again] = RecorderProcess(None, framework)
        return kept[framework, again]

    yield process
    for each in kept.values():
        each.close()


@pytest.fixture
def hold(processes: Callable[..., RecorderProcess], batch: tuple[Any, Any]) -> Hold:
    """Holds `framework:factory` against another; every argument of `hpo.check_port` may be given."""

    def run(original: str, port: str, **arguments: Any) -> PortReport:
        defaults: dict[str, Any] = dict.fromkeys(
            ("python", "data", "batch_size", "layout", "step", "prepare", "keep"), None
        )
        defaults.update(batch=batch, loss="softmax_cross_entropy", optimizer=("sgd", {"lr": 0.1}))
        defaults.update(mapping="auto", weights="carry", accept=(), seed=0)
        check = read_check(target(original), target(port), **{**defaults, **arguments})
        frameworks = [side.framework for side in check.live_sides()]
        return check.run([processes(each, each in frameworks[:i]) for i, each in enumerate(frameworks)])

    return run


def target(short: str) -> str:
    """`torch:lenet` as the target that names its module; others as they are."""
    framework, _, factory = short.partition(":")
    return short if ":" in factory or not factory else f"{framework}:{MODULES[framework]}:{factory}"
