"""Searchers: which configuration next. One algorithm per file."""

from hpo.searchers.auto import Auto
from hpo.searchers.base import Proposal, Searcher
from hpo.searchers.gaussian_process import GaussianProcess
from hpo.searchers.grid import GridSearch
from hpo.searchers.local import LocalSearch
from hpo.searchers.named import SEARCHERS, searcher_named
from hpo.searchers.random import RandomSearch
from hpo.searchers.sobol import SobolSearch
from hpo.searchers.tpe import TPE

__all__ = [
    "SEARCHERS",
    "TPE",
    "Auto",
    "GaussianProcess",
    "GridSearch",
    "LocalSearch",
    "Proposal",
    "RandomSearch",
    "Searcher",
    "SobolSearch",
    "searcher_named",
]
