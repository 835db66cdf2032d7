"""`hpo.check_port`: does a port train the same as its original, and if not, where do they differ, and why?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hpo.ports.arguments import read_check
from hpo.ports.batches import Batch
from hpo.ports.check import PortCheck
from hpo.ports.pairs import MappingArgument
from hpo.ports.process import RecorderProcess
from hpo.ports.report import PortReport
from hpo.ports.sides import Optimizer, PerSide


def check_port(
    original: str | os.PathLike[str],
    port: str,
    *,
    batch: Batch | None = None,
    loss: str | PerSide | None = None,
    optimizer: Optimizer | PerSide | None = None,
    mapping: MappingArgument = "auto",
    python: PerSide | None = None,
    data: Sequence[tuple[Any, Any]] | None = None,
    batch_size: int | None = None,
    layout: str | Mapping[str, str] | None = None,
    step: str | PerSide | None = None,
    prepare: str | PerSide | None = None,
    weights: str = "carry",
    accept: Collection[str] = (),
    seed: int = 0,
    keep: str | os.PathLike[str] | None = None,
) -> PortReport:
    """Hold the port of a model against its original, rung by rung, up to the first break, and name its cause.

    Each side runs in a process of its own, perhaps of another interpreter, where only NumPy and its framework
    have to be installed. The ladder: parameters, forward layer by layer, loss, gradients, one optimizer step,
    one epoch by steps from the original's weights, and the validation error after a free epoch. That error is
    judged beside the original's own from weights that are one unit in the last place off.

    Args:
        original: `framework:module:function` (or `framework:folder/file.py:function`), whose function returns
            the framework's own model: an `nn.Module` of torch, a `gluon.Block` of mxnet, an `nnx.Module` of
            jax, a `keras.Model` of keras. That runs on the engine that Keras is set to; as a model of
            tensorflow, torch or jax it runs on these. Or the path of a trace that `recorder.py` left, whose
            options then hold where none are given here.
        port: likewise, without a trace.
        batch: rows and labels, (x, y), or an `.npz` file with `x` and `y`, or `sample`: 32 images of
            Fashion-MNIST, (32, 1, 28, 28).
        loss: `softmax_cross_entropy`, `sigmoid_cross_entropy`, `mean_squared_error`, the framework's own; or
            `module:name`, which is called as its framework calls losses. A dict has one for each side, here
            and below: `{"torch": ..., "mxnet": ...}` or `{"original": ..., "port": ...}`.
        optimizer: `("sgd", {"lr": 0.1})`, `adam` or `adamw`, the framework's own with these options; or
            `module:function`, which is given the model and returns a torch or Keras optimizer, a Gluon
            `Trainer`, or an Optax transformation (or an `nnx.Optimizer` of one). Optax has no weight decay in
            sgd and adam: theirs is added to the gradient, as in torch.
        mapping: `auto` carries weights by order and shape where that leaves no doubt; else `{original:
            port}`, names of parameters or layers, or a JSON file of it.
        python: an interpreter for a side, or the folder of its environment: `{"mxnet": "old-env"}`.
        data: ((train_x, train_y), (val_x, val_y)) of the epoch; the batch itself unless given.
        batch_size: rows in a step of the epoch; a quarter of its rows unless given.
        layout: `NCHW` or `NHWC`: where the batch has its channels; with a dict also what a model takes.
        step: `module:function(model, loss, optimizer, x, y)` that takes one step, where a program does not do
            what its framework's tutorials do.
        prepare: `module:function(x)` that the batch goes through before the model.
        weights: `carry` gives the port the original's weights; `own` leaves it those that it comes with and
            compares them too.
        accept: names of causes to go on after, for example `["flatten order", "biased running variance"]`.
        seed: of the frameworks' generators before the factories are called.
        keep: a folder for the golden trace and a generated test that needs the old framework no more.

    Raises:
        PortError: a side cannot be recorded; a process that died shows its last lines.
        PortMappingError: the parameters correspond in more than one way; both lists and a file to fill in are
            shown.
        PortLayoutError: it has to be said where the batch has its channels.
        CompareError: an interpreter is not there.
        ValueError: an argument is not valid; the text says which, and what was expected.

    Example:
        `nets.py` has two functions, each of which returns an `nn.Module`.

        >>> import hpo
        >>> report = hpo.check_port(
        ...     "torch:nets:original", "torch:nets:port", batch="sample"
        ... )  # doctest: +SKIP
        >>> report.agrees, report.diagnosis.name  # doctest: +SKIP
        (False, 'batch-norm epsilon')

        An argument that is not valid is an error before anything runs.

        >>> hpo.check_port("nets:original", "torch:nets:port", batch="sample")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ValueError: A side was expected as framework:module:function with one of the frameworks ...
    """
    # locals() holds the arguments and nothing else as long as this is the only statement.
    return run_check(read_check(**locals()))


def run_check(check: PortCheck) -> PortReport:
    """Check in processes that are made for it."""
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(RecorderProcess(side.python, side.title)) for side in check.live_sides()
        ]
        return check.run(processes)
