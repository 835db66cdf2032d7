"""The options of `hpo check-port`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hpo.cli.options import (
    NOT_NEGATIVE,
    OUTPUT,
    POSITIVE,
    Options,
    flag,
    option,
)

TRAINED, GIVEN, CARRIED = "How it is trained", "What it is given", "Weights"


@dataclass(frozen=True, kw_only=True)
class PortOptions(Options):
    """What the user wants of `hpo check-port`."""

    subcommand = "check-port"

    original: Annotated[
        str,
        typer.Argument(
            metavar="ORIGINAL",
            help="framework:module:function, whose function returns the framework's own model, for example "
            "mxnet:old.nets:lenet; or the trace that a recorder left, lenet.npz. Frameworks are torch, "
            "tensorflow, mxnet, jax (Flax NNX), and keras on the engine that it is set to.",
        ),
    ]
    port: Annotated[
        str, typer.Argument(metavar="PORT", help="The port likewise, for example torch:nets:lenet.")
    ]
    batch: Annotated[
        str | None,
        option(
            GIVEN,
            "FILE",
            ".npz with x and y, and perhaps train_x, train_y, val_x, val_y; or 'sample', 32 images of "
            "Fashion-MNIST.",
        ),
    ] = None
    layout: Annotated[
        list[str] | None,
        option(
            GIVEN,
            "[SIDE=]LAYOUT",
            "NCHW or NHWC: where the batch has its channels, or what a side's model takes.",
        ),
    ] = None
    prepare: Annotated[
        list[str] | None,
        option(GIVEN, "[SIDE=]MODULE:FUNCTION", "What the batch goes through before the model."),
    ] = None
    loss: Annotated[
        list[str] | None,
        option(
            TRAINED,
            "[SIDE=]LOSS",
            "softmax_cross_entropy, sigmoid_cross_entropy, mean_squared_error or module:name. SIDE, here and "
            "elsewhere, is original, port or the name of a framework.",
        ),
    ] = None
    optimizer: Annotated[
        list[str] | None,
        option(
            TRAINED,
            "[SIDE=]OPTIMIZER",
            "sgd,lr=0.1,momentum=0.9 and likewise adam and adamw, or module:function.",
        ),
    ] = None
    step: Annotated[
        list[str] | None,
        option(TRAINED, "[SIDE=]MODULE:FUNCTION", "Takes one step: function(model, loss, optimizer, x, y)."),
    ] = None
    batch_size: Annotated[
        int | None,
        option(TRAINED, "N", "Rows in a step of the epoch.  [default: a quarter of them]", POSITIVE),
    ] = None
    seed: Annotated[int, option(TRAINED, "N", "Of the factories' draws.", NOT_NEGATIVE)] = 0
    mapping: Annotated[
        str,
        option(
            CARRIED,
            "FILE",
            "JSON: which parameter of the original goes to which of the port; written to be filled in if it "
            "is not there. By order and shape where that leaves no doubt.",
        ),
    ] = "auto"
    own_weights: Annotated[
        bool, flag(CARRIED, "--own-weights", "The port brings its weights, and they are compared too.")
    ] = False
    python: Annotated[
        list[str] | None,
        option(
            None,
            "SIDE=PATH",
            "Which Python runs a side, or the folder of its environment: it needs NumPy and the framework "
            "only. Also a table [python] in hpo.toml.",
        ),
    ] = None
    accept: Annotated[
        list[str] | None,
        option(None, "CAUSE", "Go on after a difference of this cause, for example 'flatten order'."),
    ] = None
    keep: Annotated[
        Path | None,
        option(
            OUTPUT,
            "FOLDER",
            "Leave the original's numbers and a generated test, which need the old framework no more.",
        ),
    ] = None
