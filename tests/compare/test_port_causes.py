"""The hypotheses of `hpo.check_port`, on numbers made by hand: no framework is needed."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import correlate2d

import hpo.ports
from hpo.ports.arithmetic import ACTIVATIONS, convolve, pool
from hpo.ports.causes import NAMES
from hpo.ports.causes.between import cause_between
from hpo.ports.causes.dropouts import Dropping, cause_of_dropout
from hpo.ports.causes.kernels import cause_of_convolution, cause_of_dense, common_maps
from hpo.ports.causes.losses import cause_of_loss, explain, known_losses
from hpo.ports.causes.norms import cause_of_evaluation, explain_statistics
from hpo.ports.causes.updates import Rule, Steps, _change, cause_of_rules, explain_updates
from hpo.ports.causes.weights import cause_of_weights, reordered_rows

DRAWS = np.random.default_rng(5)
X = DRAWS.normal(size=(3, 2, 9, 9))
KERNEL, BIAS = DRAWS.normal(size=(4, 2, 3, 3)), DRAWS.normal(size=4)


def convolved(stride: int = 1, before: int = 1, out: int = 9, kernel: Any = KERNEL, bias: Any = BIAS) -> Any:
    made = convolve(X, kernel, stride, (before, before), (out, out))
    return made if bias is None else made + bias[:, None, None]


def name(cause: Any) -> str | None:
    return None if cause is None else cause.name


def test_a_convolution_is_what_scipy_makes_of_it() -> None:
    expected = sum(correlate2d(X[0, channel], KERNEL[2, channel], "same") for channel in (0, 1))
    np.testing.assert_allclose(convolved(bias=None)[0, 2], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (convolved(bias=None), "missing bias"),
        (convolved(kernel=KERNEL.swapaxes(2, 3)), "kernel layout"),
        (convolved(kernel=KERNEL[:, :, ::-1, ::-1]), "kernel layout"),
        (convolved(kernel=KERNEL.transpose(2, 3, 1, 0).reshape(KERNEL.shape)), "kernel layout"),
        (np.maximum(convolved(), 0) + 0 * X[:, :1], "activation"),
        (convolved(before=0, out=9), "padding"),
        (convolved(), None),
        (DRAWS.normal(size=(3, 4, 9, 9)), None),
    ],
)
def test_what_a_convolution_did_is_recomputed(port: Any, expected: str | None) -> None:
    assert name(cause_of_convolution(X, KERNEL, BIAS, (convolved(), port))) == expected


def test_asymmetric_same_padding_with_strides_is_told_with_numbers() -> None:
    original, port = convolved(stride=2, before=1, out=5), convolved(stride=2, before=0, out=5)
    cause = cause_of_convolution(X, KERNEL, BIAS, (original, port))
    assert cause is not None
    assert cause.text == (
        "asymmetric SAME with strides against explicit padding: the original pads by 1 on every side, the "
        "port by 0 before and 2 after."
    )


def test_maps_that_are_padded_differently_have_the_unpadded_ones_in_common() -> None:
    one, other = (np.pad(X, [(0, 0), (0, 0), pads, pads]) for pads in ((1, 2), (2, 0)))
    common = common_maps(one, other)
    assert common is not None
    np.testing.assert_array_equal(common, np.pad(X, [(0, 0), (0, 0), (1, 0), (1, 0)]))
    assert common_maps(X, X + 1) is None


def test_what_a_dense_layer_did_is_recomputed() -> None:
    x, weight, bias = DRAWS.normal(size=(5, 4)), DRAWS.normal(size=(4, 4)), DRAWS.normal(size=4)
    right = x @ weight + bias
    assert name(cause_of_dense(x, weight, bias, (right, x @ weight.T + bias))) == "weight layout"
    assert name(cause_of_dense(x, weight, bias, (right, x @ weight))) == "missing bias"
    assert name(cause_of_dense(x, weight, bias, (right, np.tanh(right)))) == "activation"


@pytest.mark.parametrize(
    ("original", "port", "expected"),
    [
        (X, X / 255, "input scaling"),
        (X, X[:, ::-1], "channel order"),
        (X, X.swapaxes(2, 3), "image axes"),
        (X.reshape(3, -1), X.transpose(0, 2, 3, 1).reshape(3, -1), "flatten order"),
        (np.maximum(X, 0), np.tanh(X), "activation"),
        (pool(X, "average", 3, 3, (0, 0), (3, 3)), pool(X, "max", 3, 3, (0, 0), (3, 3)), "pooling"),
        (
            pool(X, "average", 3, 1, (1, 1), (9, 9)),
            pool(X, "average with padding", 3, 1, (1, 1), (9, 9)),
            "average pooling counts the padding",
        ),
        (pool(X, "max", 2, 2, (0, 0), (4, 4)), pool(X, "max", 2, 2, (1, 1), (5, 5)), "pooling window"),
        (X, np.where(DRAWS.random(X.shape) < 0.4, 0, X / 0.6), "dropout in evaluation mode"),
        (X, DRAWS.normal(size=X.shape), None),
    ],
)
def test_what_happened_between_layers_is_recomputed(original: Any, port: Any, expected: str | None) -> None:
    assert name(cause_between(X, (original, port), True, (2, 9, 9))) == expected


@pytest.mark.parametrize("activation", [each for each in ACTIVATIONS if each != "no activation"])
def test_every_activation_that_is_missing_is_named(activation: str) -> None:
    x = 5 * X  # beyond where some of them are flat
    cause = cause_between(x, (ACTIVATIONS[activation](x), x), False, None)
    assert cause is not None
    assert activation in cause.text


def test_the_epsilon_of_a_batch_norm_is_read_from_its_output() -> None:
    state = {
        "gamma": np.ones(2),
        "beta": np.zeros(2),
        "running_mean": np.zeros(2),
        "running_var": np.ones(2) * 0.3,
    }
    one, other = (X / np.sqrt(0.3 + epsilon) for epsilon in (1e-5, 1e-3))
    cause = cause_of_evaluation(X, state, (one, other))
    assert cause is not None
    assert cause.text == "the original computes with 1.0e-05, the port with 1.0e-03."
    of_batch = (X - X.mean((0, 2, 3), keepdims=True)) / X.std((0, 2, 3), keepdims=True)
    assert name(cause_of_evaluation(X, state, (one, of_batch))) == "batch-norm mode"


def test_the_share_and_the_kind_of_a_running_variance_are_read_from_its_move() -> None:
    x = X[:, :, 0, :2]
    before = {"running_mean": np.zeros(2), "running_var": np.ones(2)}
    for share, ddof in ((0.1, 1), (0.01, 0)):
        after = {
            "running_mean": share * x.mean((0, 2)),
            "running_var": 1 - share + share * x.var((0, 2), ddof=ddof),
        }
        found = explain_statistics(x, before, after)
        assert found is not None
        assert (round(found.share, 6), found.unbiased) == (share, bool(ddof))


def test_a_dropped_share_is_compared_beyond_chance() -> None:
    fifth = Dropping(0.2, 1000, 1.25)
    assert cause_of_dropout(fifth, Dropping(0.22, 1000, 1.25)) is None
    assert name(cause_of_dropout(fifth, Dropping(0.81, 1000, 5.0))) == "dropout rate against keep probability"
    assert name(cause_of_dropout(fifth, Dropping(0.5, 1000, 2.0))) == "dropout rate"
    assert name(cause_of_dropout(fifth, Dropping(0.2, 1000, 1.0))) == "dropout scale"


LOGITS, CLASSES = DRAWS.normal(size=(6, 4)), np.array([0, 3, 1, 1, 2, 0])


def test_every_known_loss_is_recognised_by_its_value() -> None:
    losses = known_losses(LOGITS, CLASSES)
    assert {loss: explain(value, LOGITS, CLASSES) for loss, value in losses.items()} == {
        loss: loss for loss in losses
    }


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("summed softmax cross-entropy", "loss mean against sum"),
        ("mean softmax cross-entropy with softmax applied twice", "softmax applied twice"),
        (
            "a cross-entropy whose labels are indices used as one-hot rows (mean)",
            "labels one-hot against index",
        ),
        ("mean softmax cross-entropy to base 2", "loss"),
        ("mean softmax cross-entropy", None),
    ],
)
def test_losses_that_differ_are_named(port: str, expected: str | None) -> None:
    losses = known_losses(LOGITS, CLASSES)
    pair: Any = ({"given": losses["mean softmax cross-entropy"]}, {"given": losses[port]})
    assert name(cause_of_loss(LOGITS, CLASSES, pair)) == expected


def test_half_a_squared_error_is_gluons() -> None:
    pair: Any = ({"given": 2.0}, {"given": 1.0})
    cause = cause_of_loss(LOGITS[:, :1], np.ones((6, 1)), pair)
    assert cause is not None
    assert (cause.name, cause.mend) == ("loss factor", "Gluon's L2Loss is half the squared error.")


ADAM = Rule("adam", 0.001, epsilon=1e-4, variant="outside, corrected")
SGD = Rule("sgd", 0.1, decay=0.01, momentum=0.9)


def steps_of(original: Rule, port: Rule, count: int = 3) -> Steps:
    """Two parameters, a matrix and a vector, under each of the rules from the same weights and gradients."""
    draws = np.random.default_rng(1)
    shapes = [(40,), (7,)]
    weights = [[draws.normal(size=shape) for shape in shapes] for _ in range(count)]
    gradients = [[draws.normal(size=shape) * 1e-3 for shape in shapes] for _ in range(count)]
    changes: list[Any] = []
    for rule in (original, port):
        slots = [(np.zeros(shape), np.zeros(shape)) for shape in shapes]
        made: list[Any] = []
        for k in range(count):
            made.append([])
            for j, is_matrix in enumerate((True, False)):
                change, slots[j] = _change(rule, weights[k][j], gradients[k][j], slots[j], k + 1, is_matrix)
                made[-1].append(change)
        changes.append(made)
    return Steps(weights, gradients, (changes[0], changes[1]), [True, False], [1e-3, 1e-3])


@pytest.mark.parametrize(
    ("original", "changed", "expected"),
    [
        (ADAM, {"variant": "outside, uncorrected"}, "Adam's epsilon placement"),
        (ADAM, {"variant": "inside"}, "Adam's epsilon placement"),
        (ADAM, {"epsilon": 1e-3}, "Adam's epsilon"),
        (ADAM, {"beta2": 0.99}, "Adam's beta2"),
        (
            Rule("adam", 0.001, decay=0.05, epsilon=1e-9),
            {"decay_kind": "decoupled"},
            "coupled against decoupled weight decay",
        ),
        (SGD, {"decay_kind": "decoupled"}, "coupled against decoupled weight decay"),
        (SGD, {"decay_kind": "coupled but not of biases"}, "weight decay of biases"),
        (SGD, {"decay": 0.01 / 8}, "Gluon's weight decay"),
        (SGD, {"decay": 0.0}, "weight decay"),
        (SGD, {"scale": 1 / 8}, "Gluon's step(batch_size)"),
        (SGD, {"variant": "nesterov"}, "momentum's form"),
        (SGD, {"momentum": 0.0}, "momentum"),
        (SGD, {"rate": 0.2}, "learning rate"),
    ],
)
def test_rules_that_differ_are_told_from_their_steps(
    original: Rule, changed: dict[str, Any], expected: str
) -> None:
    port = replace(original, **changed)
    known = [
        {
            "type": each.kind,
            "learning_rate": each.rate,
            "weight_decay": max(each.decay, 0.01 * (each.kind == "sgd")),
            "momentum": each.momentum,
        }
        | {"beta1": each.beta1, "beta2": each.beta2, "epsilon": each.epsilon}
        for each in (original, port)
    ]
    rules = explain_updates(steps_of(original, port), known, rows=8)
    assert rules is not None
    assert cause_of_rules(*rules, ("mxnet", "torch"), 8).name == expected


def test_what_differs_besides_is_told_too() -> None:
    port = replace(ADAM, variant="outside, uncorrected", epsilon=1e-7)
    cause = cause_of_rules(ADAM, port, ("torch", "tensorflow"), 8)
    assert cause.name == "Adam's epsilon placement"
    assert cause.text.endswith("Besides: Adam's epsilon 0.0001 against 1e-07.")
    assert cause_of_rules(Rule("sgd", 0.001), ADAM, ("torch", "tensorflow"), 8).name == "optimizer"


def test_the_same_rule_explains_both_and_steps_of_no_rule_are_not_explained() -> None:
    known = [{"type": "SGD", "learning_rate": 0.1, "weight_decay": 0.01, "momentum": 0.9}] * 2
    rules = explain_updates(steps_of(SGD, SGD), known, rows=8)
    assert rules is not None
    assert rules[0] == rules[1]
    assert explain_updates(steps_of(SGD, Rule("sgd", 0.37)), known, rows=8) is None


def test_weights_in_another_order_are_recognised() -> None:
    dense = DRAWS.normal(size=(18, 18))
    assert name(cause_of_weights(KERNEL, KERNEL.swapaxes(2, 3), "conv")) == "kernel layout"
    assert name(cause_of_weights(dense, dense.T, "fc")) == "weight layout"
    assert name(cause_of_weights(dense, dense + 1, "fc")) is None
    rows = np.arange(18).reshape(2, 3, 3).transpose(1, 2, 0).ravel()
    assert reordered_rows(dense, dense[rows], (2, 3, 3)) == rows.tolist()
    assert reordered_rows(dense, dense, (2, 3, 3)) is None


def test_every_cause_is_among_the_names_that_can_be_accepted() -> None:
    folder = Path(hpo.ports.__file__).parent
    used = {
        call.args[0].value
        for path in folder.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Cause"
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert len(used) > 25
    assert used <= {*NAMES}
