"""What a user sees when something goes wrong, and the exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from hpo.cli.entry import INTERRUPTED

FAILED = 1
USAGE = 2


class UsageError(Exception):
    """The command was called in a way that cannot work; the text says what to change."""


@contextmanager
def failures_told(*, show_traceback: bool) -> Iterator[None]:
    """Turn whatever goes wrong in the block into one message on standard error and an exit code.

    2 where the user can mend the call, 130 for Ctrl-C, else 1.
    """
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        if show_traceback or os.environ.get("HPO_DEBUG", "") not in ("", "0"):
            traceback.print_exc(file=sys.stderr)
        typer.echo(f"Error: {_text(error)}", err=True)
        raise typer.Exit(exit_code(error)) from error


@contextmanager
def wrong_arguments() -> Iterator[None]:
    """In the block only the user's arguments are looked at: what it refuses is wrong usage."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        if _is_ours(error):
            raise
        raise UsageError(_message(error)) from error


def exit_code(error: Exception) -> int:
    """2 where the call has to change, 1 where the work failed."""
    from hpo import errors

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
    if isinstance(error, of_usage) and not isinstance(error, errors.SearchFailedError):
        return USAGE
    return FAILED


def _is_ours(error: Exception) -> bool:
    from hpo.errors import HpoError

    return isinstance(error, HpoError)


def _text(error: Exception) -> str:
    if isinstance(error, UsageError) or _is_ours(error):
        return str(error)
    return f"{type(error).__name__}: {_message(error)} (--traceback shows where this came from)"


def _message(error: Exception) -> str:
    """The error's text; that of an `OSError` of Python itself without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return str(error) or type(error).__name__
