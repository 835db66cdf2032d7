"""What keeps the beats of this process's tuners going: a small process, started with the first of them."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from hpo.errors import StorageError
from hpo.storage import beater
from hpo.storage.identity import this_process

if TYPE_CHECKING:
    from hpo.storage.base import StudyLog


class Heart:
    """Beats for the tuners of this process, wherever the interpreter's lock is.

    One small process (`hpo.storage.beater`) does it for all of them. It lives until this one ends, as it
    costs less to keep than to start again for each search.
    """

    def __init__(self) -> None:
        self._begin_anew()

    def beat_for(self, owner: str, log: StudyLog, seconds: float) -> None:
        """Beat for a tuner from now on; does nothing where that is so already.

        Args:
            owner: the tuner's name.
            log: the log of its study.
            seconds: the time from one beat to the next, of the first tuner that asks.

        Raises:
            StorageError: the log is one that no other process can open.
        """
        with self._lock:
            is_new = owner not in self._logs
            if is_new:
                self._logs[owner] = _packed(log)
            if self._process is None or self._process.poll() is not None:
                self._start(seconds)
            elif is_new:
                self._tell(owner, self._logs[owner])

    def rest_for(self, owner: str) -> None:
        """Beat no more for a tuner."""
        with self._lock:
            if self._logs.pop(owner, None) is not None:
                self._tell(owner, None)

    def after_fork_in_child(self) -> None:
        """Leave the small process to the parent, whose tuners it beats for."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            # It is no child of this process, which cannot wait for it.
            self._process.returncode = 0
        self._begin_anew()

    def _begin_anew(self) -> None:
        # Reentrant: a tuner that is collected ends its beats, in whatever the thread is at.
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._logs: dict[str, str] = {}

    def _start(self, seconds: float) -> None:
        self._process = subprocess.Popen(
            # Neither the environment nor an installed package takes part before the first beat.
            [sys.executable, "-I", "-S", str(beater.__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C in a terminal is for this process.
            start_new_session=True,
        )
        self._tell(sys.path, this_process(), seconds)
        for owner, log in self._logs.items():
            self._tell(owner, log)

    def _tell(self, *words: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            try:
                os.write(self._process.stdin.fileno(), json.dumps(words).encode() + b"\n")
            except OSError:
                self._process.kill()  # it has ended, and the next trial starts it again


def _packed(log: StudyLog) -> str:
    try:
        return base64.b64encode(pickle.dumps(log)).decode()
    except Exception as error:
        raise StorageError(
            f"The log {log!r} cannot be pickled ({error}). A log is opened in a second process too, which "
            "says that its tuner is alive: give its class a __reduce__ that opens it again."
        ) from error


HEART = Heart()
"""The heart of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=HEART.after_fork_in_child)
