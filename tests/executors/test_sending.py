"""How an objective comes to the workers, and what is said of one that cannot."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import pickle
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.errors import ObjectiveError
from hpo.executors import Assignment, Outcome
from hpo.executors.processes.pack import pack
from hpo.testing.objectives import plain

Run = Callable[..., Outcome]

# A script's own objectives, each with something that cannot go along.
PARTS = {
    "the global variable 'LOCK'": """
        LOCK = threading.Lock()
        def objective(config):
            return [LOCK for _ in range(2)]
        """,
    "the global variable 'LOCK' of the global variable 'helper'": """
        LOCK = threading.Lock()
        def helper():
            return LOCK
        def objective(config):
            return helper()
        """,
    "the variable 'numbers' around it": """
        def around(numbers):
            return lambda config: next(numbers)
        objective = around(iter(n for n in range(3)))
        """,
    "the global variable 'log'": """
        def objective(config):
            log.write("hello")
        """,
    "the argument 'lock'": """
        def train(config, lock):
            return 1
        objective = functools.partial(train, lock=threading.Lock())
        """,
    "the argument 0": """
        def train(lock, config):
            return 1
        objective = functools.partial(train, threading.Lock())
        """,
    "the global variable 'LOCK' of the function in the partial": """
        LOCK = threading.Lock()
        def train(config, more):
            return LOCK
        objective = functools.partial(train, more=1)
        """,
    "the attribute 'lock'": """
        class Train:
            def __init__(self):
                self.lock = threading.Lock()
            def __call__(self, config):
                return 1
        objective = Train()
        """,
    "the attribute 'lock' of the object that Train.run is a method of": """
        class Train:
            def __init__(self):
                self.lock = threading.Lock()
            def run(self, config):
                return 1
        objective = Train().run
        """,
    "the element 0 of the entry 'locks' of the default of 'things'": """
        def objective(config, *, things={"locks": [threading.Lock()]}):
            return 1
        """,
    "the default 0": """
        def objective(config, lock=threading.Lock()):
            return 1
        """,
    "the attribute 'lock' of the class Train": """
        class Train:
            lock = threading.Lock()
            def __call__(self, config):
                return 1
        objective = Train()
        """,
}


def of_a_script(source: str, log: object = None) -> Any:
    names = {"__name__": "__main__", "functools": functools, "threading": threading, "log": log}
    exec(textwrap.dedent(source), names)
    return names["objective"]


@pytest.mark.parametrize("part", PARTS)
def test_the_part_that_cannot_be_sent_is_named(part: str) -> None:
    message = r"^The objective \S+ cannot be sent to worker processes: "
    with open(os.devnull, "w") as log, pytest.raises(ObjectiveError, match=message) as raised:
        pack(of_a_script(PARTS[part], log))
    text = str(raised.value).partition("worker processes: ")[2]
    assert re.match(rf"{re.escape(part)} is of type \w+, which cannot be pickled \(\w", text), text
    assert "Create it inside of the objective" in text


class Stubborn:
    def __reduce__(self) -> Any:
        raise ValueError("not me")

    def __call__(self, config: dict[str, Any]) -> float:
        return 1.0


def test_an_objective_without_parts_is_named_itself() -> None:
    with pytest.raises(ObjectiveError, match=r"Stubborn cannot be sent .*: the objective itself is .*not me"):
        pack(Stubborn())


def test_nothing_starts_if_it_cannot_be_sent(start: Any) -> None:
    with pytest.raises(ObjectiveError, match="'LOCK'"):
        start(of_a_script(PARTS["the global variable 'LOCK'"]))


def test_an_importable_objective_goes_by_its_path() -> None:
    assert pack(plain) == pickle.dumps(plain, protocol=pack(plain)[1])
    assert len(pack(plain)) < 100


def test_the_import_path_goes_along(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_objectives.py").write_text("def mine(config):\n    return 4.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    mine = importlib.import_module("my_objectives").mine
    assert len(pack(mine)) < 100
    assert run(mine).result == 4.0


def test_a_module_that_was_loaded_from_a_file_goes_as_code(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elsewhere.py"
    path.write_text(
        "HALF = 2.5\ndef mine(config):\n    return twice(HALF)\ndef twice(x):\n    return 2 * x\n"
    )
    spec = importlib.util.spec_from_file_location("elsewhere", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    spec.loader.exec_module(module)
    assert run(functools.partial(module.mine)).result == 5.0


def test_what_only_this_process_can_import_is_named(start: Any) -> None:
    class Hidden:
        def __reduce__(self) -> Any:
            return importlib.import_module, ("not_there",)

    hidden = Hidden()
    executor = start(lambda config: hidden)
    executor.submit(Assignment(0, {}))
    with pytest.raises(ObjectiveError, match=r"cannot be loaded there: ModuleNotFoundError: .*'not_there'"):
        executor.poll()
    assert executor.poll() == []


SCRIPT = """
import sys
from hpo.objective.decision import CONTINUE
from hpo.executors import Assignment
from hpo.executors.processes import ProcessExecutor
from hpo.objective.function import Objective
from hpo.executors.placement import Placement

class Curve:
    start = 4.0

def objective(config):
    yield Curve.start
    yield float(sys.argv[1])

def listen(progress):
    print(progress.result)
    return CONTINUE

print("running as", __name__)
executor = ProcessExecutor(Objective(objective), Placement(0, None), listen, workers=1)
executor.submit(Assignment(0, {}))
print(executor.poll()[0].ending.value)
"""


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, str(script), "8"], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("running as __main__\n4.0\n8.0\nended\n", "")
