"""What trials print in workers comes to the parent: all of it, line by line, with whose it is."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.executors import Assignment, Ending, Outcome
from hpo.executors.output import Speaker, Speakers, called
from hpo.executors.processes import ProcessExecutor
from hpo.executors.processes.spoken import SpokenText, header, mark
from hpo.executors.processes.supervisor import PENDING_LIMIT

Start = Callable[..., ProcessExecutor]


class Heard:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[Speakers, str]] = []

    def __call__(self, speakers: Speakers, text: str) -> None:
        self.said.append((speakers, text))

    def of(self, trial: int) -> str:
        """What a trial said."""
        return "".join(text for speakers, text in self.said if trial in [one.trial for one in speakers])


def heard_of(
    start: Start, function: Callable[..., Any], *trials: int, **options: Any
) -> tuple[Heard, list[Outcome]]:
    """What trials of a function said by the time that their outcomes came."""
    heard = Heard()
    executor = start(function, on_output=heard, **options)
    outcomes = []
    for trial in trials or (0,):
        executor.submit(Assignment(trial, {"trial": trial}))
        outcomes += executor.poll()
    return heard, outcomes


def test_both_streams_c_libraries_and_children_are_heard(start: Start) -> None:
    def talking(config: dict[str, Any]) -> int:
        print("by print")
        ctypes.CDLL(None).puts(b"by C")
        ctypes.CDLL(None).fflush(None)
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
        print("to standard error", file=sys.stderr)
        print("without an end", end="")
        return 1

    heard, _ = heard_of(start, talking)
    assert heard.said == [
        ((Speaker(0, 0),), f"{text}\n")
        for text in ("by print", "by C", "by a child", "to standard error", "without an end")
    ]


def test_each_line_is_its_trials_own(start: Start) -> None:
    heard, _ = heard_of(start, lambda config: print("this is", config["trial"]) or 1, 3, 4, 5)
    assert [(speakers[0].trial, text) for speakers, text in heard.said] == [
        (3, "this is 3\n"),
        (4, "this is 4\n"),
        (5, "this is 5\n"),
    ]


@pytest.mark.parametrize("how", ["killed", "exit", "abort"])
def test_the_last_words_of_a_worker_that_dies_are_heard(how: str, start: Start) -> None:
    def dying(config: dict[str, Any]) -> int:
        for number in range(2000):
            print("word", number)
        print("last", end="", flush=True)
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "exit":
            os._exit(3)
        os.abort()

    heard, [outcome] = heard_of(start, dying)
    assert outcome.ending is Ending.LOST
    words = heard.of(0).splitlines()
    assert words[:2000] == [f"word {number}" for number in range(2000)]
    assert words[2000].startswith("last")


def test_a_flood_waits_to_be_read_and_nothing_is_lost(start: Start) -> None:
    num_lines = 20 * PENDING_LIMIT // 1000

    def flooding(config: dict[str, Any]) -> int:
        for line in range(num_lines):
            print(f"{line:06d}", "x" * 993)
        return 1

    heard = Heard()
    executor = start(flooding, on_output=heard)
    executor.submit(Assignment(0, {}))
    time.sleep(0.5)  # meanwhile nothing reads
    [outcome] = executor.poll()
    assert outcome.ending is Ending.ENDED
    assert [text[:6] for _, text in heard.said] == [f"{line:06d}" for line in range(num_lines)]


@pytest.mark.parametrize("how", ["stop", "close"])
def test_one_that_waits_to_be_read_can_be_ended(how: str, start: Start) -> None:
    def endless(config: dict[str, Any]) -> int:
        while True:
            print("x" * 1000)

    executor = start(endless, on_output=Heard())
    executor.submit(Assignment(0, {}))
    executor.poll(timeout=0.5)
    time.sleep(0.3)
    began = time.monotonic()
    executor.stop(0) if how == "stop" else executor.close()
    # Else it would be killed after five seconds.
    assert time.monotonic() - began < 4
    assert how == "close" or executor._pool.workers


def test_a_trial_that_closes_its_output_says_no_more_and_ends_as_ever(start: Start) -> None:
    def closing(config: dict[str, Any]) -> int:
        if config["trial"] == 0:
            print("before")
            os.close(1)
            os.close(2)
        return 1

    heard, outcomes = heard_of(start, closing, 0, 1)
    assert [outcome.ending for outcome in outcomes] == [Ending.ENDED] * 2
    assert heard.said == [((Speaker(0, 0),), "before\n")]


def test_a_warning_is_one_line(start: Start) -> None:
    def warning(config: dict[str, Any]) -> int:
        warnings.warn("mind\n  the gap", stacklevel=1)
        return 1

    heard, _ = heard_of(start, warning)
    assert heard.of(0).endswith(": UserWarning: mind the gap\n")
    assert heard.of(0).count("\n") == 1


def test_what_is_logged_is_heard_from_the_level_of_the_root_logger_on(start: Start, caplog: Any) -> None:
    def logging_(config: dict[str, Any]) -> int:
        import logging

        logging.getLogger("mine").info("for information")
        logging.getLogger("mine").debug("for none")
        return 1

    caplog.set_level("INFO")
    heard, _ = heard_of(start, logging_)
    assert heard.of(0) == "INFO:mine:for information\n"


def test_trials_of_one_computation_are_heard_together_and_what_is_no_trials_is_not() -> None:
    text = SpokenText()
    both = (Speaker(3, 0), Speaker(4, 1))
    said = f"before\n{header(3, 0)}\n{header(4, 1)}\nof both\npart{mark(1)}\n{header(5, 0)}\n\n".encode()
    # However the bytes come.
    for size in (1, 7, 1000):
        text = SpokenText()
        found = [one for place in range(0, len(said), size) for one in text.feed(said[place : place + size])]
        assert found == [
            (both, "of both\n"),
            (both, "part\n"),
            ((Speaker(5, 0),), "\n"),
        ]
        assert text.marks == 1


def test_a_progress_bar_is_a_line_as_it_was_last() -> None:
    text = SpokenText()
    list(text.feed(f"{header(0, 0)}\n".encode()))
    assert [line for _, line in text.feed(b"\r 1%\r 50%\r100%\n")] == ["100%\n"]


def test_a_line_that_never_ends_is_passed_on_in_pieces() -> None:
    text = SpokenText()
    list(text.feed(f"{header(0, 0)}\n".encode()))
    pieces = [line for _ in range(100) for _, line in text.feed(b"x" * 10_000)]
    assert len(pieces) > 10


@pytest.mark.parametrize(
    ("trials", "expected"),
    [([7], "trial 7"), ([10, 3, 4, 5], "trials 3-5, 10"), ([0, 1], "trials 0-1"), ([2, 9], "trials 2, 9")],
)
def test_trials_are_called_by_their_numbers(trials: list[int], expected: str) -> None:
    assert called(trials) == expected


def test_nothing_is_left_open(start: Start) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for _ in range(3):
        executor = start(lambda config: print("here") or 1, on_output=Heard(), workers=2)
        executor.submit(Assignment(0, {}))
        executor.poll()
        executor.close()
    assert not before or len(os.listdir("/proc/self/fd")) == before
