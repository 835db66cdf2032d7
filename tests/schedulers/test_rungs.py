"""The epochs at which trials are compared, and what is refused."""

from typing import Any

import pytest

import hpo
from hpo.schedulers import rung_levels, scheduler_named


@pytest.mark.parametrize(
    ("arguments", "levels"),
    [
        ((1, 81, 3), (1, 3, 9, 27, 81)),
        ((1, 27, 3), (1, 3, 9, 27)),
        ((1, 16, 2), (1, 2, 4, 8, 16)),
        ((1, 100, 3), (1, 3, 11, 33, 100)),
        ((2, 5, 3), (5,)),
        ((4, 4, 3), (4,)),
        ((1, 10, 2.5), (1, 4, 10)),
        ((1, 3, 1.2), (1, 2, 3)),
        ((100_000, 10_000_000, 2), (156250, 312500, 625000, 1250000, 2500000, 5000000, 10000000)),
    ],
)
def test_the_last_rung_is_a_full_training_and_the_others_are_below_it_by_eta(
    arguments: tuple[Any, ...], levels: tuple[int, ...]
) -> None:
    assert rung_levels(*arguments) == levels


@pytest.mark.parametrize("scheduler", [hpo.ASHA, hpo.Hyperband, hpo.SuccessiveHalving])
@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ((1, 27, 1), ValueError, "eta is a number above 1: one trial of eta goes on, .* received 1."),
        ((1, 27, 0.5), ValueError, "received 0.5"),
        ((1, 27, float("inf")), ValueError, "received inf"),
        ((1, 27, "3"), TypeError, "eta is a number above 1.*received '3'"),
        ((9, 3, 3), ValueError, "min_epochs is not above max_epochs; received min_epochs=9 and max_epochs=3"),
        ((0, 3, 3), ValueError, "min_epochs is a number of epochs, an integer of at least 1; received 0"),
        ((1, 2.5, 3), TypeError, "max_epochs is a number of epochs, an integer of at least 1; received 2.5"),
    ],
)
def test_what_cannot_be_is_refused(
    scheduler: Any, arguments: tuple[Any, ...], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        scheduler(*arguments)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"percentile": 0}, "above 0 and below 100; received 0"),
        ({"percentile": 100}, "above 0 and below 100; received 100"),
        ({"min_trials": 0}, "min_trials is an integer of at least 1; received 0"),
        ({"max_epochs": 3, "min_epochs": 9}, "received min_epochs=9 and max_epochs=3"),
    ],
)
def test_what_cannot_be_of_the_median_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hpo.MedianStopping(**options)


def test_asha_has_two_kinds() -> None:
    with pytest.raises(ValueError, match=r"ASHA.kind=. is 'promotion' or 'stopping'; received 'pausing'"):
        hpo.ASHA(1, 27, kind="pausing")  # type: ignore[arg-type]  # wrong on purpose


def test_a_name_takes_the_objectives_own_epochs() -> None:
    def train(config: dict[str, float], max_epochs: int = 9) -> float:
        return config["x"] / max_epochs

    study = hpo.search(train, {"x": hpo.Float(0, 1)}, scheduler="asha", num_trials=9, seed=0)
    assert study.best.reports[-1].epoch == 9


def test_a_name_is_no_use_where_nobody_says_how_long_a_full_training_is() -> None:
    with pytest.raises(ValueError, match="needs to know how many epochs a full training has") as raised:
        hpo.search(lambda config: 1.0, {"x": hpo.Float(0, 1)}, scheduler="hyperband", num_trials=9)
    assert "scheduler=hpo.ASHA(1, 27, eta=3)" in str(raised.value)


def test_options_go_with_names() -> None:
    assert repr(scheduler_named("asha", max_epochs=16, eta=2)) == "ASHA(1, 16, eta=2)"
    assert repr(scheduler_named("asha-stopping", max_epochs=9)) == "ASHA(1, 9, eta=3, kind='stopping')"
    assert repr(scheduler_named("median")) == "MedianStopping(percentile=50, min_epochs=1)"
    with pytest.raises(TypeError, match="'fifo' has no option 'eta'; its options are: none"):
        scheduler_named("fifo", eta=3)
    with pytest.raises(ValueError, match=r"There is no scheduler 'pbt'. Known are: 'asha'"):
        scheduler_named("pbt")


def test_a_hyperparameter_and_a_scheduler_cannot_both_set_max_epochs() -> None:
    def train(config: dict[str, float], max_epochs: int = 9) -> float:
        return 1.0

    with pytest.raises(ValueError, match=r"Both ASHA.* and the hyperparameter 'max_epochs' would set"):
        hpo.search(train, {"max_epochs": hpo.Int(1, 9)}, scheduler=hpo.ASHA(1, 9), num_trials=2, minimize="e")
