"""How much of what is drawn at random is tested: some of it by default, all of it in `tox -e stress`."""

from __future__ import annotations

import os

SEEDS = int(os.environ.get("HPO_STRESS_SEEDS", "1"))
"""How many seeds of each kind."""

IS_STRESS = SEEDS > 1
