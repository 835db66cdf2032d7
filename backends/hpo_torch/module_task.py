"""An objective over torch modules of one's own, which may train together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from hpo.backend import PARAMETERS, SGD, DType, Member, Model, Run, State, Tree, registry
from hpo.objective.context import CurrentTrial
from hpo.training import DataModule, LastBatch
from hpo.training.fit import HasRunState
from hpo.training.fusable import Training, train_alone
from hpo.training.in_turn import RunsInTurn
from hpo_torch.backend import BACKEND
from hpo_torch.stacked import MOMENTUM, StackedRun

_PLAIN = (int, float, str, bool, type(None), tuple, torch.dtype, torch.device)
# What `named_parameters` and `named_modules` tell of them is compared instead.
_TABLES = ("_parameters", "_buffers", "_modules")


class ModuleTask:
    """Trains a classifier of one's own for some epochs, by SGD on the mean cross-entropy.

    An objective for `hpo.search` on the backend torch. Called with a config it trains one module. Trials
    whose modules are of one structure may train together by `torch.func` (`fuse=`): by default they do where
    a measurement on this machine says that it is faster, which on processors it mostly is not. It was tested
    on processors only. Modules with dropout train one by one. Those with buffers, such as running means, are
    for a `Trainer` in an objective of one's own.

    Args:
        make: a function that makes the module of a config.
        data: examples and labels as arrays (`FashionMNIST`, `DataModule.from_arrays`), and what becomes of an
            epoch's last batch.
        max_epochs: how long to train, at least 1.
        optimizer: a function that makes the optimizer of a config; by default `SGD` with its `lr`.

    Raises:
        TypeError: the data hold no arrays for classification.
        ValueError: `max_epochs` is below 1.

    Example:
        >>> from torch import nn
        >>> import hpo, hpo_torch as d2l
        >>> from hpo.testing.problems import make_arrays
        >>> arrays = make_arrays()
        >>> data = d2l.DataModule((arrays.train_x, arrays.train_y), (arrays.val_x, arrays.val_y))
        >>> def make(config):
        ...     return nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 10))
        >>> task = ModuleTask(make, data, max_epochs=2)
        >>> space = {"lr": hpo.Float(0.01, 1, log=True)}
        >>> study = hpo.search(
        ...     task, space, minimize="val_error", num_trials=4, seed=0, backend="torch", fuse=4
        ... )
        >>> study.num_completed
        4
    """

    def __init__(
        self,
        make: Callable[[Mapping[str, Any]], nn.Module],
        data: DataModule,
        *,
        max_epochs: int,
        optimizer: Callable[[Mapping[str, Any]], SGD] = lambda config: SGD(config["lr"]),
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
        """How a config is trained, by itself or together with others; the module initialises itself."""
        module = self._make(config)
        if not isinstance(module, nn.Module):
            raise TypeError(f"make must return a torch.nn.Module; received a {type(module).__name__}.")
        buffers = [name for name, _ in module.named_buffers()]
        if buffers:
            raise ValueError(
                f"A ModuleTask trains parameters only, and this {type(module).__name__} has buffers "
                f"({', '.join(buffers)}), which training changes too. Write an objective that yields from "
                f"Trainer(max_epochs).epochs(Classification(module, lr), data)."
            )
        state = {name: value.detach().cpu().numpy().copy() for name, value in module.named_parameters()}
        # A `Model` says the shape of the library's own networks; here the module is the shape.
        member = Member(cast(Model, None), self._optimizer(config), state, seed=seed, replicate=replicate)
        return ModuleTraining(member, self._arrays, self.max_epochs, module, self._last_batch)


@dataclass(frozen=True, eq=False)
class ModuleTraining(Training):
    """The training of one module.

    Attributes:
        module: the module; its parameters are in the member's state.
        last_batch: what becomes of the examples that are left at the end of an epoch.
    """

    module: nn.Module
    last_batch: LastBatch = "keep"

    @property
    def kind(self) -> Hashable:
        """The module's structure, if modules of it can be stacked; else this training alone."""
        structure = structure_of(self.module)
        if structure is None:
            return id(self)
        return (structure, id(self.arrays), self.max_epochs, self.last_batch)

    @property
    def description(self) -> str:
        """The module as torch shows it."""
        return f"{self.module!r} by SGD, batches of {self.arrays.batch_size}"

    @property
    def is_linear(self) -> bool:
        """False: a module does not say."""
        return False

    @property
    def size(self) -> int:
        """Numbers that a run holds for it beside the data, as far as its parameters tell."""
        numbers = sum(value.size for value in self.member.state.values())
        return numbers * (4 + len(self.member.optimizer.slots)) + self._scores(1)

    def start(self, dtype: DType) -> State:
        """Its own initial parameters."""
        return {name: value.astype(dtype) for name, value in self.member.state.items()}

    def kept(self, run: HasRunState) -> KeptModule:
        """Parameters by torch's names, and velocities."""
        return KeptModule(run)

    def run(self, others: Sequence[Training], states: Sequence[State], trial: CurrentTrial) -> Run:
        """A run of modules of this structure."""
        device = BACKEND.device(registry.resolve_device(BACKEND, trial.device_name))
        members = [one.member for one in others]
        module = self.module.to(device=device, dtype=getattr(torch, trial.dtype))
        settings = (self.arrays, trial.dtype, device, self.last_batch)
        if len(others) == 1 or structure_of(self.module) is not None:
            return StackedRun(module, members, states, *settings)
        return RunsInTurn(
            [
                StackedRun(module, [member], [state], *settings)
                for member, state in zip(members, states, strict=True)
            ]
        )


class KeptModule:
    """What a checkpoint keeps of a run of one module: what `load_state_dict` takes, and velocities.

    Args:
        run: of one module.
    """

    def __init__(self, run: HasRunState) -> None:
        self._run = run

    def checkpoint_state(self) -> dict[str, Tree]:
        """Parameters by torch's names."""
        [state] = self._run.state()
        parameters = {name: value for name, value in state.items() if not name.startswith(MOMENTUM)}
        velocities = {name: value for name, value in state.items() if name.startswith(MOMENTUM)}
        return {"model": {PARAMETERS: parameters}, "optimizer": velocities}

    def load_checkpoint_state(self, state: Tree) -> None:
        """Go on from a checkpoint."""
        self._run.load([{**state["model"][PARAMETERS], **state["optimizer"]}])


def structure_of(module: nn.Module) -> Hashable | None:
    """What modules have in common that differ in their parameters only; None where one may not be stacked.

    A module with dropout draws numbers, so it may not. What a module keeps beside its layers must be equal,
    number by number; an object must be the same object.
    """
    draws = (nn.modules.dropout._DropoutNd, nn.RReLU)
    if any(isinstance(part, draws) for part in module.modules()):
        return None
    parts = []
    for name, part in module.named_modules():
        own = {key: value for key, value in vars(part).items() if key not in _TABLES and not _is_empty(value)}
        told = [(key, value if isinstance(value, _PLAIN) else id(value)) for key, value in own.items()]
        parts.append((name, type(part), repr(sorted(told, key=lambda pair: pair[0]))))
    shapes = tuple((name, tuple(value.shape)) for name, value in module.named_parameters())
    return (tuple(parts), shapes)


def _is_empty(value: object) -> bool:
    """Whether it is a table of hooks or the like in which nothing stands."""
    return isinstance(value, (dict, set, list)) and not value
