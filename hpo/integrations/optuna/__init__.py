"""Optuna and this library, each inside the other.

    pip install "polyhpo[optuna]"

- `OptunaSearcher` makes any Optuna sampler a searcher, `HpoSampler` any searcher an Optuna sampler.
- `as_objective` lets an unchanged Optuna objective run under `hpo.search`; `space_of` finds its space.
- `to_optuna` writes a study into Optuna's storage, where optuna-dashboard shows it; `from_optuna` reads one.
"""

from hpo.integrations.optuna.exploration import space_of
from hpo.integrations.optuna.objectives import as_objective
from hpo.integrations.optuna.sampler import HpoSampler
from hpo.integrations.optuna.searcher import OptunaSearcher
from hpo.integrations.optuna.studies import from_optuna, to_optuna

__all__ = ["HpoSampler", "OptunaSearcher", "as_objective", "from_optuna", "space_of", "to_optuna"]
