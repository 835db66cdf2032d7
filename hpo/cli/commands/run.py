"""`hpo run`: a search, watched."""

from __future__ import annotations

from hpo.cli.options import command
from hpo.cli.run_options import RunOptions


@command(RunOptions)
def run_search(options: RunOptions) -> int:
    """Search for good hyperparameters.

    Without an argument ten learning rates are tried for softmax regression on Fashion-MNIST. Ctrl-C ends
    the search, shows what it found and says how to go on; Ctrl-C twice ends it at once. Exit codes: 0, 1
    failed, 2 wrong usage, 130 interrupted.
    """
    from hpo.cli.session import carry_out

    return carry_out(options)
