"""One network of `hpo.backend.models` under training, in NumPy, with the gradient in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Array, Convolution, Scores, State
from hpo.backend.threads import one_thread
from hpo.randomness import dropout_mask
from hpo.training.rows import mean_scores
from hpo.training.states import DROPOUT_STEPS, complete_state
from hpo_numpy.examples import Examples
from hpo_numpy.layers import ConvolutionPass, DensePass
from hpo_numpy.optimizers import flush, updates

EXAMPLES_PER_SCORE = 128
"""Examples that are scored at a time: the patches of a convolution are many times as large as an image."""


class NetworkRun(training.NetworkRun[Examples]):
    """The reference implementation of `hpo.backend.Run` for one network of any kind."""

    def load(self, states: Sequence[State]) -> None:
        """Replace the state."""
        [state] = states
        self._values = complete_state(self._member, state, self._dtype)
        self._updates = updates(self._member.optimizer, self._values)

    def state(self) -> list[State]:
        """A copy of the state."""
        return [{name: np.array(value) for name, value in self._values.items()}]

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order` (see `hpo.backend.Run.epoch`)."""
        wrong = total_loss = 0.0
        with one_thread(), np.errstate(all="ignore"):
            for inputs, labels in self._train.chunks(order):
                for first in range(0, len(labels), self._batch_size):
                    batch = slice(first, first + self._batch_size)
                    step_wrong, step_loss = self._step(inputs[batch], labels[batch])
                    wrong, total_loss = wrong + step_wrong, total_loss + step_loss
                # Once a chunk is often enough: from 1e-30 to 1.2e-38 a momentum of 0.9 takes 175 steps, and a
                # chunk of 1,024 examples in batches of 16 has 64.
                flush(self._member.optimizer, self._values)
        return mean_scores([wrong], [total_loss], len(order))

    def validate(self) -> Scores:
        """Score the model on all validation examples."""
        wrong = total_loss = 0.0
        everything = np.arange(len(self._validation))
        with one_thread(), np.errstate(all="ignore"):
            for inputs, labels in self._validation.chunks(everything):
                for first in range(0, len(labels), EXAMPLES_PER_SCORE):
                    part = slice(first, first + EXAMPLES_PER_SCORE)
                    scores, _ = self._forward(inputs[part], learn=False)
                    part_wrong, part_loss, _ = _score(scores, labels[part])
                    wrong, total_loss = wrong + part_wrong, total_loss + part_loss
        return mean_scores([wrong], [total_loss], len(everything))

    def _step(self, inputs: Array, labels: Array) -> tuple[float, float]:
        """One step on a mini-batch; its wrong examples and the sum of their losses before it."""
        scores, passes = self._forward(inputs, learn=True)
        wrong, loss, gradient = _score(scores, labels)
        gradient *= gradient.dtype.type(1 / len(labels))
        self._updates.begin()
        for index in reversed(range(len(passes))):
            one, lowest = passes[index], index == 0
            if isinstance(one, ConvolutionPass) and gradient.ndim == 2:  # flattened in the forward pass
                gradient = np.moveaxis(gradient.reshape(len(labels), *one.output_shape), 0, 1)
            gradients, gradient = one.backward(gradient, lowest=lowest)
            # What is below has taken its gradient: the weight may change.
            for name, its in gradients.items():
                self._updates.apply(f"layers.{index}.{name}", its)
        return wrong, loss

    def _forward(self, x: Array, *, learn: bool) -> tuple[Array, list[DensePass | ConvolutionPass]]:
        """The scores of examples, and what the layers kept for the backward pass."""
        passes: list[DensePass | ConvolutionPass] = []
        model, step = self._member.model, int(self._values.get(DROPOUT_STEPS, 0))
        if model.image_shape is not None:
            # ConvolutionPass has the channels first, and the examples second.
            x = np.moveaxis(x.reshape(len(x), *model.image_shape), 0, 1)
        for index, layer in enumerate(model.layers):
            weight, bias = (self._values[f"layers.{index}.{name}"] for name in ("weight", "bias"))
            if isinstance(layer, Convolution):
                convolution = ConvolutionPass(layer, weight, bias)
                x = convolution.forward(x)
                passes.append(convolution)
                continue
            if x.ndim == 4:
                x = np.moveaxis(x, 0, 1).reshape(x.shape[1], -1)
            keep = None
            if learn and layer.dropout:
                shape, member = (len(x), layer.num_outputs), self._member
                keep = dropout_mask(member.seed, member.replicate, step, index, layer.dropout, shape)
            dense = DensePass(layer, weight, bias)
            x = dense.forward(x, keep)
            passes.append(dense)
        if learn and DROPOUT_STEPS in self._values:
            self._values[DROPOUT_STEPS] += 1
        return x, passes


def _score(scores: Array, labels: Array) -> tuple[float, float, Array]:
    """Wrong examples, the sum of losses, and softmax(scores) - onehot(labels), in the place of `scores`."""
    everyone = np.arange(len(labels))
    wrong = np.count_nonzero(scores.argmax(axis=1) != labels)
    # The largest score becomes 0, so that no exponential overflows.
    scores -= scores.max(axis=1, keepdims=True)
    picked = scores[everyone, labels]
    np.exp(scores, out=scores)
    sums = scores.sum(axis=1, keepdims=True)
    loss = (np.log(sums[:, 0]) - picked).sum(dtype=np.float64)
    scores /= sums
    scores[everyone, labels] -= 1
    return float(wrong), float(loss), scores
