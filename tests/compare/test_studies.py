"""The same study on two backends, each in a process of its own."""

from __future__ import annotations

import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpo
from hpo.compare import Comparison, compare_backends
from hpo.compare.results import BackendResult
from hpo.errors import CompareError, SpaceError, UnknownBackendError
from hpo.tasks import SoftmaxTask
from hpo.testing import assert_backends_agree

BACKENDS = ("numpy", "other")
SPACE = {"x": hpo.Float(0, 1)}


def softmax(*rates: float, **options: Any) -> Comparison:
    settings: dict[str, Any] = {"epochs": 1, "twins": 1, "options": {"batch_size": 64}} | options
    configs = [{"learning_rate": rate} for rate in rates]
    return compare_backends("softmax", backends=BACKENDS, configs=configs, **settings)


def own(function: str, **options: Any) -> Comparison:
    settings: dict[str, Any] = {"num_trials": 2} | options
    return compare_backends(f"own:{function}", SPACE, backends=BACKENDS, **settings)


def test_two_backends_that_compute_the_same_agree() -> None:
    found = compare_backends("softmax", backends=BACKENDS, num_trials=2, epochs=2, twins=1)
    drawn = SoftmaxTask.space.sample(seed=0, n=2)
    assert list(found.configs) == drawn
    assert found.agrees
    assert found.metric == "val_error"
    assert found.verdict.startswith("Same: no difference is more than round-off explains (the largest is 0,")
    for row in found.rows:
        assert row.values["numpy"] == row.values["other"]
        assert row.spread is not None
    for result in found.results.values():
        assert [len(curve.values) for curve in result.curves] == [2, 2]
        assert result.seconds_per_epoch is not None
        assert result.seconds_per_epoch > 0
        assert result.peak_memory is not None
        assert result.peak_memory > 1e7
        assert result.versions["polyhpo"] == hpo.__version__
    stats = found.statistics["other"]
    assert stats is not None
    assert (stats.mean_difference, stats.low, stats.high, stats.p_value) == (0, 0, 0, 1)
    assert stats.rank_correlation == pytest.approx(1)


def test_another_learning_rate_is_more_than_round_off_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTAKE", "rate")
    found = softmax(1e-3, 3e-3)
    assert not found.agrees
    assert [row.apart for row in found.rows] == [("other",), ("other",)]
    assert "More than round-off explains: config 0 gives 0." in found.verdict
    assert "MORE on other" in str(found)


def test_what_round_off_does_at_a_chaotic_rate_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTAKE", "round-off")
    found = softmax(1.0, twins=2, options={"batch_size": 16})
    [row] = found.rows
    assert row.difference is not None
    assert row.difference > 0
    assert row.spread is not None
    assert row.allowed == pytest.approx(max(0.001, 10 * row.spread))
    assert found.agrees


def test_a_number_on_one_backend_only_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTAKE", "nan")
    found = softmax(0.05)
    assert not found.agrees
    assert "gives no number (No result: val_error is nan at epoch 1) on other and 0." in found.verdict
    assert np.isnan(found.rows[0].values["other"] or 0)


def test_a_process_that_dies_leaves_its_last_lines_and_the_others_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MISTAKE", "dies")
    found = softmax(0.05, 0.1)
    assert not found.agrees
    assert found.verdict.startswith("As far as it went: Same:")
    assert found.verdict.endswith("other did not finish: its process ended with exit code 7.")
    assert found.last_lines()["other"][-1] == "the last words"
    assert [row.values["other"] is None for row in found.rows] == [False, True]
    assert found.rows[1].values["numpy"] is not None


def test_an_objective_that_quits_is_a_process_that_died() -> None:
    found = own("quits")
    assert [result.failure for result in found.results.values()] == ["its process ended with exit code 3"] * 2
    assert found.last_lines()["numpy"] == ("about to quit",)
    assert found.verdict.startswith("Nothing could be compared.")


def test_an_objective_of_ones_own_has_no_twins_and_its_tolerance_alone() -> None:
    found = own("square")
    assert found.agrees
    assert found.metric == "value"
    assert [row.spread for row in found.rows] == [None, None]
    assert "there are no twins, and round-off is the tolerance alone" in found.verdict


def test_a_backend_that_is_off_as_a_whole_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIFT", "0.05")
    found = own("square", num_trials=9, tolerance=0.04)
    assert "other lies above numpy as a whole, by 0.05 on average (95 % interval 0.05 to" in found.verdict


def test_an_objective_that_fails_on_one_backend_is_told() -> None:
    found = own("breaks")
    assert "gives no number (RuntimeError: the moon is in the way" in found.verdict


def test_the_backend_s_name_can_stand_in_the_path() -> None:
    found = own("{backend}_net")
    assert [row.values for row in found.rows] == [{"numpy": 1, "other": 1}] * 2


def test_epochs_are_given_to_a_function_that_takes_them() -> None:
    found = own("curve", epochs=3, metric="loss")
    assert [len(curve.values) for curve in found.results["other"].curves] == [3, 3]


def test_a_task_of_ones_own_brings_its_space() -> None:
    found = compare_backends("own:Task", backends=BACKENDS, num_trials=1, epochs=1, twins=0)
    assert found.metric == "val_error"
    assert found.agrees


def test_a_function_is_found_by_its_file() -> None:
    found = compare_backends(parabola, SPACE, backends=BACKENDS, num_trials=1)
    assert "value of 1 config, seed 0" in str(found)
    assert found.agrees
    assert found.name.endswith(":parabola")


def parabola(config: Mapping[str, Any]) -> float:
    return float(config["x"]) ** 2


def test_an_interruption_keeps_what_was_done() -> None:
    def interrupt(result: BackendResult, message: Mapping[str, Any]) -> None:
        if result.backend == "other":
            raise KeyboardInterrupt

    found = own("square", on_progress=interrupt)
    assert found.interrupted
    assert not found.agrees
    assert found.verdict.endswith("It was interrupted before all was done.")
    assert len(found.results["numpy"].curves) == 2


def test_another_interpreter_is_used_and_named(tmp_path: Path) -> None:
    link = tmp_path / "env" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    link.chmod(0o755)
    found = own("square", python={"other": tmp_path / "env"})
    assert found.results["other"].interpreter == str(link)
    assert found.agrees


def test_an_interpreter_that_is_not_there_is_refused() -> None:
    with pytest.raises(
        CompareError, match=r"Python for other was not found: nowhere/python is neither an interpreter nor"
    ):
        own("square", python={"other": "nowhere/python"})


def test_an_interpreter_without_the_library_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    with pytest.raises(CompareError, match=r"has no polyhpo, or an older one\. Install it there: .*pip inst"):
        own("square", python={"other": tmp_path / "bare"})


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("numpy",), r"at least two backends, each once, for example numpy,torch; received numpy"),
        (("numpy", "other", "numpy"), r"each once.*received numpy, other, numpy"),
    ],
)
def test_two_backends_are_needed(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(CompareError, match=message):
        compare_backends("softmax", backends=names)


def test_a_backend_that_is_not_registered_is_refused() -> None:
    with pytest.raises(
        UnknownBackendError, match=r"'trch', which is not registered\. Registered are: .*other"
    ):
        compare_backends("softmax", backends=("numpy", "trch"))


def test_a_framework_that_is_not_installed_is_told_before_anything_was_trained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MISTAKE", "missing")
    with pytest.raises(
        CompareError, match=r"other \(.*\): The backend 'other' needs other, which is not inst"
    ):
        softmax(0.1)


def test_a_framework_that_crashes_on_import_leaves_the_others_their_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MISTAKE", "crashes")
    found = softmax(0.1)
    assert (
        found.verdict == "Nothing could be compared. other did not finish: its process was ended by SIGABRT."
    )
    assert found.rows[0].values["numpy"] is not None


def test_a_backend_that_another_interpreter_has_not_is_refused() -> None:
    with pytest.raises(
        CompareError, match=r"trch \(.*\): .*names the backend 'trch', which is not registered"
    ):
        compare_backends(
            "own:square", SPACE, backends=("numpy", "trch"), python={"trch": sys.executable}, num_trials=1
        )


def test_an_interpreter_for_a_backend_that_is_not_compared_is_refused() -> None:
    with pytest.raises(CompareError, match="A Python is named for torch, which is not compared"):
        own("square", python={"torch": sys.executable})


def test_an_objective_that_cannot_be_imported_is_told_once() -> None:
    with pytest.raises(CompareError, match=r"^There is no module 'lost', neither in .* what is installed\.$"):
        compare_backends("lost.nets:lenet", SPACE, backends=BACKENDS)


def test_each_backend_tells_why_it_cannot_import_its_own_objective() -> None:
    with pytest.raises(CompareError) as error:
        compare_backends("{backend}_nets:lenet", SPACE, backends=BACKENDS)
    lines = str(error.value).splitlines()
    assert lines[0] == "These backends cannot be compared:"
    assert lines[1].startswith(f"numpy ({sys.executable}): There is no module 'numpy_nets'")
    assert lines[2].startswith(f"other ({sys.executable}): There is no module 'other_nets'")


def test_a_metric_among_several_must_be_named() -> None:
    with pytest.raises(
        CompareError, match=r"gives loss, accuracy, not 'val_error'\. Name the metric .*metric='loss'\."
    ):
        own("curve", epochs=1)


def test_an_objective_of_ones_own_needs_its_space() -> None:
    with pytest.raises(CompareError, match="own:square needs the space from which its configs are drawn"):
        compare_backends("own:square", backends=BACKENDS)


def test_a_name_that_is_neither_task_nor_path_is_refused() -> None:
    with pytest.raises(CompareError, match=r"a task \(softmax, mlp, .*module:function; received 'sofmax'"):
        compare_backends("sofmax", backends=BACKENDS)


def test_a_function_without_a_name_is_refused() -> None:
    with pytest.raises(CompareError, match=r"imports the objective by name; <function .* has none"):
        compare_backends(lambda config: 1.0, SPACE, backends=BACKENDS)


def test_configs_of_another_space_are_refused() -> None:
    with pytest.raises(SpaceError, match="learning_rate"):
        softmax(-1.0)


def test_options_of_a_task_are_refused_for_a_function() -> None:
    with pytest.raises(CompareError, match="Only a task takes batch_size; own:square decides that itself"):
        own("square", options={"batch_size": 3})


def test_a_backend_gets_one_thread_unless_the_user_wants_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert own("threads", num_trials=1).rows[0].values == {"numpy": 1, "other": 1}
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert own("threads", num_trials=1).rows[0].values == {"numpy": 3, "other": 3}


def test_the_assertion_passes_and_gives_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_TEST_BACKENDS", "numpy, other")
    found = assert_backends_agree("own:square", SPACE, num_trials=1)
    assert found.agrees


def test_the_assertion_fails_with_the_whole_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIFT", "0.05")
    with pytest.raises(AssertionError) as error:
        assert_backends_agree("own:square", SPACE, backends=BACKENDS, num_trials=2)
    text = str(error.value)
    assert text.startswith("The backends do not agree.\n\nown:square: value of 2 configs, seed 0")
    assert "MORE on other" in text
    assert "More than round-off explains: config 0 gives" in text


def test_the_assertion_needs_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HPO_TEST_BACKENDS", raising=False)
    with pytest.raises(
        CompareError, match=r"at least two backends, .* for example numpy,torch; received none"
    ):
        assert_backends_agree("own:square", SPACE)
