"""Other processes for the tests of storages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import os, sys
from hpo.errors import StorageError, StudyExistsError
from hpo.storage.events import Event, EventKind
from hpo.storage import open_storage

CREATED = Event(EventKind.STUDY_CREATED)

def report(trial, epoch, text="{}"):
    return Event(EventKind.REPORTED, trial, epoch=epoch, text=text)
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs the program, with `PRELUDE` before it."""
    command = [sys.executable, "-c", PRELUDE + program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output(process: subprocess.Popen[str]) -> str:
    """What it printed; the test fails with what it said of an error."""
    out, err = process.communicate()
    if process.returncode:
        pytest.fail(f"The process ended with {process.returncode}:\n{err}")
    return out


def run_on_small_disk(program: str, disk: Path) -> str:
    """What a program prints that has, at the path `sys.argv[1]`, a disk of 1 MB to itself.

    The disk is mounted in a namespace of its own, so nothing is left behind.
    """
    disk.mkdir()
    alone = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    mount = 'mount -t tmpfs -o size=1m small "$0" && exec "$@"'
    mounted = subprocess.run(
        [*alone, "sh", "-c", mount, disk, "true"], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.fail(
            f"This test needs a small disk, and a tmpfs cannot be mounted here: {mounted.stderr.strip()}. "
            "Run it as root, in a container with the capability SYS_ADMIN."
        )
    command = [*alone, "sh", "-c", mount, str(disk), sys.executable, "-c", PRELUDE + program, str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stderr)
    return done.stdout
