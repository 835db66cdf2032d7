"""What the book's networks must do in any backend's package."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpo.backend import CANONICAL, Arrays, Member, registry
from hpo.backend.models import MLP, LeNet, Model
from hpo.backend.optimizers import SGD
from hpo.objective.context import CurrentTrial, Perturbation, running
from hpo.randomness import batch_order
from hpo.testing.package import OfPackage
from hpo.testing.problems import largest_difference, make_arrays
from hpo.testing.reference import network_loss

KINDS = ("mlp", "mlp-dropout", "lenet")
DESIGNS: dict[str, Model] = {
    "mlp": MLP(36, 10, (12, 8), "tanh"),
    "mlp-dropout": MLP(36, 10, (12, 8), dropout=(0.25, 0.5)),
    # Two channels, and a width that is not the height: axes that are swapped show.
    "lenet": LeNet((2, 16, 19), 10, "tanh"),
}


class BookNetworkContract(OfPackage):
    """Subclass it and set `package` to the backend's package.

    Example:
        >>> from hpo.testing import BookNetworkContract
        >>> class TestBookNetworks(BookNetworkContract):
        ...     package = "hpo_numpy"
        >>> TestBookNetworks().test_the_initial_weights_are_those_of_the_seed("lenet")
    """

    def arrays(self, kind: str) -> Arrays:
        """Small images that a model of this kind takes."""
        return make_arrays(shape=(2, 16, 19) if kind == "lenet" else (1, 6, 6))

    def data(self, kind: str) -> Any:
        """A data module over them, with the axes in the framework's order."""
        channels_last = self.d2l.FashionMNIST.image_shape[-1] == 1
        a = self.arrays(kind)
        train_x, val_x = (np.moveaxis(x, 1, -1) if channels_last else x for x in (a.train_x, a.val_x))
        return self.d2l.DataModule((train_x, a.train_y), (val_x, a.val_y), batch_size=16)

    def model(self, kind: str, **options: Any) -> Any:
        """A model of this kind, or of a subclass whose steps are its own."""
        if kind == "lenet":
            return self.class_of("LeNet", **options)(0.1, activation="tanh", seed=3)
        dropout = (0.25, 0.5) if kind == "mlp-dropout" else 0.0
        activation = "relu" if kind == "mlp-dropout" else "tanh"
        mlp = self.class_of("MLP", **options)
        return mlp(10, (12, 8), 0.1, activation=activation, dropout=dropout, seed=3)

    def class_of(self, name: str, *, own_steps: bool = False) -> Any:
        """The class of the package, or a subclass that the backend cannot train."""
        library = getattr(self.d2l, name)
        if not own_steps:
            return library

        class OwnNetwork(library):  # type: ignore[misc, valid-type]  # of Any
            def training_step(self, batch: Any) -> Any:
                return super().training_step(batch)

        return OwnNetwork

    def started(self, kind: str, **options: Any) -> Any:
        """A run of a new model."""
        model, trainer = self.model(kind, **options), self.d2l.Trainer(max_epochs=3, seed=0)
        trainer.prepare_data(self.data(kind))
        trainer.prepare_model(model)
        return trainer.start(model)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_initial_weights_are_those_of_the_seed(self, kind: str) -> None:
        [state] = self.started(kind).state()
        assert largest_difference(state, DESIGNS[kind].initial_state(3)) < 1e-7

    @pytest.mark.parametrize("kind", KINDS)
    def test_fitting_is_training_by_the_backend(self, kind: str) -> None:
        backend, data, run = self.d2l.BACKEND, self.arrays(kind), self.started(kind)
        member = Member(DESIGNS[kind], SGD(0.1), DESIGNS[kind].initial_state(3), seed=3)
        expected = backend.prepare([member], data, dtype="float32", device=backend.device("cpu"))
        for epoch in (1, 2):
            order = batch_order(0, 0, epoch, len(data.train_x))
            assert np.array_equal(run.epoch(order).loss, expected.epoch(order).loss)
        parameters = {name: value for name, value in expected.state()[0].items() if name.startswith("layers")}
        assert largest_difference(run.state()[0], parameters) == 0
        assert np.array_equal(run.validate().loss, expected.validate().loss)

    @pytest.mark.parametrize("kind", ["mlp", "lenet"])
    def test_its_own_steps_train_it_as_the_backend_does(self, kind: str) -> None:
        own, fast = self.started(kind, own_steps=True), self.started(kind)
        assert (own.fast_path(), fast.fast_path().model) == (None, DESIGNS[kind])
        order = batch_order(0, 0, 1, 96)
        assert own.epoch(order).loss == pytest.approx(fast.epoch(order).loss, abs=1e-5)
        assert largest_difference(own.state()[0], fast.state()[0]) < 1e-5
        assert own.validate().loss == pytest.approx(fast.validate().loss, abs=1e-5)

    def test_dropout_is_on_in_its_own_steps_and_off_while_validating(self) -> None:
        own = self.started("mlp-dropout", own_steps=True)
        a, [state] = self.arrays("mlp-dropout"), own.state()
        without = network_loss(DESIGNS["mlp-dropout"], state, a.val_x, a.val_y)
        assert own.validate().loss[0] == pytest.approx(without, abs=1e-5)
        first = np.arange(16)
        untouched = network_loss(DESIGNS["mlp-dropout"], state, a.train_x[first], a.train_y[first])
        # What is dropped is drawn, and may by chance change little.
        runs = [self.started("mlp-dropout", own_steps=True) for _ in range(5)]
        assert max(abs(run.epoch(first).loss[0] - untouched) for run in runs) > 1e-3

    @pytest.mark.parametrize("kind", KINDS)
    def test_its_state_moves_to_numpy_and_validates_the_same(self, kind: str) -> None:
        run, data = self.started(kind), self.arrays(kind)
        run.epoch(np.arange(96))
        member = Member(DESIGNS[kind], SGD(0.1), run.state()[0])
        there = registry.load("numpy").prepare([member], data, dtype="float32", device="cpu").validate()
        here = run.validate()
        assert here.error == pytest.approx(there.error)
        assert here.loss == pytest.approx(there.loss, abs=1e-5)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_new_model_takes_a_state(self, kind: str) -> None:
        run = self.started(kind)
        run.epoch(np.arange(96))
        fresh, trainer = self.model(kind), self.d2l.Trainer(max_epochs=1, seed=0)
        self.d2l.BACKEND.restore(fresh, {CANONICAL: run.state()[0]})
        trainer.prepare_data(self.data(kind))
        trainer.prepare_model(fresh)
        assert np.array_equal(trainer.start(fresh).validate().loss, run.validate().loss)

    def test_training_with_dropout_goes_on_exactly_from_a_checkpoint(self) -> None:
        run, resumed = self.started("mlp-dropout"), self.started("mlp-dropout")
        run.epoch(np.arange(96))
        resumed.load_checkpoint_state(run.checkpoint_state())
        assert np.array_equal(resumed.epoch(np.arange(96)).loss, run.epoch(np.arange(96)).loss)

    @pytest.mark.parametrize("own_steps", [False, True])
    @pytest.mark.parametrize("kind", ["mlp", "lenet"])
    def test_a_twin_starts_from_weights_that_round_off_moved(self, kind: str, own_steps: bool) -> None:
        perturbation, trainer = Perturbation(-2), self.d2l.Trainer(max_epochs=1, seed=0)
        model = self.model(kind, own_steps=own_steps)
        # Training then leaves the weights as the twin starts with them.
        model.lr = 0.0
        with running(CurrentTrial(perturbation=perturbation)):
            trainer.fit(model, self.data(kind))
        assert perturbation.used
        [state] = trainer.start(model).state()
        for name, value in DESIGNS[kind].initial_state(3).items():
            value, lowest = value.astype(np.float32), np.float32(-np.inf)
            moved = np.nextafter(np.nextafter(value, lowest), lowest)
            # Zeros stay: beside them there are denormal numbers only.
            assert np.array_equal(state[name], np.where(value == 0, 0, moved)), name

    def test_init_cnn_draws_the_weights_of_the_seed(self) -> None:
        run = self.started("lenet")
        run.epoch(np.arange(96))
        self.d2l.init_cnn(run.model, seed=7)
        assert largest_difference(run.state()[0], DESIGNS["lenet"].initial_state(7)) < 1e-7

    def test_init_cnn_needs_the_shapes(self) -> None:
        with pytest.raises(ValueError, match="call it with a batch before init_cnn"):
            self.d2l.init_cnn(self.model("lenet"))

    def test_an_activation_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValueError, match="activation must be one of relu, tanh, sigmoid; received 'elu'"):
            self.d2l.MLP(10, 12, 0.1, activation="elu")

    def test_the_book_s_arguments_are_enough(self) -> None:
        d2l, trainer = self.d2l, self.d2l.Trainer(max_epochs=2, seed=0)
        trainer.fit(d2l.MLP(num_outputs=10, num_hiddens=32, lr=0.3), self.data("mlp"))
        assert trainer.history[1]["train_loss"] < trainer.history[0]["train_loss"]
        trainer.fit(d2l.LeNet(lr=0.1), self.data("lenet"))
        assert len(trainer.history) == 2
