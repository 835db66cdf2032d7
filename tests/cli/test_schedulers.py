"""`hpo run --scheduler`: trials that are stopped early."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hpo as library
from hpo.schedulers import SCHEDULERS
from hpo.tuner.progress import callback
from hpo.tuner.progress.price import price_of

Command = Callable[..., Any]

OBJECTIVES = """
def curve(config, max_epochs=9):
    for epoch in range(1, max_epochs + 1):
        yield {"loss": config["x"] + 1 / epoch}

def grants(config, trial):
    for epoch in trial.epochs():
        yield {"loss": config["x"] + 1 / epoch}

def plain(config):
    return config["x"]
"""


@pytest.fixture
def run(hpo: Command) -> Command:
    Path("searched.py").write_text(OBJECTIVES)

    def run(function: str, *options: str) -> Any:
        options = ("--minimize", "loss", "--trials", "9", "--no-plot", *options)
        return hpo("run", f"searched:{function}", "--space", "space.toml", *options)

    return run


def test_asha_runs_with_the_options_of_its_rungs(run: Command) -> None:
    answer = run("grants", "--scheduler", "asha", "--min-epochs", "2", "--max-epochs", "8", "--eta", "2")
    assert answer.code == 0, answer.stderr
    assert "scheduler  ASHA(2, 8, eta=2), rungs at epochs 2, 4, 8" in answer.stdout
    assert " stopped " in answer.stdout


def test_a_function_says_by_its_default_how_long_a_full_training_is(run: Command) -> None:
    answer = run("curve", "--scheduler", "hyperband", "--json")
    epochs = [len(trial["reports"]) for trial in answer.document["trials"]]
    assert sorted(epochs) == [1, 1, 1, 1, 1, 1, 3, 3, 9]


def test_the_price_is_said_after_the_first_rung(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback, "WORTH_SAYING", 0.0)
    answer = run("curve", "--scheduler", "successive-halving")
    assert (
        "First rung done. To train all 9 trials in full would be 81 epochs (under 1 s); "
        "SuccessiveHalving(1, 9, eta=3) will train about 21 (under 1 s)."
    ) in answer.stdout


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        (library.SuccessiveHalving(1, 9), 27 + 3 * 6 + 3 * 2 + 6 * 3),
        (library.Hyperband(1, 9), 9 + 6 + 6 + 9 + 18 + 27),
        (library.MedianStopping(9), (10 + 3) * 9),
        (library.MedianStopping(9, averages=True), 27 * 9 / 2),
    ],
)
def test_the_forecast_is_what_will_be_trained(scheduler: Any, expected: float) -> None:
    price = price_of(scheduler, {library.Hyperband: 15}.get(type(scheduler), 27), 9)
    assert price is not None
    assert price.expected == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize("scheduler", [library.ASHA(1, 27), library.MedianStopping(27)])
@pytest.mark.parametrize("num_trials", [50, 200])
def test_the_forecast_is_near_what_it_trains(num_trials: int, scheduler: Any) -> None:
    curves, trained = library.replay_curves("softmax"), []
    price = price_of(scheduler, num_trials, 27)
    assert price is not None
    for seed in range(5):
        study = library.search(
            curves, curves.space, minimize="val_error", scheduler=scheduler, num_trials=num_trials, seed=seed
        )
        trained.append(sum(len(trial.reports) for trial in study.trials))
    assert price.expected == pytest.approx(sum(trained) / 5, rel=0.2)


def test_a_search_of_unknown_length_has_no_price() -> None:
    assert price_of(library.ASHA(1, 9), None, 9) is None
    assert price_of(library.schedulers.FIFO(), 10, 9) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--eta", "2"), "--eta 2 belongs to a scheduler: add one, for example --scheduler asha."),
        (("--min-epochs", "2"), "--min-epochs 2 belongs to a scheduler"),
        (("--scheduler", "asha", "--eta", "1"), "it must be a number above 1; received 1."),
        (("--scheduler", "ahsa"), "There is no scheduler 'ahsa'. Known are: 'asha'"),
        (
            ("--scheduler", "asha", "--epochs", "9", "--max-epochs", "27"),
            "--epochs 9 and --max-epochs 27 both say",
        ),
        (
            ("--scheduler", "asha", "--min-epochs", "9", "--max-epochs", "3"),
            "received --min-epochs 9 and --max-epochs 3",
        ),
        (
            ("--scheduler", "median", "--eta", "3"),
            "--eta 3 belongs to schedulers with rungs; median has none.",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(run: Command, options: Any, said: str) -> None:
    answer = run("curve", *options)
    assert answer.code == 2
    assert said in answer.stderr


def test_a_scheduler_needs_to_know_a_full_training(run: Command) -> None:
    answer = run("grants", "--scheduler", "asha")
    assert answer.code == 2
    assert "add --max-epochs N, for example --max-epochs 27." in answer.stderr


def test_what_a_scheduler_takes_is_read_from_the_registry(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mine(max_epochs: int, eta: float) -> library.ASHA:
        return library.ASHA(2, max_epochs, eta=eta + 1)

    monkeypatch.setitem(SCHEDULERS, "mine", mine)
    answer = run("curve", "--scheduler", "mine", "--max-epochs", "6", "--eta", "2")
    assert "scheduler  ASHA(2, 6, eta=3)" in answer.stdout
    answer = run("curve", "--scheduler", "mine", "--max-epochs", "6", "--min-epochs", "2")
    assert (answer.code, "--min-epochs 2 belongs to" in answer.stderr) == (2, True)
    answer = run("grants", "--scheduler", "mine", "--eta", "2")
    assert "--scheduler mine needs to know how many epochs" in answer.stderr


def test_an_objective_without_epochs_is_said_after_its_first_trial(run: Command) -> None:
    answer = run("plain", "--scheduler", "asha", "--max-epochs", "9")
    assert answer.code == 2
    assert "decides after epochs, and trial 0 gave a result without reporting one" in answer.stderr


def test_the_best_of_a_search_without_a_full_training_says_so(hpo: Command) -> None:
    def curve(config: Any, trial: library.objective.CurrentTrial) -> Any:
        for epoch in trial.epochs():
            if epoch == 2:
                raise KeyboardInterrupt
            yield config["x"]

    with pytest.raises(library.SearchInterrupted):
        library.search(
            curve,
            {"x": library.Float(0, 1)},
            scheduler=library.ASHA(1, 9),
            num_trials=9,
            storage="study.db",
        )
    assert "after epoch 1; none was trained in full" in hpo("show", "study.db").stdout


def test_reasons_are_shown_with_a_trial(run: Command, hpo: Command) -> None:
    assert run("curve", "--scheduler", "successive-halving", "--storage", "study.db").code == 0
    shown = "".join(hpo("show", "study.db", "--trial", str(number)).stdout for number in range(9))
    assert "where 3 of bracket 0 go on" in shown
    assert "where 9 are to come" in shown
