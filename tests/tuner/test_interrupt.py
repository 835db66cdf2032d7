"""Ctrl-C during `hpo.search`, by a real signal: one paragraph, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hpo
from tests.interrupts import interrupted_at

# Where the third trial never ends; it says so by a file.
SCRIPT = """
import pathlib, sys, time
import hpo

def objective(config, trial):
    if trial.id == 2:
        pathlib.Path("waiting").touch()
        time.sleep(60)
    return config["x"]

if __name__ == "__main__":
    sys.excepthook = lambda kind, error, trace: print("the hook before:", kind.__name__, file=sys.stderr)
    hpo.search(objective, {"x": hpo.Float(0, 1)}, num_trials=5, seed=0, %s)
"""


def interrupted(folder: Path, arguments: str, *, as_module: bool = False) -> tuple[int, str]:
    """The exit code and what was said of a script that is interrupted in its third trial."""
    (folder / "script.py").write_text(SCRIPT % arguments)
    how = ["-m", "script"] if as_module else ["script.py"]
    environment = {"PATH": "", "HPO_BACKEND": "numpy", "PYTHONPATH": str(Path(hpo.__file__).parents[1])}
    done = interrupted_at(folder / "waiting", *how, cwd=folder, env=environment)
    return done.returncode, done.stderr


@pytest.mark.parametrize("as_module", [False, True])
def test_it_says_what_was_finished_and_what_becomes_of_it(tmp_path: Path, as_module: bool) -> None:
    code, said = interrupted(tmp_path, "progress=False", as_module=as_module)
    assert code == 130
    [paragraph] = said.strip().splitlines()
    assert paragraph.startswith(
        "The search was interrupted after 2 trials; 1 more was under way. So far the best"
    )
    assert (
        "Nothing of it is kept; with storage='study.db' a search is kept, and can go on later." in paragraph
    )
    assert "Traceback" not in said


def test_with_workers_and_a_storage_it_says_how_to_go_on(tmp_path: Path) -> None:
    code, said = interrupted(tmp_path, "workers=2, storage='s.db', progress=False")
    assert code == 130
    assert "s.db. The same call with resume=True goes on from there." in said
    assert "Traceback" not in said


def test_a_bar_is_gone_before_the_paragraph_comes(tmp_path: Path) -> None:
    code, said = interrupted(tmp_path, "progress=True")
    assert code == 130
    assert said.rstrip().splitlines()[-1].startswith("The search was interrupted after 2 trials")


def test_any_other_error_goes_to_the_hook_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import sys\n"
        "sys.excepthook = lambda kind, error, trace: print('the hook before:', error)\n"
        "import hpo\n"
        "def stop(config):\n"
        "    raise KeyboardInterrupt\n"
        "try:\n"
        "    hpo.search(stop, {'x': hpo.Float(0, 1)}, num_trials=1, seed=0)\n"
        "except hpo.SearchInterrupted:\n"
        "    raise ValueError('another') from None\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "the hook before: another\n")


def test_ipython_shows_the_text_alone() -> None:
    def stop(config: dict[str, object]) -> float:
        raise KeyboardInterrupt

    with pytest.raises(hpo.SearchInterrupted, match="interrupted after 0 trials") as caught:
        hpo.search(stop, {"x": hpo.Float(0, 1)}, num_trials=1, seed=0)
    [line] = caught.value._render_traceback_()
    assert line == f"SearchInterrupted: {caught.value}"
