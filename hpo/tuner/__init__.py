"""What drives a search: the tuner, its loop, the lifecycle of a trial, when it stops, confirming the best."""

from hpo.tuner.confirm import final_test
from hpo.tuner.stop_rules import MaxCost, Patience, StopRule, Target
from hpo.tuner.tuner import Tuner

__all__ = ["MaxCost", "Patience", "StopRule", "Target", "Tuner", "final_test"]
