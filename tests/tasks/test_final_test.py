from __future__ import annotations

from typing import Any

import pytest

import hpo
from hpo.tasks import SoftmaxTask


@pytest.fixture(autouse=True)
def on_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_DATA", "sample")


def searched(**options: Any) -> hpo.Study:
    task = SoftmaxTask(max_epochs=1, **options)
    return hpo.search(task, task.space, minimize=task.metric, num_trials=2, seed=0)


def test_the_best_config_is_tested_on_what_the_search_never_saw() -> None:
    study = searched(validation="holdout")
    error = hpo.final_test(study)
    assert 0.1 < error < 0.6
    assert error != study.best.value
    assert study.tested is not None
    assert (study.tested.trial, study.tested.metrics["val_error"]) == (study.best.id, error)
    assert "Test set, opened for trial" in str(study)


def test_the_training_examples_stay_those_of_the_search() -> None:
    study = searched(validation="holdout")
    hpo.final_test(study)
    assert study.tested is not None
    assert study.tested.metrics["train_loss"] == study.best.metrics["train_loss"]


def test_a_study_with_a_tested_config_is_read_from_its_log() -> None:
    study = searched(validation="holdout")
    hpo.final_test(study)
    assert hpo.Study.from_events(study.events) == study


def test_the_test_set_is_opened_once() -> None:
    study = searched(validation="holdout")
    error = hpo.final_test(study)
    with pytest.raises(hpo.errors.SealedTestSetError, match=f"was opened before.*val_error = {error:.6g}"):
        hpo.final_test(study)


def test_a_search_that_validated_on_the_test_set_has_none_left_to_open() -> None:
    study = searched()
    with pytest.raises(hpo.errors.ObjectiveError, match=r'no sealed test set to open.*validation="holdout"'):
        hpo.final_test(study)
    assert study.tested is None


def test_a_study_from_a_log_needs_its_objective() -> None:
    study = hpo.Study.from_events(searched(validation="holdout").events)
    with pytest.raises(ValueError, match="made from a log and has no objective"):
        hpo.final_test(study)
    assert hpo.final_test(study, objective=SoftmaxTask(max_epochs=1, validation="holdout")) < 0.6
