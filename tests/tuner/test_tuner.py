"""The loop: going on, being interrupted, and being driven by hand."""

import inspect
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo

SPACE = {"x": hpo.Float(0, 1)}


def identity(config: dict[str, Any]) -> float:
    return float(config["x"])


def test_a_search_takes_what_a_tuner_takes() -> None:
    search, tuner = (inspect.signature(one).parameters for one in (hpo.search, hpo.Tuner))
    assert list(search) == list(tuner)
    assert all(search[name] == tuner[name] for name in search if name != "objective")


def test_run_goes_on_where_it_ended() -> None:
    tuner = hpo.Tuner(identity, SPACE, num_trials=3, seed=0)
    tuner.run()
    assert tuner.run(5) == hpo.search(identity, SPACE, num_trials=5, seed=0)


def test_run_has_nothing_to_do_once_all_trials_are_there() -> None:
    tuner = hpo.Tuner(identity, SPACE, num_trials=3, seed=0)
    assert len(tuner.run().events) == len(tuner.run().events)


def test_an_interrupted_trial_is_closed_and_run_again_first() -> None:
    log: list[Any] = []

    def train(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        try:
            yield config["x"]
            if trial.id == 1 and "closed 1" not in log:
                raise KeyboardInterrupt
            yield config["x"]
        finally:
            log.append(f"closed {trial.id}")

    tuner = hpo.Tuner(train, SPACE, num_trials=3, seed=0)
    with pytest.raises(
        hpo.SearchInterrupted, match="interrupted after 1 trial; 1 more was under way"
    ) as caught:
        tuner.run()
    assert caught.value.study.best.id == 0
    assert log == ["closed 0", "closed 1"]
    study = tuner.run()
    assert [(trial.id, trial.attempt, len(trial.reports)) for trial in study.trials] == [
        (0, 0, 2),
        (1, 1, 2),
        (2, 0, 2),
    ]
    assert [trial.config for trial in study.trials] == hpo.Space(SPACE).sample(seed=0, n=3)
    assert hpo.Study.from_events(study.events) == study


def test_ctrl_c_is_a_keyboard_interrupt_and_no_error() -> None:
    assert issubclass(hpo.SearchInterrupted, KeyboardInterrupt)
    assert not issubclass(hpo.SearchInterrupted, Exception)


def test_an_exit_of_the_program_costs_its_trial() -> None:
    def leave(config: dict[str, Any]) -> float:
        if config["x"] < 0.5:
            raise SystemExit(3)
        return 1.0

    study = hpo.search(leave, {"x": hpo.Float(0, 1)}, num_trials=8, seed=0)
    assert 0 < study.num_failed < 8
    assert study.num_failed + study.num_completed == 8
    reasons = {trial.id: trial.reason for trial in study.trials if trial.reason}
    for number, reason in reasons.items():
        assert reason.startswith("SystemExit: 3 (")
        assert f"; trial {number} ended the program, as argparse does" in reason


def test_an_interrupt_of_the_objective_s_own_ends_the_search() -> None:
    def stop(config: dict[str, Any]) -> float:
        raise KeyboardInterrupt

    with pytest.raises(hpo.SearchInterrupted):
        hpo.search(stop, SPACE, num_trials=3, seed=0)


def test_a_trial_is_in_the_log_before_its_objective_is_called() -> None:
    def look(config: dict[str, Any]) -> float:
        assert tuner.study.trials[-1].config == config
        assert tuner.study.trials[-1].state is hpo.study.TrialState.RUNNING
        return 1.0

    tuner = hpo.Tuner(look, SPACE, num_trials=2, seed=0)
    assert tuner.run().num_completed == 2


def test_the_current_trial_is_set_around_every_step_and_never_outside() -> None:
    inside, outside = [], []

    def train(config: dict[str, Any]) -> Iterator[float]:
        for _ in range(2):
            inside.append(hpo.current_trial().id)
            yield 0.5
        inside.append(hpo.current_trial().id)

    tuner = hpo.Tuner(
        train, SPACE, num_trials=1, seed=5, callbacks=[lambda e, s: outside.append(s.num_completed)]
    )
    tuner.run()
    assert inside == [0, 0, 0]
    assert hpo.current_trial().id is None


def test_the_objective_knows_its_trial() -> None:
    def look(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> float:
        seen.append((trial.id, trial.seed, trial.backend, trial.device_name, trial.config == config))
        return 1.0

    seen: list[Any] = []
    hpo.search(look, SPACE, num_trials=2, seed=5)
    assert seen == [(0, 5, "numpy", None, True), (1, 5, "numpy", None, True)]


def test_callbacks_get_every_event_in_order() -> None:
    seen: list[hpo.study.Event] = []
    study = hpo.search(identity, SPACE, num_trials=2, seed=0, callbacks=[lambda e, s: seen.append(e)])
    assert tuple(seen) == study.events
    assert [event.kind.value for event in seen][:4] == [
        "study_created",
        "backend_chosen",
        "trial_started",
        "metrics_chosen",
    ]


def test_a_single_callback_needs_no_list() -> None:
    seen: list[hpo.study.Event] = []
    study = hpo.search(identity, SPACE, num_trials=2, seed=0, callbacks=lambda e, s: seen.append(e))
    assert seen == list(study.events)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"callbacks": [1]},
            r"callbacks= is a function .* with \(event, study\), or a list .*; received \[1\]",
        ),
        ({"stop": 5}, r"stop= is a function that is called with \(study\), or a list of them; received 5"),
    ],
)
def test_what_is_to_be_called_is_a_function(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        hpo.search(identity, SPACE, num_trials=1, **arguments)


def test_an_objective_whose_parameters_are_hyperparameters_is_told_how_it_gets_them() -> None:
    space = {"rate": hpo.Float(0, 1), "units": hpo.Int(1, 9)}
    with pytest.raises(
        TypeError, match=r"'units' of .*\(rate, units\) is a hyperparameter.*objective\(\*\*config"
    ):
        hpo.search(lambda rate, units: rate, space, num_trials=1)


def test_a_hyperparameter_may_be_called_as_the_trial() -> None:
    study = hpo.search(lambda config, trial: config["trial"], {"trial": hpo.Float(0, 1)}, num_trials=1)
    assert study.num_completed == 1


def test_an_error_of_a_callback_is_not_blamed_on_the_objective() -> None:
    def broken(event: hpo.study.Event, study: hpo.Study) -> None:
        if event.epoch == 1:
            raise RuntimeError("broken callback")

    def train(config: dict[str, Any]) -> Iterator[float]:
        yield 0.5

    with pytest.raises(RuntimeError, match="broken callback"):
        hpo.search(train, SPACE, num_trials=2, seed=0, callbacks=[broken])


def test_a_loop_by_hand_gives_the_same_study_as_run() -> None:
    tuner = hpo.Tuner(None, SPACE, num_trials=4, seed=0)
    for _ in range(4):
        trial = tuner.ask()
        tuner.tell(trial, identity(trial.config))
    assert tuner.study == hpo.search(identity, SPACE, num_trials=4, seed=0)


def test_trials_by_hand_may_run_side_by_side() -> None:
    tuner = hpo.Tuner(None, SPACE, num_trials=2, seed=0)
    first, second = tuner.ask(), tuner.ask()
    tuner.tell(second, 0.5)
    tuner.tell(first.id, 0.25)
    assert [trial.value for trial in tuner.study.trials] == [0.25, 0.5]
    assert list(tuner.study.incumbents().trials) == [1, 0]


def test_reports_by_hand_count_where_no_value_is_told() -> None:
    tuner = hpo.Tuner(None, SPACE, minimize="error", num_trials=1, seed=0)
    trial = tuner.ask()
    tuner.report(trial, {"error": math.nan, "epoch": 2})
    tuner.report(trial, 0.5)
    assert [report.epoch for report in tuner.study.trials[0].reports] == [2, 3]
    assert tuner.tell(trial).value == 0.5


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"value": math.nan}, "No result: error is nan."),
        ({"value": {"loss": 1}}, "No result: it gave no 'error'"),
        ({}, "No result: nothing was reported."),
        ({"failed": "out of memory"}, "out of memory"),
    ],
)
def test_what_is_told_without_a_result_is_a_failure(arguments: Any, reason: str) -> None:
    tuner = hpo.Tuner(None, SPACE, minimize="error", num_trials=1, seed=0)
    trial = tuner.tell(tuner.ask(), **arguments)
    assert trial.state is hpo.study.TrialState.FAILED
    assert (trial.reason or "").startswith(reason)


def test_telling_no_number_is_an_error_and_the_trial_goes_on() -> None:
    tuner = hpo.Tuner(None, SPACE, num_trials=1, seed=0)
    trial = tuner.ask()
    with pytest.raises(hpo.errors.ObjectiveError, match="it gave 'low' of type str"):
        tuner.tell(trial, "low")
    assert tuner.tell(trial, 0.5).value == 0.5


@pytest.mark.parametrize(
    ("trial", "error", "text"),
    [
        (0, ValueError, "Only a running trial takes results; trial 0 is completed"),
        (9, ValueError, "trial 9 is unknown"),
        ("0", TypeError, r"a trial that ask\(\) gave, or its id; received '0'"),
    ],
)
def test_only_running_trials_take_results(trial: Any, error: type[Exception], text: str) -> None:
    tuner = hpo.Tuner(None, SPACE, num_trials=1, seed=0)
    tuner.tell(tuner.ask(), 0.5)
    with pytest.raises(error, match=text):
        tuner.report(trial, 0.5)


def test_a_value_and_a_failure_exclude_each_other() -> None:
    tuner = hpo.Tuner(None, SPACE, num_trials=1, seed=0)
    with pytest.raises(ValueError, match=r"a value or failed=, not both; received 0\.5 and 'oops'"):
        tuner.tell(tuner.ask(), 0.5, failed="oops")


def test_known_results_are_added_without_being_proposals() -> None:
    tuner = hpo.Tuner(identity, SPACE, num_trials=2, seed=0)
    added = tuner.add({"x": 0.0}, -1)
    study = tuner.run()
    assert (added.proposal, study.best.id, len(study.trials)) == (None, 0, 3)
    assert [trial.config for trial in study.trials[1:]] == hpo.Space(SPACE).sample(seed=0, n=2)


def test_a_result_for_a_config_outside_of_the_space_is_refused() -> None:
    tuner = hpo.Tuner(identity, SPACE, num_trials=2, seed=0)
    with pytest.raises(hpo.errors.SpaceError, match="'x'"):
        tuner.add({"x": 2.0}, 1)
    assert len(tuner.study.trials) == 0


def test_a_tuner_without_an_objective_cannot_run() -> None:
    with pytest.raises(ValueError, match=r"no objective to run: use ask\(\) and tell\(\)"):
        hpo.Tuner(None, SPACE, num_trials=1).run()


@pytest.mark.parametrize("epoch", [2**31, 2**32 + 1, 2**63 - 1, np.int64(2**62), np.array(7), 3.0])
@pytest.mark.parametrize("scheduler", ["fifo", hpo.ASHA(1, 9), hpo.Hyperband(1, 9), hpo.MedianStopping()])
def test_an_epoch_is_any_integer_that_a_log_can_hold(epoch: Any, scheduler: Any, tmp_path: Path) -> None:
    def objective(config: dict[str, Any]) -> None:
        hpo.report({"loss": config["x"]}, epoch=epoch)

    options: Any = {"num_trials": 2, "seed": 0, "scheduler": scheduler, "storage": tmp_path / "s.db"}
    study = hpo.search(objective, {"x": hpo.Float(0, 1)}, **options)
    assert [trial.reports[-1].epoch for trial in study.trials] == [int(epoch)] * 2
    assert hpo.search(objective, {"x": hpo.Float(0, 1)}, **options, resume=True) == study


@pytest.mark.parametrize(
    ("epochs", "text"),
    [
        ([2**63], r"it reported epoch 9223372036854775808, and the last one .* is 2\*\*63 - 1"),
        ([2**63 - 1, None], r"it reported epoch 9223372036854775808, and the last one"),
        ([1e300], r"it reported epoch 10+.*\.\.\., and the last one"),
        ([10**5000], "it reported epoch a very large integer, and the last one"),
        ([0], "it reported epoch 0, where an integer from 1 was expected"),
        ([3.5], r"it reported epoch 3\.5, where an integer from 1 was expected"),
    ],
)
def test_any_other_epoch_costs_its_trial(epochs: list[Any], text: str, tmp_path: Path) -> None:
    def objective(config: dict[str, Any]) -> None:
        for epoch in epochs:
            hpo.report(1.0, epoch=epoch)

    for resume in (False, True):
        with pytest.raises(hpo.errors.SearchFailedError, match=text):
            hpo.search(objective, SPACE, num_trials=2, seed=0, storage=tmp_path / "s.db", resume=resume)
