"""The state of MXNet's objects: blocks, Gluon's trainers, arrays.

`gluon.Trainer.save_states` pickles the optimizer; here its slots and numbers are taken out one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from hpo import training
from hpo.backend import CANONICAL, PARAMETERS, Array, Tree
from hpo.checkpoints import check_array, check_arrays, tidy
from hpo.errors import CheckpointError
from hpo_mxnet.arrays import arrays_of, from_host, is_initialized
from hpo_mxnet.compat import mx
from hpo_mxnet.states import canonical_parameters

_OF_THE_PROCESS = frozenset({"allow_np_array"})
"""Attributes of an optimizer that tell of the program around it and not of the training."""


def capture(thing: Any) -> Tree:
    """See `hpo.backend.Backend.capture`."""
    if isinstance(thing, mx.nd.NDArray):
        return tidy(thing.asnumpy())
    if isinstance(thing, mx.gluon.Block):
        # Names by structure, such as `0.weight`: those of collect_params() count the blocks that a program
        # has made.
        parameters = thing._collect_params_with_prefix()
        with arrays_of(thing):
            return {PARAMETERS: {name: _read(parameter) for name, parameter in parameters.items()}}
    if isinstance(thing, mx.gluon.Trainer):
        return _trainer_state(thing)
    raise CheckpointError(
        f"Of MXNet's objects a checkpoint keeps arrays, Gluon blocks and Gluon trainers; received a "
        f"{type(thing).__name__}."
    )


def restore(thing: Any, tree: Tree) -> Any:
    """See `hpo.backend.Backend.restore`."""
    if isinstance(thing, mx.nd.NDArray):
        check_array(thing.asnumpy(), tree)
        thing.as_nd_ndarray()[:] = tree
    elif isinstance(thing, mx.gluon.Block):
        _restore_block(thing, tree)
    elif isinstance(tree, dict) and {"slots", "numbers"} <= tree.keys():
        _restore_trainer(thing, tree)
    else:
        raise _something_else(thing)
    return thing


def _read(parameter: Any) -> Tree:
    if not is_initialized(parameter):
        raise CheckpointError(
            f"The parameter {parameter.name} has no numbers yet: call the model once on a batch before the "
            f"first epoch ends."
        )
    return tidy(parameter.data().asnumpy())


def _restore_block(block: Any, tree: Tree) -> None:
    if not isinstance(tree, dict) or not {PARAMETERS, CANONICAL} & tree.keys():
        raise _something_else(block)
    if CANONICAL in tree:
        state = tree[CANONICAL]
        if isinstance(block, training.Module):
            block.prepare_for(state)
        _load(block, canonical_parameters(block), state)
    else:
        named = block._collect_params_with_prefix().items()
        _load(block, ((name, parameter, False) for name, parameter in named), tree[PARAMETERS])


def _load(block: Any, parameters: Iterable[tuple[str, Any, bool]], state: dict[str, Array]) -> None:
    """Replace parameters (name, parameter, whether transposed), including those without a shape so far."""
    parameters = list(parameters)
    blanks = {name: _blank(parameter, state.get(name), turned) for name, parameter, turned in parameters}
    check_arrays(type(block).__name__, blanks, state)
    with arrays_of(block):
        for name, parameter, turned in parameters:
            value = state[name].T if turned else state[name]
            # list_ctx() raises for a parameter that initialize() was never called for, and so does
            # set_data(); _load_init() works before it and for deferred shapes, too.
            placed = is_initialized(parameter) or parameter._deferred_init
            devices = parameter.list_ctx() if placed else [mx.cpu()]
            parameter._load_init(from_host(value, devices[0]), devices, cast_dtype=True)


def _blank(parameter: Any, found: Array | None, turned: bool) -> Array:
    """Zeros of a parameter's shape, with the checkpoint's sizes where it does not know its own."""
    shape = tuple(parameter.shape or ())[:: -1 if turned else 1]
    if found is not None and len(shape or found.shape) == found.ndim:
        known = shape or (0,) * found.ndim
        # Gluon writes a size that is not known yet as 0, and as -1 with NumPy semantics.
        shape = tuple(own if own > 0 else size for own, size in zip(known, found.shape, strict=True))
    return np.broadcast_to(0, [max(size, 0) for size in shape])


def _trainer_state(trainer: Any) -> Tree:
    updater, optimizer = _updater(trainer), trainer._optimizer
    counts = optimizer._index_update_count
    slots = [
        {"count": counts.get(index), "arrays": _slots(updater.states.get(index))}
        for index in _in_order(trainer)
    ]
    return {"numbers": _scalars(optimizer), "schedule": _scalars(optimizer.lr_scheduler), "slots": slots}


def _restore_trainer(trainer: Any, tree: Tree) -> None:
    updater, optimizer = _updater(trainer), trainer._optimizer
    order, [device] = _in_order(trainer), trainer._contexts
    if len(order) != len(tree["slots"]) or optimizer.__class__.__name__ != tree["numbers"]["class"]:
        raise CheckpointError(
            f"The checkpoint is of an optimizer {tree['numbers']['class']} of {len(tree['slots'])} "
            f"parameters; received {type(optimizer).__name__} of {len(order)}. Make it as it was made in the "
            f"trial."
        )
    _set_scalars(optimizer, tree["numbers"])
    _set_scalars(optimizer.lr_scheduler, tree["schedule"])
    for index, slot in zip(order, tree["slots"], strict=True):
        # A parameter without a count has not taken a step; the updater makes its state in the first one.
        if slot["count"] is not None:
            optimizer._index_update_count[index] = slot["count"]
            updater.states[index] = _arrays(slot["arrays"], device)
            # The updater asks for this mark wherever it has a state.
            updater.states_synced[index] = True


def _updater(trainer: Any) -> Any:
    if len(trainer._contexts) != 1 or trainer._update_on_kvstore:
        raise CheckpointError(
            f"A checkpoint keeps a gluon.Trainer of one device whose steps are taken there; this one has "
            f"{len(trainer._contexts)} devices or updates on its kvstore. Give it one device and "
            f"update_on_kvstore=False."
        )
    return trainer._updaters[0]


def _in_order(trainer: Any) -> list[int]:
    """The indices of the parameters, in an order that does not depend on the blocks made before them.

    Gluon sorts them by name, where `dense10` comes before `dense9` but `dense12` after `dense11`.
    """

    def key(index: int) -> list[tuple[int, str]]:
        parts = re.split(r"(\d+)", trainer._params[index].name)
        return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]

    return sorted(range(len(trainer._params)), key=key)


def _scalars(owner: Any) -> dict[str, Tree]:
    if owner is None:
        return {}
    # The numbers differ by class, and Gluon lists them nowhere: every plain attribute is kept.
    plain = {
        name: value
        for name, value in vars(owner).items()
        if (value is None or isinstance(value, (bool, int, float, str))) and name not in _OF_THE_PROCESS
    }
    return {"class": type(owner).__name__, **plain}


def _set_scalars(owner: Any, numbers: dict[str, Tree]) -> None:
    for name in _scalars(owner).keys() & numbers.keys() - {"class"}:
        setattr(owner, name, numbers[name])


def _slots(state: Any) -> Tree:
    if isinstance(state, (tuple, list)):
        return [_slots(one) for one in state]
    return None if state is None else tidy(state.asnumpy())


def _arrays(slots: Tree, device: Any) -> Any:
    if isinstance(slots, list):
        return tuple(_arrays(one, device) for one in slots)
    return None if slots is None else mx.nd.array(slots, ctx=device, dtype=slots.dtype)


def _something_else(thing: Any) -> CheckpointError:
    return CheckpointError(
        f"The checkpoint holds the state of something else here than of a {type(thing).__name__}."
    )
