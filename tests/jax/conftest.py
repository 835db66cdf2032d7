from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import pytest

import hpo_jax as d2l
from hpo.testing.problems import make_arrays


@pytest.fixture
def data() -> Any:
    """60 examples of (6, 6, 1) in batches of 16, the last one of 12."""
    a = make_arrays(num_train=60)
    pairs = [(x.reshape(-1, 6, 6, 1), y) for x, y in ((a.train_x, a.train_y), (a.val_x, a.val_y))]
    return d2l.DataModule(*pairs, batch_size=16)


@pytest.fixture
def compilations() -> Any:
    """Counts what JAX compiles while a function runs."""

    def count(function: Callable[[], Any]) -> int:
        seen: list[str] = []
        jax.monitoring.register_event_duration_secs_listener(
            lambda event, seconds, **_: seen.append(event) if "backend_compile" in event else None
        )
        try:
            function()
        finally:
            jax.monitoring.clear_event_listeners()
        return len(seen)

    return count
