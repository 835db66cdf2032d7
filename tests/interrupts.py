"""Ctrl-C in a program of its own, by a real signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def interrupted_at(
    mark: Path, *arguments: str, times: int = 1, **options: Any
) -> subprocess.CompletedProcess[str]:
    """What a Python program said that is interrupted once it has made a file.

    Args:
        mark: the file.
        arguments: those of Python.
        times: how many signals it gets, one shortly after the other.
        options: of `subprocess.Popen`.
    """
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell may have started the tests with SIGINT ignored, which children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        **options,
    ) as process:
        while process.poll() is None and not mark.exists():
            time.sleep(0.02)
        for number in range(times):
            time.sleep(0.2 if number else 0)
            process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)
