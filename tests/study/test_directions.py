"""A metric that is optimised the wrong way round, by its name, is pointed out, and no other is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

import hpo
from hpo.study import Direction, Metric
from hpo.study.directions import contradiction

SPACE = {"x": hpo.Float(0, 1)}


@pytest.mark.parametrize(
    "name",
    [
        "accuracy",
        "val_accuracy",
        "valid_auc",
        "accuracy_top5",
        "valAccuracy",
        "ROC_AUC",
        "val/acc@1",
        "acc1",
        "F1",
        "macro-f1",
        "F1Score",
        "r2",
        "R2",
        "precision",
        "recall@10",
        "score",
        "mean reward",
        "val_score",
        "mean_returns",
        "f_1",
        "mIoU_dice",
    ],
)
def test_what_is_good_where_it_is_large_is_not_to_be_made_small(name: str) -> None:
    text = contradiction(Metric(name)) or ""
    assert text.startswith(
        f"The study makes {name!r} small, and a metric of this name is good where it is large"
    )
    assert text.endswith(f"begin a new study with maximize={name!r}.")
    assert contradiction(Metric(name, Direction.MAXIMIZE)) is None


@pytest.mark.parametrize(
    "name", ["loss", "cross_entropy", "val_loss", "testError", "MSE", "mae", "rmse@10", "perplexity"]
)
def test_nor_the_other_way_round(name: str) -> None:
    assert f"with minimize={name!r}" in (contradiction(Metric(name, Direction.MAXIMIZE)) or "")
    assert contradiction(Metric(name)) is None


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize(
    "name",
    [
        "value",
        "neg_mean_squared_error",
        "accuracy_gap",
        "error_score",
        "brier_score",
        "1 - accuracy",
        "f",
        "one_minus_auc",
        "negLogLikelihood",
        "accuracyLoss",
        "seconds_to_accuracy",
        "account",
        "tracer",
        "r",
        "F",
        "loss_reduction",
        "scored",
        "inaccuracy",
        "lossless",
        "terrors",
        "davies_bouldin_score",
        "risk_score",
        "z_score",
        "return_code",
        "num_returns",
        "policy_entropy",
        "fitness",
        "loss_scale",
        "cost_benefit",
        "error_f1_weighted",
        "accuracy_loss",
        "bpb",
        "bits_precision",
    ],
)
def test_a_name_that_may_mean_either_says_nothing(name: str, direction: Direction) -> None:
    assert contradiction(Metric(name, direction)) is None


def test_a_search_warns_once_and_has_a_hint(caplog: pytest.LogCaptureFixture) -> None:
    study = hpo.search(lambda config: config["x"], SPACE, minimize="accuracy", num_trials=3, seed=0)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("hpo.tuner.remarks", logging.WARNING)
    assert "The study makes 'accuracy' small" in record.getMessage()
    assert [hint.text for hint in study.hints] == [record.getMessage()]


def test_so_does_one_whose_first_result_names_the_metric(
    caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    def accuracies(config: dict[str, Any]) -> Iterator[dict[str, float]]:
        yield {"val_accuracy": config["x"]}
        yield {"val_accuracy": config["x"]}

    given: dict[str, Any] = {"storage": tmp_path / "study.db", "resume": True, "seed": 0}
    hpo.search(accuracies, SPACE, num_trials=2, **given)
    hpo.search(accuracies, SPACE, num_trials=4, **given)
    [record] = caplog.records
    assert "begin a new study with maximize='val_accuracy'" in record.getMessage()
