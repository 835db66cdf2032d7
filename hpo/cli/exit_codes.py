"""What the command exits with; 0 where all went well."""

from __future__ import annotations

FAILED = 1
USAGE = 2
# 128 and the number of SIGINT, as shells tell it.
INTERRUPTED = 130
