"""What trials print in a search: above the bar, with whose it is, in files where they are needed."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import hpo
from hpo.checkpoints import CheckpointFolder
from hpo.executors import Assignment
from hpo.executors.cohorts.cohort import Cohort, Seat
from hpo.executors.cohorts.memory import ShortMemory
from hpo.executors.output import Speaker, Speakers, speakers
from hpo.study import Event, TrialState
from hpo.tuner.output.streams import heard_streams
from hpo.tuner.output.trials import TrialOutput
from tests.terminals import run_in_terminal
from tests.tuner.output_files import files_in

SPACE = {"x": hpo.Float(0, 1)}
FIRST, SECOND = Speaker(3, 0), Speaker(4, 0)


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


def test_a_handler_that_asks_for_the_stream_at_each_record_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger, handler = logging.getLogger("of a test"), logging.lastResort
    assert handler is not None

    def logs(config: dict[str, Any]) -> float:
        logger.warning("logged")
        return 1.0

    logger.addHandler(handler)
    logger.propagate = False
    try:
        hpo.search(logs, SPACE, num_trials=1, seed=0, storage=tmp_path / "study.db")
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    assert "logged" in capsys.readouterr().err


@pytest.mark.parametrize("in_trial", [True, False])
def test_a_program_that_looks_whether_a_stream_takes_bytes_finds_that_it_takes_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], in_trial: bool
) -> None:
    def echoes(config: dict[str, Any]) -> float:
        if in_trial:
            typer.echo("said by a trial")
        return 1.0

    def told(event: Event, study: hpo.Study) -> None:
        typer.echo("said beside it")

    hpo.search(echoes, SPACE, num_trials=1, seed=0, storage=tmp_path / "study.db", callbacks=[told])
    out = capsys.readouterr().out
    assert "said beside it" in out
    assert ("said by a trial" in out) == in_trial
    with (
        pytest.raises(TypeError, match="must be str, not bytes"),
        heard_streams(lambda who, text: True, None),
    ):
        sys.stdout.write(b"")  # type: ignore[arg-type]  # as typer does to see which it is


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
    written, _ = run_in_terminal(tmp_path / "script.py", str(workers), columns=80)
    # Without what moves the cursor each line stands on its own: the bar was taken away before it.
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    lines = [line.strip() for line in re.split(r"[\r\n]+", plain)]
    for trial in (0, 1):
        prefix = "" if workers == 1 else f"trial {trial}: "
        for epoch in range(6):
            for text in (f"printed {epoch}", f"error {epoch}", f"WARNING:root:logged {epoch}"):
                assert lines.count(prefix + text) == (2 if workers == 1 else 1), (prefix + text, lines)
    assert any("/2 trials" in line for line in lines)
