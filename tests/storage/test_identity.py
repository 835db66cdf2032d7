"""Who is who among processes: of one computer, of its containers, of clones of it."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpo.storage import identity
from hpo.storage.identity import has_ended, this_process

PROGRAM = """
import sys
from hpo.storage.identity import has_ended, this_process
print(this_process(), flush=True)
sys.stdin.readline()
print(has_ended(this_process()))
"""
UNSHARED = {
    "a container": ["unshare", "--pid", "--fork", "--mount-proc"],
    "a container that sees the processes of its host": ["unshare", "--pid", "--fork"],
}
_TRIED = subprocess.run([*UNSHARED["a container"], "true"], capture_output=True, check=False)


@contextmanager
def living(*before: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A process and its name."""
    command = [*before, sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process


def test_a_process_is_seen_to_live_and_to_end() -> None:
    with living() as (name, process):
        assert (has_ended(name), has_ended(this_process())) == (False, False)
        output, _ = process.communicate("\n", timeout=60)
    assert output == "False\n"
    assert has_ended(name) is True


def test_one_that_has_ended_and_was_not_waited_for_has_ended() -> None:
    with living() as (name, process):
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(name) is True


@pytest.mark.parametrize("part", range(3))
def test_of_another_host_or_boot_or_table_nothing_is_seen(part: int) -> None:
    parts = this_process().split("/")
    parts[part] += "0"
    assert has_ended("/".join(parts)) is None
    # Nor if no process has that number here.
    parts[3:] = ["999999999", "1"]
    assert has_ended("/".join(parts)) is None


@pytest.mark.skipif(_TRIED.returncode != 0, reason="this user may not make process tables")
@pytest.mark.parametrize("kind", UNSHARED)
def test_processes_of_two_tables_do_not_see_each_other(kind: str) -> None:
    with living(*UNSHARED[kind]) as (name, process):
        assert has_ended(name) is None
        output, _ = process.communicate("\n", timeout=60)
    assert output == ("False\n" if "--mount-proc" in UNSHARED[kind] else "None\n")
    assert has_ended(name) is None


def test_a_process_whose_table_cannot_be_read_is_no_other_one(monkeypatch: Any) -> None:
    monkeypatch.setattr(identity, "_table", lambda: "")
    mine = this_process()
    assert has_ended(mine) is None
    monkeypatch.setattr(identity, "_UNSEEN", "of another process")
    assert this_process() != mine


def test_a_process_that_is_hidden_from_this_user_is_not_taken_for_gone(monkeypatch: Any) -> None:
    with living() as (name, process):
        assert has_ended(name) is False

        def hidden(path: Any, *arguments: Any, **options: Any) -> Any:
            if path == f"/proc/{process.pid}/stat":
                raise FileNotFoundError(path)
            return opened(path, *arguments, **options)

        opened = builtins.open
        monkeypatch.setattr(builtins, "open", hidden)
        assert has_ended(name) is None
        process.communicate("\n", timeout=60)
        assert has_ended(name) is True


@given(st.text() | st.text("/0123456789").map(lambda text: this_process().rsplit("/", 2)[0] + text))
def test_of_any_other_text_nothing_is_raised(text: str) -> None:
    assert has_ended(text) in (None, True)
