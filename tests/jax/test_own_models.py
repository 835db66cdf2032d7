"""A reader's own modules of NNX and linen in the `Trainer`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen, nnx

import hpo
import hpo_jax as d2l
from hpo.checkpoints import load_into
from hpo.errors import CheckpointError
from hpo.objective.context import CurrentTrial, running
from hpo.randomness import batch_order
from hpo.testing.checkpoints import KeepingHost


def flattened(x: Any) -> Any:
    return x.reshape(len(x), -1)


class Net(nnx.Module):  # type: ignore[misc]  # Flax's types are not at hand
    """Convolution, statistics and dropout."""

    def __init__(self, share: float = 0.0) -> None:
        rngs = nnx.Rngs(params=0, dropout=1)
        self.convolution = nnx.Conv(1, 4, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.dropout = nnx.Dropout(share, rngs=rngs)
        self.dense = nnx.Linear(144, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.dense(self.dropout(flattened(nnx.relu(self.norm(self.convolution(x))))))


class Perceptron(d2l.Classification):
    def __init__(self, lr: float = 0.1, momentum: float = 0.9, share: float = 0.2, units: int = 8) -> None:
        super().__init__()
        self.save_hyperparameters()
        rngs = nnx.Rngs(params=0, dropout=1)
        layers = [nnx.Linear(36, units, rngs=rngs), nnx.relu, nnx.Dropout(share, rngs=rngs)]
        self.net = nnx.Sequential(flattened, *layers, nnx.Linear(units, 10, rngs=rngs))

    def configure_optimizers(self) -> optax.GradientTransformation:
        return optax.sgd(self.lr, self.momentum)


def by_hand(net: Any, transformation: optax.GradientTransformation, data: Any, epochs: int) -> Any:
    """The plain loop that Flax' documentation shows."""
    optimizer = nnx.Optimizer(net, transformation, wrt=nnx.Param)
    arrays = data.arrays

    def loss(net: Any, x: Any, y: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(net(x), y).mean()

    net.train()
    for epoch in range(1, epochs + 1):
        order = batch_order(0, 0, epoch, len(arrays.train_x))
        for first in range(0, len(order), data.batch_size):
            rows = order[first : first + data.batch_size]
            x, y = (arrays.train_x[rows] / 255).astype(np.float32), arrays.train_y[rows].astype(np.int32)
            optimizer.update(net, nnx.grad(loss)(net, jnp.asarray(x), jnp.asarray(y)))
    return nnx.state(net)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_it_trains_as_the_plain_loop_of_flax(data: Any, share: float) -> None:
    class Own(d2l.Classification):
        def configure_optimizers(self) -> optax.GradientTransformation:
            return optax.adamw(self.lr)

    model = Own(Net(share), 0.01)
    d2l.Trainer(max_epochs=3).fit(model, data)
    expected = jax.tree.leaves(
        nnx.split_state(by_hand(Net(share), optax.adamw(0.01), data, 3), nnx.Param, ...)[0]
    )
    found = jax.tree.leaves(nnx.state(model.net, nnx.Param))
    # The bias before the normalization has a gradient of round-off, of which Adam makes whole steps.
    shapes = [leaf.shape for leaf in expected]
    for one, other, shape in zip(found, expected, shapes, strict=True):
        if shape != (4,):
            assert np.asarray(one) == pytest.approx(np.asarray(other), abs=2e-5)


def test_statistics_move_in_training_and_not_in_validation(data: Any) -> None:
    model, trainer = d2l.Classification(Net(0.5), 0.1), d2l.Trainer(max_epochs=1)
    trainer.fit(model, data)
    means = np.asarray(model.net.norm.mean.get_value())
    assert np.abs(means).max() > 1e-3
    first = trainer.validate(model)
    assert trainer.validate(model) == first
    assert np.array_equal(model.net.norm.mean.get_value(), means)


def test_a_call_of_its_own_is_as_good_as_forward(data: Any) -> None:
    class Called(d2l.Classification):
        def __init__(self, lr: float) -> None:
            super().__init__()
            self.lr, self.dense = lr, nnx.Linear(36, 10, rngs=nnx.Rngs(0))

        def __call__(self, x: Any) -> Any:
            return self.dense(flattened(x))

    class Deeper(Called):
        def __call__(self, x: Any) -> Any:
            return 2 * super().__call__(x)

    class Forward(d2l.Classification):
        def __init__(self, lr: float) -> None:
            super().__init__()
            self.lr, self.dense = lr, nnx.Linear(36, 10, rngs=nnx.Rngs(0))

        def forward(self, x: Any) -> Any:
            return 2 * self.dense(flattened(x))

    histories = []
    for kind in (Called, Deeper, Forward):
        trainer = d2l.Trainer(max_epochs=2)
        trainer.fit(kind(0.05), data)
        histories.append(trainer.history)
    assert histories[1] == histories[2] != histories[0]


def test_trials_that_differ_in_numbers_share_their_programs(data: Any, compilations: Any) -> None:
    def objective(config: dict[str, Any]) -> Iterator[dict[str, float]]:
        yield from d2l.Trainer(max_epochs=2).epochs(Perceptron(**config), data)

    space = {
        "lr": hpo.Float(0.01, 0.5, log=True),
        "momentum": hpo.Float(0.5, 0.95),
        "share": hpo.Float(0.1, 0.5),
    }
    options: dict[str, Any] = {"seed": 0, "backend": "jax", "minimize": "val_error"}
    hpo.search(objective, space, num_trials=1, **options)
    one = compilations(lambda: hpo.search(objective, space, num_trials=1, **options))
    assert compilations(lambda: hpo.search(objective, space, num_trials=20, **options)) == one
    other = compilations(lambda: d2l.Trainer(max_epochs=1).fit(Perceptron(units=9), data))
    assert other > one


def test_numbers_that_are_shared_are_each_trial_s_own(data: Any) -> None:
    errors = []
    for lr in (0.01, 0.1, 0.5, 0.01):
        trainer = d2l.Trainer(max_epochs=2)
        trainer.fit(Perceptron(lr=lr), data)
        errors.append(trainer.history[-1]["train_loss"])
    assert errors[0] == errors[3]
    assert len(set(errors)) == 3


def test_a_step_sees_its_trainer_and_what_was_saved(data: Any) -> None:
    class Weighted(Perceptron):
        def training_step(self, batch: Any) -> Any:
            assert self.trainer.max_epochs == 1
            return self.hparams["lr"] * super().training_step(batch)

    model = Weighted(lr=0.5)
    d2l.Trainer(max_epochs=1).fit(model, data)
    assert model.hparams == {"lr": 0.5, "momentum": 0.9, "share": 0.2, "units": 8}


def test_what_the_library_keeps_in_a_model_is_no_part_of_it(data: Any) -> None:
    model = Perceptron()
    before = nnx.graphdef(model)
    trainer = d2l.Trainer(max_epochs=1)
    trainer.fit(model, data)
    model.train()
    assert nnx.graphdef(model) == before

    @nnx.jit  # type: ignore[untyped-decorator]  # Flax's
    def outputs(model: Any, x: Any) -> Any:
        return model(x)

    assert outputs(model, jnp.zeros((2, 6, 6, 1))).shape == (2, 10)


def test_a_step_past_the_model_is_refused_with_the_mend(data: Any) -> None:
    class Past(Perceptron):
        def training_step(self, batch: Any) -> Any:
            x, y = batch
            return self.loss(self.net(x), y)

    with pytest.raises(RuntimeError, match=r"The step of Past must call the model, as self\(x\)"):
        d2l.Trainer(max_epochs=1).fit(Past(), data)


@pytest.mark.parametrize(
    ("method", "made", "error", "text"),
    [
        ("configure_optimizers", 3, TypeError, r"must return a transformation of Optax, .* returned a int"),
        (
            "loss",
            jnp.ones(3),
            TypeError,
            r"must return the mean loss of a batch, one number; .* shape \(3,\)",
        ),
        ("loss", 0.5, TypeError, r"must return the mean loss of a batch, one number; it returned a float"),
    ],
)
def test_what_a_method_must_return(
    data: Any, method: str, made: Any, error: type[Exception], text: str
) -> None:
    model = type("Wrong", (Perceptron,), {method: lambda self, *inputs: made})()
    with pytest.raises(error, match=text):
        d2l.Trainer(max_epochs=1).fit(model, data)


def test_an_optimizer_of_nnx_is_taken_for_its_transformation(data: Any) -> None:
    class Wrapped(Perceptron):
        def configure_optimizers(self) -> Any:
            return nnx.Optimizer(self, optax.sgd(self.lr, self.momentum), wrt=nnx.Param)

    histories = []
    for kind in (Perceptron, Wrapped):
        trainer = d2l.Trainer(max_epochs=2)
        trainer.fit(kind(), data)
        histories.append(trainer.history)
    assert histories[0] == histories[1]


def test_a_model_without_parameters_is_refused(data: Any) -> None:
    with pytest.raises(
        ValueError, match=r"has no parameters to train: .* Lists of layers stand in an nnx\.List"
    ):
        d2l.Trainer(max_epochs=1).fit(d2l.Classification(nnx.Sequential(flattened), 0.1), data)


def test_a_step_that_makes_variables_is_refused(data: Any) -> None:
    class Growing(Perceptron):
        def forward(self, x: Any) -> Any:
            self.seen = nnx.Variable(x.sum())
            return super().forward(x)

    with pytest.raises(ValueError, match=r"changed which arrays the module has.* in its constructor.*'seen'"):
        d2l.Trainer(max_epochs=1).fit(Growing(), data)


@pytest.mark.parametrize("model", [linen.Dense(10), nnx.Linear(36, 10, rngs=nnx.Rngs(0)), 3])
def test_a_model_that_is_not_wrapped_is_refused_with_the_mend(data: Any, model: Any) -> None:
    linens = r" \(of Flax's linen\)" if isinstance(model, linen.Module) else ""
    with pytest.raises(
        TypeError,
        match=rf"received {type(model).__name__}{linens}\. .*hpo_jax\.Classification\(net, lr=0\.1\)",
    ):
        d2l.Trainer(max_epochs=1).fit(model, data)


class LinenNet(linen.Module):  # type: ignore[misc]  # Flax's types are not at hand
    """A net in Flax' older style, which is told whether it learns."""

    units: int

    @linen.compact  # type: ignore[untyped-decorator]  # Flax's
    def __call__(self, x: Any, *, train: bool) -> Any:
        x = linen.Conv(4, (3, 3))(x)
        x = linen.BatchNorm(use_running_average=not train)(x)
        x = linen.relu(linen.Dense(self.units)(flattened(x)))
        return linen.Dense(10)(linen.Dropout(0.2, deterministic=not train)(x))


def test_a_linen_net_learns_keeps_statistics_and_goes_on(data: Any, tmp_path: Any) -> None:
    def trained(*, start: int = 0, until: int = 4) -> Any:
        host = KeepingHost(d2l.BACKEND, tmp_path, start)
        with running(CurrentTrial(id=0, seed=3, host=host)):
            trainer = d2l.Trainer(max_epochs=4)
            for record in trainer.epochs(d2l.Classification(LinenNet(16), lr=0.1), data):
                host.save(int(record["epoch"]))
                if record["epoch"] == until:
                    break
        return trainer

    whole = trained()
    assert whole.history[-1]["train_loss"] < whole.history[0]["train_loss"]
    assert np.abs(whole.model.net.BatchNorm_0["mean"].get_value()).max() > 1e-3
    trained(until=2)
    assert trained(start=2).history == whole.history


def test_a_linen_net_that_has_met_no_batch_takes_no_checkpoint(data: Any) -> None:
    trainer = d2l.Trainer(max_epochs=1)
    trainer.fit(d2l.Classification(LinenNet(16), lr=0.1), data)
    states = {"trainer": {"model": {"canonical": trainer.start(trainer.model).state()[0]}}}
    model = d2l.Classification(LinenNet(16), lr=0.1)
    with pytest.raises(CheckpointError, match=r"flax\.linen and has met no batch yet.* model\(x\)"):
        load_into(model, states)
    x = jnp.asarray(data.arrays.val_x / 255, jnp.float32)
    model.eval()
    model(x)
    load_into(model, states)
    trainer.model.eval()
    assert np.asarray(model(x)) == pytest.approx(np.asarray(trainer.model(x)), abs=1e-6)


def test_a_linen_net_answers_as_the_published_book_asks(data: Any) -> None:
    class Softmax(d2l.Classification):
        num_outputs: int
        lr: float = 0.1

        def setup(self) -> None:
            self.dense = linen.Dense(self.num_outputs)

        def __call__(self, x: Any) -> Any:
            return self.dense(flattened(x))

    model, trainer = Softmax(10), d2l.Trainer(max_epochs=2)
    assert (model.lr, model.num_outputs) == (0.1, 10)
    trainer.fit(model, data)
    x = jnp.asarray(data.arrays.val_x / 255, jnp.float32)
    outputs = np.asarray(model.apply({"params": trainer.state.params}, x))
    assert outputs == pytest.approx(np.asarray(model(x)), abs=1e-6)
    applied = trainer.state.apply_fn({"params": trainer.state.params}, x)
    assert np.asarray(applied) == pytest.approx(outputs)
    trainer.fit(Perceptron(), data)
    with pytest.raises(TypeError, match=r"state is for nets of flax\.linen; .* nnx\.state\(model\)"):
        trainer.state  # noqa: B018  # a property that raises
    with pytest.raises(TypeError, match=r"apply\(\) is for nets of flax\.linen, .* model\(x\)"):
        Perceptron().apply({}, x)


def test_a_model_of_float64_learns_in_it_and_leaves_the_program_without(data: Any) -> None:
    with jax.enable_x64(True):
        net = nnx.Linear(36, 10, param_dtype=jnp.float64, rngs=nnx.Rngs(0))

    class Own(d2l.Classification):
        def forward(self, x: Any) -> Any:
            return self.net(flattened(x))

    model, trainer = Own(net, 0.1), d2l.Trainer(max_epochs=2)
    trainer.fit(model, data)
    assert model.net.kernel.dtype == np.float64
    assert trainer.history[-1]["train_loss"] < trainer.history[0]["train_loss"]
    assert not jax.config.jax_enable_x64


class Batches:
    """What can be passed through again and again, in an order of its own, as a DataLoader."""

    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for first in range(0, len(self.y), 16):
            yield self.x[first : first + 16].astype(np.float32) / 255, self.y[first : first + 16]


def test_any_batches_can_be_trained_on(data: Any) -> None:
    a = data.arrays
    own = d2l.DataModule(Batches(a.train_x, a.train_y), Batches(a.val_x, a.val_y))
    trainer, histories = d2l.Trainer(max_epochs=2), []
    for batches in (own, data):
        trainer.fit(Perceptron(share=0.0), batches)
        histories.append(trainer.history)
    # Another order, and so another training, from the same weights.
    for history in histories:
        assert history[1]["train_loss"] < history[0]["train_loss"]
    assert histories[0] != histories[1]


def test_a_batch_of_float64_where_jax_knows_none_is_refused_with_the_mend(data: Any) -> None:
    class Double(Batches):
        def __iter__(self) -> Iterator[tuple[Any, Any]]:
            for x, y in super().__iter__():
                with jax.enable_x64(True):
                    wide = jnp.asarray(x, jnp.float64)
                yield wide, y

    a = data.arrays
    own = d2l.DataModule(Double(a.train_x, a.train_y), Batches(a.val_x, a.val_y))
    with pytest.raises(
        ValueError, match=r"dtype float64, and JAX knows no float64 here.* x\.astype\('float32'\)"
    ):
        d2l.Trainer(max_epochs=1).fit(Perceptron(), own)


def test_what_can_be_passed_through_once_is_refused_with_the_mend(data: Any) -> None:
    batches = iter(Batches(data.arrays.train_x, data.arrays.train_y))
    with pytest.raises(TypeError, match=r"A generator can be passed through once, .* not iter\(loader\)"):
        d2l.Trainer(max_epochs=1).fit(Perceptron(), d2l.DataModule(batches, batches))
    with pytest.raises(TypeError, match=r"must be a pair \(examples, labels\) of arrays or a data set"):
        d2l.Trainer(max_epochs=1).fit(Perceptron(), d2l.DataModule(3, 3))


def test_a_key_inside_of_a_compiled_function_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"would give the same key each time\. Call it outside"):
        jax.jit(lambda x: x + jax.random.uniform(d2l.get_key()))(1.0)


def test_keys_follow_from_the_seed() -> None:
    drawn = []
    for seed in (1, 1, 2):
        d2l.BACKEND.seed(seed)
        drawn.append([jax.random.key_data(d2l.get_key()).tolist() for _ in range(2)])
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0][0] != drawn[0][1]
