"""Records the logs beside it: `python tests/tuner/recorded/record.py`. Real searches, of 2 to 20 s each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import hpo
from hpo.storage.events import Event
from hpo.tasks import MLPTask, SoftmaxTask

KINDS = {"study_created", "trial_started", "reported", "trial_paused", "trial_stopped", "trial_completed"}
KINDS |= {"trial_failed", "cohort_formed"}


def main() -> None:
    """Record each, or those that are named."""
    softmax, mlp = SoftmaxTask(max_epochs=8), MLPTask(max_epochs=4)
    # One size of network, so that all take as long.
    fixed: dict[str, Any] = {
        "batch_size": 32,
        "momentum": 0.9,
        "activation": "relu",
        "num_layers": 2,
        "units_0": 256,
        "units_1": 64,
    }
    one_network: dict[str, Any] = {"learning_rate": hpo.Float(1e-4, 0.1, log=True)}
    one_network |= {name: hpo.Constant(value) for name, value in fixed.items()}
    asha = {"scheduler": hpo.ASHA(1, 9, eta=3)}
    searches: dict[str, tuple[Any, dict[str, Any]]] = {
        "fused": (softmax, {"num_trials": 12}),
        "fused-in-two-cohorts": (softmax, {"num_trials": 40}),
        "serial": (softmax, {"num_trials": 8, "fuse": 1}),
        "serial-networks": (mlp, {"num_trials": 6, "space": one_network}),
        "workers": (softmax, {"num_trials": 9, "fuse": 1, "workers": 2}),
        "workers-fused": (softmax, {"num_trials": 24, "workers": 2, "fuse": 6}),
        "asha-fused": (SoftmaxTask(max_epochs=9), {"num_trials": 27, **asha}),
        "asha-serial": (SoftmaxTask(max_epochs=9), {"num_trials": 18, "fuse": 1, **asha}),
        "asha-workers": (SoftmaxTask(max_epochs=9), {"num_trials": 27, "fuse": 1, "workers": 2, **asha}),
    }
    for name in sys.argv[1:] or searches:
        task, options = searches[name]
        space = options.pop("space", task.space)
        study = hpo.search(task, space, minimize=task.metric, seed=0, progress=False, **options)
        scheduler = options.get("scheduler")
        document = {
            "num_trials": options["num_trials"],
            "epochs": task.max_epochs,
            "scheduler": None if scheduler is None else [1, 9, 3],
            "events": [
                [
                    event.kind.value,
                    event.trial,
                    event.attempt,
                    event.epoch,
                    round(event.elapsed, 4),
                    data_of(event),
                ]
                for event in study.events
                if event.kind.value in KINDS
            ],
        }
        lines = ",\n".join(json.dumps(event) for event in document.pop("events"))
        head = json.dumps(document)[:-1]
        Path(__file__).with_name(f"{name}.json").write_text(f'{head}, "events": [\n{lines}\n]}}\n')
        print(name, f"{study.events[-1].elapsed:.1f} s", len(study.events), "events")


def data_of(event: Event) -> dict[str, Any]:
    """What the forecast reads of an event's content."""
    kept = {key: event.data[key] for key in ("proposal", "trials", "attempts") if key in event.data}
    return kept | ({"config": {}} if "config" in event.data else {})


if __name__ == "__main__":
    main()
