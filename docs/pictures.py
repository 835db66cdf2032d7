"""Draw the picture of README.md: learning curves of a search whose bad trials stop early.

python docs/pictures.py
"""

from pathlib import Path

import hpo
from hpo.plots import plot, save

curves = hpo.replay_curves("mlp")
study = hpo.search(
    curves,
    curves.space,
    minimize="val_error",
    scheduler=hpo.ASHA(1, 27, eta=3),
    num_trials=60,
    seed=0,
    workers=hpo.SimulatedExecutor(4),
    name="60 trials, ASHA",
    progress=False,
)
save(plot(study, "curves"), Path(__file__).parent / "_static" / "curves.png")
