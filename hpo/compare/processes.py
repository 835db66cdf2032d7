"""Workers, as the process that started them sees them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from hpo.backend import registry
from hpo.compare.worker import WorkerRequest
from hpo.errors import CompareError, UnknownBackendError

LAST_LINES = 12
THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_CODE = "from hpo.compare.worker import main; main()"
_NO_LIBRARY = re.compile(r"No module named '?hpo(\.compare(\.worker)?)?'?$")


class WorkerDiedError(Exception):
    """A worker ended without a word; the text says how."""


class WorkerProcess:
    """One backend's worker. Use as a context manager, at whose end the process has ended.

    Args:
        interpreter: the Python that runs it.
        request: what it is to do.
        variables: environment variables to set for it.

    Attributes:
        backend: whose worker it is.
        interpreter: its Python.
    """

    def __init__(self, interpreter: str, request: WorkerRequest, variables: Mapping[str, str]) -> None:
        self.backend = request.backend
        self.interpreter = interpreter
        self._printed = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed with the process
        # Without it the current folder is on the path, and a file `torch.py` there would be the framework.
        own = {"PYTHONSAFEPATH": "1", registry.VARIABLE: request.backend}
        environment = {**THREADS, **os.environ, **variables, **own}
        try:
            self._process = subprocess.Popen(
                [interpreter, "-c", _CODE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._printed,
                env=environment,
                text=True,
                encoding="utf-8",
                # Ctrl-C is for the process that started it, which ends it.
                start_new_session=True,
            )
        except OSError as error:
            self._printed.close()
            raise CompareError(f"{interpreter} cannot be run for {self.backend}: {error}") from error
        self._tell(request.to_json())

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._printed):
            with suppress(OSError):  # what is still to be written to a process that is gone
                if stream is not None:
                    stream.close()

    def prepare(self) -> dict[str, Any]:
        """Wait until all is imported; what the worker says of itself.

        Raises:
            CompareError: the backend or the objective cannot be had there.
            WorkerDiedError: the process ended.
        """
        try:
            message = next(self._messages())
        except WorkerDiedError as error:
            if any(_NO_LIBRARY.search(line) for line in self.last_lines()):
                raise CompareError(
                    f"{self.interpreter} has no polyhpo, or an older one. Install it there: "
                    f"{self.interpreter} -m {_command(self.backend)}"
                ) from error
            raise
        return message

    def work(self) -> Iterator[dict[str, Any]]:
        """Let it work; its messages up to the last one, which is `done`.

        Raises:
            CompareError: the objective cannot be compared.
            WorkerDiedError: the process ended before that.
        """
        self._tell("go")
        return self._messages()

    def last_lines(self) -> tuple[str, ...]:
        """What it printed last."""
        self._printed.seek(0)
        lines = [line.rstrip() for line in self._printed if line.strip()]
        return tuple(lines[-LAST_LINES:])

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # that it is gone shows when it is listened to
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _messages(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message: dict[str, Any] = json.loads(line)
            if message["kind"] == "refused":
                raise CompareError(message["text"])
            yield message
            if message["kind"] == "done":
                return
        raise WorkerDiedError(_ending(self._process.wait()))


def _ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"its process ended with exit code {code}"
    with suppress(ValueError):
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process was ended by signal {-code}"


def _command(backend: str) -> str:
    try:
        return registry.how_to_install(registry.canonical_name(backend))
    except UnknownBackendError:
        return f'pip install polyhpo, and what registers the backend "{backend}"'
