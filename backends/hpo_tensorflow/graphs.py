"""Python functions as TensorFlow's graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def traced(function: Callable[..., Any], *, autograph: bool = True) -> Any:
    """The function as a graph, without TensorFlow's advice to trace less.

    A search has a graph for each shape of a model. TensorFlow counts the traces of all functions that come
    from one place of a program together, and has no public way to say that this is intended.

    Args:
        function: what is computed.
        autograph: whether its loops and conditions in Python become those of the graph.
    """
    graph = tf.function(function, reduce_retracing=True, autograph=autograph)
    graph._omit_frequent_tracing_warning = True
    return graph
