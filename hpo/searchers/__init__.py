"""Searchers: which configuration next. One algorithm per file."""

from hpo.searchers.base import Proposal, Searcher
from hpo.searchers.named import searcher_named
from hpo.searchers.random import RandomSearch

__all__ = ["Proposal", "RandomSearch", "Searcher", "searcher_named"]
