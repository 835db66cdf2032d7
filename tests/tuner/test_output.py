"""What trials print in a search: above the bar, with whose it is, in files where they are needed."""

from __future__ import annotations

import io
import logging
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.checkpoints import CheckpointFolder
from hpo.executors import Assignment
from hpo.executors.cohorts.cohort import Cohort, Seat
from hpo.executors.cohorts.memory import ShortMemory
from hpo.executors.output import Speaker, Speakers, speakers, speaking
from hpo.study import TrialState
from hpo.tuner.output.files import LIMIT, OutputFiles
from hpo.tuner.output.streams import heard_streams
from hpo.tuner.output.trials import TrialOutput

SPACE = {"x": hpo.Float(0, 1)}
FIRST, SECOND = Speaker(3, 0), Speaker(4, 0)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.txt"))


def says(config: dict[str, Any]) -> float:
    print("x is", config["x"])
    return float(config["x"])


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"output": "file"}, r"output= is 'show', .* or 'log', .*; received 'file'"),
        ({"output": None}, r"received None"),
        ({"output": "log"}, r"kept beside a storage: give storage= with output='log'"),
    ],
)
def test_what_output_takes_is_said(given: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        hpo.search(says, SPACE, num_trials=1, **given)


def test_a_log_says_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given: dict[str, Any] = {"storage": tmp_path / "study.db", "output": "log", "progress": True}
    hpo.search(says, SPACE, num_trials=1, seed=0, **given)
    pattern = tmp_path / "study.db.files" / "study" / "trial-*" / "log-*.txt"
    assert f"What trials print is kept in {pattern}." in "".join(capsys.readouterr())
    assert len(list(tmp_path.rglob("log-0.txt"))) == 1


def test_an_objective_that_holds_a_stream_reaches_its_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)
    stream = sys.stdout

    def holds(config: dict[str, Any]) -> float:
        return float(stream is not None)

    study = hpo.search(holds, SPACE, num_trials=1, seed=0, workers=hpo.Workers(1), storage=tmp_path / "a.db")
    assert study.num_completed == 1


def test_the_streams_are_what_they_were_after_a_search(tmp_path: Path) -> None:
    before = sys.stdout, sys.stderr
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger("of a test").addHandler(handler)
    hpo.search(says, SPACE, num_trials=1, seed=0, storage=tmp_path / "study.db")
    logging.getLogger("of a test").removeHandler(handler)
    assert (sys.stdout, sys.stderr) == before
    assert handler.stream is before[1]


def test_a_callback_does_not_speak_for_its_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def reports(config: dict[str, Any]) -> Iterator[float]:
        hpo.report(1.0)
        print("the trial's own")
        yield 2.0

    hpo.search(
        reports,
        SPACE,
        num_trials=1,
        seed=0,
        storage=tmp_path / "study.db",
        output="log",
        callbacks=lambda event, study: print("the callback's"),
    )
    [path] = tmp_path.rglob("log-0.txt")
    assert path.read_text() == "the trial's own\n"
    assert set(capsys.readouterr().out.splitlines()) == {"the callback's"}


def test_searches_in_threads_hear_their_own_trials(tmp_path: Path) -> None:
    barrier = threading.Barrier(2, timeout=20)
    before = sys.stdout, sys.stderr

    def search(name: str) -> None:
        def says_its_name(config: dict[str, Any]) -> float:
            barrier.wait()
            print("of", name)
            return 1.0

        given: dict[str, Any] = {"storage": tmp_path / f"{name}.db", "output": "log"}
        hpo.search(says_its_name, SPACE, num_trials=3, seed=0, **given)

    threads = [threading.Thread(target=search, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sys.stdout, sys.stderr) == before
    for name in ("a", "b"):
        texts = [path.read_text() for path in (tmp_path / f"{name}.db.files").rglob("*.txt")]
        assert texts == [f"of {name}\n"] * 3


def test_a_trial_that_runs_again_and_ends_well_leaves_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    def dies_once(config: dict[str, Any]) -> float:
        print("here")
        if not mark.exists():
            mark.touch()
            os._exit(1)
        return 1.0

    given: dict[str, Any] = {"storage": tmp_path / "study.db", "seed": 0, "workers": hpo.Workers(1)}
    study = hpo.search(dies_once, SPACE, num_trials=1, **given)
    assert study.num_completed == 1
    assert files_in(tmp_path) == []


def test_one_that_is_lost_for_good_has_that_of_each_start(tmp_path: Path) -> None:
    def dies(config: dict[str, Any]) -> float:
        print("my last words", end="", flush=True)
        os._exit(1)

    given: dict[str, Any] = {"storage": tmp_path / "study.db", "seed": 0, "give_up_after": None}
    with pytest.raises(hpo.errors.SearchFailedError):
        hpo.search(dies, SPACE, num_trials=1, workers=hpo.Workers(1, max_retries=1), **given)
    folder = tmp_path / "study.db.files" / "study" / "trial-000000"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "output-0.txt": "my last words\n",
        "output-1.txt": "my last words\n",
    }
    [trial] = hpo.load_study(tmp_path / "study.db").trials
    assert (trial.traceback or "").startswith("my last words\n(What it printed is in ")


@pytest.mark.parametrize("scheduler", [hpo.ASHA(1, 4, eta=2), hpo.SuccessiveHalving(1, 4, eta=2)])
def test_what_was_paused_and_ended_later_leaves_nothing(scheduler: Any, tmp_path: Path) -> None:
    def chatty(config: dict[str, Any]) -> Iterator[float]:
        for epoch in range(4):
            print("epoch", epoch)
            yield config["x"]

    study = hpo.search(
        chatty, SPACE, scheduler=scheduler, num_trials=8, seed=0, storage=tmp_path / "study.db"
    )
    waiting = {trial.id for trial in study.trials if trial.state is TrialState.PAUSED}
    assert {int(re.findall(r"trial-(\d+)", name)[0]) for name in files_in(tmp_path)} <= waiting


def test_a_sweep_removes_what_a_killed_tuner_left_of_trials_that_ended_well(tmp_path: Path) -> None:
    def search(num_trials: int) -> hpo.Study:
        def fails(config: dict[str, Any]) -> float:
            if config["x"] > 0.6:
                raise ValueError("no")
            return 1.0

        points = [{"x": 0.1}, {"x": 0.9}, {"x": 0.2}]
        return hpo.search(
            fails,
            SPACE,
            num_trials=num_trials,
            points_to_evaluate=points,
            seed=0,
            storage=tmp_path / "study.db",
            resume=True,
        )

    search(2)
    folder = CheckpointFolder(tmp_path / "study.db.files" / "study")
    for trial in (0, 1):
        for stays in (False, True):
            path = folder.output(trial, 0, stays=stays)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("left")
    search(3)
    assert files_in(folder.path) == [
        "trial-000000/log-0.txt",
        "trial-000001/log-0.txt",
        "trial-000001/output-0.txt",
    ]


class TestFiles:
    def test_a_file_is_of_bounded_size_and_says_what_it_leaves_out(self, tmp_path: Path) -> None:
        files = OutputFiles(CheckpointFolder(tmp_path), stays=True)
        for number in range(3000):
            files.write((FIRST,), f"{number:06d}{'x' * 993}\n")
        files.close()
        path = tmp_path / "trial-000003" / "log-0.txt"
        text = path.read_text()
        assert len(text) < LIMIT + 200
        assert text.startswith("000000x")
        assert text.splitlines()[-1].startswith("002999x")
        assert re.search(r"\n\.\.\. \d+ bytes left out \.\.\.\n", text)

    def test_what_trials_print_together_is_kept_while_one_needs_it(self, tmp_path: Path) -> None:
        files = OutputFiles(CheckpointFolder(tmp_path), stays=False)
        files.write((FIRST, SECOND), "of both\n")
        files.write((SECOND,), "of one\n")
        assert files.path(4, 0) == tmp_path / "trial-000004" / "output-0.txt"
        files.settle(3, TrialState.COMPLETED)
        assert files_in(tmp_path) == ["trial-000003/output-0.txt", "trial-000004/output-0.txt"]
        files.settle(4, TrialState.FAILED)
        files.close()
        assert files_in(tmp_path) == ["trial-000003/output-0.txt", "trial-000004/output-0.txt"]
        text = (tmp_path / "trial-000003" / "output-0.txt").read_text()
        assert text == "--- trials 3-4 together ---\nof both\n"

    def test_and_goes_when_all_ended_well(self, tmp_path: Path) -> None:
        files = OutputFiles(CheckpointFolder(tmp_path), stays=False)
        files.write((FIRST, SECOND), "of both\n")
        assert files.path(4, 0) == tmp_path / "trial-000003" / "output-0.txt"
        files.settle(3, TrialState.COMPLETED)
        assert files_in(tmp_path) == ["trial-000003/output-0.txt"]
        files.settle(4, TrialState.STOPPED)
        assert files_in(tmp_path) == []

    def test_a_folder_that_cannot_be_written_costs_the_files_alone(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        files = OutputFiles(CheckpointFolder(tmp_path / "file"), stays=True)
        files.write((FIRST,), "lost\n")
        files.settle(3, TrialState.FAILED)
        files.close()

    def test_a_trial_that_is_interrupted_keeps_its_file(self, tmp_path: Path) -> None:
        files = OutputFiles(CheckpointFolder(tmp_path), stays=False)
        files.write((FIRST,), "so far\n")
        files.close()
        assert files_in(tmp_path) == ["trial-000003/output-0.txt"]


class TestWorkersLines:
    def test_each_has_its_trial_before_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        output = TrialOutput("show", None)
        output.hear((FIRST,), "one\n")
        output.hear((FIRST, SECOND, Speaker(9, 1)), "three\n")
        output.hear((), "from nowhere\n")
        assert capsys.readouterr().out == "trial 3: one\ntrials 3-4, 9: three\nfrom nowhere\n"

    def test_a_warning_is_shown_once_and_counted(self, capsys: pytest.CaptureFixture[str]) -> None:
        output = TrialOutput("show", None)
        with output.listening():
            for trial in range(4):
                output.hear((Speaker(trial, 0),), "a.py:7: UserWarning: mind the gap\n")
            output.hear((FIRST,), "a.py:8: UserWarning: mind the gap\n")
        assert capsys.readouterr().out.splitlines() == [
            "trial 0: a.py:7: UserWarning: mind the gap",
            "trial 3: a.py:8: UserWarning: mind the gap",
            "trials 1-3: the same warning 3 times more: a.py:7: UserWarning: mind the gap",
        ]

    def test_a_stream_that_is_closed_costs_the_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        closed = io.StringIO()
        closed.close()
        for stream in (closed, None):
            monkeypatch.setattr(sys, "stdout", stream)
            TrialOutput("show", None).hear((FIRST,), "one\n")


class Bar:
    """Draws nothing, and keeps what was printed above."""

    def __init__(self) -> None:
        self.is_live = True
        self.above: list[str] = []

    def print_above(self, text: str) -> None:
        self.above.append(text)


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


class TestStreams:
    def test_whole_lines_go_above_what_is_drawn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal, bar = Terminal(), Bar()
        monkeypatch.setattr(sys, "stdout", terminal)
        with heard_streams(lambda speakers, text: True, bar):
            print("from the search")
            with speaking(FIRST):
                print("begun", end=" ")
                print("and ended")
                sys.stdout.writelines(["\r 50%", "\r100%\n", "and more"])
            bar.is_live = False
            print(" when nothing is drawn")
        assert bar.above == ["from the search", "begun and ended", "100%"]
        assert terminal.getvalue() == "and more\n when nothing is drawn\n"

    def test_bars_and_line_ends_of_windows_come_as_a_terminal_shows_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdout", Terminal())
        with heard_streams(lambda speakers, text: True, bar := Bar()), speaking(FIRST):
            sys.stdout.write("of Windows\r\n\r 50%\x1b[A\n\x1b[K\n\n\x1b[31mred\x1b[0m\x1b]0;title\x07\n")
        assert bar.above == ["of Windows", " 50%", "", "\x1b[31mred\x1b[0m"]

    def test_the_last_line_of_a_trial_is_not_drawn_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal, bar = Terminal(), Bar()
        monkeypatch.setattr(sys, "stdout", terminal)
        with heard_streams(lambda speakers, text: True, bar), speaking(FIRST):
            print("without an end", end="")
        assert (bar.above, terminal.getvalue()) == (["without an end"], "")

    def test_what_is_said_of_a_search_begins_a_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        file = io.StringIO()
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, file)
        with heard_streams(lambda speakers, text: True, None):
            for text in ("one", "\r 50%"):
                with speaking(FIRST):
                    print(text, end="")
                print("of the search", file=sys.stderr)
                with speaking(FIRST):
                    print()
        assert file.getvalue() == "one\nof the search\n\r 50%\nof the search\n"

    def test_it_adds_nothing_to_what_goes_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdout", data := io.StringIO())
        monkeypatch.setattr(sys, "stderr", said := io.StringIO())
        with heard_streams(lambda speakers, text: True, None):
            with speaking(FIRST):
                print("1,", end="")
            print("of the search", file=sys.stderr)
            with speaking(FIRST):
                print("2,", end="")
        assert (data.getvalue(), said.getvalue()) == ("1,2,", "of the search\n")

    def test_what_draws_finds_the_stream_behind_those_of_all_searches(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdout", terminal := Terminal())
        with heard_streams(lambda speakers, text: True, Bar()), heard_streams(lambda who, text: True, Bar()):
            assert getattr(sys.stdout, "rich_proxied_file", None) is terminal

    def test_a_file_gets_all_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        file, bar = io.StringIO(), Bar()
        monkeypatch.setattr(sys, "stdout", file)
        with heard_streams(lambda speakers, text: True, bar), speaking(FIRST):
            print("as it is")
        assert (file.getvalue(), bar.above) == ("as it is\n", [])

    def test_what_only_trials_say_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        file = io.StringIO()
        taken: list[tuple[Speakers, str]] = []
        monkeypatch.setattr(sys, "stdout", file)

        def take(who: Speakers, text: str) -> bool:
            taken.append((who, text))
            return False

        with heard_streams(take, None):
            sys.stdout.write("outside\n")
            with speaking(FIRST):
                sys.stdout.write("inside\n")
                with speaking():
                    sys.stdout.write("asked from inside\n")
        assert taken == [((FIRST,), "inside\n")]
        assert file.getvalue() == "outside\nasked from inside\n"

    def test_it_is_the_stream_in_all_else(self) -> None:
        stream = sys.stdout
        with heard_streams(lambda speakers, text: True, None):
            assert sys.stdout.encoding == stream.encoding
            assert sys.stdout.fileno() == stream.fileno()
            assert sys.stdout.isatty() == stream.isatty()


def test_a_cohort_speaks_for_all_of_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Speakers] = []
    seats = [Seat(Assignment(trial, {}), None) for trial in (3, 4)]
    for seat in seats:
        seat.runs = True
        monkeypatch.setattr(seat, "step", lambda: None)
    cohort = Cohort(seats, ShortMemory())
    monkeypatch.setattr(cohort, "_train", lambda: heard.append(speakers()))
    cohort.step()
    assert heard == [(FIRST, SECOND)]


SCRIPT = """
import logging, sys, time
import hpo

logging.basicConfig(level="WARNING")

def objective(config):
    for epoch in range(6):
        time.sleep(0.15)
        print("printed", epoch, flush=True)
        print("error", epoch, file=sys.stderr)
        logging.warning("logged %d", epoch)
    return 1.0

hpo.search(objective, {"x": hpo.Float(0, 1)}, num_trials=2, seed=0, workers=int(sys.argv[1]))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_in_a_terminal_it_stands_above_the_bar(workers: int, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), str(workers)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    ):
        os.close(theirs)
        received = b""
        while True:
            try:
                data = os.read(ours, 2**16)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            received += data
    os.close(ours)
    # Without what moves the cursor each line stands on its own: the bar was taken away before it.
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", received.decode())
    lines = [line.strip() for line in re.split(r"[\r\n]+", plain)]
    for trial in (0, 1):
        prefix = "" if workers == 1 else f"trial {trial}: "
        for epoch in range(6):
            for text in (f"printed {epoch}", f"error {epoch}", f"WARNING:root:logged {epoch}"):
                assert lines.count(prefix + text) == (2 if workers == 1 else 1), (prefix + text, lines)
    assert any("/2 trials" in line for line in lines)
