"""Why an optimizer takes other steps against the same gradients.

Each side's steps are held against the update rules that are in use. The cause is what differs between the
rule that explains the original's steps and the one that explains the port's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from hpo.ports.causes.cause import Cause
from hpo.ports.differences import ULPS, Array

SAMPLE = 3000
"""Numbers of each parameter that are recomputed."""
UNKNOWN = 0.05
"""The share of numbers that a rule may miss: of the gradients that rounding changed more than most."""
CANCELLED = 0.3
"""Below this share of its first summand, a sum of two is mostly the round-off of both."""


@dataclass(frozen=True)
class Rule:
    """An update rule.

    Attributes:
        kind: `sgd` or `adam`.
        rate: the learning rate.
        scale: what gradients are multiplied with first.
        decay: the weight decay's coefficient.
        decay_kind: `coupled` (added to the gradient), `decoupled` (the rate times it taken off the weight) or
            `bare` (taken off without the rate); with ` but not of biases`.
        momentum: of SGD.
        variant: of SGD `plain`, `nesterov` or `dampened`; of Adam where epsilon stands: `outside, corrected`
            (sqrt(v / (1 - b2^t)) + e), `outside, uncorrected` (sqrt(v) + e) or `inside` (sqrt(v / (1 - b2^t)
            + e)).
        beta1, beta2, epsilon: of Adam.
    """

    kind: str
    rate: float
    scale: float = 1.0
    decay: float = 0.0
    decay_kind: str = "coupled"
    momentum: float = 0.0
    variant: str = "plain"
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 0.0


@dataclass(frozen=True)
class Steps:
    """Steps from recorded states.

    Attributes:
        weights: by step and parameter, before the step.
        gradients: by step and parameter.
        changes: of the original and of the port, by step and parameter.
        matrices: whether a parameter is a weight, not a bias or of a norm.
        tolerances: for each parameter, how well its changes are known, of the largest.
    """

    weights: Sequence[Sequence[Array]]
    gradients: Sequence[Sequence[Array]]
    changes: tuple[Sequence[Sequence[Array]], Sequence[Sequence[Array]]]
    matrices: Sequence[bool]
    tolerances: Sequence[float]


def explain_updates(
    steps: Steps, hyperparameters: Sequence[Mapping[str, Any]], rows: int
) -> tuple[Rule, Rule] | None:
    """The rules of both sides: of those that fit, the two that differ least; None if none fits a side.

    Args:
        steps: what was recorded.
        hyperparameters: of the original's optimizer and of the port's.
        rows: in a mini-batch.
    """
    sampled = _sampled(steps)
    candidates = list(_candidates(hyperparameters, rows))
    fitting = [[rule for rule in candidates if _fits(rule, sampled, side)] for side in (0, 1)]
    pairs = [
        (
            sum(getattr(one, each.name) != getattr(other, each.name) for each in fields(Rule)),
            i + j,
            one,
            other,
        )
        for (i, one), (j, other) in itertools.product(enumerate(fitting[0]), enumerate(fitting[1]))
    ]
    if not pairs:
        return None
    # Of equally many differences the earlier rules count: those with the numbers that the optimizers
    # themselves tell.
    _, _, original, port = min(pairs, key=lambda pair: pair[:2])
    return original, port


def _sampled(steps: Steps) -> Steps:
    """The same steps of fewer numbers, which include the largest and the smallest gradients."""
    places = []
    for gradient in steps.gradients[0]:
        order = np.argsort(np.abs(gradient).ravel())
        middle = order[:: max(1, len(order) // SAMPLE)]
        places.append(np.unique(np.concatenate([order[:100], middle, order[-100:]])))

    def taken(rows: Sequence[Sequence[Array]]) -> list[list[Array]]:
        return [
            [np.asarray(array, np.float64).ravel()[place] for array, place in zip(row, places, strict=True)]
            for row in rows
        ]

    changes = (taken(steps.changes[0]), taken(steps.changes[1]))
    return Steps(taken(steps.weights), taken(steps.gradients), changes, steps.matrices, steps.tolerances)


def _candidates(hyperparameters: Sequence[Mapping[str, Any]], rows: int) -> Iterator[Rule]:
    def values(name: str, *more: float) -> list[float]:
        given = [float(each[name]) for each in hyperparameters if each.get(name) is not None]
        return list(dict.fromkeys([*given, *more]))

    kinds = list(
        dict.fromkeys(
            "adam" if "adam" in str(each.get("type")).lower() else "sgd" for each in hyperparameters
        )
    )
    # Gluon's step(batch_size) divides by the rows, which a port may do once too often, or not at all.
    scales = [1.0, 1 / rows, float(rows)]
    decays = [(0.0, "coupled")]
    for decay, kind in itertools.product(values("weight_decay"), ("coupled", "decoupled", "bare")):
        decays += [
            (factor * decay, kind + limit)
            for factor in (1.0, 1 / rows, rows)
            for limit in ("", NOT_OF_BIASES)
        ]
    decays = [each for each in dict.fromkeys(decays) if each[0] or each == (0.0, "coupled")]
    for kind, rate, scale, (decay, decay_kind) in itertools.product(
        kinds, values("learning_rate"), scales, decays
    ):
        rule = Rule(kind, rate, scale, decay, decay_kind)
        if kind == "sgd":
            for momentum in values("momentum", 0.0):
                for variant in ("plain", "nesterov", "dampened") if momentum else ("plain",):
                    yield replace(rule, momentum=momentum, variant=variant)
        else:
            for beta1, beta2, epsilon, variant in itertools.product(
                values("beta1") or [0.9],
                values("beta2") or [0.999],
                values("epsilon") or [1e-8],
                ("outside, corrected", "outside, uncorrected", "inside"),
            ):
                yield replace(rule, beta1=beta1, beta2=beta2, epsilon=epsilon, variant=variant)


NOT_OF_BIASES = " but not of biases"


def _fits(rule: Rule, steps: Steps, side: int) -> bool:
    # Slots are followed from zero on, where they stand before the first recorded step.
    slots = [(np.zeros_like(each), np.zeros_like(each)) for each in steps.gradients[0]]
    known = [np.ones(each.shape, bool) for each in steps.gradients[0]]
    for k, (weights, gradients, changes) in enumerate(
        zip(steps.weights, steps.gradients, steps.changes[side], strict=True)
    ):
        for j, (weight, gradient, change) in enumerate(zip(weights, gradients, changes, strict=True)):
            predicted, slots[j] = _change(rule, weight, gradient, slots[j], k + 1, steps.matrices[j])
            # The slots of a number that cancelled once are unknown from then on.
            known[j] &= ~_cancels(rule, weight, gradient)
            allowed = steps.tolerances[j] * np.abs(change).max(initial=0) + ULPS * np.spacing(
                np.float32(np.abs(weight).max(initial=0))
            )
            # Negated, so that NaN counts as a miss.
            if np.mean(~(np.abs(predicted - change)[known[j]] <= allowed)) > UNKNOWN:
                return False
    return all(each.any() for each in known if each.size)


def _cancels(rule: Rule, weight: Array, gradient: Array) -> Array:
    """Where gradient and decay leave little of each other: Adam makes whole steps of the round-off in it."""
    scaled = gradient * rule.scale
    decay = rule.decay * weight if rule.decay_kind.startswith("coupled") and rule.kind == "adam" else 0.0
    return np.asarray(np.abs(scaled + decay) < CANCELLED * np.abs(scaled))


def _change(
    rule: Rule, weight: Array, gradient: Array, slots: tuple[Array, Array], step: int, is_matrix: bool
) -> tuple[Array, tuple[Array, Array]]:
    """What one step adds to a weight, and the slots after it."""
    decay = 0.0 if rule.decay_kind.endswith(NOT_OF_BIASES) and not is_matrix else rule.decay
    coupled = rule.decay_kind.startswith("coupled")
    gradient = gradient * rule.scale + (decay * weight if coupled else 0.0)
    if coupled:
        taken: Array | float = 0.0
    else:
        taken = decay * weight * (rule.rate if rule.decay_kind.startswith("decoupled") else 1.0)
    first, second = slots
    if rule.kind == "sgd":
        share = 1 - rule.momentum if rule.variant == "dampened" else 1.0
        velocity = rule.momentum * first + share * gradient
        direction = gradient + rule.momentum * velocity if rule.variant == "nesterov" else velocity
        return -rule.rate * direction - taken, (velocity, second)
    first = rule.beta1 * first + (1 - rule.beta1) * gradient
    second = rule.beta2 * second + (1 - rule.beta2) * gradient**2
    corrections = 1 - rule.beta1**step, 1 - rule.beta2**step
    if rule.variant == "outside, corrected":
        below = np.sqrt(second / corrections[1]) + rule.epsilon
    elif rule.variant == "inside":
        below = np.sqrt(second / corrections[1] + rule.epsilon)
    else:
        below = (np.sqrt(second) + rule.epsilon) / np.sqrt(corrections[1])
    # Where the root and epsilon are both 0, so is `first`.
    return -rule.rate * (first / corrections[0]) / np.where(below == 0, 1, below) - taken, (first, second)


# In the order in which a difference explains the others.
ATTRIBUTES = {
    "scale": "the gradients' scale",
    "decay": "weight decay",
    "decay_kind": "the kind of weight decay",
    "kind": "optimizer",
    "variant": "momentum's form",
    "rate": "learning rate",
    "epsilon": "Adam's epsilon",
    "momentum": "momentum",
    "beta1": "Adam's beta1",
    "beta2": "Adam's beta2",
}


def cause_of_rules(original: Rule, port: Rule, frameworks: tuple[str, str], rows: int) -> Cause:
    """Name what differs between the rules of the two sides; what differs besides is told in the text.

    Args:
        original: the original's.
        port: the port's, another one.
        frameworks: of the original and of the port.
        rows: in a mini-batch.
    """
    differing = [each for each in ATTRIBUTES if getattr(original, each) != getattr(port, each)]
    main = differing[0]
    cause = _cause_of(main, original, port, frameworks, rows)
    besides = [
        f"{ATTRIBUTES[each]} {getattr(original, each)} against {getattr(port, each)}"
        for each in differing
        if each != main
    ]
    return replace(cause, text=f"{cause.text} Besides: {', '.join(besides)}.") if besides else cause


def _cause_of(main: str, original: Rule, port: Rule, frameworks: tuple[str, str], rows: int) -> Cause:
    if main == "scale":
        name = "Gluon's step(batch_size)" if "mxnet" in frameworks else "gradient scale"
        return Cause(
            name,
            f"the original multiplies its gradients by {original.scale:.4g}, the port by {port.scale:.4g}; "
            f"a mini-batch has {rows} rows.",
            "Gluon's step(batch_size) divides by the number of rows: right for a loss of each row, which "
            "backward() sums, and once too often for a mean.",
        )
    decays = [f"{each.decay:.4g}, {each.decay_kind}" if each.decay else "none" for each in (original, port)]
    told = f"the original's weight decay is {decays[0]}, the port's {decays[1]}."
    if main == "decay":
        ratio = port.decay / original.decay if original.decay and port.decay else 0.0
        if min(abs(ratio - rows), abs(ratio - 1 / rows)) < 1e-6 * rows:
            return Cause(
                "Gluon's weight decay" if "mxnet" in frameworks else "weight decay scale",
                f"{told} They differ by the {rows} rows of a mini-batch.",
                "Gluon divides the gradients by step(batch_size) and adds wd times the weight after that: "
                "where a port divides the learning rate instead, its weight decay is divided, too.",
            )
        return Cause("weight decay", told, "Give both the same.")
    if main == "decay_kind":
        if original.decay_kind.split(NOT_OF_BIASES)[0] == port.decay_kind.split(NOT_OF_BIASES)[0]:
            return Cause("weight decay of biases", told, "Decay biases and norms in both, or in none.")
        return Cause(
            "coupled against decoupled weight decay",
            told,
            "Adam and SGD of torch and MXNet add it to the gradient, as does optax.add_decayed_weights "
            "before them; AdamW and every Keras optimizer take it off the weight.",
        )
    # 32 in the text below is sqrt(1 / (1 - beta2)) of the usual beta2, 0.999.
    if main == "variant" and original.kind == port.kind == "adam":
        return Cause(
            "Adam's epsilon placement",
            f"epsilon stands {original.variant} in the original and {port.variant} in the port.",
            "torch and Optax add it to sqrt(v / (1 - beta2^t)), Keras and MXNet to sqrt(v): there it weighs "
            "up to 32 times as much in the first steps. Small epsilons make it vanish.",
        )
    return Cause(
        ATTRIBUTES[main],
        f"{getattr(original, main)} in the original, {getattr(port, main)} in the port.",
        "Give both the same.",
    )
