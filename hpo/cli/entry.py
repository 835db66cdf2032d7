"""Where the command starts."""

from __future__ import annotations

import os
import sys

from hpo.cli.exit_codes import INTERRUPTED

# Of `hpo.backend.threads`, whose import would load NumPy before these are set.
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Run the command and exit with its code."""
    # Read by the BLAS libraries when they are loaded, so this comes before any import of NumPy. Two
    # threads for the small products of one trial were measured 36 to 67 times slower than one beside a
    # busy neighbour; cores are better used by trials at the same time.
    for variable in THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")
    try:
        try:
            from hpo.cli.app import app
        except ModuleNotFoundError as error:
            sys.exit(
                f"hpo needs {error.name}, which is not installed for {sys.executable}. Install polyhpo with "
                f"what it needs: pip install polyhpo, or in a clone of its repository pip install ."
            )
        app(prog_name="hpo")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
