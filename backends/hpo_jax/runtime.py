"""How JAX is started, and what must be there.

JAX starts when an array is first made. Until then the threads of its processor can be chosen, and the memory
that it takes of accelerators. They are set for that moment only, and never where the user has set them.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from importlib import import_module

from hpo.errors import MissingFrameworkError

OLDEST = {"jax": "0.8.1", "flax": "0.12.1", "optax": "0.2.5"}
"""The first releases that have all that is used of them."""

_INSTALL = 'pip install "polyhpo[jax]"'


def check() -> None:
    """Refuse what cannot work, before it fails with a message that does not help.

    Raises:
        MissingFrameworkError: Python or a package is too old, or a package that JAX needs here is missing.
        ModuleNotFoundError: JAX itself is, or a module inside of one of the packages.
    """
    if sys.version_info < (3, 11):
        raise MissingFrameworkError(
            f"The backend 'jax' needs Python 3.11 or later; this is Python {sys.version.partition(' ')[0]}, "
            f"for which {_INSTALL} brings no JAX. Make an environment with a newer Python, or choose another "
            f"backend."
        )
    for name, oldest in OLDEST.items():
        try:
            version = str(import_module(name).__version__)
        except ModuleNotFoundError as error:
            # JAX has words of its own for a jaxlib that is not there.
            missing = error.name or getattr(error.__cause__, "name", None)
            if missing not in ("jaxlib", "flax", "optax"):
                raise
            raise MissingFrameworkError(
                f"The backend 'jax' needs {missing} beside JAX, and it is not installed here. Install it "
                f"with: {_INSTALL}"
            ) from error
        # A version without numbers says nothing.
        if _numbers(version) and _numbers(version) < _numbers(oldest):
            raise MissingFrameworkError(
                f"The backend 'jax' needs {name} {oldest} or later; here is {name} {version}. Install one "
                f"that fits with: {_INSTALL}"
            )


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]


check()

import jax  # noqa: E402  # once it is there for certain

_WHILE_STARTING = (
    # One thread: two beside a busy neighbour slow a small model down; the other cores are for other trials.
    (("PJRT_NPROC", "NPROC"), "1"),
    # Else the first process takes three quarters of an accelerator's memory, and the next one finds none.
    (("XLA_PYTHON_CLIENT_PREALLOCATE",), "false"),
)
"""Values of variables while JAX starts, where none of the names is set: the first of them gets it."""


@cache
def start() -> None:
    """Start JAX on one thread of the processor, and without taking memory of accelerators in advance.

    Where the program has computed by JAX before, nothing can be chosen any more.
    """
    added = {
        names[0]: value for names, value in _WHILE_STARTING if not any(name in os.environ for name in names)
    }
    os.environ.update(added)
    try:
        jax.devices()
    finally:
        for name in added:
            del os.environ[name]
