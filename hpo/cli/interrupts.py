"""Ctrl-C: once ends a search in order, twice ends the process at once."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hpo.cli.entry import INTERRUPTED

PATIENCE_SECONDS = 0.5
_SHOW_CURSOR = b"\x1b[?25h"

_watched: set[int] = set()


@contextmanager
def interrupts_watched(on_slow_end: Callable[[], None], last_words: str) -> Iterator[None]:
    """In the block the second Ctrl-C ends the process, whatever it is doing.

    The first one is a `KeyboardInterrupt`, as ever. The second one is seen by a thread of its own: the
    main one may be deep in a library, or in an objective that catches everything. Nothing is cleaned up
    then; what was committed to a storage is there, and worker processes end when their parent has.

    Args:
        on_slow_end: is called when the end after the first Ctrl-C takes a while.
        last_words: what to say on standard error at the second one.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    # Where SIGINT is ignored (nohup) or somebody else's, it stays so.
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    watcher = threading.Thread(
        target=_watch, args=(receiver, on_slow_end, last_words), name="hpo-interrupts", daemon=True
    )
    before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    _watched.add(sender.fileno())
    watcher.start()
    try:
        yield
    finally:
        _watched.discard(sender.fileno())
        signal.set_wakeup_fd(before)
        sender.close()
        watcher.join()
        receiver.close()


def _watch(receiver: socket.socket, on_slow_end: Callable[[], None], last_words: str) -> None:
    """Count the Ctrl-C that come in, until the other end is closed."""
    interrupts = 0
    while True:
        try:
            received = receiver.recv(64)
        except TimeoutError:
            receiver.settimeout(None)
            on_slow_end()
            continue
        if not received:
            return
        before, interrupts = interrupts, interrupts + received.count(signal.SIGINT)
        if interrupts >= 2:
            _end_at_once(last_words)
        if interrupts > before:
            receiver.settimeout(PATIENCE_SECONDS)


def _end_at_once(last_words: str) -> None:
    if sys.__stdout__ is not None and sys.__stdout__.isatty():
        os.write(1, _SHOW_CURSOR)
    os.write(2, f"\n{last_words}\n".encode(errors="replace"))
    os._exit(INTERRUPTED)


def _after_fork() -> None:
    # A child that an objective forked gets the terminal's Ctrl-C, too; it would count as the second one.
    if _watched:
        _watched.clear()
        signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork)
