"""The small process that beats for the tuners of the process that started it.

A tuner cannot beat by itself while its objective holds the interpreter's lock, in compiled code for
example. This file runs as a script: it imports the library only when a first beat is due, so that a short
search does not pay for it. It pauses while
the process of its tuners is stopped, and ends with that process.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpo.storage.base import StudyLog


def listen(logs: dict[str, str]) -> None:
    """Learn which tuners are at work, until the process that says so has ended.

    Args:
        logs: to hold the log of each tuner, as text.
    """
    for line in sys.stdin:
        owner, log = json.loads(line)
        if log is None:
            logs.pop(owner, None)
        else:
            logs[owner] = log
    os._exit(0)


def beat(process: str, seconds: float, logs: dict[str, str]) -> None:
    """Beat every so many seconds for each tuner that is at work, until their process has ended.

    Args:
        process: the name of that process (`hpo.storage.identity`).
        seconds: the time from one beat to the next.
        logs: the log of each tuner, as text.
    """
    opened: dict[str, StudyLog] = {}
    while True:
        time.sleep(seconds)
        at_work = dict(logs)
        if not at_work:
            continue
        from hpo.errors import StorageError
        from hpo.storage.identity import has_ended, is_stopped

        # A fork of that process may hold this one's standard input open.
        if has_ended(process):
            return
        opened = {owner: opened.get(owner) or _open(log) for owner, log in at_work.items()}
        for owner, log in opened.items():
            # What is wrong with the storage, the tuner's own next write will say.
            if not is_stopped(process):
                with suppress(StorageError):
                    log.beat(owner)


def _open(log: str) -> StudyLog:
    # From the tuner's process alone: nothing of this comes from a file.
    opened: StudyLog = pickle.loads(base64.b64decode(log))
    return opened


def main() -> None:
    """Run as a script, by the first line of standard input; the tuners come in those after it."""
    sys.path[:], process, seconds = json.loads(sys.stdin.readline())
    logs: dict[str, str] = {}
    threading.Thread(target=listen, args=(logs,), daemon=True).start()
    beat(process, seconds, logs)
    os._exit(0)  # without a wait for the other thread, which reads


if __name__ == "__main__":
    main()
