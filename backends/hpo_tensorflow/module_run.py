"""One `Module` under training, by the fast path of softmax regression or by a compiled loop of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from hpo import training
from hpo.port import Scores, Softmax, State
from hpo.training import TRAINING_METHODS, ArrayBatches, FastPath, OrderedBatches, Trainer
from hpo.training.rows import mean_scores
from hpo_tensorflow.module import Module, canonical_state, load_canonical_state, softmax_layer


class ModuleRun(training.ModuleRun):
    """A run of one `Module`: see `hpo.training.ModuleRun`.

    The model's methods are traced into a graph, as `keras.fit` does, and traced again if one of them was
    replaced since.
    """

    def __init__(self, model: Module, trainer: Trainer) -> None:
        super().__init__(model, trainer)
        self._optimizer: Any = None
        self._graphs: dict[Any, Any] = {}

    def learn(self, order: NDArray[np.intp]) -> Scores:
        """Train by the model's own steps."""
        if self._optimizer is None:
            self._optimizer = self.model.configure_optimizers()
            self._optimizer.build(self.model.trainable_variables)
        self.model.train()
        return self._pass(_stacked(self.trainer.train_dataloader, order), learn=True)

    def score(self) -> Scores:
        """Score the model on all validation examples."""
        self.model.eval()
        return self._pass(_stacked(self.trainer.val_dataloader), learn=False)

    def state(self) -> list[State]:
        """A copy of the variables in the canonical layout."""
        return [canonical_state(self.model)]

    def load(self, states: Sequence[State]) -> None:
        """Replace the variables."""
        [state] = states
        load_canonical_state(self.model, state)

    def fast_path(self) -> FastPath | None:
        """Softmax regression as the library made it."""
        layer = softmax_layer(self.model)
        if layer is None:
            return None
        return FastPath(Softmax(*layer.kernel.shape), layer.variable_dtype, self.trainer.device)

    def _pass(self, chunks: Iterable[tuple[Any, ...]], *, learn: bool) -> Scores:
        graph = self._graph(learn)
        wrong: Any = 0.0
        loss: Any = 0.0
        count = 0
        with tf.device(self.trainer.device):
            for chunk in chunks:
                chunk_wrong, chunk_loss = graph(*chunk)
                wrong, loss = wrong + chunk_wrong, loss + chunk_loss
                count += int(chunk[-1].shape[0] * chunk[-1].shape[1])
        return mean_scores([float(wrong)], [float(loss)], count)

    def _graph(self, learn: bool) -> Any:
        """The compiled loop over the batches of a chunk, for the methods that the model has now."""
        methods = (*TRAINING_METHODS, "validation_step", "call")
        key = (learn, *(getattr(self.model, name) for name in methods))
        if key not in self._graphs:
            self._graphs[key] = tf.function(self._loop(learn), reduce_retracing=True)
        return self._graphs[key]

    def _loop(self, learn: bool) -> Any:
        model, trainer, optimizer = self.model, self.trainer, self._optimizer

        def loop(*chunk: Any) -> Any:
            wrong, total = tf.constant(0.0, tf.float64), tf.constant(0.0, tf.float64)
            for i in tf.range(tf.shape(chunk[-1])[0]):
                batch = trainer.prepare_batch([part[i] for part in chunk])
                with tf.GradientTape() as tape, model.caught_outputs() as outputs:
                    loss = model.training_step(batch) if learn else model.validation_step(batch)
                if learn:
                    variables = model.trainable_variables
                    optimizer.apply(tape.gradient(loss, variables), variables)
                labels = tf.cast(batch[-1], tf.int64)
                wrong += tf.cast(tf.math.count_nonzero(tf.argmax(outputs[0], axis=1) != labels), tf.float64)
                total += tf.cast(loss, tf.float64) * tf.cast(tf.shape(labels)[0], tf.float64)
            return wrong, total

        return loop


def _stacked(loader: Any, order: NDArray[np.intp] | None = None) -> Iterator[tuple[Any, ...]]:
    """Batches of one size, stacked: each part is (batches, examples, ...)."""
    if isinstance(loader, ArrayBatches):
        chunks = loader.chunks(np.arange(loader.num_examples) if order is None else order)
        for chunk in chunks:
            full, rest = divmod(len(chunk[-1]), loader.batch_size)
            cut = full * loader.batch_size
            if full:
                yield tuple(tf.reshape(part[:cut], [full, -1, *part.shape[1:]]) for part in chunk)
            if rest:
                yield tuple(part[cut:][None] for part in chunk)
        return
    batches = loader.visit(order) if isinstance(loader, OrderedBatches) and order is not None else loader
    for batch in batches:
        yield tuple(tf.convert_to_tensor(part)[None] for part in batch)
