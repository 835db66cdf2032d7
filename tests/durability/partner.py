"""One of several processes that share a study: python partner.py FILE NUM_TRIALS."""

import sys
import time
from typing import Any

import hpo

SPACE = {"x": hpo.Float(0, 1)}


def measured(config: dict[str, Any]) -> float:
    time.sleep(0.002)
    return float(config["x"] ** 2)


if __name__ == "__main__":
    file, num_trials = sys.argv[1:]
    study = hpo.search(
        measured, SPACE, num_trials=int(num_trials), seed=0, storage=file, name="shared", resume=True
    )
    print(study.num_completed, flush=True)
