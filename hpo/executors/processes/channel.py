"""A worker's end of the pipe to its parent."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from threading import Lock, Thread
from typing import Any

from hpo.executors.forks import end_if_forked
from hpo.executors.processes.messages import Beat


class Channel:
    """Sends from any thread, receives in one.

    When the parent ends, the worker ends with its process group. On Linux the supervisor would see to that,
    too.

    Args:
        connection: the worker's end.
    """

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._process = os.getpid()
        self._lock = Lock()

    def send(self, message: object) -> None:
        """Send a message.

        In a process that the objective forked and that came back into the library's code, this ends that
        process: two processes would write to one pipe.
        """
        # Before the lock, which a fork may have copied while another thread held it.
        end_if_forked(self._process)
        try:
            with self._lock:
                self._connection.send(message)
        except OSError:
            _end_group()

    def receive(self) -> Any:
        """The parent's next message."""
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            _end_group()

    def beat(self, interval: float, ended: Callable[[], int]) -> None:
        """Send a sign of life every `interval` seconds from now on.

        Args:
            interval: the seconds.
            ended: the number of the group that ended last.
        """
        Thread(target=self._beat, args=(interval, ended), daemon=True).start()

    def _beat(self, interval: float, ended: Callable[[], int]) -> None:
        while True:
            self.send(Beat(ended()))
            time.sleep(interval)


def _end_group() -> None:
    # With SIGKILL, the worker itself included: the parent is gone, and no result can reach it.
    os.killpg(os.getpgrp(), signal.SIGKILL)
