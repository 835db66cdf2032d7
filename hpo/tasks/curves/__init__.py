"""Learning curves: recorded once from real trials, and replayed as if they were trained again."""

from hpo.tasks.curves._record import record_curves
from hpo.tasks.curves._replay import SHIPPED, replay_curves
from hpo.tasks.curves.table import LearningCurves

__all__ = ["LearningCurves", "SHIPPED", "record_curves", "replay_curves"]
