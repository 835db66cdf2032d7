from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import hpo
import hpo_tensorflow as d2l
from hpo.backend.models import LeNet
from hpo.testing.problems import make_arrays, make_members
from hpo.testing.reference import network_scores
from hpo_tensorflow import softmax
from hpo_tensorflow.states import canonical_state, load_canonical_state


def data(num_train: int = 200) -> d2l.DataModule:
    a = make_arrays(num_train=num_train)
    return d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)


def perceptron() -> Any:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential([layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(10)])


def test_a_model_of_keras_own_learns() -> None:
    trainer = d2l.Trainer(max_epochs=10, seed=0)
    trainer.fit(d2l.Classification(perceptron(), lr=0.2), data())
    assert trainer.history[-1]["train_loss"] < 0.5 * trainer.history[0]["train_loss"]
    assert trainer.history[-1]["val_error"] < trainer.history[0]["val_error"]


def test_a_subclassed_keras_model_learns() -> None:
    class Net(keras.Model):  # type: ignore[misc]  # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.flatten, self.dense = keras.layers.Flatten(), keras.layers.Dense(10)

        def call(self, x: Any) -> Any:
            return self.dense(self.flatten(x))

    trainer = d2l.Trainer(max_epochs=3, seed=0)
    trainer.fit(d2l.Classification(Net(), lr=0.2), data())
    assert trainer.history[-1]["train_loss"] < trainer.history[0]["train_loss"]


def test_it_trains_as_a_loop_written_by_hand() -> None:
    from hpo.randomness import batch_order

    a, trainer = make_arrays(num_train=40), d2l.Trainer(max_epochs=1, seed=0)
    ours, theirs = d2l.Classification(perceptron(), lr=0.1), perceptron()
    trainer.fit(ours, data(40))
    theirs.build((None, 1, 6, 6))
    order = batch_order(0, 0, 1, 40)
    for first in range(0, 40, 16):
        batch = order[first : first + 16]
        with tf.GradientTape() as tape:
            scores = theirs((a.train_x[batch] / 255).astype("float32"))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(a.train_y[batch], scores)
            loss = tf.reduce_mean(losses)
        variables = theirs.trainable_variables
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.1 * gradient)
    for one, other in zip(ours.net.weights, theirs.weights, strict=True):
        assert np.allclose(one.numpy(), other.numpy(), atol=1e-6)


def test_any_optimizer_keeps_its_state_over_the_epochs() -> None:
    class WithAdam(d2l.Classification):
        made = 0

        def configure_optimizers(self) -> Any:
            type(self).made += 1
            return keras.optimizers.Adam(self.lr)

    trainer = d2l.Trainer(max_epochs=3, seed=0)
    trainer.fit(WithAdam(perceptron(), lr=0.01), data())
    assert WithAdam.made == 1
    assert trainer.history[-1]["train_loss"] < trainer.history[0]["train_loss"]


def test_dropout_is_on_while_training_and_off_while_validating() -> None:
    net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dropout(0.9), keras.layers.Dense(10)])
    trainer, model = d2l.Trainer(max_epochs=1, seed=0), d2l.Classification(net, lr=1e-9)
    trainer.fit(model, data())
    assert trainer.validate(model, metric="loss") == trainer.validate(model, metric="loss")
    x = np.ones((4, 1, 6, 6), np.float32)
    model.train()
    assert not np.allclose(model(x), model(x))
    model.eval()
    assert np.allclose(model(x), model(x))


def test_a_bare_model_is_refused_with_what_wraps_it() -> None:
    with pytest.raises(
        TypeError, match=r"received Sequential.*hpo_tensorflow\.Classification\(net, lr=0\.1\)"
    ):
        d2l.Trainer(max_epochs=1).fit(perceptron(), data())


def test_what_layers_add_to_the_loss_is_minimised_and_not_reported() -> None:
    start = keras.initializers.GlorotUniform(seed=0)

    def trained(penalty: float) -> tuple[Any, float]:
        dense = keras.layers.Dense(
            10, kernel_initializer=start, kernel_regularizer=keras.regularizers.L2(penalty)
        )
        trainer = d2l.Trainer(max_epochs=1, seed=0)
        trainer.fit(d2l.Classification(keras.Sequential([keras.layers.Flatten(), dense]), lr=0.1), data(16))
        return dense.kernel.numpy(), trainer.history[0]["train_loss"]

    (free, free_loss), (held, held_loss) = trained(0.0), trained(0.5)
    # The gradient of 0.5 w^2 is w, and there was one step at a rate of 0.1.
    assert np.allclose(held, free - 0.1 * start((36, 10)).numpy(), atol=1e-6)
    assert held_loss == free_loss


def test_a_layer_frozen_between_two_epochs_stays_as_it_is() -> None:
    net = perceptron()
    epochs = d2l.Trainer(max_epochs=2, seed=0).epochs(d2l.Classification(net, lr=0.1), data())
    next(epochs)
    net.layers[1].trainable = False
    before = [layer.kernel.numpy() for layer in net.layers[1:]]
    next(epochs)
    after = [layer.kernel.numpy() for layer in net.layers[1:]]
    assert [np.array_equal(*kernels) for kernels in zip(before, after, strict=True)] == [True, False]


def test_a_model_whose_variables_keras_does_not_know_is_told_what_keras_knows() -> None:
    class Plain(d2l.Classification):
        def __init__(self) -> None:
            super().__init__(lr=0.1)
            self.weight = tf.Variable(tf.zeros((36, 10)))

        def forward(self, x: Any) -> Any:
            return tf.reshape(x, [-1, 36]) @ self.weight

    with pytest.raises(ValueError, match=r"Plain has no variables to train.*self\.add_weight"):
        d2l.Trainer(max_epochs=1).fit(Plain(), data())


def test_whole_batches_of_images_and_the_smaller_last_one_train_in_as_few_traces_in_each_epoch() -> None:
    class Counted(d2l.Classification):
        traces = 0

        def loss(self, y_hat: Any, y: Any) -> Any:
            type(self).traces += 1
            return super().loss(y_hat, y)

    epochs = d2l.Trainer(max_epochs=4, seed=0).epochs(Counted(perceptron(), lr=0.1), data(40))
    next(epochs)
    next(epochs)
    before = Counted.traces
    assert len(list(epochs)) == 2
    assert Counted.traces == before


def test_a_search_over_models_of_one_s_own_is_not_advised_to_trace_less(caplog: Any) -> None:
    for _ in range(8):
        d2l.Trainer(max_epochs=1).fit(d2l.Classification(perceptron(), lr=0.1), data(32))
    assert "retracing" not in caplog.text


@pytest.mark.parametrize("change", ["frozen", "regularised"])
def test_a_model_that_was_changed_does_not_take_the_fast_path(change: str) -> None:
    model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
    model(np.zeros((2, 1, 6, 6), np.float32))
    assert model.fast_path((6, 6, 1), device=None) is not None
    if change == "frozen":
        model.net.layers[1].trainable = False
    else:
        model.net.layers[1].kernel.regularizer = keras.regularizers.L2(0.1)
    assert model.fast_path((6, 6, 1), device=None) is None


def test_a_net_put_in_the_place_of_the_library_s_is_trained_by_the_general_path() -> None:
    model, trainer = d2l.SoftmaxClassification(num_outputs=10, lr=0.2), d2l.Trainer(max_epochs=2, seed=0)
    model.net = perceptron()
    trainer.fit(model, data())
    assert model.fast_path((6, 6, 1), device=None) is None
    assert trainer.history[1]["train_loss"] < trainer.history[0]["train_loss"]


def test_a_canonical_state_has_kernels_of_convolutions_by_output_and_input_channel() -> None:
    net = keras.Sequential([keras.layers.Conv2D(4, (3, 2)), keras.layers.Flatten(), keras.layers.Dense(10)])
    net.build((None, 6, 6, 2))
    state = canonical_state(net)
    assert {name: value.shape for name, value in state.items()} == {
        "layers.0.weight": (4, 2, 3, 2),
        "layers.0.bias": (4,),
        "layers.1.weight": (80, 10),
        "layers.1.bias": (10,),
    }
    kernel = net.layers[0].kernel.numpy()
    load_canonical_state(net, {name: np.zeros_like(value) for name, value in state.items()})
    load_canonical_state(net, state)
    assert np.array_equal(net.layers[0].kernel.numpy(), kernel)


def test_rows_behind_a_flattened_image_are_in_the_order_of_channels_height_and_width() -> None:
    model = LeNet((2, 16, 19), 10, "tanh")
    layers, (pool, act) = keras.layers, (2, "tanh")
    convolutions = [
        layers.Conv2D(6, 5, padding="same", activation=act),
        layers.AveragePooling2D(pool),
        layers.Conv2D(16, 5, activation=act),
        layers.AveragePooling2D(pool),
    ]
    dense = [layers.Dropout(0.5), layers.Dense(120, act), layers.Dense(84, act), layers.Dense(10)]
    net = keras.Sequential([keras.Sequential(convolutions), layers.Flatten(), *dense])
    images = make_arrays(shape=(2, 16, 19)).val_x
    there = np.moveaxis(images, 1, -1) / 255.0
    net(there)
    assert np.allclose(net(there), network_scores(model, canonical_state(net), images), atol=1e-5)
    load_canonical_state(net, model.initial_state(seed=5))
    assert np.allclose(net(there), network_scores(model, model.initial_state(seed=5), images), atol=1e-5)


def test_layers_of_one_name_keep_their_own_states() -> None:
    layers = keras.layers
    nets = [keras.Sequential([layers.Dense(2, name="same")], name="net") for _ in range(2)]
    model = keras.Sequential([layers.Flatten(), keras.Sequential([nets[0]], name="a"), nets[1]])
    model.build((None, 2))
    assert len(canonical_state(model)) == len(model.weights) == 4


def test_any_number_of_trials_share_one_trace() -> None:
    from hpo.tasks import SoftmaxTask

    task = SoftmaxTask(max_epochs=1)
    traces = []
    # The second number makes the graph one for any number.
    for num_trials in (1, 10, 7, 3):
        options: dict[str, Any] = {"num_trials": num_trials, "seed": 0, "backend": "tensorflow"}
        hpo.search(task, task.space, minimize=task.metric, **options)
        traces.append(softmax._epoch.experimental_get_tracing_count())
    assert traces[1] == traces[2] == traces[3]


def test_a_run_that_loses_members_goes_on_in_the_trace_it_has() -> None:
    arrays = make_arrays(num_train=320)
    members = make_members(arrays, 0.01, 0.02, 0.04, 0.08, 0.16)
    run = d2l.BACKEND.prepare(members, arrays, dtype="float32", device=d2l.cpu())
    traces = []
    for _ in range(4):
        run.epoch(np.arange(320))
        run.validate()
        traces.append(
            [graph.experimental_get_tracing_count() for graph in (softmax._epoch, softmax._validate)]
        )
        run.drop(0)
    assert traces[1] == traces[2] == traces[3]


def test_a_search_over_a_user_s_own_model_repeats_with_its_seed() -> None:
    def objective(config: dict[str, Any]) -> Any:
        layers = [keras.layers.Flatten(), keras.layers.Dense(config["units"]), keras.layers.Dense(10)]
        model = d2l.Classification(keras.Sequential(layers), config["lr"])
        yield from d2l.Trainer(max_epochs=2).epochs(model, data(96))

    space = {"lr": hpo.Float(0.01, 1, log=True), "units": hpo.Int(4, 32, log=True)}
    studies = [
        hpo.search(objective, space, minimize="val_loss", num_trials=2, seed=1, backend="tensorflow")
        for _ in range(2)
    ]
    assert studies[0] == studies[1]
    assert studies[0].num_completed == 2


def test_tensors_are_results() -> None:
    study = hpo.search(
        lambda config: tf.reduce_sum(tf.constant([config["x"]])), {"x": hpo.Float(0, 1)}, num_trials=2, seed=0
    )
    assert study.num_completed == 2
