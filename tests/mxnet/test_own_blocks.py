from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest

import hpo
import hpo_mxnet as d2l
from hpo.randomness import batch_order
from hpo.testing.problems import make_arrays
from hpo_mxnet.arrays import classic_arrays, numpy_arrays
from hpo_mxnet.compat import mx
from hpo_mxnet.states import canonical_state, load_canonical_state

nn = mx.gluon.nn
Scope = Callable[[], AbstractContextManager[None]]
both_semantics = pytest.mark.parametrize("semantics", [classic_arrays, numpy_arrays])


class ClassicBlock(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    """A dense layer in the operators of `mx.nd` and `mx.sym`, which NumPy semantics would break."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.kernel = self.params.get("kernel", shape=(10, 0), allow_deferred_init=True)

    def hybrid_forward(self, F: Any, x: Any, kernel: Any) -> Any:  # noqa: N803  # Gluon's name
        return F.FullyConnected(x, kernel, num_hidden=10, no_bias=True)


class NumPyBlock(mx.gluon.Block):  # type: ignore[misc]  # MXNet has no types
    """A perceptron with a `forward` in `mx.np`."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.scores = nn.Dense(32), nn.Dense(10)

    def forward(self, x: Any) -> Any:
        assert isinstance(x, mx.np.ndarray)
        return self.scores(mx.np.maximum(self.hidden(x), 0))


class NumPyHybridBlock(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    """A perceptron with a `hybrid_forward` in `F.np`."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.scores = nn.Dense(32), nn.Dense(10)

    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803  # Gluon's name
        return self.scores(F.np.tanh(self.hidden(x)))


def data(num_train: int = 200) -> d2l.DataModule:
    a = make_arrays(num_train=num_train)
    return d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)


def perceptron() -> Any:
    mx.random.seed(0)
    net = nn.HybridSequential()
    net.add(nn.Dense(32, in_units=36, activation="relu"), nn.Dense(10, in_units=32))
    net.initialize()
    return net


def fitted(net: Any, lr: float = 0.5, max_epochs: int = 10) -> list[dict[str, float]]:
    trainer = d2l.Trainer(max_epochs=max_epochs, seed=0)
    trainer.fit(d2l.Classification(net, lr=lr), data())
    return trainer.history


@pytest.mark.parametrize("hybridized", [False, True])
def test_a_classic_block_learns(hybridized: bool) -> None:
    net = ClassicBlock()
    net.hybridize(hybridized)
    history = fitted(net)
    assert history[-1]["train_loss"] < 0.7 * history[0]["train_loss"]
    assert isinstance(net.kernel.data(), mx.nd.NDArray)
    assert not isinstance(net.kernel.data(), mx.np.ndarray)


@pytest.mark.parametrize("make", [NumPyBlock, NumPyHybridBlock])
@pytest.mark.parametrize("hybridized", [False, True])
def test_a_block_in_mx_np_learns(make: Callable[[], Any], hybridized: bool) -> None:
    with numpy_arrays():
        net = make()
        net.hybridize(hybridized)
        history = fitted(net)
        assert isinstance(net.scores.weight.data(), mx.np.ndarray)
    assert history[-1]["train_loss"] < 0.7 * history[0]["train_loss"]


def test_a_block_that_was_made_in_mx_np_trains_where_classic_arrays_are_in_force() -> None:
    with numpy_arrays():
        net = NumPyBlock()
        net.initialize()
        net(mx.np.zeros((1, 36)))
    assert fitted(net)[-1]["train_loss"] < 1.5
    assert not mx.util.is_np_array()


def test_a_classic_block_trains_where_numpy_semantics_is_in_force() -> None:
    net = ClassicBlock()
    net.initialize()
    net(mx.nd.zeros((1, 36)))
    with numpy_arrays():
        assert fitted(net)[-1]["train_loss"] < 1.5
        assert mx.util.is_np_array()


@both_semantics
def test_it_trains_as_a_loop_written_by_hand(semantics: Scope) -> None:
    a, trainer, backend = make_arrays(num_train=40), d2l.Trainer(max_epochs=1, seed=0), d2l.BACKEND
    with semantics():
        ours, theirs = perceptron(), perceptron()
        trainer.fit(d2l.Classification(ours, lr=0.1), data(40))
        optimizer = mx.gluon.Trainer(theirs.collect_params(), "sgd", {"learning_rate": 0.1})
        loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        for batch in np.split(batch_order(0, 0, 1, 40), [16, 32]):
            x = backend.from_numpy((a.train_x[batch] / 255).astype(np.float32), mx.cpu())
            y = backend.from_numpy(a.train_y[batch], mx.cpu())
            with mx.autograd.record():
                losses = loss(theirs(x), y)
            losses.backward()
            optimizer.step(len(batch))
    states = canonical_state(ours), canonical_state(theirs)
    for one, other in zip(*(state.values() for state in states), strict=True):
        assert np.allclose(one, other, atol=1e-6)


@both_semantics
def test_the_book_s_model_trains_to_the_same_weights_with_either_semantics(semantics: Scope) -> None:
    with semantics():
        model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
        d2l.Trainer(max_epochs=1).fit(model, data())
    reference = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
    d2l.Trainer(max_epochs=1).fit(reference, data())
    for one, other in zip(canonical_state(model).values(), canonical_state(reference).values(), strict=True):
        assert np.array_equal(one, other)


@both_semantics
def test_the_loops_of_the_book_get_the_kind_of_arrays_in_force(semantics: Scope) -> None:
    with semantics():
        trainer, model = d2l.Trainer(max_epochs=1), d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
        trainer.fit(model, data())
        x, _ = trainer.prepare_batch(next(iter(trainer.val_dataloader)))
        assert isinstance(x, mx.np.ndarray) == isinstance(model(x), mx.np.ndarray) == mx.util.is_np_array()


@both_semantics
def test_a_loss_with_a_number_for_each_example_means_its_mean(semantics: Scope) -> None:
    class OfGluon(d2l.Classification):
        def loss(self, y_hat: Any, y: Any) -> Any:
            return mx.gluon.loss.SoftmaxCrossEntropyLoss()(y_hat, y)

    with semantics():
        histories = []
        for make in (OfGluon, d2l.Classification):
            trainer = d2l.Trainer(max_epochs=1)
            trainer.fit(make(perceptron(), 0.1), data())
            histories.append(trainer.history[0])
    assert histories[0] == pytest.approx(histories[1], abs=1e-5)


def test_the_optimizer_keeps_its_state_over_the_epochs() -> None:
    class WithMomentum(d2l.Classification):
        made = 0

        def configure_optimizers(self) -> Any:
            type(self).made += 1
            settings = {"learning_rate": self.lr, "momentum": 0.9}
            return mx.gluon.Trainer(self.collect_params(), "sgd", settings)

    d2l.Trainer(max_epochs=3).fit(WithMomentum(perceptron(), lr=0.05), data())
    assert WithMomentum.made == 1


def test_dropout_is_off_while_validating_and_on_while_training() -> None:
    seen = set()

    class Watch(mx.gluon.Block):  # type: ignore[misc]  # MXNet has no types
        def forward(self, x: Any) -> Any:
            seen.add((mx.autograd.is_training(), mx.autograd.is_recording()))
            return x

    net = nn.Sequential()
    net.add(Watch(), nn.Dropout(0.5), nn.Dense(10))
    trainer, model = d2l.Trainer(max_epochs=1), d2l.Classification(net, lr=0.1)
    trainer.fit(model, data())
    assert seen == {(True, True), (False, False)}
    assert trainer.validate(model) == trainer.validate(model)


def test_a_bare_block_is_refused_with_what_wraps_it() -> None:
    with pytest.raises(
        TypeError, match=r"received HybridSequential.*hpo_mxnet\.Classification\(net, lr=0\.1\)"
    ):
        d2l.Trainer(max_epochs=1).fit(perceptron(), data())


def test_a_reader_s_class_gets_the_shapes_of_its_layers_from_the_data() -> None:
    class Reader(d2l.Classification):
        def __init__(self, num_outputs: int, lr: float) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.net = nn.Sequential()
            self.net.add(nn.Dense(num_outputs))
            self.net.initialize()

        def forward(self, x: Any) -> Any:
            return self.net(x)

    trainer, model = d2l.Trainer(max_epochs=2), Reader(10, 0.1)
    trainer.fit(model, data())
    assert model.hparams == {"num_outputs": 10, "lr": 0.1}
    assert trainer.history[1]["train_loss"] < trainer.history[0]["train_loss"]


def test_parameters_that_a_user_initialized_are_kept() -> None:
    net = nn.Dense(10, in_units=36)
    net.initialize(mx.init.Constant(0.25))
    trainer = d2l.Trainer(max_epochs=1)
    trainer.prepare_data(data())
    model = d2l.Classification(net, lr=0.1)
    trainer.prepare_model(model)
    [state] = trainer.start(model).state()
    assert (state["layers.0.weight"] == 0.25).all()


def test_the_book_s_model_draws_its_weights_without_moving_mxnet_s_generator() -> None:
    draws = []
    for makes_a_model in (False, True):
        mx.random.seed(1)
        if makes_a_model:
            d2l.SoftmaxClassification(num_outputs=10, lr=0.1).prepare((1, 6, 6), mx.cpu())
        draws.append(mx.nd.random.uniform(shape=(4,)).asnumpy())
    assert np.array_equal(*draws)


@pytest.mark.parametrize("change", ["hook", "frozen", "net", "rate"])
def test_a_model_that_was_changed_does_not_take_the_fast_path(change: str) -> None:
    model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
    model.prepare((1, 6, 6), mx.cpu())
    dense = model.net[1]
    assert model.fast_path((1, 6, 6), device=None) is not None
    if change == "hook":
        dense.register_forward_hook(lambda block, inputs, output: None)
    elif change == "frozen":
        dense.weight.grad_req = "null"
    elif change == "rate":
        dense.bias.lr_mult = 2
    else:
        model.net = perceptron()
    assert model.fast_path((1, 6, 6), device=None) is None


def test_a_rate_that_changes_between_two_epochs_counts_from_then_on() -> None:
    model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
    epochs = d2l.Trainer(max_epochs=2).epochs(model, data())
    next(epochs)
    before = canonical_state(model)["layers.0.bias"]
    model.lr = 1e-30
    next(epochs)
    assert np.array_equal(canonical_state(model)["layers.0.bias"], before)


def test_a_canonical_state_has_dense_weights_by_inputs_and_outputs_and_moving_statistics() -> None:
    net = nn.Sequential()
    net.add(nn.Conv2D(4, 3, in_channels=1), nn.BatchNorm(in_channels=4), nn.Dense(10, in_units=64))
    net.initialize()
    assert {name: value.shape for name, value in canonical_state(net).items()} == {
        "layers.0.weight": (4, 1, 3, 3),
        "layers.0.bias": (4,),
        "layers.1.gamma": (4,),
        "layers.1.beta": (4,),
        "layers.1.running_mean": (4,),
        "layers.1.running_var": (4,),
        "layers.2.weight": (64, 10),
        "layers.2.bias": (10,),
    }


@both_semantics
def test_a_canonical_state_can_be_loaded(semantics: Scope) -> None:
    with semantics():
        net = perceptron()
    state = {
        name: np.arange(value.size, dtype=np.float32).reshape(value.shape)
        for name, value in canonical_state(net).items()
    }
    load_canonical_state(net, state)
    for name, value in canonical_state(net).items():
        assert np.array_equal(value, state[name])


def test_a_search_over_a_user_s_own_blocks_repeats_with_its_seed() -> None:
    def objective(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Any:
        net = nn.HybridSequential()
        net.add(nn.Dense(config["units"], activation="relu"), nn.Dense(10))
        assert isinstance(trial.device, mx.Context)
        yield from d2l.Trainer(max_epochs=2).epochs(d2l.Classification(net, config["lr"]), data(96))

    space = {"lr": hpo.Float(0.01, 1, log=True), "units": hpo.Int(4, 32, log=True)}
    studies = [
        hpo.search(objective, space, minimize="val_loss", num_trials=3, seed=1, backend="mxnet")
        for _ in range(2)
    ]
    assert studies[0] == studies[1]
    assert studies[0].num_completed == 3


def test_classic_arrays_are_results() -> None:
    study = hpo.search(
        lambda config: mx.nd.array([config["x"]]).sum(), {"x": hpo.Float(0, 1)}, num_trials=2, seed=0
    )
    assert study.num_completed == 2


def test_numpy_style_arrays_are_results() -> None:
    with numpy_arrays():
        study = hpo.search(
            lambda config: mx.np.array([config["x"]]).sum(), {"x": hpo.Float(0, 1)}, num_trials=2, seed=0
        )
    assert study.num_completed == 2
