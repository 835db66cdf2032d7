"""A recorder in a process of its own, perhaps of another interpreter."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from hpo.backend.interpreters import executable
from hpo.errors import PortError
from hpo.ports.standalone import recorder

LAST_LINES = 15
"""So many of a process's last lines are shown when it dies."""
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class RecorderProcess:
    """`recorder.py serve`, run by an interpreter that needs NumPy and its framework only.

    Args:
        python: the interpreter, or the folder of its environment; None for this one.
        called: what to call the side in errors.

    Raises:
        CompareError: there is no such interpreter.
    """

    def __init__(self, python: str | os.PathLike[str] | None, called: str) -> None:
        self._called = called
        self._python = sys.executable if python is None else executable(python, called)
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed with the process
        environment = {**dict.fromkeys(THREAD_VARIABLES, "1"), "TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
        self._process = subprocess.Popen(
            # Unbuffered, so that the last lines of a process that dies are all there.
            [self._python, "-u", str(Path(recorder.__file__).resolve()), "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=environment,
        )

    def send(self, request: Mapping[str, Any]) -> None:
        """Ask for something; `receive` gives the answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, OSError):
            self._raise_death()

    def receive(self) -> dict[str, Any]:
        """The answer to what was asked last.

        Raises:
            PortError: the request failed, or the process died; the text shows its last lines.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._raise_death()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            shown = f"\n{self._last_lines()}" if answer["kind"] == "failure" else ""
            raise PortError(f"{self._called}: {answer['error']}{shown}", kind=answer["kind"])
        return answer

    def _raise_death(self) -> None:
        code = self._process.wait()
        how = f"with exit code {code}" if code >= 0 else f"by signal {signal.Signals(-code).name}"
        raise PortError(
            f"The process of {self._called}, {self._python}, died {how}. Its last lines:\n"
            f"{self._last_lines()}",
            kind="death",
        )

    def _last_lines(self) -> str:
        self._log.seek(0)
        lines = self._log.read().splitlines()[-LAST_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"

    def close(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def __enter__(self) -> RecorderProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
