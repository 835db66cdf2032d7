"""Symbolic graphs that are called with arrays by name.

Calling an operator from Python costs MXNet more than the arithmetic of a small batch, so as many as
possible stand in one graph.
"""

from __future__ import annotations

from typing import Any

from hpo_mxnet.compat import mx


class Graph:
    """A symbolic graph that is called with arrays by name.

    Args:
        outputs: the symbol, of one output or a group of them.
        static: keep one plan of memory, for arrays that have the same shapes in each call.
    """

    def __init__(self, outputs: Any, *, static: bool = False) -> None:
        self._names = outputs.list_inputs()
        self._call = mx.nd.CachedOp(outputs, [("static_alloc", static), ("static_shape", static)])

    def __call__(self, **arrays: Any) -> Any:
        """The output, or the list of them."""
        return self._call(*(arrays[name] for name in self._names))
