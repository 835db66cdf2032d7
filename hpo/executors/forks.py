"""Processes that an objective forked, and that came back into the library's code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

Returned = TypeVar("Returned")


def in_one_process(call: Callable[[], Returned]) -> Returned:
    """Call an objective's code, from which only this process comes back."""
    process = os.getpid()
    try:
        return call()
    finally:
        end_if_forked(process)


def end_if_forked(process: int) -> None:
    """End this process, unless it is that of this number: only that one runs the trial and speaks for it.

    Two processes would run the rest of the search side by side and write to one log. A child that is about to
    end by `sys.exit` ends with its own code, any other with 1.
    """
    if os.getpid() == process:
        return
    raised = sys.exc_info()[1]
    if isinstance(raised, SystemExit):
        os._exit(raised.code if isinstance(raised.code, int) else raised.code is not None)
    # By `__stderr__`, as the objective may have replaced `stderr`.
    os.write(
        sys.__stderr__.fileno() if sys.__stderr__ else 2,
        b"A process that the objective forked reported or came to the objective's end, and is ended. "
        b"Only the process that started the objective reports; leave a fork with os._exit(0).\n",
    )
    os._exit(1)
