from __future__ import annotations

import doctest
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hpo
import hpo.integrations.tensorboard
from hpo.integrations.tensorboard import TensorBoard

SPACE = {"x": hpo.Float(0, 1), "kind": hpo.Choice([None, "deep"])}


def values(run: Path) -> Iterator[tuple[int, Any]]:
    """The steps and values that a run's files hold, read as TensorBoard reads them."""
    from tensorboardX.proto.event_pb2 import Event

    for file in sorted(run.iterdir()):
        data, at = file.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            event = Event.FromString(data[at + 12 : at + 12 + length])  # a checksum before it and one behind
            at += length + 16
            yield from ((event.step, value) for value in event.summary.value)


def curve(run: Path, tag: str) -> list[tuple[int, float]]:
    return [(step, round(value.simple_value, 6)) for step, value in values(run) if value.tag == tag]


def halves(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    for epoch in (1, 2):
        yield {"loss": config["x"] / epoch, "accuracy": 1 - config["x"]}


def test_each_trial_is_a_run_with_a_curve_for_each_metric(tmp_path: Path) -> None:
    points: list[dict[str, Any]] = [{"x": 0.5, "kind": None}, {"x": 0.25, "kind": "deep"}]
    hpo.search(
        halves,
        SPACE,
        minimize="loss",
        num_trials=2,
        points_to_evaluate=points,
        name="mine",
        callbacks=[TensorBoard(tmp_path)],
    )
    assert sorted(run.name for run in (tmp_path / "mine").iterdir()) == ["trial-000000", "trial-000001"]
    assert curve(tmp_path / "mine" / "trial-000000", "loss") == [(1, 0.5), (2, 0.25)]
    assert curve(tmp_path / "mine" / "trial-000001", "accuracy") == [(1, 0.75), (2, 0.75)]


def test_configs_are_in_the_table_of_hyperparameters(tmp_path: Path) -> None:
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData

    hpo.search(
        halves,
        SPACE,
        minimize="loss",
        num_trials=1,
        points_to_evaluate=[{"x": 0.5, "kind": None}],
        callbacks=[TensorBoard(tmp_path)],
    )
    tables = {
        value.tag: HParamsPluginData.FromString(value.metadata.plugin_data.content)
        for _, value in values(tmp_path / "study" / "trial-000000")
        if value.metadata.plugin_data.plugin_name == "hparams"
    }
    config = tables["_hparams_/session_start_info"].session_start_info.hparams
    assert (config["x"].number_value, config["kind"].string_value) == (0.5, "None")
    metrics = tables["_hparams_/experiment"].experiment.metric_infos
    assert [metric.name.tag for metric in metrics] == ["loss", "accuracy"]


def test_a_result_without_reports_is_at_step_0(tmp_path: Path) -> None:
    hpo.search(lambda config: 0.5, SPACE, minimize="loss", num_trials=1, callbacks=[TensorBoard(tmp_path)])
    assert curve(tmp_path / "study" / "trial-000000", "loss") == [(0, 0.5)]


def test_a_failed_trial_keeps_its_curve_and_has_its_config(tmp_path: Path) -> None:
    def breaks(config: dict[str, Any]) -> Iterator[float]:
        yield 0.5
        raise RuntimeError("the moon is in the way")

    with pytest.raises(hpo.errors.SearchFailedError, match="the moon is in the way"):
        hpo.search(breaks, SPACE, minimize="loss", num_trials=1, callbacks=[TensorBoard(tmp_path)])
    run = tmp_path / "study" / "trial-000000"
    assert curve(run, "loss") == [(1, 0.5)]
    assert "_hparams_/session_start_info" in [value.tag for _, value in values(run)]


def test_a_resumed_study_goes_on_with_the_same_runs(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    tuner = hpo.Tuner(None, SPACE, minimize="loss", storage=tmp_path / "s.db", callbacks=[board])
    tuner.report(tuner.ask(), 1.0)
    board.close()
    del tuner

    def once_more(config: dict[str, Any]) -> Iterator[float]:
        yield from (1.0, 0.5)

    hpo.search(
        once_more,
        SPACE,
        minimize="loss",
        num_trials=1,
        storage=tmp_path / "s.db",
        resume=True,
        callbacks=[TensorBoard(tmp_path)],
    )
    assert curve(tmp_path / "study" / "trial-000000", "loss") == [(1, 1.0), (2, 0.5)]


def test_without_tensorboardx_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r'not installed: pip install "polyhpo\[tensorboard\]"'):
        TensorBoard("runs")


def test_the_example_runs() -> None:
    assert doctest.testmod(hpo.integrations.tensorboard).failed == 0
