"""Which process this is among those of all computers, and whether one of them has ended."""

from __future__ import annotations

import os
import re
import secrets
import socket
from contextlib import suppress

# Of what a log says only this goes to the system.
_PID = re.compile(r"[0-9]{1,9}")
# Stands for a table of processes that cannot be read, of which there may be several.
_UNSEEN = secrets.token_hex(4)


def this_process() -> str:
    """A name for this process that no other one has or had.

    It has five parts: the host, which boot of it, which table of processes there, the number of the process
    in that table, and when it started, as the system gives a number again. A host's name alone says little:
    cloned machines and containers have the same one, each with processes of its own under the same numbers.
    """
    pid = os.getpid()
    return "/".join([_place(_table() or _UNSEEN), str(pid), _born(pid) or ""])


def has_ended(process: str) -> bool | None:
    """Whether a process has ended; None if that cannot be seen from here.

    Args:
        process: its name, as `this_process` gave it there; of any other text nothing can be seen.
    """
    pid = _number(process)
    born = None if pid is None else _born(pid)
    # Another birth means that the system gave the number to a new process.
    return None if born is None else born != process.rpartition("/")[2]


def is_stopped(process: str) -> bool:
    """Whether a process is seen to be stopped, by Ctrl-Z or a debugger for example.

    Args:
        process: its name, as `this_process` gave it there.
    """
    pid = _number(process)
    if pid is None:
        return False
    import psutil

    with suppress(psutil.Error):
        return psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    return False


def _number(process: str) -> int | None:
    """The number of a process, if it is of the table that can be read here."""
    place, number, birth = ["", "", *process.rsplit("/", 2)][-3:]
    table = _table()
    if not table or not birth or place != _place(table) or not _PID.fullmatch(number):
        return None
    return int(number)


def _place(table: str) -> str:
    return f"{socket.gethostname()}/{_boot()}/{table}"


def _boot() -> str:
    """Which start of the computer this is."""
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
    import psutil  # where there is no /proc

    return str(int(psutil.boot_time()))


def _table() -> str:
    """Which table of processes the numbers are of; empty if it is not the one that can be read here."""
    if not os.path.exists("/proc/self/stat"):
        return "all"  # a system that has one
    with suppress(OSError):
        # A container may see the /proc of its host, where its numbers mean other processes.
        if os.readlink("/proc/self") == str(os.getpid()):
            return os.readlink("/proc/self/ns/pid")
    return ""


def _born(pid: int) -> str | None:
    """When the process started; empty if there is none, None if it is hidden from this user."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            # The name of the program, in brackets, may hold anything.
            fields = file.read().rpartition(")")[2].split()
        # Ticks since the computer started: unlike the time of day they do not change with its clock.
        return "" if fields[0] in "ZX" else fields[19]
    except (PermissionError, ProcessLookupError, FileNotFoundError):
        if os.path.exists("/proc/self/stat"):
            return None if _is_there(pid) else ""
    import psutil  # where there is no /proc

    try:
        return str(int(psutil.Process(pid).create_time()))
    except psutil.NoSuchProcess:
        return ""
    except psutil.Error:
        return None


def _is_there(pid: int) -> bool:
    """Whether there is a process of that number, of any user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
