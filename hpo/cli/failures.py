"""What a user sees when something goes wrong or Ctrl-C is pressed, and the exit code."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import typer

from hpo import errors
from hpo.cli.exit_codes import FAILED, INTERRUPTED, USAGE
from hpo.cli.syntax import as_typed

PATIENCE_SECONDS = 0.5
_SHOW_CURSOR = b"\x1b[?25h"

_watched: set[int] = set()


class UsageError(Exception):
    """The command was called in a way that cannot work; the text says what to change."""


@contextmanager
def failures_told(*, show_traceback: bool, options: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turn what goes wrong in the block into one message on standard error and an exit code.

    2 where the user can mend the call, 130 for Ctrl-C, else 1.

    Args:
        show_traceback: whether to show where an error came from.
        options: the command's options by the names of their arguments, for the texts of the library.
    """
    try:
        yield
    # Typer itself ends the command on these; a closed pipe, as of `| head`, is no failure to tell of.
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        if show_traceback or os.environ.get("HPO_DEBUG", "") not in ("", "0"):
            traceback.print_exc(file=sys.stderr)
        typer.echo(f"Error: {told(error, options or {})}", err=True)
        raise typer.Exit(exit_code(error)) from error


@contextmanager
def wrong_arguments() -> Iterator[None]:
    """In the block only the user's arguments are checked, so what it refuses is wrong usage."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        # Our own errors know their exit code, see `exit_code`.
        if _is_ours(error):
            raise
        raise UsageError(_message(error)) from error


def exit_code(error: Exception) -> int:
    """2 where the call has to change, 1 where the work failed."""
    of_usage = (
        UsageError,
        errors.SpaceError,
        errors.UnknownBackendError,
        errors.MissingFrameworkError,
        errors.AmbiguousBackendError,
        errors.DeviceError,
        errors.CompareError,
        errors.PortLayoutError,
        errors.PortMappingError,
        errors.DataNotFoundError,
        errors.ObjectiveError,
        errors.StudyExistsError,
        errors.StudyNotFoundError,
        errors.StudyMismatchError,
    )
    # A SearchFailedError is an ObjectiveError, but no other call would mend it.
    if isinstance(error, of_usage) and not isinstance(error, errors.SearchFailedError):
        return USAGE
    return FAILED


def _is_ours(error: Exception) -> bool:
    return isinstance(error, errors.HpoError)


def told(error: Exception, options: Mapping[str, str]) -> str:
    """An error as the command says it, with the command's options in the place of arguments."""
    if isinstance(error, UsageError) or _is_ours(error):
        where = isinstance(error, errors.ObjectiveError) and error.__cause__ is not None
        text = as_typed(str(error), options, verbatim=_reasons(error))
        return f"{text} (--traceback shows where)" if where else text
    return f"{type(error).__name__}: {_message(error)} (--traceback shows where this came from)"


def _reasons(error: Exception) -> list[str]:
    """What the user's function said, which is no text of ours."""
    study = getattr(error, "study", None)
    reasons = [] if study is None else [trial.reason or "" for trial in study.trials]
    text = str(error)
    # A sentence of ours that goes on after a reason has its own point.
    return [reason for reason in dict.fromkeys(each.rstrip(".") for each in reasons) if reason in text]


def _message(error: Exception) -> str:
    """The error's text; that of an `OSError` of Python itself without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return str(error) or type(error).__name__


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
    # Where SIGINT is ignored (nohup) or has another handler, it stays so.
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    # set_wakeup_fd() writes the number of each signal to it as a byte, whatever the main thread does.
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
        # There is a timeout after the first Ctrl-C only.
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
    # A live display hides the cursor, and nothing else will show it again.
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
