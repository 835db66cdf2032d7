"""What must become of what trials print, wherever a plan lets them run."""

from __future__ import annotations

import logging
import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pytest

from hpo.executors import ExecutorPlan
from hpo.space import Choice, Int
from hpo.study.study import Study
from hpo.testing.objectives import talking
from hpo.tuner.search import search


class OutputContract(ABC):
    """What becomes of what trials print: the same, wherever a plan lets them run.

    Example:
        >>> import hpo
        >>> from hpo.testing import OutputContract
        >>> class TestWorkers(OutputContract):
        ...     def plan(self):
        ...         return hpo.Workers(2)
    """

    @abstractmethod
    def plan(self) -> ExecutorPlan:
        """A new plan."""

    def search(self, num_trials: int = 3, **options: Any) -> Study:
        """A search whose trials print, of which number 1 fails unless told otherwise."""
        silent = options.pop("silent", False)
        points = [{"number": number, "fails": number == 1, "silent": silent} for number in range(num_trials)]
        space = {"number": Int(0, 99), "fails": Choice([False, True]), "silent": Choice([False, True])}
        given: dict[str, Any] = {"num_trials": num_trials, "points_to_evaluate": points} | options
        with _as_in_a_program():
            return search(talking, space, workers=self.plan(), **given)

    @pytest.fixture
    def files(self, tmp_path: Path) -> Callable[[], dict[str, str]]:
        """What is in the files beside the study, by their places."""
        folder = tmp_path / "study.db.files" / "study"
        return lambda: {
            str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.txt"))
        }

    def test_what_trials_print_appears_as_it_comes(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.search()
        seen = "".join(capfd.readouterr())
        for number in range(3):
            for text in ("printed", "and on standard error", "logged"):
                assert f"{text} {number}\n" in seen
        assert "UserWarning: mind the gap" in seen

    def test_beside_a_storage_that_of_failed_trials_is_kept_and_named(
        self, files: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        study = self.search(storage=tmp_path / "study.db")
        assert list(files()) == ["trial-000001/output-0.txt"]
        [text] = files().values()
        assert "printed 1\n" in text
        assert "and on standard error 1\n" in text
        assert "logged 1\n" in text
        assert not any(f"printed {number}" in text for number in (0, 2))
        path = tmp_path / "study.db.files" / "study" / "trial-000001" / "output-0.txt"
        assert (study.trials[1].traceback or "").endswith(f"(What it printed is in {path}.)\n")
        assert "printed 0\n" in "".join(capfd.readouterr())

    def test_a_log_has_that_of_all_and_the_screen_nothing(
        self, files: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        study = self.search(storage=tmp_path / "study.db", output="log", progress=False)
        assert list(files()) == [f"trial-00000{number}/log-0.txt" for number in range(3)]
        for number, text in enumerate(files().values()):
            assert f"printed {number}\n" in text
            assert f"logged {number}\n" in text
        assert "".join(capfd.readouterr()) == ""
        assert "log-0.txt.)" in (study.trials[1].traceback or "")

    def test_what_prints_nothing_leaves_no_file(self, files: Any, tmp_path: Path) -> None:
        self.search(storage=tmp_path / "study.db", silent=True, num_trials=1)
        assert files() == {}


@contextmanager
def _as_in_a_program() -> Iterator[None]:
    """Let warnings and records go to standard error in the block, where pytest catches them."""
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = _show_warning
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=sys.stderr)
