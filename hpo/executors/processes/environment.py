"""Threads and devices of a worker, which its framework reads from the environment while it is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping

from hpo.backend.threads import THREAD_VARIABLES

VISIBLE_DEVICES = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


def worker_environment(
    environment: Mapping[str, str], threads: int | None, device: str | None
) -> tuple[dict[str, str], str | None]:
    """The environment of a worker, and what its device is called there.

    A worker sees only its own accelerator, as the first one: `cuda:3` is `cuda:0` in the worker. One that
    computes on the CPU sees none. If the parent sees some accelerators only, numbers count these.

    Args:
        environment: the parent's.
        threads: how many threads one operation uses; None leaves the environment as it is.
        device: as the backend names it in the parent; None leaves the environment as it is.

    Raises:
        ValueError: the device is beyond those that the parent sees.
    """
    result = dict(environment)
    if threads is not None:
        result |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    if device is None:
        return result, None
    kind, _, number = device.partition(":")
    if kind == "cpu":
        # A framework may take memory on every accelerator that it sees.
        return result | dict.fromkeys(VISIBLE_DEVICES, ""), device
    if kind not in ("cuda", "gpu"):
        return result, device
    index = int(number or 0)
    for variable in VISIBLE_DEVICES:
        # What the parent sees may be numbers or UUIDs: its own entry is handed on.
        visible = _listed(environment.get(variable))
        if visible is not None and index >= len(visible):
            raise ValueError(
                f"devices= names {device!r}, but {variable}={environment[variable]} shows {len(visible)}. "
                "The first that it shows is number 0."
            )
        result[variable] = str(index) if visible is None else visible[index]
    return result, f"{kind}:0"


def check_posix(system: str = os.name) -> None:
    """Refuse a system without process groups.

    Raises:
        NotImplementedError: worker processes do not run there.
    """
    if system != "posix":
        raise NotImplementedError(
            "Worker processes need a POSIX system such as Linux or macOS, for they are ended by process "
            f"group; this one is {system!r}. Leave out workers=, and the trials run in this process."
        )


def _listed(value: str | None) -> list[str] | None:
    if value is None:
        return None
    return [entry.strip() for entry in value.split(",") if entry.strip()]
