"""A PostgreSQL server of the tests' own, on a free port of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

USER = "postgres"


class Server:
    """A server whose files are in a folder, which its user owns.

    Root may not run PostgreSQL, so for root the user `postgres` does; any other user runs it as itself.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = find_programs()
        self._as_user = USER if os.geteuid() == 0 else None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if self._as_user:
            shutil.chown(folder, self._as_user)
        self._run(
            "initdb", "--auth", "trust", "--username", USER, "--no-sync", "--no-locale", "--encoding", "UTF8"
        )
        settings = f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
        with (folder / "data" / "postgresql.conf").open("a") as file:
            # What the server gave to the operating system outlives the server: no need to wait for a disk.
            file.write(settings + "max_connections = 50\nfsync = off\n")

    def url(self, schema: str = "public") -> str:
        """Where a schema of its database is."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres?options=-csearch_path%3D{schema}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._control("start", "--log", str(self._folder / "log"))

    def end(self) -> None:
        """End it at once, as a power cut would."""
        self._control("stop", "--mode", "immediate")

    def restart(self, mode: str = "immediate") -> None:
        """End it (by default as a power cut would), and start it again."""
        self._control("restart", "--mode", mode, "--log", str(self._folder / "log"))

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """In the block no process of the server runs, but its connections stay open."""
        first = psutil.Process(int((self._folder / "data" / "postmaster.pid").read_text().split()[0]))
        processes = [first, *first.children(recursive=True)]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGCONT)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "--wait", "--silent", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        # Not through a pipe: the server would inherit it and keep it open.
        with tempfile.TemporaryFile() as said:
            code = subprocess.run(
                [self._programs / program, "--pgdata", self._folder / "data", *arguments],
                stdout=said,
                stderr=said,
                user=self._as_user,
                cwd="/",
                check=False,
            ).returncode
            if code:
                said.seek(0)
                pytest.fail(f"{program} {' '.join(arguments)} failed:\n{said.read().decode()}")


def find_programs(versions: Path = Path("/usr/lib/postgresql")) -> Path:
    """The folder with `initdb` and `pg_ctl`; the test fails if there is none.

    Args:
        versions: where Debian has them, in a folder for each version.
    """
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    # There they are not found as other programs are. One that is found so comes before them.
    folders += sorted(versions.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if not folders:
        pytest.fail(
            "These tests start a PostgreSQL server, and there is no initdb on this machine. Install the "
            "package postgresql (apt-get install postgresql)."
        )
    return folders[0]
