"""Ctrl-C during `hpo run`, by a real signal."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.study.origin import load_study
from tests.interrupts import interrupted_at

# The third trial never ends; it says so by a file.
OBJECTIVE = """
import pathlib, time

def slow(config, trial):
    yield config["x"]
    if trial.id == 2:
        pathlib.Path("waiting").touch()
        time.sleep(60)

def stubborn(config, trial):
    yield config["x"]
    while trial.id == 2:
        try:
            pathlib.Path("waiting").touch()
            time.sleep(60)
        except BaseException:
            pass
"""
PROGRAM = "import sys; sys.path.insert(0, ''); from hpo.cli.entry import main; main()"

WATCHED = """
import os, signal, time
from hpo.cli.failures import interrupts_watched

signal.signal(signal.SIGINT, signal.default_int_handler)
with interrupts_watched(lambda: print("slow", flush=True), "last words"):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(1.5)
        print("caught", flush=True)
with interrupts_watched(lambda: None, "last words"):
    child = os.fork()
    if not child:
        for _ in range(3):
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)
            except KeyboardInterrupt:
                pass
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    time.sleep(0.3)
    print("a child of one is not counted", flush=True)
"""


def interrupted(
    folder: Path, *options: str, name: str = "slow", times: int = 1
) -> subprocess.CompletedProcess[str]:
    (folder / "slow_objective.py").write_text(OBJECTIVE)
    arguments = ["run", f"slow_objective:{name}", "--space", "space.toml", "--trials", "5", *options]
    return interrupted_at(folder / "waiting", "-c", PROGRAM, *arguments, times=times)


class TestInterrupt:
    def test_it_keeps_what_it_has_and_exits_130(self, tmp_path: Path) -> None:
        done = interrupted(tmp_path)
        assert done.returncode == 130
        assert "unfinished" in done.stdout
        assert "best      x = " in done.stdout
        assert (tmp_path / "hpo-run.png").exists()
        assert "Interrupted after 2 trials. Without --storage nothing is kept; the same" in done.stderr
        assert "hpo run slow_objective:slow --space space.toml --seed 0 --trials 5\n" in done.stderr
        assert "Traceback" not in done.stderr

    def test_the_json_is_whole(self, tmp_path: Path) -> None:
        done = interrupted(tmp_path, "--json")
        document = json.loads(done.stdout)
        assert done.returncode == 130
        assert document["interrupted"] is True
        assert [trial["state"] for trial in document["trials"]] == ["completed", "completed", "running"]
        assert document["best"]["value"] == min(trial["value"] for trial in document["trials"][:2])

    def test_with_a_storage_it_says_how_to_resume_and_that_works(
        self, tmp_path: Path, hpo_process: Callable[..., Any]
    ) -> None:
        done = interrupted(tmp_path, "--storage", "my study.db", "--no-plot")
        command = done.stderr.strip().rpartition("Go on with: ")[2]
        words = shlex.split(command)
        assert words[:3] == ["hpo", "run", "slow_objective:slow"]
        assert words[-4:] == ["--storage", "my study.db", "--resume", "--no-plot"]
        # What made it wait is gone, as it would be on another day.
        (tmp_path / "slow_objective.py").write_text(OBJECTIVE.replace("time.sleep(60)", "pass"))
        resumed = hpo_process(*words[1:], code=PROGRAM)
        assert resumed.code == 0, resumed.stderr
        assert "resumed: 3 of 5 trials are there already (2 completed, 1 running)" in resumed.stdout
        assert "[5/5] trial 4" in resumed.stdout

    @pytest.mark.parametrize("workers", [(), ("--workers", "2")], ids=["in_process", "workers"])
    def test_twice_ends_at_once_and_loses_nothing_that_was_finished(
        self, tmp_path: Path, workers: tuple[str, ...]
    ) -> None:
        options = ("--storage", "study.db", "--no-plot", *workers)
        done = interrupted(tmp_path, *options, name="stubborn", times=2)
        assert done.returncode == 130
        assert "Ended at once. What was finished is in study.db. Go on with: hpo run" in done.stderr
        assert "best      " not in done.stdout
        states = [trial.state.value for trial in load_study("study.db").trials]
        assert states.count("completed") >= 1
        assert states[2] == "running"

    def test_twice_without_a_storage_says_what_is_lost(self, tmp_path: Path) -> None:
        done = interrupted(tmp_path, "--no-plot", name="stubborn", times=2)
        assert done.returncode == 130
        assert "Ended at once. Without --storage nothing is kept; the same configurations" in done.stderr

    def test_a_slow_end_says_that_once_more_is_quicker(self, tmp_path: Path) -> None:
        (tmp_path / "own_watch.py").write_text(WATCHED)
        done = subprocess.run(
            [sys.executable, "own_watch.py"], capture_output=True, text=True, check=False, timeout=30
        )
        assert done.stdout.splitlines() == ["slow", "caught", "a child of one is not counted"]
        assert done.returncode == 0
