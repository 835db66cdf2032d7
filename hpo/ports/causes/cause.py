"""A cause, in words."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = (
    "missing bias",
    "padding",
    "stride",
    "stride or window",
    "kernel layout",
    "weight layout",
    "order of the weights",
    "other weights",
    "flatten order",
    "channel order",
    "image axes",
    "input scaling",
    "scaling",
    "activation",
    "softmax applied twice",
    "softmax at the end of one",
    "pooling",
    "pooling window",
    "average pooling counts the padding",
    "batch-norm epsilon",
    "batch-norm mode",
    "batch-norm momentum",
    "batch-norm momentum convention",
    "biased running variance",
    "dropout layers",
    "dropout rate",
    "dropout rate against keep probability",
    "dropout scale",
    "dropout in evaluation mode",
    "chance outside of dropout layers",
    "NaN in the original only",
    "NaN in the port only",
    "loss",
    "loss factor",
    "loss mean against sum",
    "labels one-hot against index",
    "frozen parameter",
    "no gradient",
    "gradient scale",
    "Gluon's step(batch_size)",
    "Gluon's weight decay",
    "weight decay",
    "weight decay scale",
    "weight decay of biases",
    "coupled against decoupled weight decay",
    "Adam's epsilon placement",
    "Adam's epsilon",
    "Adam's beta1",
    "Adam's beta2",
    "momentum",
    "momentum's form",
    "learning rate",
    "optimizer",
)
"""Every cause that can be named."""


@dataclass(frozen=True)
class Cause:
    """Why original and port differ.

    Attributes:
        name: what it is called; `accept` takes it.
        text: what the numbers say of each side.
        mend: what to change.
    """

    name: str
    text: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text} {self.mend}"
