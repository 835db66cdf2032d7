"""Why a port differs from its original: hypotheses, each tested on the recorded numbers."""

from hpo.ports.causes.cause import NAMES, Cause

__all__ = ["NAMES", "Cause"]
