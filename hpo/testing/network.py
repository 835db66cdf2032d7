"""What any backend must do with networks and optimizers of every kind."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest

from hpo.backend import Arrays, DType, Member, Run, registry
from hpo.backend.models import MLP, Model, State
from hpo.backend.optimizers import SGD, Adam, AdamW
from hpo.testing.backend import TOLERANCE
from hpo.testing.package import OfPackage
from hpo.testing.problems import NUM_CLASSES, largest_difference
from hpo.testing.reference import (
    MODELS,
    OPTIMIZERS,
    data_for,
    expected_step,
    masks_of,
    members_of,
    network_loss,
    network_scores,
    slopes,
)

every_model = pytest.mark.parametrize("name", MODELS)
every_optimizer = pytest.mark.parametrize("rule", OPTIMIZERS)
SOME_MODELS = ("mlp-dropout", "lenet-relu")


class NetworkContract(OfPackage):
    """Subclass it and set `package` to the backend's package.

    Example:
        >>> from hpo.testing import NetworkContract
        >>> class TestNetwork(NetworkContract):
        ...     package = "hpo_numpy"
        >>> TestNetwork().test_a_step_is_the_optimizer_s_formula("adam")
    """

    def run(self, members: list[Member], data: Arrays, dtype: DType = "float64") -> Run:
        """A run of these members."""
        return self.backend.prepare(members, data, dtype=dtype, device=self.backend.device("cpu"))

    def gradients(
        self, model: Model, data: Arrays, order: np.ndarray[tuple[int], np.dtype[np.intp]]
    ) -> State:
        """The gradient of the first step on the examples `order`, as a step of size one takes it."""
        [member] = members_of(model, SGD(1.0))
        run = self.run([member], data)
        run.epoch(order)
        [after] = run.state()
        return {name: value - after[name] for name, value in member.state.items()}

    def warmed(self, model: Model, rule: str, data: Arrays) -> State:
        """NumPy's state, float64, after some steps: nothing in it is zero by chance."""
        reference = registry.load("numpy")
        members = members_of(model, OPTIMIZERS[rule])
        run = reference.prepare(members, data, dtype="float64", device="cpu")
        run.epoch(np.arange(64))
        return run.state()[0]

    @every_model
    def test_gradients_are_central_differences(self, name: str) -> None:
        model = MODELS[name]
        data, order = data_for(model), np.arange(12) + 5
        gradients = self.gradients(model, data, order)
        entries = {key: range(0, value.size, 1 + value.size // 7) for key, value in gradients.items()}
        [member] = members_of(model, SGD(1.0))
        found = slopes(member, data.train_x[order], data.train_y[order], entries)
        for key, indices in entries.items():
            ours = gradients[key].reshape(-1)[list(indices)]
            # Central differences of width 1e-5 are off by some 1e-10, by truncation and round-off.
            assert ours == pytest.approx(found[key], abs=2e-9, rel=1e-5), key

    @every_optimizer
    def test_a_step_is_the_optimizer_s_formula(self, rule: str) -> None:
        model = MODELS["mlp"]
        data, order = data_for(model), np.arange(16)
        state = self.warmed(model, rule, data)
        [member] = members_of(model, OPTIMIZERS[rule])
        plain = self.run([dataclasses.replace(member, optimizer=SGD(1.0), state=state)], data)
        plain.epoch(order)
        moved = plain.state()[0]
        gradients = {name: state[name] - moved[name] for name in member.state}
        run = self.run([dataclasses.replace(member, state=state)], data)
        run.epoch(order)
        assert largest_difference(run.state()[0], expected_step(member.optimizer, state, gradients)) < 1e-12

    @every_model
    @every_optimizer
    def test_a_step_from_the_same_state_is_numpy_s(self, name: str, rule: str) -> None:
        model = MODELS[name]
        data, order = data_for(model), np.arange(16) + 40
        state = self.warmed(model, rule, data)
        [member] = members_of(model, OPTIMIZERS[rule])
        reference = registry.load("numpy")
        for dtype in self.dtypes:
            start = dataclasses.replace(member, state=state)
            expected = reference.prepare([start], data, dtype="float64", device="cpu")
            run = self.run([start], data, dtype)
            run.epoch(order)
            expected.epoch(order)
            assert largest_difference(run.state()[0], expected.state()[0]) < TOLERANCE[dtype]

    @every_model
    def test_a_state_is_canonical_and_of_the_run_s_dtype(self, name: str) -> None:
        model, rule = MODELS[name], "adam"
        data = data_for(model)
        state = self.warmed(model, rule, data)
        [member] = members_of(model, OPTIMIZERS[rule])
        for dtype in self.dtypes:
            [kept] = self.run([dataclasses.replace(member, state=state)], data, dtype).state()
            assert {key: value.shape for key, value in kept.items()} == {
                key: value.shape for key, value in state.items()
            }
            for key, value in state.items():
                assert kept[key].dtype == (np.int64 if key.endswith("steps") else dtype)
                assert np.array_equal(kept[key], value.astype(kept[key].dtype))

    @pytest.mark.parametrize("name", SOME_MODELS)
    @pytest.mark.parametrize("rule", ["sgd", "momentum-decay", "adam", "adamw"])
    def test_training_goes_on_exactly_from_a_state(self, name: str, rule: str) -> None:
        model, order = MODELS[name], np.arange(90)
        data, members = data_for(model), members_of(model, OPTIMIZERS[rule])
        through, first = (self.run(members, data, "float32") for _ in range(2))
        through.epoch(order[:48])
        first.epoch(order[:48])
        [middle] = first.state()
        second = self.run([dataclasses.replace(members[0], state=middle)], data, "float32")
        scores = through.epoch(order[48:])
        first.epoch(order)
        first.load([middle])
        for resumed in (second, first):
            assert np.array_equal(resumed.epoch(order[48:]).loss, scores.loss)
            assert largest_difference(resumed.state()[0], through.state()[0]) == 0

    @pytest.mark.parametrize("rule", ["momentum", "adam"])
    def test_parameters_alone_start_the_optimizer_afresh(self, rule: str) -> None:
        model, order = MODELS["mlp"], np.arange(32)
        data, members = data_for(model), members_of(model, OPTIMIZERS[rule])
        run, fresh = self.run(members, data), self.run(members, data)
        run.epoch(order)
        run.load([members[0].state])
        run.epoch(order)
        fresh.epoch(order)
        assert largest_difference(run.state()[0], fresh.state()[0]) == 0

    def test_the_slots_of_another_optimizer_are_left_out(self) -> None:
        model = MODELS["mlp"]
        data = data_for(model)
        state = self.warmed(model, "adam", data)
        [member] = members_of(model, SGD(0.1, momentum=0.9))
        run = self.run([dataclasses.replace(member, state=state)], data)
        assert {key.partition(".layers")[0] for key in run.state()[0] if "momentum" in key} == {"momentum"}
        assert not any("adam" in key for key in run.state()[0])

    @pytest.mark.parametrize("name", SOME_MODELS)
    @pytest.mark.parametrize(
        "rules",
        [
            (SGD(0.01), SGD(0.1), SGD(0.3)),
            (SGD(0.01, 0.5), SGD(0.1, weight_decay=0.1), SGD(0.1, 0.9)),
            (AdamW(0.001), AdamW(0.01, beta1=0.5), AdamW(0.01, weight_decay=0.3)),
        ],
    )
    def test_models_that_train_together_train_as_they_would_alone(
        self, name: str, rules: tuple[SGD | Adam | AdamW, ...]
    ) -> None:
        model, order = MODELS[name], np.arange(72)
        data, members = data_for(model), members_of(model, *rules)
        together = self.run(members, data)
        scores, validation = together.epoch(order), together.validate()
        for index, member in enumerate(members):
            alone = self.run([member], data)
            assert alone.epoch(order).loss[0] == pytest.approx(scores.loss[index], abs=1e-12)
            assert alone.validate().error[0] == validation.error[index]
            assert largest_difference(together.state()[index], alone.state()[0]) < 1e-11

    @pytest.mark.parametrize("name", SOME_MODELS)
    def test_a_dropped_model_leaves_the_others_as_they_were(self, name: str) -> None:
        model, order = MODELS[name], np.arange(64)
        data, members = data_for(model), members_of(model, SGD(0.01), SGD(0.1), SGD(0.2))
        run = self.run(members, data)
        run.epoch(order)
        before = run.state()
        run.drop(1)
        assert [largest_difference(a, b) for a, b in zip(run.state(), before[::2], strict=True)] == [0, 0]
        assert len(run.epoch(order).loss) == len(run.validate().error) == 2

    @pytest.mark.parametrize("name", ["mlp-dropout", "lenet"])
    def test_validation_is_without_dropout_and_weighs_by_example(self, name: str) -> None:
        model = MODELS[name]
        data = data_for(model)
        [member] = members_of(model, SGD(0.1))
        scores = self.run([member], data).validate()
        expected = network_scores(model, member.state, data.val_x).argmax(axis=1) != data.val_y
        assert scores.error[0] == expected.mean()
        assert scores.loss[0] == pytest.approx(network_loss(model, member.state, data.val_x, data.val_y))

    def test_every_step_has_dropout_of_its_own(self) -> None:
        model, order = MODELS["mlp-dropout"], np.arange(40)
        data = data_for(model)
        [member] = members_of(model, SGD(0.0))
        loss = self.run([member], data).epoch(order).loss[0]
        total = 0.0
        for step, batch in enumerate((order[:16], order[16:32], order[32:])):
            masks = masks_of(member, step, len(batch))
            x, y = data.train_x[batch], data.train_y[batch]
            total += len(batch) * network_loss(model, member.state, x, y, masks)
        assert loss == pytest.approx(total / 40)

    def test_dropout_depends_on_the_seed_and_the_replicate(self) -> None:
        model = MODELS["mlp-dropout"]
        data = data_for(model)
        [member] = members_of(model, SGD(0.0))
        draws = [(0, 0), (1, 0), (0, 1)]
        losses = {
            self.run([dataclasses.replace(member, seed=seed, replicate=replicate)], data)
            .epoch(np.arange(16))
            .loss[0]
            for seed, replicate in draws
        }
        assert len(losses) == 3

    @pytest.mark.parametrize("name", SOME_MODELS)
    def test_the_same_run_again_gives_the_same_bits(self, name: str) -> None:
        model = MODELS[name]
        data, members = data_for(model), members_of(model, Adam(0.01))
        runs = [self.run(members, data, "float32") for _ in range(2)]
        losses = [run.epoch(np.arange(90)).loss for run in runs]
        assert np.array_equal(losses[0], losses[1])
        assert largest_difference(runs[0].state()[0], runs[1].state()[0]) == 0

    @pytest.mark.parametrize("name", ["mlp", "lenet-relu"])
    def test_a_model_that_diverges_has_no_number_for_an_error(self, name: str) -> None:
        model = MODELS[name]
        data, members = data_for(model), members_of(model, SGD(1e38), SGD(0.01))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run = self.run(members, data, "float32")
            for _ in range(3):
                run.epoch(np.arange(96))
            scores = run.validate()
        assert np.isnan(scores.error[0])
        assert np.isfinite(scores.error[1])

    def test_optimizers_of_two_kinds_are_refused(self) -> None:
        model = MODELS["mlp"]
        with pytest.raises(ValueError, match=r"optimizers of one kind; received Adam, SGD"):
            self.run(members_of(model, SGD(0.1), Adam(0.1)), data_for(model))

    def test_networks_of_different_shapes_are_refused(self) -> None:
        members = [*members_of(MODELS["mlp"], SGD(0.1)), *members_of(MODELS["softmax"], SGD(0.1))]
        with pytest.raises(ValueError, match="must have one shape"):
            self.run(members, data_for(MODELS["mlp"]))

    def test_images_of_another_size_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"takes 144 numbers .* shape \(1, 6, 6\), which is 36"):
            self.run(members_of(MODELS["lenet"], SGD(0.1)), data_for(MODELS["mlp"]))

    def test_a_state_that_misses_a_parameter_is_refused(self) -> None:
        model = MODELS["mlp"]
        [member] = members_of(model, Adam(0.1))
        state = {key: value for key, value in member.state.items() if key != "layers.1.bias"}
        with pytest.raises(ValueError, match=r"must have 'layers\.1\.bias' of shape \(10,\); it has layers"):
            self.run([dataclasses.replace(member, state=state)], data_for(model))

    def test_a_parameter_of_another_shape_is_refused(self) -> None:
        model = MODELS["mlp"]
        [member] = members_of(model, Adam(0.1))
        state = member.state | {"layers.0.weight": np.zeros((9, 36))}
        with pytest.raises(ValueError, match=r"'layers\.0\.weight' .* shape \(36, 9\); received \(9, 36\)"):
            self.run([dataclasses.replace(member, state=state)], data_for(model))

    def test_a_part_of_a_slot_is_refused(self) -> None:
        model = MODELS["mlp"]
        data = data_for(model)
        state = self.warmed(model, "adam", data)
        del state["adam.second.layers.1.weight"]
        [member] = members_of(model, Adam(0.1))
        with pytest.raises(ValueError, match=r"must have 'adam\.second\.layers\.1\.weight' of shape"):
            self.run([dataclasses.replace(member, state=state)], data)

    def test_hidden_layers_can_be_many_and_wide(self) -> None:
        model = MLP(36, NUM_CLASSES, (64,) * 6, activation="tanh")
        data, members = data_for(model), members_of(model, SGD(0.1, 0.9))
        run = self.run(members, data, "float32")
        losses = [run.epoch(np.arange(96)).loss[0] for _ in range(8)]
        assert losses[-1] < 0.7 * losses[0]
