"""The live page as its viewers have it: `hpo serve` in a process of its own, asked over its socket."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpo.storage import open_storage
from hpo.storage.events import Event, EventKind

PATIENCE_SECONDS = 60
"""So long a machine may take that does much else; nothing waits for its end that comes earlier."""

COMMAND = (sys.executable, "-c", "from hpo.cli.entry import main; main()", "serve")


@dataclass
class Answer:
    """What the server answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def document(self) -> dict[str, Any]:
        """What stands in the page as data."""
        found = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', self.text, re.DOTALL)
        assert found is not None
        document: dict[str, Any] = json.loads(found[1])
        return document

    @property
    def events_url(self) -> str:
        """Where the page listens."""
        found = re.search(r'data-events="([^"]+)"', self.text)
        assert found is not None
        return "/" + found[1].replace("&amp;", "&")


@dataclass
class Server:
    """A server that runs."""

    process: subprocess.Popen[str]
    said: list[str]
    port: int
    token: str | None

    def get(self, path: str = "/", *, method: str = "GET", **headers: str) -> Answer:
        """An answer; underscores in the names of headers are dashes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        got = connection.getresponse()
        answer = Answer(got.status, got.headers, got.read().decode())
        connection.close()
        return answer

    @contextmanager
    def events(self, path: str = "/events", **headers: str) -> Iterator[Events]:
        """The events from now on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        got = connection.getresponse()
        assert got.status == 200
        try:
            yield Events(got)
        finally:
            # The answer too, which holds the socket open by itself.
            got.close()
            connection.close()

    def end(self) -> str:
        """End it by Ctrl-C; what it said last."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        return rest


@dataclass
class Events:
    """A stream of events, and what a page makes of it."""

    got: http.client.HTTPResponse
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    mark: str = ""

    def change(self) -> dict[str, Any]:
        """The next change, merged into what is known."""
        kind, limit = "", time.monotonic() + PATIENCE_SECONDS
        while True:
            # What the server says while nothing happens comes forever.
            assert time.monotonic() < limit, f"nothing more happened after {self.known}"
            line = self.got.readline().decode()
            assert line, "the stream has ended"
            name, _, value = line.rstrip("\n").partition(": ")
            kind = value if name == "event" else kind
            self.mark = value if name == "id" else self.mark
            if name == "data":
                assert kind == "change"
                change: dict[str, Any] = json.loads(value, parse_constant=_refuse)
                merge(self.known, change)
                return change

    def until(self, holds: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, dict[str, Any]]:
        """Read on until what is known holds; what is known."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while not holds(self.known):
            assert time.monotonic() < limit, f"still not so: {self.known}"
            self.change()
        return self.known


def merge(known: dict[str, dict[str, Any]], change: dict[str, Any]) -> None:
    """What the page does with a change."""
    if change.get("gone"):
        known.pop(change["key"], None)
        return
    study = known.setdefault(change["key"], {"trials": {}})
    if change.get("reset"):
        study["trials"] = {}
    study["trials"] |= {row["id"]: row for row in change.get("trials", ())}
    study |= {name: change[name] for name in ("head", "label", "analysis") if name in change}
    study["error"] = change.get("error")


def only(known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The one study that is known; an empty one before it came."""
    assert len(known) <= 1
    return next(iter(known.values()), {"trials": {}, "head": None, "error": None})


def add_studies(path: Path, first: int, end: int) -> None:
    """Add studies without a trial to a file, whose names are numbers in markup."""
    storage = open_storage(path)
    for number in range(first, end):
        storage.create(f"<b>{number}</b>", Event(EventKind.STUDY_CREATED))
    storage.close()


@contextmanager
def serving(target: Path, *options: str) -> Iterator[Server]:
    """A server of a file or folder, at a free port, until the end of the block."""
    process = subprocess.Popen(
        [*COMMAND, str(target), *(() if "--port" in options else ("--port", "0")), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C ends it" in line:
                break
        found = re.search(r"://\S+:(\d+)/(?:\?token=(\S+))?", "".join(said))
        assert found is not None, said
        yield Server(process, said, int(found[1]), found[2])
    finally:
        process.kill()
        process.communicate()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
