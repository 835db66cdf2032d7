"""Ctrl-C during `hpo run`, by a real signal."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# The third trial never ends; it says so by a file.
OBJECTIVE = """
import pathlib, time

def slow(config, trial):
    yield config["x"]
    if trial.id == 2:
        pathlib.Path("waiting").touch()
        time.sleep(60)
"""
PROGRAM = "import sys; sys.path.insert(0, ''); from hpo.cli.entry import main; main()"


def interrupted(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "slow_objective.py").write_text(OBJECTIVE)
    arguments = ["run", "slow_objective:slow", "--space", "space.toml", "--trials", "5", *options]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell may have started the tests with SIGINT ignored, which children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    ) as process:
        while process.poll() is None and not (folder / "waiting").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process there")
class TestInterrupt:
    def test_it_keeps_what_it_has_and_exits_130(self, tmp_path: Path) -> None:
        done = interrupted(tmp_path)
        assert done.returncode == 130
        assert "unfinished" in done.stdout
        assert "best      x = " in done.stdout
        assert (tmp_path / "hpo-run.png").exists()
        assert "Interrupted after 2 trials. The same command with --seed 0" in done.stderr
        assert "Traceback" not in done.stderr

    def test_the_json_is_whole(self, tmp_path: Path) -> None:
        done = interrupted(tmp_path, "--json")
        document = json.loads(done.stdout)
        assert done.returncode == 130
        assert document["interrupted"] is True
        assert [trial["state"] for trial in document["trials"]] == ["completed", "completed", "running"]
        assert document["best"]["value"] == min(trial["value"] for trial in document["trials"][:2])
