"""What workers print goes to a log file of bounded size."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from hpo.executors import Assignment, Ending, Outcome
from hpo.executors.processes.supervisor import LOG_LIMIT, BoundedLog

Run = Callable[..., Outcome]


def test_output_goes_to_the_log_and_not_to_the_terminal(
    start: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def talking(config: dict[str, Any]) -> int:
        print("by print")
        os.system("echo by a child")
        print("to standard error", file=sys.stderr)
        return 1

    executor = start(talking, log_folder=tmp_path / "logs")
    executor.submit(Assignment(0, {}))
    assert executor.poll()[0].ending is Ending.ENDED
    executor.close()
    [log] = (tmp_path / "logs").iterdir()
    assert log.name == f"worker-{os.getpid()}-000.log"
    assert log.read_text() == "--- trial 0, attempt 0 ---\nby print\nby a child\nto standard error\n"
    assert capfd.readouterr() == ("", "")


def test_a_lost_trial_names_the_log(run: Run, tmp_path: Path) -> None:
    outcome = run(lambda config: os._exit(1), log_folder=tmp_path)
    [log] = tmp_path.iterdir()
    assert outcome.traceback == f"(The whole output of its worker is in {log}.)"


def test_a_flood_of_output_neither_blocks_nor_fills_the_disk(start: Any, tmp_path: Path) -> None:
    def flooding(config: dict[str, Any]) -> int:
        for line in range(400):
            print(line, "x" * 2**17)
        return 1

    executor = start(flooding, log_folder=tmp_path)
    executor.submit(Assignment(0, {}))
    assert executor.poll()[0].ending is Ending.ENDED
    executor.close()
    [log] = tmp_path.iterdir()
    assert log.stat().st_size < LOG_LIMIT + 200
    text = log.read_text()
    assert text.startswith("--- trial 0, attempt 0 ---\n0 xxx")
    assert "bytes left out ...\n" in text
    assert "\n399 xxx" in text


def test_standard_input_is_empty(run: Run) -> None:
    assert run(lambda config: len(sys.stdin.read())).result == 0.0


def test_an_objective_may_close_its_output(run: Run) -> None:
    assert run(lambda config: sys.stdout.close() or 1).ending is Ending.ENDED


def test_without_a_folder_nothing_is_left(start: Any) -> None:
    executor = start(lambda config: print("here") or 1)
    executor.submit(Assignment(0, {}))
    executor.poll()
    folder = executor._pool._private
    assert sorted(path.name for path in folder.iterdir()) == [
        "objective.pickle",
        "owner",
        f"worker-{os.getpid()}-000.log",
    ]
    executor.close()
    assert not folder.exists()


class TestBoundedLog:
    def test_it_keeps_beginning_and_end(self, tmp_path: Path) -> None:
        path = tmp_path / "log"
        with FileIO(path, "w+") as file:
            log = BoundedLog(file, 100)
            for number in range(100):
                log.write(b"%03d\n" % number)
        text = path.read_bytes()
        assert text.startswith(b"000\n001\n")
        assert text.endswith(b"098\n099\n")
        assert len(text) < 150

    def test_it_says_how_much_is_missing(self, tmp_path: Path) -> None:
        path = tmp_path / "log"
        with FileIO(path, "w+") as file:
            BoundedLog(file, 8).write(b"abcdefghijklmnop")
        assert path.read_bytes() == b"abcd\n... 10 bytes left out ...\nop"

    def test_a_full_disk_is_ignored(self) -> None:
        with FileIO("/dev/full", "r+") as file:
            BoundedLog(file, 8).write(b"abcdefghijklmnop")
