"""`python -m hpo.compare record BACKEND LABEL FOLDER` and `... check LABEL... FOLDER`."""

from __future__ import annotations

import argparse
import sys

from hpo.compare import compare_traces, record_trace


def main() -> int:
    """Record a trace, or compare those of a folder; 1 if one disagrees."""
    parser = argparse.ArgumentParser(prog="python -m hpo.compare", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    record = commands.add_parser("record", help="leave the trace of a backend")
    record.add_argument("backend")
    record.add_argument("label")
    record.add_argument("folder")
    check = commands.add_parser("check", help="hold the traces against NumPy")
    check.add_argument("labels", nargs="+")
    check.add_argument("folder")
    arguments = parser.parse_args()
    if arguments.command == "record":
        print(record_trace(arguments.backend, arguments.label).save(arguments.folder))
        return 0
    agreements = compare_traces(arguments.folder, arguments.labels)
    for agreement in agreements:
        print(agreement)
    return 0 if all(agreement.agrees for agreement in agreements) else 1


if __name__ == "__main__":
    sys.exit(main())
