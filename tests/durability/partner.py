"""One of several processes that share a study: python partner.py FILE NUM_TRIALS NUM_PARTNERS."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import hpo

SPACE = {"x": hpo.Float(0, 1)}


def measured(config: dict[str, Any]) -> float:
    # No process finishes a trial before each has one.
    folder = Path(file).parent
    (folder / f"here-{os.getpid()}").touch()
    while len(list(folder.glob("here-*"))) < int(num_partners):
        time.sleep(0.01)
    return float(config["x"] ** 2)


if __name__ == "__main__":
    file, num_trials, num_partners = sys.argv[1:]
    study = hpo.search(
        measured, SPACE, num_trials=int(num_trials), seed=0, storage=file, name="shared", resume=True
    )
    print(study.num_completed, flush=True)
