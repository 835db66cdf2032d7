"""Where a search is shown: by `progress=`, by the logger, by what encloses the search."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.tuner.progress import choice
from hpo.tuner.progress.lines import Lines, LinesApart

SPACE = {"x": hpo.Float(0, 1)}


def test_a_wrong_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"progress= is 'auto' .* True or False; received 'yes'"):
        hpo.search(lambda config: 1.0, SPACE, num_trials=1, progress="yes")  # type: ignore[arg-type]  # wrong on purpose


class TestChoice:
    """Which display there is, by the logger and by what encloses the search."""

    @pytest.fixture(autouse=True)
    def _as_in_a_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(choice.LOGGER, "level", logging.NOTSET)
        choice.LOGGER.manager._clear_cache()  # type: ignore[attr-defined]  # levels are remembered there

    def test_a_logger_of_its_own_level_decides(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, "hpo"):
            assert type(choice.display_for("auto")) is Lines
        with caplog.at_level(logging.ERROR, "hpo"):
            assert choice.display_for("auto") is None

    def test_true_shows_it_although_the_logger_is_silenced(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.ERROR, "hpo"):
            assert type(choice.display_for(True)) is LinesApart

    def test_searches_side_by_side_leave_the_logger_as_it_was(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = list(choice.LOGGER.handlers), choice.LOGGER.level
        first, second = choice._OwnHandler(), choice._OwnHandler()
        first.write("one", False)
        second.write("two", False)
        first.remove()
        second.write("three", True)
        second.remove()
        assert capsys.readouterr().err.splitlines() == ["one", "two", "three"]
        assert (list(choice.LOGGER.handlers), choice.LOGGER.level) == before

    def test_a_search_inside_of_a_trial_is_silent(self, caplog: pytest.LogCaptureFixture) -> None:
        def outer(config: dict[str, Any]) -> float:
            return float(hpo.search(lambda inner: inner["x"], SPACE, num_trials=2, seed=0).best.value or 0)

        with caplog.at_level(logging.INFO, "hpo"):
            hpo.search(outer, SPACE, num_trials=2, seed=0, name="outer")
        said = [record.message for record in caplog.records]
        assert [line for line in said if line.startswith("Study")] == [
            "Study 'outer': searcher RandomSearch, scheduler FIFO, seed 0"
        ]
        assert [line[:5] for line in said if line.startswith("[")] == ["[1/2]", "[2/2]"]

    def test_a_finished_study_says_so_when_it_goes_on(
        self, caplog: pytest.LogCaptureFixture, tmp_path: Path
    ) -> None:
        def again(num_trials: int) -> list[str]:
            caplog.clear()
            hpo.search(
                lambda config: config["x"],
                SPACE,
                num_trials=num_trials,
                seed=0,
                storage=tmp_path / "s.db",
                resume=True,
            )
            return [record.message for record in caplog.records]

        with caplog.at_level(logging.INFO, "hpo"):
            assert not [line for line in again(3) if "finished before" in line]
            [line] = [line for line in again(3) if "finished before" in line]
            assert line.endswith("finished before: 3 trials had run. With a larger num_trials= it goes on.")
            assert again(3) == [line]
            assert not [line for line in again(4) if "finished before" in line]
