"""Learning curves: recorded once from real trials, and replayed as if they were trained again."""

from hpo.curves.recording import record
from hpo.curves.replaying import SHIPPED, replay
from hpo.curves.table import LearningCurves

__all__ = ["LearningCurves", "SHIPPED", "record", "replay"]
