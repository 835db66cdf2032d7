"""What the checkpoints of any backend must do: a training that goes on from one is as if it never stopped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from hpo.backend import CANONICAL, Backend, Softmax, Tree
from hpo.backend.generators import seed_generators
from hpo.checkpoints import Attachments, CheckpointFolder, capture, load_into, model_arrays, restore
from hpo.errors import CheckpointError
from hpo.objective.context import CurrentTrial, running
from hpo.objective.decision import CONTINUE, Decision
from hpo.randomness import uniforms
from hpo.testing.package import OfPackage
from hpo.testing.problems import largest_difference, make_arrays

LAST_EPOCH = 4


class KeepingHost:
    """A host that writes a checkpoint whenever it is asked to.

    Args:
        backend: whose generators are seeded.
        folder: where checkpoints go.
        start: the epoch after whose checkpoint the trial goes on; 0 for its start.
    """

    max_epochs: int | None = None

    def __init__(self, backend: Backend, folder: Path, start: int = 0) -> None:
        self.epoch = 0
        self._backend = backend
        self._folder = CheckpointFolder(folder)
        self._start = start
        self._attachments = Attachments(self.states(start) if start else None)
        self.begin_epoch(0)

    def report(self, value: Any, epoch: int | None) -> Decision:
        """Go on, whatever is reported."""
        return CONTINUE

    def attach(self, things: Mapping[str, Any]) -> None:
        """Remember and restore."""
        if self._attachments.attach(things):
            self.epoch = self._start

    def save(self, epoch: int) -> None:
        """Write a checkpoint."""
        self._folder.save(self._folder.checkpoint(0, 0, epoch), self._attachments.capture(), {})

    def explain_silence(self, reason: str) -> None:
        """Nothing fails here for want of a report."""

    def states(self, epoch: int) -> dict[str, Tree]:
        """What was written after an epoch."""
        return self._folder.checkpoint(0, 0, epoch).load()[0]

    def begin_epoch(self, epoch: int) -> None:
        """Seed the framework's generator, and the other global ones."""
        seed_generators(self._backend, int(uniforms(3, "framework", epoch, shape=(1,))[0] * 2**31))

    def find_device(self) -> Any:
        """The processor."""
        return self._backend.device("cpu")


class TrainingLoop(Protocol):
    """A training loop in the framework's own words, for a test to stop and go on with."""

    def things(self) -> dict[str, Any]:
        """What `trial.checkpoint` would be called with: `model`, `optimizer` and more."""
        ...

    def step(self) -> None:
        """One step, on the same examples each time."""
        ...


class CheckpointContract(OfPackage):
    """Subclass it, set `package` to the backend's package, and say what the methods below ask for.

    Example:
        >>> import hpo_numpy, numpy as np
        >>> from hpo.testing import CheckpointContract
        >>> class Own(hpo_numpy.Classification):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.lr, self.generator = 0.01, np.random.default_rng(5)
        ...         self.parameters = {"weight": np.zeros((36, 10)), "bias": np.zeros(10)}
        ...
        ...     def training_step(self, batch):
        ...         x, y = batch
        ...         return self.loss(self(x * (self.generator.random(x.shape) < 0.5)), y)  # dropout
        ...
        ...     def forward(self, x):
        ...         return x.reshape(len(x), -1) @ self.parameters["weight"] + self.parameters["bias"]
        >>> class Loop:
        ...     def __init__(self):
        ...         self.model, self.optimizer = Own(), hpo_numpy.SGD(0.1)
        ...
        ...     def things(self):
        ...         return {"model": self.model, "optimizer": self.optimizer}
        ...
        ...     def step(self):
        ...         parameters, draw = self.model.parameters, self.model.generator.normal
        ...         gradients = {name: draw(size=each.shape) for name, each in parameters.items()}
        ...         self.optimizer.step(parameters, gradients)
        >>> class TestCheckpoints(CheckpointContract):
        ...     package = "hpo_numpy"
        ...
        ...     def own_model(self):
        ...         return Own()
        ...
        ...     def loop(self):
        ...         return Loop()
        >>> TestCheckpoints().test_a_state_can_be_restored_more_than_once()
    """

    def own_model(self) -> Any:
        """A `Module` with all that has a state: dropout, running statistics, an optimizer with momenta.

        It takes the examples of `make_arrays`, (batch, 1, 6, 6), and has not been called yet.
        """
        raise NotImplementedError("a contract that subclasses this one defines it")

    def loop(self) -> TrainingLoop:
        """A loop over the framework's own objects, which have not been called yet."""
        raise NotImplementedError("a contract that subclasses this one defines it")

    def data(self) -> Any:
        """A small data module."""
        a = make_arrays()
        return self.d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)

    def softmax(self, num_outputs: int = 10) -> Any:
        """The library's own model."""
        return self.d2l.SoftmaxClassification(num_outputs=num_outputs, lr=0.1)

    def model(self, kind: str) -> Any:
        """A model of one of two kinds."""
        return self.softmax() if kind == "softmax" else self.own_model()

    def trained(self, kind: str, folder: Path, *, start: int = 0, until: int = LAST_EPOCH) -> Any:
        """A trainer after it trained a new model from one epoch to another, with a checkpoint of each."""
        host = KeepingHost(self.d2l.BACKEND, folder, start)
        with running(CurrentTrial(id=0, seed=3, host=host)):
            trainer = self.d2l.Trainer(max_epochs=LAST_EPOCH)
            for record in trainer.epochs(self.model(kind), self.data()):
                host.save(int(record["epoch"]))
                if record["epoch"] == until:
                    break
        return trainer

    def weights(self, trainer: Any) -> dict[str, Any]:
        """The canonical state of what was trained."""
        [state] = trainer.start(trainer.model).state()
        return dict(state)

    def score(self, model: Any) -> tuple[float, float]:
        """The validation error and loss of a model that was not trained here."""
        trainer = self.d2l.Trainer(max_epochs=1)
        trainer.prepare_data(self.data())
        trainer.prepare_model(model)
        return float(trainer.validate(model)), float(trainer.validate(model, metric="loss"))

    def states(self, folder: Path, epoch: int) -> dict[str, Tree]:
        """What was written after an epoch."""
        return KeepingHost(self.d2l.BACKEND, folder).states(epoch)

    @pytest.mark.parametrize("kind", ["softmax", "own"])
    def test_a_training_that_was_stopped_after_any_epoch_ends_as_if_it_had_not(
        self, kind: str, tmp_path: Path
    ) -> None:
        whole = self.trained(kind, tmp_path / "whole")
        for stop in range(1, LAST_EPOCH):
            folder = tmp_path / str(stop)
            self.trained(kind, folder, until=stop)
            resumed = self.trained(kind, folder, start=stop)
            assert resumed.history == whole.history
            assert largest_difference(self.weights(resumed), self.weights(whole)) == 0

    @pytest.mark.parametrize("kind", ["softmax", "own"])
    def test_keeping_checkpoints_changes_nothing(self, kind: str, tmp_path: Path) -> None:
        kept = self.trained(kind, tmp_path)
        host = KeepingHost(self.d2l.BACKEND, tmp_path)
        with running(CurrentTrial(id=0, seed=3, host=host)):
            trainer = self.d2l.Trainer(max_epochs=LAST_EPOCH)
            list(trainer.epochs(self.model(kind), self.data()))
        assert trainer.history == kept.history

    def test_fit_writes_a_checkpoint_after_each_epoch_and_goes_on_from_the_last(self, tmp_path: Path) -> None:
        whole = self.trained("own", tmp_path / "whole")
        self.trained("own", tmp_path / "fit", until=2)
        host = KeepingHost(self.d2l.BACKEND, tmp_path / "fit", start=2)
        with running(CurrentTrial(id=0, seed=3, host=host)):
            trainer = self.d2l.Trainer(max_epochs=LAST_EPOCH)
            trainer.fit(self.own_model(), self.data())
        assert trainer.history == whole.history
        assert host.states(LAST_EPOCH)["trainer"]["history"] == whole.history

    def test_a_training_that_was_done_is_not_begun_again(self, tmp_path: Path) -> None:
        whole = self.trained("softmax", tmp_path)
        again = self.trained("softmax", tmp_path, start=LAST_EPOCH)
        assert again.history == whole.history
        assert again.validate(again.model) == whole.history[-1]["val_error"]

    def test_a_second_fit_of_a_model_goes_on_too(self, tmp_path: Path) -> None:
        def fit_twice(folder: Path, start: int = 0) -> Any:
            host = KeepingHost(self.d2l.BACKEND, folder, start)
            with running(CurrentTrial(id=0, seed=3, host=host)):
                trainer, model = self.d2l.Trainer(max_epochs=2), self.own_model()
                for number in (0, 1):
                    for record in trainer.epochs(model, self.data()):
                        # Two fits of two epochs each, which the trial counts as one to four.
                        host.save(2 * number + int(record["epoch"]))
            return trainer

        whole = fit_twice(tmp_path)
        for start in (1, 2, 3):
            resumed = fit_twice(tmp_path, start)
            assert resumed.history == whole.history
            assert largest_difference(self.weights(resumed), self.weights(whole)) == 0

    def test_a_training_with_another_seed_does_not_take_the_checkpoint(self, tmp_path: Path) -> None:
        self.trained("softmax", tmp_path, until=1)
        host = KeepingHost(self.d2l.BACKEND, tmp_path, start=1)
        with running(CurrentTrial(id=0, seed=4, host=host)):
            epochs = self.d2l.Trainer(max_epochs=2).epochs(self.softmax(), self.data())
            with pytest.raises(
                CheckpointError, match="order of seed 3, replicate 0; this Trainer has seed 4"
            ):
                next(epochs)

    def test_a_training_of_another_model_does_not_take_the_checkpoint(self, tmp_path: Path) -> None:
        self.trained("softmax", tmp_path, until=1)
        host = KeepingHost(self.d2l.BACKEND, tmp_path, start=1)
        with running(CurrentTrial(id=0, seed=3, host=host)):
            epochs = self.d2l.Trainer(max_epochs=2).epochs(self.softmax(num_outputs=11), self.data())
            with pytest.raises(
                CheckpointError, match=r"layers\.0\.weight is \(36, 10\) in the checkpoint and \(36, 11\)"
            ):
                next(epochs)

    @pytest.mark.parametrize("kind", ["softmax", "own"])
    def test_the_trained_model_comes_back_and_validates_to_what_was_recorded(
        self, kind: str, tmp_path: Path
    ) -> None:
        record = self.trained(kind, tmp_path).history[1]
        model = self.model(kind)
        load_into(model, self.states(tmp_path, 2))
        assert self.score(model) == (record["val_error"], record["val_loss"])

    def test_a_model_that_was_called_takes_the_trained_weights_too(self, tmp_path: Path) -> None:
        trainer = self.trained("own", tmp_path)
        model = self.own_model()
        self.score(model)
        load_into(model, self.states(tmp_path, LAST_EPOCH))
        assert largest_difference(self.weights_of(model), self.weights(trainer)) == 0

    def weights_of(self, model: Any) -> dict[str, Any]:
        """The canonical state of a model."""
        [state] = self.d2l.Trainer(max_epochs=1).start(model).state()
        return dict(state)

    def test_the_arrays_of_a_trained_model_are_in_the_canonical_layout(self, tmp_path: Path) -> None:
        trainer = self.trained("softmax", tmp_path)
        arrays = model_arrays(self.states(tmp_path, LAST_EPOCH))
        assert {name: array.shape for name, array in arrays.items()} == {
            "layers.0.weight": (36, 10),
            "layers.0.bias": (10,),
        }
        assert largest_difference(arrays, self.weights(trainer)) == 0

    def test_a_model_of_another_backend_s_trainer_comes_in(self) -> None:
        shape, model = Softmax(36, 10), self.softmax()
        arrays = {name: value.astype("float32") for name, value in shape.initial_state(seed=8).items()}
        load_into(model, {"trainer": {"model": {CANONICAL: arrays, "of another backend": None}}})
        self.score(model)
        assert largest_difference(self.weights_of(model), arrays) == 0

    def test_a_checkpoint_of_another_model_is_refused_with_names_and_shapes(self, tmp_path: Path) -> None:
        self.trained("softmax", tmp_path, until=1)
        states = self.states(tmp_path, 1)
        other = self.softmax(num_outputs=11)
        with pytest.raises(
            CheckpointError, match=r"of another model than this SoftmaxClassification: layers\.0"
        ):
            load_into(other, states)
        with pytest.raises(CheckpointError, match=r"(the checkpoint|the model) lacks "):
            load_into(self.own_model(), states)

    def test_a_loop_of_the_framework_s_own_goes_on_to_the_last_bit(self, tmp_path: Path) -> None:
        whole, folder = self.loop(), CheckpointFolder(tmp_path)
        attachments = Attachments()
        attachments.attach(whole.things())
        self.steps(whole, 0, 3)
        folder.save(folder.checkpoint(0, 0, 1), attachments.capture(), {})
        self.steps(whole, 3, 6)
        resumed, restored = self.loop(), Attachments(folder.checkpoint(0, 0, 1).load()[0])
        assert restored.attach(resumed.things())
        self.steps(resumed, 3, 6)
        assert same(attachments.capture(), restored.capture())

    def test_plain_state_beside_a_model_and_its_optimizer_comes_back_in_place(self, tmp_path: Path) -> None:
        loop, folder, attachments = self.loop(), CheckpointFolder(tmp_path), Attachments()
        early: dict[Any, Any] = {"best": float("inf"), "wait": 0, "errors": []}
        attachments.attach(loop.things() | {"early": early})
        self.steps(loop, 0, 1)
        early |= {"best": 0.25, "wait": 2, 3: ("a", None)}
        early["errors"].append(0.25)
        folder.save(folder.checkpoint(0, 0, 1), attachments.capture(), {})
        errors: list[float] = []
        there: dict[Any, Any] = {"best": float("inf"), "wait": 0, "errors": errors}
        states = folder.checkpoint(0, 0, 1).load()[0]
        assert Attachments(states).attach(self.loop().things() | {"early": there})
        assert there == {"best": 0.25, "wait": 2, "errors": [0.25], 3: ("a", None)}
        assert there["errors"] is errors

    def test_objects_that_lie_in_a_dict_go_on_to_the_last_bit(self, tmp_path: Path) -> None:
        whole, folder, attachments = self.loop(), CheckpointFolder(tmp_path), Attachments()
        attachments.attach({"state": {"things": whole.things(), "seen": [0]}})
        self.steps(whole, 0, 3)
        folder.save(folder.checkpoint(0, 0, 1), attachments.capture(), {})
        self.steps(whole, 3, 6)
        resumed, restored = self.loop(), Attachments(folder.checkpoint(0, 0, 1).load()[0])
        things = resumed.things()
        assert restored.attach({"state": {"things": things, "seen": []}})
        assert all(things[name] is thing for name, thing in resumed.things().items())
        self.steps(resumed, 3, 6)
        assert same(attachments.capture(), restored.capture())

    def test_a_dict_that_holds_arrays_beside_plain_values_goes_on_to_the_last_bit(
        self, tmp_path: Path
    ) -> None:
        backend = self.d2l.BACKEND

        def made(number: float) -> dict[Any, Any]:
            arrays = [
                self.variable(backend.from_numpy(np.full((2, 3), number + each), backend.device("cpu")))
                for each in range(3)
            ]
            return {"a": arrays[0], "rest": [arrays[1], {"b": (arrays[2], number)}], 3: None}

        kept, there, folder = made(1 / 3), made(0.0), CheckpointFolder(tmp_path)
        attachments = Attachments()
        attachments.attach({"model": kept})
        folder.save(folder.checkpoint(0, 0, 1), attachments.capture(), {})
        states = folder.checkpoint(0, 0, 1).load()[0]
        first = there["a"]
        again = Attachments(states)
        assert again.attach({"model": there})
        assert same(again.capture(), states)
        assert there["a"] is first
        assert there["rest"][1]["b"][1] == 1 / 3
        arrays = model_arrays(states)
        assert list(arrays) == ["a", "rest.0", "rest.1.b.0"]
        assert [float(array[0, 0]) for array in arrays.values()] == [1 / 3, 1 / 3 + 1, 1 / 3 + 2]

    def test_where_nothing_takes_a_state_that_lay_in_a_dict_its_place_is_named(self) -> None:
        backend = self.d2l.BACKEND
        array = self.variable(backend.from_numpy(np.arange(3.0), backend.device("cpu")))
        tree = capture({"best": [array, self.loop().things()["optimizer"]]})
        with pytest.raises(
            CheckpointError, match=r" at best\.1, where there is None now\. Make it as it was made in the"
        ):
            restore({"best": [array, None]}, tree)

    def test_what_was_captured_is_a_copy(self) -> None:
        loop, attachments = self.loop(), Attachments()
        attachments.attach(loop.things())
        self.steps(loop, 0, 2)
        states, arrays = attachments.capture(), model_arrays(attachments.capture())
        self.steps(loop, 2, 3)
        assert same(model_arrays(states), arrays)
        assert not same(model_arrays(attachments.capture()), arrays)

    def test_a_state_can_be_restored_more_than_once(self) -> None:
        loop = self.loop()
        self.steps(loop, 0, 2)
        states = {name: capture(thing) for name, thing in loop.things().items()}
        ends = []
        for _ in range(2):
            for name, thing in loop.things().items():
                restore(thing, states[name])
            self.steps(loop, 2, 4)
            ends.append({name: capture(thing) for name, thing in loop.things().items()})
        assert same(*ends)
        assert not same(ends[0], states)

    def test_a_state_of_something_else_is_refused(self) -> None:
        loop = self.loop()
        self.steps(loop, 0, 1)
        things = loop.things()
        for one, other in (("model", "optimizer"), ("optimizer", "model")):
            with pytest.raises(CheckpointError, match="holds the state of something else here than of a "):
                restore(things[one], capture(things[other]))

    def test_the_framework_s_arrays_are_kept_in_place(self) -> None:
        backend = self.d2l.BACKEND
        array = backend.from_numpy(np.arange(6.0).reshape(2, 3), backend.device("cpu"))
        there = self.variable(array)
        tree = capture(there)
        restore(there, tree * 2)
        assert np.array_equal(backend.to_numpy(there), np.arange(6.0).reshape(2, 3) * 2)
        with pytest.raises(
            CheckpointError, match=r"shape \(3,\) and dtype float64 here; the one to restore is of"
        ):
            restore(there, np.zeros(3))

    def variable(self, array: Any) -> Any:
        """An array of the framework that can be changed in place."""
        return array

    def steps(self, loop: TrainingLoop, first: int, last: int) -> None:
        """Steps whose draws depend on their numbers, as those of a trial's epochs do."""
        for number in range(first, last):
            self.d2l.BACKEND.seed(100 + number)
            loop.step()


def same(one: Any, other: Any) -> bool:
    """Whether two trees are equal to the last bit; the keys of dicts may count what a program has made."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return isinstance(other, dict) and same(list(one.values()), list(other.values()))
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and repr(one) == repr(other)
