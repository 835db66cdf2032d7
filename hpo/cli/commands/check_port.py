"""`hpo check-port`: the port of a model held against its original."""

from __future__ import annotations

from hpo.cli.options import command
from hpo.cli.port_options import PortOptions


@command(PortOptions)
def check_port(options: PortOptions) -> int:
    """Tell where a port parts from its original, and why.

    Compares parameters, outputs layer by layer, the loss, gradients, one optimizer step, one epoch step by
    step and the validation error, up to the first difference. Exits with 0 if there is none, with 1 if there
    is one.
    """
    from hpo.cli.ports import carry_out

    return carry_out(options)
