from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hpo_torch as d2l
from hpo.checkpoints import Attachments, CheckpointFolder, capture, load_into, model_arrays, restore
from hpo.errors import CheckpointError
from hpo.testing.checkpoints import same

schedulers = torch.optim.lr_scheduler


def through_a_file(tree: Any, folder: Path) -> Any:
    checkpoint = CheckpointFolder(folder).checkpoint(0, 0, 1)
    CheckpointFolder(folder).save(checkpoint, {"it": tree}, {})
    return checkpoint.load()[0]["it"]


def step(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    x = torch.linspace(0, 1, 12).reshape(4, 3)
    optimizer.zero_grad()
    model(x).square().mean().backward()
    optimizer.step()


def line(seed: int = 0) -> nn.Linear:
    torch.manual_seed(seed)
    return nn.Linear(3, 2)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "NAdam", "RAdam", "Adamax"])
def test_an_optimizer_goes_on_with_its_state_and_a_changed_rate(kind: str, tmp_path: Path) -> None:
    def made(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
        model = line(seed)
        groups = [{"params": [model.weight]}, {"params": [model.bias], "lr": 0.5}]
        return model, getattr(torch.optim, kind)(groups, lr=0.1)

    (one, first), (other, second) = made(0), made(1)
    step(one, first)
    first.param_groups[1]["lr"] = 0.03
    restore(other, through_a_file(capture(one), tmp_path))
    restore(second, through_a_file(capture(first), tmp_path))
    assert second.param_groups[1]["lr"] == 0.03
    for model, optimizer in ((one, first), (other, second)):
        step(model, optimizer)
        step(model, optimizer)
    assert same(capture(one), capture(other))
    assert same(capture(first), capture(second))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("StepLR", {"step_size": 2}),
        ("MultiStepLR", {"milestones": [2, 3, 3]}),
        ("LambdaLR", {"lr_lambda": lambda epoch: 0.9**epoch}),
        ("CosineAnnealingLR", {"T_max": 7}),
        ("OneCycleLR", {"max_lr": 0.3, "total_steps": 20}),
        ("ReduceLROnPlateau", {"patience": 0}),
    ],
)
def test_a_schedule_goes_on(kind: str, options: dict[str, Any], tmp_path: Path) -> None:
    def made() -> tuple[torch.optim.Optimizer, Any]:
        optimizer = torch.optim.SGD(line().parameters(), lr=0.1)
        return optimizer, getattr(schedulers, kind)(optimizer, **options)

    def advance(optimizer: torch.optim.Optimizer, schedule: Any) -> float:
        optimizer.step()
        schedule.step(*([1.0] if kind == "ReduceLROnPlateau" else []))
        return float(optimizer.param_groups[0]["lr"])

    first, second = made(), made()
    advance(*first)
    for one, other in zip(first, second, strict=True):
        restore(other, through_a_file(capture(one), tmp_path))
    assert [advance(*first) for _ in range(5)] == [advance(*second) for _ in range(5)]


def test_a_gradient_scaler_is_kept() -> None:
    one, other = torch.amp.GradScaler("cpu", init_scale=8.0), torch.amp.GradScaler("cpu", init_scale=2.0)
    restore(other, capture(one))
    assert other.state_dict() == one.state_dict()


def test_a_generator_is_kept(tmp_path: Path) -> None:
    one, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    torch.rand(3, generator=one)
    restore(other, through_a_file(capture(one), tmp_path))
    assert torch.equal(torch.rand(3, generator=one), torch.rand(3, generator=other))


@pytest.mark.parametrize(
    "dtype", [torch.bfloat16, torch.float16, torch.float8_e4m3fn, torch.bool, torch.int8]
)
def test_tensors_of_any_dtype_come_back_to_the_last_bit(dtype: torch.dtype, tmp_path: Path) -> None:
    one = torch.tensor([[1.5, -2.0], [0.1, 0.0]]).to(dtype)
    other = torch.zeros(2, 2, dtype=dtype)
    restore(other, through_a_file(capture(one), tmp_path))
    assert torch.equal(other.view(torch.uint8), one.view(torch.uint8))


def test_a_model_in_bfloat16_comes_back_and_shows_its_numbers(tmp_path: Path) -> None:
    one, other = line(0).to(torch.bfloat16), line(1).to(torch.bfloat16)
    tree = through_a_file(capture(one), tmp_path)
    restore(other, tree)
    assert torch.equal(other.weight, one.weight)
    assert np.array_equal(model_arrays({"model": tree})["weight"], one.weight.detach().float().numpy())


def test_a_parameter_stays_the_same_object_on_its_device() -> None:
    model = line()
    weight, address = model.weight, model.weight.data_ptr()
    restore(model, capture(line(1)))
    assert model.weight is weight
    assert weight.data_ptr() == address


def test_modules_and_tensors_in_a_dict_are_changed_in_place(tmp_path: Path) -> None:
    def made(seed: int) -> dict[str, Any]:
        model = line(seed)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        half = torch.full((2,), seed, dtype=torch.bfloat16)
        return {"gan": [{"net": model, "optimizer": optimizer}], "mean": (half, 0.5), "wait": seed}

    kept, there = made(0), made(1)
    step(kept["gan"][0]["net"], kept["gan"][0]["optimizer"])
    before = [there["gan"][0]["net"].weight, there["mean"][0]]
    tree = through_a_file(capture(kept), tmp_path)
    restore(there, tree)
    assert before[0] is there["gan"][0]["net"].weight
    assert before[1] is there["mean"][0]
    for state in (kept, there):
        step(state["gan"][0]["net"], state["gan"][0]["optimizer"])
    assert same(capture(there), capture(kept))
    assert list(model_arrays({"model": tree}))[:2] == ["gan.0.net.weight", "gan.0.net.bias"]


def test_a_lazy_layer_in_a_dict_may_be_attached_before_it_has_a_shape() -> None:
    attachments, net = Attachments(), nn.LazyLinear(3)
    attachments.attach({"state": {"net": net}})
    with pytest.raises(CheckpointError, match=r"A layer has no shape yet: .* It lies at net\."):
        attachments.capture()
    net(torch.zeros(1, 2))
    there = {"net": nn.LazyLinear(3)}
    assert Attachments(attachments.capture()).attach({"state": there})
    assert torch.equal(there["net"].weight, net.weight)


def test_the_shape_of_a_tensor_in_a_dict_is_refused_at_once() -> None:
    with pytest.raises(CheckpointError, match=r"type Size \(at shape\)\. Make it a plain list, list\("):
        Attachments().attach({"state": {"shape": torch.Size([1])}})


def test_an_object_of_no_framework_with_a_state_dict_is_kept(tmp_path: Path) -> None:
    class Average:
        def __init__(self) -> None:
            self.mean, self.count = torch.zeros(2), 0

        def state_dict(self) -> dict[Any, Any]:
            return {"mean": self.mean, "count": self.count, 3: (np.ones(2), {"__odd": None})}

        def load_state_dict(self, state: dict[Any, Any]) -> None:
            assert list(state[3][0]) == [1, 1]
            assert state[3][1] == {"__odd": None}
            self.mean, self.count = state["mean"], state["count"]

    one, other = Average(), Average()
    one.mean, one.count = torch.ones(2), 5
    restore(other, through_a_file(capture(one), tmp_path))
    assert (other.mean.tolist(), other.count) == ([1, 1], 5)


def test_a_value_that_no_file_holds_is_refused() -> None:
    class Odd(nn.Linear):
        def get_extra_state(self) -> Any:
            return {"file": object()}

    with pytest.raises(CheckpointError, match=r"numbers, strings, True, False, None, .* received a object"):
        capture(Odd(2, 2))


def test_extra_state_of_a_module_is_kept(tmp_path: Path) -> None:
    class Counting(nn.Linear):
        calls = 0

        def get_extra_state(self) -> Any:
            return {"calls": self.calls}

        def set_extra_state(self, state: Any) -> None:
            self.calls = state["calls"]

    one, other = Counting(2, 2), Counting(2, 2)
    one.calls = 4
    restore(other, through_a_file(capture(one), tmp_path))
    assert other.calls == 4


def test_a_layer_without_a_shape_is_refused_with_what_to_do() -> None:
    with pytest.raises(CheckpointError, match="A layer has no shape yet: call the model once on a batch"):
        capture(nn.LazyLinear(3))


def test_an_object_of_torch_s_without_a_state_is_refused() -> None:
    with pytest.raises(CheckpointError, match=r"Of torch's objects a checkpoint keeps .* received a Size"):
        capture(torch.Size([1]))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_sparse_tensor_is_refused(dtype: str) -> None:
    with pytest.raises(
        CheckpointError, match=rf"not keep a torch\.sparse_coo tensor of the dtype torch\.{dtype}"
    ):
        capture(torch.eye(2, dtype=getattr(torch, dtype)).to_sparse())


def test_an_optimizer_of_other_parameters_is_refused() -> None:
    state = capture(torch.optim.SGD(line().parameters(), lr=0.1))
    with pytest.raises(
        CheckpointError, match=r"This SGD does not take the checkpoint's state: .*size of optim"
    ):
        restore(torch.optim.SGD([nn.Parameter(torch.zeros(2))], lr=0.1), state)


def test_a_trained_network_goes_into_the_bare_net_too(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    wrapped = d2l.Classification(net, lr=0.1)
    run = d2l.Trainer(max_epochs=1).start(wrapped)
    bare = nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d(), nn.LazyLinear(2))
    load_into(bare, {"trainer": through_a_file(run.checkpoint_state(), tmp_path)})
    net.eval(), bare.eval()
    x = torch.rand(5, 3)
    assert torch.equal(bare(x), net(x))
