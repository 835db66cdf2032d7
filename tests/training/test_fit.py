from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hpo_numpy as d2l
from hpo.backend import CANONICAL, Run
from hpo.errors import CheckpointError
from hpo.objective.context import CurrentTrial, running
from hpo.testing.checkpoints import KeepingHost
from hpo.testing.problems import largest_difference, make_arrays, make_members
from hpo.training import PlainRun, TrainerFit, train


def plain_run(shape: tuple[int, ...] = (1, 6, 6)) -> Run:
    data = make_arrays(shape=shape)
    return d2l.BACKEND.prepare(make_members(data, 0.1), data, dtype="float32", device="cpu")


def fit(run: Run, fitting: TrainerFit, last: int) -> None:
    first = len(fitting.history) + 1
    for [record] in train(run, 96, max_epochs=last, seed=0, replicate=0, first_epoch=first):
        fitting.history.append(record)


def test_a_run_of_the_port_goes_on_to_the_last_bit() -> None:
    runs = [plain_run(), plain_run()]
    whole, resumed = (TrainerFit(PlainRun(run), 0, 0) for run in runs)
    fit(runs[0], whole, 2)
    resumed.load_checkpoint_state(whole.checkpoint_state())
    assert resumed.history == whole.history
    for run, fitting in zip(runs, (whole, resumed), strict=True):
        fit(run, fitting, 4)
    assert resumed.history == whole.history
    assert largest_difference(runs[0].state()[0], runs[1].state()[0]) == 0


def test_a_run_of_another_model_does_not_take_the_state() -> None:
    state = TrainerFit(PlainRun(plain_run()), 0, 0).checkpoint_state()
    with pytest.raises(
        CheckpointError, match=r"layers\.0\.weight is \(36, 10\) in the checkpoint and \(25, 10\)"
    ):
        TrainerFit(PlainRun(plain_run((1, 5, 5))), 0, 0).load_checkpoint_state(state)


@pytest.mark.parametrize("state", [None, np.zeros(3), {"model": {CANONICAL: {}}}])
def test_the_state_of_something_else_is_refused(state: Any) -> None:
    with pytest.raises(CheckpointError, match="something else here than the training of a Trainer"):
        TrainerFit(PlainRun(plain_run()), 0, 0).load_checkpoint_state(state)


def test_a_history_that_goes_on_does_not_change_what_was_kept() -> None:
    run = plain_run()
    fitting = TrainerFit(PlainRun(run), 0, 0)
    fit(run, fitting, 1)
    state = fitting.checkpoint_state()
    fit(run, fitting, 2)
    assert [record["epoch"] for record in state["history"]] == [1]


def test_nothing_is_captured_while_it_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    def refuse(self: TrainerFit) -> Any:
        raise AssertionError

    monkeypatch.setattr(TrainerFit, "checkpoint_state", refuse)
    a = make_arrays()
    data = d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)
    trainer = d2l.Trainer(max_epochs=2)
    trainer.fit(d2l.SoftmaxClassification(10, 0.1), data)
    with running(CurrentTrial(id=0, host=KeepingHost(d2l.BACKEND, tmp_path))):
        inside = d2l.Trainer(max_epochs=2)
        list(inside.epochs(d2l.SoftmaxClassification(10, 0.1), data))
    assert inside.history == trainer.history


def test_each_epoch_is_announced_before_it_begins(tmp_path: Any) -> None:
    class Watching(KeepingHost):
        begun: list[int] = []  # noqa: RUF012  # of this test alone

        def begin_epoch(self, epoch: int) -> None:
            self.begun.append(epoch)

    a = make_arrays()
    data = d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)
    host = Watching(d2l.BACKEND, tmp_path)
    with running(CurrentTrial(id=0, host=host)):
        epochs = d2l.Trainer(max_epochs=2).epochs(d2l.SoftmaxClassification(10, 0.1), data)
        next(epochs)
        assert host.begun == [0, 1]
        next(epochs)
    assert host.begun == [0, 1, 2]
