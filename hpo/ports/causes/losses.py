"""Why the losses of the same predictions differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import log_softmax, softmax

from hpo.ports.causes.cause import Cause
from hpo.ports.differences import LOSS_TOLERANCE, Array

LABELS_MEND = (
    "sparse_categorical_crossentropy in Keras, CrossEntropyLoss in torch, SoftmaxCrossEntropyLoss() in Gluon "
    "and softmax_cross_entropy_with_integer_labels in Optax take the index; categorical_crossentropy, "
    "sparse_label=False and softmax_cross_entropy take one-hot rows."
)
TWICE = "softmax applied twice"
TWICE_MEND = "Give the loss logits, or tell it that it gets probabilities (from_logits=False in Keras)."


def cause_of_loss(
    predictions: Array, labels: Array, losses: tuple[Mapping[str, float | None], Mapping[str, float | None]]
) -> Cause | None:
    """Compare which loss each side must have computed.

    Args:
        predictions: (rows, outputs), the same for both.
        labels: as they were given.
        losses: of the original and of the port, for the labels as given and in their other form (`other`).
    """
    original, port = losses
    labelled = _of_labels(original, port)
    if labelled is not None:
        return labelled
    own, other = original["given"], port["given"]
    if own is None or other is None:
        return None
    names = explain(own, predictions, labels), explain(other, predictions, labels)
    for name, side, rest in ((names[0], "original", names[1]), (names[1], "port", names[0])):
        if name is not None and TWICE in name and (rest is None or TWICE not in rest):
            return Cause(TWICE, f"the {side}'s loss is {name}.", TWICE_MEND)
    for one, another, side in ((own, other, "port"), (other, own, "original")):
        if one and np.isclose(another / one, len(predictions), rtol=1e-4) and len(predictions) > 1:
            return Cause(
                "loss mean against sum",
                f"the {side} sums the losses of its {len(predictions)} rows, the other takes their mean "
                f"({own:.6g} against {other:.6g}).",
                "Take the mean in both, or divide the learning rate by the number of rows.",
            )
    if names[0] is not None and names[1] is not None and names[0] != names[1]:
        name = "labels one-hot against index" if any("labels" in each for each in names if each) else "loss"
        mend = LABELS_MEND if name.startswith("labels") else "Use one loss in both."
        return Cause(name, f"the original's loss is {names[0]}, the port's {names[1]}.", mend)
    if own and other:
        return _of_ratio(own, other)
    return None


def explain(value: float, predictions: Array, labels: Array) -> str | None:
    """The first known loss that has this value."""
    candidates = known_losses(np.asarray(predictions, np.float64), labels)
    return next(
        (name for name, loss in candidates.items() if np.isclose(value, loss, rtol=LOSS_TOLERANCE)), None
    )


def known_losses(predictions: Array, labels: Array) -> dict[str, float]:
    """The values of known losses by name, each as it should be and with usual mistakes."""
    found: dict[str, float] = {}
    rows = len(predictions)
    classes = _classes(predictions, labels)
    if classes is not None:
        chosen = np.arange(rows), classes
        # Clipped at 1e-7 below, as Keras clips probabilities (its epsilon).
        once, twice = softmax(predictions, axis=1), softmax(softmax(predictions, axis=1), axis=1)
        entropies = {
            "softmax cross-entropy": -log_softmax(predictions, axis=1),
            f"softmax cross-entropy with {TWICE}": -np.log(twice),
            "the negative log of the predictions, taken for probabilities": -np.log(
                np.clip(predictions / np.maximum(predictions.sum(1, keepdims=True), 1e-12), 1e-7, 1)
            ),
            "the negative prediction, taken for a log-probability": -predictions,
            "softmax cross-entropy to base 2": -log_softmax(predictions, axis=1) / np.log(2),
        }
        for name, matrix in entropies.items():
            found[f"mean {name}"] = float(matrix[chosen].mean())
            found[f"summed {name}"] = float(matrix[chosen].sum())
        # The index of a class broadcast as if it were a one-hot row.
        weighted = -log_softmax(predictions, axis=1) * classes[:, None]
        for name, value in (
            ("mean", weighted.sum(1).mean()),
            ("sum", weighted.sum()),
            ("mean of all", weighted.mean()),
        ):
            found[f"a cross-entropy whose labels are indices used as one-hot rows ({name})"] = float(value)
        squares = (once - np.eye(predictions.shape[1])[classes]) ** 2
        found["mean squared error of probabilities"] = float(squares.mean())
    if labels.size == predictions.size:
        squares = (predictions.reshape(labels.shape) - labels) ** 2
        for name, factor in (("squared error", 1.0), ("half squared error", 0.5)):
            found[f"mean {name}"] = float(factor * squares.mean())
            found[f"summed {name}"] = float(factor * squares.sum())
        found["mean absolute error"] = float(np.abs(predictions.reshape(labels.shape) - labels).mean())
    return found


def _classes(predictions: Array, labels: Array) -> Array | None:
    if predictions.ndim != 2 or predictions.shape[1] < 2:
        return None
    if labels.ndim == 2 and labels.shape == predictions.shape:
        return np.asarray(labels.argmax(1))
    return labels if labels.ndim == 1 and np.issubdtype(labels.dtype, np.integer) else None


def _of_labels(original: Mapping[str, float | None], port: Mapping[str, float | None]) -> Cause | None:
    """Whether a side's loss is the other's once its labels have their other form."""
    for one, another, side in ((original, port, "port"), (port, original, "original")):
        expected, got, mended = one["given"], another["given"], another.get("other")
        if expected is None or mended is None:
            continue
        if np.isclose(expected, mended, rtol=LOSS_TOLERANCE) and (
            got is None or not np.isclose(expected, got, rtol=1e-4)
        ):
            came = (
                "fails with the labels as given"
                if got is None
                else f"gives {got:.6g} for the labels as given"
            )
            return Cause(
                "labels one-hot against index",
                f"the loss of the {side} {came}, and the other's value, {expected:.6g}, when one-hot rows "
                "and indices are exchanged.",
                LABELS_MEND,
            )
    return None


def _of_ratio(own: float, other: float) -> Cause | None:
    ratio = other / own
    for factor, words in ((2.0, "twice"), (0.5, "half")):
        if np.isclose(ratio, factor, rtol=1e-4):
            return Cause(
                "loss factor",
                f"the port's loss is {words} the original's ({own:.6g} against {other:.6g}).",
                "Gluon's L2Loss is half the squared error.",
            )
    return None
