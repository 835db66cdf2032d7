"""`progress=`: what `hpo.search` says in a terminal, in a notebook, in a pipe, and where it is silent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hpo
from tests.terminals import run_in_terminal, screen, widest

SPACE = {"x": hpo.Float(0, 1)}

# Ten trials a second, of which one fails and all print.
SCRIPT = """
import sys, time
sys.path.insert(0, {root!r})
import hpo

def objective(config, trial):
    time.sleep(0.05)
    print("printed by", trial.id)
    if trial.id == 10:
        raise ValueError("no [red]luck")
    return config["x"]

{setup}
space = {{"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}}
study = hpo.search(objective, space, num_trials=20, seed=0, {arguments})
print("rich" in sys.modules, study.num_failed)
"""


def script(folder: Path, arguments: str = "", setup: str = "") -> Path:
    file = folder / "script.py"
    root = str(Path(hpo.__file__).parents[1])
    file.write_text(SCRIPT.format(root=root, arguments=arguments, setup=setup))
    return file


def in_a_pipe(folder: Path, arguments: str = "", setup: str = "") -> tuple[list[str], list[str]]:
    """The lines on standard output and on standard error."""
    done = subprocess.run(
        [sys.executable, str(script(folder, arguments, setup))],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"HPO_BACKEND": "numpy"},
    )
    return done.stdout.splitlines(), done.stderr.splitlines()


def test_in_a_pipe_it_says_a_line_a_second_on_standard_error_and_loads_no_rich(tmp_path: Path) -> None:
    printed, said = in_a_pipe(tmp_path)
    assert printed[-1] == "False 1"
    assert len(printed) == 21
    assert said[0] == "Study 'study': searcher RandomSearch, scheduler FIFO, seed 0"
    assert said[-1].startswith("20 trials in ")
    assert said.count("Trial 10 failed: ValueError: no [red]luck (script.py:10)") == 1
    # The search takes one to two seconds, or more on a busy machine.
    assert 4 <= len(said) < 20


def test_what_it_does_not_show_costs_no_line_and_no_rich(tmp_path: Path) -> None:
    assert in_a_pipe(tmp_path, "progress=False")[1] == []
    silenced = "import logging; logging.getLogger('hpo').setLevel(logging.WARNING)"
    printed, said = in_a_pipe(tmp_path, setup=silenced)
    assert (printed[-1], said) == ("False 1", [])


def test_where_logging_is_configured_each_trial_is_a_record_and_nothing_else_is_said(tmp_path: Path) -> None:
    configured = (
        "import logging; logging.basicConfig(level='INFO', format='%(name)s %(levelname)s %(message)s')"
    )
    _, said = in_a_pipe(tmp_path, setup=configured)
    assert {line.split()[0] for line in said} == {"hpo"}
    assert sum("/20] trial " in line and " INFO " in line for line in said) == 19
    # The one that failed has its line, too, after its reason.
    assert sum(" WARNING " in line for line in said) == 2


def test_it_is_silent_where_logging_is_configured_for_warnings(tmp_path: Path) -> None:
    _, said = in_a_pipe(tmp_path, setup="import logging; logging.basicConfig()")
    assert said == []


@pytest.mark.parametrize("columns", [80, 200])
def test_in_a_terminal_a_bar_is_drawn_and_a_summary_stays(tmp_path: Path, columns: int) -> None:
    written, code = run_in_terminal(script(tmp_path), columns=columns)
    assert code == 0
    assert "/20 trials, " in written
    assert widest(written) <= columns
    lines = [line for line in screen(written, columns) if line.strip()]
    # What trials printed stands above the bar, which is gone, and below it what came after the search.
    assert [line for line in lines if line.startswith("printed by")] == [f"printed by {n}" for n in range(20)]
    assert "Trial 10 failed: ValueError: no [red]luck (script.py:10)" in lines
    assert lines[-2].startswith("20 trials in ")
    assert lines[-1] == "True 1"
    assert not [line for line in lines if "/20 trials" in line]


def test_a_search_that_is_over_at_once_leaves_no_trace_in_a_terminal(tmp_path: Path) -> None:
    file = script(tmp_path)
    file.write_text(file.read_text().replace("time.sleep(0.05)", "").replace("raise", "return 1; raise"))
    written, _ = run_in_terminal(file, columns=80)
    assert [line for line in screen(written, 80) if line and not line.startswith("printed")] == ["False 0"]


# Each search has a bar to draw, prints, and prints without a line's end.
SEARCHES = """
import sys, threading, time
sys.path.insert(0, {root!r})
import hpo

def objective(config):
    for _ in range(40):
        time.sleep(0.01)
        print("x" if config["x"] else "nothing", flush=True)
    print("open", end="")
    return config["x"]

def search(name, objective=objective):
    hpo.search(objective, {{"x": hpo.Float(0, 1)}}, num_trials=2, seed=0, name=name, progress=True)

def outer(config):
    search("inner")
    return config["x"]

{calls}
"""


@pytest.mark.parametrize(
    "calls",
    [
        "threads = [threading.Thread(target=search, args=(name,)) for name in 'ab']\n"
        "for one in threads: one.start()\n"
        "for one in threads: one.join()",
        "search('outer', outer)",
    ],
    ids=["in threads", "one in the trials of another"],
)
def test_searches_share_a_terminal(tmp_path: Path, calls: str) -> None:
    file = tmp_path / "script.py"
    file.write_text(SEARCHES.format(root=str(Path(hpo.__file__).parents[1]), calls=calls))
    written, code = run_in_terminal(file, columns=80)
    lines = [line.strip() for line in screen(written, 80) if line.strip()]
    assert code == 0
    assert "Traceback" not in written
    assert not [line for line in lines if "\u2501" in line]
    said = [line for line in lines if line.strip("x")]
    # In threads the two may print into one line, as any threads do; what is said of a search has its own.
    assert sum(line.startswith("Study '") for line in said) == sum(
        line.startswith("2 trials in ") for line in said
    )
    assert sum(line.startswith("Study '") for line in said) >= 2
    assert sum(line.count("Study '") + line.count(" trials in ") for line in said) == sum(
        line.startswith(("Study '", "2 trials in ")) for line in said
    )
