from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import hpo
import hpo_torch as d2l
from hpo.testing.problems import make_arrays
from hpo_torch.states import canonical_state, load_canonical_state


def data(num_train: int = 200) -> d2l.DataModule:
    a = make_arrays(num_train=num_train)
    return d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)


def tensors(x: Any, y: Any) -> TensorDataset:
    return TensorDataset(torch.from_numpy(x / 255).float(), torch.from_numpy(y))


def perceptron() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 32), nn.ReLU(), nn.Linear(32, 10))


def test_a_network_of_torch_s_own_learns() -> None:
    trainer = d2l.Trainer(max_epochs=10, seed=0)
    trainer.fit(d2l.Classification(perceptron(), lr=0.2), data())
    assert trainer.history[-1]["train_loss"] < 0.5 * trainer.history[0]["train_loss"]
    assert trainer.history[-1]["val_error"] < trainer.history[0]["val_error"]


def test_it_trains_as_a_loop_written_by_hand() -> None:
    from hpo.randomness import batch_order

    a, trainer = make_arrays(num_train=40), d2l.Trainer(max_epochs=1, seed=0)
    ours, theirs = d2l.Classification(perceptron(), lr=0.1), perceptron()
    trainer.fit(ours, data(40))
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1)
    for batch in torch.split(torch.from_numpy(batch_order(0, 0, 1, 40)), 16):
        optimizer.zero_grad()
        x, y = torch.from_numpy(a.train_x)[batch].float() / 255, torch.from_numpy(a.train_y)[batch]
        nn.functional.cross_entropy(theirs(x), y).backward()  # type: ignore[no-untyped-call]  # torch's own
        optimizer.step()
    for one, other in zip(ours.net.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_the_optimizer_keeps_its_state_over_the_epochs() -> None:
    class WithMomentum(d2l.Classification):
        made = 0

        def configure_optimizers(self) -> torch.optim.Optimizer:
            type(self).made += 1
            return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)

    d2l.Trainer(max_epochs=3).fit(WithMomentum(perceptron(), lr=0.05), data())
    assert WithMomentum.made == 1


def test_dropout_is_off_while_validating() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(36, 10))
    trainer, model = d2l.Trainer(max_epochs=1), d2l.Classification(net, lr=0.1)
    trainer.fit(model, data())
    assert trainer.validate(model) == trainer.validate(model)
    assert not model.training


def test_a_bare_network_is_refused_with_what_wraps_it() -> None:
    with pytest.raises(TypeError, match=r"received Sequential.*hpo_torch\.Classification\(net, lr=0\.1\)"):
        d2l.Trainer(max_epochs=1).fit(perceptron(), data())


def test_lazy_layers_get_their_shapes_from_the_data() -> None:
    class Reader(d2l.Classification):
        def __init__(self, num_outputs: int, lr: float) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))

        def forward(self, x: Any) -> Any:
            return self.net(x)

    trainer, model = d2l.Trainer(max_epochs=2), Reader(10, 0.1)
    trainer.fit(model, data())
    assert model.hparams == {"num_outputs": 10, "lr": 0.1}
    assert trainer.history[1]["train_loss"] < trainer.history[0]["train_loss"]


def test_a_data_set_is_visited_in_the_library_s_order() -> None:
    a = make_arrays(num_train=40)
    module = d2l.DataModule(tensors(a.train_x, a.train_y), tensors(a.val_x, a.val_y), batch_size=16)
    trainers = [d2l.Trainer(max_epochs=2, seed=0) for _ in range(2)]
    for trainer, source in zip(trainers, (module, data(40)), strict=True):
        trainer.fit(d2l.Classification(perceptron(), lr=0.1), source)
    assert trainers[0].history[-1] == pytest.approx(trainers[1].history[-1], abs=1e-6)


def test_a_data_loader_keeps_its_own_order() -> None:
    a = make_arrays(num_train=40)
    module = d2l.DataModule(
        DataLoader(tensors(a.train_x, a.train_y), batch_size=8),
        DataLoader(tensors(a.val_x, a.val_y), batch_size=8),
    )
    assert len(next(iter(module.train_dataloader()))[1]) == 8
    trainer = d2l.Trainer(max_epochs=1)
    trainer.fit(d2l.SoftmaxClassification(num_outputs=10, lr=0.1), module)
    assert trainer.history[0]["val_error"] <= 1


def test_a_data_set_without_indices_is_streamed() -> None:
    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Any:
            return iter(tensors(a.train_x, a.train_y))

    a = make_arrays(num_train=40)
    trainer = d2l.Trainer(max_epochs=1)
    trainer.fit(d2l.Classification(perceptron(), lr=0.1), d2l.DataModule(Stream(), Stream(), batch_size=16))
    assert trainer.history[0]["train_error"] <= 1


@pytest.mark.parametrize("change", ["hook", "frozen", "net"])
def test_a_model_that_was_changed_does_not_take_the_fast_path(change: str) -> None:
    model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
    model.prepare((1, 6, 6))
    assert model.fast_path((1, 6, 6), device=None) is not None
    if change == "hook":
        model.net.register_forward_hook(lambda module, inputs, output: output)
    elif change == "frozen":
        next(model.net.parameters()).requires_grad_(False)
    else:
        model.net = nn.Sequential(nn.Flatten(), nn.Linear(36, 20), nn.Linear(20, 10))
    assert model.fast_path((1, 6, 6), device=None) is None


def test_training_leaves_the_number_of_threads_and_the_mode_of_inference_alone() -> None:
    threads = torch.get_num_threads()
    epochs = d2l.Trainer(max_epochs=2).epochs(d2l.SoftmaxClassification(10, 0.1), data())
    next(epochs)
    assert torch.get_num_threads() == threads
    assert not torch.is_inference_mode_enabled()


def test_a_canonical_state_has_dense_weights_by_inputs_and_outputs() -> None:
    net = perceptron()
    state = canonical_state(net)
    assert {name: value.shape for name, value in state.items()} == {
        "layers.0.weight": (36, 32),
        "layers.0.bias": (32,),
        "layers.1.weight": (32, 10),
        "layers.1.bias": (10,),
    }
    load_canonical_state(net, {name: np.ones_like(value) for name, value in state.items()})
    assert all(bool((parameter == 1).all()) for parameter in net.parameters())


def test_a_search_over_a_user_s_own_model_repeats_with_its_seed() -> None:
    def objective(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Any:
        net = nn.Sequential(
            nn.Flatten(), nn.Linear(36, config["units"]), nn.ReLU(), nn.Linear(config["units"], 10)
        )
        assert trial.device == torch.device("cpu") or torch.cuda.is_available()
        yield from d2l.Trainer(max_epochs=2).epochs(d2l.Classification(net, config["lr"]), data(96))

    space = {"lr": hpo.Float(0.01, 1, log=True), "units": hpo.Int(4, 32, log=True)}
    studies = [
        hpo.search(objective, space, minimize="val_loss", num_trials=3, seed=1, backend="torch")
        for _ in range(2)
    ]
    assert studies[0] == studies[1]
    assert studies[0].num_completed == 3


def test_tensors_are_results() -> None:
    study = hpo.search(
        lambda config: torch.tensor([config["x"]]).sum(), {"x": hpo.Float(0, 1)}, num_trials=2, seed=0
    )
    assert study.num_completed == 2


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"weight_decay": 0.1}])
def test_the_lean_step_is_the_optimizer_s(options: dict[str, Any]) -> None:
    from hpo_torch.plain_sgd import plain_sgd

    class Chosen(d2l.Classification):
        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=self.lr, **options)

    class Hooked(Chosen):
        """A hook that does nothing keeps the optimizer in its place."""

        def configure_optimizers(self) -> torch.optim.Optimizer:
            optimizer = super().configure_optimizers()
            optimizer.register_step_post_hook(lambda *arguments: None)
            return optimizer

    models = [Chosen(perceptron(), lr=0.1), Hooked(perceptron(), lr=0.1)]
    lean = [plain_sgd(model.configure_optimizers(), model) is not None for model in models]
    assert lean == [not options, False]
    for model in models:
        d2l.Trainer(max_epochs=2, seed=0).fit(model, data())
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-7)


def test_a_parameter_that_the_loss_does_not_use_stays() -> None:
    class WithSpare(d2l.Classification):
        def __init__(self) -> None:
            super().__init__(perceptron(), lr=0.1)
            self.spare = nn.Parameter(torch.ones(3))

    model = WithSpare()
    d2l.Trainer(max_epochs=1).fit(model, data())
    assert torch.equal(model.spare, torch.ones(3))


@pytest.mark.parametrize("last_batch", ["keep", "drop", "merge"])
def test_a_data_set_is_put_into_the_batches_of_arrays(last_batch: Any) -> None:
    a = make_arrays(num_train=33)
    pairs = (a.train_x, a.train_y), (a.val_x, a.val_y)
    theirs, ours = (
        [y.tolist() for _, y in d2l.DataModule(*sources, last_batch=last_batch).train_dataloader()]
        for sources in ([tensors(*pair) for pair in pairs], pairs)
    )
    assert theirs == ours


@pytest.mark.parametrize("last_batch", ["keep", "merge"])
def test_data_of_less_than_a_batch_are_one_batch(last_batch: Any) -> None:
    a = make_arrays(num_train=5)
    data = d2l.DataModule(tensors(a.train_x, a.train_y), tensors(a.val_x, a.val_y), last_batch=last_batch)
    assert [len(y) for _, y in data.train_dataloader()] == [5]


def test_to_leave_out_all_data_is_refused() -> None:
    a = make_arrays(num_train=5)
    data = d2l.DataModule(tensors(a.train_x, a.train_y), tensors(a.val_x, a.val_y), last_batch="drop")
    with pytest.raises(
        ValueError, match=r"leaves nothing to train on, as 5 examples make no batch of batch_size=16"
    ):
        data.train_dataloader()


@pytest.mark.parametrize("last_batch", ["drop", "merge"])
def test_what_makes_batches_of_its_own_takes_no_choice_of_the_last(last_batch: Any) -> None:
    a = make_arrays(num_train=33)
    loaders = [DataLoader(tensors(*pair)) for pair in ((a.train_x, a.train_y), (a.val_x, a.val_y))]
    data = d2l.DataModule(*loaders, last_batch=last_batch)
    with pytest.raises(
        ValueError,
        match=rf"last_batch='{last_batch}' .* DataLoader comes .* Use DataLoader\(\.\.\., drop_last=True\)",
    ):
        data.train_dataloader()
    assert len(list(data.val_dataloader())) == len(a.val_y)
