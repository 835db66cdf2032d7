"""One network of `hpo.backend.models` under training, in PyTorch, with the gradient in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Array, Convolution, Scores, State
from hpo.randomness import dropout_mask
from hpo.training.rows import mean_scores
from hpo.training.states import DROPOUT_STEPS, complete_state
from hpo_torch.examples import Examples
from hpo_torch.layers import ConvolutionPass, DensePass
from hpo_torch.optimizers import flush, updates
from hpo_torch.threads import one_thread

EXAMPLES_PER_SCORE = 256
"""Examples that are scored at a time: the outputs of a convolution are many times as large as an image."""


class NetworkRun(training.NetworkRun[Examples]):
    """PyTorch's implementation of `hpo.backend.Run` for one network of any kind."""

    def load(self, states: Sequence[State]) -> None:
        """Replace the state."""
        [state] = states
        complete = complete_state(self._member, state, self._dtype)
        # Counts stay on the host, where masks are drawn and Adam's corrections computed.
        self._counts: dict[str, Array] = {key: value for key, value in complete.items() if not value.ndim}
        self._values = {
            key: torch.from_numpy(value).to(self._device) for key, value in complete.items() if value.ndim
        }
        self._updates = updates(self._member.optimizer, self._values, self._counts)

    def state(self) -> list[State]:
        """A copy of the state."""
        state = {key: value.cpu().numpy().copy() for key, value in self._values.items()}
        return [state | {key: np.array(count) for key, count in self._counts.items()}]

    def epoch(self, order: NDArray[np.intp]) -> Scores:
        """Train on the examples `order` (see `hpo.backend.Run.epoch`)."""
        totals = _Totals()
        with one_thread(), torch.inference_mode():
            for inputs, labels in self._train.chunks(order):
                parts = zip(
                    torch.split(inputs, self._batch_size), torch.split(labels, self._batch_size), strict=True
                )
                scores = [self._step(x, y) for x, y in parts]
                totals.add(torch.cat(scores), labels)
                # Once a chunk is often enough: from 1e-30 to 1.2e-38 a momentum of 0.9 takes 175 steps, and a
                # chunk of 1,024 examples in batches of 16 has 64.
                flush(self._member.optimizer, self._values)
        return totals.scores()

    def validate(self) -> Scores:
        """Score the model on all validation examples."""
        totals = _Totals()
        with one_thread(), torch.inference_mode():
            for inputs, labels in self._validation.chunks(np.arange(len(self._validation))):
                scores = [
                    self._forward(part, learn=False)[0] for part in torch.split(inputs, EXAMPLES_PER_SCORE)
                ]
                totals.add(torch.cat(scores), labels)
        return totals.scores()

    def _step(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """One step on a mini-batch; the scores before it.

        With scores z and p = softmax(z), the gradient of the batch's mean cross-entropy with respect to z
        is (p - onehot(y)) / n.
        """
        scores, passes = self._forward(inputs, learn=True)
        gradient = torch.softmax(scores, 1)
        gradient.scatter_add_(1, labels[:, None], gradient.new_full((len(labels), 1), -1.0))
        gradient.mul_(1 / len(labels))
        self._updates.begin()
        for index in reversed(range(len(passes))):
            one, lowest = passes[index], index == 0
            if isinstance(one, ConvolutionPass) and gradient.dim() == 2:  # flattened in the forward pass
                gradient = gradient.view(len(labels), *one.output_shape)
            gradients, gradient = one.backward(gradient, lowest=lowest)
            # What is below has taken its gradient: the weight may change.
            for name, its in gradients.items():
                self._updates.apply(f"layers.{index}.{name}", its)
        return scores

    def _forward(
        self, x: torch.Tensor, *, learn: bool
    ) -> tuple[torch.Tensor, list[DensePass | ConvolutionPass]]:
        """The scores of examples, and what the layers kept for the backward pass."""
        passes: list[DensePass | ConvolutionPass] = []
        model = self._member.model
        if model.image_shape is not None:
            x = x.view(len(x), *model.image_shape)
        for index, layer in enumerate(model.layers):
            weight, bias = (self._values[f"layers.{index}.{name}"] for name in ("weight", "bias"))
            if isinstance(layer, Convolution):
                convolution = ConvolutionPass(layer, weight, bias)
                x = convolution.forward(x)
                passes.append(convolution)
                continue
            dense = DensePass(layer, weight, bias)
            keep = self._mask(index, layer.dropout, len(x), layer.num_outputs) if learn else None
            x = dense.forward(x.flatten(1), keep)
            passes.append(dense)
        if learn and DROPOUT_STEPS in self._counts:
            self._counts[DROPOUT_STEPS] += 1
        return x, passes

    def _mask(self, index: int, rate: float, num_examples: int, num_outputs: int) -> torch.Tensor | None:
        """What this step's dropout keeps of a layer's outputs; None where all."""
        if not rate:
            return None
        member, step = self._member, int(self._counts[DROPOUT_STEPS])
        keep = dropout_mask(member.seed, member.replicate, step, index, rate, (num_examples, num_outputs))
        return torch.from_numpy(keep).to(self._device)


class _Totals:
    """Running totals of a model's errors and losses, kept on the device."""

    def __init__(self) -> None:
        self._sums: list[torch.Tensor] = []
        self._count = 0

    def add(self, scores: torch.Tensor, labels: torch.Tensor) -> None:
        """Add n examples: scores (n, classes) and labels (n,)."""
        wrong = (scores.argmax(1) != labels).sum().to(scores.dtype)
        loss = torch.nn.functional.cross_entropy(scores, labels, reduction="sum")
        self._sums.append(torch.stack([wrong, loss]))
        self._count += len(labels)

    def scores(self) -> Scores:
        # The chunks' sums are added up on the host in float64, which not every device has.
        wrong, loss = torch.stack(self._sums).cpu().numpy().astype(np.float64).sum(axis=0)
        return mean_scores([wrong], [loss], self._count)
