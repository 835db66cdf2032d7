"""The temporary folders that killed processes left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from hpo.executors import Assignment
from hpo.executors.processes.folders import OWNER, make_folder
from hpo.storage.identity import this_process
from tests.executors.conftest import Start

# Makes its folder as an executor does, says where it is, and waits for a line.
OWNING = """
    from hpo.executors.processes.folders import make_folder
    folder = make_folder()
    (folder / "objective.pickle").write_bytes(b"0" * 100)
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def another(tmp_path: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process with a folder of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNING)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert folder.parent == tmp_path
    return process, folder


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_the_next_one_removes_that_of_a_killed_process_and_leaves_that_of_a_live_one(tmp_path: Path) -> None:
    killed, left = another(tmp_path)
    live, used = another(tmp_path)
    kill(killed)
    mine = make_folder()
    assert sorted(tmp_path.iterdir()) == sorted([used, mine])
    assert (used / "objective.pickle").exists()
    assert left != used
    kill(live)
    make_folder()
    assert not used.exists()
    assert mine.exists()


def test_an_executor_with_workers_does_so_at_its_start(start: Start, tmp_path: Path) -> None:
    killed, left = another(tmp_path)
    kill(killed)
    executor = start(lambda config: 1.0)
    executor.submit(Assignment(0, {}))
    assert executor.poll()[0].result == 1.0
    assert not left.exists()
    executor.close()
    assert list(tmp_path.iterdir()) == []


def of_an_older_version(folder: Path) -> None:
    (folder / OWNER).unlink()


def of_another_computer(folder: Path) -> None:
    host, rest = (folder / OWNER).read_text().split("/", 1)
    (folder / OWNER).write_text(f"{host}-2/{rest}")


def with_an_odd_owner(folder: Path) -> None:
    (folder / OWNER).write_bytes(b"\xff\x00" * 10)


def with_a_long_owner(folder: Path) -> None:
    with open(folder / OWNER, "ab") as file:
        file.truncate(10**6)


def with_a_folder_as_owner(folder: Path) -> None:
    (folder / OWNER).unlink()
    (folder / OWNER).mkdir()


def with_a_pipe_as_owner(folder: Path) -> None:
    (folder / OWNER).unlink()
    os.mkfifo(folder / OWNER)


def behind_a_link(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def of_another_user(folder: Path) -> None:
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)
    else:
        folder.chmod(0)


@pytest.mark.parametrize(
    "change",
    [
        of_an_older_version,
        of_another_computer,
        with_an_odd_owner,
        with_a_long_owner,
        with_a_folder_as_owner,
        with_a_pipe_as_owner,
        behind_a_link,
        of_another_user,
    ],
)
def test_what_is_not_known_to_be_left_behind_stays(change: Callable[[Path], None], tmp_path: Path) -> None:
    killed, left = another(tmp_path)
    kill(killed)
    change(left)
    make_folder()
    assert left.exists()
    left.chmod(0o700)
    assert (left / "objective.pickle").exists()


def test_a_file_of_such_a_name_stays(tmp_path: Path) -> None:
    (tmp_path / "hpo-workers-notes").touch()
    make_folder()
    assert (tmp_path / "hpo-workers-notes").exists()


def test_a_folder_names_its_process(tmp_path: Path) -> None:
    assert (make_folder() / OWNER).read_text() == this_process()
