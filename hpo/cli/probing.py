"""A look at a backend in a process of its own, since two frameworks must not share one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum

SECONDS = 120.0
_MARK = "hpo-probe:"
_CODE = "import sys; from hpo.cli.probing import look; look(sys.argv[1])"


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
    """Look at backends, all at the same time."""
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        return list(pool.map(lambda name: probe(name, seconds=seconds), names))


def probe(name: str, *, seconds: float = SECONDS) -> ProbeResult:
    """Look at a backend from outside; one that crashes or hangs is broken, and says how."""
    # Without it the current folder is on the path, and a file `torch.py` there would be the framework.
    environment = os.environ | {"PYTHONSAFEPATH": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CODE, name],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ProbeResult(name, Availability.BROKEN, detail=f"its import did not end within {seconds:g} s")
    for line in reversed(done.stdout.splitlines()):
        if line.startswith(_MARK):
            found = json.loads(line.removeprefix(_MARK))
            return ProbeResult(
                **{**found, "state": Availability(found["state"]), "devices": tuple(found["devices"])}
            )
    last = [line.strip() for line in done.stderr.splitlines() if line.strip()][-1:]
    return ProbeResult(
        name,
        Availability.BROKEN,
        detail=": ".join([f"its import ended the process with {done.returncode}", *last]),
    )


def look(name: str) -> None:
    """Import a backend in this process and print what is known of it; for `probe`."""
    finding = _found(name)
    print(_MARK + json.dumps(vars(finding)))


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
