"""An objective over NNX modules of one's own, which may train together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen, nnx

from hpo.backend import SGD, DType, Member, Model, Run, State, Tree, registry
from hpo.objective.context import CurrentTrial
from hpo.training import DataModule, LastBatch, batch_sizes
from hpo.training.fit import HasRunState
from hpo.training.fusable import Training, train_alone
from hpo_jax.backend import BACKEND
from hpo_jax.checkpoints import capture, restore
from hpo_jax.hoisted import Hoisted
from hpo_jax.programs import knowing_float64
from hpo_jax.stacked import EXAMPLES_PER_SCORE, StackedRun, Steps
from hpo_jax.steps import (
    Scope,
    Variables,
    learning_step,
    scoring_step,
    totals_of,
    update,
    variables_of,
)


class ModuleTask:
    """Trains a classifier of one's own for some epochs, on the mean cross-entropy.

    An objective for `hpo.search` on the backend jax. Called with a config it trains one module. Trials may
    train together by `jax.vmap` (`fuse=`) if their modules and optimizers are alike but for their numbers: a
    learning rate, a momentum, a share of dropout. By default they do where a measurement on this machine says
    that it is faster. Dropout, running statistics and any optimizer of Optax are part of it. It was tested on
    processors only.

    Args:
        make: a function that makes the NNX module of a config.
        data: examples and labels as arrays (`FashionMNIST`, `DataModule.from_arrays`), and what becomes of an
            epoch's last batch.
        max_epochs: how long to train, at least 1.
        optimizer: a function that makes the Optax transformation of a config; by default `optax.sgd` with its
            `lr`.

    Raises:
        TypeError: the data hold no arrays for classification.
        ValueError: `max_epochs` is below 1.

    Example:
        >>> from flax import nnx
        >>> import hpo, hpo_jax as d2l
        >>> from hpo.testing.problems import make_arrays
        >>> arrays = make_arrays()
        >>> data = d2l.DataModule((arrays.train_x, arrays.train_y), (arrays.val_x, arrays.val_y))
        >>> def make(config):
        ...     rngs = nnx.Rngs(d2l.get_key())
        ...     layers = [nnx.Linear(36, 8, rngs=rngs), nnx.relu, nnx.Linear(8, 10, rngs=rngs)]
        ...     return nnx.Sequential(lambda x: x.reshape(len(x), -1), *layers)
        >>> task = d2l.ModuleTask(make, data, max_epochs=2)
        >>> space = {"lr": hpo.Float(0.01, 1, log=True)}
        >>> study = hpo.search(task, space, minimize="val_error", num_trials=4, seed=0, backend="jax", fuse=4)
        >>> study.num_completed
        4
    """

    def __init__(
        self,
        make: Callable[[Mapping[str, Any]], nnx.Module],
        data: DataModule,
        *,
        max_epochs: int,
        optimizer: Callable[[Mapping[str, Any]], optax.GradientTransformation] = lambda config: optax.sgd(
            config["lr"]
        ),
    ) -> None:
        if isinstance(max_epochs, bool) or not isinstance(max_epochs, int) or max_epochs < 1:
            raise ValueError(f"max_epochs must be an integer of at least 1; received {max_epochs!r}.")
        arrays = getattr(data, "arrays", None)
        if arrays is None or arrays.train_y.dtype.kind == "f":
            raise TypeError(
                f"A ModuleTask takes data in arrays for classification, such as FashionMNIST or "
                f"DataModule.from_arrays(x, y); received a {type(data).__name__} without them."
            )
        self.max_epochs = max_epochs
        self._make, self._arrays, self._optimizer = make, arrays, optimizer
        self._last_batch = data.last_batch

    def __call__(self, config: Mapping[str, Any], trial: CurrentTrial) -> Iterator[dict[str, float]]:
        """Train one configuration: see `hpo.training.train` for what is yielded."""
        yield from train_alone(self.training(config, seed=trial.seed, replicate=trial.replicate), trial)

    def training(self, config: Mapping[str, Any], *, seed: int, replicate: int) -> Training:
        """How a config is trained, by itself or together with others; the module initialises itself.

        Raises:
            TypeError: `make` returns no NNX module, or `optimizer` no transformation of Optax.
        """
        module, transformation = self._make(config), self._optimizer(config)
        if isinstance(module, linen.Module):
            raise TypeError(
                f"make must return a flax.nnx.Module; received a {type(module).__name__} of Flax's "
                f"linen, which has no parameters itself. Return flax.nnx.bridge.ToNNX(module, "
                f"rngs=nnx.Rngs(0)).lazy_init(x), with a batch x of examples."
            )
        if not isinstance(module, nnx.Module):
            raise TypeError(f"make must return a flax.nnx.Module; received a {type(module).__name__}.")
        if not isinstance(transformation, optax.GradientTransformation):
            raise TypeError(
                f"optimizer must return a transformation of Optax, such as optax.adam(config['lr']); "
                f"received a {type(transformation).__name__}."
            )
        # A `Model` says the shape of the library's own networks; here the module is the shape.
        member = Member(cast(Model, None), SGD(0.0), {}, seed=seed, replicate=replicate)
        return ModuleTraining(member, self._arrays, self.max_epochs, module, transformation, self._last_batch)


@dataclass(frozen=True, eq=False)
class ModuleTraining(Training):
    """The training of one module.

    Attributes:
        module: the module.
        transformation: its optimizer.
        last_batch: what becomes of the examples that are left at the end of an epoch.
    """

    module: nnx.Module
    transformation: optax.GradientTransformation
    last_batch: LastBatch = "keep"

    @cached_property
    def steps(self) -> Callable[[DType], Steps]:
        """The traced steps for a type of numbers, traced once for each."""
        return cache(self._traced)

    @property
    def kind(self) -> Hashable:
        """The operations of a step; modules that differ in their numbers only have the same ones."""
        steps = self.steps("float32")
        [size, *_] = batch_sizes(len(self.arrays.train_y), self.arrays.batch_size, self.last_batch)
        scored = min(EXAMPLES_PER_SCORE, len(self.arrays.val_y))
        return (
            (steps.learn(size).key, steps.score(scored).key),
            id(self.arrays),
            self.max_epochs,
            self.last_batch,
        )

    @property
    def description(self) -> str:
        """The module by its class and the shapes of its parameters."""
        shapes = nnx.to_pure_dict(self.steps("float32").variables.parameters)
        told = ", ".join(
            f"{jax.tree_util.keystr(path, simple=True, separator='.')} {leaf.shape}"
            for path, leaf in jax.tree_util.tree_leaves_with_path(shapes)
        )
        return f"{type(self.module).__name__} with {told}, batches of {self.arrays.batch_size}"

    @property
    def is_linear(self) -> bool:
        """False: a module does not say."""
        return False

    @property
    def size(self) -> int:
        """Numbers that a run holds for it beside the data, as far as its variables tell."""
        numbers = sum(value.size for value in self.steps("float32").start().values())
        return numbers * 3 + self._scores(1)

    def start(self, dtype: DType) -> State:
        """Its own initial variables."""
        return self.steps(dtype).start()

    def kept(self, run: HasRunState) -> KeptModule:
        """The module's state and the optimizer's."""
        return KeptModule(run, nnx.clone(self.module), self.steps("float32"))

    def run(self, others: Sequence[Training], states: Sequence[State], trial: CurrentTrial) -> Run:
        """A run of modules of this kind."""
        device = BACKEND.device(registry.resolve_device(BACKEND, trial.device_name))
        steps = [cast(ModuleTraining, one).steps(trial.dtype) for one in others]
        scope = Scope(True if trial.dtype == "float64" else None, device)
        return StackedRun(steps, states, self.arrays, scope, trial.dtype, self.last_batch)

    def _traced(self, dtype: DType) -> Steps:
        with self._knowing(dtype):
            variables = variables_of(self.module)
            parameters = jax.tree.map(lambda leaf: leaf.astype(dtype), variables.parameters)
            optimizer = self.transformation.init(nnx.to_pure_dict(parameters))
            variables = Variables(parameters, variables.others, optimizer)

        def batch(size: int) -> Any:
            x = jax.ShapeDtypeStruct((size, *self.arrays.train_x.shape[1:]), jnp.dtype(dtype))
            return x, jax.ShapeDtypeStruct((size,), np.int32)

        def learn(size: int) -> Hoisted:
            self.module.train()
            with self._knowing(dtype):
                return learning_step(self.module, self.transformation, _loss, variables, batch(size))

        def score(size: int) -> Hoisted:
            self.module.eval()
            with self._knowing(dtype):
                return scoring_step(self.module, _loss, variables, batch(size))

        return Steps(cache(learn), cache(score), variables)

    def _knowing(self, dtype: DType) -> AbstractContextManager[Any]:
        return knowing_float64(dtype == "float64")


class KeptModule:
    """What a checkpoint keeps of a run of one module: the state of such a module, and of its optimizer.

    Args:
        run: of one module.
        module: such a module, which is written over.
        steps: its steps.
    """

    def __init__(self, run: HasRunState, module: nnx.Module, steps: Steps) -> None:
        self._run, self._module, self._steps = run, module, steps

    def checkpoint_state(self) -> dict[str, Tree]:
        """The state of the module, as `trial.checkpoint(model=module)` keeps it, and the optimizer's."""
        variables = self._variables()
        return {"model": capture(self._module), "optimizer": capture(variables.optimizer)}

    def load_checkpoint_state(self, state: Tree) -> None:
        """Go on from a checkpoint.

        Raises:
            CheckpointError: it is of another module or optimizer.
        """
        optimizer = self._variables().optimizer
        restore(self._module, state["model"])
        optimizer = restore(optimizer, state["optimizer"])
        self._run.load([self._steps.state(variables_of(self._module, optimizer))])

    def _variables(self) -> Variables:
        """The variables of the run, those of the module in the module too."""
        [state] = self._run.state()
        with jax.enable_x64(True):
            variables: Variables = jax.tree.map(jnp.asarray, self._steps.load(state))
        update(self._module, variables)
        return variables


def _loss(module: Any, batch: Any) -> tuple[Any, Any]:
    """The mean cross-entropy of a batch, and what it adds to the totals."""
    x, y = batch
    scores = module(x)
    loss = optax.softmax_cross_entropy_with_integer_labels(scores, y).mean()
    return loss, totals_of(scores, y, loss)
