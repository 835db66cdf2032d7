"""A look at a backend in a process of its own, since two frameworks must not share one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import TextIO

from hpo.backend.process import BackendProcess, ProcessDiedError, write_message

SECONDS = 120.0
_CODE = """
import sys
from hpo.backend.process import take_stdout
from hpo.cli.probe import look
look(sys.argv[1], take_stdout())
"""


class Availability(str, Enum):
    """Whether a backend can be used."""

    INSTALLED = "installed"
    MISSING = "not installed"
    BROKEN = "broken"


@dataclass(frozen=True)
class ProbeResult:
    """What is known of a backend.

    Attributes:
        name: its name.
        state: whether it can be used.
        version: its framework's version.
        devices: what it can compute on.
        device: what `hpo run` would compute on; None if `HPO_DEVICE` names none that is there.
        detail: how to install what is missing, or what is broken.
    """

    name: str
    state: Availability
    version: str | None = None
    devices: tuple[str, ...] = ()
    device: str | None = None
    detail: str | None = None


def probe_all(names: Sequence[str], *, seconds: float = SECONDS) -> list[ProbeResult]:
    """Look at backends from outside, all at the same time; one that crashes or hangs is broken."""
    # Without it the current folder is on the path, and a file `torch.py` there would be the framework.
    variables = {"PYTHONSAFEPATH": "1"}
    deadline = monotonic() + seconds
    with ExitStack() as stack:
        processes = [
            stack.enter_context(BackendProcess([sys.executable, "-c", _CODE, name], variables))
            for name in names
        ]
        return [
            _result(name, process, deadline, seconds) for name, process in zip(names, processes, strict=True)
        ]


def probe(name: str, *, seconds: float = SECONDS) -> ProbeResult:
    """Look at one backend, as `probe_all` does."""
    [result] = probe_all([name], seconds=seconds)
    return result


def _result(name: str, process: BackendProcess, deadline: float, seconds: float) -> ProbeResult:
    try:
        # All processes share one deadline: they were started together.
        found = process.receive(max(0.0, deadline - monotonic()))
    except TimeoutError:
        return ProbeResult(name, Availability.BROKEN, detail=f"its import did not end within {seconds:g} s")
    except ProcessDiedError as error:
        how = f"its import ended the process with {error.code}"
        return ProbeResult(name, Availability.BROKEN, detail=": ".join([how, *process.last_lines(1)]))
    return ProbeResult(**{**found, "state": Availability(found["state"]), "devices": tuple(found["devices"])})


def look(name: str, output: TextIO | None = None) -> None:
    """Import a backend in this process and write what is known of it; for `probe_all`."""
    write_message(output, vars(_found(name)))


def _found(name: str) -> ProbeResult:
    from hpo.backend import registry
    from hpo.errors import DeviceError, MissingFrameworkError

    try:
        backend = registry.load(name)
        devices = tuple(backend.devices())
    except MissingFrameworkError:
        return ProbeResult(name, Availability.MISSING, detail=registry.how_to_install(name))
    except Exception as error:
        return ProbeResult(name, Availability.BROKEN, detail=str(error))
    try:
        device, detail = registry.resolve_device(backend), None
    except DeviceError as error:
        device, detail = None, str(error)
    return ProbeResult(name, Availability.INSTALLED, backend.version, devices, device, detail)
