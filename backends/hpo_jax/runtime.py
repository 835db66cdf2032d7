"""How JAX is started, and what must be there.

JAX starts when an array is first made. Until then the threads of its processor can be chosen, and the memory
that it takes of accelerators. They are set for that moment only, and never where the user has set them.
"""

from __future__ import annotations

import os
from functools import cache

from hpo.errors import MissingFrameworkError

try:
    # isort: split
    import flax  # noqa: F401
    import jax
    import optax  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in ("flax", "optax"):
        raise
    raise MissingFrameworkError(
        f"The backend 'jax' needs {error.name} beside JAX, and it is not installed here. Install it with: "
        f'pip install "polyhpo[jax]"'
    ) from error

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
