"""The user's function: how it is called, what it may ask, and what counts as a result."""

from hpo.objective.context import CurrentTrial, TrialEnded, current_trial, report

__all__ = ["CurrentTrial", "TrialEnded", "current_trial", "report"]
