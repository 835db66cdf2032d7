"""`python -m hpo.compare record BACKEND LABEL FOLDER`, `check LABEL... FOLDER`, `pairs BACKENDS`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hpo.backend.interpreters import interpreters, split_names
from hpo.compare import Agreement, compare_traces, record_trace
from hpo.compare.traces.moves import Move, moves


def main() -> int:
    """Record a trace, compare those of a folder, or move states between backends; 1 if one disagrees."""
    parser = argparse.ArgumentParser(prog="python -m hpo.compare", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    record = commands.add_parser("record", help="leave the trace of a backend")
    record.add_argument("backend")
    record.add_argument("label")
    record.add_argument("folder")
    check = commands.add_parser("check", help="hold the traces against NumPy")
    check.add_argument("labels", nargs="+")
    check.add_argument("folder")
    pairs = commands.add_parser("pairs", help="move trained states between all pairs of backends")
    pairs.add_argument("backends", help="their names, with commas between them")
    pairs.add_argument(
        "--python",
        action="append",
        default=[],
        type=lambda text: text.split("=", 1),
        metavar="NAME=PATH",
        help="the interpreter of one of them, where it is not this one",
    )
    arguments = parser.parse_args()
    if arguments.command == "record":
        print(record_trace(arguments.backend, arguments.label).save(arguments.folder))
        return 0
    found: Sequence[Agreement | Move] = (
        moves(interpreters(split_names(arguments.backends), dict(arguments.python)))
        if arguments.command == "pairs"
        else compare_traces(arguments.folder, arguments.labels)
    )
    for each in found:
        print(each)
    return 0 if all(each.agrees for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
