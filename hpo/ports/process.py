"""A recorder in a process of its own, perhaps of another interpreter."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hpo.backend.interpreters import executable
from hpo.backend.process import BackendProcess, ProcessDiedError
from hpo.errors import PortError
from hpo.ports.standalone import recorder

LAST_LINES = 15
"""How many of a process's last lines are shown when it dies."""


class RecorderProcess(BackendProcess):
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
        # Unbuffered, so that the last lines of a process that dies are all there.
        super().__init__([self._python, "-u", str(Path(recorder.__file__).resolve()), "serve"])

    def receive(self, seconds: float | None = None) -> dict[str, Any]:
        """The answer to what was asked last.

        Raises:
            PortError: the request failed, or the process died; the text shows its last lines.
            TimeoutError: the time is over.
        """
        try:
            answer = super().receive(seconds)
        except ProcessDiedError as error:
            raise PortError(
                f"The process of {self._called}, {self._python}, died {error.how}. Its last lines:\n"
                f"{self._shown_lines()}",
                kind="death",
            ) from error
        if "error" in answer:
            shown = f"\n{self._shown_lines()}" if answer["kind"] == "failure" else ""
            mend = ""
            if answer["kind"] == "framework":
                mend = f" Name another interpreter: python={{{self._called.partition(':')[0]!r}: PATH}}."
            raise PortError(f"{self._called}: {answer['error']}{shown}{mend}", kind=answer["kind"])
        return answer

    def _shown_lines(self) -> str:
        return "\n".join(f"    {line}" for line in self.last_lines(LAST_LINES)) or "    (it wrote nothing)"
