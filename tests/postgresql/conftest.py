"""A server for all tests, and a place on it for each."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.postgresql.server import Server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that runs, for all tests of a process."""
    # Not in pytest's folder, which only its own user may enter.
    folder = Path(tempfile.mkdtemp(prefix="hpo-postgresql-"))
    server = Server(folder)
    server.start()
    yield server
    server.end()
    shutil.rmtree(folder)


@pytest.fixture
def database(server: Server) -> str:
    """The URL of an empty schema, which is as good as a database of its own and sooner made."""
    name = f"studies_{next(_numbers)}"
    with closing(psycopg.connect(server.url(), autocommit=True)) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    return server.url(name)


@pytest.fixture(autouse=True)
def _numpy_backend(numpy_backend: None) -> None:
    """The searches are those of one backend."""
