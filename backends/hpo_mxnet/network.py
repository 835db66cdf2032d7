"""One network of `hpo.backend.models` under training, in MXNet: a step is a graph, a gradient, an update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Array, Dense, Scores, State
from hpo.randomness import dropout_mask
from hpo.training.rows import mean_scores
from hpo.training.states import DROPOUT_STEPS, complete_state, parameter_shapes
from hpo_mxnet.arrays import classic_arrays
from hpo_mxnet.compat import mx
from hpo_mxnet.examples import Examples
from hpo_mxnet.graphs import Graph
from hpo_mxnet.layers import gradient_of_loss, mask_of, scores_of, summing
from hpo_mxnet.optimizers import updates

EXAMPLES_PER_SCORE = 256
"""Examples that are scored at a time: the outputs of a convolution are many times as large as an image."""


class NetworkRun(training.NetworkRun[Examples]):
    """MXNet's implementation of `hpo.backend.Run` for one network of any kind."""

    def set_up(self) -> None:
        """Make the graphs that every batch shares."""
        self._names = list(parameter_shapes(self._member.model))
        # A graph plans its memory for one size of batch: the last batch of an epoch has another.
        self._learning: dict[int, tuple[Graph, Graph]] = {}
        self._scoring = Graph(scores_of(self._member.model, learn=False))
        self._summing = Graph(summing(self._dtype))

    def load(self, states: Sequence[State]) -> None:
        """Replace the state."""
        [state] = states
        complete = complete_state(self._member, state, self._dtype)
        # Counts stay on the host, where masks are drawn and Adam's corrections computed.
        self._counts: dict[str, Array] = {key: value for key, value in complete.items() if not value.ndim}
        with classic_arrays():
            self._values = {key: self._place(_turned(value)) for key, value in complete.items() if value.ndim}
            self._gradients = {name: mx.nd.zeros_like(self._values[name]) for name in self._names}
        rule = self._member.optimizer
        self._updates = updates(rule, self._names, self._counts, self._dtype)

    def state(self) -> list[State]:
        """A copy of the state."""
        state = {key: _turned(value.asnumpy()) for key, value in self._values.items()}
        return [state | {key: np.array(count) for key, count in self._counts.items()}]

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order` (see `hpo.backend.Run.epoch`)."""
        totals = np.zeros(2)
        with classic_arrays():
            for inputs, labels in self._train.chunks(order):
                starts = range(0, len(labels), self._batch_size)
                batches = [slice(start, start + self._batch_size) for start in starts]
                scores = [self._step(inputs[batch], labels[batch]) for batch in batches]
                totals += self._sums(scores, labels)
                # Once a chunk is often enough: from 1e-30 to 1.2e-38 a momentum of 0.9 takes 175 steps, and a
                # chunk of 1,024 examples in batches of 16 has 64.
                self._updates.flush(self._values)
        return mean_scores(totals[:1], totals[1:], len(order))

    def validate(self) -> Scores:
        """Score the model on all validation examples."""
        totals = np.zeros(2)
        parameters = {name: self._values[name] for name in self._names}
        with classic_arrays(), mx.autograd.pause():
            for inputs, labels in self._validation.chunks(np.arange(len(self._validation))):
                starts = range(0, len(labels), EXAMPLES_PER_SCORE)
                parts = [inputs[start : start + EXAMPLES_PER_SCORE] for start in starts]
                totals += self._sums([self._scoring(x=part, **parameters) for part in parts], labels)
        return mean_scores(totals[:1], totals[1:], len(self._validation))

    def _place(self, array: Array) -> Any:
        return mx.nd.array(array, ctx=self._device, dtype=array.dtype)

    def _step(self, inputs: Any, labels: Any) -> Any:
        """One step on a mini-batch; the scores before it."""
        size = len(labels)
        if size not in self._learning:
            slope_of_loss = gradient_of_loss(self._member.model.num_outputs, size, self._dtype)
            self._learning[size] = (
                Graph(scores_of(self._member.model, learn=True), static=True),
                Graph(slope_of_loss),
            )
        forward, slope_of = self._learning[size]
        parameters = {name: self._values[name] for name in self._names}
        # An update may replace the arrays, so gradients are attached to them in each step.
        mx.autograd.mark_variables(list(parameters.values()), list(self._gradients.values()))
        with mx.autograd.record():
            scores = forward(x=inputs, **parameters, **self._masks(size))
        # The loss is not recorded: its gradient is in closed form.
        scores.backward(slope_of(z=scores.detach(), y=labels))
        with mx.autograd.pause():
            self._updates.apply(self._values, self._gradients)
        return scores.detach()

    def _masks(self, size: int) -> dict[str, Any]:
        """What this step's dropout multiplies each layer's outputs by."""
        member, masks = self._member, {}
        if DROPOUT_STEPS not in self._counts:
            return {}
        for index, layer in enumerate(member.model.layers):
            if isinstance(layer, Dense) and layer.dropout:
                step, shape = int(self._counts[DROPOUT_STEPS]), (size, layer.num_outputs)
                keep = dropout_mask(member.seed, member.replicate, step, index, layer.dropout, shape)
                masks[mask_of(index)] = self._place((keep / (1 - layer.dropout)).astype(self._dtype))
        self._counts[DROPOUT_STEPS] += 1
        return masks

    def _sums(self, scores: Sequence[Any], labels: Any) -> NDArray[np.float64]:
        """The number of wrong examples and the sum of their losses.

        Reading them makes Python wait for the chunk, or it would queue up the whole epoch's inputs.
        """
        sums = self._summing(z=mx.nd.concat(*scores, dim=0), y=labels)
        return np.array([part.asnumpy().item() for part in sums], np.float64)


def _turned(value: Array) -> Array:
    """A dense weight, or a slot of one, from the canonical layout to `hpo_mxnet.layers`' and back."""
    return np.ascontiguousarray(value.T) if value.ndim == 2 else value
