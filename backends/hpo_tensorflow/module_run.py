"""One `Module` under training, by the backend's fast path or by a compiled loop of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from hpo import training
from hpo.backend import Arrays, Scores, State, Tree
from hpo.training import TRAINING_METHODS, ArrayBatches, OrderedBatches, Trainer
from hpo.training.rows import mean_scores
from hpo_tensorflow.checkpoints import layer_state
from hpo_tensorflow.graphs import traced
from hpo_tensorflow.models import ORIGINALS, LeNet
from hpo_tensorflow.module import Module
from hpo_tensorflow.states import canonical_state, load_canonical_state

MOST_BATCHES = 64
"""Batches of a `tf.data.Dataset` in one call of a graph, which Ctrl-C cannot interrupt."""


class ModuleRun(training.ModuleRun):
    """A run of one `Module`: see `hpo.training.ModuleRun`.

    The model's methods are traced into a graph, as `keras.fit` does, and traced again if one of them was
    replaced since.
    """

    originals = ORIGINALS

    def __init__(self, model: Module, trainer: Trainer) -> None:
        super().__init__(model, trainer)
        self._graphs: dict[Any, Any] = {}
        self._turned: tuple[Arrays, Arrays] | None = None

    def learn(self, order: NDArray[np.intp]) -> Scores:
        """Train by the model's own steps."""
        if not self.model.trainable_variables:
            raise ValueError(
                f"{type(self.model).__name__} has no variables to train. Keras knows those of its layers "
                f"and what self.add_weight(...) or keras.Variable(...) makes, but no tf.Variable."
            )
        self.optimizer()
        self.model.train()
        return self._pass(self.trainer.train_dataloader, order, learn=True)

    def optimizer(self) -> Any:
        """The model's own optimizer, with its slots, which a graph could not make."""
        optimizer = super().optimizer()
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        return optimizer

    def model_state(self) -> dict[str, Tree]:
        """The parameters, and the seed generators of such layers as dropout."""
        return {**super().model_state(), **layer_state(self.model)}

    def score(self) -> Scores:
        """Score the model on all validation examples."""
        self.model.eval()
        return self._pass(self.trainer.val_dataloader, learn=False)

    def state(self) -> list[State]:
        """A copy of the variables in the canonical layout."""
        return [canonical_state(self.model)]

    def load(self, states: Sequence[State]) -> None:
        """Replace the variables."""
        [state] = states
        load_canonical_state(self.model, state)

    def arrays(self) -> Arrays | None:
        """The data, for LeNet with the channels of images before height and width."""
        given = self.trainer.arrays
        if given is None or not isinstance(self.model, LeNet) or given.train_x.ndim != 4:
            return given
        if self._turned is None or self._turned[0] is not given:
            train_x, val_x = (
                np.ascontiguousarray(np.moveaxis(x, -1, 1)) for x in (given.train_x, given.val_x)
            )
            self._turned = given, replace(given, train_x=train_x, val_x=val_x)
        return self._turned[1]

    def _pass(self, loader: Any, order: NDArray[np.intp] | None = None, *, learn: bool) -> Scores:
        graph = self._graph(learn)
        sums = [graph(batches).numpy() for batches in _stacks(loader, order)]
        if isinstance(loader, tf.data.Dataset):
            batches = _one_pass(loader)
            # Fewer batches than a call takes at most: the data set has ended.
            while not sums or sums[-1][-1] == MOST_BATCHES:
                sums.append(graph(batches).numpy())
        wrong, loss, num_examples, _ = np.sum(sums, axis=0)
        return mean_scores([wrong], [loss], num_examples)

    def _graph(self, learn: bool) -> Any:
        """The compiled loop over batches, for the methods and the variables that the model has now."""
        methods = (*TRAINING_METHODS, "validation_step", "call")
        # A layer that is frozen or thawed changes what is trained, and so the graph.
        variables = (id(variable) for variable in self.model.trainable_variables)
        key = (learn, *(getattr(self.model, name) for name in methods), *variables)
        if key not in self._graphs:
            self._graphs[key] = traced(self._loop(learn))
        return self._graphs[key]

    def _loop(self, learn: bool) -> Any:
        """Steps through batches that are stacked, or through the next ones of an iterator.

        It returns sums: of wrong examples, of their losses, of examples and of batches.
        """

        def loop(batches: Any) -> Any:
            sums = tf.zeros([4], tf.float64)
            if isinstance(batches, tf.data.Iterator):
                for batch in batches:
                    sums += self._step(batch, learn)
                    if sums[-1] == MOST_BATCHES:
                        break
            else:
                with tf.device(self.trainer.device):
                    for i in tf.range(tf.shape(batches[-1])[0]):
                        sums += self._step(_row(batches, i), learn)
            return sums

        return loop

    def _step(self, batch: Any, learn: bool) -> Any:
        """One step on a batch, and what it adds to the sums."""
        model, name = self.model, "training_step" if learn else "validation_step"
        with tf.device(self.trainer.device):
            batch = self.trainer.prepare_batch(list(batch))
            with tf.GradientTape() as tape, model.caught_outputs() as outputs:
                loss = getattr(model, name)(batch)
                # What layers add to the loss (regularizers, for one) is minimised with it, as in Keras.
                minimised = tf.add_n([loss, *(tf.cast(penalty, loss.dtype) for penalty in model.losses)])
            output = self.output_of(outputs)
            if learn:
                variables = model.trainable_variables
                self._optimizer.apply(tape.gradient(minimised, variables), variables)
            wrong, num_examples = _misses(output, batch[-1])
            return tf.stack([wrong, tf.cast(loss, tf.float64) * num_examples, num_examples, 1.0])


def _misses(output: Any, labels: Any) -> tuple[Any, Any]:
    """How many examples are classified wrongly, of how many; in regression the sum of absolute errors."""
    if labels.dtype.is_floating:
        num_examples = tf.cast(tf.shape(labels)[0], tf.float64)
        absolute = tf.abs(tf.reshape(output, tf.shape(labels)) - tf.cast(labels, output.dtype))
        return tf.cast(tf.reduce_mean(absolute), tf.float64) * num_examples, num_examples
    labels = tf.reshape(tf.cast(labels, tf.int64), [-1])
    wrong = tf.math.count_nonzero(tf.argmax(output, axis=1) != labels, dtype=tf.float64)
    return wrong, tf.cast(tf.size(labels), tf.float64)


def _row(parts: Any, i: Any) -> Any:
    """Batch `i` of a stack of batches."""
    return tf.nest.map_structure(lambda part: part[i], parts)


def _one_pass(dataset: Any) -> Any:
    """An iterator over a data set that ends."""
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "The data set never ends, and an epoch is one pass through it: leave .repeat() out, or choose "
            "the number of batches with .take(n)."
        )
    return iter(dataset)


def _stacks(loader: Any, order: NDArray[np.intp] | None) -> Iterator[Any]:
    """Batches of one size, stacked: each part is (batches, examples, ...)."""
    if isinstance(loader, tf.data.Dataset):
        return
    if isinstance(loader, ArrayBatches):
        # Whole chunks at a time: one call of a graph for each batch costs more than a small step.
        chunks = loader.chunks(np.arange(loader.num_examples) if order is None else order)
        for chunk in chunks:
            full = loader.sizes(len(chunk[-1])).count(loader.batch_size)
            cut = full * loader.batch_size
            if full:
                yield tuple(tf.reshape(part[:cut], [full, -1, *part.shape[1:]]) for part in chunk)
            if cut < len(chunk[-1]):
                yield tuple(part[cut:][None] for part in chunk)
        return
    batches = loader.visit(order) if isinstance(loader, OrderedBatches) and order is not None else loader
    for batch in batches:
        yield tf.nest.map_structure(lambda part: tf.convert_to_tensor(part)[None], tuple(batch))
