from __future__ import annotations

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen, nnx
from flax.training.train_state import TrainState
from jax.sharding import NamedSharding, PartitionSpec

from hpo import training
from hpo.checkpoints import Attachments, CheckpointFolder, capture, load_into, model_arrays, restore
from hpo.errors import CheckpointError
from hpo.testing.checkpoints import same
from hpo_jax.checkpoints import other_state


def through_a_file(tree: Any, folder: Path) -> Any:
    checkpoint = CheckpointFolder(folder).checkpoint(0, 0, 1)
    CheckpointFolder(folder).save(checkpoint, {"it": tree}, {})
    return checkpoint.load()[0]["it"]


def refused(text: str) -> AbstractContextManager[Any]:
    """A block that raises a `CheckpointError` with this text."""
    return pytest.raises(CheckpointError, match=text)


def equal(one: Any, other: Any) -> bool:
    """Whether two pytrees have one structure and the same leaves to the last bit."""
    leaves, structure = jax.tree.flatten(one)
    others, structure_too = jax.tree.flatten(other)
    return structure == structure_too and all(map(equal_leaves, leaves, others))


def equal_leaves(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if not isinstance(one, jax.Array):
        return bool(np.array_equal(one, other))
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    if jnp.issubdtype(one.dtype, jax.dtypes.prng_key):
        one, other = jax.random.key_data(one), jax.random.key_data(other)
    if one.weak_type != other.weak_type:
        return False
    return np.asarray(one).tobytes() == np.asarray(other).tobytes()


class Net(linen.Module):  # type: ignore[misc]  # Flax has no types here
    @linen.compact  # type: ignore[untyped-decorator]  # Flax's
    def __call__(self, x: Any) -> Any:
        hidden = linen.relu(linen.Dense(4)(x))
        return linen.Dense(2)(hidden)


X = jnp.linspace(0, 1, 12).reshape(4, 3)


def train_state(seed: int, tx: optax.GradientTransformation | None = None) -> TrainState:
    net = Net()
    params = net.init(jax.random.key(seed), X)["params"]
    return TrainState.create(apply_fn=net.apply, params=params, tx=tx or optax.adam(0.1))


@jax.jit  # type: ignore[untyped-decorator]  # JAX's
def update(state: TrainState) -> TrainState:
    def loss(params: Any) -> Any:
        return (state.apply_fn({"params": params}, X) ** 2).mean()

    return state.apply_gradients(grads=jax.grad(loss)(state.params))


class Pair(NamedTuple):
    left: Any
    right: Any


@jax.tree_util.register_dataclass
@dataclass
class Learner:
    weights: Any
    seen: int


class Norm(nnx.Module):  # type: ignore[misc]  # Flax has no types here
    def __init__(self, rngs: nnx.Rngs, width: int = 4) -> None:
        self.layers = nnx.List([nnx.Linear(3, width, rngs=rngs), nnx.Linear(width, 2, rngs=rngs)])
        self.norm = nnx.BatchNorm(width, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.layers[1](self.dropout(nnx.relu(self.norm(self.layers[0](x)))))


def nnx_step(model: nnx.Module, optimizer: nnx.Optimizer[Any]) -> float:
    @nnx.value_and_grad  # type: ignore[untyped-decorator]  # Flax's
    def loss(model: Any) -> Any:
        return (model(X) ** 2).mean()

    value, gradients = loss(model)
    optimizer.update(model, gradients)
    return float(value)


def test_a_train_state_in_a_dict_goes_on_to_the_last_bit(tmp_path: Path) -> None:
    whole, there = {"train": train_state(0)}, {"train": train_state(1)}
    attachments = Attachments()
    attachments.attach({"state": whole})
    for _ in range(2):
        whole["train"] = update(whole["train"])
    states = {"state": through_a_file(attachments.capture()["state"], tmp_path)}
    functions = {"apply_fn": there["train"].apply_fn, "tx": there["train"].tx}
    assert Attachments(states).attach({"state": there})
    assert there["train"].tx is functions["tx"]
    assert equal(there["train"], whole["train"].replace(**functions))
    one, other = (update(update(state["train"])) for state in (whole, there))
    assert equal(other, one.replace(**functions))


TRANSFORMATIONS = {
    "sgd": optax.sgd(0.1),
    "momentum": optax.sgd(0.1, momentum=0.9),
    "chain": optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(0.1)),
    "inject_hyperparams": optax.inject_hyperparams(optax.adam)(learning_rate=0.1),
    "schedule": optax.adam(optax.cosine_decay_schedule(0.1, 10)),
    "masked": optax.masked(optax.adam(0.1), {"Dense_0": True, "Dense_1": False}),
    "multi_transform": optax.multi_transform(
        {"a": optax.adam(0.1), "b": optax.sgd(0.1)}, {"Dense_0": "a", "Dense_1": "b"}
    ),
    "multi_steps": optax.MultiSteps(optax.adam(0.1), 2).gradient_transformation(),
    "apply_if_finite": optax.apply_if_finite(optax.lion(0.1), 3),
    "lookahead": optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(3)), optax.rmsprop(0.1)),
}


@pytest.mark.parametrize("kind", TRANSFORMATIONS)
def test_optax_states_of_all_kinds_go_on(kind: str, tmp_path: Path) -> None:
    tx = TRANSFORMATIONS[kind]

    def made(seed: int) -> dict[str, Any]:
        params = train_state(seed).params
        return {"params": params, "opt_state": tx.init(params)}

    def step(state: dict[str, Any]) -> None:
        gradients = jax.tree.map(lambda leaf: leaf * 0.3 + 0.1, state["params"])
        updates, state["opt_state"] = tx.update(gradients, state["opt_state"], state["params"])
        state["params"] = optax.apply_updates(state["params"], updates)

    whole, there = made(0), made(1)
    step(whole)
    if kind == "inject_hyperparams":
        whole["opt_state"].hyperparams["learning_rate"] = jnp.asarray(0.01)
    restore(there, through_a_file(capture(whole), tmp_path))
    assert equal(there, whole)
    for state in (whole, there):
        step(state)
        step(state)
    assert equal(there, whole)


@pytest.mark.parametrize(
    "dtype",
    ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4", "float16", "float32", "bool", "complex64"],
)
def test_arrays_of_any_dtype_come_back_to_the_last_bit(dtype: str, tmp_path: Path) -> None:
    kept = {"array": jnp.asarray([[1.5, 2.0], [0.1, 0.0]]).astype(dtype), "one": jnp.ones((), dtype)}
    there = {name: jnp.zeros_like(array) for name, array in kept.items()}
    restore(there, through_a_file(capture(kept), tmp_path))
    assert equal(there, kept)


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint64", "complex128"])
def test_arrays_of_64_bits_stay_so_outside_of_the_mode_for_them(dtype: str, tmp_path: Path) -> None:
    with jax.enable_x64(True):
        kept = {"pair": Pair(jnp.asarray([1 / 3, 2.0]).astype(dtype), jnp.full((), 3, dtype))}
        there = jax.tree.map(jnp.zeros_like, kept)
    assert not jax.config.jax_enable_x64
    restore(there, through_a_file(capture(kept), tmp_path))
    assert equal(there, kept)
    assert there["pair"].left.dtype == dtype
    assert not jax.config.jax_enable_x64
    assert jnp.asarray(1.0).dtype == "float32"


def test_arrays_of_32_bits_stay_so_in_the_mode_for_64(tmp_path: Path) -> None:
    kept = {"it": jnp.ones(3), "weak": jnp.asarray(0.5)}
    with jax.enable_x64(True):
        there = {"it": jnp.zeros(3, "float32"), "weak": 0.0}
        restore(there, through_a_file(capture(kept), tmp_path))
        assert jax.config.jax_enable_x64
    assert equal(there, kept)


@pytest.mark.parametrize("implementation", ["threefry2x32", "rbg", "unsafe_rbg"])
def test_random_keys_go_on(implementation: str, tmp_path: Path) -> None:
    def made(seed: int) -> dict[str, Any]:
        key = jax.random.key(seed, impl=implementation)
        return {"key": key, "pair": Pair(jax.random.split(key, 3), 1), "old": jax.random.PRNGKey(seed)}

    kept, there = made(0), made(1)
    tree = through_a_file(capture(kept), tmp_path)
    restore(there, tree)
    assert equal(there, kept)
    assert float(jax.random.normal(there["key"])) == float(jax.random.normal(kept["key"]))
    assert list(model_arrays({"model": tree})) == ["key", "pair.left", "old"]


def test_a_random_key_of_another_kind_is_refused() -> None:
    with refused(r"dtype key<fry> here; the one to restore is of .* key<rbg>\. .* It lies at key\."):
        restore({"key": jax.random.key(0, impl="rbg")}, capture({"key": jax.random.key(0)}))
    with refused(r"random keys of the kind 'dice', which this JAX does not have: "):
        restore(jax.random.key(0), {"parameters": np.zeros(2, "uint32"), "keys": "dice"})


def test_pytrees_of_a_user_s_own_classes_are_kept(tmp_path: Path) -> None:
    def made(number: float) -> dict[str, Any]:
        frozen = flax.core.freeze({"w": jnp.full(2, number)})
        nested = Pair(Pair(jnp.full(3, number), None), {"a": (frozen, [number])})
        return {"pair": nested, "learner": Learner(jnp.full(1, number), int(number)), "frozen": frozen}

    kept, there = made(3), made(0)
    restore(there, through_a_file(capture(kept), tmp_path))
    assert equal(there, kept)
    assert type(there["pair"].left) is Pair


def test_numbers_and_numpy_s_arrays_in_a_pytree_come_back_as_what_they_were(tmp_path: Path) -> None:
    bfloat = np.asarray(jnp.ones(2, "bfloat16"))
    kept = {"it": Pair([np.arange(2.0), np.float32(0.5), bfloat], ["text", True, 1, math.inf, jnp.ones(1)])}
    there = {"it": Pair([np.zeros(2), np.float32(0), bfloat * 0], ["", False, 0, 0.0, jnp.zeros(1)])}
    restore(there, through_a_file(capture(kept), tmp_path))
    assert equal(there, kept)


def test_an_array_takes_the_place_of_the_number_that_a_trial_began_with(tmp_path: Path) -> None:
    def made() -> dict[str, Any]:
        return {"step": 0, "rate": 0.5, "weights": np.zeros(2), "train": train_state(0), "pair": Pair(0, 0.0)}

    kept = made()
    tick = jax.jit(lambda state: jax.tree.map(lambda leaf: leaf * 2 + 1, state))
    kept |= tick({name: kept[name] for name in kept if name != "train"})
    kept["train"] = update(kept["train"])
    there = made()
    restore(there, through_a_file(capture(kept), tmp_path))
    there["train"] = there["train"].replace(tx=kept["train"].tx, apply_fn=kept["train"].apply_fn)
    assert equal(there, kept)
    assert there["step"].weak_type
    with refused(
        r"an array of the shape \(3,\) here; received a int of the shape \(\)\. .* It lies at step\."
    ):
        restore({"step": 0}, capture({"step": jnp.ones(3)}))


def test_equinox_modules_keep_their_arrays_and_the_functions_of_those_that_are_there(tmp_path: Path) -> None:
    def made(seed: int, activation: Any) -> dict[str, Any]:
        key = jax.random.key(seed)
        with_state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(3, "batch", mode="batch")
        return {"net": eqx.nn.MLP(3, 2, 4, 1, activation, key=key), "norm": list(with_state)}

    kept, there = made(0, jax.nn.relu), made(1, jax.nn.gelu)
    tree = through_a_file(capture(kept), tmp_path)
    restore(there, tree)
    assert there["net"].activation is made(1, jax.nn.gelu)["net"].activation
    assert equal(eqx.filter(there["net"], eqx.is_array), eqx.filter(kept["net"], eqx.is_array))
    assert "net.layers.0.weight" in model_arrays({"model": tree})


def test_a_model_of_a_dict_of_arrays_shows_them_by_path_and_takes_them_back(tmp_path: Path) -> None:
    kept, there = {"params": train_state(0).params}, {"params": train_state(1).params}
    states = {"model": through_a_file(capture(kept), tmp_path)}
    arrays = model_arrays(states)
    assert list(arrays) == [f"params.Dense_{i}.{name}" for i in (0, 1) for name in ("kernel", "bias")]
    assert np.array_equal(arrays["params.Dense_0.kernel"], kept["params"]["Dense_0"]["kernel"])
    load_into(there, states)
    assert equal(there, kept)


@pytest.mark.parametrize(
    ("thing", "kind"),
    [
        (jnp.ones(2), "ArrayImpl"),
        (jax.random.key(0), "PRNGKeyArray"),
        (train_state(0), "TrainState"),
        (Pair(jnp.ones(2), 1), "Pair"),
        (Learner(jnp.ones(2), 1), "Learner"),
        (optax.EmptyState(), "EmptyState"),
        (flax.core.freeze({"w": jnp.ones(2)}), "FrozenDict"),
        (eqx.nn.MLP(2, 2, 2, 1, key=jax.random.key(0)), "MLP"),
    ],
)
def test_what_cannot_change_is_refused_with_the_dict_to_put_it_in(thing: Any, kind: str) -> None:
    with refused(
        rf"'params' cannot be kept\. .* received a {kind}, which cannot be changed\. Put it in a dict, and "
        rf"change that: state = {{'params': \.\.\.}}; trial\.checkpoint\(state=state\)"
    ):
        Attachments().attach({"params": thing})
    with refused(rf"and a {kind} cannot be changed\. Give a dict that has it where"):
        load_into(thing, {"model": capture(thing)})


def test_a_traced_value_is_refused_at_once_with_the_mend() -> None:
    @jax.jit  # type: ignore[untyped-decorator]  # JAX's
    def traced(x: Any) -> Any:
        for thing in ({"a": [x]}, {"pair": Pair(x, 1)}, Pair(x, 1), x):
            with refused(r"A traced value has no numbers; .* outside of jax\.jit and the like"):
                Attachments().attach({"state": thing})
        return x

    traced(jnp.ones(2))


def test_a_donated_array_is_refused_with_the_mend() -> None:
    attachments, state = Attachments(), {"w": jnp.ones(2), "pair": Pair(jnp.ones(3), 0)}
    attachments.attach({"state": state})
    state["w"].delete()
    with refused(r"The state of 'state' cannot be kept\. An array of the shape \(2,\) .* It lies at w\."):
        attachments.capture()
    state["w"] = jnp.ones(2)
    state["pair"].left.delete()
    with refused(r"was deleted: it was donated .* Put what .* It lies at left in a Pair\. It lies at pair\."):
        attachments.capture()


def test_a_donated_array_still_tells_where_the_new_one_goes() -> None:
    tree, there = capture({"w": jnp.ones(2)}), {"w": jnp.zeros(2)}
    there["w"].delete()
    restore(there, tree)
    assert there["w"].tolist() == [1, 1]


def test_what_is_restored_shares_no_memory_with_the_checkpoint() -> None:
    there = {"w": jnp.zeros(1000)}
    tree = capture({"w": jnp.ones(1000)})
    restore(there, tree)
    [array] = model_arrays({"model": tree}).values()
    array[:] = 5
    assert float(there["w"].max()) == 1


@pytest.mark.parametrize("placed", [True, False])
def test_an_array_stays_where_it_is(placed: bool) -> None:
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("batch",))
    sharding = NamedSharding(mesh, PartitionSpec("batch"))
    array = jnp.zeros(4)
    there = {"w": jax.device_put(array, sharding) if placed else array, "pair": Pair(array, 0.5)}
    before = there["w"]
    restore(there, capture({"w": jnp.ones(4), "pair": Pair(jnp.ones(4), jnp.asarray(0.5))}))
    assert (there["w"].sharding, there["w"].committed) == (before.sharding, before.committed)
    assert there["pair"].left.committed is False


@pytest.mark.parametrize(
    ("there", "kept", "text"),
    [
        (
            Pair(jnp.ones(2), 0),
            Pair(jnp.ones(3), 0),
            r"of another model than this Pair: left is \(3,\) in the checkpoint and \(2,\) in the model",
        ),
        (
            Pair(jnp.ones(2), None),
            Pair({"a": jnp.ones(2)}, jnp.ones(1)),
            r"the checkpoint lacks left \(2,\); the model lacks left\.a \(2,\); the model lacks right \(1,\)",
        ),
        (
            Pair(jnp.ones(2), jnp.ones(1, "int32")),
            Pair(jnp.ones(2), jnp.ones(1)),
            r"dtype float32 here; the one to restore is of .* int32\. .* It lies at right in a Pair\.",
        ),
        (
            optax.sgd(1.0).init(1.0)[1],
            optax.adam(1.0).init(jnp.ones(2))[0],
            "than this EmptyState: the model",
        ),
        (Pair(1, jnp.ones(2)), jnp.ones(2), "holds the state of something else here than of a Pair"),
        (jnp.ones(2), Pair(1, jnp.ones(2)), "holds the state of something else here than of a ArrayImpl"),
        (
            jnp.ones(2),
            jnp.ones(3),
            r"shape \(3,\) .* the one to restore is of the shape \(2,\) .* It lies at it\.",
        ),
        (None, Pair(1, jnp.ones(2)), r"holds the state of a Pair at it, where there is None now\. Make it"),
        ({}, jnp.ones(2), r"holds an array of jax of the shape \(2,\) .* at it, where there is a dict now"),
    ],
)
def test_what_differs_is_listed(there: Any, kept: Any, text: str) -> None:
    with refused(text):
        restore({"it": there}, capture({"it": kept}))


def test_what_is_missing_is_named_with_its_place() -> None:
    with refused(
        r"holds the state of a Pair at a\.1, where there is nothing now\. Make it as it was made in the "
        r"trial before attaching it"
    ):
        restore({"a": [0]}, capture({"a": [0, Pair(jnp.ones(1), 0)]}))


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (optax.adam(0.1), r"GradientTransformation\w* has functions and no arrays.*'opt_state': opt_state"),
        (Net(), r"received a Net\. A module of flax\.linen has no arrays itself: .* {'params': params}"),
        (
            Pair(jnp.ones(1), object()),
            r"numbers and strings; received a object\. It lies at right in a Pair\.",
        ),
        (Pair(jnp.ones(1), 1j), r"numbers and strings; received a complex\. It lies at right in a Pair\."),
    ],
)
def test_what_cannot_be_kept_is_refused_at_once(thing: Any, text: str) -> None:
    for attached in ({"state": thing}, {"state": {"in": [thing]}}):
        with refused(rf"'state' cannot be kept\. .*{text}"):
            Attachments().attach(attached)


def test_an_array_of_numpy_s_of_a_dtype_that_another_package_made_is_refused() -> None:
    for dtype in ("float8_e5m2", "bfloat16"):
        with refused(rf"received one of the dtype {dtype} \(at it\)\."):
            capture({"it": np.zeros(1, jnp.dtype(dtype))})


def test_a_pair_of_other_things_than_arrays_is_no_pytree_of_jax() -> None:
    with refused(r"type Pair \(at it\)\. Make it a plain list"):
        capture({"it": Pair(object(), 1)})


def test_nnx_objects_go_on_in_place(tmp_path: Path) -> None:
    def made(seed: int) -> tuple[Norm, nnx.Optimizer[Any]]:
        model = Norm(nnx.Rngs(seed))
        return model, nnx.Optimizer(model, optax.adam(0.1), wrt=nnx.Param)

    whole, there = made(0), made(1)
    nnx_step(*whole)
    kernel = there[0].layers[0].kernel
    for thing, other in zip(whole, there, strict=True):
        assert restore(other, through_a_file(capture(thing), tmp_path)) is other
    assert there[0].layers[0].kernel is kernel
    assert [nnx_step(*whole) for _ in range(3)] == [nnx_step(*there) for _ in range(3)]
    assert all(same(capture(one), capture(other)) for one, other in zip(whole, there, strict=True))


def test_the_arrays_of_an_nnx_module_have_its_paths() -> None:
    assert list(model_arrays({"model": capture(Norm(nnx.Rngs(0)))})) == [
        *("dropout.rngs.count", "dropout.rngs.key", "layers.0.bias", "layers.0.kernel", "layers.1.bias"),
        *("layers.1.kernel", "norm.bias", "norm.mean", "norm.scale", "norm.var"),
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: nnx.Rngs(seed, dropout=seed + 1),
        lambda seed: nnx.MultiMetric(loss=nnx.metrics.Average("loss"), wer=nnx.metrics.Average("wer")),
        lambda seed: nnx.ModelAndOptimizer(Norm(nnx.Rngs(seed)), optax.adam(0.1)),
        lambda seed: nnx.Variable(jnp.full(2, seed)),
        lambda seed: nnx.Param(Pair(jnp.full(2, seed), jax.random.key(seed))),
        lambda seed: nnx.List([nnx.Param(jnp.full(2, seed))]),
    ],
)
def test_other_nnx_objects_are_kept_in_place(make: Any, tmp_path: Path) -> None:
    kept, there = make(0), make(1)
    if isinstance(kept, nnx.Rngs):
        kept.dropout()
    if isinstance(kept, nnx.MultiMetric):
        kept.update(loss=jnp.ones(2), wer=jnp.ones(3))
    assert restore(there, through_a_file(capture(kept), tmp_path)) is there
    assert same(capture(there), capture(kept))
    Attachments().attach({"it": there})


def test_an_nnx_module_of_other_shapes_is_refused_and_left_as_it_was() -> None:
    there = Norm(nnx.Rngs(0), width=5)
    before = capture(there)
    with refused(
        r"of another model than this Norm: layers\.0\.bias is \(4,\) in the checkpoint and \(5,\) in the"
    ):
        restore(there, capture(Norm(nnx.Rngs(0))))
    assert same(capture(there), before)


def test_a_canonical_state_goes_into_a_model_of_the_library_with_its_random_streams(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Own(Norm, training.Module):
        def __init__(self, seed: int) -> None:
            super().__init__(nnx.Rngs(seed))

        def prepare_for(self, state: Any) -> None:
            prepared.append(list(state))

    def canonical(model: Any) -> dict[str, Any]:
        return {"layers.0.weight": np.array(model.layers[0].kernel.get_value())}

    def load(model: Any, state: dict[str, Any]) -> None:
        model.layers[0].kernel.set_value(jnp.asarray(state["layers.0.weight"]))

    prepared: list[list[str]] = []
    monkeypatch.setattr("hpo_jax.checkpoints.canonical_state", canonical)
    monkeypatch.setattr("hpo_jax.checkpoints.load_canonical_state", load)
    kept, there = Own(0), Own(1)
    kept.dropout.rngs()
    assert restore(there, {"canonical": canonical(kept), **other_state(kept)}) is there
    assert prepared == [["layers.0.weight"]]
    assert same(canonical(there), canonical(kept))
    assert equal(nnx.state(there, nnx.RngState), nnx.state(kept, nnx.RngState))
    with refused(r"than this Own: layers\.0\.weight is \(2,\) in the checkpoint and \(3, 4\) in the model"):
        restore(there, {"canonical": {"layers.0.weight": np.zeros(2)}})


def test_objects_of_nnx_do_not_take_each_other_s_states() -> None:
    model = Norm(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(0.1), wrt=nnx.Param)
    for one, other in ((model, optimizer), (optimizer, model)):
        with refused(f"holds the state of something else here than of a {type(one).__name__}"):
            restore(one, capture(other))
