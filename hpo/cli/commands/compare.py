"""`hpo compare`: the same study on several backends."""

from __future__ import annotations

from hpo.cli.compare_options import CompareOptions
from hpo.cli.options import command


@command(CompareOptions)
def compare(options: CompareOptions) -> int:
    """Tell whether several frameworks train the same.

    They train the same configurations, each in a process of its own, perhaps in another environment. Exit
    codes: 0 the same, 1 more than round-off explains or a process that died, 2 wrong usage, 130 interrupted.
    """
    from hpo.cli.comparison import carry_out

    return carry_out(options)
