"""A process that answers in JSON: its last words, how it ended, and that it is ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hpo.backend.process import BackendProcess, ProcessDiedError
from hpo.backend.threads import THREAD_VARIABLES
from hpo.cli import entry

ECHO = """
import sys
from hpo.backend.process import take_stdout, write_message
print("printed before")
output = take_stdout()
for line in sys.stdin:
    print("printed meanwhile")
    write_message(output, {"heard": line.strip()})
"""


def process(code: str, **variables: str) -> BackendProcess:
    return BackendProcess([sys.executable, "-u", "-c", code], variables)


def test_what_is_printed_is_none_of_the_messages() -> None:
    with process(ECHO) as echo:
        echo.send({"a": 1})
        echo.send([2])
        assert echo.receive() == {"heard": '{"a": 1}'}
        assert echo.receive() == {"heard": "[2]"}
        assert echo.last_lines(5) == ("printed meanwhile", "printed meanwhile")


@pytest.mark.parametrize(
    ("code", "how", "text"),
    [
        ("sys.exit('the last\\n\\nwords')", "with exit code 1", "its process ended with exit code 1"),
        ("os.abort()", "by SIGABRT", "its process was ended by SIGABRT"),
    ],
)
def test_one_that_dies_says_how(code: str, how: str, text: str) -> None:
    with process(f"import os, sys\nsys.stderr.write('first\\n')\n{code}") as dying:
        dying.send({})
        with pytest.raises(ProcessDiedError) as death:
            dying.receive()
        assert (death.value.how, str(death.value)) == (how, text)
        assert dying.last_lines(2) == (("the last", "words") if "exit" in code else ("first",))


def test_one_that_does_not_answer_is_ended_with_what_it_started() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    with process(code) as silent, pytest.raises(TimeoutError, match=r"no answer within 1 s"):
        silent.receive(1.0)


def test_the_end_of_the_block_ends_it(tmp_path: Path) -> None:
    with process(ECHO) as echo:
        echo.send({})
        echo.receive()
    with pytest.raises(ProcessLookupError):
        os.kill(echo._process.pid, 0)


def test_it_computes_on_one_thread_unless_the_user_wants_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    with process(code, OMP_NUM_THREADS="2") as told:
        found = told.receive()
    wanted = dict.fromkeys(THREAD_VARIABLES, "1") | {"MKL_NUM_THREADS": "3", "OMP_NUM_THREADS": "2"}
    assert {name: found[name] for name in THREAD_VARIABLES} == wanted


def test_an_interpreter_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        BackendProcess([str(tmp_path / "python")])


def test_the_command_sets_variables_of_the_list_without_loading_it() -> None:
    assert set(entry.THREAD_VARIABLES) <= set(THREAD_VARIABLES)
    code = "import sys, hpo.cli.entry; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
